//! One way to ask AWS: within the time that there is, and with an outcome for every way to fail.

use std::{error::Error, future::Future, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::{
    interceptors::SharedInterceptor, orchestrator::HttpResponse, result::SdkError,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{Api, Aws, AwsCall, Caller, Cause, Connection, Failure, api};
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
    pub(crate) caller: Caller,
}

impl Ask {
    /// AWS for a command, outside any hook: there is an answer `within` this time, or none.
    pub fn over(connection: Connection, within: Duration) -> Self {
        Self {
            aws: Arc::new(Aws::at(connection)),
            deadline: Instant::now() + within,
            caller: Caller::Command,
        }
    }

    /// The same clients, for who asks again: there is an answer `within` this time from now on.
    #[must_use]
    pub fn anew(&self, within: Duration) -> Self {
        Self { deadline: Instant::now() + within, ..self.clone() }
    }

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
        let failure = match timeout_at(self.deadline, Box::pin(sent)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Failure::explain(&error, action, resource, &self.aws.region().await),
            Err(_) => Failure::out_of_time(action),
        };
        Err(Box::new(outcome(&failure.of(self.caller), action, resource)))
    }

    /// Calls an operation by its name, with an input and an answer in the JSON of the API.
    ///
    /// The answer is what AWS sends, with members that no SDK knows yet. What XML does not tell is left
    /// open: every value of Elastic Load Balancing, IAM, EC2 and STS is text, and an empty list is null.
    pub async fn call(&self, api: &Api, operation: &str, input: Value, resource: &str) -> Fact<Value> {
        self.try_call(api, operation, input, resource)
            .await
            .map_err(|failure| Box::new(outcome(&failure, &api.action(operation), resource)))
    }

    /// The same for who treats failures by their causes.
    pub async fn try_call(
        &self,
        api: &Api,
        operation: &str,
        input: Value,
        resource: &str,
    ) -> Result<Value, Failure> {
        // Boxed for the same reason.
        let sent = Box::pin(self.aws.call(api, operation, input, resource));
        timeout_at(self.deadline, sent)
            .await
            .unwrap_or_else(|_| Err(Failure::out_of_time(&api.action(operation))))
            .map_err(|failure| failure.of(self.caller))
    }

    /// Calls an operation until it has given its last page, and returns the pages.
    pub async fn call_pages(
        &self,
        api: &Api,
        operation: &str,
        input: Value,
        resource: &str,
    ) -> Fact<Vec<Value>> {
        self.try_pages(api, operation, input, resource)
            .await
            .map_err(|failure| Box::new(outcome(&failure, &api.action(operation), resource)))
    }

    /// The same for who treats failures by their causes.
    pub async fn try_pages(
        &self,
        api: &Api,
        operation: &str,
        input: Value,
        resource: &str,
    ) -> Result<Vec<Value>, Failure> {
        let (mut pages, mut next) = (Vec::new(), Some(input));
        while let Some(input) = next {
            if pages.len() == MAX_PAGES {
                return Err(Failure::endless(&api.action(operation), resource, MAX_PAGES));
            }
            let page = self.try_call(api, operation, input.clone(), resource).await?;
            next = api::follow(&input, &page, api.is_ec2());
            pages.push(page);
        }
        Ok(pages)
    }

    /// The calls that were made and are in no evidence yet; in a command, all of them.
    pub fn calls(&self) -> Vec<AwsCall> {
        self.aws.calls.look()
    }
}

/// More pages than the lists that hooks read have; a bound on a service that never ends one.
const MAX_PAGES: usize = 100;

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
            outcome.hint(format!("the statement to add to {}: {statement}", failure.caller().role()))
        }
        Cause::NotFound => outcome.hint("it was there when the deployment began, or belongs to another account or region: was it deleted?"),
        Cause::OutOfTime if failure.caller() == Caller::Function => outcome
            .hint("raise the function's timeout; in a VPC, look for a NAT route or an interface endpoint"),
        Cause::OutOfTime | Cause::Throttled | Cause::Unreachable | Cause::Refused => outcome,
    }
}
