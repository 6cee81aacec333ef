//! What a load balancer says of one target, in words, and what that means for green.
//!
//! Source: API reference of Elastic Load Balancing v2, `TargetHealth` (`State`, `Reason`).

use std::{fmt, net::IpAddr};

use greenlight::deployment::load_balancing::Target;

use crate::words::one_line;

/// What a target's state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It gets traffic, and does well.
    Healthy,
    /// Its checks are still to come.
    Starting,
    /// Its checks fail: green's fault, once its task is old enough.
    Failing,
    /// It is being taken out: it gets no new traffic.
    Leaving,
    /// No listener sends its group any traffic, or its zone is not enabled.
    NotInUse,
    /// It will never get traffic as it is.
    Unusable,
    /// The load balancer cannot tell.
    Unknown,
    /// The load balancer will never tell: its checks are disabled.
    Unchecked,
}

impl Meaning {
    /// By state and reason.
    pub(super) fn of(target: &Target) -> Self {
        match (target.state.as_str(), target.reason.as_deref()) {
            ("healthy", _) => Self::Healthy,
            ("initial", _) => Self::Starting,
            ("unhealthy" | "unavailable", Some("Elb.InternalError")) => Self::Unknown,
            ("unhealthy", _) => Self::Failing,
            // It is not registered any more: gone between two calls.
            ("draining" | "unhealthy.draining", _) | ("unused", Some("Target.NotRegistered")) => {
                Self::Leaving
            }
            ("unused", Some("Target.NotInUse")) => Self::NotInUse,
            ("unused", _) => Self::Unusable,
            ("unavailable", Some("Target.HealthCheckDisabled")) => Self::Unchecked,
            _ => Self::Unknown,
        }
    }
}

/// A reason in words; AWS adds words of its own in `Description`.
fn reason(code: &str) -> &str {
    match code {
        "Elb.RegistrationInProgress" => "it is being registered",
        "Elb.InitialHealthChecking" => "its first health checks are under way",
        "Elb.InternalError" => "the load balancer has an internal error",
        "Target.ResponseCodeMismatch" => "its health check is answered with another status than expected",
        "Target.Timeout" => "its health check is not answered in time",
        "Target.FailedHealthChecks" => "its health check finds no connection or no proper answer",
        "Target.NotRegistered" => "it is not registered any more",
        "Target.NotInUse" => "no load balancer sends its target group traffic, or its zone is not enabled",
        "Target.InvalidState" => "its instance is stopped or terminated",
        "Target.IpUnusable" => "its address belongs to a load balancer",
        "Target.DeregistrationInProgress" => "it is being deregistered",
        "Target.HealthCheckDisabled" => "health checks are disabled for its target group",
        other => other,
    }
}

/// What to do about a health check that fails.
pub(super) fn hint(target: &Target) -> &'static str {
    match target.reason.as_deref() {
        Some("Target.ResponseCodeMismatch") => {
            "compare what green answers on the health check's path with the target group's success codes"
        }
        Some("Target.Timeout") => {
            "let the load balancer's security group through to the tasks, or give the health check more time"
        }
        Some("Target.FailedHealthChecks") => {
            "does green listen on the health check's port, and speak its protocol?"
        }
        _ => "look at the target group's health check and at green's logs",
    }
}

/// A target for people: `10.0.2.1:8080 is unhealthy (…)`.
pub(super) struct Described<'a>(pub(super) &'a Target);

