//! awsJson 1.1, as CodeDeploy, ECS, Systems Manager and Secrets Manager speak it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Protocol, is_signed, severed, stamp};
use crate::local::aws::dispatch::{Dispatch, Failure, Incoming};
use crate::local::aws::error::AwsError;
use crate::local::aws::operation::{Operation, SERVICES};

/// What an unknown target is answered in.
const UNKNOWN: Protocol = Protocol::Json { target: "", message: "message" };

pub(super) async fn serve(State(dispatch): State<Dispatch>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = find(target);
    let protocol = operation.map_or(UNKNOWN, |operation| operation.service.protocol);
    let incoming = Incoming {
        operation: operation.ok_or(target),
        protocol,
        signed: is_signed(&headers),
        input: read(&body),
    };
    match dispatch.call(incoming).await {
        Ok(output) => answer(StatusCode::OK, &output),
        Err(Failure::Error(error)) => refuse(protocol, &error),
        Err(Failure::Severed) => severed(),
    }
}

fn find(target: &str) -> Option<&'static Operation> {
    let (prefix, name) = target.rsplit_once('.')?;
    let service = SERVICES
        .iter()
        .find(|service| matches!(service.protocol, Protocol::Json { target, .. } if target == prefix))?;
    service.operations.iter().find(|operation| operation.name == name).copied()
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

fn refuse(protocol: Protocol, error: &AwsError) -> Response {
    let Protocol::Json { message: key, .. } = protocol else {
        return answer(StatusCode::BAD_REQUEST, &Value::Null);
    };
    let mut document = Map::from_iter([("__type".to_owned(), Value::from(error.code.as_ref()))]);
    if !error.message.is_empty() {
        document.insert(key.to_owned(), error.message.as_ref().into());
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
    stamp(headers);
    response
}
