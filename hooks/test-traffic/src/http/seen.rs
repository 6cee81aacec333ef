//! One answer, as judges look at it: its text and its JSON read at most once, and quoted without secrets.
//!
//! An application may echo what it was sent, so secrets, captured values and cookies are taken out of whatever
//! is quoted. An answer that values are captured from is not quoted at all: when it is not as expected, nobody
//! knows where in it the value stands.

use std::{borrow::Cow, cell::OnceCell};

use greenlight::Secrets;
use greenlight_prober::{Answer, Jar};
use serde_json::Value;

use super::{hidden, template::Captured};
use crate::reach::shortened;

/// An answer.
pub(super) struct Seen<'a> {
    pub(super) answer: &'a Answer,
    secrets: &'a Secrets,
    captured: Option<&'a Captured>,
    pub(super) jar: Option<&'a Jar>,
    /// Whether it may be quoted.
    quoted: bool,
    text: OnceCell<Cow<'a, str>>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Seen<'a> {
    /// The answer to a request that stands alone.
    pub(super) fn new(answer: &'a Answer, secrets: &'a Secrets) -> Self {
        Self {
            answer,
            secrets,
            captured: None,
            jar: None,
            quoted: true,
            text: OnceCell::new(),
            json: OnceCell::new(),
        }
    }

    /// The same in a sequence, whose values are not shown.
    pub(super) fn in_sequence(self, captured: &'a Captured, jar: Option<&'a Jar>) -> Self {
        Self { captured: Some(captured), jar, ..self }
    }

    /// The same where values are captured from it.
    pub(super) fn unquoted(self) -> Self {
        Self { quoted: false, ..self }
    }

    /// The body as text.
    pub(super) fn text(&self) -> &str {
        self.text.get_or_init(|| String::from_utf8_lossy(&self.answer.body))
    }

    /// The body as JSON, if it is that.
    pub(super) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.answer.body).ok()).as_ref()
    }

    /// The values of a header.
    pub(super) fn header(&self, name: &str) -> Vec<Cow<'a, str>> {
        let values = self.answer.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
    }

    /// The beginning of a text of the answer, without secrets: taken out before it is cut, so that no part of
    /// one is left.
    pub(super) fn excerpt(&self, text: &str) -> String {
        if !self.quoted {
            return hidden::HIDDEN.to_owned();
        }
        let captured = self.captured.into_iter().flat_map(|captured| captured.values().map(String::as_str));
        let cookies = self.jar.into_iter().flat_map(Jar::values);
        shortened(&hidden::without(&self.secrets.redact(text), captured.chain(cookies)))
    }

    /// The same in quotes.
    pub(super) fn quote(&self, text: &str) -> String {
        if self.quoted { format!("{:?}", self.excerpt(text)) } else { hidden::HIDDEN.to_owned() }
    }
}
