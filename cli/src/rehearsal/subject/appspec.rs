//! An AppSpec for ECS, its deployment configuration and its deployment group.

use std::time::Duration;

use greenlight::stage::Stage;
use serde_json::{Value, json};

use super::code_deploy::{self, ALL_AT_ONCE, Group};
use super::problem::Problem;
use super::report::{Field, Report};
use super::service::{self, Surroundings};
use super::topology::{Rule, Topology};
use super::{AppSpec, Options, Subject, document};
use crate::rehearsal::controller::configuration::{CodeDeploy, Configuration, RollbackOn, Shift};
use greenlight_preflight::Spelling;

/// What stands for listeners that nobody names.
const PRODUCTION: &str = "production";
const TEST: &str = "test";

/// Reads an AppSpec, and all that is wrong with it and the files beside it.
pub(super) fn read(spec: &AppSpec<'_>, options: &Options) -> Result<Subject, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut keep = |found: Vec<Problem>| problems.extend(found);
    let group = spec.deployment_group.as_ref().map(code_deploy::group).transpose();
    let group = group.map_err(&mut keep).ok().flatten();
    let configuration = configuration(spec, group.as_ref()).map_err(&mut keep).ok();
    let value = document::read(&spec.file).map_err(|problem| keep(vec![problem])).ok();
    let report = Report::new(spec.file.name, Spelling::Api);
    let subject = value.as_ref().map(|value| {
        let (name, shift) =
            configuration.clone().unwrap_or_else(|| (ALL_AT_ONCE.to_owned(), Shift::AllAtOnce));
        subject(&report.root(value, ""), spec.file.name, group.as_ref(), (name, shift), options)
    });
    match (report.finish(), subject) {
        (Ok(notes), Some(subject)) if problems.is_empty() => Ok(Subject { notes, ..subject }),
        (Ok(_), _) => Err(problems),
        (Err(more), _) => Err([problems, more].concat()),
    }
}

/// The deployment configuration: what the caller gives goes before what the group says.
fn configuration(spec: &AppSpec<'_>, group: Option<&Group>) -> Result<(String, Shift), Vec<Problem>> {
    let named =
        spec.deployment_configuration.or_else(|| group.and_then(|group| group.configuration.as_deref()));
    if let Some(file) = &spec.deployment_configuration_file {
        let (name, shift) = code_deploy::configuration(file)?;
        return match (name, named) {
            (Some(name), Some(named)) if name != named => {
                let observed = format!("is the deployment configuration `{name}`");
                Err(vec![Problem::of_file(file.name, observed, format!("`{named}`"))])
            }
            (name, named) => Ok((name.or(named.map(str::to_owned)).unwrap_or_default(), shift)),
        };
    }
    let name = named.unwrap_or(ALL_AT_ONCE);
    code_deploy::predefined(name).map(|shift| (name.to_owned(), shift)).map_err(|problem| vec![problem])
}

