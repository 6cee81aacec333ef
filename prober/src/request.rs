//! What is asked, and how long and how much is waited for.
//!
//! Surprising: headers that decide where a request ends (`content-length`, `transfer-encoding`, …) are refused.
//! With a wrong one the server would wait for a body that never comes, and green would be blamed for it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Why a request cannot be made. Never contains a header's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No path with an optional query.
    #[error("`{0}` is no path, expected e.g. `/ping?deep=1`, percent-encoded and without a fragment")]
    Path(String),
    /// A method that makes no sense for a probe.
    #[error("the method `{0}` is not supported, it turns the connection into a tunnel")]
    Method(Method),
    /// No header name.
    #[error("`{0}` is no header name")]
    HeaderName(String),
    /// A header value with bytes that no header may hold.
    #[error("the value of the header `{0}` holds a line break or another control character")]
    HeaderValue(HeaderName),
    /// A header that the prober or the endpoint sets.
    #[error("the header `{0}` cannot be set here: {1}")]
    Reserved(HeaderName, &'static str),
}

/// One request, to be sent any number of times.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) path: PathAndQuery,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) carries_secrets: bool,
}

impl Request {
    /// A request for a path with an optional query, e.g. `/ping?deep=1`.
    pub fn new(method: Method, path: &str) -> Result<Self, RequestError> {
        if method == Method::CONNECT {
            return Err(RequestError::Method(method));
        }
        let refused = || RequestError::Path(path.to_owned());
        // `PathAndQuery` cuts a fragment off without a word, and takes a missing slash.
        if !path.starts_with('/') || path.contains('#') {
            return Err(refused());
        }
        let path: PathAndQuery = path.parse().map_err(|_| refused())?;
        Ok(Self { method, path, headers: HeaderMap::new(), body: Bytes::new(), carries_secrets: false })
    }

    /// A GET request.
    pub fn get(path: &str) -> Result<Self, RequestError> {
        Self::new(Method::GET, path)
    }

    /// Adds a header; given twice, it is sent twice.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        let name: HeaderName = name.parse().map_err(|_| RequestError::HeaderName(name.to_owned()))?;
        if name == HOST {
            return Err(RequestError::Reserved(name, "it belongs to the endpoint (`target.host` in a plan)"));
        }
        if [CONTENT_LENGTH, TRANSFER_ENCODING, TE, TRAILER, EXPECT, UPGRADE].contains(&name) {
            return Err(RequestError::Reserved(name, "the body alone decides how it is sent"));
        }
        let value = HeaderValue::from_str(value).map_err(|_| RequestError::HeaderValue(name.clone()))?;
        self.headers.append(name, value);
        Ok(self)
    }

    /// Says that trailers are welcome (`te: trailers`), as gRPC wants it said.
    #[must_use]
    pub fn with_trailers(mut self) -> Self {
        self.headers.insert(TE, HeaderValue::from_static("trailers"));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Says that a header or the body holds a secret: nothing that came back as something other than HTTP is quoted then.
    #[must_use]
    pub fn carrying_secrets(mut self) -> Self {
        self.carries_secrets = true;
        self
    }
}

/// Names headers without their values.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("carries_secrets", &self.carries_secrets)
            .finish()
    }
}

/// How long and how much is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For each phase of each attempt to connect on its own: the name, every address's TCP connection, and the
    /// TLS handshake. So a dead first address leaves as much time for the second one.
    pub connect_timeout: Duration,
    /// From the request being written to the end of the body; over all redirects, without their connecting.
    pub timeout: Duration,
    /// Attempts to connect, at least one.
    pub attempts: u32,
    /// The pause before the second attempt; doubled before each further one, up to 5 s.
    pub backoff: Duration,
    /// Bytes of a body that are read at most; a larger body is no answer.
    pub max_body: u64,
    /// Redirects to follow within the origin that is asked; with 0, a redirect is an answer like any other.
    pub redirects: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(10),
            attempts: 3,
            backoff: Duration::from_millis(200),
            max_body: 1024 * 1024,
            redirects: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_refused_in_words() {
        for path in ["", "ping", "http://h/ping", "/a b", "/a#b", "/a\nb"] {
            let error = Request::get(path).expect_err(path);
            assert!(matches!(error, RequestError::Path(_)), "{path}: {error}");
        }
        assert!(matches!(Request::new(Method::CONNECT, "/"), Err(RequestError::Method(_))));
        for name in ["host", "Content-Length", "transfer-encoding", "expect"] {
            let error = Request::get("/").unwrap().with_header(name, "1").expect_err(name);
            assert!(matches!(error, RequestError::Reserved(..)), "{name}: {error}");
        }
        assert!(matches!(
            Request::get("/").unwrap().with_header("a b", "1"),
            Err(RequestError::HeaderName(_))
        ));
    }

    #[test]
    fn neither_errors_nor_debug_output_show_a_value() {
        let error = Request::get("/").unwrap().with_header("authorization", "hunter2\r\n").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let request = Request::get("/").unwrap().with_header("authorization", "hunter2").unwrap();
        let shown = format!("{:?}", request.with_body("hunter2"));
        assert!(!shown.contains("hunter2") && shown.contains("authorization"), "{shown}");
    }
}
