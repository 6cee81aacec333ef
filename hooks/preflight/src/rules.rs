//! The rules, grouped by subject. Adding one is an item in the list of its file.

mod alarms;
mod app_spec;
mod codedeploy;
mod codedeploy_calls;
mod codedeploy_service;
mod containers;
mod envoy;
mod events;
mod functions;
mod hook_times;
mod hooks;
mod keys;
mod kinds;
mod load_balancer;
mod pauses;
mod permissions;
mod refused;
mod rolling;
mod service_connect;
mod shapes;
mod stopped_tasks;
mod strategy;
mod target_groups;
mod test_route;

use crate::rule::Rule;

/// Rules of one subject.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// What they are about, as a title.
    pub title: &'static str,
    /// The rules.
    pub rules: &'static [Rule],
}

/// Every subject, in the order of the documentation.
pub(crate) static SUBJECTS: &[Subject] = &[
    keys::SUBJECT,
    load_balancer::SUBJECT,
    containers::SUBJECT,
    permissions::SUBJECT,
    hooks::SUBJECT,
    hook_times::SUBJECT,
    pauses::SUBJECT,
    functions::SUBJECT,
    strategy::SUBJECT,
    target_groups::SUBJECT,
    alarms::SUBJECT,
    test_route::SUBJECT,
    service_connect::SUBJECT,
    rolling::SUBJECT,
    refused::SUBJECT,
    events::SUBJECT,
    stopped_tasks::SUBJECT,
    envoy::SUBJECT,
    codedeploy::SUBJECT,
    codedeploy_service::SUBJECT,
    app_spec::SUBJECT,
    codedeploy_calls::SUBJECT,
];

/// What is known and no rule, with the reason.
static LEFT_OUT: &[(&str, &str)] = &[
    (
        "DEPLOY-ALARM-THROTTLE",
        "ECS may miss an alarm while DescribeAlarms is throttled; nothing that can be looked at or is said reveals it. greenlight's own hooks \
         ask for alarms twice a minute at the most.",
    ),
    (
        "CD-HOOK-LATE-START",
        "CodeDeploy fails a deployment where a lifecycle event does not start within five minutes of the one before. It has no message of its own \
         that is documented, and nobody who deploys can cause it or mend it.",
    ),
    (
        "ROLL-DIGEST-SIDECAR",
        "ECS records no digest for the sidecars that it adds itself (the proxy of Service Connect, GuardDuty's agent). Nothing is wrong with that; \
         the check `images` leaves them out.",
    ),
];

/// What is known and no rule, with the reason.
pub fn left_out() -> &'static [(&'static str, &'static str)] {
    LEFT_OUT
}

/// Every subject, in the order of the documentation.
pub fn subjects() -> &'static [Subject] {
    SUBJECTS
}
