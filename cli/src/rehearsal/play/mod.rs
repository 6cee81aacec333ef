//! Plays a whole deployment: real applications, a real load balancer, the real hook processes, and the
//! controller that decides.
//!
//! The [controller](super::controller) says what is to be done and is told what came of it; here it is
//! done. A [`Play`] first sets the stage (blue's tasks, the world behind the AWS endpoint, the load
//! balancer, the users), then [`run`](Play::run)s the deployment to its end and tells a timeline as it
//! goes. The world is kept true to the controller, so that hooks, and people with the AWS CLI, see what
//! they would see on AWS.

mod decided;
mod entry;
mod front;
mod functions;
mod invoking;
mod monitoring;
mod pace;
mod played;
mod progress;
mod scene;
mod settings;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

pub use self::entry::{Around, Entry, Invoked, What, Whose};
pub use self::functions::{FunctionSettings, Runs};
pub use self::played::{OfCodeDeploy, Played};
pub use self::progress::{Progress, UsersSoFar};
pub use self::settings::{Answerer, Settings};
pub use self::stage::NotPlayed;

use self::pace::{AtWork, Hope};
use self::stage::Stage;
use super::Colour;
use super::controller::{Command, Deployment, Input};
use super::fault::HookFaultKind;
use super::task::{NotReady, Tasks};
use super::users::{NoAnswer, PATIENCE, Seen};

/// The second of a minute in which the deployment begins, whenever somebody happens to start it. Periods of metrics
/// begin with whole minutes; green is healthy after about a minute, and gets its traffic shortly before one.
const BEGINS: i64 = 50;

/// How long users go on once the deployment is over, in simulated time.
const AFTERMATH: Duration = Duration::from_secs(15);

/// A rehearsal whose stage is set.
#[derive(Debug)]
pub struct Play {
    stage: Stage,
    deployment: Deployment,
    began: Duration,
    /// What was done reports here.
    done: mpsc::UnboundedReceiver<Done>,
    work: Work,
    /// Green's tasks, once they run.
    green: Option<Tasks>,
    fired: Vec<String>,
    /// Why each execution was decided as it was, in the words of its function.
    reasons: BTreeMap<usize, String>,
    entries: Vec<Entry>,
    at_work: AtWork,
    /// Notes that need to be told once only.
    told: BTreeSet<String>,
    /// Whether green had production traffic at any time.
    green_served: bool,
    /// The number of the errand that green was started for.
    errand: usize,
    /// How many of green's tasks have ended by themselves.
    lost: usize,
    /// How many PAUSE hooks waited.
    pauses: usize,
    /// How many self-invocations of functions have been seen.
    followed: usize,
}

/// What is under way. Dropping it ends it.
#[derive(Debug)]
struct Work {
    tell: mpsc::UnboundedSender<Done>,
    tasks: JoinSet<()>,
    /// What waits for an execution's verdict.
    of_executions: BTreeMap<usize, Vec<AbortHandle>>,
    /// How many invocations of an execution's function are under way.
    under_way: BTreeMap<usize, watch::Sender<usize>>,
    /// What waits for a side to be healthy.
    health: Option<AbortHandle>,
    /// The errand that is late, and whether it will be done.
    late: Option<(usize, Hope)>,
    /// The executions whose functions have ended without a report, and whether one will come.
    silent: BTreeMap<usize, Hope>,
}

/// What was done.
#[derive(Debug)]
enum Done {
    /// Green's tasks were started, or were not.
    Started { errand: usize, tasks: Result<Tasks, NotReady> },
    /// All targets of green are healthy.
    Healthy { errand: usize },
    /// Blue's targets are healthy again.
    Restored { errand: usize },
    /// Targets were not healthy for as long as the circuit breaker takes.
    Broke { errand: usize, colour: Colour },
    /// An invocation of a function came to its end.
    Invoked {
        invoked: Box<Invoked>,
        /// Whether no further attempt will be made to get a report.
        is_last: bool,
        /// What the controller is to know.
        input: Option<Input>,
    },
    /// Something happened that the controller is to know.
    Told(Input),
    /// A function began or ended to be at work.
    Pace,
}

