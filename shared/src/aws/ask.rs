//! One way to ask AWS: within the time that there is, and with an outcome for every way to fail.

use std::{error::Error, future::Future, sync::Arc};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::{
    interceptors::SharedInterceptor, orchestrator::HttpResponse, result::SdkError,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::{Aws, Cause, Failure};
use crate::Outcome;

/// What is known, or the outcome of a check that needed to know it.
pub type Fact<T> = Result<T, Box<Outcome>>;

/// What a client of AWS is built with.
#[derive(Debug)]
pub struct ClientConfig<'a> {
    /// Region, credentials, endpoint, timeouts and retries, as for every other call of the hook.
    pub sdk: &'a SdkConfig,
    /// Writes every call into the evidence. Add it as an interceptor.
    pub recorder: SharedInterceptor,
}

/// AWS, as a check may ask it: the clients, and until when there is time.
///
/// ```no_run
/// # async fn example(green: &greenlight::Scope) {
/// use greenlight::ClientConfig;
///
/// # mod aws_sdk_dynamodb { pub use aws_sdk_ecs::*; }
/// # #[expect(unused)]
/// let client = green
///     .aws()
///     .client(|ClientConfig { sdk, recorder }| {
///         let config = aws_sdk_dynamodb::config::Builder::from(sdk).interceptor(recorder);
///         aws_sdk_dynamodb::Client::from_conf(config.build())
///     })
///     .await;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Ask {
    pub(crate) aws: Arc<Aws>,
    pub(crate) deadline: Instant,
}

impl Ask {
    /// The client of a service: built when it is first asked for, kept for the next invocation.
    ///
    /// There is one for each type of client; `build` is not called where there is one already.
    pub async fn client<C: Clone + Send + Sync + 'static>(
        &self,
        build: impl FnOnce(ClientConfig<'_>) -> C + Send,
    ) -> C {
        self.aws.client(build).await
    }

    /// Sends a call of `action` (`ecs:DescribeTasks`) on `resource`, as a policy would name it.
    ///
    /// What cannot be had is the outcome that the check then has: denied, throttled, unreachable, gone
    /// and out of time are told apart, and the words say what to do.
    pub async fn ask<T, E>(
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
pub(crate) fn time(time: &aws_smithy_types::DateTime) -> Option<Timestamp> {
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
