//! What becomes of a group and an AppSpec, part by part.

use super::*;
use crate::migrate::write;

fn app_spec() -> Value {
    json!({ "version": 0.0, "Resources": [{ "TargetService": {} }], "Hooks": [
        { "BeforeInstall": "CodeDeployHook_greenlight-preflight" },
        { "AfterInstall": "CodeDeployHook_greenlight-health" },
        { "AfterAllowTestTraffic": "arn:aws:lambda:eu-west-1:123456789012:function:validate" },
        { "BeforeAllowTraffic": "CodeDeployHook_greenlight-health" },
    ] })
}

fn group() -> Value {
    json!({ "deploymentGroupInfo": {
        "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes",
        "loadBalancerInfo": { "targetGroupPairInfoList": [{ "prodTrafficRoute": { "listenerArns": [
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/orders/50dc6c495c0c9188/f2f7dc8efc501f90",
        ] } }] },
        "blueGreenDeploymentConfiguration": {
            "terminateBlueInstancesOnDeploymentSuccess": { "action": "TERMINATE", "terminationWaitTimeInMinutes": 60 },
            "deploymentReadyOption": { "actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30 },
        },
        "autoRollbackConfiguration": { "enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] },
        "alarmConfiguration": { "enabled": true, "alarms": [{ "name": "orders-errors" }] },
    } })
}

fn made(group: Option<&Value>, config: Option<&Value>) -> Result<(Value, Vec<String>), Failure> {
    migrated(&Given {
        app_spec: &app_spec(),
        group,
        name: None,
        config,
        role: Some("arn:aws:iam::123456789012:role/hooks"),
    })
}

#[test]
fn a_group_and_its_app_spec_in_each_format() {
    let (configuration, notes) = made(Some(&group()), None).unwrap();
    let json = serde_json::to_string_pretty(&write::json(&configuration)).unwrap();
    insta::assert_snapshot!(
        [json, write::cloud_formation(&configuration), write::terraform(&configuration), notes.join("\n"),]
            .join("\n---\n")
    );
}

#[test]
fn an_app_spec_alone() {
    let spec = app_spec();
    let (configuration, notes) =
        migrated(&Given { app_spec: &spec, group: None, name: None, config: None, role: None }).unwrap();
    assert_eq!(configuration["strategy"], "BLUE_GREEN");
    let hook = &configuration["lifecycleHooks"][0];
    assert_eq!(
        hook["hookTargetArn"],
        "arn:aws:lambda:REGION:ACCOUNT:function:CodeDeployHook_greenlight-preflight"
    );
    assert_eq!(hook["roleArn"], "arn:aws:iam::ACCOUNT:role/ROLE");
    for words in [
        "without `--deployment-group`",
        "REGION and ACCOUNT",
        "ROLE is the role",
        "HookStatus must not be null",
    ] {
        assert!(notes.iter().any(|note| note.contains(words)), "{words}: {notes:#?}");
    }
}

#[test]
fn every_deployment_configuration_of_codedeploy_itself() {
    let steps = |name: &str| {
        let mut group = group();
        group["deploymentGroupInfo"]["deploymentConfigName"] = name.into();
        made(Some(&group), None).map(|(made, _)| {
            (
                made["strategy"].clone(),
                made["linearConfiguration"].clone(),
                made["canaryConfiguration"].clone(),
            )
        })
    };
    // The five of the ECS platform, as the CodeDeploy user guide lists them.
    let linear = |minutes: u64| {
        (json!("LINEAR"), json!({ "stepPercent": 10, "stepBakeTimeInMinutes": minutes }), Value::Null)
    };
    let canary = |minutes: u64| {
        (json!("CANARY"), Value::Null, json!({ "canaryPercent": 10, "canaryBakeTimeInMinutes": minutes }))
    };
    for (name, expected) in [
        ("ECSLinear10PercentEvery1Minutes", linear(1)),
        ("ECSLinear10PercentEvery3Minutes", linear(3)),
        ("ECSCanary10Percent5Minutes", canary(5)),
        ("ECSCanary10Percent15Minutes", canary(15)),
        ("ECSAllAtOnce", (json!("BLUE_GREEN"), Value::Null, Value::Null)),
    ] {
        assert_eq!(steps(&format!("CodeDeployDefault.{name}")).unwrap(), expected, "{name}");
    }
    for name in [
        "mine",
        "CodeDeployDefault.LambdaAllAtOnce",
        "CodeDeployDefault.ECSCanaryXPercent5Minutes",
        "CodeDeployDefault.ECS",
    ] {
        let error = steps(name).unwrap_err().to_string();
        assert!(
            error.contains(&format!("what `{name}` does is not known"))
                && error.contains("--deployment-config"),
            "{error}"
        );
    }
}

#[test]
fn another_configuration_than_the_group_s() {
    let (spec, group) = (app_spec(), group());
    let name = Some("CodeDeployDefault.ECSLinear10PercentEvery1Minutes");
    let given = |group| Given { app_spec: &spec, group, name, config: None, role: None };
    let (configuration, _) = migrated(&given(Some(&group))).unwrap();
    assert_eq!(
        (&configuration["strategy"], &configuration["bakeTimeInMinutes"]),
        (&json!("LINEAR"), &json!(60))
    );
    let (configuration, notes) = migrated(&given(None)).unwrap();
    assert_eq!(configuration["strategy"], "LINEAR");
    assert!(notes.iter().all(|note| !note.contains("BLUE_GREEN")), "{notes:#?}");
}

#[test]
fn what_is_no_group_is_not_taken_for_one_without_alarms() {
    for other in [
        json!({}),
        app_spec(),
        json!({ "serviceName": "orders", "loadBalancers": [] }),
        json!({ "deploymentGroupInfo": 1 }),
    ] {
        let error = made(Some(&other), None).unwrap_err().to_string();
        assert!(error.contains("is no deployment group"), "{other}: {error}");
    }
    let (_, notes) = made(Some(&json!({ "deploymentGroupName": "orders" })), None).unwrap();
    assert!(notes.iter().any(|note| note.contains("names no deployment configuration")), "{notes:#?}");
}

#[test]
fn a_configuration_of_one_s_own() {
    let config = |routing: Value| json!({ "deploymentConfigInfo": { "trafficRoutingConfig": routing } });
    let mut group = group();
    group["deploymentGroupInfo"]["deploymentConfigName"] = "mine".into();
    let linear = config(
        json!({ "type": "TimeBasedLinear", "timeBasedLinear": { "linearPercentage": 25, "linearInterval": 4 } }),
    );
    let (made_of, _) = made(Some(&group), Some(&linear)).unwrap();
    assert_eq!(made_of["linearConfiguration"], json!({ "stepPercent": 25, "stepBakeTimeInMinutes": 4 }));
    for wrong in [json!({}), json!({ "type": "Zonal" }), json!({ "type": "TimeBasedCanary" }), Value::Null] {
        assert!(made(Some(&group), Some(&config(wrong))).is_err());
    }
}

#[test]
fn what_ecs_cannot_do_is_said() {
    let mut group = group();
    let info = &mut group["deploymentGroupInfo"];
    info["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"]["terminationWaitTimeInMinutes"] =
        2880.into();
    info["autoRollbackConfiguration"]["events"] = json!(["DEPLOYMENT_FAILURE"]);
    info["alarmConfiguration"]["ignorePollAlarmFailure"] = true.into();
    let (configuration, notes) = made(Some(&group), None).unwrap();
    assert_eq!(configuration["bakeTimeInMinutes"], 1440);
    assert_eq!(configuration["alarms"]["rollback"], false);
    for words in ["blue was kept for 2880 minutes", "think again", "ignorePollAlarmFailure"] {
        assert!(notes.iter().any(|note| note.contains(words)), "{words}: {notes:#?}");
    }
    let info = &mut group["deploymentGroupInfo"];
    info["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"] =
        json!({ "action": "KEEP_ALIVE" });
    info["autoRollbackConfiguration"] = json!({ "enabled": false, "events": ["DEPLOYMENT_STOP_ON_ALARM"] });
    let slow = json!({ "trafficRoutingConfig": { "type": "TimeBasedLinear", "timeBasedLinear": { "linearPercentage": 1, "linearInterval": 2880 } } });
    let (configuration, notes) = made(Some(&group), Some(&slow)).unwrap();
    assert_eq!(configuration["bakeTimeInMinutes"], 1440);
    assert_eq!(configuration["alarms"]["rollback"], false);
    assert_eq!(
        configuration["linearConfiguration"],
        json!({ "stepPercent": 3, "stepBakeTimeInMinutes": 1440 })
    );
    for words in
        ["until somebody took it away", "steps were of 1 %", "a step baked for 2880 minutes", "think again"]
    {
        assert!(notes.iter().any(|note| note.contains(words)), "{words}: {notes:#?}");
    }
}

#[test]
fn what_is_no_app_spec_of_ecs_is_an_error() {
    for (spec, why) in [
        (json!({}), "it has no list `Resources`"),
        (
            json!({ "Resources": [], "Hooks": [{ "ApplicationStop": "f" }] }),
            "`ApplicationStop` is no event with a hook",
        ),
        (json!({ "Resources": [], "Hooks": [{ "AfterInstall": 1 }] }), "`AfterInstall` names no function"),
    ] {
        let error = migrated(&Given { app_spec: &spec, group: None, name: None, config: None, role: None })
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn another_file_and_what_is_no_role_are_refused() {
    let role = "arn:aws:iam::123456789012:role/hooks";
    let refused = |app_spec: &Value, role| {
        let given = Given { app_spec, group: None, name: None, config: None, role: Some(role) };
        migrated(&given).map(|_| ()).unwrap_err().to_string()
    };
    for other in [json!({ "Resources": { "Service": {} } }), json!({ "family": "app" }), json!([])] {
        assert!(refused(&other, role).contains("is no AppSpec of ECS"), "{other}");
    }
    let words = refused(&app_spec(), "hooks");
    assert!(words.contains("`hooks` is no ARN of a role"), "{words}");
}
