//! What both controllers tell of a deployment, in one form.

use jiff::Timestamp;
use serde::Serialize;

use super::{arn::Entrance, shift::Shift};
use crate::{protocol::Situation, stage::Stage};

/// What the deployment is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// How far it is, in its controller's word: `IN_PROGRESS`, or CodeDeploy's `InProgress`.
    pub state: Option<String>,
    /// Create, update or rollback.
    pub situation: Situation,
    /// How that was recognised.
    pub because: String,
    /// The stage, where the event does not tell it: CodeDeploy's current lifecycle event.
    pub stage: Option<Stage>,
    /// Why that stage is not known, where it could not be asked.
    pub stage_unknown: Option<String>,
    /// When the deployment began.
    pub started_at: Option<Timestamp>,
    /// When the one who waits for our hook gives up.
    pub expires_at: Option<Timestamp>,
    /// CodeDeploy's names of the application and the deployment group.
    pub group: Option<(String, String)>,
    /// The names of the cluster and the service, where CodeDeploy's target tells them; ECS's event names the service itself.
    pub service: Option<(String, String)>,
    /// What ECS has been asked to give green of the traffic, in percent.
    pub weights: Weights,
    /// How production traffic is shifted, where that is told.
    pub shift: Option<Shift>,
    /// The alarms that may end the deployment, where ECS tells any; see
    /// [`Deployment::alarms`](super::Deployment::alarms).
    pub alarms: Option<Alarms>,
    /// The circuit breaker that may end the deployment, where the controller tells of one.
    pub circuit_breaker: Option<CircuitBreaker>,
}

/// The circuit breaker of a deployment: it counts tasks that fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CircuitBreaker {
    /// `MONITORING`, `MONITORING_COMPLETE`, `TRIGGERED` or `DISABLED`.
    pub status: String,
    /// How many tasks have failed; ECS may start again from zero when a task gets healthy.
    pub failures: u32,
    /// How many are too many.
    pub threshold: u32,
}

/// Green's share of the traffic, in percent; none where it is not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Weights {
    /// Of test traffic.
    pub test: Option<f64>,
    /// Of production traffic.
    pub production: Option<f64>,
}

/// The alarms of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarms {
    /// `MONITORING`, `MONITORING_COMPLETE`, `TRIGGERED` or `DISABLED`; empty where it is not told.
    pub status: String,
    /// The names of all.
    pub names: Vec<String>,
    /// The names of those that went off.
    pub triggered: Vec<String>,
}

/// Blue and green, and the load balancers before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The revision that is being deployed.
    pub green: Revision,
    /// Those that serve; none on create.
    pub blue: Vec<Revision>,
    /// One for each load balancer (and container) that the service is reached through.
    pub ways: Vec<Way>,
    /// Whether the service is in a Service Connect namespace.
    pub service_connect: bool,
    /// The security groups of green's tasks, where they have network interfaces of their own.
    pub security_groups: Vec<String>,
}

/// A service revision, or with CodeDeploy a task set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// What tells it from the service's others, e.g. `9313423515462893900`.
    pub id: String,
    /// What its tasks were started by, e.g. `ecs-svc/9313423515462893900`.
    pub started_by: String,
    /// The ARN of its task definition.
    pub task_definition: Option<String>,
    /// How many tasks it is meant to have, where that is told.
    pub requested: Option<u32>,
    /// The images of its containers, where they are told.
    pub images: Vec<Image>,
}

/// The image of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The container's name.
    pub container: String,
    /// The image as the task definition names it.
    pub image: String,
    /// The digest that ECS resolved it to, where it did.
    pub digest: Option<String>,
}

/// How traffic reaches one container of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The ARNs of the two target groups between which traffic is shifted; one, where there is but one.
    pub groups: Vec<String>,
    /// Green's of them, where it is told; not before the revision is active.
    pub green_group: Option<String>,
    /// Where production traffic comes in.
    pub production: Option<Entrance>,
    /// Where test traffic comes in.
    pub test: Option<Entrance>,
    /// The port that the container listens on.
    pub container_port: Option<u16>,
}

impl Way {
    /// Whether a Network Load Balancer shifts the traffic: that takes minutes.
    pub fn is_network(&self) -> bool {
        self.production.iter().chain(&self.test).any(|entrance| entrance.is_network)
    }

    /// The load balancer's name, for people.
    pub fn name(&self) -> &str {
        let entrance = self.test.as_ref().or(self.production.as_ref());
        entrance.map_or("the load balancer", |entrance| super::arn::short(&entrance.load_balancer))
    }
}
