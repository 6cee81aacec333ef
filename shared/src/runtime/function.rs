//! One event's handling: parse, validate under the guard, report, log, answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    api::{Event, FunctionError},
    board::{Board, Wait},
    deadline::Deadline,
    guard::{Guard, Lost, MAX_LEAKED_THREADS},
    log::Log,
    validation::Validation,
};
use crate::{
    VERSION,
    aws::{Aws, AwsCall, Failure},
    clock,
    evidence::{Evidence, SCHEMA, cut},
    hook::Hook,
    plan::{Layer, Mode, Source},
    protocol::{self, Asked, Invocation, Protocol, Reported, Situation},
    settings::Settings,
    state::{self, Clocks, State},
    verdict::{Answer, Verdict},
};

/// Kept back from the deadline where `GREENLIGHT_RESERVE_MS` says nothing.
const RESERVE_TO_RETURN: Duration = Duration::from_secs(5);
const RESERVE_TO_REPORT: Duration = Duration::from_secs(15);
/// Patience ends this long before the one who waits gives up, beside the reserve.
const OUTER_MARGIN: Duration = Duration::from_mins(1);
/// CodeDeploy waits an hour for its callback; patience ends well before.
const CODEDEPLOY_WAITS: Duration = Duration::from_mins(55);
/// A report gets this long even where its time is over: the deadline may lie, and if it does not, Lambda
/// ends the function by itself.
const LEAST_TO_REPORT: Duration = Duration::from_secs(1);
/// The longest reason, in characters. ECS and people read one sentence.
const MAX_REASON: usize = 4000;

/// A function between its invocations: what is kept warm.
pub(crate) struct Function {
    hook: Arc<Hook>,
    guard: Guard,
    /// The clients of reports, on the loop's runtime.
    reporting: Aws,
    /// The clients of validations, on the guard's runtime; replaced with it.
    validating: Arc<Aws>,
    clocks: Clocks,
    log: Log,
    read_settings: fn() -> Settings,
}

/// One event on its way.
struct Handling {
    invocation: Arc<Invocation>,
    board: Arc<Board>,
    state: State,
    wait: Wait,
    began: Instant,
}

impl Handling {
    /// What the function returns; a wait carries everything that the event carried, and the state.
    fn document(&self, verdict: &Verdict) -> Value {
        let mut echo = self.invocation.echo();
        let state = State { said: Some(said(verdict)), ..self.state.clone() };
        echo.insert(state::KEY.to_owned(), state.to_value());
        protocol::document(verdict, Some(echo))
    }
}

