//! Whether the one who called the hook still waits for its verdict.
//!
//! A link of a chain of self-invocations asks this first. "No" ends the chain without a report, so that it
//! takes more than something missing to say so: a deployment that is over, or a hook that was seen to wait
//! and does so no more.

use aws_sdk_codedeploy::types::LifecycleEventStatus;

use crate::stage::Stage;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// Yes: what was seen to wait.
    Yes(String),
    /// No, and why.
    No(String),
    /// The deployment does not tell.
    Untold,
}

/// A PAUSE hook's id and status, in ECS's words.
pub(super) type Hook = (String, String);

/// Whether ECS waits for the PAUSE hook of this id, which was `seen` to wait, or was not.
pub(super) fn of_pause(state: Option<&str>, hooks: &[Hook], id: &str, seen: Option<&str>) -> Awaited {
    const AWAITING: &str = "AWAITING_ACTION";
    if let Some(state) = state.filter(|state| !matches!(*state, "IN_PROGRESS" | "PENDING")) {
        return Awaited::No(format!("the service deployment is {state}"));
    }
    match hooks.iter().find(|(known, _)| known == id) {
        Some((_, status)) if status == AWAITING => Awaited::Yes(AWAITING.to_owned()),
        Some((_, status)) => Awaited::No(format!("the PAUSE hook is {status}")),
        // ECS lists active hooks; whether ones that have ended stay is not documented.
        None if seen.is_some() => Awaited::No("ECS no longer lists the PAUSE hook".to_owned()),
        None => Awaited::Untold,
    }
}

/// Whether CodeDeploy waits for the lifecycle event of this stage, which was `seen` to wait, or was not.
pub(super) fn of_codedeploy(
    state: Option<&str>,
    events: &[(Stage, LifecycleEventStatus)],
    stage: &Stage,
    seen: Option<&str>,
) -> Awaited {
    if let Some(state) = state.filter(|state| matches!(*state, "Succeeded" | "Failed" | "Stopped")) {
        return Awaited::No(format!("the deployment is {state}"));
    }
    let name = stage.codedeploy_event().unwrap_or(stage.ecs_name());
    match events.iter().find(|(known, _)| known == stage) {
        Some((_, LifecycleEventStatus::InProgress)) => Awaited::Yes(name.to_owned()),
        // A stage that was set wrongly is none that we wait at: then the report says whether we are late.
        Some((
            _,
            status @ (LifecycleEventStatus::Succeeded
            | LifecycleEventStatus::Failed
            | LifecycleEventStatus::Skipped),
        )) if seen == Some(name) => Awaited::No(format!("the lifecycle event {name} is {status}")),
        Some(_) | None => Awaited::Untold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(why: &str) -> Awaited {
        Awaited::No(why.to_owned())
    }

    #[test]
    fn a_pause_hook_waits_until_it_is_seen_not_to() {
        let yes = || Awaited::Yes("AWAITING_ACTION".to_owned());
        let seen = Some("AWAITING_ACTION");
        for (name, state, hook, seen, expected) in [
            ("it waits", Some("IN_PROGRESS"), Some("AWAITING_ACTION"), None, yes()),
            ("it waits, nobody says how the deployment is", None, Some("AWAITING_ACTION"), None, yes()),
            (
                "somebody answered",
                Some("IN_PROGRESS"),
                Some("SUCCEEDED"),
                seen,
                no("the PAUSE hook is SUCCEEDED"),
            ),
            ("it expired", Some("IN_PROGRESS"), Some("TIMED_OUT"), None, no("the PAUSE hook is TIMED_OUT")),
            ("it is gone", Some("IN_PROGRESS"), None, seen, no("ECS no longer lists the PAUSE hook")),
            ("it was never there", Some("IN_PROGRESS"), None, None, Awaited::Untold),
            (
                "the deployment rolls back",
                Some("ROLLBACK_IN_PROGRESS"),
                Some("AWAITING_ACTION"),
                seen,
                no("the service deployment is ROLLBACK_IN_PROGRESS"),
            ),
            ("it was stopped", Some("STOPPED"), None, None, no("the service deployment is STOPPED")),
        ] {
            let mut hooks = vec![("ecs-pause-another".to_owned(), "SUCCEEDED".to_owned())];
            hooks.extend(hook.map(|status| ("ecs-pause-ours".to_owned(), status.to_owned())));
            assert_eq!(of_pause(state, &hooks, "ecs-pause-ours", seen), expected, "{name}");
        }
    }

    #[test]
    fn a_lifecycle_event_waits_until_it_is_seen_not_to() {
        use LifecycleEventStatus::{Failed, InProgress, Pending, Skipped, Succeeded};
        let yes = || Awaited::Yes("AfterInstall".to_owned());
        let seen = Some("AfterInstall");
        for (name, state, status, seen, expected) in [
            ("it waits", Some("InProgress"), Some(InProgress), None, yes()),
            (
                "it has yet to begin, as CodeDeploy tells",
                Some("InProgress"),
                Some(Pending),
                seen,
                Awaited::Untold,
            ),
            (
                "it was answered",
                Some("InProgress"),
                Some(Succeeded),
                seen,
                no("the lifecycle event AfterInstall is Succeeded"),
            ),
            ("it failed", None, Some(Failed), seen, no("the lifecycle event AfterInstall is Failed")),
            ("it was skipped", None, Some(Skipped), seen, no("the lifecycle event AfterInstall is Skipped")),
            ("it never was the one", Some("InProgress"), Some(Succeeded), None, Awaited::Untold),
            (
                "another was the one",
                Some("InProgress"),
                Some(Succeeded),
                Some("AfterAllowTraffic"),
                Awaited::Untold,
            ),
            ("there is none", Some("InProgress"), None, seen, Awaited::Untold),
            (
                "the deployment was stopped",
                Some("Stopped"),
                Some(InProgress),
                None,
                no("the deployment is Stopped"),
            ),
            ("the deployment waits", Some("Ready"), Some(InProgress), None, yes()),
        ] {
            let mut events = vec![(Stage::PreScaleUp, Succeeded)];
            events.extend(status.map(|status| (Stage::PostScaleUp, status)));
            let awaited = of_codedeploy(state, &events, &Stage::PostScaleUp, seen);
            assert_eq!(awaited, expected, "{name}");
        }
    }
}
