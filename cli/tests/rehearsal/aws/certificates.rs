//! Certificate Manager.

use greenlight_cli::rehearsal::aws::acm::DESCRIBE_CERTIFICATE;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Front};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times};
use serde_json::json;

use super::{call, refusal};

const DESCRIBE: &str = "CertificateManager.DescribeCertificate";

fn https() -> BlueGreen {
    let mut front = Front::default();
    front.production.protocol = "HTTPS".into();
    front.production.certificate = vec!["orders.example.com".into(), "*.orders.example.com".into()];
    BlueGreen { front: Some(front), ..BlueGreen::default() }
}

#[tokio::test]
async fn a_certificate_says_its_names_and_who_uses_it() {
    let aws = Aws::serve(https().world()).await.unwrap();
    let (arn, balancer) = aws.look(|world| {
        (world.acm.certificates[0].certificate_arn.clone(), world.elb.load_balancers[0].arn.clone())
    });
    let certificate =
        call(&aws, DESCRIBE, &json!({"CertificateArn": arn})).await.json()["Certificate"].clone();
    assert_eq!(certificate["DomainName"], "orders.example.com");
    assert_eq!(certificate["SubjectAlternativeNames"], json!(["orders.example.com", "*.orders.example.com"]));
    assert_eq!((&certificate["Status"], &certificate["Type"]), (&json!("ISSUED"), &json!("AMAZON_ISSUED")));
    assert_eq!(certificate["InUseBy"], json!([balancer]));
    aws.change(|world| world.elb.listeners.clear());
    let unused = call(&aws, DESCRIBE, &json!({"CertificateArn": arn})).await;
    assert_eq!(unused.json()["Certificate"]["InUseBy"], json!([]));
}

#[tokio::test]
async fn what_is_no_certificate_is_refused() {
    let aws = Aws::serve(https().world()).await.unwrap();
    let missing = "arn:aws:acm:us-east-1:123456789012:certificate/missing";
    let refused = refusal(&call(&aws, DESCRIBE, &json!({"CertificateArn": missing})).await);
    assert_eq!(
        refused,
        (400, "ResourceNotFoundException".into(), format!("Could not find certificate {missing}."))
    );
    for invalid in [json!({}), json!({"CertificateArn": "orders.example.com"})] {
        assert_eq!(refusal(&call(&aws, DESCRIBE, &invalid).await).1, "ValidationException", "{invalid}");
    }
    aws.fault(&DESCRIBE_CERTIFICATE, Fault::Denied, Times::Always);
    let (status, code, message) = refusal(&call(&aws, DESCRIBE, &json!({"CertificateArn": missing})).await);
    assert_eq!((status, &*code), (400, "AccessDeniedException"));
    assert!(
        message.contains(&format!("acm:DescribeCertificate on resource: {missing} because")),
        "{message}"
    );
}
