//! The Runtime API: HTTP in, questions to the environment out. It decides nothing.
//!
//! Paths, headers, statuses and error documents are those of the Lambda Runtime API 2018-06-01 and of
//! AWS's own Runtime Interface Emulator. Sizes are not limited as on AWS (6 MiB), so that a test can
//! hand over what AWS would not.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::invocation::PostKind;

/// What the function asks of its environment, with the way to answer.
pub(super) enum Request {
    Next(oneshot::Sender<Result<Handout, Refusal>>),
    Post { posted: Posted, reply: oneshot::Sender<Result<(), Refusal>> },
}

/// An event with what `/next` tells about it.
#[derive(Debug)]
pub(super) struct Handout {
    pub(super) request_id: String,
    pub(super) deadline: Option<String>,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) event: Bytes,
}

pub(super) struct Posted {
    /// Absent where the path has none.
    pub(super) request_id: Option<String>,
    pub(super) kind: PostKind,
    pub(super) error_type: Option<String>,
    pub(super) body: Bytes,
}

/// Why the environment does not take what the function asks or posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The id is not that of the invocation under way.
    InvalidRequestId,
    /// It is, but what is asked cannot follow on what has been.
    InvalidStateTransition { from: &'static str, to: &'static str },
    /// The environment has ended.
    Ended,
}

type Requests = mpsc::Sender<Request>;

pub(super) fn router(requests: Requests) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(initialization_error))
        .layer(DefaultBodyLimit::disable())
        .with_state(requests)
}

async fn next(State(requests): State<Requests>) -> Result<Handout, Refusal> {
    ask(&requests, Request::Next).await
}

async fn response(
    requests: State<Requests>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    deliver(&requests, Some(id), PostKind::Response, &headers, body).await
}

async fn error(
    requests: State<Requests>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    deliver(&requests, Some(id), PostKind::Error, &headers, body).await
}

async fn initialization_error(requests: State<Requests>, headers: HeaderMap, body: Bytes) -> Response {
    deliver(&requests, None, PostKind::InitializationError, &headers, body).await
}

async fn deliver(
    requests: &Requests,
    request_id: Option<String>,
    kind: PostKind,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let error_type = headers
        .get("lambda-runtime-function-error-type")
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let posted = Posted { request_id, kind, error_type, body };
    match ask(requests, |reply| Request::Post { posted, reply }).await {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Asks and waits, for as long as the environment lives: this is the long poll of `/next`.
async fn ask<T>(
    requests: &Requests,
    request: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Request,
) -> Result<T, Refusal> {
    let (reply, answer) = oneshot::channel();
    requests.send(request(reply)).await.map_err(|_| Refusal::Ended)?;
    answer.await.unwrap_or(Err(Refusal::Ended))
}

impl IntoResponse for Handout {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let texts = [
            ("lambda-runtime-aws-request-id", Some(self.request_id)),
            ("lambda-runtime-deadline-ms", self.deadline),
            ("lambda-runtime-invoked-function-arn", Some(self.function_arn)),
            ("lambda-runtime-trace-id", Some(self.trace_id)),
        ];
        for (name, text) in texts {
            // A text that no header can carry is as good as none.
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        (headers, self.event).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error_type, message) = match self {
            Self::InvalidRequestId => {
                (StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID".to_owned())
            }
            Self::InvalidStateTransition { from, to } => (
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                format!(
                    "State transition from {from} to {to} failed for runtime. Error: State transition is not allowed"
                ),
            ),
            Self::Ended => {
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal Server Error".to_owned())
            }
        };
        (status, Json(json!({"errorMessage": message, "errorType": error_type}))).into_response()
    }
}
