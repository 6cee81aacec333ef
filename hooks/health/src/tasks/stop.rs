//! Why a task of green stopped, in words, and whose fault that is.
//!
//! The stop code decides, with two exceptions. The scheduler has one code for everything that it does, so
//! that there its reason tells a failed health check from a scale-in; and a task that failed to start
//! because there was no capacity, Spot capacity was taken away or AWS had an error of its own did not fail by itself. A reason is
//! AWS's text, and no promise: whatever is not recognised is nobody's fault that we could name.
//!
//! Source: developer guide of Amazon ECS, *Amazon ECS stopped task error messages*; API reference, `Task`
//! (`stopCode`); re:Post, *Why is my Amazon ECS task stopped?* (exit codes).

use std::fmt;

use greenlight::deployment::{Container, Task};
use serde_json::{Value, json};

use crate::words::{listed, one_line};

/// Whose fault it is that a task stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Green's: its image, its configuration, its program.
    Green,
    /// Somebody else's, who had their reasons: a user, the scheduler, AWS.
    Others,
    /// Nothing tells.
    Unknown,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Others => "others",
            Self::Unknown => "unknown",
        }
    }
}

/// A task of green that stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop<'a>(pub(super) &'a Task);

/// How a reason begins, and where to look then.
const CATEGORIES: [(&str, &str); 9] = [
    ("OutOfMemory", "raise the task's or the container's memory, or look for a leak"),
    (
        "CannotPullContainer",
        "is the image there, may the task execution role pull it, and does the subnet reach the registry?",
    ),
    (
        "CannotPullECRContainer",
        "is the image there, may the task execution role pull it, and does the subnet reach ECR?",
    ),
    (
        "ResourceInitializationError",
        "secrets, logs or volumes could not be had: look at the task execution role and at the subnet's way to those services",
    ),
    ("ResourceNotFoundException", "the task definition names a secret or parameter that is not there"),
    ("CannotStartContainer", "the container's command, entry point or resources do not work out"),
    ("CannotCreateContainer", "the container's options or volumes do not work out"),
    ("CannotCreateVolume", "look at the volumes of the task definition and at the permissions for them"),
    ("ContainerRuntime", "the container runtime failed: look at the container's options, or at the machine"),
];

/// How a reason begins where there was no room for a task: AWS's capacity or that of the cluster, not green.
///
/// Source: re:Post, *How do I troubleshoot an Amazon ECS `RunTask` API for a Fargate task that fails with a "Capacity
/// is unavailable" error?*; aws/amazon-ecs-agent#4825 (network interfaces); developer guide of Amazon ECS, *Amazon
/// ECS API failure reasons*, which has the last two, as reasons that tasks stopped with after `TaskFailedToStart: `.
const NO_CAPACITY: [&str; 4] = [
    "Capacity is unavailable at this time",
    "Timeout waiting for network interface provisioning to complete",
    "RESOURCE:",
    "EMPTY CAPACITY PROVIDER",
];

impl<'a> Stop<'a> {
    /// Whose fault it is.
    pub(super) fn fault(self) -> Fault {
        let reason = self.reason();
        if self.reasons().any(|reason| reason.starts_with("OutOfMemory")) {
            return Fault::Green;
        }
        if reason.starts_with("SpotInterruption") || reason.starts_with("InternalError") {
            return Fault::Others;
        }
        let told = reason.strip_prefix("TaskFailedToStart: ").unwrap_or(reason);
        if NO_CAPACITY.iter().any(|prefix| told.starts_with(prefix)) {
            return Fault::Others;
        }
        let lowercase = reason.to_ascii_lowercase();
        let unhealthy = lowercase.contains("health check");
        match self.0.stop_code.as_deref() {
            Some("TaskFailedToStart" | "EssentialContainerExited") => Fault::Green,
            Some("ServiceSchedulerInitiated") if unhealthy => Fault::Green,
            Some(
                "ServiceSchedulerInitiated"
                | "UserInitiated"
                | "SpotInterruption"
                | "TerminationNotice"
                | "InfrastructureHealth",
            ) => Fault::Others,
            // A task that is only being stopped has no code yet; its reason may be there already.
            None if unhealthy || lowercase.starts_with("essential container") => Fault::Green,
            None if lowercase.starts_with("scaling activity") => Fault::Others,
            _ => Fault::Unknown,
        }
    }

