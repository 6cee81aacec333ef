//! Services.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookup::{Count, bounded, first, missing, page, service_arn};
use super::{SERVICE, State};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A service.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Service {
    /// `arn:…:service/CLUSTER/NAME`.
    pub service_arn: String,
    /// Its name.
    pub service_name: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How many tasks it wants; the running ones, if that is not said.
    pub desired_count: Option<usize>,
    /// How many run; counted, if it is not said.
    pub running_count: Option<usize>,
    /// How many are starting; counted, if it is not said.
    pub pending_count: Option<usize>,
    /// `FARGATE`, `EC2`, …
    pub launch_type: Option<String>,
    /// `REPLICA` or `DAEMON`.
    pub scheduling_strategy: String,
    /// The task definition of its newest revision.
    pub task_definition: Option<String>,
    /// The target groups that it registers its tasks with.
    pub load_balancers: Vec<LoadBalancer>,
    /// Strategy, hooks, bake time, alarms, as the API takes them.
    pub deployment_configuration: Option<Value>,
    /// Who deploys it.
    pub deployment_controller: Option<DeploymentController>,
    /// Deployments under way, the `PRIMARY` one first.
    pub deployments: Vec<Deployment>,
    /// The service deployment that is under way.
    pub current_service_deployment: Option<String>,
    /// The revisions that have tasks.
    pub current_service_revisions: Vec<ServiceCurrentRevisionSummary>,
    /// Subnets and security groups.
    pub network_configuration: Option<NetworkConfiguration>,
    /// How long failing health checks are overlooked at first.
    pub health_check_grace_period_seconds: Option<u32>,
    /// What has happened, the newest first, as the API shows it.
    pub events: Vec<Value>,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            service_arn: String::new(),
            service_name: String::new(),
            cluster_arn: String::new(),
            status: "ACTIVE".to_owned(),
            desired_count: None,
            running_count: None,
            pending_count: None,
            launch_type: Some("FARGATE".to_owned()),
            scheduling_strategy: "REPLICA".to_owned(),
            task_definition: None,
            load_balancers: Vec::new(),
            deployment_configuration: None,
            deployment_controller: None,
            deployments: Vec::new(),
            current_service_deployment: None,
            current_service_revisions: Vec::new(),
            network_configuration: None,
            health_check_grace_period_seconds: None,
            events: Vec::new(),
            created_at: None,
        }
    }
}

/// Where tasks are registered: one target group, or the pair that blue and green take turns in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadBalancer {
    /// The target group, or the first of the pair. It does not say whose it is.
    pub target_group_arn: Option<String>,
    /// The name of a classic load balancer.
    pub load_balancer_name: Option<String>,
    /// The container that serves.
    pub container_name: Option<String>,
    /// Its port.
    pub container_port: Option<u16>,
    /// What ECS needs to shift traffic.
    pub advanced_configuration: Option<AdvancedConfiguration>,
}

/// What ECS needs to shift traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AdvancedConfiguration {
    /// The second target group of the pair.
    pub alternate_target_group_arn: Option<String>,
    /// A rule of an Application Load Balancer, or a listener of a Network Load Balancer.
    pub production_listener_rule: Option<String>,
    /// The same for test traffic.
    pub test_listener_rule: Option<String>,
    /// The role that ECS changes the rules with.
    pub role_arn: Option<String>,
}

/// Who deploys a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeploymentController {
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub r#type: String,
}

/// Where tasks are in the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkConfiguration {
    /// For tasks with a network interface of their own.
    pub awsvpc_configuration: Option<AwsvpcConfiguration>,
}

