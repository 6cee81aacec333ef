//! What a listener does with a request or a connection: its rules in the order of their priorities, then
//! its default actions.

use super::conditions::{self, Subject};
use super::log::TargetAddress;
use super::shares::Shares;
use crate::rehearsal::aws::elb::{Action, Listener, Rule, State, Target, TargetGroup};

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Route {
    /// The rule that took it; none if it was left to the default actions.
    pub(super) rule: Option<String>,
    pub(super) step: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    Forward {
        target_group: String,
        /// Whether the group's targets are spoken to over TLS.
        secure: bool,
        target: TargetAddress,
    },
    NoTarget {
        target_group: Option<String>,
    },
    FixedResponse {
        status: u16,
        body: String,
    },
    Redirect {
        permanent: bool,
        location: String,
    },
    Authenticate(String),
}

pub(super) fn route(elb: &State, shares: &Shares, listener: &str, subject: &Subject<'_>) -> Route {
    let Some(listener) = elb.listeners.iter().find(|known| known.arn == listener) else {
        return Route { rule: None, step: Step::NoTarget { target_group: None } };
    };
    let rule = elb
        .rules
        .iter()
        .filter(|rule| belongs_to(rule, listener) && conditions::hold(&rule.conditions, subject))
        .min_by_key(|rule| rule.priority);
    match rule {
        Some(rule) => {
            Route { rule: Some(rule.arn.clone()), step: act(elb, shares, &rule.arn, &rule.actions) }
        }
        None => Route { rule: None, step: act(elb, shares, &listener.arn, &listener.default_actions) },
    }
}

/// `…:listener-rule/app/NAME/ID/LISTENER/RULE` is a rule of `…:listener/app/NAME/ID/LISTENER`.
fn belongs_to(rule: &Rule, listener: &Listener) -> bool {
    rule.arn
        .rsplit_once('/')
        .and_then(|(listener, _)| listener.split_once(":listener-rule/"))
        .zip(listener.arn.split_once(":listener/"))
        .is_some_and(|(of_rule, of_listener)| of_rule == of_listener)
}

/// Every kind of action answers, an authenticate action because nobody is ever signed in: the first one
/// decides.
fn act(elb: &State, shares: &Shares, decided_by: &str, actions: &[Action]) -> Step {
    match actions.first() {
        None => Step::NoTarget { target_group: None },
        Some(Action::Forward(weights)) => match shares.next_group(decided_by, weights) {
            None => Step::NoTarget { target_group: None },
            Some(group) => forward(elb, shares, group),
        },
        Some(Action::FixedResponse { status, body }) => {
            Step::FixedResponse { status: *status, body: body.clone() }
        }
        Some(Action::Redirect { status, location }) => {
            Step::Redirect { permanent: *status == 301, location: location.clone() }
        }
        Some(Action::Authenticate(kind)) => Step::Authenticate(kind.clone()),
    }
}

fn forward(elb: &State, shares: &Shares, target_group: &str) -> Step {
    let group = elb.target_groups.iter().find(|group| group.arn == target_group);
    let targets = group.map(in_service).unwrap_or_default();
    let next = if targets.is_empty() { 0 } else { shares.next_target(target_group, targets.len()) };
    match (group, targets.get(next)) {
        (Some(group), Some(target)) => Step::Forward {
            target_group: group.arn.clone(),
            secure: matches!(group.protocol.as_str(), "HTTPS" | "TLS"),
            target: TargetAddress { id: target.id.clone(), port: target.port },
        },
        _ => Step::NoTarget { target_group: Some(target_group.to_owned()) },
    }
}

/// The healthy targets; if there are none, all that are registered and not on their way out.
fn in_service(group: &TargetGroup) -> Vec<&Target> {
    let those = |wanted: fn(&Target) -> bool| -> Vec<&Target> {
        group.targets.iter().filter(|target| wanted(target)).collect()
    };
    // A group without checks says `unavailable` of targets that work.
    let healthy = those(|target| {
        target.state == "healthy"
            || target.state == "unavailable" && target.reason.as_deref() == Some("Target.HealthCheckDisabled")
    });
    if healthy.is_empty() {
        those(|target| !matches!(target.state.as_str(), "draining" | "unhealthy.draining" | "unused"))
    } else {
        healthy
    }
}
