//! Keys that AWS's API does not have, and values of another kind: which are told, with what in their place, and whose are not.

use greenlight_preflight::{Document, Facts, Finding, Key, Spelling, find, judge};
use serde_json::{Value, json};

fn found(key: Key, document: Document) -> Vec<Finding> {
    found_by("KEY-UNKNOWN", key, document)
}

fn found_by(rule: &str, key: Key, document: Document) -> Vec<Finding> {
    let mut facts = Facts::default();
    facts.know(key, document);
    let judged = judge(find(rule), &facts);
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
        let kind = Document { spelling, ..Document::new("service.json", json!({"desiredCount": "two"})) };
        assert_eq!(found_by("VALUE-KIND", Key::Service, kind), []);
    }
    assert_eq!(found(Key::AppSpec, input(value)), []);
}

/// The kind that is there is told, the kind that is to be there, and what to write where that is plain.
#[test]
fn a_value_of_another_kind_is_told_with_what_to_write() {
    let list = Some("Write a list in square brackets, each of its elements by itself.");
    for (key, value, path, kinds, fix) in [
        (Key::Service, json!({"desiredCount": "two"}), "desiredCount", ("a text", "a whole number"), None),
        (
            Key::Service,
            json!({"desiredCount": "2"}),
            "desiredCount",
            ("a text", "a whole number"),
            Some("Write `2`, without quotes."),
        ),
        (
            Key::Service,
            json!({"enableExecuteCommand": "true"}),
            "enableExecuteCommand",
            ("a text", "`true` or `false`"),
            Some("Write `true`, without quotes."),
        ),
        // It is `ENABLED` that is meant.
        (
            Key::Service,
            json!({"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": true}}}),
            "networkConfiguration.awsvpcConfiguration.assignPublicIp",
            ("`true` or `false`", "a text"),
            None,
        ),
        (Key::TaskDefinition, json!({"cpu": 256}), "cpu", ("a number", "a text"), Some("Put it in quotes.")),
        (
            Key::Service,
            json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": "subnet-1,subnet-2"}}}),
            "networkConfiguration.awsvpcConfiguration.subnets",
            ("a text", "a list"),
            list,
        ),
        (Key::Service, json!({"tags": {"team": "shop"}}), "tags", ("an object", "a list"), list),
        (
            Key::Service,
            json!({"loadBalancers": [{"containerPort": 80.5}]}),
            "loadBalancers[0].containerPort",
            ("a number with a fraction", "a whole number"),
            None,
        ),
        (
            Key::DeploymentGroup,
            json!({"alarmConfiguration": true}),
            "alarmConfiguration",
            ("`true` or `false`", "an object"),
            None,
        ),
    ] {
        let findings = found_by("VALUE-KIND", key, input(value));
        let [finding] = &findings[..] else { panic!("{path}: {findings:?}") };
        assert_eq!(finding.at.path, path);
        assert_eq!(finding.observed, format!("{}, where AWS's API takes {}", kinds.0, kinds.1), "{path}");
        assert_eq!(finding.fix.as_deref(), fix, "{path}");
    }
}

/// What is there may be a password, and is not said.
#[test]
fn a_value_of_another_kind_is_not_told() {
    for environment in [json!([{"name": "PASSWORD", "value": 87_654_321}]), json!({"PASSWORD": "87654321"})] {
        let value = json!({"containerDefinitions": [{"environment": environment}]});
        let findings = found_by("VALUE-KIND", Key::TaskDefinition, input(value));
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(!format!("{finding:?}").contains("87654321"), "{finding:?}");
    }
}

/// What a tool puts in the place of a placeholder may be of any kind, so that nothing is judged.
#[test]
fn a_placeholder_is_of_no_kind() {
    for text in ["${COUNT}", "$COUNT", "{{ env.COUNT }}", "<COUNT>", "%COUNT%", "__COUNT__"] {
        let mut facts = Facts::default();
        facts.know(Key::Service, input(json!({"desiredCount": text})));
        let judged = judge(find("VALUE-KIND"), &facts);
        assert_eq!((judged.findings, judged.lacks.len()), (vec![], 1), "{text}");
    }
}
