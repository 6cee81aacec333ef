//! One event's handling: parse, validate under the guard, report, answer, and what to log of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    api::{Event, FunctionError},
    board::{Asking, Board, Conclusion, Settled},
    deadline::Deadline,
    guard::{Guard, Lost, MAX_LEAKED_THREADS},
    validation::Validation,
    wait::{self, Wait},
};
use crate::{
    VERSION,
    aws::{Aws, AwsCall, Connection, Failure},
    clock,
    evidence::{Evidence, SCHEMA, cut},
    hook::Hook,
    plan::{DEFAULT_PATIENCE, Layer, Layered, Mode, Source},
    protocol::{self, Asked, Invocation, Protocol, Reported},
    settings::Settings,
    state::{self, Clocks, Restored, State},
    verdict::{Answer, Verdict},
};

/// Kept back from the deadline where `GREENLIGHT_RESERVE_MS` says nothing.
const RESERVE_TO_RETURN: Duration = Duration::from_secs(5);
const RESERVE_TO_REPORT: Duration = Duration::from_secs(15);
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
    reporting: Option<Aws>,
    /// The clients of validations, on the guard's runtime; replaced with it.
    validating: Arc<Aws>,
    clocks: Clocks,
    read_settings: fn() -> Settings,
}

/// What becomes of an event.
pub(crate) struct Answered {
    /// The document, or an error for Lambda: the report failed for good.
    pub(crate) document: Result<Bytes, FunctionError>,
    /// The line for the log. It is written after the answer: a log that blocks must not cost a verdict.
    pub(crate) line: String,
}

/// One event on its way.
struct Handling {
    invocation: Arc<Invocation>,
    board: Arc<Board>,
    /// The clients that the validation uses, for the record of their calls.
    aws: Arc<Aws>,
    state: State,
    /// The ARN that we were invoked by.
    function: Option<String>,
    reserve: Duration,
    /// Whether state came back that cannot be read, and this process knows no clock either.
    lost_clock: bool,
    began: Instant,
}

