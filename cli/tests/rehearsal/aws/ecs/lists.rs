//! Filters and pages.

use greenlight_cli::rehearsal::aws::ecs::{
    LIST_CLUSTERS, LIST_SERVICE_DEPLOYMENTS, LIST_SERVICES, LIST_TASKS, Service, ServiceDeployment,
};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Operation};
use serde_json::{Value, json};

use super::{GREEN, PREFIX, answer, ask, standard};
use crate::aws::refusal;

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
    assert_eq!(sizes(&LIST_CLUSTERS, json!({}), "clusterArns").await, [1]);
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
