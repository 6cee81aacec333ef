//! What stands around a function: its configuration, who it is, its scaling and its logs.

use greenlight::{Api, Cause};
use greenlight_cli::rehearsal::aws::{Aws, World};
use serde_json::{Value, json};

use super::api::ask;

const HOOK: &str = "arn:aws:lambda:us-east-1:123456789012:function:hook";

async fn serve(world: Value) -> Aws {
    Aws::serve(World::from_json(world.to_string().as_bytes()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn functions_have_configurations() {
    let vpc = json!({"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1"});
    let aws = serve(json!({"lambda": {"functions": {
        "hook": {"Timeout": 60, "VpcConfig": vpc}, "hook:live": {"Version": "3"},
    }}}))
    .await;
    let ask = ask(&aws);
    for (name, input, arn, timeout, version) in [
        ("a name", json!({"FunctionName": "hook"}), HOOK.to_owned(), 60, "$LATEST"),
        ("an ARN", json!({"FunctionName": HOOK}), HOOK.to_owned(), 60, "$LATEST"),
        ("an alias", json!({"FunctionName": "hook", "Qualifier": "live"}), format!("{HOOK}:live"), 3, "3"),
        ("an alias in the name", json!({"FunctionName": "hook:live"}), format!("{HOOK}:live"), 3, "3"),
    ] {
        let found = ask.call(&Api::LAMBDA, "GetFunctionConfiguration", input, HOOK).await.unwrap();
        assert_eq!((&found["FunctionArn"], &found["Timeout"]), (&json!(arn), &json!(timeout)), "{name}");
        assert_eq!((&found["Version"], &found["State"]), (&json!(version), &json!("Active")), "{name}");
    }
    for (name, input, cause, words) in [
        ("another", json!({"FunctionName": "other"}), Cause::NotFound, "function:other"),
        (
            "another alias",
            json!({"FunctionName": "hook", "Qualifier": "old"}),
            Cause::NotFound,
            "function:hook:old",
        ),
        (
            "two qualifiers",
            json!({"FunctionName": "hook:live", "Qualifier": "old"}),
            Cause::Refused,
            "derived qualifier",
        ),
    ] {
        let failure = ask.try_call(&Api::LAMBDA, "GetFunctionConfiguration", input, HOOK).await.unwrap_err();
        assert_eq!(failure.cause, cause, "{name}");
        assert!(failure.to_string().contains(words), "{failure}");
    }
    // No function is not every function, other than for an invocation.
    aws.change(|world| world.lambda.functions.clear());
    let input = json!({"FunctionName": "hook"});
    let failure = ask.try_call(&Api::LAMBDA, "GetFunctionConfiguration", input, HOOK).await.unwrap_err();
    assert_eq!(failure.cause, Cause::NotFound);
}

#[tokio::test]
async fn the_caller_has_a_name() {
    let aws = Aws::start().await.unwrap();
    let found = ask(&aws).call(&Api::STS, "GetCallerIdentity", json!({}), "*").await.unwrap();
    let arn = "arn:aws:sts::123456789012:assumed-role/greenlight-hook/greenlight";
    let expected =
        json!({"UserId": "AROAEXAMPLEEXAMPLE123:greenlight", "Account": "123456789012", "Arn": arn});
    assert_eq!(found, expected);
}

#[tokio::test]
async fn services_are_scaled() {
    let aws = serve(json!({"applicationAutoscaling": {
        "scalableTargets": [
            {"resourceId": "service/shop/orders", "minCapacity": 2, "maxCapacity": 8},
            {"resourceId": "service/shop/other"},
        ],
        "scalingPolicies": [{
            "policyName": "cpu", "resourceId": "service/shop/orders",
            "targetTrackingScalingPolicyConfiguration": {"TargetValue": 60.0},
        }],
    }}))
    .await;
    let ask = ask(&aws);
    let input = json!({"ServiceNamespace": "ecs", "ResourceIds": ["service/shop/orders"]});
    let found = ask.call(&Api::APPLICATION_AUTOSCALING, "DescribeScalableTargets", input, "*").await.unwrap();
    assert_eq!(found["ScalableTargets"].as_array().map(Vec::len), Some(1));
    let target = &found["ScalableTargets"][0];
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(2), &json!(8)));
    assert_eq!(target["SuspendedState"]["DynamicScalingInSuspended"], false);
    assert!(
        target["RoleARN"].as_str().is_some_and(|role| role.starts_with("arn:aws:iam::123456789012:role/"))
    );
    let input = json!({"ServiceNamespace": "ecs", "ResourceId": "service/shop/orders"});
    let found = ask.call(&Api::APPLICATION_AUTOSCALING, "DescribeScalingPolicies", input, "*").await.unwrap();
    let policy = &found["ScalingPolicies"][0];
    assert_eq!(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"], 60.0);
    assert_eq!(policy["PolicyType"], "TargetTrackingScaling");

    aws.change(|world| world.page_size = Some(1));
    let input = json!({"ServiceNamespace": "ecs"});
    let pages =
        ask.call_pages(&Api::APPLICATION_AUTOSCALING, "DescribeScalableTargets", input, "*").await.unwrap();
    assert_eq!(pages.len(), 2);
    for (operation, input, code) in [
        ("DescribeScalableTargets", json!({}), "ValidationException"),
        ("DescribeScalableTargets", json!({"ServiceNamespace": "other"}), "ValidationException"),
        (
            "DescribeScalingPolicies",
            json!({"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}),
            "ValidationException",
        ),
        (
            "DescribeScalingPolicies",
            json!({"ServiceNamespace": "ecs", "NextToken": "x"}),
            "InvalidNextTokenException",
        ),
    ] {
        let failure = ask.try_call(&Api::APPLICATION_AUTOSCALING, operation, input, "*").await.unwrap_err();
        assert_eq!(failure.code.as_deref(), Some(code), "{failure}");
    }
}

#[tokio::test]
async fn logs_are_filtered_by_time_and_by_terms() {
    let aws = serve(json!({"logs": {"logGroups": {"/aws/lambda/hook": [
        {"timestamp": "2026-11-21T10:00:02Z", "message": "Task timed out after 3.00 seconds"},
        {"timestamp": "2026-11-21T10:00:01Z", "message": "ERROR no route"},
        {"timestamp": "2026-11-21T10:00:03Z", "message": "REPORT", "logStreamName": "another"},
    ]}}}))
    .await;
    let ask = ask(&aws);
    let second = |second: i64| 1_795_255_200_000 + second * 1000;
    for (name, more, expected) in [
        (
            "all, in the order of time",
            json!({}),
            vec!["ERROR no route", "Task timed out after 3.00 seconds", "REPORT"],
        ),
        ("a term", json!({"filterPattern": "ERROR"}), vec!["ERROR no route"]),
        ("words", json!({"filterPattern": "\"timed out\""}), vec!["Task timed out after 3.00 seconds"]),
        (
            "a time",
            json!({"startTime": second(2), "endTime": second(2)}),
            vec!["Task timed out after 3.00 seconds"],
        ),
        ("a stream", json!({"logStreamNames": ["another"]}), vec!["REPORT"]),
    ] {
        let mut input = more;
        input["logGroupName"] = json!("/aws/lambda/hook");
        let found = ask.call(&Api::LOGS, "FilterLogEvents", input.clone(), "*").await.unwrap();
        let messages: Vec<_> = found["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["message"].as_str().unwrap())
            .collect();
        assert_eq!(messages, expected, "{name}");
        input["limit"] = json!(1);
        let pages = ask.call_pages(&Api::LOGS, "FilterLogEvents", input, "*").await.unwrap();
        assert_eq!(pages.len(), expected.len(), "{name}");
    }
    for (input, code) in [
        (json!({"logGroupName": "/aws/lambda/other"}), "ResourceNotFoundException"),
        (
            json!({"logGroupName": "/aws/lambda/hook", "logStreamNames": ["gone"]}),
            "ResourceNotFoundException",
        ),
        (json!({}), "InvalidParameterException"),
        (
            json!({"logGroupName": "/aws/lambda/hook", "filterPattern": "{ $.a = 1 }"}),
            "InvalidParameterException",
        ),
        (json!({"logGroupName": "/aws/lambda/hook", "limit": 0}), "InvalidParameterException"),
        (json!({"logGroupName": "/aws/lambda/hook", "nextToken": "x"}), "InvalidParameterException"),
    ] {
        let failure = ask.try_call(&Api::LOGS, "FilterLogEvents", input, "*").await.unwrap_err();
        assert_eq!(failure.code.as_deref(), Some(code), "{failure}");
    }
}