    /// The code, or that there is none.
    pub(super) fn code(self) -> &'a str {
        self.0.stop_code.as_deref().unwrap_or("no stop code")
    }

    /// Where to look.
    pub(super) fn hint(self) -> String {
        let category = self
            .reasons()
            .find_map(|reason| CATEGORIES.iter().find(|(prefix, _)| reason.starts_with(prefix)));
        if let Some((_, hint)) = category {
            return (*hint).to_owned();
        }
        if self.reason().to_ascii_lowercase().contains("health check") {
            return "look at what its health check asks for and at its logs; if it only starts slowly, raise the service's healthCheckGracePeriodSeconds".to_owned();
        }
        let names = listed(self.exited().iter().map(|container| format!("`{}`", container.name)), ", ");
        if names.is_empty() {
            "look at the service's events and the task's logs".to_owned()
        } else {
            format!("look at the logs of {names}")
        }
    }

    /// For the evidence.
    pub(super) fn measured(self) -> Value {
        let containers: Vec<_> = self
            .exited()
            .iter()
            .map(|container| json!({ "name": container.name, "exit_code": container.exit_code, "reason": container.reason.as_deref().map(one_line) }))
            .collect();
        json!({
            "task": self.0.id(),
            "fault": self.fault().word(),
            "stop_code": self.0.stop_code,
            "reason": self.0.stopped_reason.as_deref().map(one_line),
            "containers": containers,
        })
    }

    fn reason(self) -> &'a str {
        self.0.stopped_reason.as_deref().unwrap_or_default()
    }

    /// The task's reason and those of its containers.
    fn reasons(self) -> impl Iterator<Item = &'a str> {
        let of_containers = self.0.containers.iter().filter_map(|container| container.reason.as_deref());
        std::iter::once(self.reason()).chain(of_containers)
    }

    /// The containers that tell something: those that went wrong, else those that ended.
    fn exited(self) -> Vec<&'a Container> {
        let wrong = |container: &&Container| {
            container.reason.is_some() || container.exit_code.is_some_and(|code| code != 0)
        };
        let found: Vec<_> = self.0.containers.iter().filter(wrong).collect();
        if found.is_empty() {
            return self.0.containers.iter().filter(|container| container.exit_code.is_some()).collect();
        }
        found
    }
}

impl fmt::Display for Stop<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "task {}: {}", self.0.id(), self.code())?;
        if !self.reason().is_empty() {
            write!(formatter, " ({})", one_line(self.reason()))?;
        }
        for container in self.exited() {
            write!(formatter, ", container `{}`", container.name)?;
            match container.exit_code {
                Some(code) => write!(formatter, " exited with {code} ({})", exit(code))?,
                None => formatter.write_str(" did not start")?,
            }
            if let Some(reason) = &container.reason {
                write!(formatter, ": {}", one_line(reason))?;
            }
        }
        Ok(())
    }
}

