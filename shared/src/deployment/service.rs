//! The service itself, as far as its revisions do not tell: how long failing health checks are overlooked.
//!
//! Asked only where something is unhealthy, because nothing else needs it.
//!
//! Source: API reference of Amazon ECS (`Service`, `healthCheckGracePeriodSeconds`): ECS overlooks unhealthy
//! load balancer and container health checks for that long after a task has started.

use std::time::Duration;

use crate::{Ask, Fact, Outcome};

/// For how long after a task's start ECS overlooks that its health checks fail; zero where nobody set it.
pub(super) async fn grace_period(ask: &Ask, cluster: &str, service: &str) -> Fact<Duration> {
    let call = ask.aws.ecs().await.describe_services().cluster(cluster).services(service);
    let resource = format!("the service {cluster}/{service}");
    let answer = ask.ask("ecs:DescribeServices", &resource, call.send()).await?;
    let Some(found) = answer.services().first() else {
        let why = answer.failures().first().and_then(|failure| failure.reason()).unwrap_or("no reason given");
        return Err(Box::new(Outcome::inconclusive(format!("ECS does not know {resource} ({why})"))));
    };
    let seconds = found.health_check_grace_period_seconds().unwrap_or_default();
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}
