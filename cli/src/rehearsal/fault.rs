//! What can go wrong in a rehearsal, on request.
//!
//! A fault is written `SUBJECT:NAME[=VALUE][@WHERE]`, several with commas or one after the other:
//! `green:errors=20%,aws:throttled@ecs:DescribeTasks@3`. They are read into [`Faults`], plain data that
//! those who carry a fault out look at.
//!
//! To add one, carry it out where it happens and add its line to the registry: from that line come its
//! reading, `--list-faults` and `docs/faults.md`.

mod caught;
mod list;
mod parse;
mod registry;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::caught::{By, Caught, Sign};
pub use self::list::{markdown, text};
pub use super::task::Faults as TaskFaults;

use self::registry::REGISTRY;
use super::Colour;
use super::aws::codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS;
use super::aws::ecs::CONTINUE_SERVICE_DEPLOYMENT;
use super::aws::{self, Aws, Operation, Times};

/// Everything that is to go wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The faults of a side's tasks.
    pub tasks: BTreeMap<Colour, TaskFaults>,
    /// Somebody's infrastructure code sets the test rule back to blue as soon as it was shifted.
    pub rules_drifted: bool,
    /// ECS may not shift traffic.
    pub shift_denied: bool,
    /// The first handshake at the test listener never ends.
    pub tls_hang_once: bool,
    /// The faults of AWS calls.
    pub aws: Vec<AwsFault>,
    /// The faults of hooks.
    pub hooks: Vec<HookFault>,
}

/// What is wrong with AWS calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsFault {
    /// The operation; none for every one that only looks.
    pub operation: Option<&'static Operation>,
    /// What goes wrong.
    pub fault: aws::Fault,
    /// With how many of the calls, all those operations counted together.
    pub times: Times,
}

/// What is wrong with a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookFault {
    /// The hook; none for every one.
    pub hook: Option<String>,
    /// What goes wrong.
    pub kind: HookFaultKind,
}

/// The faults of hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookFaultKind {
    /// The first invocation is killed in its midst.
    Killed,
    /// The function has so little time, in real time.
    Timeout(Duration),
    /// The role may not report. It is one of every hook, since roles are not told apart.
    ReportDenied,
    /// ECS or CodeDeploy may not call the function.
    InvokeDenied,
    /// ECS cannot assume the role that it calls the function with.
    RoleNotAssumable,
    /// The event is delivered twice.
    Twice,
    /// `hookDetails` that it returned do not come back.
    StateDropped,
}

/// By whom each fault is caught, with the arguments of `greenlight rehearse` that show it.
pub fn catches() -> impl Iterator<Item = (Caught, Vec<String>)> {
    REGISTRY.iter().flat_map(|line| {
        let example = line.example(line.subjects[0]);
        line.caught.iter().map(move |caught| (*caught, caught.rehearsal(&example)))
    })
}

impl Faults {
    /// The faults of a side's tasks.
    pub fn of(&self, side: Colour) -> TaskFaults {
        self.tasks.get(&side).cloned().unwrap_or_default()
    }

    /// The faults of a hook: its own and those of every hook, in their order.
    pub fn of_hook(&self, hook: &str) -> impl Iterator<Item = &HookFaultKind> {
        let faults = self.hooks.iter();
        faults
            .filter(move |fault| fault.hook.as_deref().is_none_or(|named| named == hook))
            .map(|fault| &fault.kind)
    }

    /// Lets AWS calls go wrong as they should: those faults that need nobody else.
    pub fn apply(&self, aws: &Aws) {
        for AwsFault { operation, fault, times } in &self.aws {
            let operations = operation.map_or_else(Operation::that_look, |operation| vec![operation]);
            aws.fault_any(operations, fault.clone(), *times);
        }
        if self.hooks.iter().any(|fault| fault.kind == HookFaultKind::ReportDenied) {
            for report in [&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, &CONTINUE_SERVICE_DEPLOYMENT] {
                aws.fault(report, aws::Fault::Denied, Times::Always);
            }
        }
    }
}
