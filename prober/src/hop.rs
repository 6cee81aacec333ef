//! One request as it is written: a peer, and the message down to its last header.
//!
//! A hop is made once and sent any number of times, so everything that is the same for every request is put
//! together here. Redirects make further hops.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};
use http_body_util::Full;
use url::Url;

use super::connect::Peer;
use super::endpoint::EndpointError;
use super::request::Request;

/// A request to a peer.
pub(super) struct Hop {
    pub(super) peer: Arc<Peer>,
    path: PathAndQuery,
    message: http::Request<Full<Bytes>>,
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    /// The request itself.
    pub(super) fn first(peer: Arc<Peer>, request: &Request) -> Self {
        let Request { method, path, headers, body, .. } = request.clone();
        Self::new(peer, method, path, headers, body)
    }

    pub(super) fn new(
        peer: Arc<Peer>,
        method: Method,
        path: PathAndQuery,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let mut message = http::Request::new(Full::new(body.clone()));
        // RFC 9110 (8.6): methods that mean something by a body say that there is none. hyper sends the length
        // of a body that is not empty by itself.
        if body.is_empty() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            message.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        message.headers_mut().insert(HOST, peer.endpoint.host().clone());
        message.headers_mut().extend(headers.clone());
        *message.method_mut() = method;
        *message.uri_mut() = Uri::from(path.clone());
        Self { peer, path, message, headers, body }
    }

    /// The message to write.
    pub(super) fn message(&self) -> http::Request<Full<Bytes>> {
        self.message.clone()
    }

    /// Whether sending it twice does what sending it once does, and nothing else (RFC 9110, 9.2.1).
    pub(super) fn safe(&self) -> bool {
        matches!(*self.method(), Method::GET | Method::HEAD | Method::OPTIONS)
    }

    pub(super) fn method(&self) -> &Method {
        self.message.method()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    pub(super) fn url(&self) -> Result<Url, EndpointError> {
        self.peer.endpoint.url(&self.path)
    }
}
