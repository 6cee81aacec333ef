//! Who takes part when some are named.

use serde_json::json;

use super::*;
use crate::rehearsal::subject::{self, AppSpec, File, Source};

/// A service with two functions and a PAUSE hook.
fn ecs() -> Subject {
    let mut definition: Value =
        serde_json::from_str(include_str!("../../../../tests/rehearsals/pause-and-hook.json")).unwrap();
    let hooks = definition["deploymentConfiguration"]["lifecycleHooks"].as_array_mut().unwrap();
    let mut other = hooks[1].clone();
    other["hookTargetArn"] = json!("arn:aws:lambda:us-east-1:123456789012:function:prod-health:live");
    hooks.push(other);
    let text = definition.to_string();
    let rule = subject::rule::conditions("host=green.example.com").unwrap();
    let options = subject::Options {
        test_rule: Some(rule),
        health_check: Some(subject::rule::health_check("/ping").unwrap()),
        ..subject::Options::default()
    };
    let file = File { name: "service.json", text: &text };
    subject::read(&Source::ServiceDefinition(file), &options).unwrap()
}

fn codedeploy() -> Subject {
    let file =
        File { name: "appspec.yaml", text: include_str!("../../../../examples/codedeploy/appspec.yaml") };
    let source = Source::AppSpec(AppSpec {
        file,
        deployment_configuration: None,
        deployment_configuration_file: None,
        deployment_group: None,
    });
    subject::read(&source, &subject::Options::default()).unwrap()
}

/// Those that take part, as the controller calls them and as the deployment is described.
fn chosen(hooks: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let mut subject = ecs();
    hooks.parse::<Hooks>()?.choose(&mut subject).map_err(|failure| failure.to_string())?;
    let Configuration::Ecs(ecs) = &subject.configuration else { panic!("{:?}", subject.configuration) };
    let name = |arn: Option<&str>| arn.map_or("PAUSE", functions::name).to_owned();
    let called = ecs.hooks.iter().map(|hook| name(hook.target.function())).collect();
    let told = ecs.document["lifecycleHooks"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok((called, told.iter().map(|hook| name(hook["hookTargetArn"].as_str())).collect()))
}

#[test]
fn those_take_part_that_are_named() {
    for (hooks, expected) in [
        ("all", &["PAUSE", "greenlight-test-traffic", "prod-health"][..]),
        ("none", &[]),
        ("health", &["prod-health"]),
        ("prod-health", &["prod-health"]),
        ("arn:aws:lambda:us-east-1:123456789012:function:prod-health:live", &["prod-health"]),
        ("pause", &["PAUSE"]),
        ("pause, test-traffic", &["PAUSE", "greenlight-test-traffic"]),
        ("health,test-traffic", &["greenlight-test-traffic", "prod-health"]),
    ] {
        let (called, told) = chosen(hooks).unwrap();
        assert_eq!(called, expected, "{hooks}");
        // Whoever describes the deployment sees the same.
        assert_eq!(told, expected, "{hooks}");
    }
}

#[test]
fn who_does_not_exist_cannot_take_part() {
    let refused = chosen("health,metrics").unwrap_err();
    assert_eq!(
        refused,
        "`--hooks metrics` names a hook that service.json does not have\n\
         hint: expected `all`, `none`, or some of its hooks, with commas: \
         `greenlight-test-traffic`, `prod-health`, `pause`"
    );
    let mut without = codedeploy();
    let refused = Hooks::Only(vec![PAUSE.to_owned()]).choose(&mut without).unwrap_err().to_string();
    assert!(refused.starts_with("`--hooks pause` names a hook that "), "{refused}");
    assert!(!refused.ends_with("`pause`"), "{refused}");
}

#[test]
fn an_empty_name_is_nobodys() {
    for (hooks, expected) in [
        ("metrics,", "name 2 of 2 is empty: "),
        (",metrics", "name 1 of 2 is empty: "),
        ("health, ,metrics", "name 2 of 3 is empty: "),
        ("", "no hook is named: "),
        (" ", "no hook is named: "),
    ] {
        let refused = hooks.parse::<Hooks>().unwrap_err();
        assert!(refused.starts_with(expected), "{hooks:?}: {refused}");
    }
}

#[test]
fn functions_of_codedeploy_take_part_by_their_names() {
    for (hooks, expected) in [("none", 0), ("test-traffic", 1)] {
        let mut subject = codedeploy();
        hooks.parse::<Hooks>().unwrap().choose(&mut subject).unwrap();
        assert_eq!(functions_of(&subject.configuration).len(), expected, "{hooks}");
    }
}

#[test]
fn a_deployment_without_hooks_is_said_to_have_none() {
    let mut subject = ecs();
    Hooks::None.choose(&mut subject).unwrap();
    let before = subject.notes.len();
    Hooks::All.choose(&mut subject).unwrap();
    assert_eq!(subject.notes[before..], ["no hook takes part: the deployment has none".to_owned()]);
}
