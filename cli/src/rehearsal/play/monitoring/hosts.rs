//! How many targets of each target group are healthy, and how many are not.

use jiff::Timestamp;

use super::requests::{balancer_dimension, group_dimension};
use crate::rehearsal::aws::World;
use crate::rehearsal::aws::elb::LoadBalancerKind;

/// Records `HealthyHostCount` and `UnHealthyHostCount` of every target group that something is sent to.
pub(super) fn record(world: &mut World, kind: LoadBalancerKind, at: Timestamp) {
    let namespace = match kind {
        LoadBalancerKind::Application => "AWS/ApplicationELB",
        LoadBalancerKind::Network => "AWS/NetworkELB",
    };
    for group in &world.elb.target_groups {
        let Some(name) = group_dimension(&group.arn) else { continue };
        let count = |wanted: &str| group.targets.iter().filter(|target| target.state == wanted).count();
        let counts = [("HealthyHostCount", count("healthy")), ("UnHealthyHostCount", count("unhealthy"))];
        for load_balancer in
            world.elb.load_balancers_of(&group.arn).into_iter().filter_map(balancer_dimension)
        {
            let dimensions = [("LoadBalancer", load_balancer), ("TargetGroup", name)];
            for (metric, hosts) in counts {
                #[expect(clippy::cast_precision_loss, reason = "a number of tasks")]
                world.cloudwatch.record(namespace, metric, &dimensions, at, (hosts as f64, 1));
            }
        }
    }
}
