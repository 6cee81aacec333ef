use std::time::Duration;

use serde_json::json;

use super::*;
use crate::rehearsal::aws::elb::{Condition, LoadBalancerKind};
use crate::rehearsal::controller::configuration::{Strategy, TimeoutAction};

const EXAMPLE: &str = include_str!("../../../../../examples/ecs-native/service.json");

fn definition(text: &str) -> Source<'_> {
    Source::ServiceDefinition(File { name: "service.json", text })
}

/// The example with something else at a pointer.
fn changed(pointer: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(EXAMPLE).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match (parent, key.parse::<usize>()) {
        (Value::Array(items), Ok(index)) => items[index] = value,
        (Value::Object(fields), _) if value.is_null() => drop(fields.remove(key)),
        (Value::Object(fields), _) => drop(fields.insert(key.to_owned(), value)),
        (other, _) => panic!("{other}"),
    }
    document.to_string()
}

#[test]
fn the_built_in_service_is_the_example() {
    let subject = read(&Source::BuiltIn, &Options::default()).unwrap();
    assert_eq!((&*subject.cluster, &*subject.service, subject.desired_count), ("demo", "hello", 3));
    assert_eq!((&*subject.region, &*subject.account), ("us-east-1", "123456789012"));
    assert_eq!((&*subject.container, subject.container_port), ("app", 8080));
    assert_eq!(subject.source, "the built-in service");
    assert!(subject.notes.is_empty());
    let front = subject.front.as_ref().unwrap();
    let test = front.test.as_ref().unwrap();
    assert_eq!((front.kind, front.production.port, test.port), (LoadBalancerKind::Application, 80, 8080));
    assert!(front.production.conditions.is_empty());
    assert_eq!(
        test.conditions,
        rule::conditions("host=hello.example.com,header:x-test-traffic=green").unwrap()
    );
    assert_eq!(front.health_check.path.as_deref(), Some("/ping"));
    let ecs = ecs(&subject);
    assert_eq!((ecs.strategy, ecs.bake), (Strategy::BlueGreen, Duration::from_mins(2)));
    assert_eq!((&*ecs.alarms, ecs.circuit_breaker), (&["hello-errors".to_owned()][..], true));
    let stages = [
        ("health", &["POST_SCALE_UP", "POST_PRODUCTION_TRAFFIC_SHIFT"][..]),
        ("test-traffic", &["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]),
        ("metrics", &["POST_PRODUCTION_TRAFFIC_SHIFT"]),
    ];
    assert_eq!(ecs.hooks.len(), stages.len());
    for ((hook, function), (name, stages)) in ecs.hooks.iter().zip(functions(&subject)).zip(stages) {
        assert_eq!(functions::map(function, &[name]), Some(name));
        assert_eq!(hook.stages, stages);
    }
    assert_eq!(
        (ecs.hooks[0].timeout, ecs.hooks[0].on_timeout),
        (Duration::from_hours(24), TimeoutAction::Rollback)
    );
    assert_eq!(ecs.document["bakeTimeInMinutes"], 2);
}

#[test]
fn flags_go_before_what_the_built_in_service_has() {
    let options = Options { health_check: Some("/up".into()), ..test_rule("path=/green") };
    let front = read(&Source::BuiltIn, &options).unwrap().front.unwrap();
    assert_eq!(front.test.unwrap().conditions, [Condition::PathPattern(vec!["/green".into()])]);
    assert_eq!(front.health_check.path.as_deref(), Some("/up"));
}

#[test]
fn what_a_definition_does_not_say_is_noted() {
    let subject = read(&definition(EXAMPLE), &Options::default()).unwrap();
    assert_eq!(subject.source, "service.json");
    insta::assert_snapshot!(subject.notes.join("\n"), @r"
    the conditions of the test rule are not known (the service names the rule by its ARN only): it is taken to have a listener of its own, on port 8080, and no conditions; give them: --test-rule 'host=green.example.com,header:x-stage=green'
    the listeners are taken to speak HTTP, production on port 80
    the health check is not known: targets are taken to be checked at /; give another path with --health-check
    ");
    assert!(subject.front.unwrap().test.unwrap().conditions.is_empty());
}

#[test]
fn yaml_a_network_load_balancer_a_canary_and_a_pause_are_read() {
    let source = definition(include_str!("fixtures/canary.yaml"));
    let subject = read(&source, &Options::default()).unwrap();
    assert_eq!((&*subject.region, &*subject.account), ("eu-west-1", "210987654321"));
    assert_eq!((&*subject.cluster, &*subject.container, subject.container_port), ("shop", "web", 9000));
    let front = subject.front.as_ref().unwrap();
    assert_eq!((front.kind, front.test.is_none()), (LoadBalancerKind::Network, true));
    let ecs = ecs(&subject);
    let canary = Strategy::Canary { canary_percent: 0.5, canary_bake: Duration::from_mins(7) };
    assert_eq!((ecs.strategy, ecs.bake), (canary, Duration::from_mins(15)));
    assert_eq!((ecs.alarms.len(), ecs.circuit_breaker), (0, false));
    let [pause, lambda] = &ecs.hooks[..] else { panic!("{:?}", ecs.hooks) };
    assert_eq!((&pause.target, pause.on_timeout), (&HookTarget::Pause, TimeoutAction::Continue));
    assert_eq!(pause.timeout, Duration::from_hours(14 * 24));
    let HookTarget::Lambda { details, .. } = &lambda.target else { panic!("{lambda:?}") };
    // As ECS would hand it on: a text.
    assert_eq!(details, &Some(json!(r#"{"checks": []}"#)));
}

#[test]
fn what_is_left_out_has_the_defaults_of_aws() {
    let linear = json!({"strategy": "LINEAR", "linearConfiguration": {}});
    let subject =
        read(&definition(&changed("/deploymentConfiguration", linear)), &Options::default()).unwrap();
    assert_eq!(
        ecs(&subject).strategy,
        Strategy::Linear { step_percent: 10.0, step_bake: Duration::from_mins(6) }
    );
    let canary = json!({"strategy": "CANARY"});
    let subject =
        read(&definition(&changed("/deploymentConfiguration", canary)), &Options::default()).unwrap();
    let expected = Strategy::Canary { canary_percent: 5.0, canary_bake: Duration::from_mins(10) };
    assert_eq!((ecs(&subject).strategy, ecs(&subject).bake), (expected, Duration::from_mins(15)));
}

#[test]
fn a_service_without_a_load_balancer_is_read() {
    let subject = read(&definition(&changed("/loadBalancers", json!([]))), &Options::default()).unwrap();
    assert!(subject.front.is_none());
    assert_eq!(
        problems(&definition(&changed("/loadBalancers", Value::Null)), &test_rule("path=/x")),
        ["`--test-rule` is given, expected a service with a target group"]
    );
}

#[test]
fn a_shared_listener_needs_the_conditions_of_the_test_rule() {
    let rule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/hello/50dc6c495c0c9188/f2f7dc8efc500050/1";
    let text = changed("/loadBalancers/0/advancedConfiguration/testListenerRule", json!(rule));
    assert_eq!(
        problems(&definition(&text), &Options::default()),
        [
            "`service.json`: `loadBalancers[0].advancedConfiguration.testListenerRule` names a rule whose conditions are \
          not known (the service names the rule by its ARN only), expected conditions: it shares production's \
          listener -> give them: --test-rule 'host=green.example.com,header:x-stage=green'"
        ]
    );
    let front = read(&definition(&text), &test_rule("header:x-stage=green")).unwrap().front.unwrap();
    let test = front.test.unwrap();
    assert_eq!((front.production.port, test.port), (80, 80));
    assert!(test.priority < front.production.priority);
}

#[test]
fn services_that_aws_refuses_are_refused() {
    let advanced = "/loadBalancers/0/advancedConfiguration";
    for (pointer, value, expected) in [
        (
            "/serviceName".to_owned(),
            Value::Null,
            "`service.json`: `serviceName` is missing, expected the name of the service -> give it: --service NAME",
        ),
        (
            "/desiredCount".to_owned(),
            json!(-1),
            "`service.json`: `desiredCount` is `-1`, expected a whole number from 0 to 5000",
        ),
        (
            "/desiredCount".to_owned(),
            json!("3"),
            "`service.json`: `desiredCount` is the text `3`, expected a whole number from 0 to 5000",
        ),
        (
            "/deploymentController".to_owned(),
            json!({"type": "EXTERNAL"}),
            "`service.json`: `deploymentController.type` is `EXTERNAL`, expected ECS -> ECS calls no hooks for an external controller: there is nothing to rehearse",
        ),
        (
            "/deploymentController".to_owned(),
            json!({"type": "CODE_DEPLOY"}),
            "`service.json`: `deploymentController.type` is `CODE_DEPLOY`, expected ECS -> CodeDeploy's hooks stand in the AppSpec: give that file instead",
        ),
        (
            "/deploymentConfiguration".to_owned(),
            json!([]),
            "`service.json`: `deploymentConfiguration` is a list, expected an object",
        ),
        (
            "/deploymentConfiguration/strategy".to_owned(),
            json!("BLUE"),
            "`service.json`: `deploymentConfiguration.strategy` is `BLUE`, expected ROLLING, BLUE_GREEN, LINEAR or CANARY",
        ),
        (
            "/deploymentConfiguration/bakeTimeInMinutes".to_owned(),
            json!(1.5),
            "`service.json`: `deploymentConfiguration.bakeTimeInMinutes` is `1.5`, expected a whole number from 0 to 1440",
        ),
        (
            "/deploymentConfiguration".to_owned(),
            json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}}),
            "`service.json`: `deploymentConfiguration.linearConfiguration.stepPercent` is `2.9`, expected a number from 3 to 100",
        ),
        (
            "/deploymentConfiguration".to_owned(),
            json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0}}),
            "`service.json`: `deploymentConfiguration.canaryConfiguration.canaryPercent` is `0`, expected a number from 0.1 to 100",
        ),
        (
            "/deploymentConfiguration/alarms".to_owned(),
            json!({"alarmNames": [5], "enable": true, "rollback": true}),
            "`service.json`: `deploymentConfiguration.alarms.alarmNames[0]` is `5`, expected the name of an alarm",
        ),
        (
            advanced.to_owned(),
            Value::Null,
            "`service.json`: `loadBalancers` has 0 of 1 with an advancedConfiguration, expected advancedConfiguration in every one, which AWS requires with a non-ROLLING strategy -> add alternateTargetGroupArn, productionListenerRule and roleArn, and testListenerRule",
        ),
        (
            format!("{advanced}/alternateTargetGroupArn"),
            json!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hello-1/73e2d6bc24d8a061"),
            "is `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hello-1/73e2d6bc24d8a061`, expected another target group than targetGroupArn",
        ),
        (
            format!("{advanced}/productionListenerRule"),
            json!("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/hello/1/2"),
            "expected the ARN of a rule (Application Load Balancer) or of a listener (Network) -> the default rule has an ARN, too: aws elbv2 describe-rules --listener-arn ARN",
        ),
        (
            "/loadBalancers/0/containerPort".to_owned(),
            json!(70_000),
            "`service.json`: `loadBalancers[0].containerPort` is `70000`, expected a whole number from 1 to 65535",
        ),
    ] {
        refused(&pointer, value, expected);
    }
}

