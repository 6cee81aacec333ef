//! What an invocation hands over and brings back.

use greenlight_cli::rehearsal::lambda::{
    DeadlineHeader, Invocation, Lambda, Outcome, Post, PostKind, Retries,
};
use tokio::io::AsyncWriteExt;

use super::{answered, invoke, kinds, seen, witness};
use crate::function::{function, witnessed};

#[tokio::test]
async fn an_answer_comes_back_with_all_that_was_seen() {
    let lambda = Lambda::new(function("echo"));
    let invocation = lambda.invoke(r#"{"stage":1}"#).await;
    assert_eq!(invocation.outcome, answered(r#"{"stage":1}"#));
    assert_eq!(invocation.failure(), None);
    assert_eq!(kinds(&invocation.posts), [(PostKind::Response, true)]);
    assert_eq!(invocation.posts[0].request_id, invocation.request_id);
    assert!(invocation.initialization.is_some(), "the first invocation starts the process");
    assert!(invocation.log.contains(&"event of 11 bytes".to_owned()), "{:?}", invocation.log);
    assert_eq!(lambda.posts(), invocation.posts);
}

#[tokio::test]
async fn a_warm_process_serves_one_invocation_after_another() {
    let lambda = Lambda::new(function("echo"));
    let first = lambda.invoke("1").await;
    let second = lambda.invoke("2").await;
    assert_eq!(second.outcome, answered("2"));
    assert_eq!(second.process_id, first.process_id);
    assert_eq!(second.initialization, None);
    assert_ne!(second.request_id, first.request_id);
    let events =
        |invocation: &Invocation| invocation.log.iter().filter(|line| line.starts_with("event")).count();
    assert_eq!((events(&first), events(&second)), (1, 1), "each has its own lines");
    assert_eq!((first.posts.len(), second.posts.len()), (1, 1));
}

#[tokio::test]
async fn invocations_at_the_same_time_have_processes_of_their_own() {
    let (listener, address) = witness().await;
    let lambda = Lambda::new(witnessed("wait to be released", address));
    let both_run = async {
        let mut functions = [seen(&listener).await, seen(&listener).await];
        for function in &mut functions {
            function.write_all(b"!").await.unwrap();
        }
    };
    let (first, second, ()) = tokio::join!(lambda.invoke("1"), lambda.invoke("2"), both_run);
    assert_eq!((first.outcome, second.outcome), (answered("1"), answered("2")));
    assert_ne!(first.process_id, second.process_id);
}

#[tokio::test]
async fn events_are_handed_over_untouched_whatever_they_are() {
    let lambda = Lambda::new(function("echo"));
    let large: Vec<u8> = (0..16 * 1024 * 1024_u32).map(|index| index.to_le_bytes()[1]).collect();
    for event in [large, b"{\"truncated\":".to_vec(), b"\xff\xfe\0\r\n\r\n".to_vec(), Vec::new()] {
        let invocation = lambda.invoke(event.clone()).await;
        assert!(
            invocation.outcome == answered(event.clone()),
            "an event of {} bytes came back changed",
            event.len()
        );
    }
}

#[tokio::test]
async fn the_errors_of_a_function_are_told() {
    let invocation = invoke("error", "{}").await;
    let Outcome::FunctionError { error_type, message, payload } = &invocation.outcome else {
        panic!("expected an error, got {:?}", invocation.outcome)
    };
    assert_eq!((error_type.as_str(), message.as_str()), ("Broken", "on purpose"));
    assert_eq!(payload, r#"{"errorType":"Broken","errorMessage":"on purpose"}"#);
    assert_eq!(kinds(&invocation.posts), [(PostKind::Error, true)]);
    assert_eq!(invocation.posts[0].error_type.as_deref(), Some("unhandled"));
}

#[tokio::test]
async fn an_error_in_initialization_is_told() {
    let lambda = Lambda::new(function("error in initialization"));
    let invocation = lambda.invoke("{}").await;
    assert!(
        matches!(&invocation.outcome, Outcome::FunctionError { error_type, message, .. }
            if error_type == "NoPlan" && message == "no plan"),
        "{:?}",
        invocation.outcome
    );
    assert_eq!(kinds(&invocation.posts), [(PostKind::InitializationError, true)]);
    assert!(invocation.log.contains(&"initialization error: 202".to_owned()), "{:?}", invocation.log);
    assert_eq!(invocation.initialization, None, "it never asked for an event");
    assert_ne!(lambda.invoke("{}").await.process_id, invocation.process_id);
}

#[tokio::test]
async fn a_second_answer_is_refused_and_counted() {
    let twice = invoke("answer twice", "{}").await;
    assert_eq!(twice.outcome, answered("1"));
    assert_eq!(kinds(&twice.posts), [(PostKind::Response, true), (PostKind::Response, false)]);
    assert_eq!(twice.posts[1].body, "2");
    assert!(twice.log.contains(&"twice: 202 403".to_owned()), "{:?}", twice.log);

    let then = invoke("answer, then err", "{}").await;
    assert_eq!(then.outcome, answered("1"));
    assert_eq!(kinds(&then.posts), [(PostKind::Response, true), (PostKind::Error, false)]);
}

#[tokio::test]
async fn what_does_not_belong_to_the_invocation_is_refused() {
    let lambda = Lambda::new(function("answer the earlier one"));
    let first = lambda.invoke("{}").await;
    let second = lambda.invoke("{}").await;
    for line in ["earlier: 400", "unknown: 400", "initialization: 403", "next: 403"] {
        assert!(second.log.contains(&line.to_owned()), "{line}: {:?}", second.log);
    }
    assert_eq!(second.outcome, answered("1"));
    let late: Vec<Post> = lambda.posts().into_iter().filter(|post| post.body == "late").collect();
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].request_id.as_str(), late[0].accepted), (first.request_id.as_str(), false));
    assert!(first.posts.iter().all(|post| post.body != "late"), "it came after the first was settled");
}

#[tokio::test]
async fn a_function_that_writes_a_lot_is_not_blocked() {
    let invocation = invoke("write a lot", "{}").await;
    assert_eq!(invocation.outcome, answered("1"));
    let kept = invocation.log.iter().filter(|line| line.len() == 1023).count();
    assert!(invocation.log_lines_dropped > 0, "4 MiB of text and more are too much to keep");
    assert!(kept > 1000, "kept only {kept} lines");
}

#[tokio::test]
async fn the_environment_is_lambdas_own_and_the_callers() {
    let invocation =
        Lambda::new(function("environment").with_variable("GREENLIGHT_MODE", "shadow")).invoke("{}").await;
    let Outcome::Answered(body) = &invocation.outcome else { panic!("{:?}", invocation.outcome) };
    let variables: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).unwrap();
    for (name, value) in [
        ("GREENLIGHT_MODE", "shadow"),
        ("AWS_LAMBDA_FUNCTION_NAME", "hook"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/hook"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("TZ", ":UTC"),
    ] {
        assert_eq!(variables.get(name).and_then(|value| value.as_str()), Some(value), "{name}");
    }
    // Nothing else: what the caller's own environment holds must not reach the function.
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "GREENLIGHT_MODE",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "TEST_FUNCTION_BEHAVIOUR",
        "TZ",
        "_HANDLER",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_headers_are_those_of_the_runtime_api() {
    let mut function = function("headers");
    function.deadline = DeadlineHeader::Constant(600_000);
    let arn = function.arn();
    let invocation = Lambda::new(function.clone()).invoke("{}").await;
    let Outcome::Answered(body) = &invocation.outcome else { panic!("{:?}", invocation.outcome) };
    let [id, deadline, told_arn, trace]: [Option<String>; 4] = serde_json::from_slice(body).unwrap();
    assert_eq!(id.as_ref(), Some(&invocation.request_id));
    assert_eq!(deadline.as_deref(), Some("600000"));
    assert_eq!(told_arn, Some(arn));
    assert!(trace.is_some_and(|trace| trace.starts_with("Root=1-") && trace.contains(";Parent=")));

    function.deadline = DeadlineHeader::Missing;
    let invocation = Lambda::new(function).invoke("{}").await;
    let Outcome::Answered(body) = &invocation.outcome else { panic!("{:?}", invocation.outcome) };
    let [_, deadline, _, _]: [Option<String>; 4] = serde_json::from_slice(body).unwrap();
    assert_eq!(deadline, None);
}

#[tokio::test]
async fn an_asynchronous_invocation_is_retried_until_it_succeeds() {
    let attempts = async |behaviour: &str, maximum_retry_attempts: u8| {
        let mut function = function(behaviour);
        function.retries = Retries { maximum_retry_attempts, ..Retries::immediate() };
        Lambda::new(function).invoke_async("{}").await
    };

    assert_eq!(attempts("echo", 2).await.len(), 1);

    let failing = attempts("exit", 2).await;
    assert_eq!(failing.len(), 3);
    assert!(
        failing.iter().all(|attempt| attempt.request_id == failing[0].request_id),
        "one request id for all"
    );

    let recovering = attempts("error first", 2).await;
    assert_eq!(recovering.len(), 2);
    assert_eq!(recovering[1].outcome, answered("\"done\""));
    assert_eq!(kinds(&recovering[0].posts), [(PostKind::Error, true)], "each attempt has its own posts");
    assert_eq!(kinds(&recovering[1].posts), [(PostKind::Response, true)]);

    assert_eq!(attempts("error", 0).await.len(), 1);
}
