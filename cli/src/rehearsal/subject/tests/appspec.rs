use std::time::Duration;

use super::*;
use crate::rehearsal::controller::configuration::{CodeDeploy, Shift};

const YAML: &str = include_str!("../../../../../examples/codedeploy/appspec.yaml");
const JSON: &str = include_str!("../../../../../examples/codedeploy/appspec.json");
const GROUP: &str = r#"{"deploymentGroupInfo": {
    "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent15Minutes",
    "ecsServices": [{"serviceName": "orders", "clusterName": "shop"}],
    "alarmConfiguration": {"enabled": true, "alarms": [{"name": "orders-errors"}]},
    "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]},
    "blueGreenDeploymentConfiguration": {
      "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30}},
    "loadBalancerInfo": {"targetGroupPairInfoList": [{
      "targetGroups": [{"name": "a"}, {"name": "b"}],
      "prodTrafficRoute": {"listenerArns": ["arn:aws:elasticloadbalancing:eu-west-1:210987654321:listener/app/x/1/2"]}}]}}}"#;

fn spec(text: &str) -> AppSpec<'_> {
    AppSpec {
        file: File { name: "appspec.yaml", text },
        deployment_configuration: None,
        deployment_configuration_file: None,
        deployment_group: None,
    }
}

fn code_deploy(subject: &Subject) -> &CodeDeploy {
    match &subject.configuration {
        Configuration::CodeDeploy(code_deploy) => code_deploy,
        Configuration::Ecs(_) => panic!("ECS deploys it"),
    }
}

#[test]
fn the_examples_say_the_same_in_yaml_and_json() {
    let [yaml, json] =
        [YAML, JSON].map(|text| read(&Source::AppSpec(spec(text)), &Options::default()).unwrap());
    assert_eq!(yaml.configuration, json.configuration);
    let deployment = code_deploy(&yaml);
    let hooks = [
        ("AfterInstall", "CodeDeployHook_greenlight-health"),
        ("AfterAllowTestTraffic", "CodeDeployHook_greenlight-test-traffic"),
        ("AfterAllowTraffic", "CodeDeployHook_greenlight-metrics"),
    ];
    assert_eq!(deployment.hooks, hooks.map(|(event, function)| (event.to_owned(), function.to_owned())));
    assert_eq!((&*deployment.name, deployment.shift), ("CodeDeployDefault.ECSAllAtOnce", Shift::AllAtOnce));
    assert!(deployment.test_listener && deployment.rollback_on.failure);
    let front = yaml.front.unwrap();
    assert_eq!((front.production.port, front.test.unwrap().port), (80, 8080));
    assert_eq!((&*yaml.container, yaml.container_port, &*yaml.service), ("app", 8080, "app"));
    insta::assert_snapshot!(yaml.notes.join("\n"), @r"
    no deployment group is given: it is taken to have a test listener and to roll back automatically
    the service's name is not known: it is taken to be `app`
    the listeners are taken to speak HTTP, production on port 80
    the health check is not known: targets are taken to be checked at /; give another path with --health-check
    ");
}

#[test]
fn a_deployment_group_says_the_rest() {
    let group = File { name: "group.json", text: GROUP };
    let source = Source::AppSpec(AppSpec { deployment_group: Some(group), ..spec(YAML) });
    let subject = read(&source, &Options::default()).unwrap();
    let deployment = code_deploy(&subject);
    assert_eq!(deployment.shift, Shift::Canary { percent: 10.0, after: Duration::from_mins(15) });
    assert!(!deployment.test_listener && !deployment.rollback_on.failure);
    assert_eq!(
        (&*deployment.alarms, deployment.termination_wait),
        (&["orders-errors".to_owned()][..], Duration::from_mins(30))
    );
    assert_eq!((&*subject.cluster, &*subject.service, &*subject.region), ("shop", "orders", "eu-west-1"));
    assert!(subject.front.unwrap().test.is_none());
}

#[test]
fn deployment_configurations_have_names_or_files() {
    for (name, expected) in [
        ("CodeDeployDefault.ECSAllAtOnce", Shift::AllAtOnce),
        (
            "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
            Shift::Linear { percent: 10.0, every: Duration::from_mins(1) },
        ),
        (
            "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
            Shift::Linear { percent: 10.0, every: Duration::from_mins(3) },
        ),
        (
            "CodeDeployDefault.ECSCanary10Percent5Minutes",
            Shift::Canary { percent: 10.0, after: Duration::from_mins(5) },
        ),
    ] {
        let source = Source::AppSpec(AppSpec { deployment_configuration: Some(name), ..spec(YAML) });
        assert_eq!(code_deploy(&read(&source, &Options::default()).unwrap()).shift, expected, "{name}");
    }
    let custom = r#"{"deploymentConfigInfo": {"deploymentConfigName": "Slow", "computePlatform": "ECS",
        "trafficRoutingConfig": {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 5, "linearInterval": 2}}}}"#;
    let with = |text| AppSpec {
        deployment_configuration_file: Some(File { name: "slow.json", text }),
        ..spec(YAML)
    };
    let subject = read(&Source::AppSpec(with(custom)), &Options::default()).unwrap();
    assert_eq!(
        (&*code_deploy(&subject).name, code_deploy(&subject).shift),
        ("Slow", Shift::Linear { percent: 5.0, every: Duration::from_mins(2) })
    );

    let named = |spec| Source::AppSpec(AppSpec { deployment_configuration: Some("Fast"), ..spec });
    assert_eq!(
        problems(&named(with(custom)), &Options::default()),
        ["`slow.json` is the deployment configuration `Slow`, expected `Fast`"]
    );
    assert_eq!(
        problems(&named(spec(YAML)), &Options::default()),
        ["`--deployment-config` is `Fast`, expected one of CodeDeployDefault.ECSAllAtOnce, \
          CodeDeployDefault.ECSLinear10PercentEvery1Minutes, CodeDeployDefault.ECSLinear10PercentEvery3Minutes, \
          CodeDeployDefault.ECSCanary10Percent5Minutes, CodeDeployDefault.ECSCanary10Percent15Minutes -> give your \
          own as a file: aws deploy get-deployment-config --deployment-config-name 'Fast'"]
    );
    let broken = r#"{"trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 100}}}"#;
    assert_eq!(
        problems(&Source::AppSpec(with(broken)), &Options::default()),
        [
            "`slow.json`: `trafficRoutingConfig.timeBasedCanary.canaryInterval` is missing, expected a number",
            "`slow.json`: `trafficRoutingConfig.timeBasedCanary.canaryPercentage` is `100`, expected a number from 1 to 99",
        ]
    );
}

