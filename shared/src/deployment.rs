//! Facts about the deployment, found lazily: blue and green, target groups, tasks, and how to reach them.
//!
//! [`Deployment`] is one view that all checks of a pass share. Each call to AWS is made by whoever needs
//! it first and at most once; calls that do not depend on each other go side by side. A fact that was
//! not to be had is the outcome that a check then has: denied, throttled, unreachable, gone and not yet
//! are told apart where the call is made, and nowhere else.
//!
//! | round | an ECS deployment | a CodeDeploy deployment |
//! |---|---|---|
//! | 1 | `DescribeServiceDeployments`, `ListTasks` | `GetDeployment`, `ListDeploymentTargets` |
//! | 2 | `DescribeServiceRevisions`, `DescribeTasks` | `GetDeploymentTarget`, `GetDeploymentGroup` |
//! | 3 | rules of each listener, listeners, load balancers, target groups, health of green's targets | target groups, task sets |
//! | 4 | only where needed: stopped tasks, the service's grace period, targets of a group that should get nothing, a certificate's names | rules, listeners, load balancers, targets, tasks |
//!
//! Decisions are pure and stand apart: [`route`] makes a request from a rule, [`judge`] judges a pool.

use std::{sync::Arc, time::Duration};

use tokio::{sync::OnceCell, time::Instant};

mod approach;
pub mod arn;
mod asks;
mod awaiting;
mod codedeploy;
mod ecs;
mod elb;
mod health_request;
mod isolation;
pub mod load_balancing;
mod look;
mod memo;
mod network;
mod overview;
pub mod route;
mod service;
mod shift;
mod tasks;

pub use self::{
    approach::{Approach, NoRoute, Registered, Side, TaskAddress},
    asks::Asks,
    health_request::HealthRequest,
    isolation::{Isolation, IsolationCheck, Pool, UNTOLD, judge},
    load_balancing::TargetGroup,
    look::Look,
    network::Network,
    overview::{Alarms, CircuitBreaker, Image, Revision, Sides, Status, Way, Weights},
    shift::{Shift, Steps},
    tasks::{Container, Owned, Stopped, Task, owned},
};

pub(crate) use self::awaiting::Awaited;

use self::{
    arn::OfService,
    load_balancing::Target,
    memo::{Memo, Once, once},
};
use crate::{
    Ask, Fact, Outcome,
    aws::{Aws, Caller},
    protocol::Invocation,
    stage::Stage,
};

/// What leads to the deployment.
#[derive(Debug, Clone)]
enum Origin {
    /// ECS runs it. Green's ARN is told by a hook's event, not by that of a PAUSE hook.
    Ecs { deployment: OfService, green: Option<String> },
    /// CodeDeploy runs it.
    CodeDeploy { id: String },
    /// Nothing does; why.
    Nothing(String),
}

/// One lazily filled view of the deployment.
#[derive(Debug, Clone)]
pub struct Deployment(Arc<View>);

#[derive(Debug)]
struct View {
    origin: Origin,
    /// The ARN that this function was invoked by.
    function: Option<String>,
    ask: Ask,
    of_ecs: Once<ecs::ServiceDeployment>,
    of_codedeploy: Once<Status>,
    target: Once<codedeploy::Target>,
    group: Once<codedeploy::Group>,
    sides: Once<(Arc<Sides>, Vec<TargetGroup>)>,
    tasks: Once<Vec<Task>>,
    stopped: Once<Stopped>,
    grace_period: Once<Duration>,
    network: Once<Network>,
    container_port: Once<Option<u16>>,
    targets: Memo<Vec<Target>>,
    certificates: Memo<Vec<String>>,
}

impl Deployment {
    pub(crate) fn of(
        invocation: &Invocation,
        function: Option<String>,
        aws: Arc<Aws>,
        deadline: Instant,
    ) -> Self {
        use crate::protocol::Protocol;
        let origin = match invocation.protocol {
            Protocol::CodeDeploy => Origin::CodeDeploy { id: invocation.deployment.clone() },
            Protocol::Ecs | Protocol::Pause => {
                match OfService::parse("service-deployment", &invocation.deployment) {
                    Some(deployment) => Origin::Ecs { deployment, green: invocation.green.clone() },
                    None => Origin::Nothing(format!(
                        "the event names no service deployment; got `{}`",
                        invocation.deployment
                    )),
                }
            }
        };
        Self::new(origin, function, aws, deadline)
    }

    /// A deployment that nothing leads to, for a check that is tried outside an invocation.
    pub(crate) fn nowhere() -> Self {
        let why = "this is no invocation: there is no deployment".to_owned();
        Self::new(Origin::Nothing(why), None, Arc::default(), Instant::now())
    }

