//! What is expected of a header: a text in its value, that it is there, or that it is not.

use std::{borrow::Cow, fmt};

use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use greenlight_prober::Mismatch;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::http::seen::Seen;

/// What is expected of one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// One of its values contains this.
    Contains(String),
    /// It is there, whatever its value; or it is not.
    Present(bool),
}

impl Header {
    /// Holds an answer against it.
    pub(super) fn judge(&self, name: &str, seen: &Seen<'_>) -> Result<(), Mismatch> {
        let values = seen.header(name);
        let observed = |value: &str| {
            // What a cookie is worth is nobody's business.
            let value =
                if name.eq_ignore_ascii_case("set-cookie") { "***".to_owned() } else { seen.quote(value) };
            format!("header `{name}` with {value}")
        };
        match (self, values.first()) {
            (Self::Present(true), Some(_)) | (Self::Present(false), None) => Ok(()),
            (Self::Present(true), None) => {
                Err(Mismatch::new(format!("no header `{name}`"), format!("header `{name}`")))
            }
            (Self::Present(false), Some(value)) => {
                Err(Mismatch::new(observed(value), format!("no header `{name}`")))
            }
            (Self::Contains(wanted), None) => {
                Err(Mismatch::new(format!("no header `{name}`"), format!("header `{name}` with {wanted:?}")))
            }
            (Self::Contains(wanted), Some(_)) if values.iter().any(|value| value.contains(wanted)) => Ok(()),
            (Self::Contains(wanted), Some(value)) => {
                Err(Mismatch::new(observed(value), format!("header `{name}` with {wanted:?}")))
            }
        }
    }
}

impl JsonSchema for Header {
    fn schema_name() -> Cow<'static, str> {
        "Header".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text that the header contains, or whether it is there.",
            "type": ["string", "boolean"],
        })
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Contains(text) => serializer.serialize_str(text),
            Self::Present(present) => serializer.serialize_bool(*present),
        }
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Header;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .write_str("a text that the header contains, or true or false for whether it is there")
            }
            fn visit_str<E>(self, text: &str) -> Result<Header, E> {
                Ok(Header::Contains(text.to_owned()))
            }
            fn visit_bool<E>(self, present: bool) -> Result<Header, E> {
                Ok(Header::Present(present))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
