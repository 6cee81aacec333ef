//! One validation: load the plan, run its checks side by side, and again while there is patience.
//!
//! It runs on the guard's runtime. It writes what it finds on the [`Board`], where the guard can read
//! it at any time, and it has no way to report.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use super::{
    board::{Asking, Board, Conclusion},
    guard::panic_message,
    loading::{self, NoPlan},
    wait::Wait,
};
use crate::{
    Scope,
    aws::Aws,
    hook::Hook,
    outcome::Outcome,
    plan::{Mode, OnCreate, Plan},
    protocol::{Invocation, Situation},
    settings::Settings,
    verdict::Answer,
};

/// A pass is not worth beginning with less time than this.
const MIN_PASS: Duration = Duration::from_secs(1);
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
    pub(crate) wait: Wait,
    /// When the guard takes the verdict; checks end a little earlier, so that they can say so.
    pub(crate) due: Instant,
}

impl Validation {
    /// Validates until there is a verdict that ends the wait, or the caller can be told to ask again.
    pub(crate) async fn conclusion(self) -> Conclusion {
        // Read once: the plan, and in the scope every secret.
        let mut loaded = None;
        loop {
            if loaded.is_none() {
                loaded = self.load().await;
            }
            if let Some((plan, scope)) = &loaded {
                self.pass(plan, scope).await;
            }
            let conclusion = self.board.conclude(self.wait, Asking::default());
            let Answer::Wait(delay) = conclusion.verdict.answer else { return conclusion };
            if self.wait.caller_asks_again || self.board.mode() == Mode::Shadow {
                return conclusion;
            }
            // The function itself waits, while another pass can still be made in time.
            if Instant::now() + delay + MIN_PASS >= self.due {
                return self.board.conclude(self.wait, Asking { last: true, lost: None });
            }
            sleep(delay).await;
        }
    }

    /// The plan, and the scope that its checks share. Why there is none stands on the board.
    async fn load(&self) -> Option<(Plan, Scope)> {
        match loading::plan(self).await {
            Ok(plan) => {
                self.board.plan(&plan);
                let deadline = self.due.checked_sub(self.margin()).unwrap_or(self.due);
                let scope = Scope::new(&self.invocation, &plan, Arc::clone(&self.aws), deadline);
                Some((plan, scope))
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
    async fn pass(&self, plan: &Plan, scope: &Scope) {
        self.board.begin_pass();
        if self.invocation.situation == Situation::Create && plan.on_create == OnCreate::Pass {
            return self.board.waved_through(&self.invocation.situation_because);
        }
        let grace = self.due.saturating_duration_since(scope.deadline()) / 3;
        let mut running = JoinSet::new();
        let mut indices = BTreeMap::new();
        for (index, planned) in plan.checks.iter().enumerate() {
            let (check, scope, board) = (Arc::clone(&planned.check), scope.clone(), Arc::clone(&self.board));
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
    }
}
