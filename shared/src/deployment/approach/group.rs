//! Which of the service's target groups is green's.

use crate::{
    Fact, Outcome,
    deployment::{network::Network, overview::Way},
    stage::Stage,
};

/// Green's target group: as the revision was resolved, else, before production traffic shifts, the one of
/// the two that gets no production traffic.
pub(super) fn green_group(stage: &Stage, way: &Way, network: &Network) -> Fact<String> {
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
    // Earlier ECS will still say so; later, once production traffic shifts, the idle group may be blue's.
    let tells =
        matches!(stage, Stage::PostTestTrafficShift | Stage::PreProductionTrafficShift | Stage::Unknown(_));
    let Some(production) = way.production.as_ref().filter(|_| tells) else {
        return Err(unresolved());
    };
    let live = network.live(production, &way.groups)?;
    let serves = |group: &String| live.iter().any(|live| live.weight > 0 && live.target_group == *group);
    match way.groups.iter().filter(|group| !serves(group)).collect::<Vec<_>>()[..] {
        [idle] => Ok(idle.clone()),
        _ => Err(unresolved()),
    }
}
