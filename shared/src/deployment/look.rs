//! A look at the deployment of an event from outside an invocation: what the command shows.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Deployment, Fact, Status, Weights};
use crate::{
    AwsCall, Connection, Protocol,
    aws::Aws,
    protocol::{self, Asked, Situation},
    settings::{LIFECYCLE_EVENT, PAUSE, Settings},
    stage::Stage,
};

/// An event's deployment, and where in it the event stands.
#[derive(Debug)]
pub struct Look {
    /// The facts. They are read, never changed.
    pub deployment: Deployment,
    /// How the event asks for a verdict.
    pub protocol: Protocol,
    /// The service deployment's ARN, or CodeDeploy's deployment id.
    pub id: String,
    /// The stage, as the event tells it.
    stage: Stage,
    /// How the event tells a rollback, where it does.
    rollback: Option<String>,
    aws: Arc<Aws>,
}

impl Look {
    /// Looks at the deployment of an event through `connection`, for at most `within`. `lifecycle_event`
    /// is CodeDeploy's, where the deployment shall not be asked. The error says what is wrong with the
    /// event.
    pub fn at(
        event: &[u8],
        lifecycle_event: Option<&str>,
        connection: Connection,
        within: Duration,
    ) -> Result<Self, String> {
        let settings = Settings::read(|name| match name {
            // Looking answers nobody's gate.
            PAUSE => Some("*/*".to_owned()),
            LIFECYCLE_EVENT => lifecycle_event.map(ToOwned::to_owned),
            _ => None,
        });
        if let Some(problem) = settings.problems.first() {
            return Err(problem.to_string());
        }
        let invocation = match protocol::parse(event, &settings)? {
            Asked::Verdict(invocation) => invocation,
            Asked::Nothing { why, .. } => return Err(why),
        };
        let aws = Arc::new(Aws::at(connection));
        let deployment = Deployment::of(&invocation, None, Arc::clone(&aws), Instant::now() + within);
        Ok(Self {
            deployment,
            protocol: invocation.protocol,
            id: invocation.deployment,
            stage: invocation.stage,
            rollback: (invocation.situation == Situation::Rollback).then_some(invocation.situation_because),
            aws,
        })
    }

    /// The stage; CodeDeploy is asked for the one that its event does not tell.
    pub async fn stage(&self) -> Stage {
        let asked = if self.stage.is_unnamed() { self.deployment.status().await.ok() } else { None };
        asked.and_then(|status| status.stage).unwrap_or_else(|| self.stage.clone())
    }

    /// What the deployment is doing. An event that tells a rollback settles that.
    pub async fn status(&self) -> Fact<Status> {
        let asked = self.deployment.status().await;
        match &self.rollback {
            Some(because) => {
                let asked = asked.unwrap_or_else(|_| Status {
                    state: None,
                    situation: Situation::Rollback,
                    because: String::new(),
                    stage: None,
                    stage_unknown: None,
                    started_at: None,
                    expires_at: None,
                    group: None,
                    service: None,
                    weights: Weights::default(),
                    shift: None,
                    alarms: None,
                    circuit_breaker: None,
                });
                Ok(Status { situation: Situation::Rollback, because: because.clone(), ..asked })
            }
            None => asked,
        }
    }

    /// The calls to AWS since the last time that this was asked.
    pub fn calls(&self) -> Vec<AwsCall> {
        self.aws.calls.take()
    }
}
