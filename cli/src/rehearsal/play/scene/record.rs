//! What the controller has come to, and when: what AWS remembers of a deployment.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::rehearsal::aws::worlds::CodeDeploy;
use crate::rehearsal::controller::{Deployment, Status, Verdict};

/// What the controller has come to.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) status: Status,
    /// AWS's reason for it.
    pub(super) reason: Option<String>,
    /// The latest change.
    pub(super) updated_at: Option<Timestamp>,
    /// What went wrong first, and when: a rollback may fail after it.
    pub(super) failure: Option<Failure>,
    /// When it began to be taken back.
    pub(super) rollback_at: Option<Timestamp>,
    /// When it ended.
    pub(super) ended_at: Option<Timestamp>,
    /// The error code that it ended with.
    pub(super) code: Option<&'static str>,
    /// Green's share of test and of production traffic, in percent.
    pub(super) shares: (f64, f64),
    /// The alarms that went off.
    pub(super) fired: Vec<String>,
    /// CodeDeploy's lifecycle events.
    pub(super) events: Events,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) at: Timestamp,
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
}

/// The lifecycle events of CodeDeploy's deployment, before it is taken back.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    /// The place of the event that is under way, or that was last; past the last one, all are over.
    pub(super) current: usize,
    /// When each began and ended, by its place.
    pub(super) times: BTreeMap<usize, (Timestamp, Option<Timestamp>)>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            status: Status::InProgress,
            reason: None,
            updated_at: None,
            failure: None,
            rollback_at: None,
            ended_at: None,
            code: None,
            shares: (0.0, 0.0),
            fired: Vec::new(),
            events: Events::default(),
        }
    }
}

impl Record {
    /// Notes what the deployment has come to. A moment is the first at which something was seen.
    pub(super) fn follow(&mut self, deployment: &Deployment, now: Timestamp, fired: &[String]) {
        let status = deployment.status();
        self.status = status;
        self.reason = deployment.reason().map(ToOwned::to_owned);
        self.code = deployment.code();
        self.shares = (deployment.test_share(), deployment.production_share());
        self.fired = fired.to_vec();
        if self.ended_at.is_none() {
            self.updated_at = Some(now);
        }
        self.events.follow(deployment, now, self.failure.is_some());
        if !matches!(status, Status::InProgress | Status::Successful) {
            self.failure.get_or_insert_with(|| Failure {
                at: now,
                code: deployment.code(),
                message: deployment.failure().or_else(|| deployment.reason()).unwrap_or_default().to_owned(),
            });
        }
        if self.is_rollback() {
            self.rollback_at.get_or_insert(now);
        }
        if status.is_final() {
            self.ended_at.get_or_insert(now);
        }
    }

    /// Whether the deployment is being taken back, or was, or could not be.
    pub(super) fn is_rollback(&self) -> bool {
        matches!(
            self.status,
            Status::RollbackInProgress | Status::RollbackSuccessful | Status::RollbackFailed
        )
    }
}

impl Record {
    /// Whether the circuit breaker has ended it.
    pub(super) fn is_broken(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.message.contains("the circuit breaker"))
    }
}

impl Events {
    fn follow(&mut self, deployment: &Deployment, now: Timestamp, has_failed: bool) {
        let place = |stage: &str| CodeDeploy::EVENTS.iter().position(|event| *event == stage);
        let all = CodeDeploy::EVENTS.len();
        let reached = match (deployment.status(), deployment.stage()) {
            _ if has_failed => return,
            // What follows the last event belongs to none.
            (Status::InProgress, Some(stage)) => place(stage).unwrap_or(all),
            (Status::Successful, _) => all,
            // It failed where a hook stopped it, or else where it was last seen.
            _ => {
                let stopped = deployment.executions().iter().rev().find(|execution| {
                    execution
                        .verdict
                        .is_some_and(|verdict| !verdict.proceeds() && verdict != Verdict::Cancelled)
                });
                stopped.and_then(|execution| place(execution.stage)).unwrap_or(self.current)
            }
        };
        self.current = self.current.max(reached);
        for passed in 0..self.current {
            self.times.entry(passed).or_insert((now, None)).1.get_or_insert(now);
        }
        if self.current < all {
            let goes_on = deployment.status() == Status::InProgress;
            let (_, ended) = self.times.entry(self.current).or_insert((now, None));
            if !goes_on {
                ended.get_or_insert(now);
            }
        }
    }
}
