//! The AWS endpoint, asked in raw HTTP.

use std::thread;
use std::time::Duration;

use greenlight_cli::local::aws::codedeploy::{self, PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Status};
use greenlight_cli::local::aws::ecs::{self, Action, CONTINUE_SERVICE_DEPLOYMENT};
use greenlight_cli::local::aws::lambda::{INVOKE, InvocationType};
use greenlight_cli::local::aws::secrets_manager::{GET_SECRET_VALUE, Secret};
use greenlight_cli::local::aws::ssm::{GET_PARAMETER, Parameter};
use greenlight_cli::local::aws::{Aws, Fault, Operation, Times};
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

#[tokio::test]
async fn codedeploy_takes_a_report_once() {
    let aws = Aws::start().await.unwrap();
    let mut input = report("first");
    let response = call(&aws, PUT, &input).await;
    assert_eq!((response.status, response.json()), (200, json!({"lifecycleEventHookExecutionId": "first"})));

    input["status"] = "Failed".into();
    let expected = "An attempt to return the status of an already completed lifecycle event occurred.";
    assert_eq!(
        refusal(&call(&aws, PUT, &input).await),
        (400, "LifecycleEventAlreadyCompletedException".into(), expected.into())
    );

    let mut second = report("second");
    second["status"] = "Failed".into();
    call(&aws, PUT, &second).await;
    let reports = aws.reports();
    let taken: Vec<_> = reports.iter().map(|report| (&*report.hook_execution_id, report.status)).collect();
    assert_eq!(taken, [("first", Status::Succeeded), ("second", Status::Failed)]);
    assert_eq!(reports[0].deployment_id, "d-82EELWTXI");

    let calls = aws.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(
        (calls[1].service, &*calls[1].operation),
        ("codedeploy", PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS.name())
    );
    assert_eq!(calls[1].input, input);
    let error = calls[1].answer.as_ref().expect("an answer").error.as_deref();
    assert_eq!(error, Some("LifecycleEventAlreadyCompletedException"));
}

#[tokio::test]
async fn codedeploy_refuses_what_it_does_not_understand() {
    let aws = Aws::start().await.unwrap();
    for (key, value, code) in [
        ("deploymentId", Value::Null, "DeploymentIdRequiredException"),
        ("deploymentId", "".into(), "DeploymentIdRequiredException"),
        ("deploymentId", "82EELWTXI".into(), "InvalidDeploymentIdException"),
        ("deploymentId", "d-lower".into(), "InvalidDeploymentIdException"),
        ("deploymentId", 1.into(), "SerializationException"),
        ("lifecycleEventHookExecutionId", Value::Null, "InvalidLifecycleEventHookExecutionIdException"),
        ("status", Value::Null, "InvalidLifecycleEventHookExecutionStatusException"),
        ("status", "SUCCEEDED".into(), "InvalidLifecycleEventHookExecutionStatusException"),
        ("status", "Skipped".into(), "InvalidLifecycleEventHookExecutionStatusException"),
    ] {
        let mut input = report("id");
        input[key] = value.clone();
        assert_eq!(refusal(&call(&aws, PUT, &input).await).1, code, "{key}: {value}");
    }
    assert_eq!(aws.reports(), []);
}

#[tokio::test]
async fn codedeploy_knows_only_the_hooks_that_wait_once_it_is_told_of_one() {
    let aws = Aws::start().await.unwrap();
    aws.change(|world| world.codedeploy.await_report("d-82EELWTXI", "known"));
    let mut elsewhere = report("known");
    elsewhere["deploymentId"] = "d-UNKNOWN11".into();
    assert_eq!(
        refusal(&call(&aws, PUT, &elsewhere).await),
        (
            400,
            "DeploymentDoesNotExistException".into(),
            "The deployment d-UNKNOWN11 could not be found".into()
        )
    );
    let unknown = call(&aws, PUT, &report("unknown")).await;
    assert_eq!(refusal(&unknown).1, "InvalidLifecycleEventHookExecutionIdException");

    aws.change(|world| world.codedeploy.complete("known"));
    assert_eq!(
        refusal(&call(&aws, PUT, &report("known")).await).1,
        "LifecycleEventAlreadyCompletedException"
    );
}

