//! The reads of Amazon ECS.

use greenlight_cli::rehearsal::aws::ecs::{
    DESCRIBE_CLUSTERS, DESCRIBE_SERVICE_DEPLOYMENTS, DESCRIBE_SERVICE_REVISIONS, DESCRIBE_SERVICES,
    DESCRIBE_TASK_DEFINITION, DESCRIBE_TASK_SETS, DESCRIBE_TASKS, LIST_SERVICE_DEPLOYMENTS, LIST_SERVICES,
    LIST_TASKS, LifecycleHookDetail, Service, ServiceDeployment,
};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, Times};
use serde_json::{Value, json};

use super::{CONTINUE, call, refusal};
use crate::http::Response;

const PREFIX: &str = "arn:aws:ecs:us-east-1:123456789012";
const GREEN: &str = "ecs-svc/9313423515462893900";

async fn ask(aws: &Aws, operation: &'static Operation, input: Value) -> Response {
    call(aws, &format!("AmazonEC2ContainerServiceV20141113.{}", operation.name()), &input).await
}

async fn answer(aws: &Aws, operation: &'static Operation, input: Value) -> Value {
    let response = ask(aws, operation, input).await;
    assert_eq!(response.status, 200, "{}: {}", operation.name(), String::from_utf8_lossy(&response.body));
    response.json()
}

async fn standard() -> Aws {
    Aws::serve(BlueGreen::default().world()).await.unwrap()
}

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
async fn what_is_missing_is_listed_beside_what_is_found() {
    let aws = standard().await;
    let id = "0".repeat(32);
    let deployment = BlueGreen::default().service_deployment_arn();
    let cases = [
        (&DESCRIBE_CLUSTERS, "clusters", json!({"clusters": ["shop", "x"]}), format!("{PREFIX}:cluster/x")),
        (&DESCRIBE_CLUSTERS, "", json!({}), format!("{PREFIX}:cluster/default")),
        (
            &DESCRIBE_SERVICES,
            "services",
            json!({"cluster": "shop", "services": ["orders", "x"]}),
            format!("{PREFIX}:service/x"),
        ),
        (
            &DESCRIBE_SERVICE_DEPLOYMENTS,
            "serviceDeployments",
            json!({"serviceDeploymentArns": [deployment, format!("{PREFIX}:service-deployment/shop/orders/x")]}),
            format!("{PREFIX}:service-deployment/shop/orders/x"),
        ),
        (
            &DESCRIBE_SERVICE_REVISIONS,
            "serviceRevisions",
            json!({"serviceRevisionArns": [BlueGreen::default().green_revision_arn(), format!("{PREFIX}:service-revision/shop/orders/1")]}),
            format!("{PREFIX}:service-revision/shop/orders/1"),
        ),
        (
            &DESCRIBE_TASKS,
            "tasks",
            json!({"cluster": "shop", "tasks": [format!("00000002{}", "0".repeat(24)), id]}),
            format!("{PREFIX}:task/shop/{id}"),
        ),
    ];
    for (operation, key, input, arn) in cases {
        let found = answer(&aws, operation, input).await;
        assert_eq!(found["failures"], json!([{"arn": arn, "reason": "MISSING"}]), "{}", operation.name());
        if !key.is_empty() {
            assert_eq!(found[key].as_array().unwrap().len(), 1, "{}", operation.name());
        }
    }
}

