//! What the operations take and refuse.

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::aws::codedeploy::{PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Status};
use greenlight_cli::rehearsal::aws::ecs::Action;
use greenlight_cli::rehearsal::aws::lambda::{Function, InvocationType};
use greenlight_cli::rehearsal::aws::secrets_manager::Secret;
use greenlight_cli::rehearsal::aws::ssm::Parameter;
use serde_json::{Value, json};

use super::{CONTINUE, DEPLOYMENT, GET, HOOK, PUT, SECRET, SIGNED, call, invoke, refusal, report, send};

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
async fn codedeploy_takes_one_report_for_every_execution_of_a_hook_and_none_after_its_hour() {
    let aws = Aws::start().await.unwrap();
    let events = ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic"];
    aws.change(|world| {
        for event in events {
            world.codedeploy.await_report("d-82EELWTXI", event);
        }
        // That of a rollback waits at the same time.
        world.codedeploy.await_report("d-ROLLBACK1", "another");
    });
    let put = async |event: &str, status: &str| {
        let mut input = report(event);
        input["status"] = status.into();
        call(&aws, PUT, &input).await
    };
    assert_eq!(put("BeforeInstall", "Succeeded").await.status, 200);
    assert_eq!(put("AfterInstall", "Failed").await.status, 200);
    aws.change(|world| world.codedeploy.complete("AfterAllowTestTraffic"));
    for event in events {
        assert_eq!(
            refusal(&put(event, "Succeeded").await).1,
            "LifecycleEventAlreadyCompletedException",
            "{event}"
        );
    }
    // An execution belongs to its deployment.
    let elsewhere = refusal(&put("another", "Succeeded").await);
    assert_eq!(elsewhere.1, "InvalidLifecycleEventHookExecutionIdException");
    aws.look(|world| {
        let status = |event| world.codedeploy.report(event).map(|report| report.status);
        assert_eq!(events.map(status), [Some(Status::Succeeded), Some(Status::Failed), None]);
        assert_eq!(status("another"), None);
    });
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
    aws.change(|world| world.lambda.functions.insert("hook".into(), Function::default()));
    let refused = async |function: &str, invocation_type: &str, payload: Vec<u8>| {
        let response = invoke(&aws, function, invocation_type, payload).await;
        let code = response.header("x-amzn-errortype").expect("a code").to_owned();
        assert_eq!(response.json()["Type"], "User");
        (
            response.status,
            code,
            response
                .json()
                .get("message")
                .or(response.json().get("Message"))
                .and_then(Value::as_str)
                .unwrap()
                .to_owned(),
        )
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
    for request_line in ["GET /", "GET /2015-03-31/functions/hook/aliases"] {
        let unknown = send(&aws, request_line, &[SIGNED], "").await.unwrap();
        assert_eq!(refusal(&unknown).1, "UnknownOperationException", "{request_line}");
        let noted = aws.calls().pop().expect("a call");
        assert_eq!((noted.service, &*noted.operation), ("", request_line));
    }
    let headers = [SIGNED, ("x-amz-target", PUT)];
    for body in ["[1]", "{", "\u{feff}{}"] {
        let malformed = send(&aws, "POST /", &headers, body).await.unwrap();
        assert_eq!(refusal(&malformed).1, "SerializationException", "{body}");
    }
    assert_eq!(aws.calls().len(), 10, "every call is noted");
    assert_eq!((aws.reports(), aws.invokes()), (vec![], vec![]));
}
