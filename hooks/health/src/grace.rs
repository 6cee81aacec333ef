//! For how long after a task's start failing health checks say nothing yet.
//!
//! ECS has a word for it: while a service's `healthCheckGracePeriodSeconds` lasts, ECS overlooks that load
//! balancer and container health checks fail, and after it ECS stops the task. A slow starter that ECS
//! would bear with is no reason to roll back; one that ECS is about to stop is. The service is asked for it
//! only where something is unhealthy.

use std::time::Duration;

use greenlight::{
    Outcome, Scope,
    deployment::{Asks, Task},
    plan::units::Span,
};
use jiff::Timestamp;

/// How long failing health checks are overlooked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Grace {
    /// So long after a task's start.
    For(Duration),
    /// It could not be asked; why.
    Unknown(Box<Outcome>),
}

/// What a grace period makes of something unhealthy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Judged {
    /// It is older than that: ECS would stop it.
    Over,
    /// It may still get healthy.
    Lasts,
}

/// What a check asks of AWS beside the grace period, and that where the plan does not say it.
pub(crate) fn asked_with(plan: Option<Span>, others: [Asks; 2]) -> Vec<Asks> {
    let own = plan.is_none().then_some(Asks::GracePeriod);
    others.into_iter().chain(own).collect()
}

impl Grace {
    /// What the plan says, else what the service says.
    pub(crate) async fn ask(plan: Option<Span>, scope: &Scope) -> Self {
        match plan {
            Some(span) => Self::For(span.0),
            None => match scope.deployment().grace_period().await {
                Ok(span) => Self::For(*span),
                Err(outcome) => Self::Unknown(outcome),
            },
        }
    }

    /// Judges something unhealthy by the task that it belongs to. The error is the outcome where the grace
    /// period is not known; `observed` is what is unhealthy.
    pub(crate) fn of(
        &self,
        task: Option<&Task>,
        now: Timestamp,
        observed: &str,
    ) -> Result<Judged, Box<Outcome>> {
        let span = match self {
            Self::For(span) => *span,
            Self::Unknown(why) => {
                let cause = format!(
                    "{observed}, and whether that may still change could not be asked: {}",
                    why.observed
                );
                let mut outcome = Outcome::inconclusive(cause);
                outcome.hint = Some(match &why.hint {
                    Some(hint) => format!("{hint}; or set the check's `grace`"),
                    None => "or set the check's `grace`".to_owned(),
                });
                return Err(Box::new(outcome));
            }
        };
        let age = task.map_or(Duration::MAX, |task| age(task, now));
        Ok(if age < span { Judged::Lasts } else { Judged::Over })
    }

    /// The span for people, where it is known.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::For(span) if span.is_zero() => "no grace period".to_owned(),
            Self::For(span) => format!("a grace period of {}", Span(*span)),
            Self::Unknown(_) => "a grace period that is not known".to_owned(),
        }
    }

    /// What to do about something that is unhealthy past the grace period, and only starts slowly.
    pub(crate) const HINT: &str = "if it only starts slowly, raise the service's healthCheckGracePeriodSeconds, without which ECS stops such tasks";
}

/// How long a task has been running, in whole seconds; nothing before it runs.
pub(crate) fn age(task: &Task, now: Timestamp) -> Duration {
    let started = task.started_at.unwrap_or(now);
    let seconds = now.duration_since(started).as_secs();
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_outgrows_the_grace_period() {
        let now = Timestamp::from_second(1000).unwrap();
        let started = |second| Task { started_at: Timestamp::from_second(second).ok(), ..Task::default() };
        let grace = Grace::For(Duration::from_mins(1));
        for (name, task, judged) in [
            ("young", Some(started(941)), Judged::Lasts),
            ("old", Some(started(940)), Judged::Over),
            ("does not run yet", Some(Task::default()), Judged::Lasts),
            ("started by a clock that is ahead", Some(started(1005)), Judged::Lasts),
            ("no task is known", None, Judged::Over),
        ] {
            assert_eq!(grace.of(task.as_ref(), now, ""), Ok(judged), "{name}");
        }
        assert_eq!(Grace::For(Duration::ZERO).of(Some(&started(1000)), now, ""), Ok(Judged::Over));
    }

    #[test]
    fn what_could_not_be_asked_is_said_with_the_way_out() {
        let denied = Outcome::inconclusive("not allowed to call ecs:DescribeServices").hint("add it");
        let found = Grace::Unknown(Box::new(denied)).of(None, Timestamp::UNIX_EPOCH, "task 1 is UNHEALTHY");
        assert_eq!(
            found.unwrap_err().words(),
            "task 1 is UNHEALTHY, and whether that may still change could not be asked: not allowed to call ecs:DescribeServices (add it; or set the check's `grace`)"
        );
    }
}
