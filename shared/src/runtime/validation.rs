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
    board::{Board, Wait},
    guard::panic_message,
};
use crate::{
    Scope,
    aws::{Aws, Cause},
    hook::Hook,
    outcome::Outcome,
    plan::{Layer, Layered, Mode, OnCreate, Plan, Problem, Source, layers::object},
    protocol::{Invocation, Situation},
    secrets,
    settings::{self, Settings},
    verdict::{Answer, Verdict},
};

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
    pub(crate) async fn verdict(self) -> Verdict {
        loop {
            self.pass().await;
            let verdict = self.board.conclude(self.wait, None, None);
            let Answer::Wait(delay) = verdict.answer else {
                return verdict;
            };
            if self.wait.caller_asks_again || self.board.mode() == Mode::Shadow {
                return verdict;
            }
            // The function itself waits, while another pass can still be made in time.
            if Instant::now() + delay + MIN_PASS >= self.due {
                return self.board.conclude(self.wait, Some(OUT_OF_TIME), None);
            }
            sleep(delay).await;
        }
    }

    /// Reads the plan and runs every check once.
    async fn pass(&self) {
        let plan = match self.plan().await {
            Ok(plan) => plan,
            Err(NoPlan::Broken(problems)) => return self.board.broken(problems),
            Err(NoPlan::Unread(why)) => return self.board.unread(why),
        };
        self.board.plan(&plan);
        self.board.begin_pass();
        if self.invocation.situation == Situation::Create && plan.on_create == OnCreate::Pass {
            return self.board.waved_through(&self.invocation.situation_because);
        }
        let margin =
            (self.due.saturating_duration_since(Instant::now()) / 10).min(Duration::from_millis(100));
        let deadline = self.due.checked_sub(margin).unwrap_or(self.due);
        let scope = Scope::new(
            &self.invocation,
            plan.target.clone(),
            plan.isolation,
            Arc::clone(&self.aws),
            deadline,
        );
        let mut running = JoinSet::new();
        let mut indices = BTreeMap::new();
        for (index, planned) in plan.checks.iter().enumerate() {
            let (check, scope, board) = (Arc::clone(&planned.check), scope.clone(), Arc::clone(&self.board));
            let task = running.spawn(async move {
                let began = Instant::now();
                let outcome = timeout_at(scope.deadline(), check.run(&scope)).await;
                let mut outcome = outcome.unwrap_or_else(|_| {
                    Outcome::inconclusive("it did not finish in the time that the function had")
                        .hint("raise the function's timeout, or ask for less in one invocation")
                });
                outcome.edit_texts(|text| scope.secrets().redact(text));
                board.found(index, outcome, began.elapsed());
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

    /// The plan: the layers, read where they are kept, merged and decoded.
    async fn plan(&self) -> Result<Plan, NoPlan> {
        let details = Source::from_hook_details(&self.invocation.hook_details);
        let sources = [(Layer::Environment, Ok(self.settings.plan.clone())), (Layer::Event, details)];
        let mut layered = self.hook.layered();
        let mut problems = self.settings.problems.clone();
        for (layer, source) in sources {
            match source {
                Ok(Source::None) => {}
                Ok(Source::Inline(keys)) => layered.put(layer, keys),
                Ok(Source::Parameter(names)) => match self.parameter(layer, &names, &mut layered).await {
                    Ok(()) => {}
                    Err(NoPlan::Broken(found)) => problems.extend(found),
                    Err(unread @ NoPlan::Unread(_)) => return Err(unread),
                },
                Err(problem) => problems.push(problem),
            }
            if layered.shadow {
                self.board.shadow();
            }
        }
        let mut plan = match Plan::decode(layered, &self.hook.kinds) {
            Ok(plan) if problems.is_empty() => plan,
            Ok(_) => return Err(NoPlan::Broken(problems)),
            Err(found) => {
                problems.extend(found);
                return Err(NoPlan::Broken(problems));
            }
        };
        if plan.target.url.is_none() {
            plan.target.url.clone_from(&self.settings.target_url);
        }
        Ok(plan)
    }

    /// Reads a layer from Parameter Store: "not found" falls through to the next name, "denied" does not.
    async fn parameter(&self, layer: Layer, names: &[String], layered: &mut Layered) -> Result<(), NoPlan> {
        let mut missing = Vec::new();
        for name in names {
            let name = self.fill_in(layer, name).map_err(|problem| NoPlan::Broken(vec![problem]))?;
            match secrets::parameter(&self.aws, &name).await {
                Ok(text) => {
                    let at = format!("{} (ssm:{name})", layer.name());
                    let keys = object(&text, &at).map_err(|problem| NoPlan::Broken(vec![problem]))?;
                    layered.put(layer, keys);
                    return Ok(());
                }
                Err(failure) if failure.cause == Cause::NotFound => missing.push(format!("`{name}`")),
                Err(failure) if failure.cause == Cause::Denied => {
                    return Err(NoPlan::Broken(vec![Problem::new(layer.name(), failure.to_string())]));
                }
                Err(failure) => {
                    return Err(NoPlan::Unread(format!("the plan of {layer} could not be read: {failure}")));
                }
            }
        }
        let problem = Problem::new(layer.name(), format!("no such parameter: {}", missing.join(", ")));
        Err(NoPlan::Broken(vec![problem.hint("create one of them, or name another: `ssm:NAME|FALLBACK`")]))
    }

    /// Puts the deployment's names into a parameter's name.
    fn fill_in(&self, layer: Layer, name: &str) -> Result<String, Problem> {
        let service = self.invocation.service.as_ref();
        let known = [
            ("{cluster}", service.map(|service| &service.cluster)),
            ("{service}", service.map(|service| &service.name)),
        ];
        let mut filled = name.to_owned();
        for (placeholder, value) in known {
            if let Some(value) = value {
                filled = filled.replace(placeholder, value);
            }
        }
        match filled.find('{') {
            None => Ok(filled),
            Some(at) => Err(Problem::new(
                layer.name(),
                format!("`{}` in `ssm:{name}` is not known from this event", &filled[at..]),
            )
            .hint(format!(
                "an ECS or PAUSE event tells {{cluster}} and {{service}}; set {} to a full name",
                settings::PLAN
            ))),
        }
    }
}

/// A pass is not worth beginning with less time than this.
const MIN_PASS: Duration = Duration::from_secs(1);
/// What the reason says where the function's own time is over.
const OUT_OF_TIME: &str = "when the function's own time was over";

/// Why there is no plan.
enum NoPlan {
    /// It is wrong, and stays so.
    Broken(Vec<Problem>),
    /// It could not be read this time.
    Unread(String),
}
