//! The first line of a request: its method and path.

use std::borrow::Cow;

use ::http::Method;
use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Path and query of a request, as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct PathAndQuery(pub(super) String);

impl PathAndQuery {
    /// Whether a plan gave one.
    pub(super) fn is_given(&self) -> bool {
        !self.0.is_empty()
    }
}

impl JsonSchema for PathAndQuery {
    fn schema_name() -> Cow<'static, str> {
        "PathAndQuery".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(/[^#]*)?$" })
    }
}

impl<'de> Deserialize<'de> for PathAndQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        let sound =
            path.parse::<::http::uri::PathAndQuery>().is_ok() && !path.contains('#') && path.is_ascii();
        if path.is_empty() || (path.starts_with('/') && sound) {
            return Ok(Self(path));
        }
        Err(de::Error::custom(format!(
            "{path:?} is no path; expected one such as `/ping?full=1`, percent-encoded"
        )))
    }
}

/// A request method, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verb(pub(super) Method);

impl Verb {
    /// Whether it changes things at the other side.
    pub(super) fn changes_things(&self) -> bool {
        !matches!(self.0, Method::GET | Method::HEAD)
    }
}

impl Default for Verb {
    fn default() -> Self {
        Self(Method::GET)
    }
}

impl JsonSchema for Verb {
    fn schema_name() -> Cow<'static, str> {
        "Method".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]+$" })
    }
}

impl Serialize for Verb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Verb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse() {
            Ok(method) if text.bytes().all(|byte| byte.is_ascii_uppercase()) && method != Method::CONNECT => {
                Ok(Self(method))
            }
            _ => {
                Err(de::Error::custom(format!("{text:?} is no method; expected one such as `GET` or `POST`")))
            }
        }
    }
}
