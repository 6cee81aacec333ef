//! Where green is reached: the plan's `target`.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use super::{
    schema::text,
    text::{Headers, Reference},
};

/// The plan's `target`: where green is, and how to ask for it there.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// Reach green here, in place of what discovery finds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<TargetUrl>,
    /// The `Host` header, and the TLS server name unless `tls.server_name` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// How TLS is verified.
    pub tls: Tls,
    /// Headers of every request, e.g. those that the test listener rule asks for.
    pub headers: Headers,
}

/// How TLS with green is verified. It always is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The name that green's certificate must carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<HostName>,
    /// The private authority that signed it; takes the place of the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<Authority>,
}

/// A certificate authority: PEM text, or where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The certificates themselves.
    Pem(String),
    /// `ssm:NAME` or `secretsmanager:ID#json.key`.
    Kept(Reference),
}

impl JsonSchema for Authority {
    fn schema_name() -> Cow<'static, str> {
        "Authority".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text(
            "PEM text, `ssm:NAME` or `secretsmanager:ID#json.key`.",
            r"-----BEGIN CERTIFICATE-----|^(ssm|secretsmanager):.",
        )
    }
}

impl Serialize for Authority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pem(pem) => pem.serialize(serializer),
            Self::Kept(reference) => reference.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Authority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains("PRIVATE KEY") {
            return Err(de::Error::custom("`ca` holds a private key; expected certificates only"));
        }
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return Ok(Self::Pem(text));
        }
        text.parse().map(Self::Kept).map_err(|_| {
            de::Error::custom(
                "no certificate authority; expected PEM text, `ssm:NAME` or `secretsmanager:ID#json.key`",
            )
        })
    }
}

/// A `http` or `https` URL with a host: no credentials, query or fragment. Its path is a prefix. Or a `tcp` URL
/// with a host and a port, for what speaks no HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl(Url);

impl TargetUrl {
    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether HTTP can be spoken there.
    pub fn is_http(&self) -> bool {
        self.0.scheme() != "tcp"
    }
}

impl FromStr for TargetUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a URL such as `https://green.example.com:8443`";
        if text.contains('@') {
            // Not repeated: what stands before the `@` may be a password.
            return Err(format!("the URL holds credentials; {expected}, and a header with a secret"));
        }
        let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}; {expected}"))?;
        if !matches!(url.scheme(), "http" | "https" | "tcp") {
            return Err(format!(
                "URL `{text}` has the scheme `{}`; expected `http`, `https` or `tcp`",
                url.scheme()
            ));
        }
        let bare = url.host_str().is_some_and(|host| !host.is_empty()) && url.port().is_some();
        if url.scheme() == "tcp" && !(bare && matches!(url.path(), "" | "/")) {
            return Err(format!("URL `{text}` is no place; expected host and port, `tcp://10.0.0.7:5432`"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("URL `{text}` has a query or a fragment; put a query into a check's `path`"));
        }
        if url.port() == Some(0) {
            return Err(format!("URL `{text}` has the port 0; {expected}"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A host name, with or without a port, as it stands in a `Host` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its port.
    pub fn name(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((name, port)) if !name.ends_with(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                name
            }
            _ => &self.0,
        }
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The URL parser knows what a host is: it refuses blanks, slashes, wildcards and bad ports.
        let url = Url::parse(&format!("http://{text}"));
        let plain =
            url.is_ok_and(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty());
        let odd = text.contains(['/', '?', '#', '@', '\\', '*', '%']) || text.contains(char::is_whitespace);
        if text.is_empty() || odd || !plain {
            return Err(format!("`{text}` is no host name; expected a name such as `orders.example.com`"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// serde through `FromStr` and `Display`.
macro_rules! through_text {
    ($($type:ident: $description:literal),*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description })
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}
through_text!(
    TargetUrl: "A `http` or `https` URL with a host: no credentials, query or fragment.",
    HostName: "A host name, with a port where it is not the usual one."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for text in [
            "http://127.0.0.1:8080",
            "https://green.example.com/base",
            "http://[::1]:80/",
            "tcp://10.0.0.7:5432",
        ] {
            assert!(text.parse::<TargetUrl>().is_ok(), "{text}");
        }
        for (text, message) in [
            ("localhost:8080", "scheme `localhost`"),
            ("green", "no URL"),
            ("ftp://x", "scheme `ftp`"),
            ("http://", "no URL"),
            ("tcp://10.0.0.7", "no place"),
            ("tcp://:5432", "no URL"),
            ("tcp://10.0.0.7:5432/path", "no place"),
            ("http://user:hunter2@x", "credentials"),
            ("ftp://user:hunter2@x:99999", "credentials"),
            ("http://x/?a=b", "query"),
            ("http://x:99999", "no URL"),
            ("http://x:0", "port 0"),
            ("", "no URL"),
        ] {
            let error = text.parse::<TargetUrl>().unwrap_err();
            assert!(error.contains(message) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn host_names() {
        assert_eq!("orders.example.com:8443".parse::<HostName>().unwrap().name(), "orders.example.com");
        assert_eq!("[::1]".parse::<HostName>().unwrap().name(), "[::1]");
        for text in ["", "a b", "*.example.com", "a/b", "user@x", "x:port", "http://x"] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }

    #[test]
    fn authorities() {
        let kept: Authority = serde_json::from_str("\"ssm:/ca\"").unwrap();
        assert_eq!(kept, Authority::Kept(Reference::Parameter("/ca".to_owned())));
        assert!(serde_json::from_str::<Authority>("\"ca.pem\"").is_err());
        assert!(serde_json::from_str::<Authority>("\"-----BEGIN PRIVATE KEY-----\"").is_err());
    }
}
