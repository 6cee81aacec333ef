//! Texts of a plan that may be secrets: header, cookie, body and metadata values.
//!
//! A secret is named, never written: `{"secret": "ssm:NAME"}` or
//! `{"secret": "secretsmanager:ID#json.key", "prefix": "Bearer "}`. It is fetched once in an
//! invocation ([`crate::Secrets`]) and shown as `***`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{problem::with_hint, schema};

/// Where a value is kept: Parameter Store or Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `ssm:NAME`: a parameter of Systems Manager's Parameter Store, by name or ARN.
    Parameter(String),
    /// `secretsmanager:ID#json.key`: a secret by name or ARN; the key picks a value of a JSON secret.
    Secret {
        /// The secret's name or ARN.
        id: String,
        /// A dotted path into the secret's JSON.
        key: Option<String>,
    },
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let reference = match text.split_once(':') {
            Some(("ssm", name)) => Some(Self::Parameter(name.to_owned())),
            Some(("secretsmanager", rest)) => {
                let (id, key) = rest.split_once('#').map_or((rest, None), |(id, key)| (id, Some(key)));
                Some(Self::Secret { id: id.to_owned(), key: key.map(ToOwned::to_owned) })
            }
            _ => None,
        };
        let named = |reference: &Self| match reference {
            Self::Parameter(name) => !name.is_empty(),
            Self::Secret { id, key } => !id.is_empty() && key.as_deref() != Some(""),
        };
        reference.filter(named).ok_or_else(|| {
            "no reference to a secret; expected `ssm:NAME` or `secretsmanager:ID#json.key`".to_owned()
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(formatter, "ssm:{name}"),
            Self::Secret { id, key: None } => write!(formatter, "secretsmanager:{id}"),
            Self::Secret { id, key: Some(key) } => write!(formatter, "secretsmanager:{id}#{key}"),
        }
    }
}

impl JsonSchema for Reference {
    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::text("`ssm:NAME` or `secretsmanager:ID#json.key`.", "^(ssm|secretsmanager):.")
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text itself is left out of the error: it may be the secret, put in the wrong place.
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A value that is written in the plan, or a secret that is only named there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Written in the plan.
    Literal(String),
    /// Named in the plan.
    Secret(Secret),
}

/// A named secret, with what comes before it, e.g. `Bearer `.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Where it is kept.
    #[serde(rename = "secret")]
    pub reference: Reference,
    /// Put before the secret's value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl Text {
    /// Whether this names a secret.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text, or a secret that is only named.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Secret>()],
        })
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(text) => text.serialize(serializer),
            Self::Secret(secret) => secret.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, or {\"secret\": \"ssm:NAME\"}")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text::Literal(text.to_owned()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
                Secret::deserialize(de::value::MapAccessDeserializer::new(map)).map(Text::Secret)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Collects the secrets that stand anywhere in settings, which are written as [`Secret`] is.
pub(super) fn secrets_in(settings: &serde_json::Value, found: &mut BTreeSet<Reference>) {
    use serde_json::Value;
    match settings {
        Value::Object(fields) => {
            let named = fields.get("secret").and_then(Value::as_str).and_then(|text| text.parse().ok());
            found.extend(named);
            fields.values().for_each(|value| secrets_in(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| secrets_in(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Request headers: names in lower case, values that may be secrets; `null` drops a default header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Headers(pub BTreeMap<String, Option<Text>>);

impl JsonSchema for Headers {
    fn schema_name() -> Cow<'static, str> {
        "Headers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<Option<Text>>();
        json_schema!({
            "description": "Request headers; `null` drops one. Credentials are named as secrets.",
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
            "additionalProperties": value,
        })
    }
}

/// Headers that carry credentials: a literal in a plan would be in every log and template.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// Headers that the prober sets itself, and what to use in their place.
const OWNED: [(&str, &str); 4] = [
    ("host", "set `target.host`"),
    ("content-length", "it follows from `body`"),
    ("transfer-encoding", "it follows from `body`"),
    ("connection", "connections are kept alive by the prober"),
];

impl Headers {
    /// Whether any value is a secret.
    pub fn has_secret(&self) -> bool {
        self.0.values().flatten().any(Text::is_secret)
    }

    /// What is wrong with a header of a plan, with a hint ([`with_hint`]); without a value only its name is looked at.
    pub fn check(name: &str, value: Option<&Text>) -> Result<(), String> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(format!(
                "`{}` is no header name; expected letters, digits and hyphens",
                name.escape_debug()
            ));
        }
        if let Some((_, instead)) = OWNED.into_iter().find(|(owned, _)| *owned == name) {
            return Err(with_hint(format!("header `{name}` cannot be set here"), instead));
        }
        let Some(Text::Literal(literal)) = value else {
            return Ok(());
        };
        if CREDENTIALS.contains(&name) {
            return Err(with_hint(
                format!("header `{name}` must not be written in a plan"),
                "name a secret: {\"secret\": \"secretsmanager:ID#json.key\"} or {\"secret\": \"ssm:NAME\"}",
            ));
        }
        if literal.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(format!("header `{name}` holds a control character"));
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Decodes one value, knowing its name, so that the error stands at the header's own path.
        struct Value<'a>(&'a str);
        impl<'de> de::DeserializeSeed<'de> for Value<'_> {
            type Value = Option<Text>;
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Text>, D::Error> {
                let value = Option::<Text>::deserialize(deserializer)?;
                Headers::check(self.0, value.as_ref()).map_err(de::Error::custom)?;
                Ok(value)
            }
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Headers;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of header names and values")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    let name = name.to_ascii_lowercase();
                    let value = map.next_value_seed(Value(&name))?;
                    headers.insert(name, value);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::decode::decode;

    fn errors(headers: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        decode::<Headers>(headers, "headers", &[], &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn references() {
        for text in ["ssm:/orders/token", "secretsmanager:orders/probe", "secretsmanager:orders/probe#a.b"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        for text in ["", "ssm:", "secretsmanager:#k", "secretsmanager:x#", "hunter2", "vault:x"] {
            let error = text.parse::<Reference>().unwrap_err();
            assert!(error.contains("expected `ssm:NAME`"), "{error}");
        }
    }

    #[test]
    fn a_misplaced_secret_is_not_repeated_in_the_error() {
        let errors = errors(&json!({"authorization": {"secret": "hunter2"}}));
        assert!(
            errors[0].contains("headers.authorization.secret") && !errors[0].contains("hunter2"),
            "{errors:?}"
        );
    }

    #[test]
    fn literal_credentials_are_refused_with_the_way_out() {
        let errors =
            errors(&json!({"Authorization": "Bearer x", "cookie": "a=b", "x-api-key": "k", "x-fine": "v"}));
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors[0].contains("must not be written in a plan (name a secret:"), "{errors:?}");
        assert!(errors[0].starts_with("`headers.Authorization`"), "{errors:?}");
        assert!(!errors.concat().contains("Bearer x"));
    }

    #[test]
    fn bad_names_and_values() {
        let errors =
            errors(&json!({"bad name": "v", "host": "h", "x-a": "line\nbreak", "x-b": 5, "x-c": null}));
        assert_eq!(errors.len(), 4, "{errors:?}");
    }

    #[test]
    fn text_writes_itself_back() {
        let headers = json!({"a": "x", "b": {"secret": "ssm:n", "prefix": "Bearer "}, "c": null});
        let mut problems = Vec::new();
        let decoded: Headers = decode(&headers, "", &[], &mut problems).unwrap();
        assert!(decoded.has_secret());
        assert_eq!(serde_json::to_value(&decoded).unwrap(), headers);
    }
}