    fn new(origin: Origin, function: Option<String>, aws: Arc<Aws>, deadline: Instant) -> Self {
        Self(Arc::new(View {
            origin,
            function,
            ask: Ask { aws, deadline, caller: Caller::Function },
            of_ecs: OnceCell::new(),
            of_codedeploy: OnceCell::new(),
            target: OnceCell::new(),
            group: OnceCell::new(),
            sides: OnceCell::new(),
            tasks: OnceCell::new(),
            stopped: OnceCell::new(),
            grace_period: OnceCell::new(),
            network: OnceCell::new(),
            container_port: OnceCell::new(),
            targets: Memo::default(),
            certificates: Memo::default(),
        }))
    }

    /// AWS, as the facts here are asked for.
    pub(crate) fn ask(&self) -> &Ask {
        &self.0.ask
    }

    /// What the deployment is doing.
    pub async fn status(&self) -> Fact<Status> {
        match &self.0.origin {
            Origin::Ecs { deployment, .. } => Ok(self.of_ecs(deployment).await?.status.clone()),
            Origin::CodeDeploy { id } => {
                let (status, target) = tokio::join!(self.of_codedeploy(id), self.target(id));
                let shift = target.as_ref().ok().map(|target| target.shift.clone());
                let service = target.as_ref().ok().and_then(|target| target.service.clone());
                let (stage, stage_unknown) = match target {
                    Ok(target) => (target.stage.clone(), None),
                    Err(outcome) => (None, Some(outcome.words())),
                };
                Ok(Status { stage, stage_unknown, service, shift, ..(*status?).clone() })
            }
            Origin::Nothing(why) => Err(nothing(why)),
        }
    }

    /// Whether the one who called still waits for us: for this PAUSE hook, or at this stage of CodeDeploy's. What
    /// was `seen` to wait before may then be said to wait no more.
    pub(crate) async fn awaited(
        &self,
        pause: Option<&str>,
        stage: &Stage,
        seen: Option<&str>,
    ) -> Fact<Awaited> {
        match (&self.0.origin, pause) {
            (Origin::Ecs { deployment, .. }, Some(hook)) => {
                let found = self.of_ecs(deployment).await?;
                Ok(awaiting::of_pause(found.status.state.as_deref(), &found.hooks, hook, seen))
            }
            (Origin::CodeDeploy { id }, _) => {
                let (status, target) = tokio::join!(self.of_codedeploy(id), self.target(id));
                // The deployment's own status is enough to know that nobody waits.
                let events = target.map(|target| target.events.clone()).unwrap_or_default();
                Ok(awaiting::of_codedeploy(status?.state.as_deref(), &events, stage, seen))
            }
            (Origin::Ecs { .. } | Origin::Nothing(_), _) => Ok(Awaited::Untold),
        }
    }

    /// Blue and green.
    pub async fn sides(&self) -> Fact<Arc<Sides>> {
        Ok(Arc::clone(&self.sides_and_groups().await?.0))
    }

    /// The alarms that may end the deployment; none where it has none.
    pub async fn alarms(&self) -> Fact<Option<Alarms>> {
        match &self.0.origin {
            Origin::Ecs { deployment, .. } => Ok(self.of_ecs(deployment).await?.status.alarms.clone()),
            Origin::CodeDeploy { id } => Ok(self.group(id).await?.alarms.clone()),
            Origin::Nothing(why) => Err(nothing(why)),
        }
    }

    /// The service's tasks that are meant to run, of all its revisions.
    pub async fn tasks(&self) -> Fact<Arc<Vec<Task>>> {
        let ask = Box::pin(async {
            let (cluster, service) = self.place().await?;
            tasks::of_service(&self.0.ask, &cluster, &service).await
        });
        once(&self.0.tasks, ask).await
    }

    /// The service's tasks that stopped within about the last hour, of all its revisions.
    pub async fn stopped_tasks(&self) -> Fact<Arc<Stopped>> {
        let ask = Box::pin(async {
            let (cluster, service) = self.place().await?;
            tasks::stopped(&self.0.ask, &cluster, &service).await
        });
        once(&self.0.stopped, ask).await
    }

    /// For how long after a task's start ECS overlooks that its health checks fail.
    pub async fn grace_period(&self) -> Fact<Arc<Duration>> {
        let ask = Box::pin(async {
            let (cluster, service) = self.place().await?;
            service::grace_period(&self.0.ask, &cluster, &service).await
        });
        once(&self.0.grace_period, ask).await
    }

    /// The load balancers before the service.
    pub async fn network(&self) -> Fact<Arc<Network>> {
        let ask = Box::pin(async {
            let known = self.sides_and_groups().await?;
            Box::pin(Network::ask(&self.0.ask, &known.0.ways, &known.1)).await
        });
        once(&self.0.network, ask).await
    }

    /// The one port that green's containers listen on, where nothing but their task definition tells it.
    async fn container_port(&self) -> Fact<Arc<Option<u16>>> {
        let ask = Box::pin(async {
            let sides = self.sides().await?;
            match &sides.green.task_definition {
                Some(definition) => tasks::container_port(&self.0.ask, definition).await,
                None => Ok(None),
            }
        });
        once(&self.0.container_port, ask).await
    }

