//! What AWS's words say of who failed what. Pure.
//!
//! ECS words the failure of a hook, of its own step and of a person's stop in one text each; CodeDeploy has codes
//! beside it. What they say is the beginning of an explanation: a hook's own reason is in its log.

/// Who failed what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Functions said no.
    Refused { functions: Vec<String> },
    /// A function gave no answer that can be read.
    NoAnswer { function: String },
    /// A function gave no verdict in time.
    TooLate { function: String },
    /// A function could not be called.
    NotInvoked { function: String },
    /// The role that calls functions, or that moves traffic, cannot be assumed.
    NotAssumed { role: String },
    /// CodeDeploy's role lacks a permission.
    RoleLacks { role: String },
    /// A PAUSE hook that nobody answered.
    PauseTimedOut,
    /// A PAUSE hook that was answered with ROLLBACK.
    PauseRefused,
    /// ECS may not do this to the load balancer.
    MayNotShift { action: String },
    /// Green's tasks did not become healthy.
    NeverHealthy,
    /// An alarm went off.
    Alarm { names: Vec<String> },
    /// Somebody stopped it.
    Person,
    /// A CodeDeploy hook said no; which one, its events tell.
    HookRefused,
    /// A CodeDeploy hook never reported.
    NoReport,
    /// A stage, or the whole deployment, lasted longer than it may.
    TooLong { what: String },
    /// There was nothing to go back to, which hides why.
    NothingToGoBackTo,
}

impl Cause {
    /// Reads ECS's reason.
    pub(super) fn of_ecs(words: &str) -> Option<Self> {
        let refused = all_between(words, "Lifecycle hook target ", " returned FAILED status");
        if !refused.is_empty() {
            return Some(Self::Refused { functions: refused });
        }
        let between = |before, after| between(words, before, after);
        if let Some(function) = between("unable to parse the response from ", " due to") {
            return Some(Self::NoAnswer { function });
        }
        if let Some(function) = between("unable to invoke hook target ", " due to") {
            return Some(Self::NotInvoked { function });
        }
        if let Some(function) = between("Lifecycle hook target ", " timed out") {
            return Some(Self::TooLate { function });
        }
        if let Some(role) = word_after(words, "unable to assume role ") {
            return Some(Self::NotAssumed { role });
        }
        if let Some(action) = word_after(words, "not authorized to perform: elasticloadbalancing:") {
            return Some(Self::MayNotShift { action: format!("elasticloadbalancing:{action}") });
        }
        let has = |text| words.contains(text);
        if has("pause hook timed out") {
            Some(Self::PauseTimedOut)
        } else if has("pause hook was answered with ROLLBACK") {
            Some(Self::PauseRefused)
        } else if has("circuit breaker") || has("tasks failed to start") {
            Some(Self::NeverHealthy)
        } else if has("No rollback candidate") {
            Some(Self::NothingToGoBackTo)
        } else if let Some(name) = between("the alarm ", " is in ALARM") {
            Some(Self::Alarm { names: vec![name] })
        } else if let Some(what) = between(" because ", " did not end within") {
            Some(Self::TooLong { what: if what == "it" { "the deployment".to_owned() } else { what } })
        } else if has("was stopped") {
            Some(Self::Person)
        } else {
            None
        }
    }

    /// Reads CodeDeploy's error code and message.
    pub(super) fn of_codedeploy(code: &str, message: &str) -> Option<Self> {
        match code {
            "HOOK_EXECUTION_FAILURE" => Some(Self::HookRefused),
            "ALARM_ACTIVE" => Some(Self::Alarm {
                names: between(message, "the alarm ", " is in ALARM").into_iter().collect(),
            }),
            "MANUAL_STOP" => Some(Self::Person),
            "IAM_ROLE_PERMISSIONS" => {
                Some(Self::RoleLacks { role: word_after(message, "IAM role ").unwrap_or_default() })
            }
            _ if message.contains("status callback") => Some(Self::NoReport),
            _ if message.contains("to become healthy") => Some(Self::NeverHealthy),
            _ => None,
        }
    }

