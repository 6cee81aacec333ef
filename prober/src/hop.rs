//! One request as it is written: a peer, and the message down to its last header.
//!
//! A hop is made once and sent any number of times, so everything that is the same for every request is put
//! together here. Redirects make further hops.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use http_body_util::Full;
use url::Url;

use super::connect::Peer;
use super::endpoint::EndpointError;
use super::jar::Jar;
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

    /// The message to write, with the cookies that belong to it.
    pub(super) fn message(&self, cookies: Option<&Jar>) -> http::Request<Full<Bytes>> {
        let mut message = self.message.clone();
        if let Some(jar) = cookies {
            jar.add(self, message.headers_mut());
        }
        message
    }

    /// The message to write over HTTP/2, without its body: who is spoken to stands in the URI, and the headers
    /// that speak of the connection are none of HTTP/2's (RFC 9113, 8.2.2 and 8.3.1).
    pub(super) fn message_http2(&self, cookies: Option<&Jar>) -> http::Request<()> {
        let mut message = http::Request::new(());
        *message.method_mut() = self.method().clone();
        *message.version_mut() = Version::HTTP_2;
        *message.uri_mut() = self.uri();
        message.headers_mut().extend(self.headers.clone());
        for name in [HOST, CONNECTION] {
            message.headers_mut().remove(name);
        }
        for name in ["keep-alive", "proxy-connection"] {
            message.headers_mut().remove(name);
        }
        if !self.body.is_empty() || self.message.headers().contains_key(CONTENT_LENGTH) {
            message.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        }
        if let Some(jar) = cookies {
            jar.add(self, message.headers_mut());
        }
        message
    }

    /// Scheme, host and path; the endpoint's host is an authority, or it would be no endpoint.
    fn uri(&self) -> Uri {
        let endpoint = &self.peer.endpoint;
        let uri = Uri::builder()
            .scheme(endpoint.scheme().to_string().as_str())
            .authority(endpoint.host().as_bytes())
            .path_and_query(self.path.clone());
        uri.build().unwrap_or_else(|_| Uri::from(self.path.clone()))
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
