//! What is missing, what is wrong and what is denied.

use greenlight_cli::rehearsal::aws::ecs::{
    DESCRIBE_CLUSTERS, DESCRIBE_SERVICE_DEPLOYMENTS, DESCRIBE_SERVICE_REVISIONS, DESCRIBE_SERVICES,
    DESCRIBE_TASK_DEFINITION, DESCRIBE_TASK_SETS, DESCRIBE_TASKS, LIST_SERVICE_DEPLOYMENTS, LIST_SERVICES,
    LIST_TASKS,
};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times};
use serde_json::{Value, json};

use super::{PREFIX, answer, ask, standard};
use crate::aws::refusal;

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
