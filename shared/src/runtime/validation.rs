//! One validation: load the plan, run its checks side by side, and again while there is patience.
//!
//! It runs on the guard's runtime. It writes what it finds on the [`Board`], where the guard can read
//! it at any time, and it has no way to report.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    board::{Asking, Board, Conclusion},
    chain::{self, Onward},
    guard::panic_message,
    loading::{self, NoPlan},
    overriding, settling,
};
use crate::{
    Scope,
    aws::{Aws, Fact},
    clock,
    deployment::Deployment,
    hook::Hook,
    outcome::{Outcome, SkipCause},
    plan::{Mode, NETWORK_PATIENCE, OnCreate, Plan},
    protocol::{Invocation, Protocol, Situation},
    scope::Seen,
    secrets::Secrets,
    settings::Settings,
    stage::Stage,
    verdict::Answer,
};

/// Checks are told a deadline this much before the verdict is due, so that they can say what they know;
/// who has not ended a third of it later is cut off.
const MARGIN: Duration = Duration::from_millis(300);

/// What a validation works with.
pub(crate) struct Validation {
    pub(crate) hook: Arc<Hook>,
    pub(crate) invocation: Arc<Invocation>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) board: Arc<Board>,
    pub(crate) aws: Arc<Aws>,
    /// The ARN that the function was invoked by.
    pub(crate) function: Option<String>,
    pub(crate) reserve: Duration,
    /// How a wait goes on after this invocation.
    pub(crate) onward: Onward,
    /// Whether the function was invoked by itself.
    pub(crate) is_link: bool,
    /// What was seen to wait for our report, by an earlier invocation.
    pub(crate) seen: Option<String>,
    /// Whether the wait's clock should have come back and did not.
    pub(crate) lost_clock: bool,
    /// When the guard takes the verdict; checks end a little earlier, so that they can say so.
    pub(crate) due: Instant,
}

impl Validation {
    /// Validates until there is a verdict that ends the wait, or the caller can be told to ask again.
    pub(crate) async fn conclusion(self) -> Conclusion {
        if self.invocation.situation == Situation::Rollback {
            // The event tells it, as AWS documents: there is nothing to ask, and nothing to fail.
            return self.board.conclude(Asking::default());
        }
        // Read once: the plan, and every secret.
        let mut loaded = None;
        loop {
            // Every pass looks at the deployment anew.
            let deployment = self.deployment();
            let load = async {
                // First, so that neither a plan that is broken nor code that panics over it hides an emergency.
                overriding::look(&self, &deployment).await;
                self.loaded(loaded, &deployment).await
            };
            ((), loaded) = tokio::join!(settling::settle(&self, &deployment), load);
            if self.board.settled().over.is_some() {
                return self.board.conclude(Asking::default());
            }
            if let (Some((plan, secrets)), true) =
                (&loaded, self.board.settled().situation != Situation::Rollback)
            {
                self.pass(plan, secrets, deployment).await;
            }
            let conclusion = self.board.conclude(Asking::default());
            let Answer::Wait(delay) = conclusion.verdict.answer else { return conclusion };
            if self.onward == Onward::Asked || self.board.mode() == Mode::Shadow {
                return conclusion;
            }
            // The function itself waits, while another pass can still be made in time.
            if chain::has_time(self.due.saturating_duration_since(Instant::now()), clock::real(delay)) {
                clock::sleep(delay).await;
            } else if let Some(why) = self.onward.ends() {
                return self.board.conclude(Asking { last: Some(why), lost: None });
            } else {
                // The next link looks at once: what is left of this one's time is waited here.
                sleep_until(self.deadline()).await;
                return conclusion;
            }
        }
    }

    /// What was loaded before, or else now.
    async fn loaded(
        &self,
        before: Option<(Plan, Secrets)>,
        deployment: &Deployment,
    ) -> Option<(Plan, Secrets)> {
        match before {
            None => self.load(deployment).await,
            before => before,
        }
    }

    fn deployment(&self) -> Deployment {
        Deployment::of(&self.invocation, self.function.clone(), Arc::clone(&self.aws), self.deadline())
    }

