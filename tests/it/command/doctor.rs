//! `greenlight doctor`: what is wrong with files, and where.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::run::Run;

const SERVICE: &str = "examples/ecs-native/service.json";

fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn doctor(input: &str) -> Run {
    Run::new(&["doctor", "-"]).input(input)
}

/// Nothing is wrong with what we give people to copy.
#[tokio::test]
async fn our_examples_are_correct() {
    for files in [
        &[SERVICE][..],
        &["examples/ecs-native/canary.json"],
        &[SERVICE, "examples/ecs-native/task-definition.json"],
        &["examples/codedeploy/appspec.yaml"],
        &["examples/codedeploy/appspec.json"],
    ] {
        let arguments = [&["doctor", "--fail-on", "info", "--json"], files].concat();
        let ran = Run::new(&arguments).ran().await;
        assert_eq!(ran.json()["findings"], json!([]), "{files:?}");
        assert_eq!(ran.code, Some(0), "{files:?}");
    }
}

/// With one thing broken, exactly that is found.
#[tokio::test]
async fn one_thing_broken_is_one_thing_found() {
    let advanced = "/loadBalancers/0/advancedConfiguration";
    let hooks = "/deploymentConfiguration/lifecycleHooks";
    for (rule, at, value) in [
        (
            "LB-RULE-ARN-FORMAT",
            format!("{advanced}/testListenerRule"),
            json!(
                "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hello/50dc6c495c0c9188/f2f7dc8efc501f90"
            ),
        ),
        ("HOOK-STAGE-NAME", format!("{hooks}/0/lifecycleStages/0"), json!("BeforeInstall")),
        ("HOOK-STAGE-WRONG", format!("{hooks}/2/lifecycleStages/0"), json!("POST_SCALE_UP")),
        ("HOOK-TARGET-TYPE", format!("{hooks}/0/targetType"), json!("LAMBDA")),
        ("HOOK-TARGET-ARN", format!("{hooks}/0/hookTargetArn"), json!("CodeDeployHook_greenlight-health")),
        ("HOOK-LAMBDA-FIELDS", format!("{hooks}/0/roleArn"), json!(null)),
        ("DEPLOY-BAKE-RANGE", "/deploymentConfiguration/bakeTimeInMinutes".to_owned(), json!(1_441)),
        ("DEPLOY-ALARM-MISSING", "/deploymentConfiguration/alarms/enable".to_owned(), json!(false)),
    ] {
        let mut service: Value = serde_json::from_str(&example(SERVICE)).unwrap();
        *service.pointer_mut(&at).unwrap_or_else(|| panic!("{at}")) = value;
        let ran = doctor(&service.to_string()).argument("--json").argument("--fail-on=info").ran().await;
        let found: Vec<Value> =
            ran.json()["findings"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
        assert_eq!(found, [json!(rule)], "{at}");
        assert_eq!(ran.code, Some(1), "{at}");
    }
}

#[tokio::test]
async fn a_finding_says_where_why_and_what_to_do() {
    let template = "\
Resources:
  Hook:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: gate, Timeout: 60 }
  Service:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: shop
      LoadBalancers:
        - TargetGroupArn: !ImportValue blue
          ContainerName: app
          ContainerPort: 80
          AdvancedConfiguration:
            AlternateTargetGroupArn: !ImportValue green
            ProductionListenerRule: !ImportValue rule
            TestListenerRule: !ImportValue test
            RoleArn: !ImportValue role
      DeploymentConfiguration:
        Strategy: BLUE_GREEN
        LifecycleHooks:
          - HookTargetArn: !Ref Hook
            RoleArn: !ImportValue role
            LifecycleStages: [POST_TEST_TRAFFIC_SHIFT]
            TimeoutConfiguration: { TimeoutInMinutes: 5, Action: CONTINUE }
";
    let run = || doctor(template);
    assert_snapshot!(run().shown().await);
    assert_eq!(run().argument("--ignore").argument("HOOK-TARGET-ARN").ran().await.code, Some(0));
    let sarif = run().argument("--sarif").ran().await.json();
    let first = &sarif["runs"][0]["results"][0];
    assert_eq!(first["ruleId"], "HOOK-TARGET-ARN");
    assert_eq!(first["locations"][0]["physicalLocation"]["region"]["startLine"], 21);
    assert_snapshot!(run().argument("--ignore").argument("HOOK-TARGET-REGIO").shown().await);
}

/// A misspelt key is found in what is given to the AWS CLI, and not in what AWS answered.
#[tokio::test]
async fn a_misspelt_key_is_found() {
    let task = json!({"family": "shop", "containerDefinition": []});
    let group = json!({"applicationName": "shop", "serviceRoleArn": "role", "deploymentGroup": "shop"});
    let service = json!({"serviceName": "shop", "healthCheckGracePeriod": 60});
    for (input, keys) in [
        (task.clone(), &["containerDefinition"][..]),
        (group, &["deploymentGroup"]),
        (service.clone(), &["healthCheckGracePeriod"]),
        (json!({"services": [service]}), &[]),
        (json!({"taskDefinition": task}), &[]),
    ] {
        let ran = doctor(&input.to_string()).argument("--json").ran().await;
        let report = ran.json();
        let findings = report["findings"].as_array().unwrap().iter();
        let found = findings.filter(|it| it["id"] == "KEY-UNKNOWN").map(|it| it["path"].clone());
        assert_eq!(found.collect::<Vec<_>>(), keys, "{input}");
    }
}

/// Files that are none of what the doctor knows get an answer, and say what would be one.
#[tokio::test]
async fn wrong_files_get_an_answer() {
    let mut text = String::new();
    for input in [
        "",
        "hello",
        "- a\n- b\n",
        "{\"a\": 1}",
        "checks: []",
        "Resources: {}",
        "a: !Ref [",
        "{\"format_version\": \"2.0\", \"terraform_version\": \"3.0.0\", \"planned_values\": {}}",
        "{\"terraform_version\": \"1.9.0\"}",
        "\u{0}",
        "Resources: { Bucket: { Type: AWS::S3::Bucket } }",
        "{\"services\": [], \"failures\": [{\"reason\": \"MISSING\"}]}",
    ] {
        let ran = doctor(input).ran().await;
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{input}");
        let _ = writeln!(text, "{:?}\n  {}", input, ran.stderr.trim_end().replace('\n', "\n  "));
    }
    assert_snapshot!(text);
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "1");
    let large = "x".repeat(50 * 1024 * 1024);
    for input in [deep, large, "[".repeat(100_000)] {
        let ran = doctor(&input).ran().await;
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{input:.20}");
        assert!(ran.stderr.len() < 1_000, "{}", ran.stderr);
    }
    let ran = Run::new(&["doctor", "missing.json"]).ran().await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("missing.json"), "{}", ran.stderr);
    // No UTF-8.
    let ran = Run::new(&["doctor", "-"]).input(vec![0xff, 0xfe, 0x00]).ran().await;
    assert_eq!(ran.code, Some(2));
}
