//! A service that ECS deploys blue/green, in the midst of it.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::around;
use super::front::Placed;
use super::tasks::Home;
use super::{Front, Route, Side};
use crate::rehearsal::aws::ecs::{
    self, AdvancedConfiguration, Cluster, ContainerImage, Deployment, DeploymentCircuitBreaker,
    DeploymentController, LifecycleHookDetail, LoadBalancer, ResolvedConfiguration, ResolvedLoadBalancer,
    Service, ServiceCurrentRevisionSummary, ServiceDeployment, ServiceRevision, ServiceRevisionSummary,
};
use crate::rehearsal::aws::world::{Identity, World};

/// The parameters of a world with one service that ECS deploys.
#[derive(Clone, Debug)]
pub struct BlueGreen {
    /// Where, and who calls.
    pub identity: Identity,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name, which its target groups and its task definition are called by, too.
    pub service: String,
    /// The id of the service deployment.
    pub deployment: String,
    /// The revision that serves; none while the service is being created.
    pub blue: Option<Side>,
    /// The revision that is being deployed.
    pub green: Side,
    /// `BLUE_GREEN`, `LINEAR` or `CANARY`.
    pub strategy: String,
    /// The deployment's status.
    pub status: String,
    /// The stage that it is in.
    pub stage: String,
    /// When it started.
    pub started_at: Timestamp,
    /// The hooks of the stage, as ECS shows them.
    pub hooks: Vec<LifecycleHookDetail>,
    /// The container that serves.
    pub container: String,
    /// The port that the service is registered with.
    pub container_port: u16,
    /// The load balancer; none for a service without.
    pub front: Option<Front>,
    /// The lifecycle hooks of the service, as its definition has them; without them one function is called once test
    /// traffic has been shifted.
    pub lifecycle_hooks: Option<Value>,
    /// More load balancers that the service is registered with, each with a pair of target groups of its own.
    pub more_fronts: Vec<Front>,
}

impl Default for BlueGreen {
    /// An update in `POST_TEST_TRAFFIC_SHIFT` behind an Application Load Balancer, two tasks each.
    fn default() -> Self {
        let tasks = |last: u8| [last, last + 1].map(|last| SocketAddr::from(([10, 0, 0, last], 8080)));
        Self {
            identity: Identity::default(),
            cluster: "shop".to_owned(),
            service: "orders".to_owned(),
            deployment: "TFX5sH9q9XDboDTOv0rIt".to_owned(),
            blue: Some(Side::new("4980306466373577095", tasks(11))),
            green: Side::new("9313423515462893900", tasks(21)),
            strategy: "BLUE_GREEN".to_owned(),
            status: "IN_PROGRESS".to_owned(),
            stage: "POST_TEST_TRAFFIC_SHIFT".to_owned(),
            // 2026-11-21T10:00:00Z
            started_at: Timestamp::constant(1_795_255_200, 0),
            hooks: Vec::new(),
            container: "app".to_owned(),
            container_port: 8080,
            front: Some(Front::default()),
            lifecycle_hooks: None,
            more_fronts: Vec::new(),
        }
    }
}

impl BlueGreen {
    /// The parameters with the ids of an event of ECS; none if it is no such event.
    pub fn of_event(event: &Value) -> Option<Self> {
        let deployment = event["resourceArn"].as_str()?;
        let green = event["executionDetails"]["targetServiceRevisionArn"].as_str()?;
        let [_, _, _, region, account, resource] =
            deployment.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
        let mut parts = resource.strip_prefix("service-deployment/")?.splitn(3, '/').map(ToOwned::to_owned);
        let (cluster, service, deployment) = (parts.next()?, parts.next()?, parts.next()?);
        let standard = Self::default();
        let green = Side::new(green.rsplit_once('/')?.1, standard.green.tasks.clone());
        Some(Self {
            identity: Identity {
                region: region.to_owned(),
                account: account.to_owned(),
                ..standard.identity.clone()
            },
            cluster,
            service,
            deployment,
            green,
            stage: event["lifecycleStage"].as_str().unwrap_or(&standard.stage).to_owned(),
            ..standard
        })
    }

