//! What a function reads that is kept elsewhere: its plan, overrides, its parameters, its secrets.

use std::collections::BTreeSet;

use greenlight::plan::Reference;

use super::{format::Statement, place::Place};

/// The statements: for the parameters that hold the plan and the overrides, and for the secrets that a plan names.
pub(super) fn statements(
    place: &Place,
    plan: &[String],
    overrides: Option<&str>,
    secrets: &BTreeSet<Reference>,
) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut put = |sid: &str, action: &str, resources: BTreeSet<String>| {
        let told = !resources.is_empty();
        if told {
            statements.push(Statement::new(sid, action, resources.into_iter().collect()));
        }
        told
    };
    let of_plan = plan.iter().flat_map(|name| filled(place, name)).map(|name| parameter(place, &name));
    let told_plan = put("ReadThePlan", "ssm:GetParameter", of_plan.collect());
    let of_overrides = overrides.map(|name| parameter(place, name.trim_start_matches("ssm:")));
    let told_overrides = put("ReadTheOverrides", "ssm:GetParameter", of_overrides.into_iter().collect());
    let parameters = secrets.iter().filter_map(|reference| match reference {
        Reference::Parameter(name) => Some(parameter(place, name)),
        Reference::Secret { .. } => None,
    });
    let told_parameters = put("ReadTheParameters", "ssm:GetParameter", parameters.collect());
    let of_secrets = secrets.iter().filter_map(|reference| match reference {
        Reference::Parameter(_) => None,
        Reference::Secret { id, .. } => Some(secret(place, id)),
    });
    let told_secrets = put("ReadTheSecrets", "secretsmanager:GetSecretValue", of_secrets.flatten().collect());
    if told_plan || told_overrides || told_parameters {
        statements.push(decryption(place, "DecryptTheParameters", "ssm"));
    }
    if told_secrets {
        statements.push(decryption(place, "DecryptTheSecrets", "secretsmanager"));
    }
    statements
}

/// Decryption by whatever key, but only through the one service: a key's policy says who may use it otherwise.
pub(super) fn decryption(place: &Place, sid: &str, service: &str) -> Statement {
    let key = place.arn("kms", "key/*");
    // China's endpoints end differently.
    let is_elsewhere = !["aws", "aws-us-gov"].contains(&&*place.partition);
    let end = if is_elsewhere { "amazonaws.com*" } else { "amazonaws.com" };
    let through = format!("{service}.{}.{end}", place.region);
    let operator = if through.contains('*') { "StringLike" } else { "StringEquals" };
    Statement {
        condition: Some((operator, "kms:ViaService", vec![through])),
        ..Statement::new(sid, "kms:Decrypt", vec![key])
    }
}

/// The names that a name of the plan's parameter may become: one for each service and group that it holds.
fn filled(place: &Place, name: &str) -> BTreeSet<String> {
    // As in the variable: `ssm:NAME|FALLBACK`.
    let names = name.split('|').map(|name| name.trim().trim_start_matches("ssm:"));
    let mut filled = BTreeSet::new();
    for name in names {
        for (cluster, service) in &place.services {
            for (application, group) in &place.groups {
                filled.insert(
                    name.replace("{cluster}", cluster)
                        .replace("{service}", service)
                        .replace("{application}", application)
                        .replace("{deployment_group}", group),
                );
            }
        }
    }
    filled
}

/// The ARN of a parameter, without the version or label that a name may end with.
fn parameter(place: &Place, name: &str) -> String {
    let unversioned = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    match name.split_once(":parameter/") {
        Some((front, name)) if front.starts_with("arn:") => {
            format!("{front}:parameter/{}", unversioned(name))
        }
        _ => place.arn("ssm", &format!("parameter/{}", unversioned(name).trim_start_matches('/'))),
    }
}

/// The ARN of a secret, which ends with six characters that its name does not tell: `*` there would let in
/// every secret whose name begins alike. Of an ARN nobody knows whether it has them.
fn secret(place: &Place, id: &str) -> Vec<String> {
    if id.starts_with("arn:") {
        return vec![id.to_owned(), format!("{id}-??????")];
    }
    vec![place.arn("secretsmanager", &format!("secret:{id}-??????"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_becomes_its_arn() {
        let place = Place {
            partition: "aws".to_owned(),
            region: "eu-west-1".to_owned(),
            account: "123456789012".to_owned(),
            services: vec![("shop".to_owned(), "orders".to_owned()), ("shop".to_owned(), "carts".to_owned())],
            groups: vec![("*".to_owned(), "*".to_owned())],
        };
        let ssm = "arn:aws:ssm:eu-west-1:123456789012:parameter/";
        for (name, arn) in [
            ("/a/b", format!("{ssm}a/b")),
            ("plan:3", format!("{ssm}plan")),
            (&format!("{ssm}a/b:live"), format!("{ssm}a/b")),
        ] {
            assert_eq!(parameter(&place, name), arn, "{name}");
        }
        let secrets = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";
        assert_eq!(secret(&place, "orders/probe"), [format!("{secrets}orders/probe-??????")]);
        let arn = format!("{secrets}orders/probe-aBcDeF");
        assert_eq!(secret(&place, &arn), [arn.clone(), format!("{arn}-??????")]);
        let filled = filled(&place, "ssm:/plans/{service}|/plans/{application}");
        assert_eq!(filled.into_iter().collect::<Vec<_>>(), ["/plans/*", "/plans/carts", "/plans/orders"]);
    }

    #[test]
    fn decryption_is_only_through_the_service_that_keeps_the_secret() {
        let place = |partition: &str, region: &str| Place {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: "123456789012".to_owned(),
            services: Vec::new(),
            groups: Vec::new(),
        };
        let through = |place: &Place| decryption(place, "Decrypt", "ssm").condition.unwrap();
        let expected = ("StringEquals", "kms:ViaService", vec!["ssm.eu-west-1.amazonaws.com".to_owned()]);
        assert_eq!(through(&place("aws", "eu-west-1")), expected);
        assert_eq!(through(&place("aws", "*")).0, "StringLike");
        assert_eq!(through(&place("aws-cn", "cn-north-1")).2, ["ssm.cn-north-1.amazonaws.com*"]);
    }
}
