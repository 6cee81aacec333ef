//! A call as an HTTP request, before it is signed.

use std::fmt::Write;

use aws_smithy_runtime_api::{box_error::BoxError, client::orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{
    Get, Wire,
    form::{self, Lists},
};
use crate::VERSION;

/// The request for an operation with this input; the endpoint comes before its path.
pub(super) fn build(wire: Wire, operation: &str, input: &Value) -> Result<HttpRequest, BoxError> {
    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
    let mut request = match wire {
        Wire::Json { content_type, target } => {
            let body = if input.is_null() { "{}".to_owned() } else { input.to_string() };
            let mut request = post(body, content_type)?;
            request.headers_mut().try_insert("x-amz-target", format!("{target}.{operation}"))?;
            request
        }
        Wire::Query { version } => post(form::encode(operation, version, input, Lists::Member), FORM)?,
        Wire::Ec2 { version } => post(form::encode(operation, version, input, Lists::Plain), FORM)?,
        Wire::Rest { operations } => {
            let known = operations.iter().find(|known| known.operation == operation).ok_or_else(|| {
                let known: Vec<_> = operations.iter().map(|known| known.operation).collect();
                format!("the path of {operation} is not known here, expected one of {}", known.join(", "))
            })?;
            let mut request = HttpRequest::empty();
            request.set_method("GET")?;
            request.set_uri(path(known, input)?)?;
            request
        }
    };
    request.headers_mut().try_insert("user-agent", format!("greenlight/{VERSION}"))?;
    Ok(request)
}

fn post(body: String, content_type: &'static str) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().try_insert("content-type", content_type)?;
    Ok(request)
}

/// The path with its members filled in, and the query.
fn path(get: &Get, input: &Value) -> Result<String, String> {
    let mut path = String::new();
    let mut parts = get.path.split(['{', '}']);
    while let Some(literal) = parts.next() {
        path.push_str(literal);
        let Some(name) = parts.next() else { break };
        let member = input[name].as_str().filter(|member| !member.is_empty()).ok_or_else(|| {
            format!("{} needs `{name}`, which is part of its path, expected a text", get.operation)
        })?;
        push_encoded(&mut path, member);
    }
    let mut query = Serializer::new(String::new());
    for name in get.query {
        if let Some(member) = input[*name].as_str() {
            query.append_pair(name, member);
        }
    }
    // A space is `+` in forms only.
    let query = query.finish().replace('+', "%20");
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    Ok(path)
}

/// All but the characters that no URL needs encoded (RFC 3986, section 2.3).
fn push_encoded(path: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a text never fails.
            let _ = write!(path, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Api;
    use super::*;

    fn built(api: &Api, operation: &str, input: &Value) -> HttpRequest {
        build(api.wire, operation, input).unwrap()
    }

    fn body(request: &HttpRequest) -> &str {
        str::from_utf8(request.body().bytes().unwrap()).unwrap()
    }

    #[test]
    fn every_wire_has_its_form() {
        let request = built(&Api::ECS, "DescribeTasks", &json!({"tasks": ["a"]}));
        assert_eq!(
            request.headers().get("x-amz-target"),
            Some("AmazonEC2ContainerServiceV20141113.DescribeTasks")
        );
        assert_eq!(request.headers().get("content-type"), Some("application/x-amz-json-1.1"));
        assert_eq!((request.method(), request.uri(), body(&request)), ("POST", "/", r#"{"tasks":["a"]}"#));
        let request = built(&Api::CLOUDWATCH, "DescribeAlarms", &Value::Null);
        assert_eq!(request.headers().get("content-type"), Some("application/x-amz-json-1.0"));
        assert_eq!(body(&request), "{}");
        let request = built(&Api::ELB, "DescribeRules", &json!({"RuleArns": ["a"]}));
        assert_eq!(body(&request), "Action=DescribeRules&Version=2015-12-01&RuleArns.member.1=a");
        let request = built(&Api::EC2, "DescribeSubnets", &json!({"SubnetId": ["subnet-1"]}));
        assert_eq!(body(&request), "Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-1");
        assert!(request.headers().get("user-agent").is_some_and(|agent| agent.starts_with("greenlight/")));
    }

    #[test]
    fn members_stand_in_paths_and_queries() {
        let arn = "arn:aws:lambda:eu-west-1:1:function:hook";
        for (input, uri) in [
            (json!({"FunctionName": "hook"}), "/2015-03-31/functions/hook/configuration"),
            (
                json!({"FunctionName": arn, "Qualifier": "$LATEST"}),
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Ahook/configuration?Qualifier=%24LATEST",
            ),
            (json!({"FunctionName": "../a b"}), "/2015-03-31/functions/..%2Fa%20b/configuration"),
        ] {
            let request = built(&Api::LAMBDA, "GetFunctionConfiguration", &input);
            assert_eq!((request.method(), request.uri()), ("GET", uri));
        }
        for (operation, input, expected) in [
            (
                "GetFunctionConfiguration",
                json!({}),
                "GetFunctionConfiguration needs `FunctionName`, which is part of its path, expected a text",
            ),
            (
                "GetAlias",
                json!({}),
                "the path of GetAlias is not known here, expected one of GetFunctionConfiguration, GetPolicy",
            ),
        ] {
            assert_eq!(build(Api::LAMBDA.wire, operation, &input).unwrap_err().to_string(), expected);
        }
    }
}
