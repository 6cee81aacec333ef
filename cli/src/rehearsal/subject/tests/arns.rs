//! What an owner's files call the parts of a load balancer is what they are called in the world.

use serde_json::json;

use super::*;
use crate::rehearsal::aws::worlds::{self, Arns, BlueGreen};

const EXAMPLE: &str = include_str!("../../../../../examples/ecs-native/service.json");
const ELB: &str = "arn:aws:elasticloadbalancing:eu-west-1:210987654321";

/// A service with these ARNs: the pair of target groups, production and test.
fn definition([first, second, production, test]: [&str; 4]) -> String {
    json!({
        "serviceName": "orders",
        "loadBalancers": [{
            "targetGroupArn": first, "containerName": "app", "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": second, "productionListenerRule": production,
                "testListenerRule": test, "roleArn": "role",
            },
        }],
        "deploymentConfiguration": {"strategy": "BLUE_GREEN"},
    })
    .to_string()
}

fn read_definition(text: &str, options: &Options) -> Subject {
    read(&Source::ServiceDefinition(File { name: "service.json", text }), options).unwrap()
}

/// The target groups, production and test of the world that a subject is played in.
fn of_world(subject: &Subject) -> [String; 4] {
    let parameters =
        BlueGreen { service: subject.service.clone(), front: subject.front.clone(), ..BlueGreen::default() };
    let world = parameters.world();
    let known = |arn: &str| {
        world.elb.rules.iter().any(|it| it.arn == arn)
            || world.elb.listeners.iter().any(|it| it.arn == arn || it.default_rule_arn() == arn)
    };
    let (production, test) = (parameters.production_rule_arn().unwrap(), parameters.test_rule_arn().unwrap());
    assert!(known(&production) && known(&test), "{production} {test} {:?}", world.elb);
    let groups: Vec<&str> = world.elb.target_groups.iter().map(|it| &*it.arn).collect();
    let [first, second] = *groups else { panic!("{groups:?}") };
    [first.to_owned(), second.to_owned(), production, test]
}

#[test]
fn the_arns_of_a_definition_are_those_of_the_world() {
    let (first, second) = (format!("{ELB}:targetgroup/one/73e2"), format!("{ELB}:targetgroup/two/73e3"));
    let at = |resource: &str| format!("{ELB}:{resource}");
    for (production, test, listeners) in [
        ("listener-rule/app/shop/50dc/f2f7/9683", "listener-rule/app/shop/50dc/f2f8/9684", 2),
        ("listener-rule/app/shop/50dc/f2f7/9683", "listener-rule/app/shop/50dc/f2f7/9684", 1),
        ("listener-rule/app/shop/50dc/f2f7/7f2f", "listener-rule/app/shop/50dc/f2f7/9684", 1),
        ("listener/net/shop/50dc/f2f7", "listener/net/shop/50dc/f2f8", 2),
    ] {
        let (production, test) = (at(production), at(test));
        let given = [&*first, &*second, &*production, &*test];
        let options =
            if production.contains("/net/") { Options::default() } else { test_rule("path=/green") };
        let subject = read_definition(&definition(given), &options);
        assert_eq!(
            subject.front.as_ref().unwrap().arns,
            Arns {
                target_groups: [Some(first.clone()), Some(second.clone())],
                production: Some(production.clone()),
                test: Some(test.clone()),
                role: None,
            }
        );
        assert_eq!(of_world(&subject), given);
        let world = BlueGreen { front: subject.front, ..BlueGreen::default() }.world();
        assert_eq!(world.elb.listeners.len(), listeners, "{production} {test}");
    }
}

#[test]
fn the_arns_of_the_built_in_service_are_those_of_the_world() {
    let document: Value = serde_json::from_str(EXAMPLE).unwrap();
    let balancer = &document["loadBalancers"][0];
    let advanced = &balancer["advancedConfiguration"];
    let subject = read(&Source::BuiltIn, &Options::default()).unwrap();
    assert_eq!(
        of_world(&subject).map(Value::from),
        [
            balancer["targetGroupArn"].clone(),
            advanced["alternateTargetGroupArn"].clone(),
            advanced["productionListenerRule"].clone(),
            advanced["testListenerRule"].clone(),
        ]
    );
}

