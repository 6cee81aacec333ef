//! What is printed, format by format, and that nothing is asked for that is not known.

use clap::Parser;
use greenlight::{Protocol, deployment::Asks};

use super::{Reader, format, place::Place, readers, resources, roles};
use crate::{arguments::Arguments, arguments::Command, arguments::IamOptions, hooks};

const SERVICE: &str = "arn:aws:ecs:eu-west-1:123456789012:service/shop/orders";

fn options(arguments: &[&str]) -> IamOptions {
    let arguments = ["greenlight", "iam"].iter().chain(arguments);
    match Arguments::try_parse_from(arguments).unwrap().command {
        Command::Iam(options) => options,
        _ => panic!("another command"),
    }
}

fn shown(arguments: &[&str], format: fn(&[format::Role]) -> String) -> String {
    format(&roles(&options(arguments)).unwrap().0)
}

fn json(roles: &[format::Role]) -> String {
    serde_json::to_string_pretty(&format::json(roles)).unwrap()
}

#[test]
fn a_hook_as_policy_documents() {
    insta::assert_snapshot!(shown(&["--hooks", "health", "--service", SERVICE], json));
}

#[test]
fn a_hook_as_cloud_formation() {
    let arguments =
        ["--hooks", "metrics", "--service", SERVICE, "--application", "shop", "--deployment-group", "orders"];
    insta::assert_snapshot!(shown(&arguments, format::cloud_formation));
}

#[test]
fn a_hook_as_terraform() {
    let arguments = [
        "--hooks",
        "test-traffic",
        "--service",
        "arn:aws-cn:ecs:cn-north-1:123456789012:service/shop/orders",
        "--protocol",
        "ecs,pause",
        "--plan-parameter",
        "/greenlight/{cluster}/{service}",
        "--overrides",
        "/greenlight/overrides",
        "--event-bus",
        "arn:aws-cn:events:cn-north-1:123456789012:event-bus/releases",
        "--function",
        "greenlight-orders",
    ];
    insta::assert_snapshot!(shown(&arguments, format::terraform));
}

#[test]
fn who_only_looks() {
    let (roles, notes) = roles(&options(&["--for", "doctor", "--protocol", "ecs,codedeploy"])).unwrap();
    insta::assert_snapshot!(format!("{:#}\n{}", format::policy(&roles), notes.join("\n")));
}

#[test]
fn who_explains_reads_what_an_explanation_calls_and_no_more() {
    let of = |arguments: &[&str]| {
        let roles = roles(&options(&[&["--for", "explain"], arguments].concat())).unwrap().0;
        let (mut actions, mut resources) = (Vec::new(), Vec::new());
        for statement in &roles[0].statements {
            actions.extend(statement.actions.clone());
            resources.extend(statement.resources.iter().filter(|arn| *arn != "*").cloned());
        }
        (actions, resources)
    };
    let names = |actions: &[String], service: &str| actions.iter().any(|action| action.starts_with(service));
    let (of_a_service, resources) = of(&["--service", SERVICE]);
    assert!(!names(&of_a_service, "codedeploy:") && !names(&of_a_service, "ecs:ListServices"));
    assert!(
        resources
            .iter()
            .all(|arn| arn.contains(":eu-west-1:123456789012:") && !arn.starts_with("arn:aws:iam"))
    );
    let (of_a_region, _) = of(&[]);
    for action in ["ecs:ListClusters", "ecs:ListServices", "ecs:DescribeTaskSets", "codedeploy:GetDeployment"]
    {
        assert!(of_a_region.iter().any(|known| known == action), "{action}");
    }
    let group = ["--application", "shop", "--deployment-group", "orders"];
    let place = ["--region", "cn-north-1", "--account", "123456789012"];
    let (_, resources) = of(&[&group[..], &place].concat());
    let arn = "arn:aws-cn:codedeploy:cn-north-1:123456789012:deploymentgroup:shop/orders";
    assert!(resources.iter().any(|known| known == arn), "{resources:?}");
    let (of_codedeploy, _) = of(&[&group[..], &["--service", SERVICE]].concat());
    assert!(!names(&of_codedeploy, "ecs:ListServiceDeployments") && names(&of_codedeploy, "codedeploy:"));
}

