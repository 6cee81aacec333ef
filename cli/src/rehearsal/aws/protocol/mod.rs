//! The wire formats: HTTP to an operation's input, and its output or error back to HTTP.
//!
//! One file per protocol; each decides only form. The errors that AWS makes before a service's own
//! code sees a call differ by protocol, and are here.

pub(super) mod cbor;
pub(super) mod ec2;
pub(super) mod json;
pub(super) mod query;
pub(super) mod rest;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};

use super::dispatch::Dispatch;
use super::error::AwsError;

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// awsJson 1.1: everything is `POST /`, the operation is in `X-Amz-Target`.
    Json {
        /// The part of the header before the dot.
        target: &'static str,
        /// The key of an error's message, which services spell differently.
        message: &'static str,
    },
    /// AWS Query: everything is `POST /`, the operation is in the form, and answers are XML.
    Query {
        /// The version of the API, which parts services.
        version: &'static str,
        /// The namespace of its answers.
        namespace: &'static str,
    },
    /// Smithy RPC v2 CBOR, or awsJson 1.0 to who asks for it.
    Cbor {
        /// The service's name in paths, and the part of `X-Amz-Target` before the dot.
        target: &'static str,
    },
    /// EC2 Query: AWS Query but for its lists, its answers' wrappers and its errors.
    Ec2 {
        /// The version of the API, which parts services.
        version: &'static str,
        /// The namespace of its answers.
        namespace: &'static str,
    },
    /// restJson1, as Lambda speaks it.
    Rest,
}

impl Protocol {
    pub(super) fn unsigned(self) -> AwsError {
        let (code, message) = match self {
            Self::Json { .. } | Self::Cbor { .. } | Self::Rest => {
                ("MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Self::Query { .. } => ("MissingAuthenticationToken", "Request is missing Authentication Token"),
            Self::Ec2 { .. } => {
                ("AuthFailure", "AWS was not able to validate the provided access credentials")
            }
        };
        let status = if matches!(self, Self::Ec2 { .. }) { 401 } else { self.forbidden() };
        AwsError::new(status, code, message)
    }

    pub(super) fn denied(self, message: String) -> AwsError {
        let code = match self {
            Self::Json { .. } | Self::Cbor { .. } | Self::Rest => "AccessDeniedException",
            Self::Query { .. } => "AccessDenied",
            Self::Ec2 { .. } => {
                let message = format!("You are not authorized to perform this operation. {message}");
                return AwsError::new(self.forbidden(), "UnauthorizedOperation", message);
            }
        };
        AwsError::new(self.forbidden(), code, message)
    }

    pub(super) fn throttled(self) -> AwsError {
        match self {
            Self::Json { .. } | Self::Cbor { .. } => AwsError::client("ThrottlingException", "Rate exceeded"),
            Self::Query { .. } => AwsError::client("Throttling", "Rate exceeded"),
            Self::Ec2 { .. } => AwsError::new(503, "RequestLimitExceeded", "Request limit exceeded."),
            Self::Rest => AwsError::new(429, "TooManyRequestsException", "Rate Exceeded."),
        }
    }

    pub(super) fn server_error(self) -> AwsError {
        match self {
            Self::Json { .. } | Self::Cbor { .. } => AwsError::new(500, "InternalFailure", ""),
            Self::Query { .. } => AwsError::new(
                500,
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
            ),
            Self::Ec2 { .. } => AwsError::new(500, "InternalError", "An internal error has occurred"),
            Self::Rest => AwsError::new(
                500,
                "ServiceException",
                "An error occurred and the request cannot be processed.",
            ),
        }
    }

    /// Whether the service spoke AWS Query once, and still tells its codes to who did.
    fn once_was_query(self) -> bool {
        matches!(self, Self::Cbor { .. })
    }

    fn forbidden(self) -> u16 {
        match self {
            Self::Json { .. } | Self::Cbor { .. } => 400,
            Self::Ec2 { .. } | Self::Query { .. } | Self::Rest => 403,
        }
    }
}

/// The endpoint of every service.
pub(super) fn router(dispatch: Dispatch) -> Router {
    Router::new()
        .route("/", post(serve))
        .route("/service/{service}/operation/{operation}", post(cbor::serve))
        .route("/2015-03-31/functions/{function}/configuration", get(rest::configuration))
        .route("/2015-03-31/functions/{function}/policy", get(rest::policy))
        .route("/2015-03-31/functions/{function}/invocations", post(rest::invoke))
        .fallback(json::unknown)
        .method_not_allowed_fallback(json::unknown)
        .layer(DefaultBodyLimit::disable())
        .with_state(dispatch)
}

/// What is posted to the root says in its type which protocol it speaks.
async fn serve(dispatch: State<Dispatch>, headers: HeaderMap, body: Bytes) -> Response {
    if query::is_spoken(&headers) && ec2::is_asked(&body) {
        ec2::serve(dispatch, headers, body).await
    } else if query::is_spoken(&headers) {
        query::serve(dispatch, headers, body).await
    } else {
        json::serve(dispatch, headers, body).await
    }
}

fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
}

fn stamp(headers: &mut HeaderMap, id: &str) {
    // A UUID is always a valid header.
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("x-amzn-requestid", id);
    }
}
