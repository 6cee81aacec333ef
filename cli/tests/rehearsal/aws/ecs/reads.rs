//! What is found, and that the resources bear each other out.

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::aws::ecs::{
    DESCRIBE_CLUSTERS, DESCRIBE_SERVICE_DEPLOYMENTS, DESCRIBE_SERVICE_REVISIONS, DESCRIBE_SERVICES,
    DESCRIBE_TASK_DEFINITION, DESCRIBE_TASK_SETS, DESCRIBE_TASKS, LIST_TASKS, LifecycleHookDetail,
};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use serde_json::{Value, json};

use super::{GREEN, PREFIX, answer, ask, standard};
use crate::aws::{CONTINUE, call, refusal};

#[tokio::test]
async fn an_event_leads_to_blue_and_green() {
    let parameters = BlueGreen::default();
    let event = parameters.event();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let arns = json!({"serviceDeploymentArns": [event["resourceArn"]]});
    let found = answer(&aws, &DESCRIBE_SERVICE_DEPLOYMENTS, arns).await;
    assert_eq!(found["failures"], json!([]));
    let deployment = &found["serviceDeployments"][0];
    assert_eq!(deployment["status"], "IN_PROGRESS");
    assert_eq!(deployment["lifecycleStage"], "POST_TEST_TRAFFIC_SHIFT");
    assert_eq!(deployment["startedAt"], 1_795_255_200.0);
    assert_eq!(deployment.get("finishedAt"), None, "absent members are left out");
    let expected = json!({
        "arn": event["executionDetails"]["targetServiceRevisionArn"],
        "requestedTaskCount": 2, "runningTaskCount": 2, "pendingTaskCount": 0,
        "requestedTestTrafficWeight": 100.0, "requestedProductionTrafficWeight": 0.0,
    });
    assert_eq!(deployment["targetServiceRevision"], expected);
    let blue = deployment["sourceServiceRevisions"][0]["arn"].clone();
    assert_eq!(blue, parameters.blue_revision_arn().unwrap());

    let arns = json!({"serviceRevisionArns": [expected["arn"], blue]});
    let found = answer(&aws, &DESCRIBE_SERVICE_REVISIONS, arns).await;
    let (green, blue) = (&found["serviceRevisions"][0], &found["serviceRevisions"][1]);
    let own =
        |revision: &Value| revision["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"].clone();
    assert_eq!(own(green), parameters.green_target_group_arn());
    assert_eq!(own(blue), parameters.blue_target_group_arn());
    let balancer = &green["loadBalancers"][0];
    assert_eq!(balancer["targetGroupArn"], parameters.blue_target_group_arn(), "the first of the pair");
    let advanced = &balancer["advancedConfiguration"];
    assert_eq!(advanced["alternateTargetGroupArn"], parameters.green_target_group_arn());
    assert_eq!(advanced["testListenerRule"], parameters.test_rule_arn().unwrap());
    assert_eq!(advanced["productionListenerRule"], parameters.production_rule_arn().unwrap());
    assert_eq!((&balancer["containerName"], &balancer["containerPort"]), (&json!("app"), &json!(8080)));

    let definition = json!({"taskDefinition": green["taskDefinition"]});
    let found = answer(&aws, &DESCRIBE_TASK_DEFINITION, definition).await;
    assert_eq!(
        found["taskDefinition"]["containerDefinitions"][0]["image"],
        green["containerImages"][0]["image"]
    );

    let tasks = answer(&aws, &LIST_TASKS, json!({"cluster": "shop", "startedBy": GREEN})).await;
    let tasks = answer(&aws, &DESCRIBE_TASKS, json!({"cluster": "shop", "tasks": tasks["taskArns"]})).await;
    let addresses: Vec<_> = tasks["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            let details = task["attachments"][0]["details"].as_array().unwrap();
            let address = details.iter().find(|detail| detail["name"] == "privateIPv4Address").unwrap();
            let container = &task["containers"][0];
            assert_eq!(container["networkInterfaces"][0]["privateIpv4Address"], address["value"]);
            assert_eq!(container["imageDigest"], green["containerImages"][0]["imageDigest"]);
            address["value"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(addresses, ["10.0.0.21", "10.0.0.22"]);
}

#[tokio::test]
async fn counts_follow_the_tasks() {
    let aws = standard().await;
    aws.change(|world| {
        let green =
            world.ecs.tasks.iter_mut().find(|task| task.started_by.as_deref() == Some(GREEN)).unwrap();
        green.last_status = "PENDING".into();
        world.ecs.services[0].desired_count = None;
    });
    let cluster =
        answer(&aws, &DESCRIBE_CLUSTERS, json!({"clusters": ["shop"]})).await["clusters"][0].clone();
    let counts =
        (&cluster["runningTasksCount"], &cluster["pendingTasksCount"], &cluster["activeServicesCount"]);
    assert_eq!(counts, (&json!(3), &json!(1), &json!(1)));
    let service = answer(&aws, &DESCRIBE_SERVICES, json!({"cluster": "shop", "services": ["orders"]})).await;
    let service = &service["services"][0];
    let counts = (&service["desiredCount"], &service["runningCount"], &service["pendingCount"]);
    assert_eq!(counts, (&json!(4), &json!(3), &json!(1)));
    assert_eq!(service["deployments"][0]["id"], GREEN, "the primary one is first");
    let arns = json!({"serviceDeploymentArns": [BlueGreen::default().service_deployment_arn()]});
    let found = answer(&aws, &DESCRIBE_SERVICE_DEPLOYMENTS, arns).await;
    let green = &found["serviceDeployments"][0]["targetServiceRevision"];
    assert_eq!((&green["runningTaskCount"], &green["pendingTaskCount"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn task_definitions_are_found_by_family_revision_and_arn() {
    let aws = standard().await;
    for (name, revision) in
        [("orders", 2), ("orders:1", 1), ("arn:aws:ecs:us-east-1:123456789012:task-definition/orders:1", 1)]
    {
        let found = answer(&aws, &DESCRIBE_TASK_DEFINITION, json!({"taskDefinition": name})).await;
        assert_eq!(found["taskDefinition"]["revision"], revision, "{name}");
    }
    aws.change(|world| world.ecs.task_definitions[1].status = "INACTIVE".into());
    let found = answer(&aws, &DESCRIBE_TASK_DEFINITION, json!({"taskDefinition": "orders"})).await;
    assert_eq!(found["taskDefinition"]["revision"], 1, "the newest that is active");
}

#[tokio::test]
async fn task_sets_are_of_a_service() {
    let parameters = CodeDeploy::default();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let input = json!({"cluster": "shop", "service": "orders", "taskSets": [GREEN, "ecs-svc/1"]});
    let found = answer(&aws, &DESCRIBE_TASK_SETS, input).await;
    let arn = format!("{PREFIX}:task-set/shop/orders/ecs-svc/1");
    assert_eq!(found["failures"], json!([{"arn": arn, "reason": "MISSING"}]));
    let green = &found["taskSets"][0];
    assert_eq!((&green["id"], &green["status"]), (&json!(GREEN), &json!("ACTIVE")));
    assert_eq!((&green["startedBy"], &green["externalId"]), (&json!("CODE_DEPLOY"), &json!("d-82EELWTXI")));
    assert_eq!(green["loadBalancers"][0]["targetGroupArn"], parameters.green_target_group_arn());
    assert_eq!((&green["runningCount"], &green["stabilityStatus"]), (&json!(2), &json!("STEADY_STATE")));
    let all = answer(&aws, &DESCRIBE_TASK_SETS, json!({"cluster": "shop", "service": "orders"})).await;
    assert_eq!(all["taskSets"].as_array().unwrap().len(), 2);
    let service = answer(&aws, &DESCRIBE_SERVICES, json!({"cluster": "shop", "services": ["orders"]})).await;
    assert_eq!(service["services"][0]["taskSets"], all["taskSets"]);
    aws.change(|world| world.ecs.services[0].status = "DRAINING".into());
    let draining = ask(&aws, &DESCRIBE_TASK_SETS, json!({"cluster": "shop", "service": "orders"})).await;
    assert_eq!(refusal(&draining).1, "ServiceNotActiveException");
}

#[tokio::test]
async fn a_hook_that_was_answered_no_longer_waits() {
    let mut parameters = BlueGreen::default();
    parameters.hooks.push(LifecycleHookDetail {
        hook_id: "ecs-pause-1".into(),
        target_type: "PAUSE".into(),
        status: "AWAITING_ACTION".into(),
        expires_at: Some("2026-11-22T10:00:00Z".parse().unwrap()),
        timeout_action: Some("ROLLBACK".into()),
        ..LifecycleHookDetail::default()
    });
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let arn = parameters.service_deployment_arn();
    let hook = async || {
        let found =
            answer(&aws, &DESCRIBE_SERVICE_DEPLOYMENTS, json!({"serviceDeploymentArns": [arn]})).await;
        found["serviceDeployments"][0]["lifecycleHookDetails"][0].clone()
    };
    let waiting = hook().await;
    assert_eq!(
        (&waiting["status"], &waiting["expiresAt"]),
        (&json!("AWAITING_ACTION"), &json!(1_795_341_600.0))
    );
    let other = call(&aws, CONTINUE, &json!({"serviceDeploymentArn": arn, "hookId": "ecs-pause-2"})).await;
    assert_eq!(refusal(&other).1, "InvalidParameterException");
    let input = json!({"serviceDeploymentArn": arn, "hookId": "ecs-pause-1"});
    assert_eq!(call(&aws, CONTINUE, &input).await.status, 200);
    assert_eq!(hook().await["status"], "SUCCEEDED");
    assert_eq!(refusal(&call(&aws, CONTINUE, &input).await).1, "InvalidParameterException");
    aws.change(|world| world.ecs.service_deployments[0].status = "ROLLBACK_SUCCESSFUL".into());
    let ended = refusal(&call(&aws, CONTINUE, &input).await).2;
    assert_eq!(
        ended,
        "Continuing a service deployment is not allowed for service deployment in terminal states."
    );
}
