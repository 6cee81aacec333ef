//! Why the command could not do what it was asked, and the exit code that says so.

use std::{error::Error, fmt, process::ExitCode};

/// The answer is no.
pub(crate) const NO: u8 = 1;
const WRONG: u8 = 2;
const NOT_CARRIED_OUT: u8 = 3;

/// A failure with its exit code, its cause and the way out.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
    is_silence: bool,
}

impl Failure {
    /// The arguments, the plan or a file are wrong.
    pub(crate) fn wrong(message: impl Into<String>) -> Self {
        Self { code: WRONG, message: message.into(), hint: None, is_silence: false }
    }

    /// The answer is no, and this is all that there is to say.
    pub(crate) fn no(message: impl Into<String>) -> Self {
        Self { code: NO, message: message.into(), hint: None, is_silence: false }
    }

    /// It could not be carried out, because of `cause`.
    pub(crate) fn not_carried_out(what: &str, cause: &dyn Error) -> Self {
        Self { code: NOT_CARRIED_OUT, message: format!("{what}: {cause}"), hint: None, is_silence: false }
    }

    /// What was asked was not answered, or not in a way that helps.
    pub(crate) fn unanswered(message: impl Into<String>) -> Self {
        Self { code: NOT_CARRIED_OUT, message: message.into(), hint: None, is_silence: false }
    }

    /// AWS did not answer, and may do so later.
    pub(crate) fn silence(cause: &dyn Error) -> Self {
        Self { is_silence: true, ..Self::not_carried_out("AWS did not answer", cause) }
    }

    /// Whether it may be otherwise when asked again.
    pub(crate) fn is_silence(&self) -> bool {
        self.is_silence
    }

    /// Somebody pressed Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self { code: NOT_CARRIED_OUT, message: "interrupted".to_owned(), hint: None, is_silence: false }
    }

    /// Adds the way out.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.hint = Some(self.hint.map_or(hint.clone(), |earlier| format!("{earlier}\nhint: {hint}")));
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}
