//! The AWS endpoint, asked in raw HTTP.

mod account;
mod api;
mod certificates;
mod cloudwatch;
mod codedeploy;
mod ec2;
mod ecs;
mod elb;
mod faults;
mod operations;
mod worlds;

use std::thread;

use greenlight_cli::rehearsal::aws::Aws;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::http::{self, Response};

const PUT: &str = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus";
const CONTINUE: &str = "AmazonEC2ContainerServiceV20141113.ContinueServiceDeployment";
const GET: &str = "AmazonSSM.GetParameter";
const SECRET: &str = "secretsmanager.GetSecretValue";
const SIGNED: (&str, &str) =
    ("authorization", "AWS4-HMAC-SHA256 Credential=local/20261121/us-east-1/x/aws4_request");

const DEPLOYMENT: &str =
    "arn:aws:ecs:us-east-1:123456789012:service-deployment/shop/orders/TFX5sH9q9XDboDTOv0rIt";
const HOOK: &str = "ecs-pause-e7tK9G_WRJqNF_EOMjztDXfKenlJuEUVjsNStf4WLKw";

async fn send(
    aws: &Aws,
    request_line: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Option<Response> {
    let authority = aws.endpoint_url().strip_prefix("http://").unwrap().to_owned();
    let request_line = request_line.to_owned();
    let body = body.into();
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (done, answer) = oneshot::channel();
    // No blocking task of the runtime: those keep a paused clock from moving on.
    thread::spawn(move || {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        done.send(http::exchange(&authority, &request_line, &headers, &body))
    });
    answer.await.unwrap().unwrap()
}

async fn call(aws: &Aws, target: &str, input: &Value) -> Response {
    let headers = [SIGNED, ("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
    let response = send(aws, "POST /", &headers, input.to_string()).await.expect("an answer");
    assert_eq!(response.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(response.header("x-amzn-requestid").map(str::len), Some(36));
    response
}

/// The status, the code and the message; the code stands in the header and in the body.
fn refusal(response: &Response) -> (u16, String, String) {
    let document = response.json();
    let code = response.header("x-amzn-errortype").expect("a code").to_owned();
    assert_eq!(document["__type"], json!(code));
    let message =
        document.get("message").or(document.get("Message")).and_then(Value::as_str).unwrap_or_default();
    (response.status, code, message.to_owned())
}

fn report(id: &str) -> Value {
    json!({"deploymentId": "d-82EELWTXI", "lifecycleEventHookExecutionId": id, "status": "Succeeded"})
}

async fn invoke(aws: &Aws, function: &str, invocation_type: &str, payload: impl Into<Vec<u8>>) -> Response {
    let request_line = format!("POST /2015-03-31/functions/{function}/invocations");
    let headers = [SIGNED, ("x-amz-invocation-type", invocation_type)];
    send(aws, &request_line, &headers, payload).await.expect("an answer")
}
