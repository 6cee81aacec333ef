//! Clusters.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookup::{Count, first, missing, page};
use super::{SERVICE, State, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode};
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// A cluster. How much runs in it is counted when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cluster {
    /// `arn:…:cluster/NAME`.
    pub cluster_arn: String,
    /// Its name.
    pub cluster_name: String,
    /// `ACTIVE`, or on its way there or away.
    pub status: String,
}

impl Default for Cluster {
    fn default() -> Self {
        Self { cluster_arn: String::new(), cluster_name: String::new(), status: "ACTIVE".to_owned() }
    }
}

/// `DescribeClusters`.
pub static DESCRIBE_CLUSTERS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeClusters",
    action: "DescribeClusters",
    resource: |world, input| arn(world, first(input, "clusters")),
    run: describe_clusters,
};

fn describe_clusters(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeClusters = decode(input)?;
    let mut asked = asked.clusters.unwrap_or_default();
    if asked.len() > 100 {
        return Err(invalid_parameter("Clusters can have at most 100 items."));
    }
    if asked.is_empty() {
        asked.push("default".to_owned());
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for name in asked {
        match world.ecs.cluster(Some(&name)) {
            Ok(cluster) => clusters.push(rendered(&world.ecs, cluster)),
            Err(_) => failures.push(missing(&arn(world, &name))),
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

/// `ListClusters`.
pub static LIST_CLUSTERS: Operation = Operation {
    service: &SERVICE,
    name: "ListClusters",
    action: "ListClusters",
    resource: |_, _| "*".to_owned(),
    run: list_clusters,
};

fn list_clusters(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let page = page(world, LIST_CLUSTERS.name, input, 100)?;
    let (arns, next) = page.take(world.ecs.clusters.iter().map(|cluster| &*cluster.cluster_arn));
    Ok(render(&json!({"clusterArns": arns, "nextToken": next})))
}

#[derive(Deserialize)]
struct DescribeClusters {
    clusters: Option<Vec<String>>,
}

fn rendered(state: &State, cluster: &Cluster) -> Value {
    let count = Count::of(state.tasks.iter().filter(|task| task.cluster_arn == cluster.cluster_arn));
    let services = state
        .services
        .iter()
        .filter(|service| service.cluster_arn == cluster.cluster_arn && service.status == "ACTIVE");
    let mut rendered = render(cluster);
    rendered["runningTasksCount"] = count.running.into();
    rendered["pendingTasksCount"] = count.pending.into();
    rendered["activeServicesCount"] = services.count().into();
    rendered["registeredContainerInstancesCount"] = 0.into();
    for list in ["statistics", "tags", "settings", "capacityProviders", "defaultCapacityProviderStrategy"] {
        rendered[list] = json!([]);
    }
    rendered
}

/// The ARN of a cluster that is named by its name or its ARN.
fn arn(world: &World, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    let name = if name.is_empty() { "default" } else { name };
    world.identity.arn("ecs", &format!("cluster/{name}"))
}
