//! Smithy RPC v2 CBOR, as CloudWatch speaks it: service and operation stand in the path, and bodies are CBOR.
//!
//! The world behind the protocols speaks JSON, which has no times. In CloudWatch a member that holds them
//! is called so: its name ends with `Timestamp` or `Timestamps`.
//!
//! Source: Smithy 2.0, *Smithy RPC v2 CBOR protocol*.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value, json};

use super::{Protocol, is_signed, stamp};
use crate::rehearsal::aws::dispatch::{Dispatch, Failure, Incoming, Unknown};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, SERVICES};
use crate::rehearsal::identifier;

/// The header that both sides name the protocol in.
const PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
const NAME: HeaderValue = HeaderValue::from_static("rpc-v2-cbor");
/// The tag of a time: seconds since 1970.
const TIME: u64 = 1;

/// `POST /service/{service}/operation/{operation}`
pub(super) async fn serve(
    State(dispatch): State<Dispatch>,
    Path((service, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = format!("{service}.{name}");
    let spoken = headers.get(PROTOCOL) == Some(&NAME);
    let incoming = Incoming {
        operation: find(&service, &name).filter(|_| spoken).ok_or_else(|| Unknown {
            asked: &asked,
            error: AwsError::client("UnknownOperationException", ""),
        }),
        signed: is_signed(&headers),
        input: read(&body),
    };
    match dispatch.call(incoming).await {
        Ok(output) => answer(StatusCode::OK, &output, None),
        Err(Failure::Error(error)) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            answer(status, &json!({"__type": error.code, "message": error.message}), Some(&error))
        }
        Err(Failure::Garbled(garbled)) => garbled.response(),
    }
}

fn find(asked: &str, name: &str) -> Option<&'static Operation> {
    SERVICES.iter().find_map(|service| match service.protocol {
        Protocol::Cbor { target } if target == asked => {
            service.operations.iter().copied().find(|operation| operation.name == name)
        }
        Protocol::Cbor { .. }
        | Protocol::Ec2 { .. }
        | Protocol::Json { .. }
        | Protocol::Query { .. }
        | Protocol::Rest => None,
    })
}

/// The header that repeats an error's code for clients that once spoke AWS Query.
pub(super) fn query_error(headers: &mut HeaderMap, error: &AwsError) {
    let side = if error.status >= 500 { "Receiver" } else { "Sender" };
    if let Ok(value) = HeaderValue::try_from(format!("{};{side}", error.code)) {
        headers.insert("x-amzn-query-error", value);
    }
}

fn read(body: &[u8]) -> Result<Value, AwsError> {
    let invalid = |why: String| AwsError::client("SerializationException", why);
    if body.is_empty() {
        return Ok(json!({}));
    }
    let read: Cbor =
        ciborium::from_reader(body).map_err(|error| invalid(format!("the body is not CBOR: {error}")))?;
    match to_json(read) {
        Some(input @ Value::Object(_)) => Ok(input),
        _ => Err(invalid("the body is not a CBOR map of what JSON can say, too".to_owned())),
    }
}

fn to_json(value: Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(value) => Value::Bool(value),
        Cbor::Integer(number) => i64::try_from(number).ok()?.into(),
        Cbor::Float(number) => Value::Number(Number::from_f64(number)?),
        Cbor::Text(text) => Value::String(text),
        Cbor::Tag(TIME, time) => to_json(*time).filter(Value::is_number)?,
        Cbor::Array(entries) => entries.into_iter().map(to_json).collect::<Option<_>>()?,
        Cbor::Map(members) => {
            let member = |(name, member): (Cbor, Cbor)| Some((name.into_text().ok()?, to_json(member)?));
            Value::Object(members.into_iter().map(member).collect::<Option<Map<_, _>>>()?)
        }
        _ => return None,
    })
}

fn from_json(value: &Value, is_time: bool) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Number(number) => {
            let number = match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => Cbor::Integer(number.into()),
                (None, number) => Cbor::Float(number.unwrap_or_default()),
            };
            if is_time { Cbor::Tag(TIME, Box::new(number)) } else { number }
        }
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(entries) => Cbor::Array(entries.iter().map(|entry| from_json(entry, is_time)).collect()),
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .map(|(name, member)| {
                    let is_time = name.ends_with("Timestamp") || name.ends_with("Timestamps");
                    (Cbor::Text(name.clone()), from_json(member, is_time))
                })
                .collect(),
        ),
    }
}

fn answer(status: StatusCode, document: &Value, error: Option<&AwsError>) -> Response {
    let mut body = Vec::new();
    // A vector takes everything.
    let _ = ciborium::into_writer(&from_json(document, false), &mut body);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    headers.insert(PROTOCOL, NAME);
    if let Some(error) = error {
        query_error(headers, error);
    }
    stamp(headers, &identifier::uuid());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_say_the_same_and_times_are_tagged() {
        let document =
            json!({"Id": "a", "Timestamps": [60.5], "Values": [1.5, 2], "More": {"None": null, "Yes": true}});
        let sent = from_json(&document, false);
        let Cbor::Map(members) = &sent else { panic!("{sent:?}") };
        let times = members.iter().find(|(name, _)| *name == Cbor::Text("Timestamps".to_owned()));
        let tagged = Cbor::Tag(TIME, Box::new(Cbor::Float(60.5)));
        assert_eq!(times.map(|(_, value)| value), Some(&Cbor::Array(vec![tagged])));
        assert_eq!(to_json(sent), Some(document));
    }

    #[test]
    fn what_is_no_input_is_refused() {
        let encoded = |value: &Cbor| {
            let mut body = Vec::new();
            ciborium::into_writer(value, &mut body).unwrap();
            body
        };
        assert_eq!(read(b""), Ok(json!({})));
        for body in [
            b"\xff".to_vec(),
            encoded(&Cbor::Array(Vec::new())),
            encoded(&Cbor::Map(vec![(Cbor::Bool(true), Cbor::Null)])),
            encoded(&Cbor::Map(vec![(Cbor::Text("A".to_owned()), Cbor::Bytes(vec![1]))])),
            encoded(&Cbor::Map(vec![(Cbor::Text("A".to_owned()), Cbor::Float(f64::NAN))])),
        ] {
            assert_eq!(read(&body).unwrap_err().code, "SerializationException", "{body:?}");
        }
    }
}