/// The network interfaces of tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AwsvpcConfiguration {
    /// Subnets.
    pub subnets: Vec<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`.
    pub assign_public_ip: Option<String>,
}

/// A deployment as it stands in its service: the older description beside service deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Deployment {
    /// `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// Its task definition.
    pub task_definition: String,
    /// How many tasks it wants.
    pub desired_count: usize,
    /// How many are starting.
    pub pending_count: usize,
    /// How many run.
    pub running_count: usize,
    /// How many have failed in a row.
    pub failed_tasks: usize,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout_state: Option<String>,
    /// Why.
    pub rollout_state_reason: Option<String>,
    /// `FARGATE`, `EC2`, …
    pub launch_type: Option<String>,
    /// Service Connect, as the API takes it. The service itself does not say it.
    pub service_connect_configuration: Option<Value>,
    /// VPC Lattice, as the API takes it.
    pub vpc_lattice_configurations: Option<Value>,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
    /// When it changed last.
    #[serde(serialize_with = "seconds")]
    pub updated_at: Option<Timestamp>,
}

/// A revision that has tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceCurrentRevisionSummary {
    /// The revision.
    pub arn: String,
    /// How many tasks it is to have.
    pub requested_task_count: usize,
    /// How many run.
    pub running_task_count: usize,
    /// How many are starting.
    pub pending_task_count: usize,
}

/// `DescribeServices`.
pub static DESCRIBE_SERVICES: Operation = Operation {
    service: &SERVICE,
    name: "DescribeServices",
    action: "DescribeServices",
    resource: |world, input| service_arn(world, &input["cluster"], first(input, "services")),
    run: describe_services,
};

/// `ListServices`.
pub static LIST_SERVICES: Operation = Operation {
    service: &SERVICE,
    name: "ListServices",
    action: "ListServices",
    resource: |_, _| "*".to_owned(),
    run: list_services,
};

#[derive(Deserialize)]
struct DescribeServices {
    cluster: Option<String>,
    services: Option<Vec<String>>,
}

fn describe_services(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeServices = decode(input)?;
    let names = bounded("Services", asked.services, 10)?;
    let cluster = world.ecs.cluster(asked.cluster.as_deref())?;
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match world.ecs.service(cluster, &name) {
            Some(service) => services.push(rendered(&world.ecs, service)),
            None if name.starts_with("arn:") => failures.push(missing(&name)),
            // AWS names a service that it does not know without its cluster.
            None => failures.push(missing(&world.identity.arn("ecs", &format!("service/{name}")))),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListServices {
    cluster: Option<String>,
    launch_type: Option<String>,
    scheduling_strategy: Option<String>,
}

fn list_services(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: ListServices = decode(input)?;
    let page = page(world, LIST_SERVICES.name, input, 10)?;
    let cluster = world.ecs.cluster(asked.cluster.as_deref())?;
    let found = world.ecs.services.iter().filter(|service| {
        service.cluster_arn == cluster.cluster_arn
            && service.status != "INACTIVE"
            && (asked.launch_type.is_none() || asked.launch_type == service.launch_type)
            && asked.scheduling_strategy.as_ref().is_none_or(|asked| *asked == service.scheduling_strategy)
    });
    let (arns, next) = page.take(found.map(|service| &*service.service_arn));
    Ok(render(&json!({"serviceArns": arns, "nextToken": next})))
}

fn rendered(state: &State, service: &Service) -> Value {
    let group = format!("service:{}", service.service_name);
    let count = Count::of(
        state
            .tasks
            .iter()
            .filter(|task| task.cluster_arn == service.cluster_arn && task.group.as_ref() == Some(&group)),
    );
    let task_sets = state.task_sets.iter().filter(|task_set| task_set.service_arn == service.service_arn);
    let mut rendered = render(service);
    rendered["desiredCount"] = service.desired_count.unwrap_or(count.all()).into();
    rendered["runningCount"] = service.running_count.unwrap_or(count.running).into();
    rendered["pendingCount"] = service.pending_count.unwrap_or(count.pending).into();
    rendered["taskSets"] = task_sets.map(|task_set| task_set.rendered(state)).collect();
    rendered["serviceRegistries"] = json!([]);
    rendered
}