impl fmt::Display for Described<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.0;
        match target.address() {
            Some(IpAddr::V6(address)) => write!(formatter, "[{address}]:{}", target.port)?,
            _ => write!(formatter, "{}:{}", target.id, target.port)?,
        }
        write!(formatter, " is {}", target.state)?;
        let Some(code) = &target.reason else { return Ok(()) };
        let described = target.description.as_deref().map(one_line).filter(|text| !text.is_empty());
        match described {
            Some(text) => write!(formatter, " ({code}: {}; {text})", reason(code)),
            None => write!(formatter, " ({code}: {})", reason(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(state: &str, reason: &str) -> Target {
        Target {
            id: "10.0.2.1".to_owned(),
            port: 8080,
            state: state.to_owned(),
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            ..Target::default()
        }
    }

    /// Every pair of state and reason that the API reference names.
    #[test]
    fn states_and_reasons() {
        for (state, reason, meaning, words) in [
            ("healthy", "", Meaning::Healthy, "is healthy"),
            (
                "initial",
                "Elb.RegistrationInProgress",
                Meaning::Starting,
                "is initial (Elb.RegistrationInProgress: it is being registered)",
            ),
            (
                "initial",
                "Elb.InitialHealthChecking",
                Meaning::Starting,
                "is initial (Elb.InitialHealthChecking: its first health checks are under way)",
            ),
            (
                "unhealthy",
                "Target.ResponseCodeMismatch",
                Meaning::Failing,
                "is unhealthy (Target.ResponseCodeMismatch: its health check is answered with another status than expected)",
            ),
            (
                "unhealthy",
                "Target.Timeout",
                Meaning::Failing,
                "is unhealthy (Target.Timeout: its health check is not answered in time)",
            ),
            (
                "unhealthy",
                "Target.FailedHealthChecks",
                Meaning::Failing,
                "is unhealthy (Target.FailedHealthChecks: its health check finds no connection or no proper answer)",
            ),
            (
                "unhealthy",
                "Elb.InternalError",
                Meaning::Unknown,
                "is unhealthy (Elb.InternalError: the load balancer has an internal error)",
            ),
            (
                "unused",
                "Target.NotRegistered",
                Meaning::Leaving,
                "is unused (Target.NotRegistered: it is not registered any more)",
            ),
            (
                "unused",
                "Target.NotInUse",
                Meaning::NotInUse,
                "is unused (Target.NotInUse: no load balancer sends its target group traffic, or its zone is not enabled)",
            ),
            (
                "unused",
                "Target.InvalidState",
                Meaning::Unusable,
                "is unused (Target.InvalidState: its instance is stopped or terminated)",
            ),
            (
                "unused",
                "Target.IpUnusable",
                Meaning::Unusable,
                "is unused (Target.IpUnusable: its address belongs to a load balancer)",
            ),
            (
                "draining",
                "Target.DeregistrationInProgress",
                Meaning::Leaving,
                "is draining (Target.DeregistrationInProgress: it is being deregistered)",
            ),
            (
                "unhealthy.draining",
                "Target.DeregistrationInProgress",
                Meaning::Leaving,
                "is unhealthy.draining (Target.DeregistrationInProgress: it is being deregistered)",
            ),
            (
                "unavailable",
                "Target.HealthCheckDisabled",
                Meaning::Unchecked,
                "is unavailable (Target.HealthCheckDisabled: health checks are disabled for its target group)",
            ),
            (
                "unavailable",
                "Elb.InternalError",
                Meaning::Unknown,
                "is unavailable (Elb.InternalError: the load balancer has an internal error)",
            ),
            ("resting", "Elb.Siesta", Meaning::Unknown, "is resting (Elb.Siesta: Elb.Siesta)"),
        ] {
            let target = target(state, reason);
            assert_eq!(Meaning::of(&target), meaning, "{state} {reason}");
            assert_eq!(Described(&target).to_string(), format!("10.0.2.1:8080 {words}"));
        }
    }

    #[test]
    fn what_the_load_balancer_adds_is_said_too() {
        let mut found = target("unhealthy", "Target.ResponseCodeMismatch");
        found.description = Some("Health checks failed with these codes: [503]".to_owned());
        found.id = "fd00::1".to_owned();
        assert_eq!(
            Described(&found).to_string(),
            "[fd00::1]:8080 is unhealthy (Target.ResponseCodeMismatch: its health check is answered with another status than expected; Health checks failed with these codes: [503])"
        );
        assert!(hint(&found).contains("success codes"));
        assert!(hint(&target("unhealthy", "Target.Timeout")).contains("security group"));
        assert!(hint(&target("unhealthy", "Target.FailedHealthChecks")).contains("listen"));
        assert!(hint(&target("unhealthy", "")).contains("logs"));
    }
}
