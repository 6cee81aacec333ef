//! The AWS that functions call: it tells of the deployment, takes reports, and goes wrong.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use greenlight::simulation::{Cloud, Reply, Request};
use greenlight_cli::rehearsal::controller::Input;
use serde_json::{Value, json};

use super::faults::{Call, Illness};
use super::world::{Came, Delivery, Handle, Next, World};
use super::{judge, tell};

/// AWS as one process reaches it.
pub(super) struct Account {
    pub(super) handle: Handle,
    /// The invocation that the process is at.
    pub(super) present: Arc<AtomicUsize>,
}

/// The operations that hooks without a check of their own call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    DescribeServiceDeployments,
    GetDeployment,
    ListDeploymentTargets,
    GetDeploymentTarget,
    GetDeploymentGroup,
    GetParameter,
    /// `PutLifecycleEventHookExecutionStatus`
    Put,
    /// `ContinueServiceDeployment`
    Continue,
    Invoke,
}

impl Operation {
    fn of(request: &Request) -> Option<Self> {
        Some(match request.operation.as_deref() {
            Some("DescribeServiceDeployments") => Self::DescribeServiceDeployments,
            Some("GetDeployment") => Self::GetDeployment,
            Some("ListDeploymentTargets") => Self::ListDeploymentTargets,
            Some("GetDeploymentTarget") => Self::GetDeploymentTarget,
            Some("GetDeploymentGroup") => Self::GetDeploymentGroup,
            Some("GetParameter") => Self::GetParameter,
            Some("PutLifecycleEventHookExecutionStatus") => Self::Put,
            Some("ContinueServiceDeployment") => Self::Continue,
            None if request.path.contains("/invocations") => Self::Invoke,
            _ => return None,
        })
    }

    fn is_report(self) -> bool {
        matches!(self, Self::Put | Self::Continue)
    }
}

impl Cloud for Account {
    fn answer(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        let (handle, present) = (self.handle.clone(), self.present.load(Ordering::Relaxed));
        Box::pin(async move {
            let Some(operation) = Operation::of(&request) else {
                handle.world().broke(format!("a call of something else: {request:?}"));
                return None;
            };
            let (wrong, takes) = begin(&mut handle.world(), present, operation, &request.body);
            tokio::time::sleep(takes).await;
            let carry_out = || carry_out(&handle, present, operation, &request.body, wrong.is_none());
            match wrong {
                None => Some(carry_out()),
                Some(Call::Throttled) => Some(error(400, "ThrottlingException", "Rate exceeded")),
                Some(Call::Denied) => Some(error(400, "AccessDeniedException", "not authorized to do this")),
                Some(Call::Broken) => Some(error(500, "InternalFailure", "")),
                Some(Call::Dropped) => None,
                Some(Call::Silent) => pending().await,
                Some(Call::AnswerLost) => {
                    carry_out();
                    pending().await
                }
                Some(Call::AnswerDropped) => {
                    carry_out();
                    None
                }
            }
        })
    }
}

fn error(status: u16, code: &str, message: &str) -> (u16, Value) {
    (status, json!({ "__type": code, "message": message }))
}

/// How an attempt goes, and how long it takes.
fn begin(world: &mut World, present: usize, operation: Operation, body: &Bytes) -> (Option<Call>, Duration) {
    world.tally.calls += 1;
    world.invocations[present].has_spoken |= operation.is_report() || operation == Operation::Invoke;
    let faults = &world.scenario.faults;
    let illness = match operation {
        Operation::GetParameter => faults.parameters,
        Operation::Put | Operation::Continue => faults.reports,
        Operation::Invoke => faults.invoking,
        _ => faults.looking,
    };
    let since = world.now().saturating_sub(world.courses[&world.invocations[present].execution].began);
    let ill = illness.filter(|Illness { lasts, .. }| since < *lasts);
    let wrong = ill.filter(|ill| world.chance.one_in(ill.odds)).map(|ill| ill.call);
    let slow = operation.is_report() && world.scenario.is_bad && world.chance.one_in(10);
    let takes = if slow { world.chance.seconds(1..=10) } else { world.chance.millis(3..=80) };
    let Some(wrong) = wrong else { return (None, takes) };
    world.fault(wrong.name());
    world.note(&format!("#{present} {operation:?}: {}", wrong.name()));
    let has_effect = matches!(wrong, Call::AnswerLost | Call::AnswerDropped);
    let invocation = &mut world.invocations[present];
    if operation.is_report() && !has_effect {
        invocation.reports.push((proceeds(operation, &read(body)), Came::Wrong));
    }
    if operation == Operation::Invoke && !has_effect {
        invocation.invoked.push((0, Came::Wrong));
    }
    invocation.was_kept_from_looking |= !operation.is_report() && operation != Operation::Invoke;
    (Some(wrong), takes)
}

