//! Where to connect to, and as whom to speak.
//!
//! An [`Endpoint`] holds everything about the other side that does not change from request to request: scheme,
//! host and port to connect to, the `Host` header, the name that the certificate must carry and who may have
//! signed it. It is plain data; nothing is looked up or connected here.
//!
//! Surprising: the name to connect to and the name to speak to are two things. A test route is reached at a load
//! balancer's or a task's address, while the listener rule and the certificate want the service's own host name.

use std::fmt;

use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method};
use rustls_pki_types::ServerName;
use url::{Host, Url};

use super::request::{Request, RequestError};
use super::speaks::Speaks;
use super::tls::Roots;

/// What to do differently from what the URL says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Connect to this host and port instead of the URL's.
    pub connect_to: Option<(String, u16)>,
    /// Send this `Host` header, e.g. `orders.example.com` or `orders.example.com:8443`. Unless
    /// [`server_name`](Self::server_name) says otherwise, the certificate is expected to carry this name too.
    pub host: Option<String>,
    /// Expect the certificate to carry this name, and ask for it by SNI.
    pub server_name: Option<String>,
    /// Trust these certificates (PEM) *instead of* the system's roots.
    pub ca_pem: Option<Vec<u8>>,
}

/// Why a URL and its overrides do not make an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Neither `http` nor `https`.
    #[error("the scheme is `{0}`, expected `http` or `https`")]
    Scheme(String),
    /// A URL without a host.
    #[error("the URL has no host, expected e.g. `https://orders.example.com`")]
    NoHost,
    /// A user name or a password in the URL; never printed.
    #[error("the URL of `{0}` carries a user name or password, send an `authorization` header instead")]
    UserInfo(String),
    /// A query or a fragment, which belong to the request.
    #[error("the URL of `{0}` has a query or fragment, which belong into the request's path")]
    QueryOrFragment(String),
    /// The `Host` header is no host name with an optional port.
    #[error("`{0}` is no host name, expected e.g. `orders.example.com` or `orders.example.com:8443`")]
    Host(String),
    /// The name that the certificate would have to carry is none.
    #[error(
        "`{0}` cannot be the name in a certificate, expected a DNS name or an IP address; set the TLS server name"
    )]
    ServerName(String),
    /// The private CA cannot be read.
    #[error("the private CA cannot be used: {0}; expected one or more `BEGIN CERTIFICATE` blocks (PEM)")]
    Ca(String),
}

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    fn of(url: &Url) -> Result<Self, EndpointError> {
        match url.scheme() {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            other => Err(EndpointError::Scheme(other.to_owned())),
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// The other side of a connection.
#[derive(Debug, Clone)]
pub struct Endpoint {
    scheme: Scheme,
    /// Where the connection goes: a name to look up or a literal address, without brackets.
    connect_host: String,
    connect_port: u16,
    /// Whom the request speaks to: the `Host` header.
    host: HeaderValue,
    /// Always there for `https`.
    server_name: Option<ServerName<'static>>,
    roots: Roots,
    speaks: Speaks,
    /// The URL's path without its last slash; every request's path is appended to it.
    base_path: String,
}

impl Endpoint {
    /// An endpoint from a URL such as `https://orders.example.com:8443/base`. A path becomes the prefix of every
    /// [request](Self::request)'s path.
    pub fn new(url: &Url, overrides: &Overrides) -> Result<Self, EndpointError> {
        let scheme = Scheme::of(url)?;
        let url_host = url.host().ok_or(EndpointError::NoHost)?;
        let shown = url_host.to_string();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo(shown));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::QueryOrFragment(shown));
        }
        let url_port = url.port().unwrap_or(scheme.default_port());
        let (connect_host, connect_port) = match &overrides.connect_to {
            Some((host, port)) => (unbracketed(host).to_owned(), *port),
            None => (without_brackets(&url_host), url_port),
        };
        let host = match &overrides.host {
            Some(host) => host.clone(),
            None => url.port().map_or_else(|| shown.clone(), |port| format!("{shown}:{port}")),
        };
        let authority = authority(&host)?;
        let host_name = unbracketed(authority.host()).to_ascii_lowercase();
        let server_name = match (scheme, &overrides.server_name) {
            (_, Some(name)) => Some(server_name(name)?),
            (Scheme::Https, None) => Some(server_name(&host_name)?),
            (Scheme::Http, None) => None,
        };
        let roots = match &overrides.ca_pem {
            Some(pem) => Roots::private(pem).map_err(EndpointError::Ca)?,
            None => Roots::System,
        };
        Ok(Self {
            scheme,
            connect_host,
            connect_port,
            host: HeaderValue::from_str(&host).map_err(|_| EndpointError::Host(host.clone()))?,
            server_name,
            roots,
            speaks: Speaks::default(),
            base_path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The same endpoint, spoken to otherwise; unless something else is said it is HTTP/1.1.
    #[must_use]
    pub fn speaking(mut self, speaks: Speaks) -> Self {
        self.speaks = speaks;
        self
    }

    pub(super) fn speaks(&self) -> Speaks {
        self.speaks
    }

    /// The URL of a path at this endpoint, in the words of the `Host` header.
    pub(super) fn url(&self, path: &PathAndQuery) -> Result<Url, EndpointError> {
        let host = self.host.to_str().unwrap_or_default();
        Url::parse(&format!("{}://{host}{path}", self.scheme))
            .map_err(|_| EndpointError::Host(host.to_owned()))
    }

    /// A request for a path below the URL's own.
    pub fn request(&self, method: Method, path: &str) -> Result<Request, RequestError> {
        // Judged on its own, because a prefix would make a path of a lone `ping`.
        let request = Request::new(method.clone(), path)?;
        if self.base_path.is_empty() {
            return Ok(request);
        }
        Request::new(method, &format!("{}{path}", self.base_path))
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host that is connected to: a name or a literal address without brackets.
    pub fn connect_host(&self) -> &str {
        &self.connect_host
    }

    /// The port that is connected to.
    pub fn connect_port(&self) -> u16 {
        self.connect_port
    }

    /// The `Host` header.
    pub fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// The name that the certificate must carry; none for plain HTTP.
    pub fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref().filter(|_| self.scheme == Scheme::Https)
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }
}

/// Shows where the connection goes, e.g. `orders.example.com:443` or `[::1]:8080`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.connect_host.contains(':') {
            write!(f, "[{}]:{}", self.connect_host, self.connect_port)
        } else {
            write!(f, "{}:{}", self.connect_host, self.connect_port)
        }
    }
}

fn without_brackets(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => (*name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host)
}

fn authority(host: &str) -> Result<Authority, EndpointError> {
    let refused = || EndpointError::Host(host.to_owned());
    let authority: Authority = host.parse().map_err(|_| refused())?;
    // `Authority` lets user names pass, and ports that are none.
    let well_formed = !host.contains('@')
        && !authority.host().is_empty()
        && (authority.host() == host || authority.port_u16().is_some());
    if well_formed { Ok(authority) } else { Err(refused()) }
}

fn server_name(name: &str) -> Result<ServerName<'static>, EndpointError> {
    ServerName::try_from(unbracketed(name).to_owned()).map_err(|_| EndpointError::ServerName(name.to_owned()))
}

#[cfg(test)]
mod tests;
