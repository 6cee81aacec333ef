//! What AWS's words say of who failed what. Pure.
//!
//! ECS words the failure of a hook, of its own step and of a person's stop in one text each; CodeDeploy has codes
//! beside it. What they say is the beginning of an explanation: a hook's own reason is in its log.

/// Who failed what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Functions said no.
    Refused { functions: Vec<String> },
    /// A function gave no answer that can be read; in AWS's words, what was wrong with it.
    NoAnswer { function: String, said: String },
    /// A function gave no verdict in time.
    TooLate { function: String },
    /// A function could not be called.
    NotInvoked { function: String, why: Refusal },
    /// The role that calls functions, or that moves traffic, cannot be assumed.
    NotAssumed { role: String },
    /// CodeDeploy's role lacks a permission: the action that is told, or the service.
    RoleLacks { role: Option<String>, what: Option<String> },
    /// A PAUSE hook that nobody answered.
    PauseTimedOut,
    /// A PAUSE hook that was answered with ROLLBACK.
    PauseRefused,
    /// ECS may not do this at the load balancer.
    MayNotBalance { action: String },
    /// Green's tasks did not become healthy.
    NeverHealthy,
    /// Alarms went off, as far as their names are told.
    Alarm { names: Vec<String> },
    /// It was stopped, and nobody says by whom.
    Stopped,
    /// CodeDeploy says that somebody stopped it.
    StoppedByHand,
    /// A CodeDeploy hook said no; which one, its events tell.
    HookRefused,
    /// A CodeDeploy hook never reported.
    NoReport,
    /// A stage, or the whole deployment, lasted longer than it may.
    TooLong { what: String },
    /// There was nothing to go back to, which hides why.
    NothingToGoBackTo,
}

/// Why Lambda was not called, or did not take a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Who calls may not do this.
    NotAllowed {
        action: String,
    },
    /// There is no such function, version or alias.
    NotFound,
    Throttled,
    /// In AWS's words.
    Said(String),
}

impl Refusal {
    /// Reads what follows upon `due to`.
    fn of(words: &str) -> Self {
        let has = |text| words.contains(text);
        if let Some(action) = word_after(words, NOT_AUTHORIZED) {
            Self::NotAllowed { action }
        } else if has("Function not found") || has("ResourceNotFoundException") {
            Self::NotFound
        } else if has("TooManyRequests") || has("Throttling") || has("Rate Exceeded") || has("Rate exceeded")
        {
            Self::Throttled
        } else {
            Self::Said(words.trim_end_matches('.').to_owned())
        }
    }
}

/// How IAM says that it denies something, in every service.
const NOT_AUTHORIZED: &str = "not authorized to perform: ";

impl Cause {
    /// Reads ECS's reason.
    pub(super) fn of_ecs(words: &str) -> Option<Self> {
        let refused = all_between(words, "Lifecycle hook target ", " returned FAILED status");
        if !refused.is_empty() {
            return Some(Self::Refused { functions: refused });
        }
        let between = |before, after| between(words, before, after);
        if let Some(function) = between("unable to parse the response from ", " due to") {
            return Some(Self::NoAnswer { function, said: due_to(words) });
        }
        if let Some(function) = between("unable to invoke hook target ", " due to") {
            return Some(Self::NotInvoked { function, why: Refusal::of(&due_to(words)) });
        }
        if let Some(function) = between("Lifecycle hook target ", " timed out") {
            return Some(Self::TooLate { function });
        }
        if let Some(role) = word_after(words, "unable to assume role ") {
            return Some(Self::NotAssumed { role });
        }
        if let Some(action) = word_after(words, NOT_AUTHORIZED)
            && action.starts_with("elasticloadbalancing:")
        {
            return Some(Self::MayNotBalance { action });
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
        } else if has("alarm detected") {
            Some(Self::Alarm { names: Vec::new() })
        } else if let Some(name) = between("the alarm ", " is in ALARM") {
            Some(Self::Alarm { names: vec![name] })
        } else if let Some(what) = between(" because ", " did not end within") {
            Some(Self::TooLong { what: if what == "it" { "the deployment".to_owned() } else { what } })
        } else if has("was stopped") {
            Some(Self::Stopped)
        } else {
            None
        }
    }

    /// Reads CodeDeploy's error code and message.
    pub(super) fn of_codedeploy(code: &str, message: &str) -> Option<Self> {
        match code {
            "HOOK_EXECUTION_FAILURE" => Some(Self::HookRefused),
            "ALARM_ACTIVE" => Some(Self::Alarm { names: activated(message) }),
            "MANUAL_STOP" => Some(Self::StoppedByHand),
            "IAM_ROLE_PERMISSIONS" => Some(Self::RoleLacks {
                role: word_after(message, "IAM role "),
                what: word_after(message, NOT_AUTHORIZED)
                    .or_else(|| word_after(message, "in the following AWS service: ")),
            }),
            _ if message.contains("status callback") => Some(Self::NoReport),
            _ if message.contains("to become healthy") => Some(Self::NeverHealthy),
            _ => None,
        }
    }

    /// The functions that it names.
    pub(super) fn functions(&self) -> &[String] {
        match self {
            Self::Refused { functions } => functions,
            Self::NoAnswer { function, .. }
            | Self::TooLate { function }
            | Self::NotInvoked { function, .. } => std::slice::from_ref(function),
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

/// What follows upon `due to`, as far as it is about one function: reasons of several stand in a row.
fn due_to(words: &str) -> String {
    let after = words.split_once(" due to").map_or("", |(_, after)| after);
    let end =
        ["ECS was unable to ", "Lifecycle hook target "].iter().filter_map(|next| after.find(next)).min();
    after.get(..end.unwrap_or(after.len())).unwrap_or(after).trim_start_matches(':').trim().to_owned()
}

/// The alarms that CodeDeploy names, each in angle brackets.
fn activated(message: &str) -> Vec<String> {
    let named = message.split_once("Activated alarms: ").map_or("", |(_, named)| named);
    let names = named.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0));
    names.flat_map(|names| names.split(", ")).map(ToOwned::to_owned).collect()
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
mod tests;
