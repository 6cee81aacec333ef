//! One way to ask AWS: within the time that there is, and with an outcome for every way to fail.

use std::{error::Error, future::Future, sync::Arc};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::{
    Outcome,
    aws::{Aws, Cause, Failure},
};

/// What is known, or the outcome of a check that needed to know it.
pub type Fact<T> = Result<T, Box<Outcome>>;

/// The clients, and until when there is time.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) aws: Arc<Aws>,
    pub(super) deadline: Instant,
}

impl Ask {
    /// Sends a call of `action` (`ecs:DescribeTasks`) on `resource`, as a policy would name it.
    pub(super) async fn ask<T, E>(
        &self,
        action: &str,
        resource: &str,
        sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Fact<T>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        // Boxed: the SDK's futures are large, and every fact would carry several of them.
        match timeout_at(self.deadline, Box::pin(sent)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let failure = Failure::explain(&error, action, resource, &self.aws.region().await);
                Err(Box::new(outcome(&failure, action, resource)))
            }
            Err(_) => Err(Box::new(
                Outcome::inconclusive(format!("{action} was not answered in the time that the function had"))
                    .hint("raise the function's timeout; in a VPC, look for a NAT route or an interface endpoint"),
            )),
        }
    }
}

/// A time in an answer; none where it is beyond what we can hold.
pub(super) fn time(time: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

/// What a check makes of a failed call: never green's fault, and it may heal.
fn outcome(failure: &Failure, action: &str, resource: &str) -> Outcome {
    let outcome = Outcome::inconclusive(failure.to_string());
    match failure.cause {
        Cause::Denied => {
            let resource = failure.resource().unwrap_or(resource);
            let statement = json!({ "Effect": "Allow", "Action": action, "Resource": resource });
            outcome.hint(format!("the statement to add to the function's role: {statement}"))
        }
        Cause::NotFound => outcome.hint("it was there when the deployment began, or belongs to another account or region: was it deleted?"),
        Cause::Throttled | Cause::Unreachable | Cause::Refused => outcome,
    }
}