#[test]
fn broken_appspecs_are_explained() {
    for (change, expected) in [
        (
            ("Hooks:", "hooks:"),
            "`appspec.yaml`: `hooks` stands there, expected Hooks -> write `Hooks` with a capital H: AppSpecs for ECS know no `hooks`, and nothing would be called",
        ),
        (
            ("  - AfterInstall: CodeDeployHook_greenlight-health\n", "  - Install: x\n"),
            "`appspec.yaml`: `Hooks[0].Install` is no event that calls a function, expected one of the events BeforeInstall, AfterInstall, AfterAllowTestTraffic, BeforeAllowTraffic, AfterAllowTraffic",
        ),
        (
            ("AfterInstall: CodeDeployHook_greenlight-health", "AfterInstall:"),
            "`appspec.yaml`: `Hooks[0].AfterInstall` is missing, expected the name of a function",
        ),
        (
            ("AWS::ECS::Service", "AWS::Lambda::Function"),
            "`appspec.yaml`: `Resources[0].TargetService.Type` is `AWS::Lambda::Function`, expected AWS::ECS::Service",
        ),
        (
            ("ContainerPort: 8080", ""),
            "`appspec.yaml`: `Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerPort` is missing, expected the port of the container",
        ),
        (
            ("TaskDefinition: <TASK_DEFINITION>", ""),
            "`appspec.yaml`: `Resources[0].TargetService.Properties.TaskDefinition` is missing, expected a task definition, or <TASK_DEFINITION>",
        ),
    ] {
        let text = YAML.replacen(change.0, change.1, 1);
        assert_ne!(text, YAML, "{change:?}");
        assert_eq!(problems(&Source::AppSpec(spec(&text)), &Options::default()), [expected]);
    }
    let map = "version: 0.0\nHooks: {AfterInstall: x}\nResources: []";
    assert_eq!(
        problems(&Source::AppSpec(spec(map)), &Options::default())[0],
        "`appspec.yaml`: `Hooks` is an object, expected a list of single entries, like `- AfterInstall: FUNCTION`"
    );
}
