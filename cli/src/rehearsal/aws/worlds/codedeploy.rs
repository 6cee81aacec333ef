//! A service that CodeDeploy deploys, in the midst of it.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::front::Placed;
use super::tasks::Home;
use super::{Front, Side};
use crate::rehearsal::aws::codedeploy::{
    self, CloudFormationTarget, Deployment, DeploymentGroup, DeploymentTarget, EcsService, EcsTarget,
    EcsTaskSet, LifecycleEvent, LoadBalancerInfo, Named, TargetGroupPairInfo, TrafficRoute,
};
use crate::rehearsal::aws::ecs::{
    self, Cluster, DeploymentController, LoadBalancer, Scale, Service, TaskSet,
};
use crate::rehearsal::aws::world::{Identity, World};

/// The parameters of a world with one service that CodeDeploy deploys.
#[derive(Clone, Debug)]
pub struct CodeDeploy {
    /// Where, and who calls.
    pub identity: Identity,
    /// The application.
    pub application: String,
    /// The deployment group.
    pub deployment_group: String,
    /// The deployment.
    pub deployment: String,
    /// `user`, or `codeDeployRollback`.
    pub creator: String,
    /// The lifecycle event that is under way.
    pub event: String,
    /// Whether CloudFormation deploys it: then there is no application and no deployment group, and the
    /// target names no task sets.
    pub cloud_formation: bool,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name, which its target groups and its task definition are called by, too.
    pub service: String,
    /// The task set that serves.
    pub blue: Side,
    /// The task set that is being deployed.
    pub green: Side,
    /// When it started.
    pub started_at: Timestamp,
    /// The container that serves.
    pub container: String,
    /// The port that the service is registered with.
    pub container_port: u16,
    /// The load balancer.
    pub front: Front,
}

impl Default for CodeDeploy {
    /// A deployment in `AfterAllowTestTraffic` behind an Application Load Balancer, two tasks each.
    fn default() -> Self {
        let tasks = |last: u8| [last, last + 1].map(|last| SocketAddr::from(([10, 0, 0, last], 8080)));
        Self {
            identity: Identity::default(),
            application: "orders".to_owned(),
            deployment_group: "orders-production".to_owned(),
            deployment: "d-82EELWTXI".to_owned(),
            creator: "user".to_owned(),
            event: "AfterAllowTestTraffic".to_owned(),
            cloud_formation: false,
            cluster: "shop".to_owned(),
            service: "orders".to_owned(),
            blue: Side::new("4980306466373577095", tasks(11)),
            green: Side::new("9313423515462893900", tasks(21)),
            // 2026-11-21T10:00:00Z
            started_at: Timestamp::constant(1_795_255_200, 0),
            container: "app".to_owned(),
            container_port: 8080,
            front: Front::default(),
        }
    }
}

impl CodeDeploy {
    /// The lifecycle events of a deployment to ECS, in their order.
    pub const EVENTS: [&str; 8] = [
        "BeforeInstall",
        "Install",
        "AfterInstall",
        "AllowTestTraffic",
        "AfterAllowTestTraffic",
        "BeforeAllowTraffic",
        "AllowTraffic",
        "AfterAllowTraffic",
    ];

    /// The event that CodeDeploy sends.
    pub fn event(&self) -> Value {
        json!({"DeploymentId": self.deployment, "LifecycleEventHookExecutionId": "eyJlbmNyeXB0ZWREYXRhIjoi"})
    }

    /// The target group of blue.
    pub fn blue_target_group_arn(&self) -> String {
        self.placed().blue_target_group_arn()
    }

    /// The target group of green.
    pub fn green_target_group_arn(&self) -> String {
        self.placed().green_target_group_arn()
    }

    /// The rule of the production route: a listener of a Network Load Balancer is its own.
    pub fn production_rule_arn(&self) -> String {
        let placed = self.placed();
        placed.rule_arn(placed.production())
    }