#[test]
fn a_rolling_service_has_one_target_group() {
    let group = format!("{ELB}:targetgroup/one/73e2");
    let text = json!({"serviceName": "x", "loadBalancers": [{"targetGroupArn": group}]}).to_string();
    let subject = read_definition(&text, &Options::default());
    assert_eq!(subject.front.unwrap().arns, Arns { target_groups: [Some(group), None], ..Arns::default() });
}

#[test]
fn what_is_yet_to_be_made_has_no_arn() {
    for text in [
        include_str!("fixtures/blue_green.yaml"),
        include_str!("fixtures/sam.yaml"),
        include_str!("fixtures/code_deploy.yaml"),
        include_str!("fixtures/plan.json"),
        include_str!("../../../../../examples/codedeploy/appspec.json"),
    ] {
        let source = Source::detect(File { name: "file", text }).unwrap();
        let subject = read(&source, &Options::default()).unwrap();
        assert_eq!(subject.front.unwrap().arns, Arns::default(), "{text:.60}");
    }
}

#[test]
fn templates_and_plans_may_name_what_is_made_already() {
    let listener = format!("{ELB}:listener/net/shop/50dc/f2f7");
    let template = include_str!("fixtures/sam.yaml");
    let text = template
        .replace("ProductionListenerRule: !Ref Listener", &format!("ProductionListenerRule: {listener}"));
    assert_ne!(text, template);
    let subject = read(&Source::CloudFormation(File { name: "sam.yaml", text: &text }), &Options::default());
    let front = subject.unwrap().front.unwrap();
    assert_eq!(front.arns, Arns { production: Some(listener.clone()), ..Arns::default() });

    let group = format!("{ELB}:targetgroup/one/73e2");
    let mut plan: Value = serde_json::from_str(include_str!("fixtures/plan.json")).unwrap();
    let balancer = "/planned_values/root_module/child_modules/0/resources/0/values/load_balancer/0";
    plan.pointer_mut(balancer).unwrap()["target_group_arn"] = json!(group);
    let text = plan.to_string();
    let subject = read(&Source::Terraform(File { name: "plan.json", text: &text }), &Options::default());
    let front = subject.unwrap().front.unwrap();
    assert_eq!(front.arns, Arns { target_groups: [Some(group), None], ..Arns::default() });
}

#[test]
fn a_deployment_group_names_target_groups_and_listeners() {
    let at = |id: &str| format!("{ELB}:listener/app/shop/50dc/{id}");
    let group = json!({"deploymentGroupInfo": {"loadBalancerInfo": {"targetGroupPairInfoList": [{
        "targetGroups": [{"name": "one"}, {"name": "two"}],
        "prodTrafficRoute": {"listenerArns": [at("f2f7")]},
        "testTrafficRoute": {"listenerArns": [at("f2f8")]},
    }]}}})
    .to_string();
    let subject = read(
        &Source::AppSpec(AppSpec {
            file: File {
                name: "appspec.json",
                text: include_str!("../../../../../examples/codedeploy/appspec.json"),
            },
            deployment_configuration: None,
            deployment_configuration_file: None,
            deployment_group: Some(File { name: "group.json", text: &group }),
        }),
        &Options::default(),
    )
    .unwrap();
    let front = subject.front.unwrap();
    assert_eq!(
        front.arns,
        Arns {
            target_groups: [Some("one".to_owned()), Some("two".to_owned())],
            production: Some(at("f2f7")),
            test: Some(at("f2f8")),
            role: None,
        }
    );
    let parameters = worlds::CodeDeploy { front, ..worlds::CodeDeploy::default() };
    let world = parameters.world();
    let listeners: Vec<&str> = world.elb.listeners.iter().map(|it| &*it.arn).collect();
    assert_eq!(listeners, [at("f2f7"), at("f2f8")]);
    let names: Vec<&str> = world.elb.target_groups.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["one", "two"]);
}