    /// The event that ECS sends for the deployment's stage.
    pub fn event(&self) -> Value {
        let weights = |route: Option<&Route>| {
            let (blue, green) = route.map_or((0, 100), |route| route.weights);
            let blue = self.blue_revision_arn().map(|arn| (arn, json!(blue)));
            Value::Object([(self.green_revision_arn(), json!(green))].into_iter().chain(blue).collect())
        };
        let front = self.front.as_ref();
        let (test, production) = match &*self.stage {
            "TEST_TRAFFIC_SHIFT" => (weights(front.and_then(|front| front.test.as_ref())), json!({})),
            "PRE_PRODUCTION_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT" => {
                (json!({}), weights(front.map(|front| &front.production)))
            }
            _ => (json!({}), json!({})),
        };
        json!({
            "executionDetails": {
                "testTrafficWeights": test,
                "productionTrafficWeights": production,
                "serviceArn": self.home().service_arn(),
                "targetServiceRevisionArn": self.green_revision_arn(),
            },
            "executionId": "3a0345ba-b029-404b-890d-7da2a4b266aa",
            "lifecycleStage": self.stage,
            "resourceArn": self.service_deployment_arn(),
        })
    }

    /// Has a PAUSE hook of the deployment's stage wait until then, and gives the event that EventBridge delivers of it.
    pub fn pause(&mut self, expires_at: Timestamp) -> Value {
        let hook = LifecycleHookDetail {
            hook_id: "ecs-pause-e7tK9G_WRJqNF_EOMjztDXfKenlJuEUVjsNStf4WLKw".to_owned(),
            target_type: "PAUSE".to_owned(),
            status: "AWAITING_ACTION".to_owned(),
            expires_at: Some(expires_at),
            ..LifecycleHookDetail::default()
        };
        let event = json!({
            "version": "0",
            "id": "3329f79b-3dca-07f8-b1c2-5fe99f0b5e87",
            "detail-type": "ECS Hook State Change",
            "source": "aws.ecs",
            "account": self.identity.account,
            "region": self.identity.region,
            "resources": [self.service_deployment_arn()],
            "detail": {
                "eventType": "INFO",
                "eventName": "HOOK_AWAITING_ACTION",
                "hookId": hook.hook_id,
                "hookType": hook.target_type,
                "expiresAt": expires_at.to_string(),
                "lifecycleStage": self.stage,
                "serviceArn": self.home().service_arn(),
                "serviceDeploymentArn": self.service_deployment_arn(),
            },
        });
        self.hooks.push(hook);
        event
    }

    /// The service deployment.
    pub fn service_deployment_arn(&self) -> String {
        self.home().part_arn("service-deployment", &self.deployment)
    }

    /// The revision that is being deployed.
    pub fn green_revision_arn(&self) -> String {
        self.home().part_arn("service-revision", &self.green.id)
    }

    /// The revision that serves.
    pub fn blue_revision_arn(&self) -> Option<String> {
        Some(self.home().part_arn("service-revision", &self.blue.as_ref()?.id))
    }

    /// What the service names as its production rule.
    pub fn production_rule_arn(&self) -> Option<String> {
        self.placed().map(|placed| placed.rule_arn(placed.production()))
    }

    /// What the service names as its test rule.
    pub fn test_rule_arn(&self) -> Option<String> {
        let placed = self.placed()?;
        placed.test().map(|test| placed.rule_arn(test))
    }

    /// The listener of the production route.
    pub fn production_listener_arn(&self) -> Option<String> {
        self.placed().map(|placed| placed.listener_arn(placed.production()))
    }

    /// The listener of the test route.
    pub fn test_listener_arn(&self) -> Option<String> {
        let placed = self.placed()?;
        placed.test().map(|test| placed.listener_arn(test))
    }

    /// The target group of blue; empty without a load balancer.
    pub fn blue_target_group_arn(&self) -> String {
        self.placed().map(|placed| placed.blue_target_group_arn()).unwrap_or_default()
    }

    /// The target group of green; empty without a load balancer.
    pub fn green_target_group_arn(&self) -> String {
        self.placed().map(|placed| placed.green_target_group_arn()).unwrap_or_default()
    }