    /// The functions that it names.
    pub(super) fn functions(&self) -> &[String] {
        match self {
            Self::Refused { functions } => functions,
            Self::NoAnswer { function } | Self::TooLate { function } | Self::NotInvoked { function } => {
                std::slice::from_ref(function)
            }
            _ => &[],
        }
    }
}

/// The stage that ECS's reason names.
pub(super) fn stage(words: &str) -> Option<String> {
    let after = words.split_once(" because ")?.1;
    let stage = after.split(' ').next()?;
    let is_stage =
        stage.len() > 3 && stage.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    is_stage.then(|| stage.to_owned())
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let found = text.split_once(before)?.1.split_once(after)?.0;
    (!found.is_empty() && !found.contains(' ')).then(|| found.to_owned())
}

fn all_between(text: &str, before: &str, after: &str) -> Vec<String> {
    let found = text.split(before).skip(1).filter_map(|rest| Some(rest.split_once(after)?.0));
    found.filter(|name| !name.is_empty() && !name.contains(' ')).map(ToOwned::to_owned).collect()
}

fn word_after(text: &str, before: &str) -> Option<String> {
    let word = text.split_once(before)?.1.split_whitespace().next()?;
    let word = word.trim_end_matches(['.', ',', '\'', '"']).trim_start_matches(['\'', '"']);
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecs_says_who_failed_what() {
        let function = || "arn:aws:lambda:r:1:function:a".to_owned();
        let failed = "Service deployment rolled back because POST_SCALE_UP lifecycle hook(s) failed. ";
        let cases = [
            (
                "Lifecycle hook target arn:aws:lambda:r:1:function:a returned FAILED status. Lifecycle hook target b returned FAILED status.",
                Cause::Refused { functions: vec![function(), "b".to_owned()] },
            ),
            (
                "ECS was unable to parse the response from arn:aws:lambda:r:1:function:a due to HookStatus must not be null",
                Cause::NoAnswer { function: function() },
            ),
            (
                "ECS was unable to invoke hook target arn:aws:lambda:r:1:function:a due to User: x is not authorized to perform: lambda:InvokeFunction",
                Cause::NotInvoked { function: function() },
            ),
            (
                "ECS was unable to assume role arn:aws:iam::1:role/hooks.",
                Cause::NotAssumed { role: "arn:aws:iam::1:role/hooks".to_owned() },
            ),
            (
                "Lifecycle hook target arn:aws:lambda:r:1:function:a timed out.",
                Cause::TooLate { function: function() },
            ),
            (
                "User: x is not authorized to perform: elasticloadbalancing:ModifyListener on resource: *",
                Cause::MayNotShift { action: "elasticloadbalancing:ModifyListener".to_owned() },
            ),
        ];
        for (words, expected) in cases {
            let words = format!("{failed}{words}");
            assert_eq!(Cause::of_ecs(&words), Some(expected), "{words}");
            assert_eq!(stage(&words).as_deref(), Some("POST_SCALE_UP"), "{words}");
        }
    }

    #[test]
    fn what_has_no_hook_is_told_apart_too() {
        let because = |words: &str| format!("Service deployment rolled back because {words}");
        let alarm = Cause::Alarm { names: vec!["errors".to_owned()] };
        for (words, expected) in [
            ("the circuit breaker threshold was exceeded.", Cause::NeverHealthy),
            ("PRE_SCALE_UP pause hook timed out.", Cause::PauseTimedOut),
            ("PRE_SCALE_UP pause hook was answered with ROLLBACK.", Cause::PauseRefused),
            ("the alarm errors is in ALARM state.", alarm),
            ("it was stopped.", Cause::Person),
            ("SCALE_UP did not end within 24 hours.", Cause::TooLong { what: "SCALE_UP".to_owned() }),
        ] {
            assert_eq!(Cause::of_ecs(&because(words)), Some(expected), "{words}");
        }
        assert_eq!(Cause::of_ecs("the moon is in the way"), None);
        assert_eq!(stage(&because("the circuit breaker threshold was exceeded.")), None);
        assert_eq!(stage(""), None);
    }
}
