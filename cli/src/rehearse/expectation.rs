//! What somebody expects of a rehearsal.

use std::fmt;

use crate::rehearsal::controller::Status;
use crate::rehearsal::play::Played;

/// An outcome that a rehearsal may be expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Expectation {
    /// Green serves.
    Success,
    /// The deployment was taken back, and blue serves.
    Rollback,
    /// The same, and no user saw an error of green's.
    RollbackBeforeUsers,
}

impl Expectation {
    /// Whether the rehearsal had this outcome; if not, what it had instead.
    pub(crate) fn holds(self, played: &Played) -> Result<(), String> {
        let status = played.status;
        let is_as_wanted = match self {
            Self::Success => status == Status::Successful,
            Self::Rollback | Self::RollbackBeforeUsers => status == Status::RollbackSuccessful,
        };
        if !is_as_wanted {
            return Err(format!("expected {self}, and the deployment ended {}", status.ecs()));
        }
        if self == Self::RollbackBeforeUsers && played.is_unseen() {
            return Err(format!(
                "expected {self}, and green had production traffic of which users learnt nothing"
            ));
        }
        let errors = played.errors_of_green();
        if self == Self::RollbackBeforeUsers && errors > 0 {
            return Err(format!("expected {self}, and users saw {errors} errors of green before"));
        }
        Ok(())
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Success => "success",
            Self::Rollback => "a rollback",
            Self::RollbackBeforeUsers => "a rollback before users",
        })
    }
}
