//! How green is reached at a stage: through which route, or at its tasks' own addresses, and whether what
//! answers there is green.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use futures_util::future::join_all;

use super::{
    Deployment,
    arn::Entrance,
    ask::Fact,
    health_request::HealthRequest,
    isolation::{self, Isolation, Pool},
    load_balancing::{Target, TargetGroup, Weighted},
    network::Network,
    overview::{Sides, Way},
    route::{self, Listening, Obstacle, Part, Route, Through, Wish},
    tasks::{Task, owned},
};
use crate::{Outcome, stage::Stage};

/// Which side of a load balancer a stage looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// No traffic of a load balancer reaches green yet: only its tasks' own addresses lead there.
    Tasks,
    /// The test route.
    Test,
    /// The production route.
    Production,
}

impl Side {
    /// The side that a stage looks at. A stage that is not known is treated as `POST_TEST_TRAFFIC_SHIFT`.
    pub fn at(stage: &Stage) -> Self {
        match stage {
            Stage::ReconcileService | Stage::PreScaleUp | Stage::PostScaleUp | Stage::TestTrafficShift => {
                Self::Tasks
            }
            Stage::PostTestTrafficShift
            | Stage::PreProductionTrafficShift
            | Stage::ProductionTrafficShift
            | Stage::Unknown(_) => Self::Test,
            Stage::PostProductionTrafficShift => Self::Production,
        }
    }
}

/// One way to green.
#[derive(Debug, Clone)]
pub struct Approach {
    /// The load balancer's name, for people; none where there is none.
    pub name: Option<String>,
    /// The rule or listener; none where green is reached at its tasks.
    pub entrance: Option<Entrance>,
    /// Why green is reached at its tasks, where it is.
    pub because: String,
    /// Green's target group.
    pub group: Option<TargetGroup>,
    /// Its targets.
    pub targets: Vec<Target>,
    /// Where the entrance sends traffic; with tasks, what the rules do, for the record.
    pub live: Vec<Weighted>,
    /// The running tasks of green that have an address.
    pub tasks: Vec<TaskAddress>,
    /// Whether what answers is green.
    pub isolation: Isolation,
    way: Option<Way>,
    production_side: bool,
    network: Network,
    deployment: Deployment,
}

/// Where a task of green is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskAddress {
    /// The task's id.
    pub task: String,
    /// Its address.
    pub address: IpAddr,
    /// Its port: the one that it is registered with, else the container's.
    pub port: Option<u16>,
}

/// Why there is no route: the rules are in the way, or something was not to be had.
#[derive(Debug, Clone)]
pub enum NoRoute {
    /// The rule and what was asked for do not go together.
    Obstacle(Obstacle),
    /// A fact is missing.
    Unknown(Box<Outcome>),
}

impl NoRoute {
    /// Whether it is the path that the rule does not let through.
    pub fn is_path(&self) -> bool {
        matches!(self, Self::Obstacle(Obstacle::Contradiction { part: Part::Path, .. }))
    }

    /// What a check makes of it.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Obstacle(obstacle) if obstacle.is_for_good() => {
                Outcome::cannot_tell(obstacle.to_string()).hint(obstacle.hint())
            }
            Self::Obstacle(obstacle) => Outcome::inconclusive(obstacle.to_string()).hint(obstacle.hint()),
            Self::Unknown(outcome) => (**outcome).clone(),
        }
    }
}

impl Approach {
    /// The route to green for what a plan asks for; only with an entrance.
    pub async fn route(&self, wish: &Wish<'_>) -> Result<Route, NoRoute> {
        let (Some(entrance), Some(way)) = (&self.entrance, &self.way) else {
            return Err(NoRoute::Unknown(Box::new(Outcome::cannot_tell(self.because.clone()))));
        };
        let green = self.group.as_ref().map(|group| group.arn.as_str()).unwrap_or_default();
        let blue = way.groups.iter().find(|group| *group != green).map_or(green, String::as_str);
        let production = way.production.as_ref().filter(|_| !self.production_side);
        let here = self.listening(entrance, green).map_err(NoRoute::Unknown)?;
        let other = production.and_then(|production| self.listening(production, blue).ok());
        let find = |names: Option<&[String]>| {
            route::find(wish, &here, other.as_ref(), names, self.group.as_ref()).map_err(NoRoute::Obstacle)
        };
        let certificate = match find(None) {
            Err(NoRoute::Obstacle(Obstacle::NeedsCertificate { certificate, .. })) => certificate,
            found => return found,
        };
        match self.deployment.certificate_names(&certificate).await {
            Ok(names) => find(Some(&names)),
            // Without its names the rule may still tell enough; where it does not, that call is what is missing.
            Err(outcome) => match find(Some(&[])) {
                Err(NoRoute::Obstacle(Obstacle::NoHost { .. })) => Err(NoRoute::Unknown(Box::new(
                    Outcome::inconclusive(format!(
                        "no rule tells the host name, and the certificate's was not to be had: {}",
                        outcome.words()
                    ))
                    .hint(
                        "or set `target.host` in the plan to a name that the listener's certificate carries",
                    ),
                ))),
                found => found,
            },
        }
    }

