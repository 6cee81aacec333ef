//! Green's target groups with what is registered in them, whatever the stage.
//!
//! No rule is judged here: that is isolation's question.

use futures_util::future::join_all;

use super::{find::load_balancing, group::green_group};
use crate::{
    Fact, Outcome,
    deployment::{
        Deployment,
        load_balancing::{LoadBalancer, Target, TargetGroup},
    },
    stage::Stage,
};

/// Green's target group on one way to it.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The load balancer's name, for people.
    pub name: String,
    /// The target group.
    pub group: TargetGroup,
    /// What is registered in it.
    pub targets: Vec<Target>,
    /// The Availability Zones that the load balancer is enabled for; none where it is not known.
    pub zones: Vec<String>,
    /// Whether there is a test route, by which green gets test traffic before it gets any other.
    pub has_test_route: bool,
}

/// Finds green's target group on every way; none where the service has no load balancer.
pub(in crate::deployment) async fn registered(
    deployment: &Deployment,
    stage: &Stage,
) -> Fact<Vec<Registered>> {
    let (sides, network) = load_balancing(deployment).await?;
    let finding = sides.ways.iter().map(async |way| {
        let green = green_group(stage, way, &network)?;
        let group = network.group(&green).cloned().ok_or_else(|| {
            Box::new(Outcome::inconclusive(format!(
                "Elastic Load Balancing did not tell of green's target group {green}"
            )))
        })?;
        let entrance = way.production.as_ref().or(way.test.as_ref());
        let load_balancer = entrance.and_then(|entrance| network.load_balancer(entrance));
        Ok(Registered {
            name: way.name().to_owned(),
            group,
            targets: deployment.targets(&green).await?.to_vec(),
            zones: load_balancer.map(LoadBalancer::zones_in_order).unwrap_or_default(),
            has_test_route: way.test.is_some(),
        })
    });
    join_all(finding).await.into_iter().collect()
}
