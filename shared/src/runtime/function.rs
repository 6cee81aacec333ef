//! One event's handling: parse, validate under the guard, report, answer, and what to log of it.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    announcement::Announcement,
    api::{Event, FunctionError},
    board::{Asking, Board, Conclusion, Settled},
    chain::{self, MAX_HOPS, Onward},
    deadline::Deadline,
    guard::{Guard, Lost, MAX_LEAKED_THREADS},
    record::{self, Record},
    validation::Validation,
    wait::{self, Wait},
};
use crate::{
    VERSION,
    aws::{Aws, Connection, Failure},
    clock,
    evidence::{Evidence, SCHEMA, cut},
    hook::Hook,
    plan::{DEFAULT_PATIENCE, Layer, Layered, Mode, Source},
    protocol::{self, Asked, Invocation, Protocol, Reported},
    settings::Settings,
    stage::Stage,
    state::{Clocks, Restored, State},
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
    /// What clients are configured with, where the environment is not asked for it.
    sdk: Option<SdkConfig>,
    read_settings: Box<dyn Fn() -> Settings + Send + Sync>,
}

/// What becomes of an event.
pub(crate) struct Answered {
    /// The document, or an error for Lambda: the report failed for good.
    pub(crate) document: Result<Bytes, FunctionError>,
    /// The lines for the log. They are written after the answer: a log that blocks must not cost a verdict.
    pub(crate) lines: Vec<String>,
    /// What an event bus is told then.
    pub(crate) announcement: Option<Announcement>,
}

