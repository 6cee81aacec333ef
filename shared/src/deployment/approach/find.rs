//! Every way to green at a stage.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{
    Approach, Side,
    group::green_group,
    tasks::{addresses, of_tasks},
};
use crate::{
    Fact, Outcome,
    deployment::{
        Deployment,
        isolation::Isolation,
        network::Network,
        overview::{Sides, Way},
        tasks::Task,
    },
    stage::Stage,
};

/// Finds every way to green at a stage, side by side.
pub(in crate::deployment) async fn find(deployment: &Deployment, stage: &Stage) -> Fact<Vec<Approach>> {
    let (balanced, tasks) = tokio::join!(load_balancing(deployment), deployment.tasks());
    let (sides, network) = balanced?;
    if sides.ways.is_empty() {
        let found = Found { deployment, stage, sides, tasks: tasks?, unknown: None, network };
        return Ok(vec![found.without_load_balancer().await]);
    }
    let (tasks, unknown) = match tasks {
        Ok(tasks) => (tasks, None),
        Err(outcome) => (Arc::default(), Some(outcome)),
    };
    let found = Found { deployment, stage, sides, tasks, unknown, network };
    let finding = found.sides.ways.iter().map(|way| found.through_load_balancer(way));
    join_all(finding).await.into_iter().collect()
}

/// Asks for both sides, then at once for what stands before them.
pub(super) async fn load_balancing(deployment: &Deployment) -> Fact<(Arc<Sides>, Arc<Network>)> {
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

/// What every way is made of.
struct Found<'a> {
    deployment: &'a Deployment,
    stage: &'a Stage,
    sides: Arc<Sides>,
    tasks: Arc<Vec<Task>>,
    /// Why the tasks are not known.
    unknown: Option<Box<Outcome>>,
    network: Arc<Network>,
}

impl Found<'_> {
    async fn through_load_balancer(&self, way: &Way) -> Fact<Approach> {
        let side = Side::at(self.stage);
        let green = green_group(self.stage, way, &self.network)?;
        let group = self.network.group(&green).cloned().ok_or_else(|| {
            Box::new(Outcome::inconclusive(format!(
                "Elastic Load Balancing did not tell of green's target group {green}"
            )))
        })?;
        let (entrance, because) = match side {
            Side::Tasks => (None, format!("at {} no load balancer sends green any traffic yet", self.stage)),
            Side::Production => (way.production.clone(), "the service names no production rule".to_owned()),
            Side::Test => (way.test.clone(), "the service has no test rule: before production traffic shifts, no load balancer sends green any traffic".to_owned()),
        };
        let live = match (&entrance, &way.test) {
            (Some(entrance), _) => self.network.live(entrance, &way.groups)?,
            // Recorded, and not judged: what the test rule does yet keeps nobody from green's tasks.
            (None, Some(test)) => self.network.live(test, &way.groups).unwrap_or_default(),
            (None, None) => Vec::new(),
        };
        let mut unknown = self.unknown.clone();
        let targets = self.deployment.targets(&green).await.unwrap_or_else(|outcome| {
            unknown.get_or_insert(outcome);
            Arc::default()
        });
        // The route is known all the same: a plan that wants no proof can take it.
        if let (Some(outcome), None) = (&unknown, &entrance) {
            return Err(outcome.clone());
        }
        let addresses = addresses(&self.tasks, &self.sides, &targets, way.container_port);
        let mut approach = Approach {
            name: Some(way.name().to_owned()),
            because,
            group: Some(group),
            targets: targets.to_vec(),
            unknown,
            isolation: of_tasks(&self.tasks, &self.sides, &addresses),
            tasks: addresses,
            way: Some(way.clone()),
            live,
            entrance,
            ..self.approach(side)
        };
        if approach.entrance.is_some() {
            approach.isolation = approach.judge(&approach.live).await;
        }
        Ok(approach)
    }

    async fn without_load_balancer(&self) -> Approach {
        let because = if self.sides.service_connect {
            "the service is reached through Service Connect alone, whose test header works only inside its namespace"
        } else {
            "the service has no load balancer"
        };
        let port = self.deployment.container_port().await.ok();
        let addresses = addresses(&self.tasks, &self.sides, &[], port.and_then(|port| *port));
        Approach {
            because: because.to_owned(),
            isolation: of_tasks(&self.tasks, &self.sides, &addresses),
            tasks: addresses,
            ..self.approach(Side::Tasks)
        }
    }

    /// An approach of which nothing is known yet.
    fn approach(&self, side: Side) -> Approach {
        Approach {
            name: None,
            entrance: None,
            because: String::new(),
            group: None,
            targets: Vec::new(),
            live: Vec::new(),
            unknown: None,
            tasks: Vec::new(),
            isolation: Isolation::NotProven(String::new()),
            side,
            way: None,
            sides: Arc::clone(&self.sides),
            all_tasks: Arc::clone(&self.tasks),
            network: Arc::clone(&self.network),
            deployment: self.deployment.clone(),
        }
    }
}
