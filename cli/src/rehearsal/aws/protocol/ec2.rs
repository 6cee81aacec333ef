//! EC2 Query, as EC2 alone speaks it: a form in, XML out, both a little unlike AWS Query.
//!
//! A list is `Filter.1`, an entry of an answer is an `item`, nothing wraps the answer but its root, and an
//! error is one of a list.
//!
//! Source: Smithy 2.0, *AWS EC2 Query protocol*.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::escape::partial_escape as escape;
use serde_json::Value;
use url::form_urlencoded;

use super::{Protocol, is_signed, query, stamp};
use crate::rehearsal::aws::dispatch::{Dispatch, Failure, Incoming, Unknown};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, SERVICES};
use crate::rehearsal::identifier;

/// Whether a form is for a service of this protocol, which its version tells.
pub(super) fn is_asked(body: &[u8]) -> bool {
    let version = form_urlencoded::parse(body).find(|(name, _)| name == "Version");
    version.is_some_and(|(_, asked)| {
        SERVICES
            .iter()
            .any(|service| matches!(service.protocol, Protocol::Ec2 { version, .. } if version == asked))
    })
}

pub(super) async fn serve(State(dispatch): State<Dispatch>, headers: HeaderMap, body: Bytes) -> Response {
    let mut form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let action =
        form.iter().find(|(name, _)| name == "Action").map_or_else(String::new, |(_, value)| value.clone());
    form.retain(|(name, _)| name != "Action" && name != "Version");
    let found = find(&action);
    let incoming = Incoming {
        operation: found.map(|(operation, _)| operation).ok_or_else(|| Unknown {
            asked: &action,
            error: AwsError::client(
                "InvalidAction",
                format!("The action {action} is not valid for this web service."),
            ),
        }),
        signed: is_signed(&headers),
        input: query::read(form).map(lists),
    };
    match dispatch.call(incoming).await {
        Ok(output) => answer(&action, found.map_or("", |(_, namespace)| namespace), &output),
        Err(Failure::Error(error)) => refuse(&error),
        Err(Failure::Garbled(garbled)) => garbled.response(),
    }
}

fn find(action: &str) -> Option<(&'static Operation, &'static str)> {
    SERVICES.iter().find_map(|service| match service.protocol {
        Protocol::Ec2 { namespace, .. } => {
            let operation = service.operations.iter().find(|operation| operation.name == action)?;
            Some((*operation, namespace))
        }
        Protocol::Cbor { .. } | Protocol::Json { .. } | Protocol::Query { .. } | Protocol::Rest => None,
    })
}

/// What is numbered is a list.
fn lists(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let is_numbered = |name: &String| name.parse::<usize>().is_ok();
    if !members.is_empty() && members.keys().all(is_numbered) {
        let mut entries: Vec<(usize, Value)> = members
            .into_iter()
            .map(|(name, entry)| (name.parse().unwrap_or_default(), lists(entry)))
            .collect();
        entries.sort_by_key(|(place, _)| *place);
        return entries.into_iter().map(|(_, entry)| entry).collect();
    }
    Value::Object(members.into_iter().map(|(name, member)| (name, lists(member))).collect())
}

fn answer(action: &str, namespace: &str, output: &Value) -> Response {
    let mut members = String::new();
    query::write(&mut members, output, "item");
    respond(StatusCode::OK, |id| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{namespace}\">\
             <requestId>{id}</requestId>{members}</{action}Response>"
        )
    })
}

fn refuse(error: &AwsError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (code, message) = (escape(&*error.code), escape(&*error.message));
    respond(status, |id| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
             <Message>{message}</Message></Error></Errors><RequestID>{id}</RequestID></Response>"
        )
    })
}

/// A document that repeats the id of its request.
fn respond(status: StatusCode, document: impl FnOnce(&str) -> String) -> Response {
    let id = identifier::uuid();
    let mut response = (status, document(&id)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml;charset=UTF-8"));
    stamp(headers, &id);
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_become_inputs() {
        let form =
            "Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.10=c&Filter.1.Value.2=b&MaxResults=5";
        let read = query::read(form_urlencoded::parse(form.as_bytes()).into_owned().collect()).unwrap();
        let expected = json!({"Filter": [{"Name": "vpc-id", "Value": ["a", "b", "c"]}], "MaxResults": "5"});
        assert_eq!(lists(read), expected);
        assert_eq!(lists(json!({})), json!({}));
        assert!(is_asked(b"Action=DescribeSubnets&Version=2016-11-15"));
        assert!(!is_asked(b"Action=DescribeRules&Version=2015-12-01"));
    }
}
