//! What a check may know and use.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    Ask, Check,
    check::AnyCheck,
    clock,
    deployment::Deployment,
    plan::{Isolation, Plan, Target},
    protocol::{Invocation, Situation},
    runtime::Settled,
    secrets::Secrets,
    stage::Stage,
    state::Reading,
};

/// The world as a check sees it: the deployment, where green is, secrets, and how much time is left.
///
/// It holds no way to report: the runtime alone does that.
#[derive(Clone)]
pub struct Scope {
    shared: Arc<Shared>,
    settings: Arc<Value>,
    reading: Option<Reading>,
}

/// What a scope is made of.
pub(crate) struct Seen<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) settled: &'a Settled,
    pub(crate) plan: &'a Plan,
    pub(crate) secrets: Secrets,
    pub(crate) deployment: Deployment,
    pub(crate) deadline: Instant,
}

struct Shared {
    stage: Stage,
    situation: Situation,
    deployment_id: String,
    deployment: Deployment,
    began: Timestamp,
    weight: Option<f64>,
    checks: Vec<Arc<dyn AnyCheck>>,
    slots: Slots,
    service: Option<(String, String)>,
    hook_details: Map<String, Value>,
    target: Target,
    isolation: Isolation,
    secrets: Secrets,
    deadline: Instant,
}

/// One value of each type.
#[derive(Default)]
struct Slots(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Slots {
    fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        // It stands under its own type.
        Arc::clone(slot).downcast().unwrap_or_default()
    }
}

impl Scope {
    pub(crate) fn new(seen: Seen<'_>) -> Self {
        let Seen { invocation, settled, plan, secrets, deployment, deadline } = seen;
        let shared = Shared {
            stage: settled.stage.clone(),
            situation: settled.situation,
            deployment_id: invocation.deployment.clone(),
            deployment,
            began: settled.wait.since,
            weight: invocation.step.as_ref().and_then(|step| step.parse().ok()),
            checks: plan.checks.iter().map(|planned| Arc::clone(&planned.check)).collect(),
            slots: Slots::default(),
            service: invocation
                .service
                .as_ref()
                .map(|service| (service.cluster.clone(), service.name.clone())),
            hook_details: invocation.echo(),
            target: plan.target.clone(),
            isolation: plan.isolation,
            secrets,
            deadline,
        };
        Self { shared: Arc::new(shared), settings: Arc::new(Value::Null), reading: None }
    }

    /// A scope outside any invocation, to test a check against a server of one's own.
    pub fn for_target(target: Target, deadline: Instant) -> Self {
        let shared = Shared {
            stage: Stage::PostTestTrafficShift,
            situation: Situation::Update,
            deployment: Deployment::nowhere(),
            began: clock::now(),
            weight: None,
            checks: Vec::new(),
            slots: Slots::default(),
            deployment_id: "arn:aws:ecs:us-east-1:123456789012:service-deployment/local/local/local"
                .to_owned(),
            service: Some(("local".to_owned(), "local".to_owned())),
            hook_details: Map::new(),
            target,
            isolation: Isolation::Auto,
            secrets: Secrets::new(Arc::default(), deadline),
            deadline,
        };
        Self { shared: Arc::new(shared), settings: Arc::new(Value::Null), reading: None }
    }

    pub(crate) fn with_settings(&self, settings: Value) -> Self {
        Self { settings: Arc::new(settings), ..self.clone() }
    }

    /// The same scope for a check that read this last.
    pub(crate) fn with_reading(&self, reading: Option<Reading>) -> Self {
        Self { reading, ..self.clone() }
    }

    /// The stage that the hook was called at.
    pub fn stage(&self) -> &Stage {
        &self.shared.stage
    }

    /// Create, update or rollback. (A rollback never reaches a check.)
    pub fn situation(&self) -> Situation {
        self.shared.situation
    }

    /// The service deployment's ARN, or CodeDeploy's deployment id.
    pub fn deployment_id(&self) -> &str {
        &self.shared.deployment_id
    }

    /// Facts about the deployment, asked for when first needed.
    pub fn deployment(&self) -> &Deployment {
        &self.shared.deployment
    }

    /// AWS, for a check that asks a service by itself.
    pub fn aws(&self) -> &Ask {
        self.shared.deployment.ask()
    }

    /// How long this wait has lasted, over all invocations.
    pub fn waited(&self) -> Duration {
        crate::runtime::lasted(self.shared.began, clock::now())
    }

    /// When this wait began, over all invocations: as early as the deployment has been at this stage for
    /// certain.
    pub fn began(&self) -> Timestamp {
        self.shared.began
    }

    /// Green's share of the traffic as the event names it where traffic shifts, in percent. What ECS really
    /// asked for is a fact of the deployment.
    pub fn weight(&self) -> Option<f64> {
        self.shared.weight
    }

    /// The plan's checks of this type, those of this scope's own check among them: for a kind of check that
    /// asks for what all of them need at once.
    pub fn checks<C: Check>(&self) -> Vec<Arc<C>> {
        self.shared.checks.iter().filter_map(|check| Arc::clone(check).into_any().downcast().ok()).collect()
    }

    /// What the checks of this pass share of this type: made by whoever needs it first, gone with the pass.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.shared.slots.get()
    }

    /// What this check kept of its last run in this wait ([`Outcome::reading`](crate::Outcome::reading)),
    /// be it in this invocation or in an earlier one. Never rely on it: state can be lost, or dropped for
    /// want of room.
    pub fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// The cluster's and the service's name, where the event tells them.
    pub fn service(&self) -> Option<(&str, &str)> {
        self.shared.service.as_ref().map(|(cluster, name)| (cluster.as_str(), name.as_str()))
    }

    /// The event's `hookDetails`, all of it.
    pub fn hook_details(&self) -> &Map<String, Value> {
        &self.shared.hook_details
    }

    /// The plan's `target`: where green is reached.
    pub fn target(&self) -> &Target {
        &self.shared.target
    }

    /// Whether it must be proven that what answers is green.
    pub fn isolation(&self) -> Isolation {
        self.shared.isolation
    }

    /// The plan's secrets.
    pub fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// When the check is dropped. What cannot be done by then is better left undone, and said.
    pub fn deadline(&self) -> Instant {
        self.shared.deadline
    }

    /// The settings of a hook made by [`crate::run`]: the plan's `{"validate": {…}}`.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_path_to_error::deserialize(self.settings.as_ref()).map_err(|error| format!("settings: {error}"))
    }
}
