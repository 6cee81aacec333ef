//! What a deployment is.

use serde::Serialize;

/// The status of a deployment, in ECS's words; CodeDeploy's are [`Status::codedeploy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It is under way.
    InProgress,
    /// Green serves.
    Successful,
    /// It is being taken back.
    RollbackInProgress,
    /// It was taken back: blue serves.
    RollbackSuccessful,
    /// It could not be taken back.
    RollbackFailed,
    /// Somebody stopped it, and everything stays as it is.
    Stopped,
    /// It failed, and nothing takes it back: CodeDeploy without automatic rollback.
    Failed,
}

impl Status {
    /// Whether nothing more happens.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InProgress | Self::RollbackInProgress)
    }

    /// Whether green serves.
    pub fn is_success(self) -> bool {
        self == Self::Successful
    }

    /// ECS's word.
    pub fn ecs(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::Stopped => "STOPPED",
            Self::Failed => "FAILED",
        }
    }

    /// CodeDeploy's word for the deployment that was asked for; its rollback is another deployment.
    pub fn codedeploy(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Successful => "Succeeded",
            Self::Stopped => "Stopped",
            Self::RollbackInProgress | Self::RollbackSuccessful | Self::RollbackFailed | Self::Failed => {
                "Failed"
            }
        }
    }
}
