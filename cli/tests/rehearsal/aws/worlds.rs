//! Worlds from files and from parameters.

use std::path::PathBuf;

use greenlight_cli::rehearsal::aws::World;
use greenlight_cli::rehearsal::aws::elb::{Action, Condition};
use greenlight_cli::rehearsal::aws::worlds::{Arns, BlueGreen, CodeDeploy, Front, Route};
use serde_json::{Value, json};

fn read(name: &str) -> World {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("worlds").join(name);
    World::from_json(&std::fs::read(path).unwrap()).unwrap()
}

fn event(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Every ARN that a resource of ECS is called by must be of the same account.
fn assert_complete(world: &World) {
    let ecs = &world.ecs;
    let prefix = format!("arn:aws:ecs:{}:{}:", world.identity.region, world.identity.account);
    let clusters = ecs.clusters.iter().map(|one| &one.cluster_arn);
    let services = ecs.services.iter().flat_map(|one| [&one.service_arn, &one.cluster_arn]);
    let deployments = ecs
        .service_deployments
        .iter()
        .flat_map(|one| [&one.service_deployment_arn, &one.service_arn, &one.cluster_arn]);
    let revisions = ecs
        .service_revisions
        .iter()
        .flat_map(|one| [&one.service_revision_arn, &one.service_arn, &one.cluster_arn]);
    let task_sets = ecs
        .task_sets
        .iter()
        .flat_map(|one| [&one.task_set_arn, &one.service_arn, &one.cluster_arn, &one.task_definition]);
    let tasks = ecs.tasks.iter().flat_map(|one| [&one.task_arn, &one.cluster_arn, &one.task_definition_arn]);
    let definitions = ecs.task_definitions.iter().map(|one| &one.task_definition_arn);
    let all = clusters
        .chain(services)
        .chain(deployments)
        .chain(revisions)
        .chain(task_sets)
        .chain(tasks)
        .chain(definitions);
    for arn in all {
        assert!(arn.starts_with(&prefix), "`{arn}` begins with `{prefix}`");
    }
    assert!(ecs.tasks.iter().all(|task| task.group.is_some()), "services' tasks are in their groups");
}

#[test]
fn the_sample_is_the_world_of_the_sample_event() {
    let world = read("ecs-blue-green.json");
    assert_complete(&world);
    let event = event("ecs/post-test-traffic-shift.json");
    let deployment = &world.ecs.service_deployments[0];
    assert_eq!(deployment.service_deployment_arn, event["resourceArn"]);
    let green = deployment.target_service_revision.as_ref().unwrap();
    assert_eq!(green.arn, event["executionDetails"]["targetServiceRevisionArn"]);
    assert_eq!(deployment.service_arn, event["executionDetails"]["serviceArn"]);
    let revision =
        world.ecs.service_revisions.iter().find(|one| one.service_revision_arn == green.arn).unwrap();
    let own = &revision.resolved_configuration.as_ref().unwrap().load_balancers[0].target_group_arn;
    let advanced = revision.load_balancers[0].advanced_configuration.as_ref().unwrap();
    assert_eq!(advanced.alternate_target_group_arn.as_ref(), Some(own));
    let rule =
        world.elb.rules.iter().find(|rule| Some(&rule.arn) == advanced.test_listener_rule.as_ref()).unwrap();
    assert_eq!(rule.conditions.len(), 4);
    let group = world.elb.target_groups.iter().find(|group| group.arn == *own).unwrap();
    assert_eq!(group.name, "my-service-2");
    let dns_name = "my-alb-1234567890.us-west-2.elb.amazonaws.com";
    assert_eq!(world.elb.load_balancers[0].dns_name, dns_name);
}

#[test]
fn the_account_around_a_function_is_a_world() {
    let world = read("account.json");
    assert_eq!(world.lambda.functions.len(), 2);
    assert_eq!((world.ec2.subnets.len(), world.ec2.route_tables.len()), (2, 2));
    assert_eq!(world.application_autoscaling.scaling_policies.len(), 2);
    assert_eq!(world.logs.log_groups["/aws/lambda/test-traffic"].len(), 2);
}

#[test]
fn codedeploys_sample_is_the_world_of_its_event() {
    let world = read("codedeploy.json");
    assert_complete(&world);
    let event = event("codedeploy/hook.json");
    assert_eq!(world.codedeploy.deployments[0].deployment_id, event["DeploymentId"]);
    assert_eq!(world.ecs.task_sets[1].id, "ecs-svc/9313423515462893900");
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_place() {
    let two = json!([{"clusterName": "a"}, {"clusterName": "b"}]);
    for (json, expected) in [
        (json!(1), "invalid type: integer `1`, expected struct World"),
        (
            json!({"ecs": {"tasks": [{"taskArn": "1", "state": "RUNNING"}]}}),
            "`ecs.tasks[0].state`: unknown field `state`",
        ),
        (
            json!({"elb": {"rules": [{"ruleArn": "x", "priority": "default", "actions": []}]}}),
            "`elb.rules[0].priority`: invalid type",
        ),
        (
            json!({"elb": {"loadBalancers": [{"loadBalancerArn": "x", "type": "classic"}]}}),
            "unknown variant `classic`",
        ),
        (
            json!({"ecs": {"services": [{"serviceName": "orders"}]}}),
            "the service `orders` has no `clusterArn`, and the world has none either",
        ),
        (
            json!({"ecs": {"clusters": two, "services": [{"serviceName": "orders"}]}}),
            "there is more than one: name one of `a`, `b`",
        ),
        (
            json!({"ecs": {"clusters": two, "services": [{"serviceName": "orders", "clusterArn": "c"}]}}),
            "names `c` as its `clusterArn`, expected an ARN or one of `a`, `b`",
        ),
    ] {
        let error = World::from_json(json.to_string().as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = World::from_json(b"{} {}").unwrap_err();
    assert!(error.contains("trailing characters"), "{error}");
}

#[test]
fn parameters_take_the_ids_of_an_event_and_make_one() {
    let sample = event("ecs/post-test-traffic-shift.json");
    let parameters = BlueGreen::of_event(&sample).unwrap();
    let mut made = parameters.event();
    made["executionId"] = sample["executionId"].clone();
    assert_eq!(made, sample);
    assert_complete(&parameters.world());
    assert!(BlueGreen::of_event(&event("codedeploy/hook.json")).is_none());

    let shift = BlueGreen { stage: "PRODUCTION_TRAFFIC_SHIFT".into(), ..parameters.clone() }.event();
    let (blue, green) = (parameters.blue_revision_arn().unwrap(), parameters.green_revision_arn());
    assert_eq!(shift["executionDetails"]["productionTrafficWeights"], json!({blue: 100, green: 0}));
    let create = BlueGreen { stage: "TEST_TRAFFIC_SHIFT".into(), blue: None, ..parameters }.event();
    assert_eq!(create["executionDetails"]["testTrafficWeights"].as_object().unwrap().len(), 1);
}

#[test]
fn worlds_agree_with_themselves_in_both_orientations() {
    for green_is_alternate in [true, false] {
        for front in [Front::default(), Front::network()] {
            let front = Front { green_is_alternate, ..front };
            let parameters =
                BlueGreen { front: Some(front), more_fronts: vec![Front::default()], ..BlueGreen::default() };
            let world = parameters.world();
            assert_complete(&world);
            let addresses = |arn: &str| {
                let group = world.elb.target_groups.iter().find(|group| group.arn == arn).unwrap();
                group.targets.iter().map(|target| target.id.clone()).collect::<Vec<_>>()
            };
            assert_eq!(addresses(&parameters.green_target_group_arn()), ["10.0.0.21", "10.0.0.22"]);
            assert_eq!(addresses(&parameters.blue_target_group_arn()), ["10.0.0.11", "10.0.0.12"]);
            let green = world.ecs.service_revisions.last().unwrap();
            assert_eq!(green.load_balancers.len(), 2);
            assert_eq!(world.elb.load_balancers.len(), 2);
            for balancer in &green.load_balancers {
                let advanced = balancer.advanced_configuration.as_ref().unwrap();
                for rule in [&advanced.production_listener_rule, &advanced.test_listener_rule] {
                    let rule = rule.as_ref().unwrap();
                    let known = world
                        .elb
                        .listeners
                        .iter()
                        .any(|one| one.arn == *rule || one.default_rule_arn() == *rule);
                    assert!(known, "{rule}");
                }
                let pair = [balancer.target_group_arn.as_ref(), advanced.alternate_target_group_arn.as_ref()];
                for arn in pair {
                    assert!(world.elb.target_groups.iter().any(|group| Some(&group.arn) == arn), "{arn:?}");
                }
            }
        }
    }
    let headless = BlueGreen { front: None, ..BlueGreen::default() };
    assert!(headless.world().elb.load_balancers.is_empty());
    assert_eq!(headless.world().ecs.service_revisions[1].load_balancers, []);
    assert_complete(&CodeDeploy::default().world());
}

const OWN: &str = "arn:aws:elasticloadbalancing:eu-central-1:210987654321";

/// A front whose owner knows what its parts are called.
fn own_front() -> Front {
    Front {
        arns: Arns {
            target_groups: [
                Some(format!("{OWN}:targetgroup/blue-tg/0123456789abcdef")),
                Some("green-tg".into()),
            ],
            production: Some(format!("{OWN}:listener-rule/app/edge/1111/2222/3333")),
            test: Some(format!("{OWN}:listener/app/edge/1111/4444")),
            role: None,
        },
        ..Front::default()
    }
}

#[test]
fn what_owners_call_their_parts_is_what_a_world_calls_them() {
    let mut parameters =
        BlueGreen { front: Some(own_front()), container: "web".into(), ..BlueGreen::default() };
    let production = format!("{OWN}:listener/app/edge/1111/2222");
    let test = format!("{OWN}:listener/app/edge/1111/4444");
    assert_eq!(
        parameters.production_rule_arn(),
        Some(format!("{OWN}:listener-rule/app/edge/1111/2222/3333"))
    );
    assert_eq!(parameters.production_listener_arn().as_ref(), Some(&production));
    assert_eq!(parameters.test_listener_arn().as_ref(), Some(&test));
    assert_eq!(parameters.test_rule_arn(), Some(format!("{OWN}:listener-rule/app/edge/1111/4444/4444")));
    let (blue, green) = (parameters.blue_target_group_arn(), parameters.green_target_group_arn());
    assert_eq!(blue, format!("{OWN}:targetgroup/blue-tg/0123456789abcdef"));
    assert!(green.starts_with("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/green-tg/"));

    let world = parameters.world();
    assert_complete(&world);
    let balancers: Vec<_> = world.elb.load_balancers.iter().map(|balancer| &*balancer.arn).collect();
    assert_eq!(balancers, [format!("{OWN}:loadbalancer/app/edge/1111")]);
    let listeners: Vec<_> = world.elb.listeners.iter().map(|listener| &listener.arn).collect();
    assert_eq!(listeners, [&production, &test]);
    let rule = &world.elb.rules[0];
    assert_eq!(Some(&rule.arn), parameters.production_rule_arn().as_ref());
    assert_eq!(rule.conditions, [Condition::PathPattern(vec!["*".into()])], "every rule asks for something");
    assert_eq!(rule.actions, [Action::Forward(vec![(blue, 100), (green.clone(), 0)])]);
    let groups: Vec<_> = world.elb.target_groups.iter().map(|group| &*group.name).collect();
    assert_eq!(groups, ["blue-tg", "green-tg"]);
    let revision = world.ecs.service_revisions.last().unwrap();
    let resolved = revision.resolved_configuration.as_ref().unwrap();
    assert_eq!(resolved.load_balancers[0].target_group_arn, green);
    let containers =
        world.ecs.tasks.iter().flat_map(|task| &task.containers).map(|container| &container.name);
    let registered = revision.load_balancers.iter().filter_map(|balancer| balancer.container_name.as_ref());
    assert!(containers.chain(registered).all(|name| name == "web"));

    // Two rules of one listener, of which one is known.
    let front = parameters.front.as_mut().unwrap();
    front.arns.test = None;
    front.test = Some(Route {
        conditions: vec![Condition::HttpHeader("x-green".into(), vec!["1".into()])],
        priority: 1,
        weights: (0, 100),
        ..front.production.clone()
    });
    let world = parameters.world();
    assert_eq!(world.elb.listeners.len(), 1);
    assert!(world.elb.rules.iter().all(|rule| rule.listener_arn() == production), "{:?}", world.elb.rules);
}

#[test]
fn codedeploy_knows_target_groups_and_listeners_by_what_owners_call_them() {
    let parameters = CodeDeploy { front: own_front(), container: "web".into(), ..CodeDeploy::default() };
    assert_eq!(parameters.production_listener_arn(), format!("{OWN}:listener/app/edge/1111/2222"));
    let world = parameters.world();
    assert_complete(&world);
    let info = world.codedeploy.deployment_groups[0].load_balancer_info.as_ref().unwrap();
    let pair = &info.target_group_pair_info_list[0];
    let names: Vec<_> = pair.target_groups.iter().map(|group| &*group.name).collect();
    assert_eq!(names, ["blue-tg", "green-tg"]);
    let listeners = &pair.test_traffic_route.as_ref().unwrap().listener_arns;
    assert_eq!(listeners, &[format!("{OWN}:listener/app/edge/1111/4444")]);
    let task_set = &world.ecs.task_sets[1].load_balancers[0];
    assert_eq!(task_set.target_group_arn, Some(parameters.green_target_group_arn()));
    assert_eq!(task_set.container_name.as_deref(), Some("web"));
}

#[test]
fn placeholders_in_somebodys_file_are_made_up() {
    let placeholder = || Some("${self:custom.arn}".to_owned());
    let arns = Arns {
        target_groups: [placeholder(), None],
        production: placeholder(),
        test: Some(format!("{OWN}:listener/net/edge/1111/4444")),
        role: None,
    };
    let made_up = BlueGreen { front: Some(Front { arns, ..Front::default() }), ..BlueGreen::default() };
    let standard = BlueGreen::default();
    assert_eq!(made_up.event(), standard.event());
    assert_eq!(made_up.blue_target_group_arn(), standard.blue_target_group_arn());
    assert_eq!(made_up.production_rule_arn(), standard.production_rule_arn());
    assert_eq!(made_up.test_listener_arn(), standard.test_listener_arn(), "it is of the other kind");
}

#[test]
fn arns_are_of_the_regions_partition() {
    let mut parameters = BlueGreen::default();
    for (region, partition) in
        [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-west-2", "aws")]
    {
        parameters.identity.region = region.into();
        let arn = parameters.service_deployment_arn();
        assert!(arn.starts_with(&format!("arn:{partition}:ecs:{region}:")), "{arn}");
        assert!(parameters.green_target_group_arn().starts_with(&format!("arn:{partition}:")));
    }
}
