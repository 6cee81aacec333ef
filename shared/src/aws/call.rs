//! The record of AWS calls that evidence shows.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef},
            dyn_dispatch_hint,
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// One call to AWS, its retries included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsCall {
    /// The service as the SDK names it, e.g. `CodeDeploy`.
    pub service: String,
    /// The operation, e.g. `PutLifecycleEventHookExecutionStatus`.
    pub operation: String,
    /// Whether it was answered without an error; none while it has no answer.
    pub ok: Option<bool>,
    /// How long it took, in milliseconds; none while it has no answer.
    pub duration_ms: Option<u64>,
}

/// More calls than one invocation makes; a bound on what a runaway check can record.
const MAX_CALLS: usize = 200;

/// The calls of one invocation, shared with the recorders of all clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Vec<AwsCall>>>);

impl Calls {
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder(self.clone())
    }

    /// Takes out what was recorded since the last time.
    pub(crate) fn take(&self) -> Vec<AwsCall> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was recorded since it was last taken out.
    pub(crate) fn look(&self) -> Vec<AwsCall> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a call begins, and where it is noted.
    fn begin(&self, service: &str, operation: &str) -> Option<usize> {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (calls.len() < MAX_CALLS).then(|| {
            calls.push(AwsCall {
                service: service.to_owned(),
                operation: operation.to_owned(),
                ok: None,
                duration_ms: None,
            });
            calls.len() - 1
        })
    }

    /// Notes how a call ended. One that was taken out meanwhile has gone into evidence as unanswered.
    fn end(&self, at: usize, operation: &str, ok: bool, took: Duration) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.get_mut(at).filter(|call| call.operation == operation && call.ok.is_none())
        {
            call.ok = Some(ok);
            call.duration_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        }
    }
}

/// A call that began, kept in the SDK's own bag for the call.
#[derive(Debug, Clone, Copy)]
struct Began {
    at: usize,
    when: Instant,
}

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

/// The interceptor that writes calls down.
#[derive(Debug)]
pub(crate) struct Recorder(Calls);

#[dyn_dispatch_hint]
impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "greenlight::Recorder"
    }

    /// Not before the execution: a client's interceptors are asked then before the SDK has put down which
    /// operation it is.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let noted =
            bag.load::<Metadata>().and_then(|metadata| self.0.begin(metadata.service(), metadata.name()));
        if let Some(at) = noted {
            bag.interceptor_state().store_put(Began { at, when: Instant::now() });
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(began), Some(metadata)) = (bag.load::<Began>(), bag.load::<Metadata>()) {
            let ok = context.output_or_error().is_some_and(|result| result.is_ok());
            self.0.end(began.at, metadata.name(), ok, began.when.elapsed());
        }
        Ok(())
    }
}
