//! Names: the `Host` and the TLS server name, where nobody writes them down.

use greenlight_cli::rehearsal::aws::elb::Condition;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Route};
use greenlight_cli::rehearsal::aws::{Fault, Times, acm};
use serde_json::json;

use super::row::{Rows, proceeds, stops, waits};
use crate::scene::Scene;
use crate::table::ensure;

type Ecs = Scene<BlueGreen>;

/// Two TLS listeners whose rules name no host; the certificates do.
fn secure(scene: &mut Ecs) {
    let front = scene.deployment.front.as_mut().unwrap();
    let tls = |route: &mut Route, port| {
        route.protocol = "HTTPS".to_owned();
        route.port = port;
        route.certificate = vec!["orders.example.com".to_owned(), "*.orders.example.com".to_owned()];
    };
    tls(&mut front.production, 443);
    tls(front.test.as_mut().unwrap(), 8443);
    scene.trust();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_listener_is_asked_by_a_name_that_its_certificate_carries() {
    let mut rows = Rows::default();
    rows.more(
        "the certificate's first name",
        secure,
        proceeds(&["10 answers from https://orders.example.com/"]).asking(10),
        |seen| {
            let from = seen.evidence()?["checks"][0]["measured"]["route"]["host_from"].clone();
            ensure!(from == "the first DNS name of the listener's certificate", "the name is from {from}");
            ensure!(seen.count("DescribeCertificate") == 1, "{:?}", seen.calls);
            Ok(())
        },
    );
    let denied = |scene: &mut Ecs| {
        secure(scene);
        scene.fault(&acm::DESCRIBE_CERTIFICATE, Fault::Denied, Times::Always);
    };
    rows.row(
        "the certificate may not be described",
        denied,
        waits(
            "inconclusive",
            &[
                "no rule tells the host name",
                "not allowed to call acm:DescribeCertificate on arn:aws:acm:",
                "set `target.host`",
            ],
        )
        .asking(0),
    );
    rows.row(
        "the certificate may not be described, without patience",
        move |scene: &mut Ecs| {
            denied(scene);
            scene.without_patience();
        },
        stops(
            "inconclusive",
            &[
                "could not be told",
                "acm:DescribeCertificate",
                r#""Action":"acm:DescribeCertificate""#,
                "set `target.host`",
            ],
        )
        .asking(0),
    );
    rows.more(
        "the plan says it, and the certificate is not described",
        move |scene: &mut Ecs| {
            denied(scene);
            scene.plan["target"]["host"] = json!("green.orders.example.com");
        },
        proceeds(&["10 answers from https://green.orders.example.com/"]).asking(10),
        |seen| {
            ensure!(seen.count("DescribeCertificate") == 0, "{:?}", seen.calls);
            Ok(())
        },
    );
    rows.more(
        "the production rule's name",
        move |scene: &mut Ecs| {
            denied(scene);
            let front = scene.deployment.front.as_mut().unwrap();
            front.production.conditions = vec![Condition::HostHeader(vec!["orders.example.com".to_owned()])];
        },
        proceeds(&["10 answers from https://orders.example.com/"]).asking(10),
        |seen| {
            let from = seen.evidence()?["checks"][0]["measured"]["route"]["host_from"].clone();
            ensure!(from == "the production rule's host-header", "the name is from {from}");
            Ok(())
        },
    );
    rows.row(
        "an authority that nobody told us of",
        |scene: &mut Ecs| {
            secure(scene);
            scene.plan = json!({"patience": "0s"});
        },
        stops("inconclusive", &["cannot reach localhost", "TLS", "set `target.tls.ca`"]).asking(0),
    );
    rows.row(
        "a name that no certificate carries",
        |scene: &mut Ecs| {
            secure(scene);
            scene.without_patience();
            scene.plan["target"]["host"] = json!("elsewhere.example.net");
        },
        stops("inconclusive", &["orders.example.com", "elsewhere.example.net", "TLS"]).asking(0),
    );
    rows.play().await;
}