#[tokio::test]
async fn ecs_takes_an_answer_to_a_pause_hook_once() {
    let aws = Aws::start().await.unwrap();
    let input = json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": HOOK, "action": "ROLLBACK"});
    let response = call(&aws, CONTINUE, &input).await;
    assert_eq!((response.status, response.json()), (200, json!({"serviceDeploymentArn": DEPLOYMENT})));

    let again =
        "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN";
    assert_eq!(
        refusal(&call(&aws, CONTINUE, &input).await),
        (400, "InvalidParameterException".into(), again.into())
    );
    // CONTINUE is what is done if nothing is said.
    call(&aws, CONTINUE, &json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": "ecs-pause-2"})).await;
    let continues = aws.continues();
    let taken: Vec<_> = continues.iter().map(|taken| (&*taken.hook_id, taken.action)).collect();
    assert_eq!(taken, [(HOOK, Action::Rollback), ("ecs-pause-2", Action::Continue)]);
    assert_eq!(continues[0].service_deployment_arn, DEPLOYMENT);
}

#[tokio::test]
async fn ecs_refuses_what_it_does_not_understand() {
    let aws = Aws::start().await.unwrap();
    for (key, value, message) in [
        ("serviceDeploymentArn", Value::Null, "serviceDeploymentArn must not be null."),
        ("hookId", Value::Null, "hookId must not be null."),
        ("hookId", "pause-1".into(), "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"),
        ("action", "continue".into(), "Invalid action. Valid values are: ROLLBACK, CONTINUE"),
    ] {
        let mut input = json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": HOOK});
        input[key] = value;
        let expected = (400, "InvalidParameterException".to_owned(), message.to_owned());
        assert_eq!(refusal(&call(&aws, CONTINUE, &input).await), expected);
    }

    aws.change(|world| world.ecs.await_action(DEPLOYMENT, HOOK));
    let elsewhere = json!({"serviceDeploymentArn": "arn:elsewhere", "hookId": HOOK});
    assert_eq!(refusal(&call(&aws, CONTINUE, &elsewhere).await).1, "ServiceDeploymentNotFoundException");
    let unknown = json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": "ecs-pause-unknown"});
    assert_eq!(refusal(&call(&aws, CONTINUE, &unknown).await).1, "InvalidParameterException");
    assert_eq!(aws.continues(), []);
}

#[tokio::test]
async fn parameters_are_read_by_name_and_decrypted_on_request() {
    let aws = Aws::start().await.unwrap();
    aws.set_parameter("/greenlight/plan", Parameter::String("{}".into()));
    aws.set_parameter("token", Parameter::SecureString("hush".into()));

    let plan = call(&aws, GET, &json!({"Name": "/greenlight/plan"})).await.json();
    assert_eq!((&plan["Parameter"]["Type"], &plan["Parameter"]["Value"]), (&json!("String"), &json!("{}")));
    assert_eq!(plan["Parameter"]["ARN"], "arn:aws:ssm:us-east-1:123456789012:parameter/greenlight/plan");
    assert_eq!(plan["Parameter"]["Version"], 1);

    let decrypted = call(&aws, GET, &json!({"Name": "token", "WithDecryption": true})).await.json();
    assert_eq!(decrypted["Parameter"]["Value"], "hush");
    let encrypted = call(&aws, GET, &json!({"Name": "token"})).await;
    assert_eq!(encrypted.json()["Parameter"]["Type"], "SecureString");
    assert!(!String::from_utf8(encrypted.body).unwrap().contains("hush"));

    let versioned = call(&aws, GET, &json!({"Name": "token:2"})).await;
    assert_eq!(refusal(&versioned).1, "ParameterVersionNotFound");
    let missing = call(&aws, GET, &json!({"Name": "missing"})).await;
    assert_eq!(refusal(&missing), (400, "ParameterNotFound".into(), String::new()));
    assert_eq!(missing.json(), json!({"__type": "ParameterNotFound"}), "AWS sends no message here");
    assert_eq!(refusal(&call(&aws, GET, &json!({})).await).1, "ValidationException");
}

#[tokio::test]
async fn secrets_are_read_by_name_and_by_arn() {
    let aws = Aws::start().await.unwrap();
    aws.set_secret("orders/probe", Secret::String(r#"{"token":"hush"}"#.into()));
    aws.set_secret("key", Secret::Binary(vec![0xff, 0xef, 0xbe]));

    let text = call(&aws, SECRET, &json!({"SecretId": "orders/probe"})).await.json();
    assert_eq!(text["SecretString"], r#"{"token":"hush"}"#);
    assert_eq!(text["Name"], "orders/probe");
    assert_eq!(text.get("SecretBinary"), None);
    let by_arn = call(&aws, SECRET, &json!({"SecretId": text["ARN"], "VersionStage": "AWSCURRENT"})).await;
    assert_eq!(by_arn.json()["VersionId"], text["VersionId"]);
    let binary = call(&aws, SECRET, &json!({"SecretId": "key"})).await.json();
    assert_eq!(binary["SecretBinary"], "/+++");

    let missing = call(&aws, SECRET, &json!({"SecretId": "missing"})).await;
    let expected = "Secrets Manager can't find the specified secret.";
    assert_eq!(refusal(&missing), (400, "ResourceNotFoundException".into(), expected.into()));
    assert_eq!(missing.json()["Message"], expected, "the key is capitalised here");
    let previous = call(&aws, SECRET, &json!({"SecretId": "key", "VersionStage": "AWSPREVIOUS"})).await;
    assert_eq!(refusal(&previous).1, "ResourceNotFoundException");
    assert_eq!(refusal(&call(&aws, SECRET, &json!({})).await).1, "ValidationException");
}

async fn invoke(aws: &Aws, function: &str, invocation_type: &str, payload: impl Into<Vec<u8>>) -> Response {
    let request_line = format!("POST /2015-03-31/functions/{function}/invocations");
    let headers = [SIGNED, ("x-amz-invocation-type", invocation_type)];
    send(aws, &request_line, &headers, payload).await.expect("an answer")
}

#[tokio::test]
async fn lambda_records_what_it_is_sent() {
    let aws = Aws::start().await.unwrap();
    // The SDK escapes the colons of an ARN.
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ahook";
    let event = invoke(&aws, arn, "Event", r#"{"greenlight": {"hop": 1}}"#).await;
    assert_eq!((event.status, event.body.as_slice()), (202, &b""[..]));
    let answer = invoke(&aws, "hook", "RequestResponse", "").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"null"[..]));
    assert_eq!(answer.header("x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(invoke(&aws, "hook", "DryRun", "{}").await.status, 204);

    let invokes = aws.invokes();
    let taken: Vec<_> = invokes.iter().map(|taken| taken.invocation_type).collect();
    assert_eq!(taken, [InvocationType::Event, InvocationType::RequestResponse, InvocationType::DryRun]);
    assert_eq!(invokes[0].function, "arn:aws:lambda:us-east-1:123456789012:function:hook");
    assert_eq!(invokes[0].payload, r#"{"greenlight": {"hop": 1}}"#);
}

#[tokio::test]
async fn lambda_refuses_what_it_does_not_understand() {
    let aws = Aws::start().await.unwrap();
    aws.change(|world| world.lambda.functions.insert("hook".into()));
    let refused = async |function: &str, invocation_type: &str, payload: Vec<u8>| {
        let response = invoke(&aws, function, invocation_type, payload).await;
        let code = response.header("x-amzn-errortype").expect("a code").to_owned();
        assert_eq!(response.json()["Type"], "User");
        (response.status, code, response.json()["Message"].as_str().unwrap().to_owned())
    };
    let not_found = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:other";
    assert_eq!(
        refused("other", "Event", b"{}".to_vec()).await,
        (404, "ResourceNotFoundException".into(), not_found.into())
    );
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    let too_large = "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)";
    assert_eq!(
        refused("hook", "Event", large.into()).await,
        (413, "RequestEntityTooLargeException".into(), too_large.into())
    );
    assert_eq!(refused("hook", "Event", b"{".to_vec()).await.1, "InvalidRequestContentException");
    assert_eq!(refused("hook", "Event", b"\xff".to_vec()).await.1, "InvalidRequestContentException");
    assert_eq!(refused("hook", "Later", b"{}".to_vec()).await.1, "InvalidParameterValueException");
    assert_eq!(aws.invokes(), []);
}

#[tokio::test]
async fn calls_must_be_signed_and_known() {
    let aws = Aws::start().await.unwrap();
    let unsigned = send(&aws, "POST /", &[("x-amz-target", PUT)], report("id").to_string()).await.unwrap();
    let expected = (400, "MissingAuthenticationTokenException".into(), "Missing Authentication Token".into());
    assert_eq!(refusal(&unsigned), expected);
    let unsigned = send(&aws, "POST /2015-03-31/functions/hook/invocations", &[], "{}").await.unwrap();
    assert_eq!(unsigned.status, 403);
    assert_eq!(unsigned.header("x-amzn-errortype"), Some("MissingAuthenticationTokenException"));

    for target in
        ["CodeDeploy_20141006.DeleteApplication", "Elsewhere.PutLifecycleEventHookExecutionStatus", "none"]
    {
        let unknown = call(&aws, target, &json!({})).await;
        assert_eq!(
            (unknown.status, refusal(&unknown).1),
            (400, "UnknownOperationException".into()),
            "{target}"
        );
    }
    let headers = [SIGNED, ("x-amz-target", PUT)];
    for body in ["[1]", "{", "\u{feff}{}"] {
        let malformed = send(&aws, "POST /", &headers, body).await.unwrap();
        assert_eq!(refusal(&malformed).1, "SerializationException", "{body}");
    }
    assert_eq!(aws.calls().len(), 8, "every call is noted");
    assert_eq!((aws.reports(), aws.invokes()), (vec![], vec![]));
}

#[tokio::test]
async fn faults_add_up_and_the_attempts_are_counted() {
    let aws = Aws::start().await.unwrap();
    let operation = &PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS;
    aws.fault(operation, Fault::Throttled, Times::Next(2));
    aws.fault(operation, Fault::ServerError, Times::Next(1));
    let throttled = (400, "ThrottlingException".to_owned(), "Rate exceeded".to_owned());
    assert_eq!(refusal(&call(&aws, PUT, &report("id")).await), throttled);
    assert_eq!(refusal(&call(&aws, PUT, &report("id")).await), throttled);
    assert_eq!(
        refusal(&call(&aws, PUT, &report("id")).await),
        (500, "InternalFailure".into(), String::new())
    );
    assert_eq!(call(&aws, PUT, &report("other")).await.status, 200);
    assert_eq!(call(&aws, PUT, &report("id")).await.status, 200);
    let attempts: Vec<_> =
        aws.reports().into_iter().map(|report| (report.hook_execution_id, report.attempt)).collect();
    assert_eq!(attempts, [("other".to_owned(), 1), ("id".to_owned(), 4)]);
}

#[tokio::test]
async fn denials_name_the_caller_the_action_and_the_resource() {
    let aws = Aws::start().await.unwrap();
    let denied = |operation: &'static Operation| aws.fault(operation, Fault::Denied, Times::Always);
    denied(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS);
    denied(&CONTINUE_SERVICE_DEPLOYMENT);
    denied(&GET_PARAMETER);
    denied(&GET_SECRET_VALUE);
    denied(&INVOKE);
    let words = |action: &str, resource: &str| {
        format!(
            "User: arn:aws:sts::123456789012:assumed-role/greenlight-hook/greenlight is not authorized to perform: \
             {action} on resource: {resource} because no identity-based policy allows the {action} action"
        )
    };
    let group =
        "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:greenlight-application/greenlight-group";
    for (target, input, words) in [
        (PUT, report("id"), words("codedeploy:PutLifecycleEventHookExecutionStatus", group)),
        (
            CONTINUE,
            json!({"serviceDeploymentArn": DEPLOYMENT}),
            words("ecs:ContinueServiceDeployment", DEPLOYMENT),
        ),
        (
            GET,
            json!({"Name": "/a/b"}),
            words("ssm:GetParameter", "arn:aws:ssm:us-east-1:123456789012:parameter/a/b"),
        ),
        (SECRET, json!({"SecretId": "orders"}), words("secretsmanager:GetSecretValue", "orders")),
    ] {
        assert_eq!(refusal(&call(&aws, target, &input).await), (400, "AccessDeniedException".into(), words));
    }
    let response = invoke(&aws, "hook", "Event", "{}").await;
    assert_eq!((response.status, response.header("x-amzn-errortype")), (403, Some("AccessDeniedException")));
    let function = "arn:aws:lambda:us-east-1:123456789012:function:hook";
    assert_eq!(response.json()["Message"], words("lambda:InvokeFunction", function));

    aws.clear_faults();
    assert_eq!(call(&aws, PUT, &report("id")).await.status, 200);
}

#[tokio::test]
async fn any_error_can_be_answered() {
    let aws = Aws::start().await.unwrap();
    let completed = Fault::Error(codedeploy::already_completed());
    aws.fault(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, completed, Times::Next(1));
    assert_eq!(refusal(&call(&aws, PUT, &report("id")).await).1, "LifecycleEventAlreadyCompletedException");
    aws.fault(&CONTINUE_SERVICE_DEPLOYMENT, Fault::Error(ecs::already_completed()), Times::Next(1));
    let input = json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": HOOK});
    assert_eq!(refusal(&call(&aws, CONTINUE, &input).await).1, "InvalidParameterException");
    assert_eq!((aws.reports(), aws.continues()), (vec![], vec![]));

    aws.fault(&INVOKE, Fault::Throttled, Times::Next(1));
    let throttled = invoke(&aws, "hook", "Event", "{}").await;
    assert_eq!(
        (throttled.status, throttled.header("x-amzn-errortype")),
        (429, Some("TooManyRequestsException"))
    );
    aws.fault(&INVOKE, Fault::ServerError, Times::Next(1));
    assert_eq!(invoke(&aws, "hook", "Event", "{}").await.status, 500);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_report_and_closes_the_connection() {
    let aws = Aws::start().await.unwrap();
    aws.fault(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Fault::AnswerLost, Times::Next(1));
    let headers = [SIGNED, ("x-amz-target", PUT)];
    assert!(
        send(&aws, "POST /", &headers, report("id").to_string()).await.is_none(),
        "not a byte is answered"
    );
    assert_eq!(aws.reports().len(), 1);
    assert_eq!(aws.calls()[0].answer, None);
    let repeated = call(&aws, PUT, &report("id")).await;
    assert_eq!(refusal(&repeated).1, "LifecycleEventAlreadyCompletedException", "it has had its effect");
}

#[tokio::test]
async fn a_call_that_hangs_has_no_effect_and_ends_with_the_endpoint() {
    let aws = Aws::start().await.unwrap();
    aws.fault(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Fault::Hangs, Times::Always);
    let authority = aws.endpoint_url().strip_prefix("http://").unwrap().to_owned();
    let hanging = tokio::task::spawn_blocking(move || {
        http::exchange(
            &authority,
            "POST /",
            &[SIGNED, ("x-amz-target", PUT)],
            report("id").to_string().as_bytes(),
        )
    });
    aws.until(|world| world.calls.len() == 1).await;
    assert_eq!(aws.calls()[0].answer, None);
    assert_eq!(aws.reports(), []);
    drop(aws);
    assert!(hanging.await.unwrap().unwrap().is_none(), "closed without a byte");
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_answered_after_its_delay() {
    let aws = Aws::start().await.unwrap();
    let delay = Duration::from_hours(1);
    aws.fault(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Fault::Slow(delay), Times::Always);
    aws.fault(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Fault::Throttled, Times::Next(1));
    assert_eq!(call(&aws, PUT, &report("id")).await.status, 400);
    assert_eq!(call(&aws, PUT, &report("id")).await.status, 200);
    for call in aws.calls() {
        assert!(call.answer.expect("an answer").duration >= delay);
    }
}
