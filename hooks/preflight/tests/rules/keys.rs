//! Keys that AWS's API does not have: which are told, with what in their place, and whose are not.

use greenlight_preflight::{Document, Facts, Finding, Key, Spelling, find, judge};
use serde_json::{Value, json};

fn found(key: Key, document: Document) -> Vec<Finding> {
    let mut facts = Facts::default();
    facts.know(key, document);
    let judged = judge(find("KEY-UNKNOWN"), &facts);
    assert_eq!(judged.lacks, [], "nothing else is asked for");
    judged.findings
}

fn input(value: Value) -> Document {
    Document { is_input: true, ..Document::new("service.json", value) }
}

/// Each is told with the key that it is most like, which another case of the same letters is before all.
#[test]
fn a_misspelt_key_leads_to_the_known_one() {
    for (key, value, path, near) in [
        (
            Key::Service,
            json!({"deploymentConfiguration": {"lifecycleHook": []}}),
            "deploymentConfiguration.lifecycleHook",
            Some("lifecycleHooks"),
        ),
        (
            Key::Service,
            json!({"loadBalancers": [{}, {"advancedConfiguration": {"testListnerRule": "arn"}}]}),
            "loadBalancers[1].advancedConfiguration.testListnerRule",
            Some("testListenerRule"),
        ),
        (
            Key::Service,
            json!({"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetARN": "arn"}]}}),
            "deploymentConfiguration.lifecycleHooks[0].hookTargetARN",
            Some("hookTargetArn"),
        ),
        (
            Key::TaskDefinition,
            json!({"containerDefinition": []}),
            "containerDefinition",
            Some("containerDefinitions"),
        ),
        (Key::DeploymentGroup, json!({"ServiceRoleArn": "arn"}), "ServiceRoleArn", Some("serviceRoleArn")),
        (Key::Service, json!({"x": 1}), "x", None),
    ] {
        let findings = found(key, input(value));
        let [finding] = &findings[..] else { panic!("{path}: {findings:?}") };
        assert_eq!(finding.at.path, path);
        let fix = near.map(|near| format!("Write `{near}`, if that is what is meant."));
        assert_eq!(finding.fix, fix, "{path}");
    }
}

/// AWS knows the keys of its own answers, and a template or a plan has keys of its own.
#[test]
fn only_what_is_given_to_the_api_as_it_stands_is_judged() {
    let value = json!({"lifecycleHook": []});
    let answer = Document::new("arn:aws:ecs:us-east-1:123456789012:service/demo/hello", value.clone());
    assert_eq!(found(Key::Service, answer.clone()), []);
    for spelling in [Spelling::CloudFormation, Spelling::Terraform] {
        assert_eq!(found(Key::Service, Document { spelling, ..answer.clone() }), []);
    }
    assert_eq!(found(Key::AppSpec, input(value)), []);
}