impl Function {
    pub(crate) fn new(hook: Hook) -> Self {
        Self {
            hook: Arc::new(hook),
            guard: Guard::default(),
            reporting: None,
            validating: Arc::default(),
            clocks: Clocks::default(),
            read_settings: Settings::from_environment,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_settings(mut self, read: fn() -> Settings) -> Self {
        self.read_settings = read;
        self
    }

    /// Whether so many threads are blocked for good that the process should be replaced.
    pub(crate) fn wants_replacing(&mut self) -> bool {
        self.guard.leaked_threads() > MAX_LEAKED_THREADS
    }

    /// Answers one event.
    pub(crate) async fn answer(&mut self, event: &Event) -> Answered {
        let began = Instant::now();
        let (deadline, warning) = Deadline::from_header(event.deadline.as_deref(), clock::wall());
        let settings = (self.read_settings)();
        match protocol::parse(&event.body, &settings) {
            Ok(Asked::Verdict(mut invocation)) => {
                invocation.warnings.extend(warning);
                self.judge(*invocation, event.function.clone(), settings, deadline, began).await
            }
            Ok(Asked::Nothing { why, level }) => Answered {
                document: Ok(Bytes::from(json!({ "acknowledged": why }).to_string())),
                line: json!({ "level": level, "message": why, "hook": self.hook.name }).to_string(),
            },
            Err(reason) => {
                let verdict = Verdict::stop(reason);
                Answered {
                    document: Ok(Bytes::from(protocol::document(&verdict, None).to_string())),
                    line: self.unreadable(&verdict, warning, began).into_line(),
                }
            }
        }
    }

    async fn judge(
        &mut self,
        invocation: Invocation,
        function: Option<String>,
        settings: Settings,
        deadline: Deadline,
        began: Instant,
    ) -> Answered {
        let default_reserve =
            if invocation.protocol == Protocol::Ecs { RESERVE_TO_RETURN } else { RESERVE_TO_REPORT };
        let reserve = settings.reserve.unwrap_or(default_reserve);
        let elsewhere =
            Connection { endpoint_url: settings.report_endpoint_url.clone(), ..Connection::default() };
        self.reporting.get_or_insert_with(|| Aws::at(elsewhere));
        let handling = self.begin(invocation, function, &settings, reserve, began);
        let mut conclusion = self.validate(&handling, settings, deadline.verdict_due(reserve)).await;
        let verdict = &mut conclusion.verdict;
        cut(&mut verdict.reason, MAX_REASON);
        let answer = verdict.answer;
        let reported = self.report(&handling, answer, deadline).await;
        if reported.is_ok() && !matches!(answer, Answer::Wait(_)) {
            self.clocks.forget(&handling.state);
        }
        let document = match &reported {
            Ok(_) => Ok(Bytes::from(handling.document(&conclusion).to_string())),
            Err(failure) => Err(FunctionError {
                kind: "Greenlight.ReportFailed",
                message: format!("the verdict ({}) could not be reported: {failure}", answer.word()),
            }),
        };
        Answered { document, line: self.line(&handling, conclusion, &reported) }
    }

    /// Restores the wait that this event belongs to, and opens the board.
    fn begin(
        &mut self,
        invocation: Invocation,
        function: Option<String>,
        settings: &Settings,
        reserve: Duration,
        began: Instant,
    ) -> Handling {
        let now = clock::now();
        let echo = invocation.echo();
        let Restored { state, warning, unreadable } =
            State::restore(echo.get(state::KEY), invocation.place(), now);
        let lost_clock = unreadable && !self.clocks.know(&state);
        let since = self.clocks.since(&state);
        let outer = match invocation.protocol {
            Protocol::CodeDeploy => Some(later(since, CODEDEPLOY_WAITS)),
            Protocol::Ecs | Protocol::Pause => {
                invocation.expires_at.map(|expires_at| wait::outer(expires_at, reserve))
            }
        };
        let settled = Settled {
            stage: invocation.stage.clone(),
            situation: invocation.situation,
            situation_because: invocation.situation_because.clone(),
            wait: Wait { since, outer, caller_asks_again: invocation.protocol == Protocol::Ecs },
            patience: DEFAULT_PATIENCE,
            doubt: None,
        };
        let board = Board::new(settled, state.memory());
        if settings.mode == Mode::Shadow || asks_for_shadow(settings, &invocation.hook_details) {
            board.shadow();
        }
        invocation.warnings.iter().cloned().chain(warning).for_each(|warning| board.warn(warning));
        if let Some(expires_at) = invocation.expires_at.filter(|_| outer.is_some_and(|outer| outer <= now)) {
            board.warn(format!(
                "the event expires at {expires_at}, which leaves no time to wait: patience is over"
            ));
        }
        Handling {
            invocation: Arc::new(invocation),
            board: Arc::new(board),
            aws: Arc::clone(&self.validating),
            state: State { since, ..state },
            function,
            reserve,
            lost_clock,
            began,
        }
    }

    /// Validates under the guard.
    async fn validate(&mut self, handling: &Handling, settings: Settings, due: Instant) -> Conclusion {
        let validation = Validation {
            hook: Arc::clone(&self.hook),
            invocation: Arc::clone(&handling.invocation),
            settings: Arc::new(settings),
            board: Arc::clone(&handling.board),
            aws: Arc::clone(&handling.aws),
            function: handling.function.clone(),
            reserve: handling.reserve,
            lost_clock: handling.lost_clock,
            due,
        };
        let caller_asks_again = handling.invocation.protocol == Protocol::Ecs;
        let instead = |lost: Lost| {
            let asking = Asking { last: !caller_asks_again, lost: Some(&lost) };
            handling.board.conclude(asking)
        };
        let (conclusion, mut abandoned) = self.guard.verdict(due, validation.conclusion(), instead).await;
        if conclusion.cut && !abandoned {
            // A check that was cut off may have left work behind that would crowd out later ones.
            self.guard.abandon();
            abandoned = true;
        }
        if abandoned {
            self.validating = Arc::default();
        }
        conclusion
    }

    async fn report(
        &mut self,
        handling: &Handling,
        answer: Answer,
        deadline: Deadline,
    ) -> Result<Reported, Failure> {
        let left = deadline.left();
        // A little is kept for the answer itself.
        let within = left.saturating_sub((left / 10).min(Duration::from_millis(500))).max(LEAST_TO_REPORT);
        let reporting = self.reporting.get_or_insert_default();
        protocol::report(&handling.invocation, answer, reporting, within).await
    }

    /// The line for the log: complete for the first, a changed and the final verdict, else short.
    fn line(
        &self,
        handling: &Handling,
        conclusion: Conclusion,
        reported: &Result<Reported, Failure>,
    ) -> String {
        let verdict = &conclusion.verdict;
        let mut calls = handling.aws.calls.take();
        calls.extend(self.reporting.iter().flat_map(|reporting| reporting.calls.take()));
        let waits = matches!(verdict.answer, Answer::Wait(_));
        if waits && handling.state.said.as_ref() == Some(&said(verdict)) {
            let deployment = &handling.invocation.deployment;
            return json!({ "level": "INFO", "message": "still waiting", "reason": verdict.reason, "deployment": deployment })
                .to_string();
        }
        self.evidence(handling, conclusion, reported, calls).into_line()
    }

    fn evidence(
        &self,
        handling: &Handling,
        conclusion: Conclusion,
        reported: &Result<Reported, Failure>,
        aws_calls: Vec<AwsCall>,
    ) -> Evidence {
        let Handling { invocation, began, .. } = handling;
        let Conclusion { verdict, mode, checks, plan, layers, warnings, settled, .. } = conclusion;
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
            stage: Some(settled.stage.to_string()),
            step: invocation.step.clone(),
            protocol: invocation.protocol,
            situation: Some(settled.situation),
            situation_because: Some(settled.situation_because),
            mode,
            checks,
            plan,
            layers,
            warnings,
            report,
            aws_calls,
            ..self.unreadable(&verdict, None, *began)
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
            plan: Value::Null,
            layers: std::collections::BTreeMap::default(),
            warnings: warning.into_iter().collect(),
            report: None,
            aws_calls: Vec::new(),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            shortened: None,
        }
    }
}

impl Handling {
    /// What the function returns; a wait carries everything that the event carried, and the state.
    fn document(&self, conclusion: &Conclusion) -> Value {
        let Conclusion { verdict, settled, memory, .. } = conclusion;
        let mut echo = self.invocation.echo();
        let state =
            State { said: Some(said(verdict)), since: settled.wait.since, ..self.state.remembering(memory) };
        echo.insert(state::KEY.to_owned(), state.to_value());
        protocol::document(verdict, Some(echo))
    }
}

/// What an invocation said, for the next one to see whether that changed.
fn said(verdict: &Verdict) -> String {
    format!("{} {}", verdict.answer.word(), verdict.deciding_check.as_deref().unwrap_or_default())
}

/// Whether a layer that stands in the event or the environment asks for shadow mode, even beside a
/// broken one. A layer that is kept elsewhere is looked at when it is read.
fn asks_for_shadow(settings: &Settings, hook_details: &Value) -> bool {
    let mut layered = Layered::default();
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

#[cfg(test)]
mod tests;