/// An exit code in words. Above 128 it is a signal's number and 128, as shells and runtimes have it.
fn exit(code: i32) -> String {
    let words = match code {
        0 => "it ended by itself",
        125 => "the container runtime failed",
        126 => "its command cannot be executed",
        127 => "its command was not found",
        134 => "SIGABRT, it gave up",
        137 => "SIGKILL, out of memory or too slow to stop",
        139 => "SIGSEGV, it crashed",
        143 => "SIGTERM, it was told to stop",
        129..=192 => return format!("signal {}", code - 128),
        _ => "an error of the program",
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(code: Option<&str>, reason: &str, containers: Vec<Container>) -> Task {
        Task {
            arn: "arn:aws:ecs:r:1:task/shop/a1".to_owned(),
            stop_code: code.map(ToOwned::to_owned),
            stopped_reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            containers,
            ..Task::default()
        }
    }

    fn container(exit_code: Option<i32>, reason: Option<&str>) -> Container {
        Container {
            name: "app".to_owned(),
            exit_code,
            reason: reason.map(ToOwned::to_owned),
            ..Container::default()
        }
    }

    #[test]
    fn whose_fault_it_is() {
        use Fault::{Green, Others, Unknown};
        for (code, reason, fault) in [
            (
                Some("TaskFailedToStart"),
                "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
                Green,
            ),
            (
                Some("TaskFailedToStart"),
                "ResourceInitializationError: unable to pull secrets or registry auth",
                Green,
            ),
            (Some("TaskFailedToStart"), "SpotInterruptionError: the task was interrupted", Others),
            (Some("TaskFailedToStart"), "InternalError: the task could not be placed", Others),
            (
                Some("TaskFailedToStart"),
                "Capacity is unavailable at this time. Please try again later or in a different availability zone",
                Others,
            ),
            (
                Some("TaskFailedToStart"),
                "Timeout waiting for network interface provisioning to complete.",
                Others,
            ),
            (Some("TaskFailedToStart"), "RESOURCE:MEMORY", Others),
            (Some("TaskFailedToStart"), "TaskFailedToStart: RESOURCE:ENI", Others),
            (Some("TaskFailedToStart"), "TaskFailedToStart: EMPTY CAPACITY PROVIDER", Others),
            (Some("SomethingNew"), "RESOURCE:CPU", Others),
            (None, "Capacity is unavailable at this time.", Others),
            (Some("TaskFailedToStart"), "ResourceNotFoundException: RESOURCE:CPU", Green),
            (Some("EssentialContainerExited"), "Essential container in task exited", Green),
            (Some("EssentialContainerExited"), "", Green),
            (
                Some("ServiceSchedulerInitiated"),
                "Task failed ELB health checks in (target-group arn:…)",
                Green,
            ),
            (Some("ServiceSchedulerInitiated"), "Task failed container health checks", Green),
            (
                Some("ServiceSchedulerInitiated"),
                "Scaling activity initiated by (deployment ecs-svc/93)",
                Others,
            ),
            (
                Some("ServiceSchedulerInitiated"),
                "stopped 1 running task in Availability Zone us-east-1a due to AZ rebalancing",
                Others,
            ),
            (Some("ServiceSchedulerInitiated"), "", Others),
            (Some("UserInitiated"), "Task stopped by user", Others),
            (Some("SpotInterruption"), "Your Spot Task was interrupted.", Others),
            (Some("TerminationNotice"), "", Others),
            (Some("InfrastructureHealth"), "", Others),
            (Some("SomethingNew"), "", Unknown),
            (None, "", Unknown),
            (None, "Task failed ELB health checks in (target-group arn:…)", Green),
            (None, "Essential container in task exited", Green),
            (None, "Scaling activity initiated by (deployment ecs-svc/93)", Others),
        ] {
            assert_eq!(Stop(&stopped(code, reason, vec![])).fault(), fault, "{code:?} {reason}");
        }
        let memory = "OutOfMemoryError: Container killed due to memory usage";
        let task = stopped(Some("SomethingNew"), "", vec![container(Some(137), Some(memory))]);
        assert_eq!(Stop(&task).fault(), Green, "out of memory is green's, whatever the code");
    }

    #[test]
    fn a_stop_is_explained() {
        let exited = Some("EssentialContainerExited");
        let why = "Essential container in task exited";
        for (name, task, words, hint) in [
            (
                "out of memory",
                stopped(
                    exited,
                    why,
                    vec![container(
                        Some(137),
                        Some("OutOfMemoryError: Container killed due to memory usage"),
                    )],
                ),
                "task a1: EssentialContainerExited (Essential container in task exited), container `app` exited with 137 (SIGKILL, out of memory or too slow to stop): OutOfMemoryError: Container killed due to memory usage",
                "raise the task's or the container's memory, or look for a leak",
            ),
            (
                "an error",
                stopped(exited, why, vec![container(Some(1), None)]),
                "task a1: EssentialContainerExited (Essential container in task exited), container `app` exited with 1 (an error of the program)",
                "look at the logs of `app`",
            ),
            (
                "no error",
                stopped(exited, why, vec![container(Some(0), None)]),
                "task a1: EssentialContainerExited (Essential container in task exited), container `app` exited with 0 (it ended by itself)",
                "look at the logs of `app`",
            ),
            (
                "no image",
                stopped(
                    Some("TaskFailedToStart"),
                    "Task failed to start",
                    vec![container(None, Some("CannotPullContainerError: orders:3: not found"))],
                ),
                "task a1: TaskFailedToStart (Task failed to start), container `app` did not start: CannotPullContainerError: orders:3: not found",
                "is the image there, may the task execution role pull it, and does the subnet reach the registry?",
            ),
            (
                "a health check",
                stopped(
                    Some("ServiceSchedulerInitiated"),
                    "Task failed ELB health checks in (target-group g).",
                    vec![],
                ),
                "task a1: ServiceSchedulerInitiated (Task failed ELB health checks in (target-group g))",
                "look at what its health check asks for and at its logs; if it only starts slowly, raise the service's healthCheckGracePeriodSeconds",
            ),
            (
                "nothing is known",
                stopped(None, "", vec![]),
                "task a1: no stop code",
                "look at the service's events and the task's logs",
            ),
        ] {
            assert_eq!(
                (Stop(&task).to_string().as_str(), Stop(&task).hint().as_str()),
                (words, hint),
                "{name}"
            );
        }
    }

    #[test]
    fn exit_codes_in_words() {
        for (code, words) in [
            (125, "the container runtime failed"),
            (126, "its command cannot be executed"),
            (127, "its command was not found"),
            (134, "SIGABRT, it gave up"),
            (139, "SIGSEGV, it crashed"),
            (143, "SIGTERM, it was told to stop"),
            (130, "signal 2"),
            (255, "an error of the program"),
            (-1, "an error of the program"),
        ] {
            assert_eq!(exit(code), words, "{code}");
        }
    }
}
