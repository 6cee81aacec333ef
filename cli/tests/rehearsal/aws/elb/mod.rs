//! The reads of Elastic Load Balancing, in AWS Query.

mod reads;
mod refusals;

use greenlight_cli::rehearsal::aws::elb::Condition;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Front, Route};
use greenlight_cli::rehearsal::aws::{Aws, Operation};

use super::{SIGNED, send};
use crate::http::Response;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

async fn ask(aws: &Aws, operation: &str, parameters: &[(&str, &str)]) -> Response {
    let mut form = format!("Action={operation}&Version=2015-12-01");
    for (name, value) in parameters {
        form.extend(["&", name, "=", &value.replace('&', "%26")]);
    }
    let response = send(aws, "POST /", &[SIGNED, FORM], form).await.expect("an answer");
    assert_eq!(response.header("content-type"), Some("text/xml"));
    let id = response.header("x-amzn-requestid").expect("an id").to_owned();
    assert_eq!(texts(&body(&response), "RequestId"), [id], "the document repeats it");
    response
}

async fn answer(aws: &Aws, operation: &'static Operation, parameters: &[(&str, &str)]) -> String {
    let name = operation.name();
    let response = ask(aws, name, parameters).await;
    let xml = body(&response);
    assert_eq!(response.status, 200, "{xml}");
    let namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
    assert!(xml.starts_with(&format!("<{name}Response xmlns=\"{namespace}\"><{name}Result>")), "{xml}");
    xml
}

/// The status, the code and the message.
async fn refusal(
    aws: &Aws,
    operation: &'static Operation,
    parameters: &[(&str, &str)],
) -> (u16, String, String) {
    let response = ask(aws, operation.name(), parameters).await;
    let xml = body(&response);
    let [code, message] = ["Code", "Message"].map(|name| texts(&xml, name).concat());
    let side = if response.status < 500 { "Sender" } else { "Receiver" };
    assert!(xml.contains(&format!("<Error><Type>{side}</Type><Code>")), "{xml}");
    (response.status, code, message)
}

fn body(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

/// The inner text of every element of that name, in their order.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts.map(|part| part.split_once(&close).expect("its end").0.to_owned()).collect()
}

/// A production rule and a test rule on one HTTPS listener.
fn with_rules() -> BlueGreen {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let host = Condition::HostHeader(texts(&["orders.example.com"]));
    let production = Route {
        protocol: "HTTPS".into(),
        port: 443,
        certificate: texts(&["orders.example.com"]),
        conditions: vec![host.clone()],
        priority: 20,
        weights: (100, 0),
    };
    let conditions = vec![
        host,
        Condition::PathPattern(texts(&["/api/*"])),
        Condition::HttpHeader("x-green".into(), texts(&["yes & <no>"])),
        Condition::QueryString(vec![(Some("stage".into()), "test".into()), (None, "any".into())]),
    ];
    let test = Route { conditions, priority: 10, weights: (0, 100), ..production.clone() };
    let front = Front { production, test: Some(test), ..Front::default() };
    BlueGreen { front: Some(front), ..BlueGreen::default() }
}
