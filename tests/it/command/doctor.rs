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
    assert_snapshot!(run().argument("--ignore").argument("HOOK-TARGET-REGIO").shown().await);
}

/// Where code hosts look for a finding, and the members that SARIF requires.
#[tokio::test]
async fn findings_are_results_of_sarif() {
    let mut service: Value = serde_json::from_str(&example(SERVICE)).unwrap();
    service["deploymentConfiguration"]["lifecycleHooks"][0]["targetType"] = "LAMBDA".into();
    let text = serde_json::to_string_pretty(&service).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir_in(root.join("tests")).unwrap();
    fs::write(folder.path().join("a service.json"), &text).unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let file = folder.path().canonicalize().unwrap().join("a service.json");
    let given = format!("tests/{name}/../{name}/a service.json");
    for path in [&*given, file.to_str().unwrap()] {
        let sarif = Run::new(&["doctor", path, "--sarif"]).ran().await.json();
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "greenlight");
        let result = &run["results"][0];
        assert_eq!(result["ruleId"], "HOOK-TARGET-TYPE");
        assert_eq!(
            run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"],
            result["ruleId"]
        );
        assert!(result["message"]["text"].as_str().is_some_and(|text| text.contains("`LAMBDA`")), "{result}");
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], format!("tests/{name}/a%20service.json"));
        assert!(
            run["originalUriBaseIds"][location["artifactLocation"]["uriBaseId"].as_str().unwrap()]
                .is_object()
        );
        let line = text.lines().position(|line| line.contains("\"LAMBDA\"")).unwrap() + 1;
        assert_eq!(location["region"]["startLine"], line);
    }
    let sarif = doctor(&text).argument("--sarif").ran().await.json();
    let location = &sarif["runs"][0]["results"][0]["locations"][0];
    assert!(location["physicalLocation"].is_null() && location["logicalLocations"].is_array(), "{location}");
}

/// Each service has a block of its own; what is as true of another is explained once.
#[tokio::test]
async fn each_service_is_told_of_by_itself() {
    let template = "\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: { Family: shop, ContainerDefinitions: [{ Name: app, Image: shop }] }
  Orders:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      DeploymentConfiguration: { MinimumHealthyPercent: 50, MaximumPercent: 200 }
  Payments:
    Type: AWS::ECS::Service
    Properties:
      DeploymentConfiguration: { MinimumHealthyPercent: 100, MaximumPercent: 100 }
      DesiredCount: 2
      TaskDefinition: !Ref Task
";
    assert_snapshot!(doctor(template).shown().await);
    let report = doctor(template).argument("--json").ran().await.json();
    let findings = report["findings"].as_array().unwrap();
    let of = |id: &str| -> Vec<(&Value, &Value)> {
        let of_rule = findings.iter().filter(|finding| finding["id"] == id);
        of_rule.map(|finding| (&finding["service"], &finding["also_of"])).collect()
    };
    assert_eq!(of("ROLL-IMAGE-MUTABLE"), [(&json!("Orders"), &json!(["Payments"]))]);
    assert_eq!(of("ROLL-STUCK"), [(&json!("Payments"), &json!([]))]);
    // However many services there are, a rule is in one of the three states.
    let rules = |report: &Value| {
        let count = |key: &str| report[key].as_u64().unwrap();
        count("judged") + count("not_applicable") + report["not_judged"].as_array().unwrap().len() as u64
    };
    let of_one = doctor(&example(SERVICE)).argument("--json").ran().await.json();
    assert_eq!(rules(&report), rules(&of_one));
}