    fn listening<'a>(&'a self, entrance: &'a Entrance, group: &'a str) -> Fact<Listening<'a>> {
        let (load_balancer, listener) = self.network.at(entrance)?;
        let through = match (entrance.is_rule, entrance.is_network) {
            (true, _) => Through::Rule(&entrance.arn),
            (false, true) => Through::Listener,
            (false, false) => Through::ForwardingTo(group),
        };
        Ok(Listening { load_balancer, listener, rules: self.network.rules(entrance), through })
    }

    /// What green's own health check asks for, where that is an HTTP request.
    pub fn health_request(&self) -> Option<HealthRequest> {
        HealthRequest::of(self.group.as_ref()?)
    }

    /// Whether the load balancer has no healthy target of green to send a request to.
    pub fn has_no_healthy_target(&self) -> bool {
        !self.targets.iter().any(|target| target.state == "healthy")
    }
}

/// Finds every way to green at a stage, side by side.
pub(super) async fn find(deployment: &Deployment, stage: &Stage) -> Fact<Vec<Approach>> {
    let (balanced, tasks) = tokio::join!(load_balancing(deployment), deployment.tasks());
    let (sides, network) = balanced?;
    if sides.ways.is_empty() {
        return Ok(vec![without_load_balancer(deployment, &sides, &tasks?)]);
    }
    let side = Side::at(stage);
    let finding = sides
        .ways
        .iter()
        .map(|way| through_load_balancer(deployment, stage, side, &sides, &tasks, &network, way));
    join_all(finding).await.into_iter().collect()
}

/// Asks for both sides, then at once for what stands before them.
async fn load_balancing(deployment: &Deployment) -> Fact<(Arc<Sides>, Arc<Network>)> {
    let sides = deployment.sides().await?;
    if sides.ways.is_empty() {
        return Ok((sides, Arc::default()));
    }
    let (network, ()) = tokio::join!(deployment.network(), targets_of_green(deployment, &sides));
    Ok((sides, network?))
}

/// Asks for the targets of green's groups while the rules are asked for.
async fn targets_of_green(deployment: &Deployment, sides: &Sides) {
    let groups = sides.ways.iter().filter_map(|way| way.green_group.as_deref());
    join_all(groups.map(|group| deployment.targets(group))).await;
}

async fn through_load_balancer(
    deployment: &Deployment,
    stage: &Stage,
    side: Side,
    sides: &Sides,
    tasks: &Fact<Arc<Vec<Task>>>,
    network: &Network,
    way: &Way,
) -> Fact<Approach> {
    let tasks = tasks.as_ref().map_err(Clone::clone)?;
    let green_group = green_group(stage, way, network)?;
    let group = network.group(&green_group).cloned().ok_or_else(|| {
        Box::new(Outcome::inconclusive(format!(
            "Elastic Load Balancing did not tell of green's target group {green_group}"
        )))
    })?;
    let (entrance, because) = match side {
        Side::Tasks => (None, format!("at {stage} no load balancer sends green any traffic yet")),
        Side::Production => (way.production.clone(), "the service names no production rule".to_owned()),
        Side::Test => (way.test.clone(), "the service has no test rule: before production traffic shifts, no load balancer sends green any traffic".to_owned()),
    };
    let live = match entrance.as_ref().or(way.test.as_ref()) {
        Some(entrance) => network.live(entrance, &green_group)?,
        None => Vec::new(),
    };
    let mut targets = BTreeMap::new();
    targets.insert(green_group.clone(), deployment.targets(&green_group).await?);
    for stray in live.iter().filter(|group| group.weight > 0 && group.target_group != green_group) {
        targets.insert(stray.target_group.clone(), deployment.targets(&stray.target_group).await?);
    }
    let targets: BTreeMap<_, _> =
        targets.into_iter().map(|(group, targets)| (group, targets.to_vec())).collect();
    let own = targets.get(&green_group).cloned().unwrap_or_default();
    let addresses = addresses(tasks, sides, &own, way.container_port);
    let isolation = match &entrance {
        Some(entrance) => isolation::judge(&Pool {
            entrance: &name(side, entrance),
            live: &live,
            green_group: &green_group,
            target_type: &group.target_type,
            targets: &targets,
            sides,
            tasks,
        }),
        None => of_tasks(tasks, sides, &addresses),
    };
    Ok(Approach {
        name: Some(way.name().to_owned()),
        entrance,
        because,
        group: Some(group),
        targets: own,
        live,
        tasks: addresses,
        isolation,
        way: Some(way.clone()),
        production_side: side == Side::Production,
        network: network.clone(),
        deployment: deployment.clone(),
    })
}