#[tokio::test]
async fn clusters_and_services_that_do_not_exist_are_errors() {
    // The world of `invoke` is like that.
    let empty = Aws::start().await.unwrap();
    let deployment = BlueGreen::default().service_deployment_arn();
    let revision = BlueGreen::default().green_revision_arn();
    let in_cluster = |input: Value| {
        let mut input = input;
        input["cluster"] = "shop".into();
        input
    };
    let cases = [
        (&DESCRIBE_SERVICE_DEPLOYMENTS, json!({"serviceDeploymentArns": [deployment]})),
        (&DESCRIBE_SERVICE_REVISIONS, json!({"serviceRevisionArns": [revision]})),
        (&LIST_SERVICE_DEPLOYMENTS, in_cluster(json!({"service": "orders"}))),
        (&DESCRIBE_SERVICES, in_cluster(json!({"services": ["orders"]}))),
        (&LIST_SERVICES, in_cluster(json!({}))),
        (&LIST_TASKS, in_cluster(json!({}))),
        (&DESCRIBE_TASKS, in_cluster(json!({"tasks": ["0"]}))),
        (&DESCRIBE_TASK_SETS, in_cluster(json!({"service": "orders"}))),
    ];
    let not_found = (400, "ClusterNotFoundException".to_owned(), "Cluster not found.".to_owned());
    for (operation, input) in cases {
        assert_eq!(refusal(&ask(&empty, operation, input).await), not_found, "{}", operation.name());
    }
    let without = standard().await;
    without.change(|world| world.ecs.services.clear());
    let not_found = (400, "ServiceNotFoundException".to_owned(), "Service not found.".to_owned());
    for (operation, input) in [
        (
            &DESCRIBE_SERVICE_DEPLOYMENTS,
            json!({"serviceDeploymentArns": [BlueGreen::default().service_deployment_arn()]}),
        ),
        (&LIST_SERVICE_DEPLOYMENTS, in_cluster(json!({"service": "orders"}))),
        (&LIST_TASKS, in_cluster(json!({"serviceName": "orders"}))),
        (&DESCRIBE_TASK_SETS, in_cluster(json!({"service": "orders"}))),
    ] {
        assert_eq!(refusal(&ask(&without, operation, input).await), not_found, "{}", operation.name());
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let aws = standard().await;
    let shop = |key: &str, value: Value| json!({"cluster": "shop", key: value});
    let many = |count: usize| (0..count).map(|index| format!("{index:032x}")).collect::<Vec<_>>();
    let other = format!("{PREFIX}:task/other/{}", "0".repeat(32));
    let cases = [
        (&DESCRIBE_TASKS, shop("tasks", json!([])), "Tasks cannot be empty."),
        (&DESCRIBE_TASKS, shop("tasks", json!(many(101))), "Tasks can have at most 100 items."),
        (&DESCRIBE_TASKS, shop("tasks", json!(["x"])), "taskId length should be one of [32,36]"),
        (
            &DESCRIBE_TASKS,
            shop("tasks", json!([other])),
            "Invalid identifier: Identifier is for other. Your cluster is shop",
        ),
        (&DESCRIBE_SERVICES, shop("services", json!([])), "Services cannot be empty."),
        (&DESCRIBE_SERVICES, shop("services", json!(many(11))), "Services can have at most 10 items."),
        (
            &LIST_TASKS,
            shop("desiredStatus", json!("running")),
            "Invalid desiredStatus. Valid values are: RUNNING, PENDING, STOPPED",
        ),
        (&LIST_TASKS, shop("maxResults", json!(101)), "maxResults must be between 1 and 100."),
        (&LIST_TASKS, shop("maxResults", json!(0)), "maxResults must be between 1 and 100."),
        (&LIST_TASKS, shop("nextToken", json!("x")), "Invalid nextToken: x"),
        (&LIST_SERVICE_DEPLOYMENTS, shop("service", json!("")), "Service cannot be empty."),
        (&DESCRIBE_TASK_SETS, shop("service", Value::Null), "Service cannot be empty."),
        (&DESCRIBE_TASK_SETS, json!({"service": "orders"}), "Cluster cannot be empty."),
        (&DESCRIBE_SERVICE_DEPLOYMENTS, json!({}), "ServiceDeploymentArns cannot be empty."),
        (
            &DESCRIBE_SERVICE_DEPLOYMENTS,
            json!({"serviceDeploymentArns": many(21)}),
            "ServiceDeploymentArns can have at most 20 items.",
        ),
        (
            &DESCRIBE_SERVICE_DEPLOYMENTS,
            json!({"serviceDeploymentArns": ["x"]}),
            "Invalid serviceDeploymentArn: x",
        ),
        (&DESCRIBE_SERVICE_REVISIONS, json!({"serviceRevisionArns": ["x"]}), "Invalid serviceRevisionArn: x"),
    ];
    for (operation, input, message) in cases {
        let expected = (400, "InvalidParameterException".to_owned(), message.to_owned());
        assert_eq!(refusal(&ask(&aws, operation, input).await), expected, "{}", operation.name());
    }
    for input in [json!({"taskDefinition": "other"}), json!({})] {
        let refused = refusal(&ask(&aws, &DESCRIBE_TASK_DEFINITION, input.clone()).await);
        assert_eq!(refused.1, "ClientException", "{input}");
    }
    let mistyped = ask(&aws, &LIST_TASKS, shop("family", json!(1))).await;
    assert_eq!(refusal(&mistyped).1, "SerializationException");
}

#[tokio::test]
async fn started_by_is_a_filter_on_its_own() {
    let aws = standard().await;
    for (key, value) in [
        ("serviceName", "orders"),
        ("family", "orders"),
        ("desiredStatus", "RUNNING"),
        ("launchType", "FARGATE"),
        ("containerInstance", "x"),
    ] {
        let input = json!({"cluster": "shop", "startedBy": GREEN, key: value});
        let expected = (
            400,
            "InvalidParameterException".to_owned(),
            "cannot specify startedBy with other arguments".to_owned(),
        );
        assert_eq!(refusal(&ask(&aws, &LIST_TASKS, input).await), expected, "{key}");
    }
    // A page is no filter.
    let first =
        answer(&aws, &LIST_TASKS, json!({"cluster": "shop", "startedBy": GREEN, "maxResults": 1})).await;
    assert_eq!(first["taskArns"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tasks_are_listed_by_what_they_are() {
    let aws = standard().await;
    aws.change(|world| {
        world.ecs.tasks[0].desired_status = "STOPPED".into();
        let mut alone = world.ecs.tasks[1].clone();
        alone.task_arn = format!("{PREFIX}:task/shop/{}", "f".repeat(32));
        alone.task_definition_arn = format!("{PREFIX}:task-definition/cron:7");
        alone.group = Some("family:cron".into());
        alone.started_by = None;
        world.ecs.tasks.push(alone);
    });
    for (filters, expected) in [
        (json!({}), 4),
        (json!({"desiredStatus": "RUNNING"}), 4),
        (json!({"desiredStatus": "STOPPED"}), 1),
        (json!({"desiredStatus": "PENDING"}), 0),
        (json!({"serviceName": "orders"}), 3),
        (json!({"serviceName": "orders", "desiredStatus": "STOPPED"}), 1),
        (json!({"family": "cron"}), 1),
        (json!({"family": "cro"}), 0),
        (json!({"launchType": "EC2"}), 0),
        (json!({"startedBy": GREEN}), 2),
        (json!({"startedBy": "ecs-svc/1"}), 0),
    ] {
        let mut input = filters.clone();
        input["cluster"] = format!("{PREFIX}:cluster/shop").into();
        let found = answer(&aws, &LIST_TASKS, input).await;
        assert_eq!(found["taskArns"].as_array().unwrap().len(), expected, "{filters}");
    }
}

/// Every page of a list, by a key of its answers.
async fn pages(aws: &Aws, operation: &'static Operation, mut input: Value, key: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    loop {
        let found = answer(aws, operation, input.clone()).await;
        pages.push(found[key].as_array().unwrap().clone());
        match found.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn lists_come_in_pages_of_aws_own_sizes() {
    let parameters = BlueGreen::default();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    aws.change(|world| {
        let task = world.ecs.tasks[0].clone();
        for index in 4..250 {
            let task_arn = format!("{PREFIX}:task/shop/{index:032x}");
            world.ecs.tasks.push(greenlight_cli::rehearsal::aws::ecs::Task { task_arn, ..task.clone() });
        }
        for index in 1..23 {
            world.ecs.services.push(Service {
                service_arn: format!("{PREFIX}:service/shop/other-{index}"),
                service_name: format!("other-{index}"),
                cluster_arn: format!("{PREFIX}:cluster/shop"),
                ..Service::default()
            });
            world.ecs.service_deployments.push(ServiceDeployment {
                service_deployment_arn: format!("{PREFIX}:service-deployment/shop/orders/{index}"),
                service_arn: format!("{PREFIX}:service/shop/orders"),
                cluster_arn: format!("{PREFIX}:cluster/shop"),
                status: "SUCCESSFUL".into(),
                ..ServiceDeployment::default()
            });
        }
    });
    let sizes = async |operation, input, key| -> Vec<usize> {
        pages(&aws, operation, input, key).await.iter().map(Vec::len).collect()
    };
    let shop = json!({"cluster": "shop"});
    assert_eq!(sizes(&LIST_TASKS, shop.clone(), "taskArns").await, [100, 100, 50]);
    assert_eq!(
        sizes(&LIST_TASKS, json!({"cluster": "shop", "maxResults": 99}), "taskArns").await,
        [99, 99, 52]
    );
    assert_eq!(sizes(&LIST_SERVICES, shop.clone(), "serviceArns").await, [10, 10, 3]);
    let of_service = json!({"cluster": "shop", "service": "orders"});
    assert_eq!(sizes(&LIST_SERVICE_DEPLOYMENTS, of_service.clone(), "serviceDeployments").await, [20, 3]);
    aws.change(|world| world.page_size = Some(60));
    assert_eq!(sizes(&LIST_TASKS, shop.clone(), "taskArns").await, [60, 60, 60, 60, 10]);
    let all: Vec<_> = pages(&aws, &LIST_TASKS, shop, "taskArns").await.concat();
    let described =
        aws.look(|world| world.ecs.tasks.iter().map(|task| json!(task.task_arn)).collect::<Vec<_>>());
    assert_eq!(all, described, "each once, in order");
    // The token of one list is none of another's.
    let token = answer(&aws, &LIST_TASKS, json!({"cluster": "shop"})).await["nextToken"].clone();
    let crossed = ask(&aws, &LIST_SERVICES, json!({"cluster": "shop", "nextToken": token})).await;
    assert_eq!(refusal(&crossed).1, "InvalidParameterException");
}

#[tokio::test]
async fn deployments_of_a_service_are_listed_newest_first_and_by_status_and_time() {
    let parameters = BlueGreen::default();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    aws.change(|world| {
        let earlier = world.ecs.service_deployments[0].clone();
        world.ecs.service_deployments.insert(
            0,
            ServiceDeployment {
                service_deployment_arn: format!("{PREFIX}:service-deployment/shop/orders/earlier"),
                created_at: Some("2026-11-20T10:00:00Z".parse().unwrap()),
                status: "SUCCESSFUL".into(),
                ..earlier
            },
        );
    });
    let list = async |filters: Value| {
        let mut input = json!({"cluster": "shop", "service": "orders"});
        input.as_object_mut().unwrap().extend(filters.as_object().unwrap().clone());
        let found = answer(&aws, &LIST_SERVICE_DEPLOYMENTS, input).await;
        let arns = found["serviceDeployments"].as_array().unwrap().iter();
        arns.map(|one| one["serviceDeploymentArn"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned())
            .collect::<Vec<_>>()
    };
    let newest = "TFX5sH9q9XDboDTOv0rIt";
    assert_eq!(list(json!({})).await, [newest, "earlier"]);
    assert_eq!(list(json!({"status": ["SUCCESSFUL", "STOPPED"]})).await, ["earlier"]);
    assert_eq!(list(json!({"createdAt": {"after": 1_795_200_000}})).await, [newest]);
    assert_eq!(list(json!({"createdAt": {"before": 1_795_200_000}})).await, ["earlier"]);
    // A service's ARN is enough; it names the cluster.
    let found =
        answer(&aws, &LIST_SERVICE_DEPLOYMENTS, json!({"service": format!("{PREFIX}:service/shop/orders")}))
            .await;
    let brief = &found["serviceDeployments"][0];
    assert_eq!(brief["targetServiceRevisionArn"], parameters.green_revision_arn());
    assert_eq!(brief.get("lifecycleStage"), None, "lists are brief");
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

#[tokio::test]
async fn denials_name_what_iam_judges_by() {
    let aws = standard().await;
    let parameters = BlueGreen::default();
    let deployment = parameters.service_deployment_arn();
    let revision = parameters.green_revision_arn();
    let service = format!("{PREFIX}:service/shop/orders");
    for (operation, input, resource) in [
        (&DESCRIBE_CLUSTERS, json!({"clusters": ["shop"]}), format!("{PREFIX}:cluster/shop")),
        (&DESCRIBE_SERVICES, json!({"cluster": "shop", "services": ["orders"]}), service.clone()),
        (&LIST_SERVICES, json!({"cluster": "shop"}), "*".to_owned()),
        (&DESCRIBE_SERVICE_DEPLOYMENTS, json!({"serviceDeploymentArns": [deployment]}), deployment.clone()),
        (&LIST_SERVICE_DEPLOYMENTS, json!({"cluster": "shop", "service": "orders"}), service),
        (&DESCRIBE_SERVICE_REVISIONS, json!({"serviceRevisionArns": [revision]}), revision.clone()),
        (&LIST_TASKS, json!({"cluster": "shop"}), format!("{PREFIX}:container-instance/shop/*")),
        (&DESCRIBE_TASKS, json!({"cluster": "shop", "tasks": ["1"]}), format!("{PREFIX}:task/shop/1")),
        (&DESCRIBE_TASK_DEFINITION, json!({"taskDefinition": "orders"}), "*".to_owned()),
        (
            &DESCRIBE_TASK_SETS,
            json!({"cluster": "shop", "service": "orders"}),
            format!("{PREFIX}:task-set/shop/orders/*"),
        ),
    ] {
        aws.fault(operation, Fault::Denied, Times::Always);
        let (status, code, message) = refusal(&ask(&aws, operation, input).await);
        assert_eq!((status, &*code), (400, "AccessDeniedException"));
        let expected = format!("perform: ecs:{} on resource: {resource} because", operation.name());
        assert!(message.contains(&expected), "{message}");
    }
    aws.clear_faults();
    aws.fault(&LIST_TASKS, Fault::Throttled, Times::Next(1));
    assert_eq!(refusal(&ask(&aws, &LIST_TASKS, json!({"cluster": "shop"})).await).1, "ThrottlingException");
    assert_eq!(ask(&aws, &LIST_TASKS, json!({"cluster": "shop"})).await.status, 200);
}
