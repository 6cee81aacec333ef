//! The reason in one sentence: who failed what.

use super::cause::Cause;
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
        Cause::NoAnswer { .. } => match known.last_words {
            Some(words) => format!("{} gave no answer that ECS can read{at}: {words}", hook()),
            None => {
                format!("{} gave no answer that ECS can read{at}: it threw, timed out or was killed", hook())
            }
        },
        Cause::TooLate { .. } => {
            format!("{} gave no verdict{at} before its time was over{}", hook(), waited(known.decided))
        }
        Cause::NotInvoked { .. } => {
            format!("ECS may not call {}{at}: its role lacks lambda:InvokeFunction", hook())
        }
        Cause::NotAssumed { role } => {
            format!("ECS could not assume the role {role}{at}, so no hook was called")
        }
        Cause::RoleLacks { role } => {
            format!("CodeDeploy may not call {}{at}: the role {role} lacks lambda:InvokeFunction", hook())
        }
        Cause::PauseTimedOut => format!("nobody answered the PAUSE hook{at} before its time was over"),
        Cause::PauseRefused => format!("the PAUSE hook{at} was answered with ROLLBACK"),
        Cause::MayNotShift { action } => {
            format!("ECS may not shift traffic{at}: its infrastructure role lacks {action}")
        }
        Cause::NeverHealthy => format!("green's tasks did not become healthy{}", of_tasks(known)),
        Cause::TooLong { what } => format!("{what} lasted longer than it may{}", of_tasks(known)),
        Cause::Alarm { names } if names.is_empty() => format!("an alarm of the deployment went off{at}"),
        Cause::Alarm { names } => format!("the alarm {} went off{at}", names.join(", ")),
        Cause::Person => format!("somebody stopped the deployment{at}"),
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
        let no_answer = Cause::NoAnswer { function: function.to_owned() };
        let words = Known { last_words: Some("Task timed out after 3.00 seconds"), ..known };
        let expected = "the hook check gave no answer that ECS can read at POST_SCALE_UP: Task timed out after 3.00 seconds";
        assert_eq!(sentence(&no_answer, &words), expected);
        let nobody = Known::default();
        assert_eq!(
            sentence(&Cause::PauseTimedOut, &nobody),
            "nobody answered the PAUSE hook before its time was over"
        );
    }

    #[test]
    fn tasks_that_ecs_ended_are_no_reason() {
        let tasks =
            [Group { count: 2, what: "Scaling activity initiated by (deployment ecs-svc/1)".to_owned() }];
        let known = Known { tasks: &tasks, unhealthy: Some("they are unhealthy"), ..Known::default() };
        assert!(sentence(&Cause::NeverHealthy, &known).ends_with(": they are unhealthy"));
    }
}