    /// The world.
    pub fn world(&self) -> World {
        let mut world = World { identity: self.identity.clone(), ..World::default() };
        for placed in self.all_placed() {
            placed.build(&mut world, self.blue.as_ref(), &self.green, self.container_port);
        }
        world.ecs = self.ecs();
        let balancers = world.ecs.services.iter().flat_map(|service| &service.load_balancers);
        let balancers: Vec<Value> = balancers.filter_map(|it| serde_json::to_value(it).ok()).collect();
        around::build(&mut world, &balancers.into(), &self.lifecycle_hooks());
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

    fn placed(&self) -> Option<Placed<'_>> {
        let front = self.front.as_ref()?;
        Some(Placed { front, identity: &self.identity, name: self.service.clone() })
    }

    fn all_placed(&self) -> impl Iterator<Item = Placed<'_>> {
        let more = self.more_fronts.iter().zip(b'b'..).map(|(front, letter)| Placed {
            front,
            identity: &self.identity,
            name: format!("{}-{}", self.service, char::from(letter)),
        });
        self.placed().into_iter().chain(more)
    }

    /// Blue and green with the revisions of the task definition that they run.
    fn sides(&self) -> impl Iterator<Item = (&Side, u32)> {
        self.blue.iter().map(|blue| (blue, 1)).chain([(&self.green, 2)])
    }

    fn ecs(&self) -> ecs::State {
        let home = self.home();
        let mut state = ecs::State::default();
        state.clusters.push(Cluster {
            cluster_arn: home.cluster_arn(),
            cluster_name: self.cluster.clone(),
            ..Cluster::default()
        });
        for (side, revision) in self.sides() {
            state.tasks.extend(home.tasks(side, revision));
            state.task_definitions.push(home.task_definition(revision));
            state.service_revisions.push(self.service_revision(side, revision));
        }
        state.services.push(self.service_of(&state));
        state.service_deployments.push(self.service_deployment());
        state
    }

    fn service_of(&self, state: &ecs::State) -> Service {
        let home = self.home();
        let deployments = self.sides().map(|(side, revision)| Deployment {
            id: side.started_by(),
            status: if revision == 2 { "PRIMARY" } else { "ACTIVE" }.to_owned(),
            task_definition: home.task_definition_arn(revision),
            desired_count: side.tasks.len(),
            running_count: side.tasks.len(),
            rollout_state: Some(if revision == 2 { "IN_PROGRESS" } else { "COMPLETED" }.to_owned()),
            launch_type: Some("FARGATE".to_owned()),
            created_at: Some(self.started_at),
            updated_at: Some(self.started_at),
            ..Deployment::default()
        });
        let mut deployments: Vec<_> = deployments.collect();
        deployments.reverse();
        let current = self.sides().map(|(side, _)| ServiceCurrentRevisionSummary {
            arn: home.part_arn("service-revision", &side.id),
            requested_task_count: side.tasks.len(),
            running_task_count: side.tasks.len(),
            pending_task_count: 0,
        });
        Service {
            service_arn: home.service_arn(),
            service_name: self.service.clone(),
            cluster_arn: home.cluster_arn(),
            desired_count: Some(self.green.tasks.len()),
            task_definition: Some(home.task_definition_arn(2)),
            load_balancers: state
                .service_revisions
                .last()
                .map(|green| green.load_balancers.clone())
                .unwrap_or_default(),
            deployment_configuration: Some(self.deployment_configuration()),
            deployment_controller: Some(DeploymentController { r#type: "ECS".to_owned() }),
            deployments,
            current_service_deployment: Some(self.service_deployment_arn()),
            current_service_revisions: current.collect(),
            network_configuration: Some(Home::network_configuration()),
            created_at: Some(self.started_at),
            ..Service::default()
        }
    }

    fn service_revision(&self, side: &Side, revision: u32) -> ServiceRevision {
        let home = self.home();
        let load_balancers = self.all_placed().map(|placed| self.load_balancer(&placed)).collect();
        let resolved = self.all_placed().map(|placed| ResolvedLoadBalancer {
            target_group_arn: if revision == 2 {
                placed.green_target_group_arn()
            } else {
                placed.blue_target_group_arn()
            },
            production_listener_rule: Some(placed.rule_arn(placed.production())),
        });
        ServiceRevision {
            service_revision_arn: home.part_arn("service-revision", &side.id),
            service_arn: home.service_arn(),
            cluster_arn: home.cluster_arn(),
            task_definition: Some(home.task_definition_arn(revision)),
            load_balancers,
            network_configuration: Some(Home::network_configuration()),
            container_images: vec![ContainerImage {
                container_name: self.container.clone(),
                image_digest: Some(format!("sha256:{}", side.image_digest)),
                image: home.image(revision),
            }],
            resolved_configuration: Some(ResolvedConfiguration { load_balancers: resolved.collect() }),
            created_at: Some(self.started_at),
            ..ServiceRevision::default()
        }
    }

    fn load_balancer(&self, placed: &Placed<'_>) -> LoadBalancer {
        let [first, second] = placed.target_group_arns();
        let role = placed.front.arns.role.clone();
        LoadBalancer {
            target_group_arn: Some(first),
            container_name: Some(self.container.clone()),
            container_port: Some(self.container_port),
            advanced_configuration: Some(AdvancedConfiguration {
                alternate_target_group_arn: Some(second),
                production_listener_rule: Some(placed.rule_arn(placed.production())),
                test_listener_rule: placed.test().map(|test| placed.rule_arn(test)),
                role_arn: Some(role.unwrap_or_else(|| self.role_arn("ecs-infrastructure"))),
            }),
            ..LoadBalancer::default()
        }
    }

    fn service_deployment(&self) -> ServiceDeployment {
        let home = self.home();
        let front = self.front.as_ref();
        let production = front.map(|front| front.production.weights);
        let test = front.and_then(|front| front.test.as_ref()).map(|route| route.weights);
        let summary = |side: &Side, test: Option<u32>, production: Option<u32>| ServiceRevisionSummary {
            arn: home.part_arn("service-revision", &side.id),
            requested_task_count: Some(side.tasks.len()),
            requested_test_traffic_weight: test.map(f64::from),
            requested_production_traffic_weight: production.map(f64::from),
            ..ServiceRevisionSummary::default()
        };
        let blue = |blue| summary(blue, test.map(|weights| weights.0), production.map(|weights| weights.0));
        let green = summary(&self.green, test.map(|weights| weights.1), production.map(|weights| weights.1));
        ServiceDeployment {
            service_deployment_arn: self.service_deployment_arn(),
            service_arn: home.service_arn(),
            cluster_arn: home.cluster_arn(),
            created_at: Some(self.started_at),
            started_at: Some(self.started_at),
            updated_at: Some(self.started_at),
            source_service_revisions: self.blue.iter().map(blue).collect(),
            target_service_revision: Some(green),
            status: self.status.clone(),
            lifecycle_stage: Some(self.stage.clone()),
            lifecycle_hook_details: self.hooks.clone(),
            deployment_configuration: Some(self.deployment_configuration()),
            deployment_circuit_breaker: Some(DeploymentCircuitBreaker {
                status: "MONITORING".to_owned(),
                failure_count: 0,
                // Half of the desired tasks, within these bounds.
                threshold: self.green.tasks.len().div_ceil(2).clamp(3, 200),
            }),
            ..ServiceDeployment::default()
        }
    }

    fn deployment_configuration(&self) -> Value {
        json!({
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "strategy": self.strategy,
            "bakeTimeInMinutes": 5,
            "lifecycleHooks": self.lifecycle_hooks(),
        })
    }

    fn lifecycle_hooks(&self) -> Value {
        let standard = || {
            let function = self.identity.arn("lambda", &format!("function:{}", self.identity.function));
            json!([{
                "hookTargetArn": function,
                "roleArn": self.role_arn("ecs-hooks"),
                "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
            }])
        };
        self.lifecycle_hooks.clone().unwrap_or_else(standard)
    }

    fn role_arn(&self, role: &str) -> String {
        // Roles belong to no region.
        let arn = self.identity.arn("iam", &format!("role/{role}"));
        arn.replacen(&format!(":iam:{}:", self.identity.region), ":iam::", 1)
    }
}
