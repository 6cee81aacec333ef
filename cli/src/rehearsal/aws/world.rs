//! What the services know and what they were asked: the state behind the endpoint.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::fault::Faults;
use super::{
    acm, application_autoscaling, cloudwatch, codedeploy, ec2, ecs, elb, events, iam, lambda, logs,
    secrets_manager, ssm,
};

/// The account as the services see it. Each service's part is in its own module.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct World {
    /// Who calls, and where.
    pub identity: Identity,
    /// Certificate Manager.
    pub acm: acm::State,
    /// Application Auto Scaling.
    pub application_autoscaling: application_autoscaling::State,
    /// CloudWatch.
    pub cloudwatch: cloudwatch::State,
    /// CodeDeploy.
    pub codedeploy: codedeploy::State,
    /// EC2.
    pub ec2: ec2::State,
    /// Amazon ECS.
    pub ecs: ecs::State,
    /// Elastic Load Balancing.
    pub elb: elb::State,
    /// EventBridge.
    #[serde(skip)]
    pub events: events::State,
    /// Identity and Access Management: roles, and the policies of the caller.
    pub iam: iam::State,
    /// Lambda.
    pub lambda: lambda::State,
    /// CloudWatch Logs.
    pub logs: logs::State,
    /// Secrets Manager.
    #[serde(skip)]
    pub secrets_manager: secrets_manager::State,
    /// Parameter Store.
    #[serde(skip)]
    pub ssm: ssm::State,
    /// The most that a page of any list holds, in the place of AWS's own sizes where they are larger.
    pub page_size: Option<usize>,
    /// Every call, in the order of arrival.
    #[serde(skip)]
    pub calls: Vec<Call>,
    #[serde(skip)]
    pub(super) faults: Faults,
}

/// The function that calls, for ARNs and denials.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Identity {
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The function's execution role.
    pub role: String,
    /// The function, which is the name of the role's session.
    pub function: String,
}

/// One call, with what came of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service, as in IAM actions; empty if it is none that is served.
    pub service: &'static str,
    /// The operation as it was asked for.
    pub operation: String,
    /// The input as it was received; null if it could not be read.
    pub input: Value,
    /// When it arrived.
    pub at: Timestamp,
    /// Whether the policies of the caller did not allow it.
    pub denied: bool,
    /// What it was answered; none while it has no answer, and for ever if it never got one.
    pub answer: Option<Answer>,
}

/// How a call was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The code of the error, if it was one.
    pub error: Option<String>,
    /// From the arrival of the call to the answer.
    pub duration: Duration,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            role: "greenlight-hook".to_owned(),
            function: "greenlight".to_owned(),
        }
    }
}

impl Identity {
    /// The ARN of a resource in the account and region.
    pub(in crate::rehearsal) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.region, self.account)
    }

    /// The start of an ARN of what is in no region: `arn:aws:iam::123456789012`.
    pub(super) fn global_arn(&self, service: &str) -> String {
        format!("arn:{}:{service}::{}", self.partition(), self.account)
    }

    /// The execution role.
    pub(super) fn role_arn(&self) -> String {
        format!("{}:role/{}", self.global_arn("iam"), self.role)
    }

    /// The partition, which the region tells.
    pub(super) fn partition(&self) -> &'static str {
        match self.region.split_once('-') {
            Some(("cn", _)) => "aws-cn",
            Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Whom a denial names.
    pub(super) fn caller_arn(&self) -> String {
        format!("arn:{}:sts::{}:assumed-role/{}/{}", self.partition(), self.account, self.role, self.function)
    }
}

/// The one world, with the news that it has changed.
#[derive(Debug)]
pub(in crate::rehearsal) struct Shared {
    world: Mutex<World>,
    changed: watch::Sender<()>,
}

impl Shared {
    pub(in crate::rehearsal) fn new(world: World) -> Self {
        Self { world: Mutex::new(world), changed: watch::Sender::new(()) }
    }

    pub(in crate::rehearsal) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    pub(in crate::rehearsal) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.send_replace(());
        result
    }

    pub(in crate::rehearsal) async fn until(&self, mut wanted: impl FnMut(&World) -> bool) {
        let mut changed = self.changed.subscribe();
        while !wanted(&self.lock()) {
            // The one error is that the sender is gone, and `self` holds it.
            let _ = changed.changed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