    /// The names of the cluster and the service. CodeDeploy's event does not tell them; its deployment does, but for
    /// one that `CloudFormation` runs. That it could not be asked is an error, and nothing else.
    pub(super) async fn service(&self, deployment: &Deployment) -> Fact<Option<(String, String)>> {
        if let Some(service) = &self.invocation.service {
            return Ok(Some((service.cluster.clone(), service.name.clone())));
        }
        if self.invocation.protocol != Protocol::CodeDeploy {
            return Ok(None);
        }
        let status = deployment.status().await?;
        if status.service.is_some() || status.group.is_none() {
            return Ok(status.service);
        }
        deployment.sides().await.map(|sides| Some((sides.cluster.clone(), sides.service.clone())))
    }

    /// The names of the application and the deployment group, which only CodeDeploy's deployments have.
    pub(super) async fn group(&self, deployment: &Deployment) -> Fact<Option<(String, String)>> {
        if self.invocation.protocol != Protocol::CodeDeploy {
            return Ok(None);
        }
        Ok(deployment.status().await?.group)
    }

    /// When checks should have ended.
    fn deadline(&self) -> Instant {
        self.due.checked_sub(self.margin()).unwrap_or(self.due)
    }

    /// The plan, and the secrets that its checks share. Why there is none stands on the board.
    async fn load(&self, deployment: &Deployment) -> Option<(Plan, Secrets)> {
        match loading::plan(self, deployment).await {
            Ok(plan) => {
                let secrets = Secrets::new(Arc::clone(&self.aws), self.deadline());
                self.board.plan(&plan, secrets.fetched());
                Some((plan, secrets))
            }
            Err(NoPlan::Broken(problems)) => {
                self.board.broken(problems);
                None
            }
            Err(NoPlan::Unread(why)) => {
                self.board.unread(why);
                None
            }
        }
    }

    fn margin(&self) -> Duration {
        (self.due.saturating_duration_since(Instant::now()) / 10).min(MARGIN)
    }

    /// Runs every check once.
    async fn pass(&self, plan: &Plan, secrets: &Secrets, deployment: Deployment) {
        self.board.begin_pass();
        let settled = self.board.settled();
        if settled.situation == Situation::Create && plan.on_create == OnCreate::Pass {
            return self.board.waved_through(&settled.situation_because);
        }
        if let Some(words) = self.wrong_stage(plan, &settled.stage) {
            return self.board.found_for_all(&Outcome::skip(SkipCause::WrongStage, words));
        }
        if let Some(doubt) = self.board.doubt() {
            return self.board.found_for_all(&Outcome::pending(doubt));
        }
        let scope = Scope::new(Seen {
            invocation: &self.invocation,
            settled: &settled,
            plan,
            secrets: secrets.clone(),
            deployment: deployment.clone(),
            deadline: self.deadline(),
        });
        // Green may answer one check with what another one has sent it.
        if plan.checks.len() > 1 {
            secrets.fetch_early(plan.secrets()).await;
        }
        let grace = self.due.saturating_duration_since(scope.deadline()) / 3;
        let mut running = JoinSet::new();
        let mut indices = BTreeMap::new();
        for (index, planned) in plan.checks.iter().enumerate() {
            let scope = scope.with_reading(self.board.reading(&planned.name));
            let (check, board) = (Arc::clone(&planned.check), Arc::clone(&self.board));
            let task = running.spawn(async move {
                let began = Instant::now();
                match timeout_at(scope.deadline() + grace, check.run(&scope)).await {
                    Ok(mut outcome) => {
                        outcome.edit_texts(|text| scope.secrets().redact(text));
                        board.found(index, outcome, began.elapsed());
                    }
                    Err(_) => board.cut(index, began.elapsed()),
                }
            });
            indices.insert(task.id(), index);
        }
        while let Some(ended) = running.join_next().await {
            let Err(error) = ended else { continue };
            let index = indices.get(&error.id()).copied();
            if let (Some(index), Ok(payload)) = (index, error.try_into_panic()) {
                let message = scope.secrets().redact(&panic_message(payload.as_ref()));
                let outcome = Outcome::inconclusive(format!("it panicked: {message}"))
                    .hint("a panic says nothing about green; it is a defect of the check");
                self.board.found(index, outcome, Duration::ZERO);
            }
        }
        if deployment.is_known_to_shift_by_network_load_balancer() {
            self.board.settle(|settled| settled.patience = NETWORK_PATIENCE);
        }
    }

    /// Why the hook has nothing to look at here, if it has not. Who says where green is, says that there
    /// is something to look at.
    fn wrong_stage(&self, plan: &Plan, stage: &Stage) -> Option<String> {
        let anywhere = plan.target.url.is_some() && self.hook.anywhere_with_target_url;
        self.hook.nothing_at(stage).filter(|_| !anywhere)
    }
}
