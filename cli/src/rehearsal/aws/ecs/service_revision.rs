//! Service revisions: everything that one version of a service runs with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookup::{ServicePart, bounded, first, missing};
use super::{LoadBalancer, NetworkConfiguration, SERVICE, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A service revision.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceRevision {
    /// `arn:…:service-revision/CLUSTER/SERVICE/ID`.
    pub service_revision_arn: String,
    /// Its service.
    pub service_arn: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// Its task definition.
    pub task_definition: Option<String>,
    /// `FARGATE`, `EC2`, …
    pub launch_type: Option<String>,
    /// Target groups, listener rules and the serving container.
    pub load_balancers: Vec<LoadBalancer>,
    /// Subnets and security groups.
    pub network_configuration: Option<NetworkConfiguration>,
    /// The images by digest.
    pub container_images: Vec<ContainerImage>,
    /// Service Connect, as the API takes it.
    pub service_connect_configuration: Option<Value>,
    /// VPC Lattice, as the API takes it.
    pub vpc_lattice_configurations: Option<Value>,
    /// What ECS made of the configuration; none until it has.
    pub resolved_configuration: Option<ResolvedConfiguration>,
    /// Whether `GuardDuty` watches the tasks.
    pub guard_duty_enabled: bool,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
}

impl Default for ServiceRevision {
    fn default() -> Self {
        Self {
            service_revision_arn: String::new(),
            service_arn: String::new(),
            cluster_arn: String::new(),
            task_definition: None,
            launch_type: Some("FARGATE".to_owned()),
            load_balancers: Vec::new(),
            network_configuration: None,
            container_images: Vec::new(),
            service_connect_configuration: None,
            vpc_lattice_configurations: None,
            resolved_configuration: None,
            guard_duty_enabled: false,
            created_at: None,
        }
    }
}

/// The image of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ContainerImage {
    /// The container.
    pub container_name: String,
    /// `sha256:…`; none if the tag could not be resolved.
    pub image_digest: Option<String>,
    /// The image as the task definition names it.
    pub image: String,
}

/// What ECS made of a revision's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ResolvedConfiguration {
    /// The target groups that the revision serves from.
    pub load_balancers: Vec<ResolvedLoadBalancer>,
}

/// A target group that a revision serves from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ResolvedLoadBalancer {
    /// The revision's own target group.
    pub target_group_arn: String,
    /// The production rule.
    pub production_listener_rule: Option<String>,
}

/// `DescribeServiceRevisions`.
pub static DESCRIBE_SERVICE_REVISIONS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeServiceRevisions",
    action: "DescribeServiceRevisions",
    resource: |_, input| first(input, "serviceRevisionArns").to_owned(),
    run: describe_service_revisions,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeServiceRevisions {
    service_revision_arns: Option<Vec<String>>,
}

fn describe_service_revisions(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeServiceRevisions = decode(input)?;
    let arns = bounded("ServiceRevisionArns", asked.service_revision_arns, 20)?;
    let state = &world.ecs;
    let (mut revisions, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let part = ServicePart::parse(&arn, "service-revision")
            .ok_or_else(|| invalid_parameter(format!("Invalid serviceRevisionArn: {arn}")))?;
        state.expect_service_of(&part)?;
        match state.service_revisions.iter().find(|known| known.service_revision_arn == arn) {
            Some(revision) => revisions.push(render(revision)),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({"serviceRevisions": revisions, "failures": failures}))
}
