//! Operations called by their names, as a command calls them.

use std::time::Duration;

use greenlight::{Api, Ask, AwsCall, Cause, Connection, Kind};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, Times, cloudwatch, ecs, elb};
use serde_json::{Value, json};

pub(super) fn ask_within(aws: &Aws, within: Duration) -> Ask {
    let connection = Connection {
        endpoint_url: Some(aws.endpoint_url()),
        region: Some("us-east-1".into()),
        unverified: true,
    };
    Ask::over(connection, within)
}

pub(super) fn ask(aws: &Aws) -> Ask {
    ask_within(aws, Duration::from_mins(1))
}

#[tokio::test]
async fn every_wire_gives_what_aws_sends() {
    let aws = Aws::serve(BlueGreen::default().world()).await.unwrap();
    aws.change(|world| {
        world
            .cloudwatch
            .metric_alarms
            .push(cloudwatch::Alarm { alarm_name: "red".into(), ..cloudwatch::Alarm::default() });
    });
    let ask = ask(&aws);
    let arns = ask.call(&Api::ECS, "ListServices", json!({"cluster": "shop"}), "*").await.unwrap();
    let services = json!({"cluster": "shop", "services": arns["serviceArns"]});
    let found = ask.call(&Api::ECS, "DescribeServices", services, "*").await.unwrap();
    assert_eq!(found["services"][0]["status"], "ACTIVE");

    let groups = ask.call(&Api::ELB, "DescribeTargetGroups", json!({}), "*").await.unwrap();
    let group = &groups["TargetGroups"][0];
    assert_eq!((&group["Port"], &group["HealthCheckEnabled"]), (&json!("8080"), &json!("true")));
    let arns = json!({"TargetGroupArns": [group["TargetGroupArn"]]});
    let one = ask.call(&Api::ELB, "DescribeTargetGroups", arns, "*").await.unwrap();
    assert_eq!(one["TargetGroups"], json!([group]));

    let alarms = ask.call(&Api::CLOUDWATCH, "DescribeAlarms", json!({}), "*").await.unwrap();
    assert_eq!(alarms["MetricAlarms"][0]["AlarmName"], "red");

    let made: Vec<_> = ask.calls().into_iter().map(|call| (call.service, call.operation, call.ok)).collect();
    let expected = [
        ("ECS", "ListServices"),
        ("ECS", "DescribeServices"),
        ("Elastic Load Balancing v2", "DescribeTargetGroups"),
        ("Elastic Load Balancing v2", "DescribeTargetGroups"),
        ("CloudWatch", "DescribeAlarms"),
    ];
    assert_eq!(made, expected.map(|(service, operation)| (service.into(), operation.into(), Some(true))));
}

