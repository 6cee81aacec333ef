//! The service's tasks: whose they are, and where they are reached.

use std::{collections::BTreeSet, net::IpAddr};

use aws_sdk_ecs::types::{self, DesiredStatus};
use futures_util::future::join_all;

use super::overview::{Revision, Sides};
use crate::{Ask, Fact};

/// The most tasks of one `DescribeTasks`.
const PAGE: usize = 100;

/// A task of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// What started it, e.g. `ecs-svc/9313423515462893900`.
    pub started_by: Option<String>,
    /// The ARN of its task definition.
    pub task_definition: Option<String>,
    /// Where it is in its life, e.g. `RUNNING`.
    pub last_status: String,
    /// The addresses of its network interfaces; none with bridge and host networking.
    pub addresses: Vec<IpAddr>,
}

impl Task {
    /// Its id, for people.
    pub fn id(&self) -> &str {
        super::arn::short(&self.arn)
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.last_status == "RUNNING"
    }

    fn read(task: &types::Task) -> Self {
        let of_attachments = task
            .attachments()
            .iter()
            .filter(|attachment| attachment.r#type() == Some("ElasticNetworkInterface"))
            .flat_map(types::Attachment::details)
            .filter(|detail| matches!(detail.name(), Some("privateIPv4Address" | "privateIPv6Address")))
            .filter_map(types::KeyValuePair::value);
        let of_containers = task
            .containers()
            .iter()
            .flat_map(types::Container::network_interfaces)
            .flat_map(|interface| [interface.private_ipv4_address(), interface.ipv6_address()])
            .flatten();
        let addresses: BTreeSet<IpAddr> =
            of_attachments.chain(of_containers).filter_map(|address| address.parse().ok()).collect();
        Self {
            arn: task.task_arn().unwrap_or_default().to_owned(),
            started_by: task.started_by().map(ToOwned::to_owned),
            task_definition: task.task_definition_arn().map(ToOwned::to_owned),
            last_status: task.last_status().unwrap_or_default().to_owned(),
            addresses: addresses.into_iter().collect(),
        }
    }
}

/// The service's tasks that are meant to run, of all its revisions.
pub(super) async fn of_service(ask: &Ask, cluster: &str, service: &str) -> Fact<Vec<Task>> {
    let client = ask.aws.ecs().await;
    let mut arns = Vec::new();
    let mut next = None;
    loop {
        let call = client
            .list_tasks()
            .cluster(cluster)
            .service_name(service)
            .desired_status(DesiredStatus::Running)
            .set_next_token(next.take());
        let resource = format!("the container instances and tasks of cluster {cluster}");
        let page = ask.ask("ecs:ListTasks", &resource, call.send()).await?;
        arns.extend(page.task_arns().iter().cloned());
        next = page.next_token().filter(|token| !token.is_empty()).map(ToOwned::to_owned);
        if next.is_none() {
            break;
        }
    }
    let described = arns.chunks(PAGE).map(|page| async {
        let call = client.describe_tasks().cluster(cluster).set_tasks(Some(page.to_vec()));
        ask.ask("ecs:DescribeTasks", &format!("the tasks of cluster {cluster}"), call.send()).await
    });
    let mut tasks = Vec::new();
    for page in join_all(described).await {
        tasks.extend(page?.tasks().iter().map(Task::read));
    }
    Ok(tasks)
}

/// The port of a task definition, where its containers listen on one and the same.
pub(super) async fn container_port(ask: &Ask, definition: &str) -> Fact<Option<u16>> {
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

/// The tasks, by whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned<'a> {
    /// Green's.
    pub green: Vec<&'a Task>,
    /// Those of the revisions that serve.
    pub blue: Vec<&'a Task>,
    /// The service's others, e.g. of a revision before blue.
    pub others: Vec<&'a Task>,
    /// How they were told apart.
    pub by: &'static str,
}

/// Whether a task is of a revision.
type IsOf = fn(&Task, &Revision) -> bool;

fn started_by(task: &Task, revision: &Revision) -> bool {
    task.started_by.as_deref() == Some(revision.started_by.as_str())
}

fn defined_by(task: &Task, revision: &Revision) -> bool {
    revision.task_definition.is_some() && task.task_definition == revision.task_definition
}

/// Tells green's tasks from the others; none where nothing tells them apart.
///
/// A task says what started it: `ecs-svc/` and the id of its revision or task set. Where no task says so
/// (the form is AWS's, but no promise), two different task definitions tell them apart as well. The time
/// of a start never does: blue may scale out during the deployment.
pub fn owned<'a>(tasks: &'a [Task], sides: &Sides) -> Option<Owned<'a>> {
    let revisions = || std::iter::once(&sides.green).chain(&sides.blue);
    let told = tasks.iter().any(|task| revisions().any(|revision| started_by(task, revision)));
    let distinct = sides.green.task_definition.is_some()
        && sides.blue.iter().all(|blue| {
            blue.task_definition.is_some() && blue.task_definition != sides.green.task_definition
        });
    let (is_of, by): (IsOf, _) = if told {
        (started_by, "what started them")
    } else if distinct {
        (defined_by, "their task definitions")
    } else if tasks.is_empty() {
        (started_by, "there are none")
    } else {
        return None;
    };
    let mut owned = Owned { green: Vec::new(), blue: Vec::new(), others: Vec::new(), by };
    for task in tasks {
        if is_of(task, &sides.green) {
            owned.green.push(task);
        } else if sides.blue.iter().any(|blue| is_of(task, blue)) {
            owned.blue.push(task);
        } else {
            owned.others.push(task);
        }
    }
    Some(owned)
}