impl Play {
    /// Sets the stage: blue serves its users, green is not there yet.
    pub async fn prepare(
        settings: Settings,
        equip: impl FnOnce(&super::aws::Aws),
    ) -> Result<Self, NotPlayed> {
        let (stage, deployment) = Stage::set(settings, equip).await?;
        let (tell, done) = mpsc::unbounded_channel();
        let began = stage.clock.elapsed();
        Ok(Self {
            stage,
            deployment,
            began,
            done,
            work: Work {
                tell,
                tasks: JoinSet::new(),
                of_executions: BTreeMap::new(),
                under_way: BTreeMap::new(),
                health: None,
                late: None,
                silent: BTreeMap::new(),
            },
            green: None,
            fired: Vec::new(),
            reasons: BTreeMap::new(),
            entries: Vec::new(),
            at_work: AtWork::default(),
            told: BTreeSet::new(),
            green_served: false,
            errand: 0,
            lost: 0,
            pauses: 0,
            followed: 0,
        })
    }

    /// What `--endpoint-url` of the AWS CLI has to say.
    pub fn endpoint_url(&self) -> String {
        self.stage.aws.endpoint_url()
    }

    /// Where production traffic and test traffic come in.
    pub fn entrances(&self) -> (Option<String>, Option<String>) {
        self.stage.entrances()
    }

    /// How far it is, for those who look on.
    pub fn progress(&self) -> Progress {
        let windows = self.stage.users.windows();
        Progress { clock: self.stage.clock.clone(), began: self.began, windows }
    }

    /// How the AWS CLI looks at the deployment.
    pub fn describe(&self) -> String {
        let url = self.endpoint_url();
        let identity = self.stage.identity();
        if self.stage.is_codedeploy() {
            format!(
                "aws deploy get-deployment --region {} --endpoint-url {url} --deployment-id {}",
                identity.region, identity.deployment
            )
        } else {
            format!(
                "aws ecs describe-service-deployments --region {} --endpoint-url {url} --service-deployment-arns {}",
                identity.region, identity.deployment
            )
        }
    }

