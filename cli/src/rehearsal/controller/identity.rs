//! What everything is called in the deployment that is played.

use jiff::Timestamp;

/// The names of a deployment and of what it deploys.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The simulated time at which everything began.
    pub epoch: Timestamp,
    /// The region, for EventBridge.
    pub region: String,
    /// The account, for EventBridge.
    pub account: String,
    /// The cluster's ARN.
    pub cluster: String,
    /// The service's ARN.
    pub service: String,
    /// The ARN of the service deployment, or CodeDeploy's id of its deployment.
    pub deployment: String,
    /// CodeDeploy's id of the deployment that takes this one back.
    pub rollback_deployment: String,
    /// The ARN of the revision that is being deployed.
    pub green: String,
    /// The ARN of the revision that serves; none while the service is being created.
    pub blue: Option<String>,
}

impl Identity {
    /// An id for an execution of a hook, different for each.
    pub(super) fn execution_id(&self, execution: usize) -> String {
        let digits = self.deployment.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{:08x}-{:04x}-4000-8000-{execution:012x}", digits >> 32, digits & 0xffff)
    }

    /// The id of a PAUSE hook, in ECS's form.
    pub(super) fn pause_id(&self, execution: usize) -> String {
        format!("ecs-pause-{}", self.execution_id(execution).replace('-', ""))
    }

    /// CodeDeploy's id of a hook's execution: opaque, and no UUID.
    pub(super) fn callback_id(&self, execution: usize) -> String {
        format!("eyJlbmNyeXB0ZWREYXRhIjoi{}", self.execution_id(execution).replace('-', ""))
    }
}
