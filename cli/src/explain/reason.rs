//! The reason in one sentence: who failed what.

use super::cause::{Cause, Refusal};
use super::story::{Evidence, Group};
use greenlight_preflight::function_name;

/// What the sentence is made of beside the cause.
#[derive(Default)]
pub(super) struct Known<'a> {
    pub(super) stage: Option<&'a str>,
    /// The function that decided.
    pub(super) function: Option<&'a str>,
    /// What it told when it decided.
    pub(super) decided: Option<&'a Evidence>,
    /// What Lambda said last of it.
    pub(super) last_words: Option<&'a str>,
    /// Why tasks of green have stopped.
    pub(super) tasks: &'a [Group],
    /// What ECS told of green's targets.
    pub(super) unhealthy: Option<&'a str>,
}

/// The sentence, without its full stop: reasons of hooks have none.
pub(super) fn sentence(cause: &Cause, known: &Known<'_>) -> String {
    let at = known.stage.map(|stage| format!(" at {stage}")).unwrap_or_default();
    let hook = || match known.function {
        Some(function) => format!("the hook {}", function_name(function)),
        None => "a hook".to_owned(),
    };
    match cause {
        Cause::Refused { .. } | Cause::HookRefused => match known.decided {
            Some(decided) => format!("{} stopped it{at}: {}", hook(), decided.reason),
            None => format!("{} stopped it{at}; its own reason was not found in its log", hook()),
        },
        Cause::NoAnswer { said, .. } => {
            let why = match known.last_words {
                Some(words) => words,
                None if said == NULL => "it threw, timed out, was killed or returned no hookStatus",
                None => said,
            };
            format!("{} gave no answer that ECS can read{at}: {why}", hook())
        }
        Cause::TooLate { .. } => {
            format!("{} gave no verdict{at} before its time was over{}", hook(), waited(known.decided))
        }
        Cause::NotInvoked { why, .. } => {
            let may = if matches!(why, Refusal::NotAllowed { .. }) { "may not" } else { "could not" };
            format!("ECS {may} call {}{at}: {}", hook(), refusal(why))
        }
        Cause::NotAssumed { role } => {
            format!("ECS could not assume the role {role}{at}, so no hook with that role was called")
        }
        Cause::RoleLacks { role, what } => {
            let role =
                role.as_deref().map_or_else(|| "its role".to_owned(), |role| format!("the role {role}"));
            let done = if known.function.is_some() { format!("call {}", hook()) } else { "go on".to_owned() };
            format!("CodeDeploy may not {done}{at}: {role} {}", lacking(what.as_deref()))
        }
        Cause::PauseTimedOut => format!("nobody answered the PAUSE hook{at} before its time was over"),
        Cause::PauseRefused => format!("the PAUSE hook{at} was answered with ROLLBACK"),
        Cause::MayNotBalance { action } => {
            let done = if action.contains(":Modify") { "shift traffic" } else { "use the load balancer" };
            format!("ECS may not {done}{at}: its infrastructure role is not authorized to perform {action}")
        }
        Cause::NeverHealthy => format!("green's tasks did not become healthy{}", of_tasks(known)),
        Cause::TooLong { what } => format!("{what} lasted longer than it may{}", of_tasks(known)),
        Cause::Alarm { names } if names.is_empty() => format!("an alarm of the deployment went off{at}"),
        Cause::Alarm { names } if names.len() == 1 => format!("the alarm {} went off{at}", names.join("")),
        Cause::Alarm { names } => format!("the alarms {} went off{at}", names.join(", ")),
        Cause::Stopped => format!("the deployment was stopped{at}; AWS does not say by whom, or why"),
        Cause::StoppedByHand => format!("somebody stopped the deployment{at}; CodeDeploy does not say who"),
        Cause::NoReport => match known.last_words {
            Some(words) => format!("{} did not report to CodeDeploy within an hour{at}: {words}", hook()),
            None => {
                format!("{} did not report to CodeDeploy within an hour{at}{}", hook(), found(known.decided))
            }
        },
        Cause::NothingToGoBackTo => match known.decided {
            Some(decided) => {
                format!("{} stopped it{at}: {}; there was nothing to go back to", hook(), decided.reason)
            }
            None => "it failed, and there was nothing to go back to".to_owned(),
        },
    }
}

/// What ECS says of every function that ended without an answer.
const NULL: &str = "HookStatus must not be null";

/// Why Lambda did not take the call.
fn refusal(why: &Refusal) -> String {
    match why {
        Refusal::NotAllowed { action } => format!("its role is not authorized to perform {action}"),
        Refusal::NotFound => "Lambda knows no such function, version or alias".to_owned(),
        Refusal::Throttled => "Lambda throttled the call".to_owned(),
        Refusal::Said(words) if words.is_empty() => "AWS does not say why".to_owned(),
        Refusal::Said(words) => words.clone(),
    }
}

