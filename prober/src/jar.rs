//! The cookies of one run of a sequence.
//!
//! They follow RFC 6265 (path, `Secure`, expiry), and one rule more: only the origin that the prober asks gets
//! them, whatever domain they name. A redirect elsewhere, or a domain that is shared with production, never takes
//! a session along. Every run begins with an empty jar, so that no run profits from the one before, and a load
//! balancer's stickiness ends with it.

use std::fmt;
use std::sync::Arc;

use cookie_store::{CookieStore, RawCookie};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::connect::Peer;
use super::hop::Hop;

/// Cookies, as answers set them.
pub struct Jar {
    home: Arc<Peer>,
    store: CookieStore,
    /// Every value that was ever set, for whoever must not show one.
    values: Vec<String>,
}

impl Jar {
    pub(super) fn new(home: Arc<Peer>) -> Self {
        Self { home, store: CookieStore::default(), values: Vec::new() }
    }

    /// The value of the cookie of this name; of several, which differ by path, any.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.store.iter_unexpired().find(|cookie| cookie.name() == name).map(|cookie| cookie.value())
    }

    /// Every value that was set so far, those that were replaced included.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str)
    }

    /// Keeps what the answer to a hop sets.
    pub(super) fn keep(&mut self, hop: &Hop, headers: &HeaderMap) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Some(url) = self.at_home(hop) else { return };
        for header in headers.get_all(SET_COOKIE) {
            let Some(cookie) = header.to_str().ok().and_then(|text| RawCookie::parse(text).ok()) else {
                continue;
            };
            self.values.push(cookie.value().to_owned());
            // What cannot be kept (a domain of somebody else's) is left out, as browsers do.
            let _ = self.store.insert_raw(&cookie, &url);
        }
    }

    /// Adds the cookies that belong to a hop; those that the request has already come first and win.
    pub(super) fn add(&self, hop: &Hop, headers: &mut HeaderMap) {
        if self.values.is_empty() {
            return;
        }
        let Some(url) = self.at_home(hop) else { return };
        let given: Vec<String> = headers
            .get_all(COOKIE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let named = |name: &str| {
            let names = given.iter().flat_map(|pairs| pairs.split(';'));
            names.filter_map(|pair| pair.split('=').next()).any(|given| given.trim() == name)
        };
        let mut kept: Vec<_> = self.store.get_request_values(&url).filter(|(name, _)| !named(name)).collect();
        kept.sort_unstable();
        let kept = kept.into_iter().map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<String> = given.iter().cloned().chain(kept).collect();
        if let Ok(pairs) = HeaderValue::from_str(&pairs.join("; "))
            && !pairs.is_empty()
        {
            headers.insert(COOKIE, pairs);
        }
    }

    fn at_home(&self, hop: &Hop) -> Option<Url> {
        hop.url().ok().filter(|url| self.home.endpoint.same_origin(url))
    }
}

/// Counts the cookies without their values.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").field("cookies", &self.store.iter_unexpired().count()).finish_non_exhaustive()
    }
}
