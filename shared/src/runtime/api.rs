//! The Lambda Runtime API: take the next event, give its answer.
//!
//! This is a client of our own for one reason: nothing that arrives may end the process or be answered
//! without a verdict. AWS's `lambda_runtime` crate panics on a missing deadline, ends on headers that
//! it cannot parse, and answers an event that is no JSON by itself; an operator would then read
//! `HookStatus must not be null` in the place of a reason.
//!
//! Source: Lambda developer guide, *Using the Lambda runtime API for custom runtimes*.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use thiserror::Error;
use tokio::net::TcpStream;

/// Where the API is; Lambda sets it.
const ENDPOINT: &str = "AWS_LAMBDA_RUNTIME_API";
/// How often one request is sent before the API counts as gone.
const ATTEMPTS: u32 = 3;

/// Why the loop cannot go on.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Started by hand.
    #[error(
        "{ENDPOINT} is not set: this program is a Lambda function and takes its events from Lambda; \
         to try it here, run `greenlight invoke` (in the repository: `cargo run -- invoke --help`)"
    )]
    NoEndpoint,
    /// The API does not answer.
    #[error("the Lambda Runtime API at {endpoint} does not answer {what}: {cause}")]
    Unreachable { endpoint: String, what: &'static str, cause: String },
    /// The API answered with an error.
    #[error("the Lambda Runtime API refused {what} with HTTP {status}: {body}")]
    Refused { what: &'static str, status: StatusCode, body: String },
}

/// Where the API listens. Lambda gives `host:port`; emulators also give a URL with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Endpoint {
    authority: String,
    prefix: String,
}

impl Endpoint {
    fn parse(text: &str) -> Self {
        let bare = text.trim().trim_start_matches("http://").trim_end_matches('/');
        let (authority, path) = bare.split_once('/').unwrap_or((bare, ""));
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        let port = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            ""
        } else {
            ":80"
        };
        Self { authority: format!("{authority}{port}"), prefix }
    }
}

/// One event, as it arrived.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) deadline: Option<String>,
    /// The ARN that the function was invoked by, with a version or an alias where that was named.
    pub(crate) function: Option<String>,
    /// How X-Ray follows what led here, and Lambda a chain.
    pub(crate) trace: Option<String>,
    pub(crate) body: Bytes,
}

/// An error that Lambda counts as one: an asynchronous invocation is then tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionError {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

/// A client of the Runtime API with one kept connection.
pub(crate) struct Api {
    endpoint: Endpoint,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Api {
    pub(crate) fn from_environment() -> Result<Self, Error> {
        let endpoint = std::env::var(ENDPOINT).map_err(|_| Error::NoEndpoint)?;
        Ok(Self { endpoint: Endpoint::parse(&endpoint), connection: None })
    }

    /// Waits for the next event, for as long as it takes.
    pub(crate) async fn next(&mut self) -> Result<Event, Error> {
        let what = "invocation/next";
        let (headers, body) = self.send(what, &Method::GET, "invocation/next", Bytes::new(), &[]).await?;
        let header = |name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let request_id = header("lambda-runtime-aws-request-id").ok_or_else(|| Error::Refused {
            what,
            status: StatusCode::OK,
            body: "an event without Lambda-Runtime-Aws-Request-Id".to_owned(),
        })?;
        Ok(Event {
            request_id,
            deadline: header("lambda-runtime-deadline-ms"),
            function: header("lambda-runtime-invoked-function-arn"),
            trace: header("lambda-runtime-trace-id"),
            body,
        })
    }

    /// Gives the answer to an event.
    pub(crate) async fn answer(
        &mut self,
        event: &Event,
        answer: Result<Bytes, FunctionError>,
    ) -> Result<(), Error> {
        let id = &event.request_id;
        match answer {
            Ok(document) => {
                self.send("the response", &Method::POST, &format!("invocation/{id}/response"), document, &[])
                    .await?
            }
            Err(FunctionError { kind, message }) => {
                let body =
                    json!({ "errorType": kind, "errorMessage": message, "stackTrace": [] }).to_string();
                let path = format!("invocation/{id}/error");
                let headers = [("lambda-runtime-function-error-type", kind)];
                self.send("the error", &Method::POST, &path, Bytes::from(body), &headers).await?
            }
        };
        Ok(())
    }

    /// Sends one request, over a new connection where the kept one has gone.
    ///
    /// The answer to an event may so be sent twice; Lambda takes the first, and both are the same.
    async fn send(
        &mut self,
        what: &'static str,
        method: &Method,
        path: &str,
        body: Bytes,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(hyper::HeaderMap, Bytes), Error> {
        let mut cause = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
            }
            match self.exchange(method, path, body.clone(), headers).await {
                Ok((StatusCode::OK | StatusCode::ACCEPTED, headers, body)) => return Ok((headers, body)),
                Ok((status, _, body)) => {
                    let body = String::from_utf8_lossy(&body).chars().take(500).collect();
                    return Err(Error::Refused { what, status, body });
                }
                Err(error) => {
                    self.connection = None;
                    cause = error.to_string();
                }
            }
        }
        Err(Error::Unreachable { endpoint: self.endpoint.authority.clone(), what, cause })
    }

    async fn exchange(
        &mut self,
        method: &Method,
        path: &str,
        body: Bytes,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(StatusCode, hyper::HeaderMap, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/2018-06-01/runtime/{path}", self.endpoint.prefix))
            .header(HOST, &self.endpoint.authority)
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let connection = match self.connection.take() {
            Some(mut kept) => match kept.ready().await {
                Ok(()) => self.connection.insert(kept),
                Err(_) => self.connection.insert(connect(&self.endpoint.authority).await?),
            },
            None => self.connection.insert(connect(&self.endpoint.authority).await?),
        };
        let (parts, body) = connection.send_request(request).await?.into_parts();
        let body = Incoming::collect(body).await?.to_bytes();
        Ok((parts.status, parts.headers, body))
    }
}

async fn connect(
    authority: &str,
) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Replaces this process by a fresh one of the same program, between two invocations.
///
/// Threads that a validation blocked for good end with it; Lambda sees the same process ask for the
/// next event. If it fails, the process goes on as it is.
pub(crate) fn replace_process() {
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let mut command = Command::new(program);
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    // `exec` returns only if it failed.
    let _ = command.exec();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_lambda_and_of_emulators() {
        for (text, authority, prefix) in [
            ("127.0.0.1:9001", "127.0.0.1:9001", ""),
            ("169.254.100.1:9001", "169.254.100.1:9001", ""),
            ("http://127.0.0.1:9100/.rt/hook", "127.0.0.1:9100", "/.rt/hook"),
            ("localhost", "localhost:80", ""),
            ("[::1]:9001/", "[::1]:9001", ""),
        ] {
            let expected = Endpoint { authority: authority.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(Endpoint::parse(text), expected, "{text}");
        }
    }
}
