//! The requests of one minute, as an Application Load Balancer counts them: all alike, those of hooks among
//! them.
//!
//! Users are fewer than they stand for where the machine cannot send them all, so each of their requests counts
//! as often as they do; one of a hook counts once. A metric that would be zero has no datapoint, as with AWS.
//!
//! Source: Elastic Load Balancing user guide, *CloudWatch metrics for your Application Load Balancer*.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::rehearsal::aws::cloudwatch;
use crate::rehearsal::balancer::{AnsweredBy, Entry};

/// By load balancer and target group, as dimensions name them.
#[derive(Debug, Default)]
pub(super) struct Requests(BTreeMap<(String, String), Counts>);

/// Those that went to one target group.
#[derive(Debug, Default)]
struct Counts {
    /// By the metric's name.
    by_metric: BTreeMap<&'static str, f64>,
    /// What answers of targets took, in seconds, with how many each stands for.
    times: Vec<(f64, f64)>,
}

impl Requests {
    /// Adds a request that stands for so many.
    pub(super) fn add(&mut self, entry: &Entry, scale: f64) {
        let Some(group) = entry.target_group.as_deref().and_then(group_dimension) else { return };
        let Some(load_balancer) = dimension_of_listener(&entry.listener) else { return };
        let counts = self.0.entry((load_balancer, group.to_owned())).or_default();
        let mut count = |metric| *counts.by_metric.entry(metric).or_default() += scale;
        // What is answered without a target that was chosen is no request to the target group.
        if entry.target.is_none() {
            return;
        }
        count("RequestCount");
        if !entry.connected {
            count("TargetConnectionErrorCount");
        } else if entry.answered_by == AnsweredBy::Target {
            count(match entry.status {
                Some(500..) => "HTTPCode_Target_5XX_Count",
                Some(400..) => "HTTPCode_Target_4XX_Count",
                Some(300..) => "HTTPCode_Target_3XX_Count",
                _ => "HTTPCode_Target_2XX_Count",
            });
            counts.times.push((entry.duration.as_secs_f64(), scale));
        }
        // A target that was connected and gave no answer is counted for the load balancer alone.
    }

    /// Records what was counted.
    pub(super) fn record(self, cloudwatch: &mut cloudwatch::State, at: Timestamp) {
        for ((load_balancer, group), counts) in self.0 {
            let dimensions = [("LoadBalancer", &*load_balancer), ("TargetGroup", &*group)];
            let ones = counts.by_metric.into_iter().map(|(metric, count)| (metric, 1.0, count));
            let times = counts.times.into_iter().map(|(time, count)| ("TargetResponseTime", time, count));
            for (metric, value, count) in ones.chain(times) {
                cloudwatch.record("AWS/ApplicationELB", metric, &dimensions, at, (value, whole(count)));
            }
        }
    }
}

/// At least one: what happened is never rounded away.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests")]
fn whole(count: f64) -> u64 {
    (count.round() as u64).max(1)
}

/// `targetgroup/hello-1/73e2d6bc24d8a067` of a target group's ARN.
pub(super) fn group_dimension(arn: &str) -> Option<&str> {
    arn.find("targetgroup/").map(|at| &arn[at..])
}

/// `app/hello/50dc6c495c0c9188` of a load balancer's ARN.
pub(super) fn balancer_dimension(arn: &str) -> Option<&str> {
    arn.split_once(":loadbalancer/").map(|(_, name)| name)
}

/// `app/hello/50dc6c495c0c9188` of a listener's ARN.
fn dimension_of_listener(arn: &str) -> Option<String> {
    let (_, name) = arn.split_once(":listener/")?;
    Some(name.rsplit_once('/')?.0.to_owned())
}