    /// The timeline so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Plays the deployment to its end; every entry of the timeline is told as it is made.
    pub async fn run(&mut self, mut tell: impl FnMut(&Entry)) -> Result<Played, NotPlayed> {
        let started = tokio::time::Instant::now();
        self.stage.clock.skip_to_second(BEGINS);
        self.began = self.stage.clock.elapsed();
        let mut commands = self.deployment.start(self.began);
        loop {
            self.green_served |= self.deployment.production_share() > 0.0;
            self.keep_pace(&mut tell);
            // The world is true before anybody is called, and again after all was done.
            self.mirror();
            for command in std::mem::take(&mut commands) {
                self.carry_out(command, &mut tell);
            }
            self.mirror();
            if self.deployment.production_share() > 0.0 {
                self.stage.open_to_users()?;
            }
            if self.deployment.status().is_final() {
                break;
            }
            self.keep_pace(&mut tell);
            let input = self.next(&mut tell).await?;
            if let Some(input) = input {
                commands = self.deployment.handle(self.stage.clock.elapsed(), input);
            }
        }
        if let Some(what) = self.stage.contradiction(&self.deployment) {
            return Err(NotPlayed::Contradiction(what));
        }
        let simulated = self.stage.clock.elapsed().saturating_sub(self.began);
        if self.stage.users.windows().is_some() {
            // What users have of the end belongs to it. A function that is still at work, for nobody, does not hold it up.
            self.stage.clock.set_speed(self.stage.speed);
            self.stage.clock.sleep(AFTERMATH).await;
        }
        let users = self.stage.close_to_users().await;
        Ok(Played {
            status: self.deployment.status(),
            codedeploy: self.stage.is_codedeploy().then(|| {
                let identity = self.stage.identity();
                OfCodeDeploy { deployment: identity.deployment, rollback: identity.rollback_deployment }
            }),
            reason: self.deployment.reason().map(ToOwned::to_owned),
            decided_by: decided::by(&self.entries, &self.reasons, self.deployment.status().is_success()),
            notes: self.notes(&users),
            service: self.stage.name(),
            users,
            green_served: self.green_served,
            simulated_seconds: simulated.as_secs_f64(),
            real_seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Ends everything, as ECS ends tasks.
    pub async fn end(self) {
        let Self { stage, green, work, .. } = self;
        drop(work);
        let blue = stage.end();
        for tasks in [blue, green].into_iter().flatten() {
            tasks.stop().await;
        }
    }

    /// The next thing that happens; nothing where it is of no interest to the controller.
    async fn next(&mut self, tell: &mut impl FnMut(&Entry)) -> Result<Option<Input>, NotPlayed> {
        let deadline = self.deployment.deadline();
        let clock = self.stage.clock.clone();
        let time = async {
            match deadline {
                Some(deadline) => clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let green = self.green.as_ref();
        let ended = async {
            match green {
                Some(green) => green.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = self.done.recv() => self.finish(done, tell),
            fired = stage::fired(self.stage.alarms.as_mut()) => {
                self.note(Around::Note { text: format!("alarm {}: {}", fired.name, fired.observed) }, tell);
                self.fired.push(fired.name.clone());
                Ok(Some(Input::Alarm(fired.name)))
            }
            ended = ended => {
                self.stage.lose(&ended);
                let reason = stage::task_end(&ended);
                self.note(Around::TaskEnded { colour: Colour::Green, task: ended.task, reason }, tell);
                Ok(self.lose_task())
            }
            rollback = stage::stopped(&self.stage.aws, self.stage.stops) => {
                self.stage.stops += 1;
                self.note(Around::Note { text: "somebody called StopServiceDeployment".to_owned() }, tell);
                Ok(Some(Input::Stopped { rollback }))
            }
            () = stage::invoked(&self.stage.aws, self.followed) => {
                self.follow();
                Ok(None)
            }
            () = time => Ok(Some(Input::Time)),
        }
    }

    fn finish(&mut self, done: Done, tell: &mut impl FnMut(&Entry)) -> Result<Option<Input>, NotPlayed> {
        match done {
            // Nobody awaits it any more: tasks that have come too late end here.
            Done::Started { errand, .. }
            | Done::Healthy { errand }
            | Done::Restored { errand }
            | Done::Broke { errand, .. }
                if !self.deployment.awaits(errand) => {}
            Done::Started { errand, tasks: Err(not_ready) } if not_ready.is_its_own() => {
                self.note(never_ready(not_ready), tell);
                self.work.late = Some((errand, Hope::None));
                return Ok(Some(Input::Broke { errand }));
            }
            Done::Started { tasks: Err(not_ready), .. } => return Err(NotPlayed::NotReady(not_ready)),
            Done::Started { errand, tasks: Ok(tasks) } => {
                self.stage.add_green(tasks.addresses());
                // In one pool with blue it serves from the beginning.
                self.green_served |= self.stage.is_rolling();
                self.green = Some(tasks);
                self.mirror();
                self.await_health(errand);
            }
            Done::Healthy { errand } => {
                let tasks = self.green.as_ref().map_or(0, |green| green.addresses().len());
                let program = self.stage.green.to_string();
                self.note(Around::Running { colour: Colour::Green, tasks, program }, tell);
                if self.stage.is_rolling() {
                    self.stage.end_side(Colour::Blue);
                }
                return Ok(Some(Input::Done { errand }));
            }
            Done::Restored { errand } => {
                self.stage.end_side(Colour::Green);
                return Ok(Some(Input::Done { errand }));
            }
            Done::Broke { errand, colour } => {
                let hope = if self.stage.may_be_late(colour) { Hope::Little } else { Hope::None };
                self.work.late = Some((errand, hope));
                return Ok(Some(Input::Broke { errand }));
            }
            Done::Pace => {}
            Done::Invoked { invoked, .. }
                if !invoked.was_ready
                    && self.stage.functions.is_real_time(&invoked.function)
                    && !self.stage.has_fault(&invoked.function, &HookFaultKind::Killed) =>
            {
                // A program that does not start says nothing of green, and deployed it might.
                return Err(NotPlayed::NoFunction(invoked));
            }
            Done::Invoked { invoked, is_last, input } => {
                let reason = invoked.reason().or_else(|| invoked.failure.clone());
                if let (Some(reason), false) = (reason, invoked.twice) {
                    self.reasons.insert(invoked.execution, reason);
                }
                if is_last && !self.is_reported(invoked.execution) {
                    // Who ends well may have asked somebody else to report.
                    let hope = if invoked.failure.is_some() { Hope::None } else { Hope::Little };
                    self.work.silent.insert(invoked.execution, hope);
                }
                self.note(Around::Invoked(invoked), tell);
                return Ok(input);
            }
            Done::Told(Input::Reported { execution, proceed, reason }) => {
                let reason = reason.or_else(|| self.reasons.get(&execution).cloned());
                return Ok(Some(Input::Reported { execution, proceed, reason }));
            }
            Done::Told(input) => return Ok(Some(input)),
        }
        Ok(None)
    }

    fn carry_out(&mut self, command: Command, tell: &mut impl FnMut(&Entry)) {
        match command {
            Command::ScaleUp { errand } | Command::Replace { errand } => self.start_green(errand),
            Command::Restore { errand } => self.restore_blue(errand),
            // The world has the weights already.
            Command::ShiftTest(_) | Command::ShiftProduction(_) => {}
            Command::EndBlue => self.stage.end_side(Colour::Blue),
            Command::EndGreen => self.stage.end_side(Colour::Green),
            Command::Invoke { execution, function, event, asynchronous } => {
                self.invoke(execution, &function, &event, asynchronous);
            }
            Command::Pause { execution, event } => {
                self.pauses += 1;
                self.pause(execution, &event, tell);
            }
            Command::Forget { execution } => self.forget(execution),
            Command::Note(happening) => self.tell(What::Deployment(happening), tell),
        }
    }

    fn start_green(&mut self, errand: usize) {
        self.errand = errand;
        let starting = self.stage.start_green();
        let tell = self.work.tell.clone();
        self.work.tasks.spawn(async move {
            // Nobody listens any more where the rehearsal is over.
            let _ = tell.send(Done::Started { errand, tasks: starting.await });
        });
    }

    fn await_health(&mut self, errand: usize) {
        self.await_healthy(Colour::Green, errand, Done::Healthy { errand });
    }

    fn restore_blue(&mut self, errand: usize) {
        self.stage.restore_blue();
        self.await_healthy(Colour::Blue, errand, Done::Restored { errand });
    }

    /// Tells when a side is healthy, and meanwhile when nobody believes any more that it will be.
    fn await_healthy(&mut self, colour: Colour, errand: usize, done: Done) {
        let (healthy, gives_up) = self.stage.health(colour);
        let tell = self.work.tell.clone();
        let waiting = self.work.tasks.spawn(async move {
            let mut healthy = std::pin::pin!(healthy);
            tokio::select! {
                () = &mut healthy => {}
                () = gives_up => {
                    let _ = tell.send(Done::Broke { errand, colour });
                    // Who is late is healthy nevertheless.
                    healthy.await;
                }
            }
            let _ = tell.send(done);
        });
        self.work.health = Some(waiting);
    }

    /// A task of green ended by itself. Once none is left green is healthy no more, and will not be.
    fn lose_task(&mut self) -> Option<Input> {
        self.lost += 1;
        let tasks = self.green.as_ref().map_or(0, |green| green.addresses().len());
        if self.lost < tasks || !self.deployment.awaits(self.errand) {
            return None;
        }
        if let Some(health) = self.work.health.take() {
            health.abort();
        }
        self.work.late = Some((self.errand, Hope::None));
        Some(Input::Broke { errand: self.errand })
    }

    fn mirror(&mut self) {
        self.stage.mirror(&self.deployment, &self.fired);
    }

    fn note(&mut self, around: Around, tell: &mut impl FnMut(&Entry)) {
        self.tell(What::Around(around), tell);
    }

    fn tell(&mut self, what: What, tell: &mut impl FnMut(&Entry)) {
        let at = self.stage.clock.elapsed().saturating_sub(self.began);
        let entry = Entry { at, what };
        tell(&entry);
        self.entries.push(entry);
    }

    fn notes(&self, users: &Seen) -> Vec<String> {
        let is_shared = self.green.as_ref().is_some_and(Tasks::is_shared);
        let shares_address =
            self.green.as_ref().is_some_and(|green| !green.is_shared() && !green.has_own_addresses());
        let mut notes = self.stage.remarks.clone();
        let (asked, sent) = (users.asked, users.sent);
        if asked > sent + sent / 5 {
            notes.push(format!(
                "only {sent} of {asked} requests of users could be sent at this speed: counts are lower than they would be"
            ));
        }
        let timed_out = users.total.no_answers.contains_key(&NoAnswer::TimedOut);
        if let Some(patience) = self.stage.patience.filter(|patience| timed_out && *patience < PATIENCE) {
            notes.push(format!(
                "users gave up after {} s, where people wait 10 s: a slower answer is an error at this speed, and not at `--speed 1x`",
                patience.as_secs_f64()
            ));
        }
        if users.find_nothing() {
            notes.push(
                "most requests of users were answered with 404, by every side: `--path` says what they ask for"
                    .to_owned(),
            );
        }
        if self.pauses > 0 && matches!(self.stage.pause, Answerer::Person { .. }) {
            notes.push(
                "PAUSE hooks were answered by a person who was played: `--pause` says who does".to_owned(),
            );
        }
        if is_shared {
            notes.push(
                "green is a URL, which counts as one shared task: isolation was not exercised".to_owned(),
            );
        }
        if shares_address {
            notes.push("tasks share one address on this system: isolation is not proven".to_owned());
        }
        notes
    }
}

fn never_ready(not_ready: NotReady) -> Around {
    let hint = not_ready.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Around::NeverReady { reason: format!("{}{hint}", not_ready.headline()), last_lines: not_ready.last_lines }
}
