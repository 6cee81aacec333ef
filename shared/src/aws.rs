//! AWS clients: built when first needed, kept for the next invocation, every call recorded.
//!
//! There are two sets of clients in a process, because connections belong to the runtime that opened
//! them: the report's, on the runtime of the Lambda loop, and the validation's, which go when an
//! abandoned validation goes. What sends is in `transport`; timeouts are short, since a
//! function in a VPC without a route fails by silence.
//!
//! Standard variables (`AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_CODEDEPLOY`, …) work as
//! everywhere: `aws-config` reads them.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::{
    interceptors::SharedInterceptor, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use serde_json::Value;
use tokio::sync::OnceCell;

mod api;
mod ask;
mod call;
mod failure;
mod transport;

pub use self::api::Api;
pub(crate) use self::ask::time;
pub use self::ask::{Ask, ClientConfig, Fact};
pub use self::call::AwsCall;
pub(crate) use self::call::Calls;
pub(crate) use self::failure::Caller;
pub use self::failure::{Cause, Failure};

/// How long a connection to AWS may take. A function without a route gets no answer at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one attempt may take; the retries then have time left.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// Where AWS is reached; what is not said comes from the environment, as everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// The endpoint of every service, in place of AWS.
    pub endpoint_url: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Whether the endpoint is one on this machine, which takes any signature: then no credentials are
    /// looked for.
    pub unverified: bool,
}

/// Lazily built clients that share one configuration.
#[derive(Debug)]
pub(crate) struct Aws {
    connection: Connection,
    config: OnceCell<SdkConfig>,
    /// What retries may use up. The SDK has it once for a process and a service: a validation that is throttled for
    /// long would leave nothing for the report.
    retries: RetryPartition,
    /// One of each type.
    clients: Mutex<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    pub(crate) calls: Calls,
}

/// A client that is built on first use.
macro_rules! client {
    ($name:ident, $crate_name:ident) => {
        pub(crate) async fn $name(&self) -> $crate_name::Client {
            self.client(|ClientConfig { sdk, recorder }| {
                let config = $crate_name::config::Builder::from(sdk).retry_partition(self.retries.clone());
                $crate_name::Client::from_conf(config.interceptor(recorder).build())
            })
            .await
        }
    };
}

impl Default for Aws {
    fn default() -> Self {
        Self {
            connection: Connection::default(),
            config: OnceCell::new(),
            retries: RetryPartition::custom("greenlight").build(),
            clients: Mutex::default(),
            calls: Calls::default(),
        }
    }
}

impl Aws {
    client!(acm, aws_sdk_acm);
    client!(codedeploy, aws_sdk_codedeploy);
    client!(ecs, aws_sdk_ecs);
    client!(elb, aws_sdk_elasticloadbalancingv2);
    client!(lambda, aws_sdk_lambda);
    client!(ssm, aws_sdk_ssm);
    client!(secretsmanager, aws_sdk_secretsmanager);

    pub(crate) fn at(connection: Connection) -> Self {
        Self { connection, ..Self::default() }
    }

    /// The same, but configured with this where there is something.
    pub(crate) fn configured(self, config: Option<SdkConfig>) -> Self {
        Self { config: OnceCell::new_with(config), ..self }
    }

    /// The client of that type, built by whoever needs it first.
    pub(crate) async fn client<C: Clone + Send + Sync + 'static>(
        &self,
        build: impl FnOnce(ClientConfig<'_>) -> C + Send,
    ) -> C {
        let sdk = self.config().await;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clients.get(&TypeId::of::<C>()).and_then(|client| client.downcast_ref::<C>());
        if let Some(known) = known {
            return known.clone();
        }
        let recorder = SharedInterceptor::new(self.calls.recorder());
        let client = build(ClientConfig { sdk, recorder });
        clients.insert(TypeId::of::<C>(), Box::new(client.clone()));
        client
    }

    /// The answer of an operation, in JSON as AWS sends it.
    pub(crate) async fn call(
        &self,
        api: &Api,
        operation: &str,
        input: Value,
        resource: &str,
    ) -> Result<Value, Failure> {
        let sdk = self.config().await;
        let action = api.action(operation);
        let endpoint = api::endpoint(api, sdk)
            .map_err(|why| Failure::unreachable(format!("cannot call {action}: {why}")))?;
        let recorder = SharedInterceptor::new(self.calls.recorder());
        match api::send((api, &endpoint), operation, input, (sdk, recorder)).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                let place = self.connection.endpoint_url.as_ref().unwrap_or(&endpoint.region);
                Err(Failure::explain(&error, &action, resource, place))
            }
        }
    }

    async fn config(&self) -> &SdkConfig {
        self.config.get_or_init(|| Box::pin(load(&self.connection))).await
    }

    /// The region that calls go to, for messages.
    pub(crate) async fn region(&self) -> String {
        self.config().await.region().map_or_else(|| "an unset region".to_owned(), ToString::to_string)
    }
}

async fn load(connection: &Connection) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(transport::client())
        .timeout_config(default_timeouts())
        .retry_config(retries())
        // What ends a call that stalls is its timeout. The SDK's own watch over that goes by the wall's clock, and counts every
        // moment that it has missed: where the clock is set forward by months, that alone takes longer than any function has.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint_url) = &connection.endpoint_url {
        loader = loader.endpoint_url(endpoint_url);
    }
    if let Some(region) = &connection.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if connection.unverified {
        loader = loader.credentials_provider(Credentials::new("local", "local", None, None, "local"));
    }
    loader.load().await
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(5)
        .with_initial_backoff(Duration::from_millis(250))
        .with_max_backoff(Duration::from_secs(3))
}

/// The timeouts of calls that are not told another.
pub(crate) fn default_timeouts() -> TimeoutConfig {
    timeouts(ATTEMPT_TIMEOUT).build()
}

fn timeouts(attempt: Duration) -> aws_smithy_types::timeout::TimeoutConfigBuilder {
    // Always the same connect timeout: the SDK keeps a connector, with its connections, per value.
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(attempt)
}

/// Timeouts for a call that must be over `within`, with time for more than one attempt where there is
/// enough for that.
pub(crate) fn timeouts_within(within: Duration) -> TimeoutConfig {
    let attempt = if within < Duration::from_secs(3) { within } else { within / 3 };
    timeouts(ATTEMPT_TIMEOUT.min(attempt)).operation_timeout(within).build()
}

/// The value of a parameter of Parameter Store, decrypted.
pub(crate) async fn parameter(aws: &Aws, name: &str, within: Duration) -> Result<String, Failure> {
    let call = aws.ssm().await.get_parameter().name(name).with_decryption(true).customize();
    let settings = aws_sdk_ssm::config::Builder::new().timeout_config(timeouts_within(within));
    match call.config_override(settings).send().await {
        Ok(answer) => Ok(answer.parameter().and_then(|found| found.value()).unwrap_or_default().to_owned()),
        Err(error) => Err(Failure::explain(&error, "ssm:GetParameter", name, &aws.region().await)),
    }
}

/// The text of a secret of Secrets Manager; none where it is binary.
pub(crate) async fn secret(aws: &Aws, id: &str, within: Duration) -> Result<Option<String>, Failure> {
    let call = aws.secretsmanager().await.get_secret_value().secret_id(id).customize();
    let settings = aws_sdk_secretsmanager::config::Builder::new().timeout_config(timeouts_within(within));
    match call.config_override(settings).send().await {
        Ok(answer) => Ok(answer.secret_string().map(ToOwned::to_owned)),
        Err(error) => Err(Failure::explain(&error, "secretsmanager:GetSecretValue", id, &aws.region().await)),
    }
}
