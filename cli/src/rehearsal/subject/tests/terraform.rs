use std::time::Duration;

use serde_json::json;

use super::*;
use crate::rehearsal::controller::configuration::Strategy;

const PLAN: &str = include_str!("fixtures/plan.json");
const SERVICE: &str = "/planned_values/root_module/child_modules/0/resources/0/values";

fn plan(text: &str) -> Source<'_> {
    Source::Terraform(File { name: "plan.json", text })
}

fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut document: Value = serde_json::from_str(PLAN).unwrap();
    change(&mut document);
    document.to_string()
}

#[test]
fn a_plan_says_all_of_it_through_its_modules() {
    let subject = read(&plan(PLAN), &Options::default()).unwrap();
    assert_eq!(subject.source, r#"module.web["a.b"].aws_ecs_service.this of plan.json"#);
    assert_eq!((&*subject.cluster, &*subject.service, &*subject.region), ("shop", "shop", "eu-central-1"));
    let front = subject.front.as_ref().unwrap();
    let test = front.test.as_ref().unwrap();
    assert!(front.internal);
    assert_eq!((&*front.production.protocol, front.production.port, test.port), ("HTTPS", 443, 443));
    assert_eq!(test.certificate, ["*.example.com"]);
    assert_eq!((front.production.priority, test.priority), (30, 29));
    assert_eq!(front.production.conditions, rule::conditions("host=shop.example.com").unwrap());
    assert_eq!(test.conditions, rule::conditions("header:x-stage=green,query=preview").unwrap());
    assert_eq!(front.health_check.path.as_deref(), Some("/ok"));
    assert_eq!((subject.health_checks.interval.as_secs(), subject.health_checks.healthy_threshold), (15, 3));
    let ecs = ecs(&subject);
    let linear = Strategy::Linear { step_percent: 25.0, step_bake: Duration::from_mins(2) };
    assert_eq!((ecs.strategy, ecs.bake), (linear, Duration::from_mins(3)));
    assert_eq!((&*ecs.alarms, ecs.circuit_breaker), (&["shop-errors".to_owned()][..], true));
    assert_eq!(
        functions(&subject),
        [
            "arn:aws:lambda:eu-central-1:123456789012:function:approve",
            "greenlight-test-traffic",
            "greenlight-test-traffic",
            "module.hooks.arn"
        ]
    );
    let HookTarget::Lambda { details, .. } = &ecs.hooks[1].target else { panic!("{ecs:?}") };
    assert_eq!(details, &Some(json!({"checks": []})));
    assert_eq!(
        subject.notes,
        [
            "hook module.hooks.arn at RECONCILE_SERVICE is called only where a deployment begins with more than one \
             active revision"
        ]
    );
}

#[test]
fn several_services_need_an_address() {
    let text = changed(|document| {
        let resources = document.pointer_mut("/planned_values/root_module/resources").unwrap();
        resources.as_array_mut().unwrap().push(json!({
            "address": "aws_ecs_service.other", "mode": "managed", "type": "aws_ecs_service", "name": "other",
            "values": {"name": "other"}
        }));
    });
    assert_eq!(
        problems(&plan(&text), &Options::default()),
        [
            r#"`plan.json` has 2 services: `aws_ecs_service.other`, `module.web["a.b"].aws_ecs_service.this`, expected one, or to be told which -> say which one: --service ADDRESS"#
        ]
    );
    let options = Options { service: Some("aws_ecs_service.other".to_owned()), ..Options::default() };
    let subject = read(&plan(&text), &options).unwrap();
    assert_eq!((&*subject.service, ecs(&subject).strategy), ("other", Strategy::Rolling));
}

#[test]
fn paths_are_those_of_the_plan() {
    let text = changed(|document| {
        let configuration = document.pointer_mut(&format!("{SERVICE}/deployment_configuration/0")).unwrap();
        configuration["linear_configuration"][0]["step_percent"] = json!(1);
        configuration["lifecycle_hook"][2]["lifecycle_stages"] = json!(["NOW"]);
    });
    let found = problems(&plan(&text), &Options::default());
    let at = r#"`plan.json`: `module.web["a.b"].aws_ecs_service.this.deployment_configuration"#;
    assert_eq!(
        found[0],
        format!("{at}.linear_configuration.step_percent` is `1`, expected a number from 3 to 100")
    );
    assert!(
        found[1].starts_with(&format!("{at}.lifecycle_hook[2].lifecycle_stages[0]` is `NOW`")),
        "{}",
        found[1]
    );
}

#[test]
fn which_of_two_functions_a_hook_calls_is_not_guessed() {
    let text = changed(|document| {
        let hooks = format!("{SERVICE}/deployment_configuration/0/lifecycle_hook");
        *document.pointer_mut(&hooks).unwrap() = json!([
            {"hook_details": "1", "lifecycle_stages": ["POST_SCALE_UP"]},
            {"hook_details": "2", "lifecycle_stages": ["POST_SCALE_UP"]},
        ]);
        let blocks = "/configuration/root_module/module_calls/web/module/resources/0/expressions/deployment_configuration/0/lifecycle_hook";
        let block = |reference: &str| {
            json!({
                "hook_target_arn": {"references": [reference]}, "hook_details": {},
                "lifecycle_stages": {"constant_value": ["POST_SCALE_UP"]},
            })
        };
        *document.pointer_mut(blocks).unwrap() = json!([block("var.hook"), block("var.other")]);
    });
    let subject = read(&plan(&text), &Options::default()).unwrap();
    let at = |index: usize| {
        format!(r#"module.web["a.b"].aws_ecs_service.this.deployment_configuration.lifecycle_hook[{index}]"#)
    };
    assert_eq!(functions(&subject), [at(0), at(1)]);
    assert_eq!(functions::map(functions(&subject)[0], &["test-traffic"]), None);
}

#[test]
fn a_file_that_is_no_plan_is_told() {
    assert_eq!(
        problems(&plan("{}"), &Options::default()),
        ["`plan.json` has no `planned_values`, expected the output of `terraform show -json PLAN`"]
    );
}