impl Function {
    pub(crate) fn new(hook: Hook, log: Log) -> Self {
        Self {
            hook: Arc::new(hook),
            guard: Guard::default(),
            reporting: Aws::default(),
            validating: Arc::default(),
            clocks: Clocks::default(),
            log,
            read_settings: Settings::from_environment,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_settings(mut self, read: fn() -> Settings) -> Self {
        self.read_settings = read;
        self
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Whether so many threads are blocked for good that the process should be replaced.
    pub(crate) fn wants_replacing(&mut self) -> bool {
        self.guard.leaked_threads() > MAX_LEAKED_THREADS
    }

    /// Answers one event. An error is one for Lambda: the report failed for good.
    pub(crate) async fn answer(&mut self, event: &Event) -> Result<Bytes, FunctionError> {
        let began = Instant::now();
        let (deadline, warning) = Deadline::from_header(event.deadline.as_deref(), clock::now());
        let settings = (self.read_settings)();
        match protocol::parse(&event.body, &settings) {
            Ok(Asked::Verdict(mut invocation)) => {
                invocation.warnings.extend(warning);
                self.judge(*invocation, settings, deadline, began).await
            }
            Ok(Asked::Nothing(why)) => {
                self.log
                    .line(&json!({ "level": "INFO", "message": why, "hook": self.hook.name }).to_string());
                Ok(Bytes::from(json!({ "acknowledged": why }).to_string()))
            }
            Ok(Asked::Unclear(why)) => {
                self.log
                    .line(&json!({ "level": "ERROR", "message": why, "hook": self.hook.name }).to_string());
                Err(FunctionError { kind: "Greenlight.BadSetting", message: why })
            }
            Err(reason) => {
                let verdict = Verdict::stop(reason);
                self.log.line(&self.unreadable(&verdict, warning, began).into_line());
                Ok(Bytes::from(protocol::document(&verdict, None).to_string()))
            }
        }
    }

    async fn judge(
        &mut self,
        invocation: Invocation,
        settings: Settings,
        deadline: Deadline,
        began: Instant,
    ) -> Result<Bytes, FunctionError> {
        let default_reserve =
            if invocation.protocol == Protocol::Ecs { RESERVE_TO_RETURN } else { RESERVE_TO_REPORT };
        let reserve = settings.reserve.unwrap_or(default_reserve);
        let handling = self.begin(invocation, &settings, reserve, began);
        let (mut verdict, lost) = if handling.invocation.situation == Situation::Rollback {
            let because = &handling.invocation.situation_because;
            (Verdict::proceed(format!("rollback: nothing was validated: {because}")), None)
        } else {
            self.validate(&handling, settings, deadline.verdict_due(reserve)).await
        };
        cut(&mut verdict.reason, MAX_REASON);
        let reported = self.report(&handling, verdict.answer, deadline).await;
        let answer = handling.document(&verdict);
        self.log_evidence(&handling, &verdict, lost.as_ref(), &reported);
        match reported {
            Ok(_) => Ok(Bytes::from(answer.to_string())),
            Err(failure) => Err(FunctionError {
                kind: "Greenlight.ReportFailed",
                message: format!("the verdict ({}) could not be reported: {failure}", verdict.answer.word()),
            }),
        }
    }

    /// Restores the wait that this event belongs to, and opens the board.
    fn begin(
        &mut self,
        invocation: Invocation,
        settings: &Settings,
        reserve: Duration,
        began: Instant,
    ) -> Handling {
        let now = clock::now();
        let board = Board::default();
        if settings.mode == Mode::Shadow || asks_for_shadow(settings, &invocation.hook_details) {
            board.shadow();
        }
        let echo = invocation.echo();
        let (state, warning) = State::restore(echo.get(state::KEY), invocation.place(), now);
        invocation.warnings.iter().cloned().chain(warning).for_each(|warning| board.warn(warning));
        let caller_asks_again = invocation.protocol == Protocol::Ecs;
        // Where the function itself waits, a second delivery is a wait of its own.
        let since = if caller_asks_again { self.clocks.since(&state) } else { now };
        let outer = invocation.expires_at.or_else(|| {
            (invocation.protocol == Protocol::CodeDeploy)
                .then(|| later(now, CODEDEPLOY_WAITS + reserve + OUTER_MARGIN))
        });
        let outer = outer.map(|outer| earlier(outer, reserve + OUTER_MARGIN));
        let wait = Wait { since, outer, caller_asks_again };
        let state = State { since, ..state };
        Handling { invocation: Arc::new(invocation), board: Arc::new(board), state, wait, began }
    }

    /// Validates under the guard.
    async fn validate(
        &mut self,
        handling: &Handling,
        settings: Settings,
        due: Instant,
    ) -> (Verdict, Option<Lost>) {
        let validation = Validation {
            hook: Arc::clone(&self.hook),
            invocation: Arc::clone(&handling.invocation),
            settings: Arc::new(settings),
            board: Arc::clone(&handling.board),
            aws: Arc::clone(&self.validating),
            wait: handling.wait,
            due,
        };
        let instead = |lost: Lost| {
            let last = (!handling.wait.caller_asks_again).then_some("when the function's own time was over");
            (handling.board.conclude(handling.wait, last, Some(&lost)), Some(lost))
        };
        let verdict = async move { (validation.verdict().await, None) };
        let (verdict, abandoned) = self.guard.verdict(due, verdict, instead).await;
        if abandoned {
            self.validating = Arc::default();
        }
        verdict
    }

    async fn report(
        &self,
        handling: &Handling,
        answer: Answer,
        deadline: Deadline,
    ) -> Result<Reported, Failure> {
        let left = deadline.left();
        // A little is kept for the log line and the answer itself.
        let within = left.saturating_sub((left / 10).min(Duration::from_millis(500))).max(LEAST_TO_REPORT);
        protocol::report(&handling.invocation, answer, &self.reporting, within).await
    }

    fn log_evidence(
        &self,
        handling: &Handling,
        verdict: &Verdict,
        lost: Option<&Lost>,
        reported: &Result<Reported, Failure>,
    ) {
        let unchanged =
            matches!(verdict.answer, Answer::Wait(_)) && handling.state.said.as_ref() == Some(&said(verdict));
        let mut calls = self.validating.calls.take();
        calls.extend(self.reporting.calls.take());
        if unchanged {
            let still = json!({ "level": "INFO", "message": "still waiting", "reason": verdict.reason, "deployment": handling.invocation.deployment });
            self.log.line(&still.to_string());
            return;
        }
        self.log.line(&self.evidence(handling, verdict, lost, reported, calls).into_line());
    }

    fn evidence(
        &self,
        handling: &Handling,
        verdict: &Verdict,
        lost: Option<&Lost>,
        reported: &Result<Reported, Failure>,
        aws_calls: Vec<AwsCall>,
    ) -> Evidence {
        let Handling { invocation, board, began, .. } = handling;
        let report = match reported {
            Ok(Reported::ByReturn) => None,
            Ok(Reported::Accepted) => Some("accepted".to_owned()),
            Ok(Reported::AlreadyAnswered(words)) => Some(format!(
                "already answered: {words}; if that was not an earlier delivery of this event, our verdict ({}) was not the one that counted",
                verdict.answer.word()
            )),
            Err(failure) => Some(format!("failed: {failure}")),
        };
        Evidence {
            service: invocation.service.as_ref().map(ToString::to_string),
            deployment: Some(invocation.deployment.clone()),
            stage: Some(invocation.stage.to_string()),
            step: invocation.step.clone(),
            protocol: invocation.protocol,
            situation: Some(invocation.situation),
            situation_because: Some(invocation.situation_because.clone()),
            mode: board.mode(),
            checks: board.records(lost),
            layers: board.layers(),
            warnings: board.warnings(),
            report,
            aws_calls,
            ..self.unreadable(verdict, None, *began)
        }
    }

    /// The evidence of an event that could not be read; the frame of every other.
    fn unreadable(&self, verdict: &Verdict, warning: Option<String>, began: Instant) -> Evidence {
        Evidence {
            greenlight: SCHEMA,
            version: VERSION,
            hook: self.hook.name.to_owned(),
            service: None,
            deployment: None,
            stage: None,
            step: None,
            protocol: Protocol::Ecs,
            situation: None,
            situation_because: None,
            mode: Mode::Enforce,
            verdict: verdict.answer.word(),
            reason: verdict.reason.clone(),
            deciding_check: verdict.deciding_check.clone(),
            checks: Vec::new(),
            layers: std::collections::BTreeMap::default(),
            warnings: warning.into_iter().collect(),
            report: None,
            aws_calls: Vec::new(),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            shortened: None,
        }
    }
}

/// What an invocation said, for the next one to see whether that changed.
fn said(verdict: &Verdict) -> String {
    format!("{} {}", verdict.answer.word(), verdict.deciding_check.as_deref().unwrap_or_default())
}

/// Whether a layer that stands in the event or the environment asks for shadow mode, even beside a
/// broken one. A layer that is kept elsewhere is looked at when it is read.
fn asks_for_shadow(settings: &Settings, hook_details: &Value) -> bool {
    let mut layered = crate::plan::Layered::default();
    for source in [Some(settings.plan.clone()), Source::from_hook_details(hook_details).ok()] {
        if let Some(Source::Inline(keys)) = source {
            layered.put(Layer::Event, keys);
        }
    }
    layered.shadow
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
