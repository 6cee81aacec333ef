//! `greenlight doctor` with an account: the same rules, with facts that are asked for.

use std::path::Path;

use greenlight_cli::rehearsal::aws::ecs::{DESCRIBE_SERVICES, LIST_SERVICES};
use greenlight_cli::rehearsal::aws::elb::DESCRIBE_RULES;
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times};
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::run::{Ran, Run};

/// A service that is deployed and well, an account around it, and no deployment under way.
async fn account() -> Aws {
    let mut deployment = BlueGreen { status: "SUCCESSFUL".to_owned(), ..BlueGreen::default() };
    if let Some(front) = &mut deployment.front {
        front.production.weights = (0, 100);
    }
    let mut world = deployment.world();
    world.ecs.services[0].health_check_grace_period_seconds = Some(300);
    Aws::serve(world).await.unwrap()
}

fn doctor(aws: &Aws, arguments: &[&str]) -> Run {
    let url = aws.endpoint_url();
    let run = Run::new(&[&["doctor", "--endpoint-url", &url], arguments].concat());
    run.showing(url, "http://ENDPOINT")
}

const SERVICE: [&str; 4] = ["--cluster", "shop", "--service", "orders"];

fn ids(ran: &Ran) -> Vec<String> {
    let findings = ran.json()["findings"].clone();
    findings.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn found(aws: &Aws) -> Vec<String> {
    let ran = doctor(aws, &[&SERVICE[..], &["--json", "--ignore", "DEPLOY-TG-SLOW"]].concat()).ran().await;
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
    ids(&ran)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_as_it_should_be_has_nothing_wrong_and_nothing_is_changed() {
    let aws = account().await;
    assert_eq!(found(&aws).await, [""; 0]);
    let calls = aws.calls();
    let looks = |operation: &str| {
        ["Describe", "Get", "List", "Simulate"].iter().any(|verb| operation.starts_with(verb))
    };
    assert!(calls.iter().all(|call| looks(&call.operation)), "{calls:?}");
    // Each question once.
    let mut asked: Vec<_> =
        calls.iter().map(|call| (call.operation.clone(), call.input.to_string())).collect();
    let count = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), count, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_wrong_is_one_thing_found() {
    let aws = account().await;
    aws.change(|world| {
        for role in &mut world.iam.roles {
            role.assume_role_policy_document = json!({"Statement": []});
        }
    });
    assert_eq!(found(&aws).await, ["HOOK-ROLE-TRUST", "PERM-INFRA-TRUST"]);
    let aws = account().await;
    aws.change(|world| world.elb.target_groups[1].targets.clear());
    // Users are sent where no task is, while blue's are still there.
    assert_eq!(found(&aws).await, ["DEPLOY-RULE-DRIFT"]);
    let aws = account().await;
    aws.change(|world| world.lambda.functions.clear());
    assert_eq!(found(&aws).await, ["HOOK-LAMBDA-STATE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_not_taken_for_wrong() {
    let aws = account().await;
    aws.fault(&DESCRIBE_RULES, Fault::Denied, Times::Always);
    let ran = doctor(&aws, &[&SERVICE[..], &["--json", "--ignore", "DEPLOY-TG-SLOW"]].concat()).ran().await;
    assert_eq!((ran.code, ids(&ran)), (Some(0), Vec::new()));
    let lacking: Vec<Value> = ran.json()["not_judged"].as_array().unwrap().clone();
    let why = lacking.iter().find(|it| it["id"] == "LB-TG-NOT-ASSOCIATED").unwrap();
    assert!(why.to_string().contains("not allowed to call elasticloadbalancing:DescribeRules"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let aws = account().await;
    let mut shown = Vec::new();
    shown.push(doctor(&aws, &["--cluster", "shop", "--service", "odrers"]).shown().await);
    shown.push(doctor(&aws, &["--cluster", "nowhere", "--all-services"]).shown().await);
    shown.push(doctor(&aws, &["--application", "x", "--deployment-group", "y"]).shown().await);
    shown.push(doctor(&aws, &["examples/codedeploy/appspec.yaml"]).shown().await);
    aws.fault(&DESCRIBE_SERVICES, Fault::Denied, Times::Always);
    shown.push(doctor(&aws, &SERVICE).shown().await);
    aws.fault(&LIST_SERVICES, Fault::Denied, Times::Always);
    shown.push(doctor(&aws, &["--cluster", "shop", "--all-services"]).shown().await);
    assert_snapshot!(shown.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_one_table() {
    let aws = account().await;
    aws.change(|world| {
        let mut other = world.ecs.services[0].clone();
        other.service_name = "payments".to_owned();
        other.service_arn = other.service_arn.replace("orders", "payments");
        if let Some(configuration) = &mut other.deployment_configuration {
            configuration["lifecycleHooks"][0]["lifecycleStages"][0] = "AfterInstall".into();
        }
        world.ecs.services.push(other);
    });
    let ran = doctor(&aws, &["--cluster", "shop", "--all-services"]).ran().await;
    assert_eq!(ran.code, Some(1));
    assert_snapshot!(ran.shown());
}

/// What services have in common is asked for once, and what could not be read does not hide the rest.
#[tokio::test(flavor = "multi_thread")]
async fn many_services_take_few_calls() {
    const SERVICES: usize = 25;
    let aws = account().await;
    aws.change(|world| {
        let one = world.ecs.services.remove(0);
        world.ecs.services.extend((0..SERVICES).map(|index| {
            let mut other = one.clone();
            other.service_name = format!("orders-{index:02}");
            other.service_arn = one.service_arn.replace("orders", &other.service_name);
            other
        }));
    });
    let all = ["--cluster", "shop", "--all-services", "--json", "--ignore", "DEPLOY-TG-SLOW"];
    let ran = doctor(&aws, &all).ran().await;
    let report = ran.json();
    assert_eq!((ran.code, ids(&ran)), (Some(0), Vec::new()), "{}", ran.stderr);
    assert_eq!(report["services"].as_array().unwrap().len(), SERVICES);
    let calls = aws.calls();
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    // Ten at a time, and then nobody asks again.
    assert_eq!(count("DescribeServices"), SERVICES.div_ceil(10));
    for operation in ["GetRole", "SimulatePrincipalPolicy", "DescribeRules", "GetFunctionConfiguration"] {
        let mut asked: Vec<String> = calls
            .iter()
            .filter(|call| call.operation == operation)
            .map(|call| call.input.to_string())
            .collect();
        let count = asked.len();
        asked.sort();
        asked.dedup();
        assert!(count > 0 && asked.len() == count, "{operation}: {asked:?}");
    }
    aws.fault(&DESCRIBE_SERVICES, Fault::Denied, Times::Next(1));
    let ran = doctor(&aws, &all).ran().await;
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("orders-00, ") && ran.stderr.contains("orders-09 could not be read"));
    assert!(!ran.stderr.contains("orders-10") && ran.stderr.contains("ecs:DescribeServices"));
    let report = ran.json();
    assert_eq!(report["not_read"].as_array().unwrap().len(), 10);
    assert!(report["judged"].as_u64() > Some(0), "{report}");
    aws.fault(&DESCRIBE_SERVICES, Fault::Denied, Times::Next(1));
    let ran = doctor(&aws, &["--cluster", "shop", "--all-services"]).ran().await;
    let rows = |words: &str| ran.stdout.lines().filter(|line| line.contains(words)).count();
    assert_eq!((ran.code, rows("could not be read")), (Some(3), 10), "{}", ran.stdout);
    assert_eq!(rows("orders-"), SERVICES, "{}", ran.stdout);
}

/// A definition is judged by what it will meet.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_an_account_are_judged_together() {
    let aws = account().await;
    let service = aws.look(|world| serde_json::to_value(&world.ecs.services[0]).unwrap());
    let mut definition = json!({
        "cluster": "shop",
        "serviceName": "orders",
        "taskDefinition": service["taskDefinition"],
        "desiredCount": 2,
        "healthCheckGracePeriodSeconds": 300,
        "networkConfiguration": service["networkConfiguration"],
        "loadBalancers": service["loadBalancers"],
        "deploymentConfiguration": service["deploymentConfiguration"],
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("service.json");
    let run = async |definition: &Value, file: &Path| {
        std::fs::write(file, definition.to_string()).unwrap();
        let file = file.to_str().unwrap();
        doctor(&aws, &[file, "--json", "--ignore", "DEPLOY-TG-SLOW"]).ran().await
    };
    let ran = run(&definition, &file).await;
    assert_eq!((ran.code, ids(&ran)), (Some(0), Vec::new()), "{}", ran.stderr);
    definition["deploymentConfiguration"]["lifecycleHooks"][0]["roleArn"] =
        "arn:aws:iam::123456789012:role/typo".into();
    let ran = run(&definition, &file).await;
    assert_eq!((ran.code, ids(&ran)), (Some(1), vec!["HOOK-ROLE-TRUST".to_owned()]));
    assert!(ran.json()["findings"][0]["observed"].to_string().contains("there is no role `typo`"));
}