fn subject(
    spec: &Field<'_>,
    source: &str,
    group: Option<&Group>,
    (name, shift): (String, Shift),
    options: &Options,
) -> Subject {
    let report = spec.report();
    let hooks = hooks(spec);
    let target = target(spec);
    let properties = target.section("Properties");
    let task_definition = properties.get("TaskDefinition").needed("a task definition, or <TASK_DEFINITION>");
    let balancer = properties.section("LoadBalancerInfo");
    let container = balancer.get("ContainerName").needed("the name of a container");
    let port = balancer.get("ContainerPort");
    if port.is_absent() {
        port.wrong("the port of the container");
    }
    let test_listener = group.is_none_or(|group| group.test.is_some());
    if group.is_none() {
        report.note(
            "no deployment group is given: it is taken to have a test listener and to roll back automatically",
        );
    }
    let production =
        group.and_then(|group| group.production.clone()).unwrap_or_else(|| PRODUCTION.to_owned());
    let test = group.and_then(|group| group.test.clone()).unwrap_or_else(|| TEST.to_owned());
    // CodeDeploy names listeners; what comes in there has no conditions of its own.
    let rule = |arn: &String| {
        (arn.clone(), Rule { listener: Some(arn.clone()), priority: None, conditions: Ok(Vec::new()) })
    };
    let topology = Topology { rules: [&production, &test].map(rule).into(), ..Topology::default() };
    let service = json!({
        "service": group.and_then(|group| group.service.clone()).or_else(|| options.service.clone()),
        "cluster": group.and_then(|group| group.cluster.clone()),
        "taskDefinition": task_definition,
        "loadBalancers": [{
            "targetGroupArn": "targets",
            "containerName": container,
            "containerPort": port.port(),
            "advancedConfiguration": {
                "productionListenerRule": production,
                "testListenerRule": test_listener.then_some(test),
            },
        }],
    });
    code_deploy::note_skipped(&hooks, test_listener, report);
    let code_deploy = CodeDeploy {
        hooks,
        name,
        shift,
        test_listener,
        rollback_on: group.map_or(RollbackOn::ALL, |group| group.rollback_on),
        termination_wait: group.map_or(Duration::ZERO, |group| group.termination_wait),
        alarms: group.map(|group| group.alarms.clone()).unwrap_or_default(),
    };
    let around = Surroundings {
        source: source.to_owned(),
        name: container.map(str::to_owned),
        topology,
        configuration: Some(Configuration::CodeDeploy(code_deploy)),
        ..Surroundings::default()
    };
    let mut subject = service::read(&report.root(&service, ""), around, options);
    if let (Some(front), Some(group)) = (&mut subject.front, group) {
        front.arns.target_groups.clone_from(&group.target_groups);
    }
    Subject { desired_count: 3, ..subject }
}

/// The one service of an AppSpec.
fn target<'a>(spec: &Field<'a>) -> Field<'a> {
    let resources = spec.get("Resources");
    let items = resources.items();
    let named = items.first().and_then(|item| {
        let (name, _) = item.value().as_object()?.iter().next()?;
        Some(item.get(name))
    });
    let Some(target) = named else {
        resources.wrong("a list with one resource, like `- TargetService: {Type: AWS::ECS::Service, …}`");
        return spec.report().root(&Value::Null, "Resources");
    };
    if items.len() > 1 {
        spec.report().note("of several resources, the first is rehearsed");
    }
    let kind = target.get("Type");
    if kind.text() != Some("AWS::ECS::Service") {
        kind.wrong("AWS::ECS::Service");
    }
    target
}

fn hooks(spec: &Field<'_>) -> Vec<(String, String)> {
    let lower = spec.get("hooks");
    if !lower.is_absent() {
        let problem = Problem { observed: "stands there".to_owned(), ..lower.problem("Hooks") };
        spec.report().add(problem.fix(
            "write `Hooks` with a capital H: AppSpecs for ECS know no `hooks`, and nothing would be called",
        ));
    }
    let field = spec.get("Hooks");
    if field.value().is_object() {
        field.wrong("a list of single entries, like `- AfterInstall: FUNCTION`");
        return Vec::new();
    }
    let mut hooks = Vec::new();
    for item in field.items() {
        let Some(entries) = item.value().as_object().filter(|entries| entries.len() == 1) else {
            item.wrong("one entry, like `AfterInstall: FUNCTION`");
            continue;
        };
        for name in entries.keys() {
            let function = item.get(name);
            if Stage::from_codedeploy(name).is_none() {
                let events: Vec<&str> = Stage::codedeploy_events().collect();
                let expected = format!("one of the events {}", events.join(", "));
                let observed = "is no event that calls a function".to_owned();
                item.report().add(Problem { observed, ..function.problem(expected) });
            } else if let Some(function) = function.needed("the name of a function") {
                hooks.push((name.clone(), function.to_owned()));
            }
        }
    }
    hooks
}
