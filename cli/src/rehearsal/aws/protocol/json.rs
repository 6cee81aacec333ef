//! awsJson, as CodeDeploy, ECS, Systems Manager and Secrets Manager speak it, and as CloudWatch does to
//! clients that prefer it to CBOR: boto3 and the AWS CLI.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Protocol, cbor, is_signed, stamp};
use crate::rehearsal::aws::dispatch::{Dispatch, Failure, Incoming, Unknown};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, SERVICES};
use crate::rehearsal::identifier;

pub(super) async fn serve(State(dispatch): State<Dispatch>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let found = find(target);
    let incoming = Incoming {
        operation: found.map(|(operation, _)| operation).ok_or_else(|| unknown_operation(target)),
        signed: is_signed(&headers),
        input: read(&body),
    };
    let message_key = found.map_or("message", |(_, message_key)| message_key);
    let result = dispatch.call(incoming).await;
    let once_query = found.is_some_and(|(operation, _)| operation.service.protocol.once_was_query());
    let error = match &result {
        Err(Failure::Error(error)) if once_query => Some(error.clone()),
        _ => None,
    };
    let mut response = respond(result, message_key);
    let answers = response.headers_mut();
    if let Some(error) = error {
        cbor::query_error(answers, &error);
    }
    // Of the two versions, that in which it was asked.
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/x-amz-json-1.0") {
        answers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    }
    response
}

/// Any other request: noted and refused.
pub(super) async fn unknown(
    State(dispatch): State<Dispatch>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let asked = format!("{method} {}", uri.path());
    let incoming = Incoming {
        operation: Err(unknown_operation(&asked)),
        signed: is_signed(&headers),
        input: Ok(Value::Null),
    };
    respond(dispatch.call(incoming).await, "message")
}

fn unknown_operation(asked: &str) -> Unknown<'_> {
    Unknown { asked, error: AwsError::client("UnknownOperationException", "") }
}

/// The operation that a target names, and the key of its errors' messages.
fn find(target: &str) -> Option<(&'static Operation, &'static str)> {
    let (prefix, name) = target.rsplit_once('.')?;
    SERVICES.iter().find_map(|service| match service.protocol {
        Protocol::Json { target, message } if target == prefix => {
            let operation = service.operations.iter().find(|operation| operation.name == name)?;
            Some((*operation, message))
        }
        Protocol::Cbor { target } if target == prefix => {
            let operation = service.operations.iter().find(|operation| operation.name == name)?;
            Some((*operation, "message"))
        }
        Protocol::Cbor { .. }
        | Protocol::Ec2 { .. }
        | Protocol::Json { .. }
        | Protocol::Query { .. }
        | Protocol::Rest => None,
    })
}

fn read(body: &[u8]) -> Result<Value, AwsError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let invalid = |message: String| AwsError::client("SerializationException", message);
    match serde_json::from_slice(body) {
        Ok(input @ Value::Object(_)) => Ok(input),
        Ok(_) => Err(invalid("the body is not a JSON object".to_owned())),
        Err(error) => Err(invalid(format!("the body is not JSON: {error}"))),
    }
}

fn respond(result: Result<Value, Failure>, message_key: &str) -> Response {
    match result {
        Ok(output) => answer(StatusCode::OK, &output),
        Err(Failure::Error(error)) => refuse(&error, message_key),
        Err(Failure::Garbled(garbled)) => garbled.response(),
    }
}

fn refuse(error: &AwsError, message_key: &str) -> Response {
    let mut document = Map::from_iter([("__type".to_owned(), Value::from(error.code.as_ref()))]);
    if !error.message.is_empty() {
        document.insert(message_key.to_owned(), error.message.as_ref().into());
    }
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer(status, &Value::Object(document));
    if let Ok(code) = HeaderValue::try_from(error.code.as_ref()) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

fn answer(status: StatusCode, document: &Value) -> Response {
    let mut response = (status, document.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    stamp(headers, &identifier::uuid());
    response
}
