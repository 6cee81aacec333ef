//! AWS's own words, and where AWS has not been heard, ours: each says which.
//!
//! Sources: "Troubleshooting Amazon ECS blue/green deployments" of the ECS developer guide, "Troubleshoot
//! Amazon ECS deployment issues" of the CodeDeploy user guide, the API models, and messages that people
//! have published.

use serde_json::Value;

/// ECS: a stage's hooks failed. The same words are AWS's for failures of its own in that stage.
pub(super) fn hooks_failed(stage: &str, because: &str) -> String {
    format!("Service deployment rolled back because {stage} lifecycle hook(s) failed. {because}")
}

/// ECS: a function returned `FAILED`.
pub(super) fn returned_failed(function: &str) -> String {
    format!("Lifecycle hook target {function} returned FAILED status.")
}

/// ECS: a function returned no status, or failed in any way.
pub(super) fn null_status(function: &str) -> String {
    format!("ECS was unable to parse the response from {function} due to HookStatus must not be null")
}

/// ECS: a status that is none. AWS's words for it are not known.
pub(super) fn unknown_status(function: &str, status: &Value) -> String {
    format!("ECS was unable to parse the response from {function} due to {status} is not a HookStatus")
}

/// ECS: the role may not call the function.
pub(super) fn not_allowed(function: &str, role: &str) -> String {
    let assumed = role.replacen(":iam:", ":sts:", 1).replacen(":role/", ":assumed-role/", 1);
    format!(
        "ECS was unable to invoke hook target {function} due to User: {assumed}/ECS-Lambda-Execution is not \
         authorized to perform: lambda:InvokeFunction on resource: {function} because no identity-based policy \
         allows the lambda:InvokeFunction action"
    )
}

/// ECS: the role cannot be assumed.
pub(super) fn role_not_assumable(role: &str) -> String {
    format!("ECS was unable to assume role {role}")
}

/// ECS: the infrastructure role may not shift traffic.
pub(super) fn may_not_modify_listener(role: &str) -> String {
    let assumed = role.replacen(":iam:", ":sts:", 1).replacen(":role/", ":assumed-role/", 1);
    format!(
        "User: {assumed}/ECSNetworkingWithELB is not authorized to perform: \
         elasticloadbalancing:ModifyListener on resource: * because no identity-based policy allows the \
         elasticloadbalancing:ModifyListener action"
    )
}

/// ECS: nobody answered a PAUSE hook.
pub(super) fn pause_timed_out(stage: &str) -> String {
    format!("Service deployment rolled back because {stage} pause hook timed out.")
}

/// ECS: somebody answered a PAUSE hook with ROLLBACK. AWS's words for it are not known.
pub(super) fn pause_refused(stage: &str) -> String {
    format!("Service deployment rolled back because {stage} pause hook was answered with ROLLBACK.")
}

/// ECS: a function did not give its verdict within the hook's timeout. AWS's words for it are not known.
pub(super) fn function_timed_out(function: &str) -> String {
    format!("Lifecycle hook target {function} timed out.")
}

/// ECS: a stage lasted longer than it may. AWS's words for it are not known.
pub(super) fn stage_timed_out(stage: &str) -> String {
    format!("Service deployment rolled back because {stage} did not end within 24 hours.")
}

/// ECS: a deployment lasted longer than it may. AWS's words for it are not known.
pub(super) const DEPLOYMENT_TIMED_OUT: &str =
    "Service deployment rolled back because it did not end within 30 days.";

/// ECS: the circuit breaker.
pub(super) const CIRCUIT_BREAKER: &str =
    "Service deployment rolled back because the circuit breaker threshold was exceeded.";

/// ECS: an alarm. AWS's words for it are not known.
pub(super) fn alarm(name: &str) -> String {
    format!("Service deployment rolled back because the alarm {name} is in ALARM state.")
}

/// ECS: somebody stopped it. AWS's words for it are not known.
pub(super) const STOPPED: &str = "Service deployment rolled back because it was stopped.";

/// ECS: somebody stopped it and wanted no rollback. AWS's words for it are not known.
pub(super) const ABORTED: &str = "Service deployment was stopped.";

/// ECS: there is nothing to go back to, as on a create.
pub(super) const NO_CANDIDATE: &str = "No rollback candidate was found to run the rollback.";

/// ECS: a hook failed while the deployment was taken back. AWS's words for it are not known.
pub(super) fn rollback_failed(stage: &str, because: &str) -> String {
    format!("Service deployment rollback failed because {stage} lifecycle hook(s) failed. {because}")
}

/// CodeDeploy: a function reported `Failed`.
pub(super) const VALIDATION_FAILED: (&str, &str) = (
    "HOOK_EXECUTION_FAILURE",
    "The deployment failed because one or more of the lifecycle event validation functions failed.",
);

/// CodeDeploy: nobody reported. The code is not known for this message.
pub(super) const NO_CALLBACK: (&str, &str) = (
    "TIMEOUT",
    "The deployment timed out while waiting for a status callback. CodeDeploy expects a status callback within \
     one hour after a deployment hook is invoked.",
);

/// CodeDeploy: green does not come up.
pub(super) const NOT_HEALTHY: (&str, &str) = (
    "TIMEOUT",
    "The deployment timed out while waiting for the replacement task set to become healthy. This time out period \
     is 60 minutes.",
);

/// CodeDeploy: the role may not call the function.
pub(super) fn iam_role(role: &str) -> (&'static str, String) {
    let text = "does not give you permission to perform operations in the following AWS service: AWSLambda.";
    ("IAM_ROLE_PERMISSIONS", format!("The IAM role {role} {text}"))
}

/// CodeDeploy: an alarm.
pub(super) fn alarm_active(name: &str) -> (&'static str, String) {
    let text = "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and \
                the affected deployments have been stopped. Activated alarms:";
    ("ALARM_ACTIVE", format!("{text} <{name}>"))
}

/// CodeDeploy: somebody stopped it. The code is the API's; its words are not known.
pub(super) const MANUAL_STOP: (&str, &str) = ("MANUAL_STOP", "The deployment was stopped by a user.");
