//! Conditions of rules as the API shapes them: in answers, and in a world's file.

use serde::{Deserialize, Serialize};

use super::Condition;

/// Everything that any condition may have; which of it, its field says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub(super) struct Shape {
    field: String,
    /// The older place of the values of `host-header` and `path-pattern`.
    values: Option<Vec<String>>,
    regex_values: Option<Vec<String>>,
    host_header_config: Option<Values>,
    path_pattern_config: Option<Values>,
    http_header_config: Option<HttpHeader>,
    http_request_method_config: Option<Values>,
    query_string_config: Option<QueryString>,
    source_ip_config: Option<Values>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct Values {
    values: Option<Vec<String>>,
    regex_values: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct HttpHeader {
    #[serde(rename(serialize = "HttpHeaderName", deserialize = "httpHeaderName"))]
    name: String,
    values: Option<Vec<String>>,
    regex_values: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct QueryString {
    values: Vec<KeyAndValue>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct KeyAndValue {
    key: Option<String>,
    value: String,
}

impl Values {
    fn of(values: &[String]) -> Self {
        Self { values: Some(values.to_vec()), regex_values: None }
    }

    fn regex(values: &[String]) -> Self {
        Self { values: None, regex_values: Some(values.to_vec()) }
    }
}

impl From<&Condition> for Shape {
    fn from(condition: &Condition) -> Self {
        let shape = |field: &str| Self { field: field.to_owned(), ..Self::default() };
        let header = |name: &String| HttpHeader { name: name.clone(), ..HttpHeader::default() };
        match condition {
            Condition::HostHeader(values) => Self {
                values: Some(values.clone()),
                host_header_config: Some(Values::of(values)),
                ..shape("host-header")
            },
            Condition::HostHeaderRegex(values) => Self {
                regex_values: Some(values.clone()),
                host_header_config: Some(Values::regex(values)),
                ..shape("host-header")
            },
            Condition::PathPattern(values) => Self {
                values: Some(values.clone()),
                path_pattern_config: Some(Values::of(values)),
                ..shape("path-pattern")
            },
            Condition::PathPatternRegex(values) => Self {
                regex_values: Some(values.clone()),
                path_pattern_config: Some(Values::regex(values)),
                ..shape("path-pattern")
            },
            Condition::HttpHeader(name, values) => Self {
                http_header_config: Some(HttpHeader { values: Some(values.clone()), ..header(name) }),
                ..shape("http-header")
            },
            Condition::HttpHeaderRegex(name, values) => Self {
                http_header_config: Some(HttpHeader { regex_values: Some(values.clone()), ..header(name) }),
                ..shape("http-header")
            },
            Condition::HttpRequestMethod(values) => {
                Self { http_request_method_config: Some(Values::of(values)), ..shape("http-request-method") }
            }
            Condition::QueryString(pairs) => {
                let pair = |(key, value): &(Option<String>, String)| KeyAndValue {
                    key: key.clone(),
                    value: value.clone(),
                };
                let values = pairs.iter().map(pair).collect();
                Self { query_string_config: Some(QueryString { values }), ..shape("query-string") }
            }
            Condition::SourceIp(values) => {
                Self { source_ip_config: Some(Values::of(values)), ..shape("source-ip") }
            }
        }
    }
}

impl TryFrom<Shape> for Condition {
    type Error = String;

    fn try_from(shape: Shape) -> Result<Self, String> {
        let Shape { field, values, regex_values, .. } = shape;
        let lacks = |what: &str| format!("a condition with the field `{field}` lacks its `{what}`");
        let either = |config: Option<Values>,
                      name: &str,
                      plain: fn(Vec<String>) -> Self,
                      regex: fn(Vec<String>) -> Self| {
            let config = config.unwrap_or(Values { values, regex_values });
            match (config.values, config.regex_values) {
                (Some(values), None) => Ok(plain(values)),
                (None, Some(values)) => Ok(regex(values)),
                (Some(_), Some(_)) => {
                    Err(format!("a condition with the field `{field}` has both `values` and `regexValues`"))
                }
                (None, None) => Err(lacks(&format!("{name}.values"))),
            }
        };
        let values_of = |config: Option<Values>, name: &str| {
            config.and_then(|config| config.values).ok_or_else(|| lacks(&format!("{name}.values")))
        };
        match &*field {
            "host-header" => {
                either(shape.host_header_config, "hostHeaderConfig", Self::HostHeader, Self::HostHeaderRegex)
            }
            "path-pattern" => either(
                shape.path_pattern_config,
                "pathPatternConfig",
                Self::PathPattern,
                Self::PathPatternRegex,
            ),
            "http-header" => {
                let header = shape.http_header_config.ok_or_else(|| lacks("httpHeaderConfig"))?;
                match (header.values, header.regex_values) {
                    (Some(values), None) => Ok(Self::HttpHeader(header.name, values)),
                    (None, Some(values)) => Ok(Self::HttpHeaderRegex(header.name, values)),
                    _ => Err(lacks("httpHeaderConfig.values, or regexValues, and not both")),
                }
            }
            "http-request-method" => values_of(shape.http_request_method_config, "httpRequestMethodConfig")
                .map(Self::HttpRequestMethod),
            "query-string" => {
                let config = shape.query_string_config.ok_or_else(|| lacks("queryStringConfig"))?;
                let pairs = config.values.into_iter().map(|pair| (pair.key, pair.value)).collect();
                Ok(Self::QueryString(pairs))
            }
            "source-ip" => values_of(shape.source_ip_config, "sourceIpConfig").map(Self::SourceIp),
            other => Err(format!(
                "a condition has the field `{other}`, expected one of host-header, path-pattern, http-header, \
                 http-request-method, query-string, source-ip"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn every_condition_survives_its_shape() {
        for condition in [
            Condition::HostHeader(texts(&["green.example.com", "*.example.org"])),
            Condition::HostHeaderRegex(texts(&["^green[0-9]$"])),
            Condition::PathPattern(texts(&["/ping*"])),
            Condition::PathPatternRegex(texts(&["^/v[12]/"])),
            Condition::HttpHeader("x-test".into(), texts(&["yes"])),
            Condition::HttpHeaderRegex("x-test".into(), texts(&["^y"])),
            Condition::HttpRequestMethod(texts(&["GET"])),
            Condition::QueryString(vec![(Some("version".into()), "green".into()), (None, "test".into())]),
            Condition::SourceIp(texts(&["10.0.0.0/8"])),
        ] {
            let shape = Shape::from(&condition);
            assert_eq!(Condition::try_from(shape), Ok(condition));
        }
    }

    #[test]
    fn answers_repeat_the_values_of_hosts_and_paths() {
        let shape = Shape::from(&Condition::PathPattern(texts(&["/a"])));
        let rendered = crate::rehearsal::aws::rendering::render(&shape);
        let expected =
            json!({"Field": "path-pattern", "Values": ["/a"], "PathPatternConfig": {"Values": ["/a"]}});
        assert_eq!(rendered, expected);
    }

    #[test]
    fn files_may_use_the_older_place_and_are_told_what_is_wrong() {
        let read = |json: Value| serde_json::from_value::<Condition>(json).map_err(|error| error.to_string());
        assert_eq!(
            read(json!({"field": "host-header", "values": ["a.example.com"]})),
            Ok(Condition::HostHeader(texts(&["a.example.com"])))
        );
        for (json, expected) in [
            (json!({"field": "path-pattern"}), "lacks its `pathPatternConfig.values`"),
            (json!({"field": "host", "values": []}), "has the field `host`, expected one of host-header"),
            (json!({"field": "source-ip", "values": ["10.0.0.0/8"]}), "lacks its `sourceIpConfig.values`"),
            (
                json!({"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "x"}}),
                "lacks its `httpHeaderConfig.values",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