fn without_load_balancer(deployment: &Deployment, sides: &Sides, tasks: &[Task]) -> Approach {
    let because = if sides.service_connect {
        "the service is reached through Service Connect alone, whose test header works only inside its namespace"
    } else {
        "the service has no load balancer"
    };
    let addresses = addresses(tasks, sides, &[], None);
    Approach {
        name: None,
        entrance: None,
        because: because.to_owned(),
        group: None,
        targets: Vec::new(),
        live: Vec::new(),
        isolation: of_tasks(tasks, sides, &addresses),
        tasks: addresses,
        way: None,
        production_side: false,
        network: Network::default(),
        deployment: deployment.clone(),
    }
}

/// Whether a task's own address is green's: that is a question of whose task it is, and nothing else.
fn of_tasks(tasks: &[Task], sides: &Sides, addresses: &[TaskAddress]) -> Isolation {
    let Some(owned) = owned(tasks, sides) else {
        return Isolation::Open(Box::new(Outcome::inconclusive(
            "green's tasks cannot be told from blue's: both have the same task definition, and no task says which revision started it",
        )));
    };
    let running = owned.green.iter().filter(|task| task.is_running()).count();
    if running == 0 {
        return Isolation::Open(Box::new(Outcome::pending(format!(
            "no task of green revision {} runs yet",
            sides.green.id
        ))));
    }
    if addresses.is_empty() {
        return Isolation::Open(Box::new(
            Outcome::cannot_tell(
                "the tasks of green have no address of their own (bridge or host networking)",
            )
            .hint("use network mode `awsvpc`, or a test listener rule"),
        ));
    }
    Isolation::Proven(format!(
        "the addresses are those of tasks of green revision {}, told by {}",
        sides.green.id, owned.by
    ))
}

fn addresses(
    tasks: &[Task],
    sides: &Sides,
    targets: &[Target],
    container_port: Option<u16>,
) -> Vec<TaskAddress> {
    let green = owned(tasks, sides).map(|owned| owned.green).unwrap_or_default();
    let address = |task: &&Task| {
        let address = *task.addresses.first()?;
        let registered = targets
            .iter()
            .find(|target| target.address().is_some_and(|address| task.addresses.contains(&address)));
        let port = registered.map(|target| target.port).or(container_port);
        let address = registered.and_then(Target::address).unwrap_or(address);
        Some(TaskAddress { task: task.id().to_owned(), address, port })
    };
    green.iter().filter(|task| task.is_running()).filter_map(address).collect()
}

/// Green's target group: as the revision was resolved, else, before production traffic shifts, the one of
/// the two that gets no production traffic.
fn green_group(stage: &Stage, way: &Way, network: &Network) -> Fact<String> {
    if let Some(group) = &way.green_group {
        return Ok(group.clone());
    }
    if let [only] = way.groups.as_slice() {
        return Ok(only.clone());
    }
    let unresolved = || {
        Box::new(
            Outcome::pending("ECS has not said yet which target group is green's (the revision's resolved configuration is empty)")
                .hint("it is there once the revision is active; a hook at POST_TEST_TRAFFIC_SHIFT finds it"),
        )
    };
    let before_production =
        matches!(stage, Stage::PostTestTrafficShift | Stage::PreProductionTrafficShift | Stage::Unknown(_));
    let Some(production) = way.production.as_ref().filter(|_| before_production) else {
        return Err(unresolved());
    };
    let live = network.live(production, "")?;
    let serves = |group: &String| live.iter().any(|live| live.weight > 0 && live.target_group == *group);
    match way.groups.iter().filter(|group| !serves(group)).collect::<Vec<_>>()[..] {
        [idle] => Ok(idle.clone()),
        _ => Err(unresolved()),
    }
}

/// The entrance, for people.
fn name(side: Side, entrance: &Entrance) -> String {
    let side = if side == Side::Production { "production" } else { "test" };
    let kind = if entrance.is_rule { "rule" } else { "listener" };
    format!("the {side} {kind}")
}
