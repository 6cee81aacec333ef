//! Green, good and bad: the hook `test-traffic` before every kind of application.
//!
//! Whose fault a failure is decides what the reason says. What could not be reached could not be told
//! and, without patience, stops; what took a request and did not answer well has failed.

use greenlight_tests::target::Kind;
use serde_json::{Value, json};

use super::cell::{Cell, Protocol};
use super::expect::Verdict::{self, Proceed, Stop};
use crate::table::Table;

/// Time that green has where it needs some. A loaded machine must not turn good into bad.
const AMPLE: &str = "20s";
/// Time that green has where it would use all of it.
const SHORT: &str = "500ms";

/// The application; how long its answer and a connection to it may take; the verdict and its words.
#[rustfmt::skip]
const TABLE: [(Kind, &str, &str, Verdict, &[&str]); 13] = [
    (Kind::Good,            AMPLE, AMPLE, Proceed, &["not proven to be green", "check `http` passed: 1 answer from http://127.0.0.1", "status 200-299"]),
    (Kind::Wrong,           AMPLE, AMPLE, Stop, &["check `http` failed: status 500 from http://127.0.0.1", "expected status 200-299"]),
    (Kind::Refused,         AMPLE, SHORT, Stop, &["check `http` could not be told", "cannot reach 127.0.0.1", "connect phase, 3 attempts", "the connection was refused", "green is not registered yet"]),
    (Kind::BacklogFull,     AMPLE, SHORT, Stop, &["check `http` could not be told", "connect phase, 3 attempts", "not accepted within 5", "security group"]),
    (Kind::NeverAnswers,    SHORT, AMPLE, Stop, &["check `http` failed", "sent nothing within 5"]),
    (Kind::Tls,             AMPLE, AMPLE, Proceed, &["check `http` passed: 1 answer from https://127.0.0.1"]),
    (Kind::TlsHangsOnce,    AMPLE, "1s",  Proceed, &["check `http` passed: 1 answer from https://127.0.0.1"]),
    (Kind::TlsHangs,        AMPLE, SHORT, Stop, &["check `http` could not be told", "TLS phase, 3 attempts", "handshake did not end within 5"]),
    (Kind::ResetsMidAnswer, AMPLE, AMPLE, Stop, &["check `http` failed", "reset the connection"]),
    (Kind::Drips,           SHORT, AMPLE, Stop, &["check `http` failed", "answered 200 OK and did not end the body within 5"]),
    (Kind::EndlessBody,     AMPLE, AMPLE, Stop, &["check `http` failed", "a body of more than 65536 bytes"]),
    (Kind::InvalidHttp,     AMPLE, AMPLE, Stop, &["check `http` failed", "is not HTTP/1.1", "SSH-2.0-OpenSSH_9.6"]),
    (Kind::RedirectLoop,    AMPLE, AMPLE, Stop, &["check `http` failed", "redirected in a loop"]),
];

/// A plan that asks the target once.
pub(super) fn plan(kind: Kind, timeout: &str, connect_timeout: &str, patience: &str) -> Value {
    let mut plan = json!({
        "checks": [{"http": {
            "path": "/ping", "timeout": timeout, "connect_timeout": connect_timeout,
            "redirects": 5, "max_body": "64KiB",
        }}],
        "target": {"url": "TARGET"},
        "patience": patience,
    });
    if kind.speaks_tls() {
        plan["target"]["tls"] = json!({"ca": "CA"});
    }
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_application_in_every_protocol() {
    let named: Vec<_> = TABLE.iter().map(|row| row.0).collect();
    assert_eq!(named, Kind::ALL, "the table has a row for each kind");

    let mut table = Table::default();
    for (kind, timeout, connect_timeout, verdict, words) in TABLE {
        for protocol in Protocol::ALL {
            table.add(format!("{} × {}", protocol.name(), kind.name()), async move {
                let plan = plan(kind, timeout, connect_timeout, "0s");
                Cell::probing(protocol, kind, &plan).play().await.decided(verdict, words)
            });
        }
    }
    table.play().await;
}
