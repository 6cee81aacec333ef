//! A deployment that ECS itself runs: its facts from `DescribeServiceDeployments` and
//! `DescribeServiceRevisions`.
//!
//! The event names the service deployment, so nothing has to be listed. ECS does not tell by a field's
//! name which target group is green's: the two of a service never swap, their roles alternate with each
//! deployment; only the revision's resolved configuration says it, once the revision is active.
//!
//! Source: API reference of Amazon ECS; developer guide, *Amazon ECS blue/green deployments*.

use aws_sdk_ecs::types::{self, DeploymentLifecycleHookStatus, ServiceDeploymentStatus};
use jiff::Timestamp;

use super::{
    arn::{Entrance, OfService},
    awaiting::Hook,
    overview::{Alarms, CircuitBreaker, Image, Revision, Sides, Status, Way, Weights},
    shift,
};
use crate::{Ask, Fact, Outcome, aws::time, protocol::Situation};

/// The service deployment, as far as it matters here.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServiceDeployment {
    pub(super) status: Status,
    /// Its hooks that ECS lists.
    pub(super) hooks: Vec<Hook>,
    /// The ARN of green's revision, where it is told.
    target: Option<String>,
    /// How many tasks green is meant to have.
    requested: Option<u32>,
    /// The ARNs of the revisions that serve.
    sources: Vec<String>,
}

/// Asks for the service deployment. `function` is our own ARN, which tells our hook from the others.
pub(super) async fn service_deployment(
    ask: &Ask,
    arn: &OfService,
    function: Option<&str>,
) -> Fact<ServiceDeployment> {
    let client = ask.aws.ecs().await;
    let call = client.describe_service_deployments().service_deployment_arns(arn.arn.as_str());
    let answer = ask.ask("ecs:DescribeServiceDeployments", arn.arn.as_str(), call.send()).await?;
    let Some(found) = answer.service_deployments().first() else {
        let why = answer.failures().first().and_then(|failure| failure.reason()).unwrap_or("no reason given");
        return Err(Box::new(
            Outcome::inconclusive(format!("ECS does not know the service deployment {} ({why})", arn.arn))
                .hint("is the event of another account or region than the function's?"),
        ));
    };
    let sources: Vec<_> = found
        .source_service_revisions()
        .iter()
        .filter_map(|summary| summary.arn())
        .map(ToOwned::to_owned)
        .collect();
    let (situation, because) = situation(found.status(), sources.is_empty());
    let target = found.target_service_revision();
    Ok(ServiceDeployment {
        hooks: found
            .lifecycle_hook_details()
            .iter()
            .filter_map(|hook| Some((hook.hook_id()?.to_owned(), hook.status()?.to_string())))
            .collect(),
        status: Status {
            state: found.status().map(ToString::to_string),
            situation,
            because,
            stage: None,
            stage_unknown: None,
            started_at: found.started_at().or(found.created_at()).and_then(time),
            expires_at: expires_at(found.lifecycle_hook_details(), function),
            group: None,
            service: None,
            weights: Weights {
                test: target.and_then(types::ServiceRevisionSummary::requested_test_traffic_weight),
                production: target
                    .and_then(types::ServiceRevisionSummary::requested_production_traffic_weight),
            },
            shift: found.deployment_configuration().map(shift::of_ecs),
            alarms: alarms(found),
            circuit_breaker: found.deployment_circuit_breaker().map(circuit_breaker),
        },
        target: target.and_then(|summary| summary.arn()).map(ToOwned::to_owned),
        requested: target.and_then(|summary| u32::try_from(summary.requested_task_count()).ok()),
        sources,
    })
}

/// The alarms that the deployment watches, else those that it was configured with.
fn alarms(found: &types::ServiceDeployment) -> Option<Alarms> {
    let watched = found.alarms().map(|alarms| Alarms {
        status: alarms.status().map(ToString::to_string).unwrap_or_default(),
        names: alarms.alarm_names().to_vec(),
        triggered: alarms.triggered_alarm_names().to_vec(),
    });
    let configured = || {
        let alarms = found.deployment_configuration()?.alarms()?;
        alarms.enable().then(|| Alarms {
            status: String::new(),
            names: alarms.alarm_names().to_vec(),
            triggered: Vec::new(),
        })
    };
    let some = |alarms: &Alarms| !alarms.names.is_empty();
    watched.filter(some).or_else(|| configured().filter(some))
}