/// One event on its way.
struct Handling<'a> {
    invocation: Arc<Invocation>,
    board: Arc<Board>,
    /// The clients that the validation uses, for the record of their calls.
    aws: Arc<Aws>,
    state: State,
    /// The event as it came, and what it came by.
    event: &'a Event,
    /// How a wait goes on after this invocation.
    onward: Onward,
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
            sdk: None,
            read_settings: Box::new(Settings::from_environment),
        }
    }

    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn with_settings(mut self, read: impl Fn() -> Settings + Send + Sync + 'static) -> Self {
        self.read_settings = Box::new(read);
        self
    }

    #[cfg(feature = "simulation")]
    pub(crate) fn with_sdk(mut self, sdk: SdkConfig) -> Self {
        self.validating = Arc::new(Aws::default().configured(Some(sdk.clone())));
        self.sdk = Some(sdk);
        self
    }

    /// Whether so many threads are blocked for good that the process should be replaced.
    pub(crate) fn wants_replacing(&mut self) -> bool {
        self.guard.leaked_threads() > MAX_LEAKED_THREADS
    }

    /// Tells an event bus; why it could not be told is for the log.
    pub(crate) async fn announce(&mut self, announcement: &Announcement) -> Result<(), String> {
        let sent = announcement.send(self.reporting.get_or_insert_default()).await;
        // They belong to no later invocation.
        self.reporting.iter().for_each(|reporting| drop(reporting.calls.take()));
        sent
    }

    /// Answers one event.
    pub(crate) async fn answer(&mut self, event: &Event) -> Answered {
        let began = Instant::now();
        let (deadline, warning) = Deadline::from_header(event.deadline.as_deref(), clock::wall());
        let settings = (self.read_settings)();
        match protocol::parse(&event.body, &settings) {
            Ok(Asked::Verdict(mut invocation)) => {
                invocation.warnings.extend(warning);
                self.judge(*invocation, event, settings, deadline, began).await
            }
            Ok(Asked::Nothing { why, level }) => Answered {
                document: Ok(Bytes::from(json!({ "acknowledged": why }).to_string())),
                lines: vec![json!({ "level": level, "message": why, "hook": self.hook.name }).to_string()],
                announcement: None,
            },
            Err(reason) => {
                let verdict = Verdict::stop(reason);
                Answered {
                    document: Ok(Bytes::from(protocol::document(&verdict, None).to_string())),
                    lines: self
                        .unreadable_event(&verdict, warning, began)
                        .into_lines(settings.metrics, clock::wall()),
                    announcement: None,
                }
            }
        }
    }

    async fn judge(
        &mut self,
        invocation: Invocation,
        event: &Event,
        settings: Settings,
        deadline: Deadline,
        began: Instant,
    ) -> Answered {
        let default_reserve =
            if invocation.protocol == Protocol::Ecs { RESERVE_TO_RETURN } else { RESERVE_TO_REPORT };
        let reserve = settings.reserve.unwrap_or(default_reserve);
        let elsewhere =
            Connection { endpoint_url: settings.report_endpoint_url.clone(), ..Connection::default() };
        self.reporting.get_or_insert_with(|| Aws::at(elsewhere).configured(self.sdk.clone()));
        let handling = self.begin(invocation, event, &settings, reserve, began);
        let (metrics, event_bus) = (settings.metrics, settings.event_bus.clone());
        let mut conclusion = self.validate(&handling, settings, deadline.verdict_due(reserve)).await;
        if let Some(why) = &conclusion.settled.over {
            return self.nobody_waits(&handling, why);
        }
        // Where state was lost the deployment may have told of an earlier start than this process knew.
        self.clocks.since(&handling.state(&conclusion));
        let handed_over = match conclusion.verdict.answer {
            Answer::Wait(_) => self.hand_over(&handling, &mut conclusion, deadline).await,
            Answer::Proceed | Answer::Stop => None,
        };
        cut(&mut conclusion.verdict.reason, MAX_REASON);
        let answer = conclusion.verdict.answer;
        let reported = match handed_over {
            Some(hop) => Ok(Reported::HandedOver(hop)),
            None => self.report(&handling, answer, deadline).await,
        };
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
        let record = self.record(&handling, conclusion, &reported);
        // Others hear of what AWS has heard, and no verdict waits for that.
        let counts = matches!(reported, Ok(Reported::ByReturn | Reported::Accepted));
        let announcement = event_bus
            .filter(|_| counts && !record.waits)
            .map(|bus| Announcement::of(&record.evidence, bus, deadline));
        Answered { document, lines: record.into_lines(metrics, clock::wall()), announcement }
    }

    /// Restores the wait that this event belongs to, and opens the board.
    fn begin<'a>(
        &mut self,
        mut invocation: Invocation,
        event: &'a Event,
        settings: &Settings,
        reserve: Duration,
        began: Instant,
    ) -> Handling<'a> {
        let now = clock::now();
        let Restored { state, warning, unreadable } =
            State::restore(invocation.state().as_ref(), invocation.place(), now);
        // A wait is one of one lifecycle event: what it was found to be, it stays.
        if let (true, Some(stage)) =
            (invocation.stage.is_unnamed(), state.seen.as_deref().and_then(Stage::from_codedeploy))
        {
            invocation.stage = stage;
        }
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
            wait: Wait { since, outer },
            patience: DEFAULT_PATIENCE,
            doubt: None,
            seen: state.seen.clone(),
            service: None,
            over: None,
        };
        let board = Board::new(settled, state.memory());
        if settings.mode == Mode::Shadow || asks_for_shadow(settings, &invocation.hook_details) {
            board.shadow();
        }
        let told = invocation.warnings.iter().chain(&settings.warnings).cloned();
        told.chain(warning).for_each(|warning| board.warn(warning));
        if let Some(expires_at) = invocation.expires_at.filter(|_| outer.is_some_and(|outer| outer <= now)) {
            board.warn(format!(
                "the event expires at {expires_at}, which leaves no time to wait: patience is over"
            ));
        }
        Handling {
            onward: Onward::of(invocation.protocol == Protocol::Ecs, state.hops, event.function.as_deref()),
            invocation: Arc::new(invocation),
            board: Arc::new(board),
            aws: Arc::clone(&self.validating),
            state: State { since, ..state },
            event,
            reserve,
            lost_clock,
            began,
        }
    }

    /// Validates under the guard.
    async fn validate(&mut self, handling: &Handling<'_>, settings: Settings, due: Instant) -> Conclusion {
        let validation = Validation {
            hook: Arc::clone(&self.hook),
            invocation: Arc::clone(&handling.invocation),
            settings: Arc::new(settings),
            board: Arc::clone(&handling.board),
            aws: Arc::clone(&handling.aws),
            function: handling.event.function.clone(),
            onward: handling.onward.clone(),
            is_link: handling.state.hops > 0,
            seen: handling.state.seen.clone(),
            reserve: handling.reserve,
            lost_clock: handling.lost_clock,
            due,
        };
        let instead = |lost: Lost| {
            // What only lacked time gets more of it. A validation that broke down breaks down again, and where
            // the function would have to call itself for that it does not.
            let last = match (&lost, &handling.onward) {
                (Lost::Panicked(_) | Lost::NotStarted(_), Onward::Hop(_)) => Some(""),
                (_, onward) => onward.ends(),
            };
            handling.board.conclude(Asking { last, lost: Some(&lost) })
        };
        let (conclusion, mut abandoned) = self.guard.verdict(due, validation.conclusion(), instead).await;
        if conclusion.cut && !abandoned {
            // A check that was cut off may have left work behind that would crowd out later ones.
            self.guard.abandon();
            abandoned = true;
        }
        if abandoned {
            self.validating = Arc::new(Aws::default().configured(self.sdk.clone()));
        }
        conclusion
    }

    /// Hands a wait over to the next invocation, where nobody asks again, and says by which hop. Where that
    /// fails what is undecided is decided now, and the conclusion says so.
    async fn hand_over(
        &mut self,
        handling: &Handling<'_>,
        conclusion: &mut Conclusion,
        deadline: Deadline,
    ) -> Option<u32> {
        let Onward::Hop(hop) = &handling.onward else { return None };
        let state = State { hops: hop.number, ..handling.state(conclusion) };
        let invoked =
            match (chain::time_to_invoke(deadline.left()), chain::link(&handling.event.body, &state)) {
                (Some(within), Some(event)) => {
                    let reporting = self.reporting.get_or_insert_default();
                    chain::invoke(reporting, hop, event, handling.event.trace.as_deref(), within).await
                }
                (None, _) => Err("too little of it was left to invoke itself".to_owned()),
                (_, None) => Err("it could not invoke itself (the event is no JSON object)".to_owned()),
            };
        match invoked {
            Ok(()) => {
                let number = hop.number;
                let words = format!("; handed over to the next invocation (hop {number} of {MAX_HOPS})");
                conclusion.verdict.reason.push_str(&words);
                Some(number)
            }
            Err(why) => {
                *conclusion = handling.board.conclude(Asking { last: Some(&why), lost: None });
                None
            }
        }
    }

    /// The end of a chain whose event was answered by somebody else meanwhile.
    fn nobody_waits(&mut self, handling: &Handling<'_>, why: &str) -> Answered {
        self.clocks.forget(&handling.state);
        handling.aws.calls.take();
        let (deployment, hops) = (&handling.invocation.deployment, handling.state.hops);
        let message = format!("nobody waits for a verdict any more: {why}; nothing was reported");
        Answered {
            document: Ok(Bytes::from(json!({ "acknowledged": message }).to_string())),
            lines: vec![
                json!({
                    "level": "INFO", "message": message, "hook": self.hook.name, "deployment": deployment,
                    "hops": hops
                })
                .to_string(),
            ],
            announcement: None,
        }
    }

    async fn report(
        &mut self,
        handling: &Handling<'_>,
        answer: Answer,
        deadline: Deadline,
    ) -> Result<Reported, Failure> {
        let left = deadline.left();
        // A little is kept for the answer itself.
        let within = left.saturating_sub((left / 10).min(Duration::from_millis(500))).max(LEAST_TO_REPORT);
        let reporting = self.reporting.get_or_insert_default();
        protocol::report(&handling.invocation, answer, reporting, within).await
    }

    /// What is written down of an invocation.
    fn record(
        &self,
        handling: &Handling<'_>,
        conclusion: Conclusion,
        reported: &Result<Reported, Failure>,
    ) -> Record {
        let Handling { invocation, began, state, .. } = handling;
        let mut aws_calls = handling.aws.calls.take();
        aws_calls.extend(self.reporting.iter().flat_map(|reporting| reporting.calls.take()));
        let Conclusion { verdict, mode, overridden, checks, plan, layers, warnings, settled, .. } =
            conclusion;
        let waits = matches!(verdict.answer, Answer::Wait(_));
        Record {
            waits,
            is_repeated: waits && state.said.as_ref() == Some(&said(&verdict)),
            is_unreported: reported.is_err(),
            evidence: Evidence {
                service: invocation.service.as_ref().map(ToString::to_string).or(settled.service),
                deployment: Some(invocation.deployment.clone()),
                stage: Some(settled.stage.to_string()),
                step: invocation.step.clone(),
                hops: state.hops,
                protocol: invocation.protocol,
                situation: Some(settled.situation),
                situation_because: Some(settled.situation_because),
                mode,
                overridden,
                checks,
                plan,
                layers,
                warnings,
                report: record::report(reported, verdict.answer),
                aws_calls,
                ..self.unreadable(&verdict, None, *began)
            },
        }
    }

    /// What is written down of an event that could not be read.
    fn unreadable_event(&self, verdict: &Verdict, warning: Option<String>, began: Instant) -> Record {
        let evidence = self.unreadable(verdict, warning, began);
        Record { evidence, waits: false, is_repeated: false, is_unreported: false }
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
            hops: 0,
            protocol: Protocol::Ecs,
            situation: None,
            situation_because: None,
            mode: Mode::Enforce,
            overridden: None,
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

impl Handling<'_> {
    /// What the function returns; a wait carries everything that the event carried, and the state.
    fn document(&self, conclusion: &Conclusion) -> Value {
        self.invocation.answer(&conclusion.verdict, &self.state(conclusion))
    }

    /// What the next invocation of this wait is to know.
    fn state(&self, conclusion: &Conclusion) -> State {
        let Conclusion { verdict, settled, memory, .. } = conclusion;
        State {
            said: Some(said(verdict)),
            since: settled.wait.since,
            seen: settled.seen.clone(),
            ..self.state.remembering(memory)
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
