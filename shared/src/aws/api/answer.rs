//! An answer as JSON, and a refusal as its code and its message.

use aws_smithy_runtime_api::client::{
    interceptors::context::{Error, Output},
    orchestrator::{HttpResponse, OrchestratorError},
    ser_de::DeserializeResponse,
};
use aws_smithy_types::error::ErrorMetadata;
use serde_json::{Value, json};

use super::{Wire, xml};

/// Reads the answers of a wire format.
#[derive(Debug)]
pub(super) struct Answers(pub(super) Wire);

impl DeserializeResponse for Answers {
    fn deserialize_nonstreaming(&self, response: &HttpResponse) -> Result<Output, OrchestratorError<Error>> {
        let body = response.body().bytes().unwrap_or_default();
        if response.status().is_success() {
            read(self.0, body).map(Output::erase).map_err(|error| OrchestratorError::response(error.into()))
        } else {
            let said = response.headers().get("x-amzn-errortype");
            Err(OrchestratorError::operation(Error::erase(refusal(self.0, said, body))))
        }
    }
}

/// What an operation gave.
fn read(wire: Wire, body: &[u8]) -> Result<Value, String> {
    match wire {
        Wire::Json { .. } | Wire::Rest { .. } if body.is_empty() => Ok(json!({})),
        Wire::Json { .. } | Wire::Rest { .. } => {
            serde_json::from_slice(body).map_err(|error| format!("the answer is not JSON: {error}"))
        }
        Wire::Query { .. } => {
            let (root, mut answer) = xml::read(body)?;
            // `DescribeRulesResponse` holds `DescribeRulesResult`, beside the id of the request.
            let result = root.strip_suffix("Response").map(|operation| format!("{operation}Result"));
            Ok(result
                .map(|result| answer[result].take())
                .filter(|answer| !answer.is_null())
                .unwrap_or_else(|| json!({})))
        }
        Wire::Ec2 { .. } => {
            let (_, mut answer) = xml::read(body)?;
            match &mut answer {
                Value::Object(members) => {
                    members.remove("requestId");
                    Ok(answer)
                }
                _ => Ok(json!({})),
            }
        }
    }
}

/// What a service said instead; nothing, where something else answered in its place.
fn refusal(wire: Wire, header: Option<&str>, body: &[u8]) -> ErrorMetadata {
    let (code, message) = match wire {
        Wire::Json { .. } | Wire::Rest { .. } => {
            let answer: Value = serde_json::from_slice(body).unwrap_or_default();
            let code = header.or(answer["__type"].as_str()).or(answer["code"].as_str()).map(bare);
            (code.map(ToOwned::to_owned), text(&answer, "message").or_else(|| text(&answer, "Message")))
        }
        Wire::Query { .. } => of_element(&xml::read(body).unwrap_or_default().1["Error"]),
        Wire::Ec2 { .. } => of_element(&xml::read(body).unwrap_or_default().1["Errors"]["Error"]),
    };
    let mut refusal = ErrorMetadata::builder();
    if let Some(code) = code {
        refusal = refusal.code(code);
    }
    if let Some(message) = message {
        refusal = refusal.message(message);
    }
    refusal.build()
}

/// The code without the namespace before it and the address behind it.
///
/// Source: Smithy 2.0, *AWS JSON 1.1 protocol*, operation error serialization.
fn bare(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code)
}

fn of_element(error: &Value) -> (Option<String>, Option<String>) {
    // EC2 may name several; the first one is what every SDK tells.
    let error = if error.is_array() { &error[0] } else { error };
    (text(error, "Code"), text(error, "Message"))
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::Api;
    use super::*;

    #[test]
    fn answers_are_what_aws_sends_without_their_wrappers() {
        for (name, api, body, expected) in [
            (
                "JSON",
                Api::ECS,
                r#"{"tasks": [], "new": {"kind": 1.5}}"#,
                json!({"tasks": [], "new": {"kind": 1.5}}),
            ),
            ("no JSON", Api::LAMBDA, "", json!({})),
            (
                "Query",
                Api::ELB,
                "<DescribeRulesResponse xmlns=\"http://x/\"><DescribeRulesResult><Rules><member><Priority>1</Priority></member></Rules></DescribeRulesResult>\
                 <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeRulesResponse>",
                json!({"Rules": [{"Priority": "1"}]}),
            ),
            ("an empty result", Api::IAM, "<AResponse><AResult/><ResponseMetadata/></AResponse>", json!({})),
            (
                "EC2",
                Api::EC2,
                "<DescribeSubnetsResponse><requestId>1</requestId><subnetSet><item><subnetId>subnet-1</subnetId><tagSet/></item></subnetSet></DescribeSubnetsResponse>",
                json!({"subnetSet": [{"subnetId": "subnet-1", "tagSet": null}]}),
            ),
        ] {
            assert_eq!(read(api.wire, body.as_bytes()), Ok(expected), "{name}");
        }
        for (api, body, expected) in [
            (Api::ECS, "<html>", "the answer is not JSON"),
            (Api::EC2, "{}", "the answer ends before its XML"),
        ] {
            let error = read(api.wire, body.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        let deep = "[".repeat(1000);
        assert!(read(Api::ECS.wire, deep.as_bytes()).unwrap_err().contains("recursion limit"));
    }

    #[test]
    fn refusals_have_a_code_and_a_message() {
        let query = "<ErrorResponse><Error><Type>Sender</Type><Code>RuleNotFound</Code><Message>gone</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        let ec2 = "<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code><Message>gone</Message></Error></Errors><RequestID>1</RequestID></Response>";
        for (name, api, header, body, code, message) in [
            (
                "a plain type",
                Api::ECS,
                None,
                r#"{"__type":"ClusterNotFoundException","message":"gone"}"#,
                Some("ClusterNotFoundException"),
                Some("gone"),
            ),
            (
                "a type with its namespace",
                Api::LOGS,
                None,
                r#"{"__type":"com.amazonaws.logs#ThrottlingException","Message":"slow"}"#,
                Some("ThrottlingException"),
                Some("slow"),
            ),
            (
                "a header",
                Api::LAMBDA,
                Some("ResourceNotFoundException:http://x/"),
                r#"{"Type":"User","Message":"gone"}"#,
                Some("ResourceNotFoundException"),
                Some("gone"),
            ),
            ("Query", Api::ELB, None, query, Some("RuleNotFound"), Some("gone")),
            ("EC2", Api::EC2, None, ec2, Some("InvalidSubnetID.NotFound"), Some("gone")),
            ("a proxy before JSON", Api::ECS, None, "<html>", None, None),
            ("a proxy before XML", Api::EC2, None, "Bad Gateway", None, None),
        ] {
            let refusal = refusal(api.wire, header, body.as_bytes());
            assert_eq!((refusal.code(), refusal.message()), (code, message), "{name}");
        }
    }
}
