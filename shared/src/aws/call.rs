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
use serde::Serialize;
use tokio::time::Instant;

/// One call to AWS, its retries included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AwsCall {
    /// The service as the SDK names it, e.g. `CodeDeploy`.
    pub service: String,
    /// The operation, e.g. `PutLifecycleEventHookExecutionStatus`.
    pub operation: String,
    /// Whether it was answered without an error.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
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

    fn push(&self, call: AwsCall) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() < MAX_CALLS {
            calls.push(call);
        }
    }
}

/// When a call began, kept in the SDK's own bag for the call.
#[derive(Debug, Clone, Copy)]
struct Began(Instant);

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

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let took = bag.load::<Began>().map_or(Duration::ZERO, |began| began.0.elapsed());
        if let Some(metadata) = bag.load::<Metadata>() {
            self.0.push(AwsCall {
                service: metadata.service().to_owned(),
                operation: metadata.name().to_owned(),
                ok: context.output_or_error().is_some_and(|result| result.is_ok()),
                duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            });
        }
        Ok(())
    }
}