/// What roles may do is judged where the template says all of it.
#[tokio::test]
async fn roles_of_a_template_are_judged_by_their_policies() {
    let template = |policies: &str, beside: &str| {
        format!(
            "\
Resources:
  Gate: {{ Type: AWS::Lambda::Function, Properties: {{ Timeout: 60 }} }}
  Other: {{ Type: AWS::Lambda::Function, Properties: {{ Timeout: 60 }} }}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{ Statement: {{ Effect: Allow, Principal: {{ Service: ecs.amazonaws.com }}, Action: 'sts:AssumeRole' }} }}
{policies}
{beside}
  Service:
    Type: AWS::ECS::Service
    Properties:
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
          - {{ HookTargetArn: !GetAtt Gate.Arn, RoleArn: !GetAtt Role.Arn, LifecycleStages: [POST_TEST_TRAFFIC_SHIFT] }}
"
        )
    };
    let inline = |resource: &str| {
        format!(
            "      Policies: [{{ PolicyName: a, PolicyDocument: {{ Statement: {{ Effect: Allow, Action: 'lambda:InvokeFunction', Resource: {resource} }} }} }}]"
        )
    };
    let attached = |role: &str| {
        format!(
            "  Attached: {{ Type: AWS::IAM::Policy, Properties: {{ Roles: [{role}], PolicyName: b, PolicyDocument: {{ Statement: {{ Effect: Allow, Action: 'lambda:*', Resource: '*' }} }} }} }}"
        )
    };
    for (what, policies, beside, expected) in [
        ("no policy", String::new(), String::new(), "broken"),
        ("its function", inline("!GetAtt Gate.Arn"), String::new(), "kept"),
        ("another function", inline("!GetAtt Other.Arn"), String::new(), "broken"),
        (
            "a name that only the account has",
            inline("'arn:aws:lambda:*:*:function:gate-*'"),
            String::new(),
            "open",
        ),
        ("from elsewhere", inline("!ImportValue gate"), String::new(), "open"),
        ("a policy beside it", String::new(), attached("!Ref Role"), "kept"),
        ("of another role", String::new(), attached("other"), "broken"),
        ("of nobody knows which role", String::new(), attached("!ImportValue role"), "open"),
        (
            "managed by others",
            "      ManagedPolicyArns: [arn:aws:iam::123456789012:policy/x]".to_owned(),
            String::new(),
            "open",
        ),
        (
            "of a boundary",
            "      PermissionsBoundary: arn:aws:iam::123456789012:policy/x".to_owned(),
            String::new(),
            "open",
        ),
    ] {
        let report = doctor(&template(&policies, &beside)).argument("--json").ran().await.json();
        let has =
            |list: &str| report[list].as_array().unwrap().iter().any(|it| it["id"] == "HOOK-ROLE-INVOKE");
        let found = if has("findings") {
            "broken"
        } else if has("not_judged") {
            "open"
        } else {
            "kept"
        };
        assert_eq!(found, expected, "{what}: {report:#}");
    }
}

/// What is not looked at, or is not there, is said without being asked for.
#[tokio::test]
async fn what_a_template_lacks_is_said() {
    let ran = doctor(
        "\
Resources:
  Fn::ForEach::Services:
    - Name
    - [Orders, Payments]
    - Service${Name}:
        Type: AWS::ECS::Service
        Properties: { ServiceName: !Sub 'shop-${Name}', TaskDefinition: !Ref Tusk }
  Fn::ForEach::Others:
    - Name
    - !Ref Elsewhere
    - Other${Name}: { Type: AWS::ECS::Service }
",
    )
    .shown()
    .await;
    assert_snapshot!(ran);
}

/// What services have in common is held once.
#[test]
fn hundreds_of_services_fit_in_little_memory() {
    let mut resources = json!({});
    for index in 0..400 {
        resources[format!("Service{index}")] = json!({"Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": {"Ref": format!("Task{index}")},
            "LoadBalancers": [{"TargetGroupArn": {"Ref": format!("Group{index}")}, "ContainerName": "app", "ContainerPort": 80}],
        }});
        resources[format!("Task{index}")] = json!({"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "ContainerDefinitions": [{"Name": "app", "Image": "x:1"}],
        }});
        for group in ["Group", "Green"] {
            resources[format!("{group}{index}")] = json!({"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
                "TargetType": "ip", "Tags": [{"Key": "of", "Value": "x".repeat(500)}],
            }});
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.json");
    fs::write(&file, json!({"Resources": resources}).to_string()).unwrap();
    // A copy for each service takes a gigabyte.
    let limited = "ulimit -d 262144; exec \"$0\" doctor \"$1\" --json";
    let ran = std::process::Command::new("sh")
        .args(["-c", limited])
        .arg(greenlight_tests::binaries::command().unwrap())
        .arg(&file)
        .output()
        .unwrap();
    let report: Value =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!(report["services"].as_array().unwrap().len(), 400);
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