#[test]
fn cloud_formation_is_yaml_that_says_what_the_documents_say() {
    let (roles, _) = roles(&options(&["--service", SERVICE])).unwrap();
    let template = crate::yaml::read(&format::cloud_formation(&roles)).unwrap();
    let documents = format::json(&roles);
    for (id, name) in [("Health", "health"), ("TestTraffic", "test-traffic"), ("Invoke", "invoke")] {
        let properties = &template["Resources"][format!("Greenlight{id}Role")]["Properties"];
        assert_eq!(properties["Policies"][0]["PolicyDocument"], documents[name]["policy"], "{name}");
        assert_eq!(properties["AssumeRolePolicyDocument"], documents[name]["trust"], "{name}");
    }
}

#[test]
fn every_action_has_a_statement_that_says_what_it_is_for() {
    let protocols = [Protocol::Ecs, Protocol::CodeDeploy, Protocol::Pause];
    let of_hooks = hooks::all().flat_map(|hook| hook.plan(serde_json::Map::new()).unwrap().asks());
    let mut actions: Vec<_> = of_hooks
        .chain([Asks::Approaches, Asks::GracePeriod, Asks::Alarms])
        .flat_map(|asks| protocols.into_iter().flat_map(move |protocol| asks.actions(protocol)))
        .collect();
    actions.extend(protocols.iter().flat_map(|protocol| protocol.actions()));
    for reader in [Reader::Doctor, Reader::Explain] {
        actions.extend(readers::actions(reader, &protocols, false));
    }
    for action in actions {
        assert!(resources::is_known(action), "{action} has no resources");
    }
}

/// What the doctor says that a hook in a VPC needs endpoints for is what it is allowed to call.
#[test]
fn the_services_that_hooks_call_are_those_that_their_checks_ask_for() {
    for hook in hooks::all() {
        let asks = hook.plan(serde_json::Map::new()).unwrap().asks();
        let actions = asks.into_iter().flat_map(|asks| asks.actions(Protocol::Ecs));
        let mut services: Vec<_> = actions
            .filter_map(|action| action.split(':').next())
            .map(|it| it.replace("cloudwatch", "monitoring"))
            .collect();
        services.sort();
        services.dedup();
        // A certificate is asked for behind HTTPS only.
        services.retain(|service| service != "acm");
        assert_eq!(services, greenlight_preflight::services_called(hook.name()), "{}", hook.name());
    }
}

#[test]
fn several_services_are_named_one_by_one() {
    let other = SERVICE.replace("orders", "carts");
    let place = Place::of(&options(&["--service", SERVICE, "--service", &other])).unwrap();
    let statements = resources::statements(["ecs:DescribeServices", "ecs:DescribeTasks"], &place, &[]);
    assert_eq!(statements[0].resources, ["arn:aws:ecs:eu-west-1:123456789012:task/shop/*"]);
    assert_eq!(statements[1].resources, [other.as_str(), SERVICE]);
}

#[test]
fn what_is_wrong_is_said() {
    let service = |arn: &str| Place::of(&options(&["--service", arn])).unwrap_err().to_string();
    for arn in
        ["orders", "arn:aws:ecs:eu-west-1:123456789012:service/orders", "arn:aws:ecs:eu-west-1:1:service/a/b"]
    {
        let error = service(arn);
        assert!(
            error.starts_with(&format!("`--service {arn}` is no ARN of an ECS service\nhint: ")),
            "{error}"
        );
    }
    let elsewhere = SERVICE.replace("eu-west-1", "eu-west-2");
    for (arguments, error) in [
        (vec!["--service", SERVICE, "--service", &elsewhere], "is of another account or region than"),
        (vec!["--region", "eu west"], "`--region eu west` is no region"),
        (vec!["--account", "1"], "`--account 1` is no account"),
        (vec!["--hooks", "healt"], "unknown hook `healt`"),
        (vec!["--function", "mine"], "`--function mine` does not say which hook it is"),
        (vec!["--hooks", "health", "--function", "a b"], "`a b` is no name of a function"),
    ] {
        let found = roles(&options(&arguments)).unwrap_err().to_string();
        assert!(found.contains(error), "{found}");
    }
}
