//! How green is reached at a stage: through which route, or at its tasks' own addresses, and whether what
//! answers there is green.
//!
//! | question | where |
//! |---|---|
//! | which ways are there at this stage | `find` |
//! | which target group is green's | `group` |
//! | where are green's tasks | `tasks` |
//! | what is registered in green's target groups | `registered` |

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{
    Deployment,
    arn::Entrance,
    health_request::HealthRequest,
    isolation::{self, Isolation, Pool},
    load_balancing::{Target, TargetGroup, Weighted},
    network::Network,
    overview::{Sides, Way},
    route::{self, Listening, Obstacle, Part, Route, Through, Wish},
    tasks::Task,
};
use crate::{Fact, Outcome, stage::Stage};

mod find;
mod group;
mod registered;
mod tasks;

pub use self::registered::Registered;

pub(super) use self::{find::find, registered::registered};

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
    /// Why tasks and targets are not known, where they are not.
    pub unknown: Option<Box<Outcome>>,
    /// The running tasks of green that have an address.
    pub tasks: Vec<TaskAddress>,
    /// Whether what answers is green: at tasks' addresses, and behind the entrance as far as that can be
    /// said of no particular request. For a request, [`Approach::isolation_of`] its route.
    pub isolation: Isolation,
    side: Side,
    way: Option<Way>,
    sides: Arc<Sides>,
    all_tasks: Arc<Vec<Task>>,
    network: Arc<Network>,
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
        let production = way.production.as_ref().filter(|_| self.side == Side::Test);
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

    /// Whether what answers on a route is green.
    ///
    /// The pool that is judged is the one that this very request reaches. Where it cannot be told that it
    /// reaches the rule, nothing is proven about what answers.
    pub async fn isolation_of(&self, route: &Route) -> Isolation {
        if let [first, ..] = route.uncertain.as_slice() {
            return Isolation::Open(Box::new(
                Outcome::cannot_tell(format!("it cannot be proven that the request reaches green: {first}"))
                    .hint("give the test rule a host, path or header that no earlier rule takes, or set `target.url` or `\"isolation\": \"off\"` and know what answers"),
            ));
        }
        self.judge(&route.live).await
    }

    /// Whether what answers at the tasks' own addresses is green, whatever the entrance leads to.
    pub fn isolation_of_tasks(&self) -> Isolation {
        tasks::of_tasks(&self.all_tasks, &self.sides, &self.tasks)
    }

    /// The running tasks of green that have no address of their own, by their ids.
    pub fn tasks_without_address(&self) -> Vec<String> {
        tasks::without_address(&self.all_tasks, &self.sides)
    }

    /// Whether the entrance is a Network Load Balancer's, which hands connections on unread.
    pub fn passes_connections_through(&self) -> bool {
        let Some(entrance) = self.entrance.as_ref().filter(|entrance| entrance.is_network) else {
            return false;
        };
        let at = self.network.at(entrance);
        at.is_ok_and(|(_, listener)| matches!(listener.protocol.as_str(), "TCP" | "TCP_UDP"))
    }

    /// Judges the pool behind the entrance.
    async fn judge(&self, live: &[Weighted]) -> Isolation {
        if let Some(unknown) = &self.unknown {
            return Isolation::Open(unknown.clone());
        }
        let Some(group) = &self.group else {
            return Isolation::Open(Box::new(Outcome::cannot_tell("the service has no target group")));
        };
        let mut targets = BTreeMap::from([(group.arn.clone(), self.targets.clone())]);
        for stray in live.iter().filter(|live| live.weight > 0 && live.target_group != group.arn) {
            match self.deployment.targets(&stray.target_group).await {
                Ok(found) => drop(targets.insert(stray.target_group.clone(), found.to_vec())),
                Err(outcome) => return Isolation::Open(outcome),
            }
        }
        isolation::judge(&Pool {
            entrance: &self.described(live),
            live,
            green_group: &group.arn,
            target_type: &group.target_type,
            targets: &targets,
            sides: &self.sides,
            tasks: &self.all_tasks,
        })
    }

    /// The entrance for people, with what it does where that is no forwarding.
    fn described(&self, live: &[Weighted]) -> String {
        let Some(entrance) = &self.entrance else { return String::new() };
        let side = if self.side == Side::Production { "production" } else { "test" };
        let kind = if entrance.is_rule { "rule" } else { "listener" };
        match self.network.instead(entrance).filter(|_| live.is_empty()) {
            Some(instead) => format!("the {side} {kind}, which {instead},"),
            None => format!("the {side} {kind}"),
        }
    }

    /// Whether a request for another path takes the same rule, as certainly as that of the route does.
    pub fn lets_through(&self, route: &Route, path: &str) -> bool {
        let (Some(entrance), Some(group)) = (&self.entrance, &self.group) else { return false };
        let headers: Vec<_> =
            route.headers.iter().map(|(name, chosen)| (name.clone(), chosen.value.clone())).collect();
        let wish = Wish {
            host: Some(&route.host.value),
            server_name: route.server_name.as_ref().map(|name| name.value.as_str()),
            path: Some(path),
            method: &route.method.value,
            headers: &headers,
            secret_headers: &route.secret_headers,
        };
        let found = self
            .listening(entrance, &group.arn)
            .ok()
            .and_then(|here| route::find(&wish, &here, None, Some(&[]), self.group.as_ref()).ok());
        found.is_some_and(|found| {
            let as_certain = found.uncertain.iter().all(|why| route.uncertain.contains(why));
            found.rule == route.rule && as_certain && found.path.value == path
        })
    }

    /// The security groups of green's tasks, where that is told.
    pub fn security_groups(&self) -> &[String] {
        &self.sides.security_groups
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
