//! What is said of a file that is read, but not played as it stands.

use serde_json::json;

use super::*;

/// What is noted of a service with this deployment configuration and no load balancer.
fn notes(configuration: &Value) -> Vec<String> {
    let text = json!({"serviceName": "orders", "deploymentConfiguration": configuration}).to_string();
    let source = Source::ServiceDefinition(File { name: "service.json", text: &text });
    let mut notes = read(&source, &Options::default()).unwrap().notes;
    notes.retain(|note| !note.starts_with("the container"));
    notes
}

fn hook(name: &str, stages: &[&str]) -> Value {
    json!({
        "hookTargetArn": format!("arn:aws:lambda:us-east-1:123456789012:function:{name}:live"),
        "roleArn": "role",
        "lifecycleStages": stages,
    })
}

#[test]
fn failing_without_rolling_back_is_not_played() {
    let configuration = json!({
        "alarms": {"alarmNames": ["errors"], "enable": true, "rollback": false},
        "deploymentCircuitBreaker": {"enable": true, "rollback": false},
    });
    assert_eq!(
        notes(&configuration),
        [
            "`deploymentConfiguration.alarms` is enabled without rollback: ECS fails the deployment without rolling \
             back, which is not played: the alarms are left out",
            "`deploymentConfiguration.deploymentCircuitBreaker` is enabled without rollback: ECS fails the deployment \
             without rolling back, which is not played: the circuit breaker is left out",
        ]
    );
    for rollback in [true, false] {
        let enable = rollback;
        let configuration = json!({
            "alarms": {"alarmNames": ["errors"], "enable": enable, "rollback": rollback},
            "deploymentCircuitBreaker": {"enable": enable, "rollback": rollback},
        });
        assert_eq!(notes(&configuration), [""; 0]);
    }
}

#[test]
fn hooks_that_are_never_called_are_told() {
    let hooks = json!([
        hook("before", &["PRE_SCALE_UP"]),
        hook("after", &["PRE_SCALE_UP", "POST_SCALE_UP", "POST_PRODUCTION_TRAFFIC_SHIFT"]),
        hook("both", &["RECONCILE_SERVICE", "PRE_SCALE_UP"]),
        hook("rare", &["RECONCILE_SERVICE"]),
        {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]},
    ]);
    let rare = "hook rare at RECONCILE_SERVICE is called only where a deployment begins with more than one active revision";
    assert_eq!(
        notes(&json!({"lifecycleHooks": hooks})),
        [
            "hook after at POST_SCALE_UP, POST_PRODUCTION_TRAFFIC_SHIFT is never called: a ROLLING deployment calls \
             hooks at PRE_SCALE_UP only",
            rare,
            "hook PAUSE at POST_TEST_TRAFFIC_SHIFT is never called: a ROLLING deployment calls hooks at PRE_SCALE_UP \
             only",
        ]
    );
    assert_eq!(notes(&json!({"strategy": "BLUE_GREEN", "lifecycleHooks": hooks})), [rare]);
}

#[test]
fn functions_after_test_traffic_need_a_test_listener() {
    let spec = |group| {
        Source::AppSpec(AppSpec {
            file: File {
                name: "appspec.json",
                text: include_str!("../../../../../examples/codedeploy/appspec.json"),
            },
            deployment_configuration: None,
            deployment_configuration_file: None,
            deployment_group: group,
        })
    };
    let note =
        "hook CodeDeployHook_greenlight-test-traffic at AfterAllowTestTraffic is skipped: there is no test \
                listener"
            .to_owned();
    let without = spec(Some(File {
        name: "group.json",
        text: "{\"deploymentGroupInfo\": {\"deploymentGroupName\": \"orders\"}}",
    }));
    assert!(read(&without, &Options::default()).unwrap().notes.contains(&note));
    assert!(!read(&spec(None), &Options::default()).unwrap().notes.contains(&note));

    let template = include_str!("fixtures/code_deploy.yaml");
    let text = template
        .replace("AfterAllowTraffic:", "AfterAllowTestTraffic:")
        .replace("TestTrafficRoute: {", "Unused: {");
    assert_ne!(text, template);
    let source = Source::CloudFormation(File { name: "template.yaml", text: &text });
    assert!(read(&source, &Options::default()).unwrap().notes.contains(&note));
}

