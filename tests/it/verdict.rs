//! The three answers of a hook, as tests expect them.

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Proceed,
    Stop,
    Wait,
}

impl Verdict {
    /// As the answer to ECS says it.
    pub(crate) fn hook_status(self) -> &'static str {
        match self {
            Self::Proceed => "SUCCEEDED",
            Self::Stop => "FAILED",
            Self::Wait => "IN_PROGRESS",
        }
    }

    /// As evidence says it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Stop => "stop",
            Self::Wait => "wait",
        }
    }
}