#[test]
fn hooks_that_aws_refuses_are_refused_in_its_words() {
    const HOOK: &str = "/deploymentConfiguration/lifecycleHooks/0";
    for (pointer, value, expected) in [
        (
            format!("{HOOK}/targetType"),
            json!("SQS"),
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].targetType` is `SQS`, expected what AWS takes: Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE",
        ),
        (
            HOOK.to_owned(),
            json!({"targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}),
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].lifecycleStages[0]` is `PRODUCTION_TRAFFIC_SHIFT`, expected a stage that a deployment can pause at: Invalid lifecycle stage provided for Pause Hook -> pause at PRE_PRODUCTION_TRAFFIC_SHIFT instead",
        ),
        (
            format!("{HOOK}/hookTargetArn"),
            Value::Null,
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].hookTargetArn` is missing, expected the ARN of a function, which hooks with the target type AWS_LAMBDA must have",
        ),
        (
            format!("{HOOK}/roleArn"),
            Value::Null,
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].roleArn` is missing, expected the ARN of the role that ECS calls the function with",
        ),
        (
            format!("{HOOK}/lifecycleStages"),
            json!([]),
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].lifecycleStages` is a list, expected at least one stage",
        ),
        (
            format!("{HOOK}/lifecycleStages"),
            json!(["BAKE_TIME"]),
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].lifecycleStages[0]` is `BAKE_TIME`, expected one of RECONCILE_SERVICE, PRE_SCALE_UP, POST_SCALE_UP, TEST_TRAFFIC_SHIFT, POST_TEST_TRAFFIC_SHIFT, PRE_PRODUCTION_TRAFFIC_SHIFT, PRODUCTION_TRAFFIC_SHIFT, POST_PRODUCTION_TRAFFIC_SHIFT",
        ),
        (
            format!("{HOOK}/timeoutConfiguration"),
            json!({"timeoutInMinutes": 1441}),
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].timeoutConfiguration.timeoutInMinutes` is `1441`, expected a whole number from 1 to 1440",
        ),
        (
            format!("{HOOK}/timeoutConfiguration"),
            json!({"action": "WAIT"}),
            "`service.json`: `deploymentConfiguration.lifecycleHooks[0].timeoutConfiguration.action` is `WAIT`, expected ROLLBACK or CONTINUE",
        ),
        (
            "/deploymentConfiguration/lifecycleHooks".to_owned(),
            vec![json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}); 11].into(),
            "`service.json`: `deploymentConfiguration.lifecycleHooks` has 11 hooks with the target type PAUSE, expected 10 or fewer of each type",
        ),
    ] {
        refused(&pointer, value, expected);
    }
}

/// One problem, which ends like this.
fn refused(pointer: &str, value: Value, expected: &str) {
    let found = problems(&definition(&changed(pointer, value)), &Options::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].ends_with(expected), "{}\n{expected}", found[0]);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = r#"{"deploymentConfiguration": {"strategy": "X", "bakeTimeInMinutes": -1, "lifecycleHooks": [5, {}]}}"#;
    assert_eq!(problems(&definition(text), &Options::default()).len(), 7);
}
