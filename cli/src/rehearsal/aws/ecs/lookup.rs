//! Finding what a call names: a name, an id or an ARN.

use serde_json::{Value, json};

use super::{Cluster, Service, State, Task, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::text;
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

impl State {
    /// The cluster that a call names; `default` if it names none.
    pub(super) fn cluster(&self, asked: Option<&str>) -> Result<&Cluster, AwsError> {
        let asked = asked.filter(|name| !name.is_empty()).unwrap_or("default");
        self.clusters
            .iter()
            .find(|cluster| cluster.cluster_arn == asked || cluster.cluster_name == asked)
            .ok_or_else(cluster_not_found)
    }

    /// The service of a cluster that a call names.
    pub(super) fn service(&self, cluster: &Cluster, asked: &str) -> Option<&Service> {
        let mut services = self.services.iter().filter(|known| known.cluster_arn == cluster.cluster_arn);
        services.find(|service| service.service_arn == asked || service.service_name == asked)
    }

    /// Refuses the ARN of what belongs to a service that does not exist.
    pub(super) fn expect_service_of(&self, arn: &ServicePart<'_>) -> Result<(), AwsError> {
        let cluster = self.cluster(Some(arn.cluster))?;
        self.service(cluster, arn.service).map(|_| ()).ok_or_else(service_not_found)
    }

    /// How many tasks run and how many are starting, of those that a service revision or task set started.
    pub(super) fn count_started_by(&self, started_by: &str) -> Count {
        Count::of(self.tasks.iter().filter(|task| task.started_by.as_deref() == Some(started_by)))
    }
}

/// Tasks by what they are up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) running: usize,
    pub(super) pending: usize,
}

impl Count {
    pub(super) fn of<'world>(tasks: impl Iterator<Item = &'world Task>) -> Self {
        let mut count = Self { running: 0, pending: 0 };
        for task in tasks {
            match &*task.last_status {
                "RUNNING" => count.running += 1,
                "PROVISIONING" | "PENDING" | "ACTIVATING" => count.pending += 1,
                _ => {}
            }
        }
        count
    }

    pub(super) fn all(self) -> usize {
        self.running + self.pending
    }
}

/// The ARN of a part of a service: `arn:…:KIND/CLUSTER/SERVICE/ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServicePart<'arn> {
    pub(super) cluster: &'arn str,
    pub(super) service: &'arn str,
    /// What its tasks are started by ends with it.
    pub(super) id: &'arn str,
}

impl<'arn> ServicePart<'arn> {
    pub(super) fn parse(arn: &'arn str, kind: &str) -> Option<Self> {
        let resource = arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
        let mut parts = resource.strip_prefix(kind)?.strip_prefix('/')?.splitn(3, '/');
        let (cluster, service, id) = (parts.next()?, parts.next()?, parts.next()?);
        (!id.is_empty()).then_some(Self { cluster, service, id })
    }
}

/// The ARN that IAM judges a call on a service by.
pub(super) fn service_arn(world: &World, cluster: &Value, service: &str) -> String {
    if service.starts_with("arn:") {
        return service.to_owned();
    }
    let cluster = cluster.as_str().filter(|name| !name.is_empty()).unwrap_or("default");
    let cluster = cluster.rsplit_once('/').map_or(cluster, |(_, name)| name);
    world.identity.arn("ecs", &format!("service/{cluster}/{service}"))
}

/// The first text of a list in the input, or nothing.
pub(super) fn first<'input>(input: &'input Value, key: &str) -> &'input str {
    input[key].get(0).and_then(Value::as_str).unwrap_or_default()
}

/// The page that an input asks for.
pub(super) fn page(
    world: &World,
    list: &'static str,
    input: &Value,
    usual_size: usize,
) -> Result<Page, AwsError> {
    let size = match &input["maxResults"] {
        Value::Null => usual_size,
        asked => asked
            .as_u64()
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (1..=100).contains(size))
            .ok_or_else(|| invalid_parameter("maxResults must be between 1 and 100."))?,
    };
    Page::of(world, list, input["nextToken"].as_str(), size)
        .ok_or_else(|| invalid_parameter(format!("Invalid nextToken: {}", text(input, "nextToken"))))
}

/// An entry of `failures`.
pub(super) fn missing(arn: &str) -> Value {
    json!({"arn": arn, "reason": "MISSING"})
}

pub(super) fn cluster_not_found() -> AwsError {
    AwsError::client("ClusterNotFoundException", "Cluster not found.")
}

pub(super) fn service_not_found() -> AwsError {
    AwsError::client("ServiceNotFoundException", "Service not found.")
}

/// A list that must have between one and `most` entries.
pub(super) fn bounded(what: &str, asked: Option<Vec<String>>, most: usize) -> Result<Vec<String>, AwsError> {
    let asked = asked.unwrap_or_default();
    if asked.is_empty() {
        return Err(invalid_parameter(format!("{what} cannot be empty.")));
    }
    if asked.len() > most {
        return Err(invalid_parameter(format!("{what} can have at most {most} items.")));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_services_are_read_from_their_arns() {
        let arn = "arn:aws-cn:ecs:cn-north-1:123456789012:service-revision/shop/orders/42";
        let expected = ServicePart { cluster: "shop", service: "orders", id: "42" };
        assert_eq!(ServicePart::parse(arn, "service-revision"), Some(expected));
        let task_set = "arn:aws:ecs:us-east-1:1:task-set/shop/orders/ecs-svc/7";
        assert_eq!(ServicePart::parse(task_set, "task-set").map(|part| part.id), Some("ecs-svc/7"));
        for wrong in [
            "",
            "arn:aws:ecs",
            "arn:aws:ecs:r:1:service/shop/orders",
            "arn:aws:ecs:r:1:service-revision/a/b/",
        ] {
            assert_eq!(ServicePart::parse(wrong, "service-revision"), None, "{wrong}");
        }
    }
}
