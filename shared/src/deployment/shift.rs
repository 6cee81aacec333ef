//! How a deployment shifts production traffic: at once or in steps, how large they are, how long each bakes.
//!
//! ECS tells no time of a weight change. What it tells is how long a step bakes before the next stage
//! begins, so that the change is at least that long ago. CodeDeploy tells when its `AllowTraffic` began and
//! ended; its hooks stand around the whole shift, never between two steps, so that to a hook every
//! deployment of CodeDeploy shifts at once.
//!
//! Source: API reference of Amazon ECS (`DeploymentConfiguration`, `LinearConfiguration`,
//! `CanaryConfiguration`) with their defaults; API reference of CodeDeploy (`LifecycleEvent`).

use std::time::Duration;

use aws_sdk_codedeploy::types::LifecycleEvent;
use aws_sdk_ecs::types::{DeploymentConfiguration, DeploymentStrategy};
use jiff::Timestamp;

use crate::aws::time;

/// The shift of production traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// In which steps.
    pub steps: Steps,
    /// How long green has the share of a step before the next one begins; not after the last one.
    pub bake: Duration,
    /// When the whole shift began and ended, where that is told.
    pub told: Option<(Timestamp, Option<Timestamp>)>,
}

/// The shares of the traffic, in percent, that green gets one after another.
#[derive(Debug, Clone, PartialEq)]
pub enum Steps {
    /// All of it at once.
    AtOnce,
    /// This share more at a time.
    Linear(f64),
    /// This share, then all.
    Canary(f64),
    /// By a strategy of this name that is not known here.
    Unknown(String),
}

/// Shares count as equal within this, in percent: ECS knows steps of 0.1.
const TOLERANCE: f64 = 0.05;

impl Steps {
    /// The share that green has before it gets `share`; none before the first step.
    pub fn before(&self, share: f64) -> Option<f64> {
        match self {
            Self::Linear(step) if *step > 0.0 => {
                // Counted from the first step on, so that a last one that is smaller does not matter.
                let earlier = ((share - TOLERANCE) / step).floor() * step;
                (earlier > TOLERANCE).then_some(earlier)
            }
            Self::Canary(first) => (share > first + TOLERANCE).then_some(*first),
            Self::AtOnce | Self::Linear(_) | Self::Unknown(_) => None,
        }
    }
}

/// What ECS tells.
pub(super) fn of_ecs(configuration: &DeploymentConfiguration) -> Shift {
    let minutes = |minutes: Option<i32>, default: u32| {
        Duration::from_mins(minutes.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(default).into())
    };
    let (steps, bake) = match configuration.strategy() {
        Some(DeploymentStrategy::Linear) => {
            let linear = configuration.linear_configuration();
            let percent = linear.and_then(aws_sdk_ecs::types::LinearConfiguration::step_percent);
            let bake = linear.and_then(aws_sdk_ecs::types::LinearConfiguration::step_bake_time_in_minutes);
            (Steps::Linear(percent.unwrap_or(10.0)), minutes(bake, 6))
        }
        Some(DeploymentStrategy::Canary) => {
            let canary = configuration.canary_configuration();
            let percent = canary.and_then(aws_sdk_ecs::types::CanaryConfiguration::canary_percent);
            let bake = canary.and_then(aws_sdk_ecs::types::CanaryConfiguration::canary_bake_time_in_minutes);
            (Steps::Canary(percent.unwrap_or(5.0)), minutes(bake, 10))
        }
        Some(DeploymentStrategy::BlueGreen) => (Steps::AtOnce, Duration::ZERO),
        other => {
            let name = other.map_or("unnamed", DeploymentStrategy::as_str);
            (Steps::Unknown(name.to_owned()), Duration::ZERO)
        }
    };
    Shift { steps, bake, told: None }
}

/// What CodeDeploy tells.
pub(super) fn of_codedeploy(events: &[LifecycleEvent]) -> Shift {
    let event = events.iter().find(|event| event.lifecycle_event_name() == Some("AllowTraffic"));
    let told = event.and_then(|event| Some((time(event.start_time()?)?, event.end_time().and_then(time))));
    Shift { steps: Steps::AtOnce, bake: Duration::ZERO, told }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{CanaryConfiguration, LinearConfiguration};
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn the_step_before() {
        let near = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 0.01,
            (found, expected) => found == expected,
        };
        for (steps, share, before) in [
            (Steps::AtOnce, 100.0, None),
            (Steps::Linear(10.0), 10.0, None),
            (Steps::Linear(10.0), 20.0, Some(10.0)),
            (Steps::Linear(10.0), 100.0, Some(90.0)),
            // 30, 60, 90, 100.
            (Steps::Linear(30.0), 100.0, Some(90.0)),
            (Steps::Linear(33.3), 66.6, Some(33.3)),
            (Steps::Linear(0.0), 50.0, None),
            (Steps::Canary(5.0), 5.0, None),
            (Steps::Canary(5.0), 100.0, Some(5.0)),
            (Steps::Canary(0.1), 100.0, Some(0.1)),
            (Steps::Unknown("SPIRAL".to_owned()), 50.0, None),
        ] {
            assert!(near(steps.before(share), before), "{steps:?} {share}: {:?}", steps.before(share));
        }
    }

    #[test]
    fn what_ecs_leaves_out_has_its_defaults() {
        let of = |strategy| DeploymentConfiguration::builder().strategy(strategy);
        let linear = LinearConfiguration::builder().step_percent(20.0).step_bake_time_in_minutes(3);
        let canary = CanaryConfiguration::builder().canary_percent(2.5).canary_bake_time_in_minutes(0);
        for (configuration, steps, minutes) in [
            (of(DeploymentStrategy::Linear).build(), Steps::Linear(10.0), 6),
            (
                of(DeploymentStrategy::Linear).linear_configuration(linear.build()).build(),
                Steps::Linear(20.0),
                3,
            ),
            (of(DeploymentStrategy::Canary).build(), Steps::Canary(5.0), 10),
            (
                of(DeploymentStrategy::Canary).canary_configuration(canary.build()).build(),
                Steps::Canary(2.5),
                0,
            ),
            (of(DeploymentStrategy::BlueGreen).build(), Steps::AtOnce, 0),
            (of("SPIRAL".into()).build(), Steps::Unknown("SPIRAL".to_owned()), 0),
        ] {
            let found = of_ecs(&configuration);
            assert_eq!((found.steps, found.bake), (steps, Duration::from_mins(minutes)));
        }
    }

    #[test]
    fn codedeploy_tells_when_it_shifted() {
        let event = |name: &str, start: i64, end: Option<i64>| {
            LifecycleEvent::builder()
                .lifecycle_event_name(name)
                .start_time(DateTime::from_secs(start))
                .set_end_time(end.map(DateTime::from_secs))
                .build()
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let told = |events: &[LifecycleEvent]| of_codedeploy(events).told;
        let before = event("BeforeAllowTraffic", 10, Some(20));
        assert_eq!(
            told(&[before.clone(), event("AllowTraffic", 20, Some(30))]),
            Some((at(20), Some(at(30))))
        );
        assert_eq!(told(&[before.clone(), event("AllowTraffic", 20, None)]), Some((at(20), None)));
        assert_eq!(told(&[before]), None);
    }
}