/// What is noted of functions.
fn of_functions(source: &Source<'_>) -> Vec<String> {
    let mut notes = read(source, &Options::default()).unwrap().notes;
    notes.retain(|note| note.starts_with("the function"));
    notes
}

#[test]
fn what_a_template_sets_for_functions_is_not_played() {
    let template = include_str!("fixtures/sam.yaml");
    assert_eq!(of_functions(&Source::CloudFormation(File { name: "sam.yaml", text: template })), [""; 0]);
    let globals =
        "Globals: { Function: { Timeout: 20, Environment: { Variables: { GREENLIGHT_MODE: s3cret } } } }\n";
    let own = "AutoPublishAlias: live, Timeout: 60, Environment: { Variables: { GREENLIGHT_PLAN: s3cret, TABLE: !Ref T } }";
    let text = format!("{globals}{}", template.replace("AutoPublishAlias: live", own));
    assert_eq!(
        of_functions(&Source::CloudFormation(File { name: "sam.yaml", text: &text })),
        [
            "the function greenlight-test-traffic has the variables GREENLIGHT_MODE, GREENLIGHT_PLAN, TABLE and the \
             timeout 60 s, which are not played, so that its verdict may differ; give GREENLIGHT_PLAN with --plan FILE, \
             variables that begin with GREENLIGHT_ in this command's environment, the timeout with --timeout 60s",
            "the function Unnamed has the variables GREENLIGHT_MODE and the timeout 20 s, which are not played, so that \
             its verdict may differ; give variables that begin with GREENLIGHT_ in this command's environment, the timeout \
             with --timeout 20s",
        ]
    );

    let template = include_str!("fixtures/code_deploy.yaml");
    let text = template.replace(
        "FunctionName: CodeDeployHook_smoke",
        "FunctionName: CodeDeployHook_smoke, Environment: { Variables: { URL: x } }",
    );
    assert_eq!(
        of_functions(&Source::CloudFormation(File { name: "template.yaml", text: &text })),
        [
            "the function CodeDeployHook_smoke has the variables URL, which are not played, so that its verdict may \
             differ"
        ]
    );
}

#[test]
fn what_a_plan_sets_for_functions_is_not_played() {
    let mut plan: Value = serde_json::from_str(include_str!("fixtures/plan.json")).unwrap();
    let values = "/planned_values/root_module/resources/1/values";
    let fields = plan.pointer_mut(values).unwrap();
    fields["timeout"] = json!(3);
    let played = plan.to_string();
    let source = |text| Source::Terraform(File { name: "plan.json", text });
    assert_eq!(of_functions(&source(&played)), [""; 0]);

    let fields = plan.pointer_mut(values).unwrap();
    fields["timeout"] = json!(30);
    fields["environment"] = json!([{"variables": {"GREENLIGHT_PLAN": "s3cret"}}]);
    plan["resource_changes"] = json!([{
        "address": "aws_lambda_function.test_traffic",
        "change": {"after_unknown": {"environment": [{"variables": {"TABLE": true}}]}},
    }]);
    let text = plan.to_string();
    assert_eq!(
        of_functions(&source(&text)),
        [
            "the function greenlight-test-traffic has the variables GREENLIGHT_PLAN, TABLE and the timeout 30 s, which \
             are not played, so that its verdict may differ; give GREENLIGHT_PLAN with --plan FILE, the timeout with \
             --timeout 30s"
        ]
    );
}

#[test]
fn percents_are_in_tenths() {
    fn source(text: &str) -> Source<'_> {
        Source::ServiceDefinition(File { name: "service.json", text })
    }
    for (strategy, key, field) in
        [("LINEAR", "linearConfiguration", "stepPercent"), ("CANARY", "canaryConfiguration", "canaryPercent")]
    {
        let text = |percent: f64| {
            json!({
                "serviceName": "orders",
                "deploymentConfiguration": {"strategy": strategy, key: {field: percent}},
            })
            .to_string()
        };
        for percent in [3.0, 3.3, 12.5, 33.3, 99.9, 100.0] {
            let text = text(percent);
            assert!(read(&source(&text), &Options::default()).is_ok(), "{percent}");
        }
        let text = text(33.33);
        assert_eq!(
            problems(&source(&text), &Options::default()),
            [format!(
                "`service.json`: `deploymentConfiguration.{key}.{field}` is `33.33`, expected a multiple of 0.1"
            )]
        );
    }
}
