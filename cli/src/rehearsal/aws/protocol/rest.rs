//! restJson1, as Lambda speaks it: members in the path, in the query, in headers and in the body.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{is_signed, stamp};
use crate::rehearsal::aws::dispatch::{Dispatch, Failure, Incoming};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::lambda;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::identifier;

/// `POST /2015-03-31/functions/{function}/invocations`
pub(super) async fn invoke(
    State(dispatch): State<Dispatch>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let member = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let input = match str::from_utf8(&body) {
        Ok(payload) => Ok(json!({
            "FunctionName": function,
            "InvocationType": member("x-amz-invocation-type"),
            "ClientContext": member("x-amz-client-context"),
            "Payload": payload,
        })),
        Err(error) => {
            let message = format!("Could not parse request body into json: {error}");
            Err(AwsError::client("InvalidRequestContentException", message))
        }
    };
    let incoming = Incoming { operation: Ok(&lambda::INVOKE), signed: is_signed(&headers), input };
    match dispatch.call(incoming).await {
        Ok(output) => answer(&output),
        Err(Failure::Error(error)) => refuse(&error),
        Err(Failure::Garbled(garbled)) => garbled.response(),
    }
}

/// `GET /2015-03-31/functions/{function}/configuration`
pub(super) async fn configuration(
    State(dispatch): State<Dispatch>,
    Path(function): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    read(&dispatch, &lambda::GET_FUNCTION_CONFIGURATION, &function, query, &headers).await
}

/// `GET /2015-03-31/functions/{function}/policy`
pub(super) async fn policy(
    State(dispatch): State<Dispatch>,
    Path(function): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    read(&dispatch, &lambda::GET_POLICY, &function, query, &headers).await
}

async fn read(
    dispatch: &Dispatch,
    operation: &'static Operation,
    function: &str,
    query: Option<String>,
    headers: &HeaderMap,
) -> Response {
    let qualifier = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "Qualifier")
        .map(|(_, qualifier)| qualifier.into_owned());
    let incoming = Incoming {
        operation: Ok(operation),
        signed: is_signed(headers),
        input: Ok(json!({"FunctionName": function, "Qualifier": qualifier})),
    };
    match dispatch.call(incoming).await {
        Ok(output) => document(StatusCode::OK, &output),
        Err(Failure::Error(error)) => refuse(&error),
        Err(Failure::Garbled(garbled)) => garbled.response(),
    }
}

fn document(status: StatusCode, document: &Value) -> Response {
    let mut response = (status, document.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    stamp(headers, &identifier::uuid());
    response
}

fn answer(output: &Value) -> Response {
    let status = output["StatusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let mut response = (status, output["Payload"].as_str().unwrap_or_default().to_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    stamp(headers, &identifier::uuid());
    response
}

fn refuse(error: &AwsError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let side = if status.is_server_error() { "Service" } else { "User" };
    // Lambda's model spells it in both ways.
    let key = match &*error.code {
        "InvalidParameterValueException"
        | "InvalidRequestContentException"
        | "RequestTooLargeException"
        | "TooManyRequestsException" => "message",
        _ => "Message",
    };
    let mut response = document(status, &json!({"Type": side, key: error.message}));
    if let Ok(code) = HeaderValue::try_from(error.code.as_ref()) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}
