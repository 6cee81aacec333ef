//! The cookies of one run of a sequence.
//!
//! They follow RFC 6265 (path, `Secure`, expiry), and only the origin that the prober asks gets them, whatever domain
//! they name, because nobody else is asked. Every run begins with an empty jar, so that no run profits from the one
//! before, and a load balancer's stickiness ends with it.

use std::fmt;

use cookie_store::{CookieStore, RawCookie};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use super::hop::Hop;

/// Cookies, as answers set them.
#[derive(Default)]
pub struct Jar {
    store: CookieStore,
    /// Name and value of every cookie that was ever set, in order.
    set: Vec<(String, String)>,
    /// The names of those that the last request went without, because it was written in plain text.
    withheld: Vec<String>,
}

impl Jar {
    /// The value of the cookie of this name; of several, which differ by path, that which was set last.
    pub fn value(&self, name: &str) -> Option<&str> {
        let is_kept = |value: &str| {
            let mut kept = self.store.iter_unexpired();
            kept.any(|cookie| cookie.name() == name && cookie.value() == value)
        };
        let values = self.set.iter().rev().filter(|(set, _)| set == name).map(|(_, value)| value.as_str());
        values.into_iter().find(|value| is_kept(value))
    }

    /// Every value that was set so far, those that were replaced included.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.set.iter().map(|(_, value)| value.as_str())
    }

    /// The names of cookies that the request (or a redirect of it) went without, because they are `Secure` and it
    /// was written in plain text.
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        self.withheld.iter().map(String::as_str)
    }

    /// Begins with another request.
    pub(super) fn begin(&mut self) {
        self.withheld.clear();
    }

    /// Remembers which cookies a hop goes without, because it is plain HTTP.
    pub(super) fn withhold(&mut self, hop: &Hop) {
        let Some(plain) = hop.url().ok().filter(|url| url.scheme() == "http") else { return };
        let mut secure = plain.clone();
        if secure.set_scheme("https").is_err() {
            return;
        }
        let sent = self.store.matches(&plain);
        let kept = self.store.matches(&secure);
        // A request may have been given it by name.
        let given = given(hop.headers());
        let without =
            kept.into_iter().filter(|cookie| !sent.contains(cookie) && !names(&given, cookie.name()));
        self.withheld.extend(without.map(|cookie| cookie.name().to_owned()));
    }

    /// Keeps what the answer to a hop sets.
    pub(super) fn keep(&mut self, hop: &Hop, headers: &HeaderMap) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Ok(url) = hop.url() else { return };
        for header in headers.get_all(SET_COOKIE) {
            let text = str::from_utf8(header.as_bytes()).ok();
            let Some(cookie) = text.and_then(|text| RawCookie::parse(text).ok()) else { continue };
            self.set.push((cookie.name().to_owned(), cookie.value().to_owned()));
            // What cannot be kept (a domain of somebody else's) is left out, as browsers do.
            let _ = self.store.insert_raw(&cookie, &url);
        }
    }

    /// Adds the cookies that belong to a hop; those that the request has already come first and win.
    pub(super) fn add(&self, hop: &Hop, headers: &mut HeaderMap) {
        if self.set.is_empty() {
            return;
        }
        let Ok(url) = hop.url() else { return };
        let given = given(headers);
        let mut kept: Vec<_> =
            self.store.get_request_values(&url).filter(|(name, _)| !names(&given, name)).collect();
        kept.sort_unstable();
        let kept = kept.into_iter().map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<String> = given.iter().cloned().chain(kept).collect();
        if let Ok(pairs) = HeaderValue::from_bytes(pairs.join("; ").as_bytes())
            && !pairs.is_empty()
        {
            headers.insert(COOKIE, pairs);
        }
    }
}

/// The cookies that a request has already.
fn given(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(COOKIE).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// Whether one of them has this name.
fn names(given: &[String], name: &str) -> bool {
    let pairs = given.iter().flat_map(|pairs| pairs.split(';'));
    pairs.filter_map(|pair| pair.split('=').next()).any(|given| given.trim() == name)
}

/// Counts the cookies without their values.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").field("cookies", &self.store.iter_unexpired().count()).finish_non_exhaustive()
    }
}