    /// The targets of a target group, by its ARN.
    pub async fn targets(&self, group: &str) -> Fact<Arc<Vec<Target>>> {
        self.0.targets.get(group, Box::pin(elb::targets(&self.0.ask, group))).await
    }

    /// Every way to green at a stage.
    pub async fn approaches(&self, stage: &Stage) -> Fact<Vec<Approach>> {
        Box::pin(approach::find(self, stage)).await
    }

    /// Green's target groups with what is registered in them; none where the service has no load balancer.
    pub async fn registered(&self, stage: &Stage) -> Fact<Vec<Registered>> {
        Box::pin(approach::registered(self, stage)).await
    }

    /// The DNS names of a certificate in Certificate Manager.
    async fn certificate_names(&self, arn: &str) -> Fact<Arc<Vec<String>>> {
        self.0.certificates.get(arn, Box::pin(elb::certificate_names(&self.0.ask, arn))).await
    }

    /// Whether a Network Load Balancer shifts the traffic, if that is known without asking.
    pub(crate) fn is_known_to_shift_by_network_load_balancer(&self) -> bool {
        let sides = self.0.sides.get().and_then(|sides| sides.as_ref().ok());
        sides.is_some_and(|known| known.0.ways.iter().any(Way::is_network))
    }

    /// The names of the cluster and the service.
    async fn place(&self) -> Fact<(String, String)> {
        match &self.0.origin {
            // The event's ARN names the service: no need to wait for the first call.
            Origin::Ecs { deployment, .. } => Ok((deployment.cluster.clone(), deployment.service.clone())),
            Origin::CodeDeploy { id } => {
                let group = self.group(id).await?;
                Ok((group.cluster.clone(), group.service.clone()))
            }
            Origin::Nothing(why) => Err(nothing(why)),
        }
    }

    async fn of_ecs(&self, deployment: &OfService) -> Fact<Arc<ecs::ServiceDeployment>> {
        let View { ask, function, of_ecs, .. } = &*self.0;
        once(of_ecs, Box::pin(ecs::service_deployment(ask, deployment, function.as_deref()))).await
    }

    async fn of_codedeploy(&self, id: &str) -> Fact<Arc<Status>> {
        once(&self.0.of_codedeploy, Box::pin(codedeploy::status(&self.0.ask, id))).await
    }

    async fn target(&self, id: &str) -> Fact<Arc<codedeploy::Target>> {
        once(&self.0.target, Box::pin(codedeploy::target(&self.0.ask, id))).await
    }

    async fn group(&self, id: &str) -> Fact<Arc<codedeploy::Group>> {
        let ask = Box::pin(async {
            let status = self.of_codedeploy(id).await?;
            codedeploy::group(&self.0.ask, &status).await
        });
        once(&self.0.group, ask).await
    }

    async fn sides_and_groups(&self) -> Fact<Arc<(Arc<Sides>, Vec<TargetGroup>)>> {
        let ask = Box::pin(async {
            let (sides, groups) = match &self.0.origin {
                Origin::Ecs { deployment, green } => {
                    let found = self.of_ecs(deployment).await?;
                    (ecs::sides(&self.0.ask, &found, green.as_deref()).await?, Vec::new())
                }
                Origin::CodeDeploy { id } => {
                    let (group, target) = tokio::join!(self.group(id), self.target(id));
                    codedeploy::sides(&self.0.ask, &*group?, &*target?).await?
                }
                Origin::Nothing(why) => return Err(nothing(why)),
            };
            Ok((Arc::new(sides), groups))
        });
        once(&self.0.sides, ask).await
    }
}

fn nothing(why: &str) -> Box<Outcome> {
    Box::new(Outcome::cannot_tell(why).hint("set `target.url` in the plan to where green is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts hold the questions that they are made of: by value that once grew to a megabyte, more than
    /// a worker's stack has to spare.
    #[test]
    fn asking_takes_little_room_on_the_stack() {
        let deployment = Deployment::nowhere();
        for (name, size) in [
            ("status", size_of_val(&deployment.status())),
            ("sides", size_of_val(&deployment.sides())),
            ("tasks", size_of_val(&deployment.tasks())),
            ("stopped_tasks", size_of_val(&deployment.stopped_tasks())),
            ("grace_period", size_of_val(&deployment.grace_period())),
            ("registered", size_of_val(&deployment.registered(&Stage::PostScaleUp))),
            ("network", size_of_val(&deployment.network())),
            ("targets", size_of_val(&deployment.targets(""))),
            ("approaches", size_of_val(&deployment.approaches(&Stage::PostScaleUp))),
        ] {
            assert!(size < 1024, "{name}: {size} bytes");
        }
    }
}
