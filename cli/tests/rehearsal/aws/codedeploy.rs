//! CodeDeploy's reads.

use greenlight_cli::rehearsal::aws::codedeploy::{
    BATCH_GET_DEPLOYMENT_GROUPS, DeploymentConfig, GET_DEPLOYMENT, GET_DEPLOYMENT_CONFIG,
    GET_DEPLOYMENT_GROUP, GET_DEPLOYMENT_TARGET, LIST_DEPLOYMENT_GROUPS, LIST_DEPLOYMENT_TARGETS,
    LIST_DEPLOYMENTS, RollbackInfo,
};
use greenlight_cli::rehearsal::aws::worlds::CodeDeploy;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, Times};
use serde_json::{Value, json};

use super::{PUT, call, refusal, report};
use crate::http::Response;

async fn ask(aws: &Aws, operation: &'static Operation, input: Value) -> Response {
    call(aws, &format!("CodeDeploy_20141006.{}", operation.name()), &input).await
}

fn deployment() -> Value {
    json!({"deploymentId": "d-82EELWTXI"})
}

fn target() -> Value {
    json!({"deploymentId": "d-82EELWTXI", "targetId": "shop:orders"})
}

#[tokio::test]
async fn a_deployment_leads_to_its_group_and_its_target() {
    let parameters = CodeDeploy::default();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let info = ask(&aws, &GET_DEPLOYMENT, deployment()).await.json()["deploymentInfo"].clone();
    assert_eq!((&info["creator"], &info["status"]), (&json!("user"), &json!("InProgress")));
    assert_eq!(info["createTime"], 1_795_255_200.0);
    assert_eq!(info["computePlatform"], "ECS");
    assert_eq!(info.get("targets"), None, "they have a call of their own");
    assert_eq!(info.get("rollbackInfo"), None);

    let asked = json!({
        "applicationName": info["applicationName"], "deploymentGroupName": info["deploymentGroupName"],
    });
    let group = ask(&aws, &GET_DEPLOYMENT_GROUP, asked).await.json()["deploymentGroupInfo"].clone();
    let pair = &group["loadBalancerInfo"]["targetGroupPairInfoList"][0];
    assert_eq!(pair["targetGroups"], json!([{"name": "orders-1"}, {"name": "orders-2"}]));
    assert_eq!(pair["prodTrafficRoute"]["listenerArns"], json!([parameters.production_listener_arn()]));
    assert_eq!(pair["testTrafficRoute"]["listenerArns"], json!([parameters.test_listener_arn()]));
    assert_eq!(group["ecsServices"], json!([{"serviceName": "orders", "clusterName": "shop"}]));
    assert_eq!(info["loadBalancerInfo"], group["loadBalancerInfo"]);

    let targets = ask(&aws, &LIST_DEPLOYMENT_TARGETS, deployment()).await.json();
    assert_eq!(targets, json!({"targetIds": ["shop:orders"]}));
    let found = ask(&aws, &GET_DEPLOYMENT_TARGET, target()).await.json()["deploymentTarget"].clone();
    assert_eq!(found["deploymentTargetType"], "ECSTarget");
    let ecs = &found["ecsTarget"];
    assert_eq!(ecs["targetArn"], "arn:aws:ecs:us-east-1:123456789012:service/shop/orders");
    let statuses: Vec<_> = ecs["lifecycleEvents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["status"].as_str().unwrap())
        .collect();
    let expected =
        ["Succeeded", "Succeeded", "Succeeded", "Succeeded", "InProgress", "Pending", "Pending", "Pending"];
    assert_eq!(statuses, expected);
    assert_eq!(ecs["lifecycleEvents"][4]["lifecycleEventName"], "AfterAllowTestTraffic");
    let green = &ecs["taskSetsInfo"][1];
    assert_eq!(green["identifer"], "ecs-svc/9313423515462893900");
    assert_eq!((&green["taskSetLabel"], &green["status"]), (&json!("Green"), &json!("ACTIVE")));
    assert_eq!((&green["trafficWeight"], &green["targetGroup"]), (&json!(0.0), &json!({"name": "orders-2"})));
}

#[tokio::test]
async fn cloudformation_has_a_target_of_its_own_and_no_group() {
    let aws =
        Aws::serve(CodeDeploy { cloud_formation: true, ..CodeDeploy::default() }.world()).await.unwrap();
    let info = ask(&aws, &GET_DEPLOYMENT, deployment()).await.json()["deploymentInfo"].clone();
    assert_eq!(info["creator"], "CloudFormation");
    assert_eq!((info.get("applicationName"), info.get("deploymentGroupName")), (None, None));
    assert_eq!(info["loadBalancerInfo"]["targetGroupPairInfoList"][0]["targetGroups"][1]["name"], "orders-2");

    let targets = ask(&aws, &LIST_DEPLOYMENT_TARGETS, deployment()).await.json();
    let asked = json!({"deploymentId": "d-82EELWTXI", "targetId": targets["targetIds"][0]});
    let found = ask(&aws, &GET_DEPLOYMENT_TARGET, asked).await.json()["deploymentTarget"].clone();
    assert_eq!(found["deploymentTargetType"], "CloudFormationTarget");
    assert_eq!(found["cloudFormationTarget"]["targetVersionWeight"], 0.0);
    assert_eq!(found["cloudFormationTarget"]["lifecycleEvents"][4]["status"], "InProgress");
}

#[tokio::test]
async fn a_rollback_says_what_it_takes_back() {
    let aws =
        Aws::serve(CodeDeploy { creator: "codeDeployRollback".into(), ..CodeDeploy::default() }.world())
            .await
            .unwrap();
    aws.change(|world| {
        world.codedeploy.deployments[0].rollback_info = Some(RollbackInfo {
            rollback_triggering_deployment_id: Some("d-NEUBTTTXI".into()),
            ..RollbackInfo::default()
        });
    });
    let info = ask(&aws, &GET_DEPLOYMENT, deployment()).await.json()["deploymentInfo"].clone();
    assert_eq!(info["creator"], "codeDeployRollback");
    assert_eq!(info["rollbackInfo"], json!({"rollbackTriggeringDeploymentId": "d-NEUBTTTXI"}));
}

#[tokio::test]
async fn targets_come_in_pages_and_by_status() {
    let aws = Aws::serve(CodeDeploy::default().world()).await.unwrap();
    aws.change(|world| {
        let targets = &mut world.codedeploy.deployments[0].targets;
        targets.push(targets[0].clone());
        world.page_size = Some(1);
    });
    let first = ask(&aws, &LIST_DEPLOYMENT_TARGETS, deployment()).await.json();
    assert_eq!(first["targetIds"].as_array().unwrap().len(), 1);
    let next = json!({"deploymentId": "d-82EELWTXI", "nextToken": first["nextToken"]});
    let second = ask(&aws, &LIST_DEPLOYMENT_TARGETS, next).await.json();
    assert_eq!((second["targetIds"].as_array().unwrap().len(), second.get("nextToken")), (1, None));

    for (filters, expected) in [
        (json!({"TargetStatus": ["Succeeded"]}), 0),
        (json!({"TargetStatus": ["Succeeded", "InProgress"]}), 1),
    ] {
        let asked = json!({"deploymentId": "d-82EELWTXI", "targetFilters": filters});
        let found = ask(&aws, &LIST_DEPLOYMENT_TARGETS, asked).await.json();
        assert_eq!(found["targetIds"].as_array().unwrap().len(), expected, "{filters}");
    }
}

#[tokio::test]
async fn what_does_not_exist_has_an_error_of_its_own() {
    let aws = Aws::serve(CodeDeploy::default().world()).await.unwrap();
    let group = |application: &str, group: &str| json!({"applicationName": application, "deploymentGroupName": group});
    let of = |id: &str| json!({"deploymentId": id});
    for (operation, input, code) in [
        (&GET_DEPLOYMENT, json!({}), "DeploymentIdRequiredException"),
        (&GET_DEPLOYMENT, of("82EELWTXI"), "InvalidDeploymentIdException"),
        (&GET_DEPLOYMENT, of("d-MISSING00"), "DeploymentDoesNotExistException"),
        (&LIST_DEPLOYMENT_TARGETS, of("d-MISSING00"), "DeploymentDoesNotExistException"),
        (
            &LIST_DEPLOYMENT_TARGETS,
            json!({"deploymentId": "d-82EELWTXI", "nextToken": "x"}),
            "InvalidNextTokenException",
        ),
        (
            &LIST_DEPLOYMENT_TARGETS,
            json!({"deploymentId": "d-82EELWTXI", "targetFilters": {"Status": []}}),
            "InvalidTargetFilterNameException",
        ),
        (&GET_DEPLOYMENT_TARGET, of("d-MISSING00"), "DeploymentDoesNotExistException"),
        (&GET_DEPLOYMENT_TARGET, of("d-82EELWTXI"), "DeploymentTargetIdRequiredException"),
        (
            &GET_DEPLOYMENT_TARGET,
            json!({"deploymentId": "d-82EELWTXI", "targetId": "shop:other"}),
            "DeploymentTargetDoesNotExistException",
        ),
        (&GET_DEPLOYMENT_GROUP, json!({}), "ApplicationNameRequiredException"),
        (&GET_DEPLOYMENT_GROUP, group("orders", ""), "DeploymentGroupNameRequiredException"),
        (&GET_DEPLOYMENT_GROUP, group("other", "orders-production"), "ApplicationDoesNotExistException"),
        (&GET_DEPLOYMENT_GROUP, group("orders", "other"), "DeploymentGroupDoesNotExistException"),
    ] {
        let (status, observed, message) = refusal(&ask(&aws, operation, input.clone()).await);
        assert_eq!((status, &*observed), (400, code), "{} {input}", operation.name());
        assert!(!message.is_empty(), "{} {input}", operation.name());
    }
    aws.change(|world| world.codedeploy.deployments[0].status = "Created".into());
    for (operation, input) in [(&LIST_DEPLOYMENT_TARGETS, deployment()), (&GET_DEPLOYMENT_TARGET, target())] {
        assert_eq!(refusal(&ask(&aws, operation, input).await).1, "DeploymentNotStartedException");
    }
}

#[tokio::test]
async fn denials_name_the_deployments_own_group() {
    let aws = Aws::serve(CodeDeploy::default().world()).await.unwrap();
    let resource = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:orders/orders-production";
    let group = json!({"applicationName": "orders", "deploymentGroupName": "orders-production"});
    for (operation, input) in [
        (&GET_DEPLOYMENT, deployment()),
        (&GET_DEPLOYMENT_GROUP, group),
        (&LIST_DEPLOYMENT_TARGETS, deployment()),
        (&GET_DEPLOYMENT_TARGET, target()),
    ] {
        aws.fault(operation, Fault::Denied, Times::Next(1));
        let (status, code, message) = refusal(&ask(&aws, operation, input.clone()).await);
        assert_eq!((status, &*code), (400, "AccessDeniedException"));
        let expected = format!("codedeploy:{} on resource: {resource} because", operation.name());
        assert!(message.contains(&expected), "{message}");
        assert_eq!(ask(&aws, operation, input).await.status, 200, "only the next one");
    }
    // The report is judged by the same group.
    aws.fault(
        &greenlight_cli::rehearsal::aws::codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS,
        Fault::Denied,
        Times::Next(1),
    );
    assert!(refusal(&call(&aws, PUT, &report("id")).await).2.contains(resource));
}

#[tokio::test]
async fn configurations_say_how_traffic_is_shifted() {
    let aws = Aws::serve(CodeDeploy::default().world()).await.unwrap();
    aws.change(|world| {
        world.codedeploy.deployment_configs.push(DeploymentConfig {
            deployment_config_name: "own".into(),
            traffic_routing_config: json!({"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 5, "canaryInterval": 2}}),
            ..DeploymentConfig::default()
        });
    });
    for (name, expected) in [
        ("CodeDeployDefault.ECSAllAtOnce", json!({"type": "AllAtOnce"})),
        (
            "CodeDeployDefault.ECSCanary10Percent15Minutes",
            json!({"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 15}}),
        ),
        (
            "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
            json!({"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 10, "linearInterval": 3}}),
        ),
        (
            "own",
            json!({"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 5, "canaryInterval": 2}}),
        ),
    ] {
        let asked = json!({"deploymentConfigName": name});
        let info = ask(&aws, &GET_DEPLOYMENT_CONFIG, asked).await.json()["deploymentConfigInfo"].clone();
        assert_eq!(
            (&info["trafficRoutingConfig"], &info["computePlatform"]),
            (&expected, &json!("ECS")),
            "{name}"
        );
    }
    for (name, code) in [
        ("", "DeploymentConfigNameRequiredException"),
        ("a b", "InvalidDeploymentConfigNameException"),
        ("CodeDeployDefault.Other", "DeploymentConfigDoesNotExistException"),
    ] {
        let asked = json!({"deploymentConfigName": name});
        assert_eq!(refusal(&ask(&aws, &GET_DEPLOYMENT_CONFIG, asked).await).1, code, "{name}");
    }
}

#[tokio::test]
async fn deployments_are_listed_by_group_and_by_status() {
    let aws = Aws::serve(CodeDeploy::default().world()).await.unwrap();
    aws.change(|world| {
        let deployments = &mut world.codedeploy.deployments;
        let mut earlier = deployments[0].clone();
        earlier.deployment_id = "d-EARLIER00".into();
        earlier.status = "Failed".into();
        earlier.create_time = "2026-11-20T10:00:00Z".parse().ok();
        deployments.insert(0, earlier);
    });
    let names = json!({"applicationName": "orders", "deploymentGroupName": "orders-production"});
    let with = |key: &str, value: Value| {
        let mut input = names.clone();
        input[key] = value;
        input
    };
    for (input, expected) in [
        (json!({}), vec!["d-82EELWTXI", "d-EARLIER00"]),
        (names.clone(), vec!["d-82EELWTXI", "d-EARLIER00"]),
        (with("includeOnlyStatuses", json!(["Failed", "Stopped"])), vec!["d-EARLIER00"]),
        (with("createTimeRange", json!({"start": 1_795_200_000})), vec!["d-82EELWTXI"]),
        (with("externalId", json!("other")), vec![]),
    ] {
        let found = ask(&aws, &LIST_DEPLOYMENTS, input.clone()).await.json();
        assert_eq!(found["deployments"], json!(expected), "{input}");
    }
    for (input, code) in [
        (json!({"applicationName": "orders"}), "DeploymentGroupNameRequiredException"),
        (json!({"deploymentGroupName": "orders"}), "ApplicationNameRequiredException"),
        (with("applicationName", json!("other")), "ApplicationDoesNotExistException"),
        (with("deploymentGroupName", json!("other")), "DeploymentGroupDoesNotExistException"),
        (with("includeOnlyStatuses", json!(["Gone"])), "InvalidDeploymentStatusException"),
        (with("createTimeRange", json!({"start": 2, "end": 1})), "InvalidTimeRangeException"),
        (with("nextToken", json!("x")), "InvalidNextTokenException"),
    ] {
        assert_eq!(refusal(&ask(&aws, &LIST_DEPLOYMENTS, input.clone()).await).1, code, "{input}");
    }
}

#[tokio::test]
async fn the_groups_of_an_application_are_listed_and_told_at_once() {
    let aws = Aws::serve(CodeDeploy::default().world()).await.unwrap();
    let application = json!({"applicationName": "orders"});
    let found = ask(&aws, &LIST_DEPLOYMENT_GROUPS, application.clone()).await.json();
    assert_eq!(found, json!({"applicationName": "orders", "deploymentGroups": ["orders-production"]}));
    let asked = json!({"applicationName": "orders", "deploymentGroupNames": ["orders-production", "gone"]});
    let found = ask(&aws, &BATCH_GET_DEPLOYMENT_GROUPS, asked).await.json();
    let one = json!({"applicationName": "orders", "deploymentGroupName": "orders-production"});
    let alone = ask(&aws, &GET_DEPLOYMENT_GROUP, one).await.json();
    assert_eq!(found["deploymentGroupsInfo"], json!([alone["deploymentGroupInfo"]]));
    assert!(found["errorMessage"].as_str().is_some_and(|message| message.contains("gone")));
    for (operation, input, code) in [
        (&LIST_DEPLOYMENT_GROUPS, json!({}), "ApplicationNameRequiredException"),
        (&LIST_DEPLOYMENT_GROUPS, json!({"applicationName": "other"}), "ApplicationDoesNotExistException"),
        (&BATCH_GET_DEPLOYMENT_GROUPS, application, "DeploymentGroupNameRequiredException"),
    ] {
        assert_eq!(refusal(&ask(&aws, operation, input.clone()).await).1, code, "{input}");
    }
}
