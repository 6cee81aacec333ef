//! AWS Certificate Manager: the names that certificates are for.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::AwsError;
use super::operation::{Operation, Service, text};
use super::protocol::Protocol;
use super::rendering::render;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "acm",
    protocol: Protocol::Json { target: "CertificateManager", message: "message" },
    operations: &[&DESCRIBE_CERTIFICATE],
};

/// `DescribeCertificate`.
pub static DESCRIBE_CERTIFICATE: Operation = Operation {
    service: &SERVICE,
    name: "DescribeCertificate",
    action: "DescribeCertificate",
    resource: |_, input| text(input, "CertificateArn").to_owned(),
    run: describe_certificate,
};

/// What Certificate Manager knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// The certificates.
    pub certificates: Vec<Certificate>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub struct Certificate {
    /// `arn:…:certificate/UUID`.
    pub certificate_arn: String,
    /// Its first name.
    pub domain_name: String,
    /// All its names, the first one among them; that one alone, if none is said.
    pub subject_alternative_names: Vec<String>,
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, …
    pub status: String,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub r#type: String,
}

impl Default for Certificate {
    fn default() -> Self {
        Self {
            certificate_arn: String::new(),
            domain_name: String::new(),
            subject_alternative_names: Vec::new(),
            status: "ISSUED".to_owned(),
            r#type: "AMAZON_ISSUED".to_owned(),
        }
    }
}

fn describe_certificate(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let arn = text(input, "CertificateArn");
    if !(arn.starts_with("arn:") && arn.contains(":acm:") && arn.contains(":certificate/")) {
        let message = format!(
            "1 validation error detected: Value '{arn}' at 'certificateArn' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: arn:[\\w+=/,.@-]+:acm:[\\w+=/,.@-]*:[0-9]+:[\\w+=,.@-]+(/[\\w+=,.@-]+)*"
        );
        return Err(AwsError::client("ValidationException", message));
    }
    let certificate =
        world.acm.certificates.iter().find(|known| known.certificate_arn == arn).ok_or_else(|| {
            AwsError::client("ResourceNotFoundException", format!("Could not find certificate {arn}."))
        })?;
    let users: Vec<&str> = world
        .elb
        .load_balancers
        .iter()
        .filter(|balancer| {
            world
                .elb
                .listeners_of(&balancer.arn)
                .any(|listener| listener.certificates.iter().any(|used| used == arn))
        })
        .map(|balancer| &*balancer.arn)
        .collect();
    let mut rendered = render(certificate);
    if certificate.subject_alternative_names.is_empty() {
        rendered["SubjectAlternativeNames"] = json!([certificate.domain_name]);
    }
    rendered["InUseBy"] = json!(users);
    Ok(json!({"Certificate": rendered}))
}
