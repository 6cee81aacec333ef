//! AWS Query, as Elastic Load Balancing speaks it: a form in, XML out.
//!
//! An input becomes the JSON value that the other protocols have: `Names.member.1` is the first entry
//! of the list `Names`. All values are text, and an empty one is none: that is how clients send an
//! empty list.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::escape::partial_escape as escape;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{Protocol, is_signed, stamp};
use crate::rehearsal::aws::dispatch::{Dispatch, Failure, Incoming, Unknown};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, SERVICES};
use crate::rehearsal::identifier;

/// Whether a request speaks this protocol.
pub(super) fn is_spoken(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
}

pub(super) async fn serve(State(dispatch): State<Dispatch>, headers: HeaderMap, body: Bytes) -> Response {
    let mut form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let mut take = |key: &str| {
        let place = form.iter().position(|(name, _)| name == key)?;
        Some(form.remove(place).1)
    };
    let (action, version) = (take("Action").unwrap_or_default(), take("Version").unwrap_or_default());
    let found = find(&action, &version);
    let incoming = Incoming {
        operation: found.map(|(operation, _)| operation).ok_or_else(|| Unknown {
            asked: &action,
            error: AwsError::client(
                "InvalidAction",
                format!("Could not find operation {action} for version {version}"),
            ),
        }),
        signed: is_signed(&headers),
        input: read(form),
    };
    let namespace =
        found.map_or("http://webservices.amazon.com/AWSFault/2005-15-09", |(_, namespace)| namespace);
    match dispatch.call(incoming).await {
        Ok(output) => answer(&action, namespace, &output),
        Err(Failure::Error(error)) => refuse(&error, namespace),
        Err(Failure::Garbled(garbled)) => garbled.response(),
    }
}

/// The operation, and the namespace of its answers.
fn find(action: &str, asked_version: &str) -> Option<(&'static Operation, &'static str)> {
    SERVICES.iter().find_map(|service| match service.protocol {
        Protocol::Query { version, namespace } if version == asked_version => {
            let operation = service.operations.iter().find(|operation| operation.name == action)?;
            Some((*operation, namespace))
        }
        Protocol::Cbor { .. }
        | Protocol::Ec2 { .. }
        | Protocol::Json { .. }
        | Protocol::Query { .. }
        | Protocol::Rest => None,
    })
}

/// A form's value, or what stands under its name.
#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    inner: BTreeMap<String, Node>,
}

pub(super) fn read(form: Vec<(String, String)>) -> Result<Value, AwsError> {
    let mut root = Node::default();
    for (name, value) in form.into_iter().filter(|(_, value)| !value.is_empty()) {
        let node =
            name.split('.').fold(&mut root, |node, part| node.inner.entry(part.to_owned()).or_default());
        node.value = Some(value);
    }
    let mut input = Map::new();
    for (name, node) in root.inner {
        input.insert(name, node.into_value()?);
    }
    Ok(Value::Object(input))
}

impl Node {
    fn into_value(mut self) -> Result<Value, AwsError> {
        let malformed = |what: &str| AwsError::client("MalformedInput", what.to_owned());
        if let Some(value) = self.value {
            return if self.inner.is_empty() {
                Ok(Value::String(value))
            } else {
                Err(malformed("a parameter is both a value and a structure"))
            };
        }
        if let Some(members) = self.inner.remove("member") {
            let mut entries = BTreeMap::new();
            for (index, node) in members.inner {
                let index: usize =
                    index.parse().map_err(|_| malformed("the entries of a list are not numbered"))?;
                entries.insert(index, node.into_value()?);
            }
            return Ok(Value::Array(entries.into_values().collect()));
        }
        let inner = self.inner.into_iter().map(|(name, node)| Ok((name, node.into_value()?)));
        inner.collect::<Result<Map<_, _>, AwsError>>().map(Value::Object)
    }
}

fn answer(action: &str, namespace: &str, output: &Value) -> Response {
    let mut result = String::new();
    write(&mut result, output, "member");
    respond(StatusCode::OK, |id| {
        format!(
            "<{action}Response xmlns=\"{namespace}\"><{action}Result>{result}</{action}Result>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>\n"
        )
    })
}

fn refuse(error: &AwsError, namespace: &str) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let side = if status.is_server_error() { "Receiver" } else { "Sender" };
    let (code, message) = (escape(&*error.code), escape(&*error.message));
    respond(status, |id| {
        format!(
            "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{side}</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>\n"
        )
    })
}

/// A document that repeats the id of its request.
fn respond(status: StatusCode, document: impl FnOnce(&str) -> String) -> Response {
    let id = identifier::uuid();
    let mut response = (status, document(&id)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    stamp(headers, &id);
    response
}

/// The members of a structure, the entries of a list by their name, or the text of a value.
pub(super) fn write(xml: &mut String, value: &Value, entry_name: &str) {
    let mut element = |name: &str, inner: &Value| {
        let _ = write!(xml, "<{name}>");
        write(xml, inner, entry_name);
        let _ = write!(xml, "</{name}>");
    };
    match value {
        Value::Null => {}
        Value::Bool(value) => xml.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => xml.push_str(&number.to_string()),
        Value::String(text) => xml.push_str(&escape(text.as_str())),
        Value::Array(entries) => entries.iter().for_each(|entry| element(entry_name, entry)),
        Value::Object(members) => members.iter().for_each(|(name, member)| element(name, member)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(form: &str) -> Result<Value, AwsError> {
        super::read(form_urlencoded::parse(form.as_bytes()).into_owned().collect())
    }

    #[test]
    fn forms_become_inputs() {
        let form = "Marker=a%20b&Names.member.10=c&Names.member.2=b&RuleArns=&Targets.member.1.Id=10.0.0.1\
                    &Targets.member.1.Port=80";
        let expected =
            json!({"Marker": "a b", "Names": ["b", "c"], "Targets": [{"Id": "10.0.0.1", "Port": "80"}]});
        assert_eq!(read(form), Ok(expected));
        assert_eq!(read(""), Ok(json!({})));
        for malformed in ["A=1&A.member.1=2", "A.member.x=2"] {
            assert_eq!(read(malformed).unwrap_err().code, "MalformedInput", "{malformed}");
        }
    }

    #[test]
    fn outputs_become_elements() {
        let mut xml = String::new();
        write(
            &mut xml,
            &json!({"Rules": [{"IsDefault": true, "Port": 80, "Values": ["a&b", "<c>"]}], "Tags": []}),
            "member",
        );
        let rule = "<IsDefault>true</IsDefault><Port>80</Port>\
                    <Values><member>a&amp;b</member><member>&lt;c&gt;</member></Values>";
        assert_eq!(xml, format!("<Rules><member>{rule}</member></Rules><Tags></Tags>"));
    }
}
