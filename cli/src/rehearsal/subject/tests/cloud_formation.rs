use std::time::Duration;

use serde_json::json;

use super::*;
use crate::rehearsal::aws::elb::LoadBalancerKind;
use crate::rehearsal::controller::configuration::{Shift, Strategy};

const BLUE_GREEN: &str = include_str!("fixtures/blue_green.yaml");

fn template(text: &str) -> Source<'_> {
    Source::CloudFormation(File { name: "template.yaml", text })
}

#[test]
fn a_template_says_all_of_it() {
    let subject = read(&template(BLUE_GREEN), &Options::default()).unwrap();
    assert_eq!((&*subject.cluster, &*subject.service, subject.desired_count), ("prod-cluster", "Service", 4));
    let front = subject.front.as_ref().unwrap();
    let test = front.test.as_ref().unwrap();
    assert!(front.internal);
    for route in [&front.production, test] {
        assert_eq!((&*route.protocol, route.port), ("HTTPS", 443));
        assert_eq!(route.certificate, ["example.com", "*.example.com"]);
    }
    assert_eq!(front.production.conditions, rule::conditions("host=shop.example.com").unwrap());
    assert_eq!(
        test.conditions,
        rule::conditions("path=/v1/*,header:x-stage=green|7,query:preview=yes").unwrap()
    );
    assert_eq!((front.production.priority, test.priority), (20, 10));
    assert_eq!(front.health_check.path.as_deref(), Some("/healthz"));
    assert_eq!(front.health_check.matcher.as_deref(), Some("200-299"));
    let checks = &subject.health_checks;
    assert_eq!((checks.interval.as_secs(), checks.timeout.as_secs()), (10, 4));
    assert_eq!((checks.healthy_threshold, checks.unhealthy_threshold), (2, 3));
    let ecs = ecs(&subject);
    assert_eq!((ecs.strategy, ecs.bake), (Strategy::BlueGreen, Duration::from_mins(5)));
    assert_eq!(ecs.alarms, ["shop-errors"]);
    let names: Vec<_> = functions(&subject).into_iter().map(functions::name).collect();
    assert_eq!(names, ["rehearsal-prod-test-traffic", "ApproveFunctionArn", "PAUSE"]);
    let HookTarget::Lambda { details, .. } = &ecs.hooks[0].target else { panic!("{ecs:?}") };
    assert_eq!(details, &Some(json!({"Checks": [1]})));
    insta::assert_snapshot!(subject.notes.join("\n"), @r"
    the service's name is not known: it is taken to be `Service`
    the stack is taken to be called `rehearsal`
    ");
}

#[test]
fn sam_functions_and_network_listeners_are_read() {
    let subject = read(&template(include_str!("fixtures/sam.yaml")), &Options::default()).unwrap();
    let front = subject.front.as_ref().unwrap();
    assert_eq!((front.kind, front.production.port), (LoadBalancerKind::Network, 9001));
    let test = front.test.as_ref().unwrap();
    assert_eq!((&*test.protocol, test.port), ("TCP", 9002));
    assert_eq!((&*front.health_check.protocol, &front.health_check.path), ("TCP", &None));
    assert_eq!(
        ecs(&subject).strategy,
        Strategy::Linear { step_percent: 12.5, step_bake: Duration::from_mins(6) }
    );
    let names: Vec<_> = functions(&subject).into_iter().map(functions::name).collect();
    assert_eq!(names, ["greenlight-test-traffic", "Unnamed", "Hooks.Outputs.TestTrafficArn"]);
    assert_eq!(subject.service, "queue");
}

#[test]
fn the_blue_green_transform_is_deployed_by_codedeploy() {
    let subject = read(&template(include_str!("fixtures/code_deploy.yaml")), &Options::default()).unwrap();
    let Configuration::CodeDeploy(deployment) = &subject.configuration else { panic!("{subject:?}") };
    let hooks: Vec<_> = deployment.hooks.iter().map(|(event, name)| (&**event, &**name)).collect();
    let expected = [
        ("BeforeInstall", "CodeDeployHook_smoke"),
        ("AfterAllowTraffic", "CodeDeployHook_greenlight-test-traffic"),
    ];
    assert_eq!(hooks, expected);
    assert_eq!(deployment.shift, Shift::Linear { percent: 20.0, every: Duration::from_mins(2) });
    assert_eq!((deployment.termination_wait, deployment.test_listener), (Duration::from_mins(9), true));
    let front = subject.front.as_ref().unwrap();
    assert_eq!(front.test.as_ref().unwrap().port, 9090);
    assert_eq!(front.health_check.path.as_deref(), Some("/up"));
    assert_eq!((&*subject.container, subject.container_port), ("web", 3000));
}

#[test]
fn parameters_change_what_conditions_choose() {
    let given = |pairs: &[(&str, &str)]| Options {
        parameters: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Options::default()
    };
    assert_eq!(
        problems(&template(BLUE_GREEN), &given(&[("Environment", "dev")])),
        [
            "`template.yaml` has 2 services: `Abandoned`, `Service`, expected one, or to be told which -> say which \
          one: --service LOGICAL_ID"
        ]
    );
    let mut options = given(&[("Environment", "dev"), ("BakeTime", "0"), ("AWS::Region", "eu-west-1")]);
    options.service = Some("Service".to_owned());
    let subject = read(&template(BLUE_GREEN), &options).unwrap();
    assert_eq!((subject.desired_count, ecs(&subject).bake), (1, Duration::ZERO));
    assert_eq!(subject.region, "eu-west-1");
    options.service = Some("Other".to_owned());
    assert_eq!(
        problems(&template(BLUE_GREEN), &options),
        ["`--service` is `Other`, expected one of `Abandoned`, `Service`"]
    );
}

#[test]
fn what_cannot_be_known_is_a_problem_only_where_it_is_needed() {
    let without = |name: &str, default: &str| {
        let text = BLUE_GREEN
            .replace(&format!("{name}: {{ Type: {default} }}"), &format!("{name}: {{ Type: String }}"));
        assert_ne!(text, BLUE_GREEN);
        text
    };
    let bake = without("BakeTime", "Number, Default: 5");
    assert_eq!(
        problems(&template(&bake), &Options::default()),
        [
            "`template.yaml`: `Resources.Service.Properties.DeploymentConfiguration.BakeTimeInMinutes` is not known \
          before the deployment (the parameter BakeTime has no default), expected a whole number from 0 to 1440 -> \
          give it: --parameter BakeTime=VALUE"
        ]
    );
    // The host of the production rule and the certificate can be done without.
    let domain = without("DomainName", "String, Default: example.com");
    let subject = read(&template(&domain), &Options::default()).unwrap();
    assert!(subject.front.unwrap().production.conditions.is_empty());
    insta::assert_snapshot!(subject.notes.join("\n"), @r"
    the service's name is not known: it is taken to be `Service`
    the conditions of the production rule are not known (the parameter DomainName has no default): it is taken to have none
    the certificate of the listener on port 443 is not known: it is taken to name service-1234567890.us-east-1.elb.amazonaws.com
    the stack is taken to be called `rehearsal`
    ");

    let test = BLUE_GREEN.replace("Values: [/v1/*]", "Values: [!ImportValue path]");
    assert_eq!(
        problems(&template(&test), &Options::default()),
        [
            "`template.yaml`: `Resources.Service.Properties.LoadBalancers[0].AdvancedConfiguration.TestListenerRule` \
          names a rule whose conditions are not known (`Fn::ImportValue` takes it from elsewhere), expected \
          conditions: it shares production's listener -> give them: --test-rule \
          'host=green.example.com,header:x-stage=green'"
        ]
    );
    assert!(read(&template(&test), &test_rule("header:x-stage=green")).is_ok());
}

#[test]
fn templates_without_a_service_are_told() {
    assert_eq!(
        problems(&template("Resources: {A: {Type: AWS::S3::Bucket}}"), &Options::default()),
        ["`template.yaml` has no AWS::ECS::Service, expected a template with one among its Resources"]
    );
}