fn read(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn proceeds(operation: Operation, input: &Value) -> bool {
    match operation {
        Operation::Put => input["status"] == "Succeeded",
        _ => input["action"] == "CONTINUE",
    }
}

/// Does what is asked for.
fn carry_out(
    handle: &Handle,
    present: usize,
    operation: Operation,
    body: &Bytes,
    is_told: bool,
) -> (u16, Value) {
    let mut world = handle.world();
    let execution = world.invocations[present].execution;
    match operation {
        Operation::DescribeServiceDeployments => (200, tell::service_deployment(&world)),
        Operation::GetDeployment => (200, tell::deployment(&world)),
        Operation::ListDeploymentTargets => (200, json!({ "targetIds": ["demo:hello"] })),
        Operation::GetDeploymentTarget => (200, tell::target(&world, execution)),
        Operation::GetDeploymentGroup => {
            let services = json!([{ "clusterName": "demo", "serviceName": "hello" }]);
            (
                200,
                json!({ "deploymentGroupInfo": { "deploymentGroupName": "hello", "ecsServices": services } }),
            )
        }
        Operation::GetParameter => {
            let function = &world.scenario.functions[world.invocations[present].function];
            let value = match read(body)["Name"].as_str() {
                Some("/overrides") => function.overrides_text(),
                Some("/plans/hello") => Some(function.plan.document().to_string()),
                _ => None,
            };
            match value {
                Some(value) => (200, json!({ "Parameter": { "Name": "drawn", "Value": value } })),
                None => error(400, "ParameterNotFound", ""),
            }
        }
        Operation::Put | Operation::Continue => {
            let proceed = proceeds(operation, &read(body));
            judge::reports(&mut world, present, proceed);
            let came = take_report(&mut world, present, proceed);
            let known = if is_told { came } else { Came::Wrong };
            world.invocations[present].reports.push((proceed, known));
            if came == Came::Accepted {
                drop(world);
                handle
                    .later(Duration::ZERO, Next::Input(Input::Reported { execution, proceed, reason: None }));
                return (200, json!({}));
            }
            match operation {
                Operation::Put => {
                    error(400, "LifecycleEventAlreadyCompletedException", "it is completed already")
                }
                _ => error(
                    400,
                    "InvalidParameterException",
                    "The hook is either completed, unavailable or does not exist.",
                ),
            }
        }
        Operation::Invoke => {
            let hops = read(body)["greenlight"]["hops"].as_u64().unwrap_or(u64::MAX);
            let known = if is_told { Came::Accepted } else { Came::Wrong };
            world.invocations[present].invoked.push((hops, known));
            world.tally.hops += 1;
            let course = world.courses.entry(execution);
            course.and_modify(|course| course.hops = course.hops.max(hops));
            let delivery = Delivery {
                function: world.invocations[present].function,
                execution,
                body: body.clone(),
                asynchronous: true,
                attempt: 0,
            };
            let held = judge::invokes_itself(&world, present, body);
            world.hold("a self-invocation keeps event and clock, and there are at most 12", held);
            world.note(&format!("#{present} invokes itself, hop {hops}"));
            let (odds, after) = (world.scenario.faults.odds, world.chance.millis(10..=400));
            let late = world.strikes(odds.delivered_late).then(|| world.chance.seconds(1..=600));
            let twice = world.strikes(odds.delivered_twice).then(|| world.chance.seconds(0..=60));
            world.fault_if(late.is_some(), "event delivered late");
            world.fault_if(twice.is_some(), "event delivered twice");
            drop(world);
            let after = late.unwrap_or(after);
            if let Some(between) = twice {
                handle.later(after + between, Next::Delivery(delivery.clone()));
            }
            handle.later(after, Next::Delivery(delivery));
            (202, Value::Null)
        }
    }
}

/// AWS takes the first report of an execution that it waits for, and no other.
fn take_report(world: &mut World, present: usize, proceed: bool) -> Came {
    let execution = world.invocations[present].execution;
    let is_awaited = world.is_awaited(execution);
    let Some(course) = world.courses.get_mut(&execution) else { return Came::TooLate };
    let came = if is_awaited && course.reported.is_none() { Came::Accepted } else { Came::TooLate };
    if came == Came::Accepted {
        course.reported = Some((proceed, present));
    }
    let word = if proceed { "proceed" } else { "stop" };
    world.note(&format!("#{present} reports {word} of execution {execution}: {came:?}"));
    came
}