fn circuit_breaker(found: &types::ServiceDeploymentCircuitBreaker) -> CircuitBreaker {
    CircuitBreaker {
        status: found.status().map(ToString::to_string).unwrap_or_default(),
        failures: u32::try_from(found.failure_count()).unwrap_or_default(),
        threshold: u32::try_from(found.threshold()).unwrap_or_default(),
    }
}

fn situation(status: Option<&ServiceDeploymentStatus>, no_source: bool) -> (Situation, String) {
    use ServiceDeploymentStatus::{
        RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful,
    };
    match status {
        Some(status @ (RollbackRequested | RollbackInProgress | RollbackFailed | RollbackSuccessful)) => {
            (Situation::Rollback, format!("the service deployment's status is {status}"))
        }
        _ if no_source => {
            (Situation::Create, "the service deployment has no source revision: there is no blue".to_owned())
        }
        _ => (Situation::Update, "the service deployment has a source revision".to_owned()),
    }
}

/// When ECS gives our hook up: the earliest of the hooks that may be ours.
fn expires_at(hooks: &[types::DeploymentLifecycleHookDetail], function: Option<&str>) -> Option<Timestamp> {
    let waits = |hook: &&types::DeploymentLifecycleHookDetail| {
        matches!(
            hook.status(),
            Some(DeploymentLifecycleHookStatus::InProgress | DeploymentLifecycleHookStatus::AwaitingAction)
        )
    };
    let ours: Vec<_> = hooks
        .iter()
        .filter(waits)
        .filter(|hook| match (hook.target_arn.as_deref(), function) {
            (Some(target), Some(function)) => same_function(target, function),
            (Some(_), None) => true,
            (None, _) => false,
        })
        .collect();
    ours.iter().filter_map(|hook| time(hook.expires_at()?)).min()
}

/// Whether two ARNs name the same function, with or without a version or an alias.
fn same_function(one: &str, other: &str) -> bool {
    let unqualified = |arn: &str| arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":");
    unqualified(one) == unqualified(other)
}

/// Asks for the revisions of both sides, in one call.
pub(super) async fn sides(ask: &Ask, deployment: &ServiceDeployment, green: Option<&str>) -> Fact<Sides> {
    let Some(green) = deployment.target.as_deref().or(green) else {
        return Err(Box::new(Outcome::pending("the service deployment names no target revision yet")));
    };
    let Some(named) = OfService::parse("service-revision", green) else {
        return Err(Box::new(Outcome::cannot_tell(format!("`{green}` is no ARN of a service revision"))));
    };
    let client = ask.aws.ecs().await;
    // The call takes 20; a service has few revisions that serve at a time.
    let asked = std::iter::once(green.to_owned()).chain(deployment.sources.iter().take(19).cloned());
    let call = client.describe_service_revisions().set_service_revision_arns(Some(asked.collect()));
    let resource = format!("{}*", green.trim_end_matches(&named.id));
    let answer = ask.ask("ecs:DescribeServiceRevisions", &resource, call.send()).await?;
    let find = |arn: &str| {
        answer.service_revisions().iter().find(|revision| revision.service_revision_arn() == Some(arn))
    };
    let Some(found) = find(green) else {
        return Err(Box::new(
            Outcome::inconclusive(format!("ECS does not know the service revision {green}"))
                .hint("revisions of deployments before 2024-10-25 cannot be described"),
        ));
    };
    // A blue that cannot be described any more is still told by its id.
    let blue = deployment.sources.iter().filter_map(|arn| revision(arn, find(arn), None)).collect();
    let Some(green) = revision(green, Some(found), deployment.requested) else {
        return Err(Box::new(Outcome::cannot_tell(format!("`{green}` is no ARN of a service revision"))));
    };
    Ok(Sides {
        cluster: named.cluster,
        service: named.service,
        green,
        blue,
        ways: ways(found, &deployment.sources.iter().filter_map(|arn| find(arn)).collect::<Vec<_>>()),
        security_groups: found
            .network_configuration()
            .and_then(types::NetworkConfiguration::awsvpc_configuration)
            .map(|network| network.security_groups().to_vec())
            .unwrap_or_default(),
        service_connect: found
            .service_connect_configuration()
            .is_some_and(aws_sdk_ecs::types::ServiceConnectConfiguration::enabled),
    })
}

