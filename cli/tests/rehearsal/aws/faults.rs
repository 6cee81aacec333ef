//! What goes wrong on request.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::codedeploy::{self, PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS};
use greenlight_cli::rehearsal::aws::ecs::{self, CONTINUE_SERVICE_DEPLOYMENT};
use greenlight_cli::rehearsal::aws::lambda::INVOKE;
use greenlight_cli::rehearsal::aws::secrets_manager::GET_SECRET_VALUE;
use greenlight_cli::rehearsal::aws::ssm::GET_PARAMETER;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, Times};
use greenlight_cli::rehearsal::fault::Faults;
use serde_json::json;

use super::{CONTINUE, DEPLOYMENT, GET, HOOK, PUT, SECRET, SIGNED, call, invoke, refusal, report, send};
use crate::http;

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

#[tokio::test]
async fn faults_as_people_write_them_befall_the_calls_that_they_name() {
    let befallen = async |written: &str| {
        let aws = Aws::start().await.unwrap();
        Faults::parse([written]).unwrap().apply(&aws);
        let mut codes = Vec::new();
        for (target, input) in [
            (GET, json!({"Name": "missing"})),
            (SECRET, json!({"SecretId": "missing"})),
            (PUT, report("id")),
            (CONTINUE, json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": HOOK})),
        ] {
            let response = call(&aws, target, &input).await;
            let code = (response.status != 200).then(|| refusal(&response).1);
            codes.push(code.unwrap_or_default());
        }
        codes
    };
    let (parameter, secret) = ("ParameterNotFound", "ResourceNotFoundException");
    let (throttled, denied) = ("ThrottlingException", "AccessDeniedException");
    for (written, expected) in [
        ("aws:throttled", [throttled, throttled, "", ""]),
        ("aws:throttled@1", [throttled, secret, "", ""]),
        ("aws:denied@secretsmanager:GetSecretValue", [parameter, denied, "", ""]),
        ("hook:report-denied", [parameter, secret, denied, denied]),
        ("aws:slow=1ms,green:errors=100%,hook:killed,rules:drifted", [parameter, secret, "", ""]),
    ] {
        assert_eq!(befallen(written).await, expected, "{written}");
    }
}
