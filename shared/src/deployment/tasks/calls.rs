//! The calls that tasks are read from.
//!
//! ECS keeps stopped tasks for about an hour, and lists them by service, not by revision: `startedBy` goes
//! with no other filter. A service may have stopped thousands of them; how many are looked at has a bound.
//!
//! Source: API reference of Amazon ECS (`ListTasks`, `DescribeTasks`, `Task`, `Container`).

use std::{collections::BTreeSet, net::IpAddr};

use aws_sdk_ecs::types::{self, DesiredStatus};
use futures_util::future::join_all;

use super::{Container, Stopped, Task};
use crate::{Ask, Fact, aws::time};

/// The most tasks of one `DescribeTasks`.
const PAGE: usize = 100;
/// The most stopped tasks that are looked at.
const MOST_STOPPED: usize = 1000;

/// The service's tasks that are meant to run, of all its revisions.
pub(in crate::deployment) async fn of_service(ask: &Ask, cluster: &str, service: &str) -> Fact<Vec<Task>> {
    let (arns, _) = list(ask, cluster, service, DesiredStatus::Running, usize::MAX).await?;
    describe(ask, cluster, &arns).await
}

/// The service's tasks that stopped or are being stopped, of all its revisions.
pub(in crate::deployment) async fn stopped(ask: &Ask, cluster: &str, service: &str) -> Fact<Stopped> {
    let (arns, more) = list(ask, cluster, service, DesiredStatus::Stopped, MOST_STOPPED).await?;
    Ok(Stopped { tasks: describe(ask, cluster, &arns).await?, more })
}

/// Lists at most so many tasks, and says whether there are more.
async fn list(
    ask: &Ask,
    cluster: &str,
    service: &str,
    desired: DesiredStatus,
    most: usize,
) -> Fact<(Vec<String>, bool)> {
    let client = ask.aws.ecs().await;
    let resource = format!("the container instances and tasks of cluster {cluster}");
    let mut arns = Vec::new();
    let mut next = None;
    loop {
        let call = client
            .list_tasks()
            .cluster(cluster)
            .service_name(service)
            .desired_status(desired.clone())
            .set_next_token(next.take());
        let page = ask.ask("ecs:ListTasks", &resource, call.send()).await?;
        arns.extend(page.task_arns().iter().cloned());
        next = page.next_token().filter(|token| !token.is_empty()).map(ToOwned::to_owned);
        if next.is_none() || arns.len() >= most {
            let more = next.is_some() || arns.len() > most;
            arns.truncate(most);
            return Ok((arns, more));
        }
    }
}

async fn describe(ask: &Ask, cluster: &str, arns: &[String]) -> Fact<Vec<Task>> {
    let client = ask.aws.ecs().await;
    let described = arns.chunks(PAGE).map(|page| async {
        let call = client.describe_tasks().cluster(cluster).set_tasks(Some(page.to_vec()));
        ask.ask("ecs:DescribeTasks", &format!("the tasks of cluster {cluster}"), call.send()).await
    });
    let mut tasks = Vec::new();
    for page in join_all(described).await {
        tasks.extend(page?.tasks().iter().map(task));
    }
    Ok(tasks)
}

fn task(found: &types::Task) -> Task {
    let of_attachments = found
        .attachments()
        .iter()
        .filter(|attachment| attachment.r#type() == Some("ElasticNetworkInterface"))
        .flat_map(types::Attachment::details)
        .filter(|detail| matches!(detail.name(), Some("privateIPv4Address" | "privateIPv6Address")))
        .filter_map(types::KeyValuePair::value);
    let of_containers = found
        .containers()
        .iter()
        .flat_map(types::Container::network_interfaces)
        .flat_map(|interface| [interface.private_ipv4_address(), interface.ipv6_address()])
        .flatten();
    let addresses: BTreeSet<IpAddr> =
        of_attachments.chain(of_containers).filter_map(|address| address.parse().ok()).collect();
    Task {
        arn: text(found.task_arn()),
        started_by: found.started_by().map(ToOwned::to_owned),
        task_definition: found.task_definition_arn().map(ToOwned::to_owned),
        last_status: text(found.last_status()),
        desired_status: text(found.desired_status()),
        health: health(found.health_status()),
        addresses: addresses.into_iter().collect(),
        zone: found.availability_zone().map(ToOwned::to_owned),
        started_at: found.started_at().and_then(time),
        stopping_at: found.stopping_at().and_then(time),
        stopped_at: found.stopped_at().and_then(time),
        stop_code: found.stop_code().map(ToString::to_string),
        stopped_reason: found.stopped_reason().map(ToOwned::to_owned),
        containers: found.containers().iter().map(container).collect(),
    }
}

fn container(found: &types::Container) -> Container {
    Container {
        name: text(found.name()),
        image: found.image().map(ToOwned::to_owned),
        digest: found.image_digest().filter(|digest| !digest.is_empty()).map(ToOwned::to_owned),
        health: health(found.health_status()),
        exit_code: found.exit_code(),
        reason: found.reason().map(ToOwned::to_owned),
    }
}

fn text(found: Option<&str>) -> String {
    found.unwrap_or_default().to_owned()
}

fn health(found: Option<&types::HealthStatus>) -> String {
    found.map_or_else(|| "UNKNOWN".to_owned(), ToString::to_string)
}

/// The port of a task definition, where its containers listen on one and the same.
pub(in crate::deployment) async fn container_port(ask: &Ask, definition: &str) -> Fact<Option<u16>> {
    let call = ask.aws.ecs().await.describe_task_definition().task_definition(definition);
    let answer = ask.ask("ecs:DescribeTaskDefinition", "*", call.send()).await?;
    let ports: BTreeSet<u16> = answer
        .task_definition()
        .map(types::TaskDefinition::container_definitions)
        .unwrap_or_default()
        .iter()
        .flat_map(types::ContainerDefinition::port_mappings)
        .filter(|mapping| mapping.protocol() != Some(&types::TransportProtocol::Udp))
        .filter_map(|mapping| u16::try_from(mapping.container_port()?).ok())
        .collect();
    Ok(ports.first().copied().filter(|_| ports.len() == 1))
}