    /// The listener of the production route.
    pub fn production_listener_arn(&self) -> String {
        let placed = self.placed();
        placed.listener_arn(placed.production())
    }

    /// The listener of the test route.
    pub fn test_listener_arn(&self) -> Option<String> {
        let placed = self.placed();
        placed.test().map(|test| placed.listener_arn(test))
    }

    /// The world.
    pub fn world(&self) -> World {
        let mut world = World { identity: self.identity.clone(), ..World::default() };
        self.placed().build(&mut world, Some(&self.blue), &self.green, self.container_port);
        world.ecs = self.ecs();
        world.codedeploy = self.codedeploy();
        world
    }

    fn home(&self) -> Home<'_> {
        Home {
            identity: &self.identity,
            cluster: &self.cluster,
            service: &self.service,
            container: &self.container,
            container_port: self.container_port,
            started_at: self.started_at,
        }
    }

    fn placed(&self) -> Placed<'_> {
        Placed { front: &self.front, identity: &self.identity, name: self.service.clone() }
    }

    /// What blue and green differ in: the side, its revision of the task definition, its status, its
    /// target group by ARN.
    fn sides(&self) -> [(&Side, u32, &'static str, String); 2] {
        [
            (&self.blue, 1, "PRIMARY", self.blue_target_group_arn()),
            (&self.green, 2, "ACTIVE", self.green_target_group_arn()),
        ]
    }

    fn ecs(&self) -> ecs::State {
        let home = self.home();
        let mut state = ecs::State::default();
        state.clusters.push(Cluster {
            cluster_arn: home.cluster_arn(),
            cluster_name: self.cluster.clone(),
            ..Cluster::default()
        });
        for (side, revision, status, target_group) in self.sides() {
            state.tasks.extend(home.tasks(side, revision));
            state.task_definitions.push(home.task_definition(revision));
            state.task_sets.push(self.task_set(side, revision, status, target_group));
        }
        state.services.push(Service {
            service_arn: home.service_arn(),
            service_name: self.service.clone(),
            cluster_arn: home.cluster_arn(),
            desired_count: Some(self.blue.tasks.len()),
            task_definition: Some(home.task_definition_arn(1)),
            load_balancers: state
                .task_sets
                .first()
                .map(|blue| blue.load_balancers.clone())
                .unwrap_or_default(),
            deployment_controller: Some(DeploymentController { r#type: "CODE_DEPLOY".to_owned() }),
            network_configuration: Some(Home::network_configuration()),
            created_at: Some(self.started_at),
            ..Service::default()
        });
        state
    }

    fn task_set(&self, side: &Side, revision: u32, status: &str, target_group: String) -> TaskSet {
        let home = self.home();
        let id = side.started_by();
        TaskSet {
            task_set_arn: home.part_arn("task-set", &id),
            id,
            service_arn: home.service_arn(),
            cluster_arn: home.cluster_arn(),
            external_id: Some(self.deployment.clone()),
            status: status.to_owned(),
            task_definition: home.task_definition_arn(revision),
            computed_desired_count: Some(side.tasks.len()),
            load_balancers: vec![LoadBalancer {
                target_group_arn: Some(target_group),
                container_name: Some(self.container.clone()),
                container_port: Some(self.container_port),
                ..LoadBalancer::default()
            }],
            network_configuration: Some(Home::network_configuration()),
            scale: Some(Scale { value: 100.0, unit: "PERCENT".to_owned() }),
            stability_status_at: Some(self.started_at),
            created_at: Some(self.started_at),
            updated_at: Some(self.started_at),
            ..TaskSet::default()
        }
    }

    fn codedeploy(&self) -> codedeploy::State {
        let mut state = codedeploy::State::default();
        let mut deployment = Deployment {
            deployment_id: self.deployment.clone(),
            creator: self.creator.clone(),
            create_time: Some(self.started_at),
            start_time: Some(self.started_at),
            targets: vec![self.target()],
            ..Deployment::default()
        };
        if self.cloud_formation {
            deployment.creator = "CloudFormation".into();
            deployment.load_balancer_info = Some(self.load_balancer_info());
        } else {
            deployment.application_name.clone_from(&self.application);
            deployment.deployment_group_name.clone_from(&self.deployment_group);
            state.deployment_groups.push(DeploymentGroup {
                application_name: self.application.clone(),
                deployment_group_name: self.deployment_group.clone(),
                load_balancer_info: Some(self.load_balancer_info()),
                ecs_services: vec![EcsService {
                    service_name: self.service.clone(),
                    cluster_name: self.cluster.clone(),
                }],
                ..DeploymentGroup::default()
            });
        }
        state.deployments.push(deployment);
        state
    }

    fn load_balancer_info(&self) -> LoadBalancerInfo {
        let placed = self.placed();
        let route = |way| TrafficRoute { listener_arns: vec![placed.listener_arn(way)] };
        let pair = TargetGroupPairInfo {
            target_groups: placed.target_group_names().map(|name| Named { name }).to_vec(),
            prod_traffic_route: Some(route(placed.production())),
            test_traffic_route: placed.test().map(route),
        };
        LoadBalancerInfo { target_group_pair_info_list: vec![pair] }
    }

    fn target(&self) -> DeploymentTarget {
        if self.cloud_formation {
            return DeploymentTarget::CloudFormationTarget(CloudFormationTarget {
                deployment_id: self.deployment.clone(),
                target_id: self.green.started_by(),
                last_updated_at: Some(self.started_at),
                lifecycle_events: self.lifecycle_events(),
                target_version_weight: Some(f64::from(self.front.production.weights.1)),
                ..CloudFormationTarget::default()
            });
        }
        DeploymentTarget::EcsTarget(EcsTarget {
            deployment_id: self.deployment.clone(),
            target_id: format!("{}:{}", self.cluster, self.service),
            target_arn: self.home().service_arn(),
            last_updated_at: Some(self.started_at),
            lifecycle_events: self.lifecycle_events(),
            task_sets_info: self.task_sets_info(),
            ..EcsTarget::default()
        })
    }

    /// What comes before the event is over, and what comes after it is to come.
    fn lifecycle_events(&self) -> Vec<LifecycleEvent> {
        let current = Self::EVENTS.iter().position(|name| *name == self.event).unwrap_or(Self::EVENTS.len());
        let event = |(place, name): (usize, &&str)| {
            let begun = (place <= current).then_some(self.started_at);
            let (status, start_time, end_time) = match place.cmp(&current) {
                std::cmp::Ordering::Less => ("Succeeded", begun, begun),
                std::cmp::Ordering::Equal => ("InProgress", begun, None),
                std::cmp::Ordering::Greater => ("Pending", None, None),
            };
            let lifecycle_event_name = (*name).to_owned();
            LifecycleEvent { lifecycle_event_name, status: status.to_owned(), start_time, end_time }
        };
        Self::EVENTS.iter().enumerate().map(event).collect()
    }

    fn task_sets_info(&self) -> Vec<EcsTaskSet> {
        let (blue, green) = self.front.production.weights;
        let weights_and_labels = [(blue, "Blue"), (green, "Green")];
        let sides = self.sides().into_iter().zip(weights_and_labels);
        let info = |((side, _, status, target_group), (weight, label)): (
            (&Side, u32, &str, String),
            (u32, &str),
        )| {
            EcsTaskSet {
                identifier: side.started_by(),
                desired_count: side.tasks.len(),
                pending_count: 0,
                running_count: side.tasks.len(),
                status: status.to_owned(),
                traffic_weight: f64::from(weight),
                target_group: target_group.rsplit('/').nth(1).map(|name| Named { name: name.to_owned() }),
                task_set_label: Some(label.to_owned()),
            }
        };
        sides.map(info).collect()
    }
}
