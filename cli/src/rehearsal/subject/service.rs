//! A service in the shape of the ECS API becomes a subject.

use serde_json::Value;

use super::front::{self, Site};
use super::load_balancer::{self, LoadBalancer};
use super::names::{ACCOUNT, REGION, home, name_of};
use super::problem::Problem;
use super::report::{Field, Report};
use super::topology::Topology;
use super::{Options, Subject, deployment_configuration};
use crate::rehearsal::balancer::HealthChecks;
use crate::rehearsal::controller::configuration::{Configuration, Strategy};
use greenlight_preflight::Spelling;

/// What a service's own document does not say.
#[derive(Default)]
pub(super) struct Surroundings {
    /// What the source is called, for people.
    pub(super) source: String,
    /// The service's name where it is given none.
    pub(super) name: Option<String>,
    /// The cluster's, likewise.
    pub(super) cluster: Option<String>,
    /// The load balancers that the source makes.
    pub(super) topology: Topology,
    /// Who deploys it, where that is not ECS.
    pub(super) configuration: Option<Configuration>,
}

/// Reads a service; what is wrong with it stands in the report.
pub(super) fn read(service: &Field<'_>, around: Surroundings, options: &Options) -> Subject {
    let report = service.report();
    let configuration = around.configuration.unwrap_or_else(|| {
        controller(&service.section("deploymentController").get("type"));
        Configuration::Ecs(deployment_configuration::read(&service.section("deploymentConfiguration")))
    });
    let shifts = match &configuration {
        Configuration::Ecs(ecs) => ecs.strategy != Strategy::Rolling,
        // Its target groups and listeners stand elsewhere.
        Configuration::CodeDeploy(_) => false,
    };
    let balancer = load_balancer::read(&service.get("loadBalancers"), shifts);
    let name = name(service, around.name, options);
    let cluster = cluster(service, around.cluster);
    let (region, account) = place(service.value());
    let site = balancer.as_ref().filter(|balancer| balancer.target_group.is_some()).map(|balancer| Site {
        balancer,
        topology: &around.topology,
        options,
        report,
        service: &name,
        region: &region,
    });
    let (front, health_checks) = site.as_ref().map_or_else(
        || {
            without_front(service, report, options);
            (None, HealthChecks::default())
        },
        |site| {
            let (front, checks) = front::of(site);
            (Some(front), checks)
        },
    );
    let (container, container_port) = container(balancer.as_ref(), report);
    Subject {
        source: around.source,
        desired_count: tasks(service),
        region,
        account,
        cluster,
        service: name,
        container,
        container_port,
        front,
        health_checks,
        configuration,
        notes: Vec::new(),
    }
}

/// Only ECS itself deploys what a service's own document describes.
fn controller(controller: &Field<'_>) {
    let fix = match controller.text() {
        None | Some("ECS") => return,
        Some("CODE_DEPLOY") => "CodeDeploy's hooks stand in the AppSpec: give that file instead",
        Some("EXTERNAL") => "ECS calls no hooks for an external controller: there is nothing to rehearse",
        Some(_) => "leave it out for ECS",
    };
    controller.report().add(controller.problem("ECS").fix(fix));
}

fn name(service: &Field<'_>, fallback: Option<String>, options: &Options) -> String {
    let create = service.get("serviceName");
    let field = if create.is_absent() { service.get("service") } else { create };
    match (field.value(), fallback.or_else(|| options.service.clone())) {
        (Value::String(name), _) if !name.is_empty() => name_of(name).to_owned(),
        (_, Some(name)) => {
            service.report().note(format!("the service's name is not known: it is taken to be `{name}`"));
            name
        }
        (_, None) => {
            let problem = service.get("serviceName").problem("the name of the service");
            service.report().add(problem.fix("give it: --service NAME"));
            String::new()
        }
    }
}

fn cluster(service: &Field<'_>, fallback: Option<String>) -> String {
    let field = service.get("cluster");
    match field.value() {
        Value::String(name) if !name.is_empty() => name_of(name).to_owned(),
        value => {
            let name = fallback.unwrap_or_else(|| "default".to_owned());
            if !value.is_null() {
                service.report().note(format!("the cluster's name is not known: it is taken to be `{name}`"));
            }
            name
        }
    }
}

fn tasks(service: &Field<'_>) -> usize {
    const MOST: u32 = 100;
    let count = service.get("desiredCount");
    if count.unknown().is_some() {
        service.report().note("the desired count is not known: it is taken to be 1");
        return 1;
    }
    match count.whole(0, 5_000) {
        None => 1,
        Some(0) => {
            service.report().note("the desired count is 0, which deploys nothing: it is taken to be 1");
            1
        }
        Some(count) if count > MOST => {
            service
                .report()
                .note(format!("{count} tasks are too many for one machine: {MOST} are rehearsed"));
            MOST as usize
        }
        Some(count) => count as usize,
    }
}

/// The first texts that say where the service is: the ARNs of its own resources.
fn place(service: &Value) -> (String, String) {
    let at = |pointer: &str| service.pointer(pointer).and_then(Value::as_str);
    let texts = [
        "/service",
        "/cluster",
        "/loadBalancers/0/targetGroupArn",
        "/loadBalancers/0/advancedConfiguration/productionListenerRule",
        "/taskDefinition",
        "/deploymentConfiguration/lifecycleHooks/0/hookTargetArn",
    ];
    let (region, account) = home(texts.into_iter().filter_map(at)).unwrap_or((REGION, ACCOUNT));
    (region.to_owned(), account.to_owned())
}

fn without_front(service: &Field<'_>, report: &Report, options: &Options) {
    for (key, name) in
        [("serviceConnectConfiguration", "Service Connect"), ("vpcLatticeConfigurations", "VPC Lattice")]
    {
        if !service.get(key).is_absent() {
            report.note(format!("{name} is not rehearsed: the service is taken to have no load balancer"));
        }
    }
    if report.spelling() == Spelling::Api && !service.get("service").is_absent() {
        report.note("the update names no load balancer, so none is rehearsed, even if the service has one");
    }
    for (flag, given) in
        [("--test-rule", options.test_rule.is_some()), ("--health-check", options.health_check.is_some())]
    {
        if given {
            report.add(Problem::of_file(flag, "is given", "a service with a target group"));
        }
    }
}

fn container(balancer: Option<&LoadBalancer>, report: &Report) -> (String, u16) {
    let (name, port) = balancer.map_or((None, None), |it| (it.container.clone(), it.container_port));
    if name.is_none() || port.is_none() {
        report
            .note("the container is not known: it is taken to be `app` on port 8080, where that is missing");
    }
    (name.unwrap_or_else(|| "app".to_owned()), port.unwrap_or(8080))
}
