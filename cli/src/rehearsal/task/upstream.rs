//! What is behind a task's front: a process on this machine, or what a URL names.
//!
//! Processes, and URLs of this machine without a path, get the bytes as they come, so that they may speak
//! whatever they like. Any other URL is asked in its own name: `Host` is the URL's and its path is a
//! prefix, because what runs elsewhere is chosen by them.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use greenlight::plan::TargetUrl;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, Version};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::tls;
use crate::rehearsal::balancer::{Connection, remove_hop_by_hop};

/// How long a connection may take, the handshake included.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Upstream {
    /// A name or an address.
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    rewriting: Option<Rewriting>,
    /// As it stands in a `Host` header.
    authority: String,
}

/// How requests are changed on their way.
#[derive(Clone, Debug)]
struct Rewriting {
    host: HeaderValue,
    /// Without the slash at its end.
    prefix: String,
}

impl Upstream {
    pub(super) fn process(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
            tls: None,
            rewriting: None,
            authority: address.to_string(),
        }
    }

    pub(super) fn url(url: &TargetUrl) -> io::Result<Self> {
        let url = url.url();
        let invalid = |what: &str| io::Error::new(ErrorKind::InvalidInput, format!("`{url}` has no {what}"));
        let name = url.host_str().ok_or_else(|| invalid("host"))?;
        let port = url.port_or_known_default().ok_or_else(|| invalid("port"))?;
        let authority = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let host = name.trim_matches(['[', ']']).to_owned();
        let secure = url.scheme() == "https";
        let prefix = url.path().trim_end_matches('/').to_owned();
        let rewriting = if !secure && prefix.is_empty() && is_here(&host) {
            None
        } else {
            let host = HeaderValue::from_str(&authority).map_err(|_| invalid("host for a header"))?;
            Some(Rewriting { host, prefix })
        };
        let tls = secure.then(tls::connector).transpose()?;
        Ok(Self { host, port, tls, rewriting, authority })
    }

    /// Whether it takes the bytes as they come.
    pub(super) fn takes_bytes(&self) -> bool {
        self.rewriting.is_none()
    }

    /// As it stands in a `Host` header.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        timeout(PATIENCE, self.try_to_connect()).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }

    async fn try_to_connect(&self) -> io::Result<Box<dyn Connection>> {
        let connection = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // A connection that refuses the option is as good.
        drop(connection.set_nodelay(true));
        let Some(tls) = &self.tls else { return Ok(Box::new(connection)) };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        Ok(Box::new(tls.connect(name, connection).await?))
    }

    /// One request on a connection of its own.
    pub(super) async fn ask(&self, request: Request<Body>) -> io::Result<Response<Body>> {
        let connection = self.connect().await?;
        self.ask_over(connection, request).await
    }

    pub(super) async fn ask_over(
        &self,
        connection: Box<dyn Connection>,
        request: Request<Body>,
    ) -> io::Result<Response<Body>> {
        let (mut sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .handshake(TokioIo::new(connection))
            .await
            .map_err(io::Error::other)?;
        // It ends with the request, or with the body of the answer.
        tokio::spawn(connection);
        let response = sender.send_request(self.rewrite(request)?).await.map_err(io::Error::other)?;
        if response.status().is_informational() {
            return Err(io::Error::other("it changed protocols, which nobody asked for"));
        }
        let (mut head, body) = response.into_parts();
        remove_hop_by_hop(&mut head.headers);
        head.version = Version::HTTP_11;
        Ok(Response::from_parts(head, Body::new(body)))
    }

    fn rewrite(&self, request: Request<Body>) -> io::Result<Request<Body>> {
        let (mut head, body) = request.into_parts();
        remove_hop_by_hop(&mut head.headers);
        head.version = Version::HTTP_11;
        let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let prefix = self.rewriting.as_ref().map_or("", |rewriting| rewriting.prefix.as_str());
        head.uri = format!("{prefix}{path}").parse::<Uri>().map_err(io::Error::other)?;
        if let Some(rewriting) = &self.rewriting {
            head.headers.insert(HOST, rewriting.host.clone());
        }
        Ok(Request::from_parts(head, body))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Upstream").field(&self.authority).finish()
    }
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(url: &str) -> Upstream {
        Upstream::url(&url.parse().unwrap()).unwrap()
    }

    #[test]
    fn urls_of_this_machine_take_bytes_and_others_are_asked_in_their_own_name() {
        let cases = [
            ("http://127.0.0.1:3000", true, "/hello?x=1", "orders.example.com"),
            ("http://localhost:3000/", true, "/hello?x=1", "orders.example.com"),
            ("http://[::1]:3000", true, "/hello?x=1", "orders.example.com"),
            ("http://localhost:3000/base", false, "/base/hello?x=1", "localhost:3000"),
            ("http://green.example.com", false, "/hello?x=1", "green.example.com"),
            ("http://green.example.com:81/v2/", false, "/v2/hello?x=1", "green.example.com:81"),
        ];
        for (url, bytes, path, host) in cases {
            let upstream = upstream(url);
            assert_eq!(upstream.takes_bytes(), bytes, "{url}");
            let request = Request::get("/hello?x=1")
                .header(HOST, "orders.example.com")
                .header("connection", "keep-alive, x-hop")
                .header("x-hop", "1")
                .body(Body::empty())
                .unwrap();
            let request = upstream.rewrite(request).unwrap();
            assert_eq!(request.uri().to_string(), path, "{url}");
            assert_eq!(request.headers()[HOST], host, "{url}");
            assert_eq!(request.headers().len(), 1, "{url}");
        }
    }
}