fn revision(arn: &str, found: Option<&types::ServiceRevision>, requested: Option<u32>) -> Option<Revision> {
    let id = OfService::parse("service-revision", arn)?.id;
    Some(Revision {
        started_by: format!("ecs-svc/{id}"),
        id,
        task_definition: found.and_then(|found| found.task_definition()).map(ToOwned::to_owned),
        requested,
        images: found
            .map(types::ServiceRevision::container_images)
            .unwrap_or_default()
            .iter()
            .map(image)
            .collect(),
    })
}

fn image(found: &types::ContainerImage) -> Image {
    Image {
        container: found.container_name().unwrap_or_default().to_owned(),
        image: found.image().unwrap_or_default().to_owned(),
        digest: found.image_digest().map(ToOwned::to_owned),
    }
}

/// The ARNs of the target groups that a revision was resolved to.
fn resolved(revision: &types::ServiceRevision) -> Vec<String> {
    revision
        .resolved_configuration()
        .map(types::ResolvedConfiguration::load_balancers)
        .unwrap_or_default()
        .iter()
        .filter_map(|resolved| resolved.target_group_arn.clone())
        .collect()
}

fn ways(green: &types::ServiceRevision, blue: &[&types::ServiceRevision]) -> Vec<Way> {
    let of_green = resolved(green);
    let of_blue: Vec<_> = blue.iter().flat_map(|blue| resolved(blue)).collect();
    // Only a group that is told for green alone is green's; anything else is found by the weights.
    let green_group = |groups: &[String]| {
        let mut own = groups.iter().filter(|group| of_green.contains(group) && !of_blue.contains(group));
        own.next().cloned().filter(|_| own.next().is_none())
    };
    let way = |configured: &types::LoadBalancer| {
        let group = configured.target_group_arn.clone()?;
        let advanced = configured.advanced_configuration();
        let alternate = advanced.and_then(|advanced| advanced.alternate_target_group_arn.clone());
        let entrance = |arn: Option<&str>| arn.and_then(Entrance::parse);
        let groups: Vec<_> = std::iter::once(group).chain(alternate).collect();
        Some(Way {
            green_group: green_group(&groups),
            groups,
            production: entrance(advanced.and_then(|advanced| advanced.production_listener_rule())),
            test: entrance(advanced.and_then(|advanced| advanced.test_listener_rule())),
            container_port: configured.container_port().and_then(|port| u16::try_from(port).ok()),
        })
    };
    green.load_balancers().iter().filter_map(way).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus as Hook};
    use aws_smithy_types::DateTime;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:hook";

    #[test]
    fn situations() {
        for (status, no_source, situation_is) in [
            (Some(ServiceDeploymentStatus::InProgress), false, Situation::Update),
            (Some(ServiceDeploymentStatus::InProgress), true, Situation::Create),
            (Some(ServiceDeploymentStatus::RollbackRequested), false, Situation::Rollback),
            // A create that fails has nothing to go back to, and ECS says that it rolls back.
            (Some(ServiceDeploymentStatus::RollbackInProgress), true, Situation::Rollback),
            // Somebody stops it: whether that is a rollback is not said yet.
            (Some(ServiceDeploymentStatus::StopRequested), false, Situation::Update),
            (None, false, Situation::Update),
        ] {
            assert_eq!(situation(status.as_ref(), no_source).0, situation_is, "{status:?} {no_source}");
        }
    }

    fn hook(target: Option<&str>, status: Hook, expires_at: i64) -> DeploymentLifecycleHookDetail {
        DeploymentLifecycleHookDetail::builder()
            .set_target_arn(target.map(ToOwned::to_owned))
            .status(status)
            .expires_at(DateTime::from_secs(expires_at))
            .build()
    }

    #[test]
    fn our_hook_among_others() {
        let live = format!("{FUNCTION}:live");
        let other = "arn:aws:lambda:eu-west-1:123456789012:function:hook-of-another-team";
        let hooks = [
            hook(Some(other), Hook::InProgress, 10),
            hook(None, Hook::AwaitingAction, 20),
            hook(Some(FUNCTION), Hook::Succeeded, 30),
            hook(Some(&live), Hook::InProgress, 50),
            hook(Some(FUNCTION), Hook::InProgress, 40),
        ];
        let at = |second| Timestamp::from_second(second).ok();
        assert_eq!(expires_at(&hooks, Some(FUNCTION)), at(40));
        assert_eq!(expires_at(&hooks, None), at(10));
        assert_eq!(expires_at(&hooks[1..3], Some(FUNCTION)), None);
    }
}