#[tokio::test]
async fn every_way_to_fail_is_told_apart() {
    let aws = Aws::serve(BlueGreen::default().world()).await.unwrap();
    let ask = ask(&aws);
    let fault = |operation: &'static Operation, fault| aws.fault(operation, fault, Times::Next(1));
    fault(&ecs::LIST_TASKS, Fault::Denied);
    let failure = ask.try_call(&Api::ECS, "ListTasks", json!({}), "cluster").await.unwrap_err();
    assert_eq!((failure.cause, failure.code.as_deref()), (Cause::Denied, Some("AccessDeniedException")));
    let words = failure.to_string();
    assert!(words.starts_with("not allowed to call ecs:ListTasks on "), "{words}");
    assert!(words.contains("to the role or user that calls"), "{words}");

    let listener = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/50dc6c495c0c9188/f2f7dc8efc522ab2";
    let input = json!({"ListenerArns": [listener]});
    let failure = ask.try_call(&Api::ELB, "DescribeListeners", input.clone(), listener).await.unwrap_err();
    assert_eq!((failure.cause, failure.code.as_deref()), (Cause::NotFound, Some("ListenerNotFound")));
    assert!(
        failure
            .to_string()
            .starts_with(&format!("elasticloadbalancing:DescribeListeners on {listener} failed: "))
    );
    let outcome = ask.call(&Api::ELB, "DescribeListeners", input, listener).await.unwrap_err();
    assert_eq!(outcome.kind, Kind::Inconclusive);

    let failure = ask.try_call(&Api::ELB, "DescribeRules", json!({}), "*").await.unwrap_err();
    assert_eq!((failure.cause, failure.code.as_deref()), (Cause::Refused, Some("ValidationError")));
    let failure = ask.try_call(&Api::LAMBDA, "GetAlias", json!({}), "*").await.unwrap_err();
    assert_eq!(failure.cause, Cause::Unreachable);
    assert!(failure.to_string().contains("the path of GetAlias is not known here"), "{failure}");
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let aws = Aws::serve(BlueGreen::default().world()).await.unwrap();
    let ask = ask(&aws);
    aws.fault(&elb::DESCRIBE_TARGET_GROUPS, Fault::Throttled, Times::Next(1));
    aws.fault(&ecs::LIST_SERVICES, Fault::ServerError, Times::Next(1));
    aws.fault(&ecs::LIST_SERVICES, Fault::AnswerLost, Times::Next(1));
    ask.call(&Api::ELB, "DescribeTargetGroups", json!({}), "*").await.unwrap();
    ask.call(&Api::ECS, "ListServices", json!({"cluster": "shop"}), "*").await.unwrap();
    assert_eq!(aws.calls().len(), 5, "the attempts");
    assert_eq!(ask.calls().len(), 2, "the calls");
}

#[tokio::test]
async fn a_call_without_an_answer_ends_with_the_time_and_is_recorded() {
    let aws = Aws::start().await.unwrap();
    aws.fault(&ecs::LIST_TASKS, Fault::Hangs, Times::Always);
    let ask = ask_within(&aws, Duration::from_millis(300));
    let failure = ask.try_call(&Api::ECS, "ListTasks", json!({}), "*").await.unwrap_err();
    assert_eq!(failure.cause, Cause::OutOfTime);
    assert_eq!(failure.to_string(), "ecs:ListTasks was not answered in the time that the command had");
    let expected =
        AwsCall { service: "ECS".into(), operation: "ListTasks".into(), ok: None, duration_ms: None };
    assert_eq!(ask.calls(), [expected]);
}

#[tokio::test]
async fn pages_are_followed_to_the_last() {
    let aws = Aws::serve(BlueGreen::default().world()).await.unwrap();
    aws.change(|world| world.page_size = Some(1));
    let ask = ask(&aws);
    let tasks = ask.call_pages(&Api::ECS, "ListTasks", json!({"cluster": "shop"}), "*").await.unwrap();
    let all: usize = tasks.iter().map(|page| page["taskArns"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!((tasks.len(), all), aws.look(|world| (world.ecs.tasks.len(), world.ecs.tasks.len())));
    let groups = ask.call_pages(&Api::ELB, "DescribeTargetGroups", Value::Null, "*").await.unwrap();
    assert_eq!(groups.len(), 2);
    assert!(groups.iter().all(|page| page["TargetGroups"].as_array().is_some_and(|page| page.len() == 1)));
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_unreachable() {
    let url = {
        let aws = Aws::start().await.unwrap();
        aws.endpoint_url()
    };
    let connection =
        Connection { endpoint_url: Some(url.clone()), region: Some("us-east-1".into()), unverified: true };
    let ask = Ask::over(connection, Duration::from_mins(1));
    let failure = ask.try_call(&Api::EC2, "DescribeSubnets", json!({}), "*").await.unwrap_err();
    assert_eq!(failure.cause, Cause::Unreachable);
    let refused = format!("cannot reach {url}: the connection was refused");
    assert!(failure.to_string().starts_with(&refused), "{failure}");
    assert_eq!(ask.calls().len(), 1);
}
