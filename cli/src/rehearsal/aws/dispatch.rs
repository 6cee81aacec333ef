//! The way of a call: noted, judged by the caller's policies, perhaps struck by a fault, run, and its answer noted.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::error::AwsError;
use super::fault::Fault;
use super::garbled::Garbled;
use super::iam;
use super::operation::Operation;
use super::world::{Answer, Call, Shared};
use crate::rehearsal::server::Stopped;

/// What the protocols hand their calls to.
#[derive(Clone, Debug)]
pub(super) struct Dispatch {
    pub(super) shared: Arc<Shared>,
    pub(super) stopped: Stopped,
}

/// A call as a protocol has read it.
pub(super) struct Incoming<'request> {
    /// The operation, or what was asked for instead.
    pub(super) operation: Result<&'static Operation, Unknown<'request>>,
    pub(super) signed: bool,
    pub(super) input: Result<Value, AwsError>,
}

/// What was asked for where no operation was, and the protocol's answer to it.
#[derive(Debug)]
pub(super) struct Unknown<'request> {
    pub(super) asked: &'request str,
    pub(super) error: AwsError,
}

/// Why a call has no output.
#[derive(Debug)]
pub(super) enum Failure {
    Error(AwsError),
    /// Not even an answer of the service's.
    Garbled(Garbled),
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        Self::Error(error)
    }
}

impl Dispatch {
    pub(super) async fn call(&self, incoming: Incoming<'_>) -> Result<Value, Failure> {
        let arrived = Instant::now();
        let place = self.note(&incoming);
        let result = self.judge(incoming, place).await;
        let error = match &result {
            Err(Failure::Garbled(_)) => return result,
            Err(Failure::Error(error)) => Some(error.code.to_string()),
            Ok(_) => None,
        };
        let answer = Answer { error, duration: arrived.elapsed() };
        self.shared.change(|world| {
            if let Some(call) = world.calls.get_mut(place) {
                call.answer = Some(answer);
            }
        });
        result
    }

    /// Notes the arrival, so that a call that never ends is seen too, and returns its place.
    fn note(&self, incoming: &Incoming<'_>) -> usize {
        let (service, operation) = match &incoming.operation {
            Ok(operation) => (operation.service.name, operation.name),
            Err(unknown) => ("", unknown.asked),
        };
        let call = Call {
            service,
            operation: operation.to_owned(),
            input: incoming.input.clone().unwrap_or_default(),
            at: Timestamp::now(),
            denied: false,
            answer: None,
        };
        self.shared.change(|world| {
            world.calls.push(call);
            world.calls.len() - 1
        })
    }

    async fn judge(&self, incoming: Incoming<'_>, place: usize) -> Result<Value, Failure> {
        let Incoming { operation, signed, input } = incoming;
        let operation = operation.map_err(|unknown| unknown.error)?;
        let protocol = operation.service.protocol;
        if !signed {
            return Err(protocol.unsigned().into());
        }
        if let Some(denial) = self.authorise(operation, input.as_ref().unwrap_or(&Value::Null), place) {
            return Err(protocol.denied(denial).into());
        }
        let encounter = self.shared.change(|world| world.faults.meet(operation));
        if !encounter.delay.is_zero() {
            tokio::time::sleep(encounter.delay).await;
        }
        let run = |input: &Value| self.shared.change(|world| (operation.run)(world, input));
        match encounter.fault {
            None | Some(Fault::Slow(_)) => Ok(run(&input?)?),
            Some(Fault::Throttled) => Err(protocol.throttled().into()),
            Some(Fault::ServerError) => Err(protocol.server_error().into()),
            Some(Fault::Denied) => {
                let input = input.unwrap_or_default();
                let denial = self.shared.look(|world| operation.denial(world, &input));
                Err(protocol.denied(denial).into())
            }
            Some(Fault::Error(error)) => Err(error.into()),
            Some(Fault::Garbled(garbled)) => Err(Failure::Garbled(garbled)),
            Some(Fault::Hangs) => {
                self.stopped.clone().wait().await;
                Err(Failure::Garbled(Garbled::Nothing))
            }
            Some(Fault::NeverAnswered) => {
                // What the operation says is never said.
                let _ = run(&input?);
                self.stopped.clone().wait().await;
                Err(Failure::Garbled(Garbled::Nothing))
            }
            Some(Fault::AnswerLost) => {
                // What the operation says is lost too.
                let _ = run(&input?);
                Err(Failure::Garbled(Garbled::Nothing))
            }
        }
    }

    /// Why the caller's policies do not allow a call, which its record then says.
    fn authorise(&self, operation: &'static Operation, input: &Value, place: usize) -> Option<String> {
        let denial = self.shared.look(|world| iam::authorise(operation, world, input))?;
        self.shared.change(|world| {
            if let Some(call) = world.calls.get_mut(place) {
                call.denied = true;
            }
        });
        Some(denial)
    }
}
