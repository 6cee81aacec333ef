//! A hook as it is deployed, on virtual time and against an AWS that is made up.
//!
//! The way of an event is the functions' own, from its bytes to the answer: protocols, plan, state, guard, fold,
//! reports, retries of the SDK. Three things are not: time is tokio's, which whoever plays may pause
//! ([`clock::set`](crate::clock::set)); validations run on the one thread that there is, so that the same happens
//! every time; and what is sent to AWS goes to a [`Cloud`]. Threads that are blocked can therefore not be played.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use serde_json::Value;

use crate::{
    Hook, Outcome, Scope, aws, hook,
    runtime::{self, Event, Function},
    settings::Settings,
};

/// What a hook asks of AWS: one attempt of one call.
#[derive(Debug, Clone)]
pub struct Request {
    /// The operation, e.g. `GetDeployment`; none where the path tells it.
    pub operation: Option<String>,
    /// The path of its address.
    pub path: String,
    /// Its body.
    pub body: Bytes,
}

/// What comes of an attempt: a status and a body; none where the connection broke off before that.
pub type Reply = Option<(u16, Value)>;

/// An AWS that is made up.
pub trait Cloud: Send + Sync + 'static {
    /// Answers an attempt, as late as it likes.
    fn answer(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>>;
}

/// A process of a function: warm from one event to the next until it is dropped, which is its being killed.
pub struct Process(Function);

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Process").finish_non_exhaustive()
    }
}

/// What Lambda sends a function.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The header `Lambda-Runtime-Deadline-Ms`.
    pub deadline: Option<String>,
    /// The ARN that the function was invoked by.
    pub function: Option<String>,
    /// The event.
    pub body: Bytes,
}

/// What a function gives back.
#[derive(Debug, Clone)]
pub struct Given {
    /// The document, or the message of an error for Lambda.
    pub document: Result<Bytes, String>,
    /// What it wrote to the log.
    pub lines: Vec<String>,
}

/// A hook of one kind of check, `validate`, which is this function.
pub fn validating<F, Fut>(validate: F) -> Hook
where
    F: Fn(Scope) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, String>> + Send + 'static,
{
    hook::validating(validate)
}

impl Process {
    /// A process of a function with these variables.
    pub fn new(hook: Hook, variables: Arc<BTreeMap<String, String>>, cloud: Arc<dyn Cloud>) -> Self {
        let read = move || Settings::read(|name| variables.get(name).cloned());
        Self(Function::new(hook).with_settings(read).with_sdk(sdk(cloud)))
    }

    /// Answers an event.
    pub async fn answer(&mut self, sent: Sent) -> Given {
        let Sent { deadline, function, body } = sent;
        let event = Event { request_id: String::new(), deadline, function, trace: None, body };
        let answered = runtime::answer(&mut self.0, &event).await;
        Given { document: answered.document.map_err(|error| error.message), lines: answered.lines }
    }
}

/// As `aws` configures its clients, but for where they get their settings and send their calls.
fn sdk(cloud: Arc<dyn Cloud>) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "made-up", "made-up", None, None, "made up",
        )))
        .http_client(SharedHttpClient::new(Connection(cloud)))
        .timeout_config(aws::default_timeouts())
        .retry_config(aws::retries())
        // It would measure real time.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

#[derive(Clone)]
struct Connection(Arc<dyn Cloud>);

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connection")
    }
}

impl HttpClient for Connection {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target");
        let request = Request {
            operation: target.and_then(|target| target.rsplit('.').next()).map(ToOwned::to_owned),
            path: request.uri().to_owned(),
            body: Bytes::copy_from_slice(request.body().bytes().unwrap_or_default()),
        };
        let answer = self.0.answer(request);
        HttpConnectorFuture::new(async move {
            let broken = || ConnectorError::io("the connection broke off".into());
            let (status, body) = answer.await.ok_or_else(broken)?;
            let status = status.try_into().map_err(|_| broken())?;
            Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
        })
    }
}