/// What CodeDeploy's role lacks, as exactly as CodeDeploy tells it: a service, more rarely an action.
fn lacking(what: Option<&str>) -> String {
    match what {
        Some(action) if action.contains(':') => format!("is not authorized to perform {action}"),
        Some(service) => format!("does not permit operations in {service}; CodeDeploy does not say which"),
        None => "lacks a permission; CodeDeploy does not say which".to_owned(),
    }
}

/// What is known of green's tasks, and may be why.
fn of_tasks(known: &Known<'_>) -> String {
    match (known.unhealthy, known.tasks.first()) {
        (_, Some(tasks)) if !is_scaling(&tasks.what) => format!(": {} × {}", tasks.count, tasks.what),
        (Some(said), _) => format!(": {said}"),
        (None, _) => String::new(),
    }
}

/// Tasks that were not wanted any more say nothing of why.
fn is_scaling(what: &str) -> bool {
    what.starts_with("Scaling activity")
}

fn waited(decided: Option<&Evidence>) -> String {
    decided.map(|last| format!("; its last word: {}", last.reason)).unwrap_or_default()
}

fn found(decided: Option<&Evidence>) -> String {
    decided.map(|last| format!(", though it had found: {}", last.reason)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_failed_what_is_said_with_and_without_evidence() {
        let function = "arn:aws:lambda:r:1:function:check";
        let known = Known { stage: Some("POST_SCALE_UP"), function: Some(function), ..Known::default() };
        let refused = Cause::Refused { functions: vec![function.to_owned()] };
        let expected = "the hook check stopped it at POST_SCALE_UP; its own reason was not found in its log";
        assert_eq!(sentence(&refused, &known), expected);
        let no_answer = |said: &str| Cause::NoAnswer { function: function.to_owned(), said: said.to_owned() };
        let words = Known { last_words: Some("Task timed out after 3.00 seconds"), ..known };
        for (cause, known, why) in [
            (no_answer(NULL), &words, "Task timed out after 3.00 seconds"),
            (no_answer(NULL), &known, "it threw, timed out, was killed or returned no hookStatus"),
            (no_answer("\"OK\" is not a HookStatus"), &known, "\"OK\" is not a HookStatus"),
        ] {
            let expected = format!("the hook check gave no answer that ECS can read at POST_SCALE_UP: {why}");
            assert_eq!(sentence(&cause, known), expected);
        }
        let nobody = Known::default();
        assert_eq!(
            sentence(&Cause::PauseTimedOut, &nobody),
            "nobody answered the PAUSE hook before its time was over"
        );
    }

    #[test]
    fn a_refusal_is_told_as_exactly_as_aws_tells_it() {
        let hook = Known { function: Some("check"), ..Known::default() };
        let nobody = Known::default();
        let not_invoked = |why| Cause::NotInvoked { function: "check".to_owned(), why };
        let lacks = |what: Option<&str>| Cause::RoleLacks {
            role: Some("r".to_owned()),
            what: what.map(ToOwned::to_owned),
        };
        for (cause, known, expected) in [
            (
                not_invoked(Refusal::NotAllowed { action: "lambda:InvokeFunction".to_owned() }),
                &hook,
                "ECS may not call the hook check: its role is not authorized to perform lambda:InvokeFunction",
            ),
            (
                not_invoked(Refusal::Throttled),
                &hook,
                "ECS could not call the hook check: Lambda throttled the call",
            ),
            (
                not_invoked(Refusal::NotFound),
                &hook,
                "ECS could not call the hook check: Lambda knows no such function, version or alias",
            ),
            (
                lacks(Some("AWSLambda")),
                &hook,
                "CodeDeploy may not call the hook check: the role r does not permit operations in AWSLambda; CodeDeploy does not say which",
            ),
            (
                lacks(Some("ecs:UpdateService")),
                &nobody,
                "CodeDeploy may not go on: the role r is not authorized to perform ecs:UpdateService",
            ),
            (
                lacks(None),
                &nobody,
                "CodeDeploy may not go on: the role r lacks a permission; CodeDeploy does not say which",
            ),
        ] {
            assert_eq!(sentence(&cause, known), expected);
        }
    }

    #[test]
    fn tasks_that_ecs_ended_are_no_reason() {
        let tasks =
            [Group { count: 2, what: "Scaling activity initiated by (deployment ecs-svc/1)".to_owned() }];
        let known = Known { tasks: &tasks, unhealthy: Some("they are unhealthy"), ..Known::default() };
        assert!(sentence(&Cause::NeverHealthy, &known).ends_with(": they are unhealthy"));
    }
}
