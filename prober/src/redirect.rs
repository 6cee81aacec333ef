//! Whether and where to follow a redirect.
//!
//! Pure: from a hop, its answer's head and the way so far to the next hop. An answer never chooses who is asked: scheme
//! and host stay those that the caller named, and the connection goes where the caller said. A port may be named in two
//! ways, by the `Host` header and by the connection, and a redirect may name either; another one may well be the
//! production listener. Surprising: a redirect that is not followed is not an error of its own. The answer that asked for
//! it is still an answer; it carries the reason why the prober stayed, and the judge sees its status.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::hop::Hop;

/// Why a redirect was not followed. URLs are shown without their query, user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectRefused {
    /// As many redirects as allowed were followed before.
    TooMany {
        /// How many.
        followed: u32,
        /// Where the next one led to.
        to: String,
    },
    /// It leads to a URL that was asked before.
    Loop {
        /// That URL.
        to: String,
    },
    /// It leads to another scheme, host or port.
    Elsewhere {
        /// Where it led to.
        to: String,
    },
    /// Its `location` cannot be understood.
    BadLocation,
}

impl fmt::Display for RedirectRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { followed, to } => {
                write!(f, "redirected to `{to}` after {followed} redirects, which is as many as are followed")
            }
            Self::Loop { to } => write!(f, "redirected in a loop, back to `{to}`"),
            Self::Elsewhere { to } => {
                write!(f, "redirected to `{to}`, which is another origin than the one that is asked")
            }
            Self::BadLocation => f.write_str("redirected to a `location` that is no usable URL"),
        }
    }
}

/// What to do with an answer.
pub(super) enum Next {
    /// It is the one to judge.
    Stay,
    /// It is the one to judge, and this is why.
    Refused(RedirectRefused),
    /// The next one decides.
    Follow(Box<Hop>),
}

/// The way so far.
pub(super) struct Trail {
    allowed: u32,
    /// What was asked: method and URL of each hop but the last.
    asked: Vec<(Method, Url)>,
    /// Where redirects led to.
    pub(super) followed: Vec<String>,
}

impl Trail {
    pub(super) fn new(allowed: u32) -> Self {
        Self { allowed, asked: Vec::new(), followed: Vec::new() }
    }

    /// What to do with the answer to `hop`.
    pub(super) fn next(&mut self, hop: &Hop, status: StatusCode, headers: &HeaderMap) -> Next {
        let redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let (true, true, Some(location)) = (redirect, self.allowed > 0, headers.get(LOCATION)) else {
            return Next::Stay;
        };
        let Ok(here) = hop.url() else {
            return Next::Refused(RedirectRefused::BadLocation);
        };
        let Some(mut to) = location.to_str().ok().and_then(|location| here.join(location).ok()) else {
            return Next::Refused(RedirectRefused::BadLocation);
        };
        to.set_fragment(None);
        let same_host = (to.scheme(), to.host()) == (here.scheme(), here.host());
        if same_host && to.port_or_known_default() == Some(hop.peer.endpoint.connect_port()) {
            // Fails only for URLs that can have no port, and such have another host.
            let _ = to.set_port(here.port());
        }
        match self.follow(hop, here, &to, status) {
            Ok(next) => {
                self.followed.push(to.to_string());
                Next::Follow(Box::new(next))
            }
            Err(refused) => Next::Refused(refused),
        }
    }

    fn follow(&mut self, hop: &Hop, here: Url, to: &Url, status: StatusCode) -> Result<Hop, RedirectRefused> {
        let shown = shown(to);
        if here.origin() != to.origin() {
            return Err(RedirectRefused::Elsewhere { to: shown });
        }
        if !to.username().is_empty() || to.password().is_some() {
            return Err(RedirectRefused::BadLocation);
        }
        let method = method_after(status, hop.method());
        self.asked.push((hop.method().clone(), here));
        if self.asked.iter().any(|(asked, url)| *asked == method && url == to) {
            return Err(RedirectRefused::Loop { to: shown });
        }
        let followed = u32::try_from(self.followed.len()).unwrap_or(u32::MAX);
        if followed >= self.allowed {
            return Err(RedirectRefused::TooMany { followed, to: shown });
        }
        let path = to[url::Position::BeforePath..].parse().map_err(|_| RedirectRefused::BadLocation)?;
        let (headers, body) = if method == *hop.method() {
            (hop.headers().clone(), hop.body().clone())
        } else {
            let mut headers = hop.headers().clone();
            for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
                headers.remove(name);
            }
            (headers, Bytes::new())
        };
        Ok(Hop::new(Arc::clone(&hop.peer), method, path, headers, body))
    }
}

/// As browsers do and RFC 9110 (15.4) lets them.
fn method_after(status: StatusCode, method: &Method) -> Method {
    match (status, method) {
        (StatusCode::SEE_OTHER, &Method::HEAD) => Method::HEAD,
        (StatusCode::SEE_OTHER, _) | (StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND, &Method::POST) => {
            Method::GET
        }
        _ => method.clone(),
    }
}

/// A URL without its query, fragment, user name and password: there are secrets in these.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fails only for URLs that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests;
