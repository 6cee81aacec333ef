//! The stage of a rehearsal: everything that runs around the controller.

mod equipment;
mod not_played;
mod roles;
mod visitors;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use self::not_played::NotPlayed;

use self::equipment::{certify, environment, is_secure, of_blue, options};
use self::not_played::machine;
use self::visitors::{Traffic, Visitors};
use super::functions::Functions;
use super::monitoring::{Monitoring, OfUsers, Watched};
use super::scene::{Scene, circuit_breaker_patience};
use super::settings::{Answerer, Settings};
use crate::rehearsal::Colour;
use crate::rehearsal::aws::ecs::StopType;
use crate::rehearsal::aws::elb::LoadBalancerKind;
use crate::rehearsal::aws::worlds::Route;
use crate::rehearsal::aws::{Aws, World};
use crate::rehearsal::balancer::Balancer;
use crate::rehearsal::clock::Clock;
use crate::rehearsal::controller;
use crate::rehearsal::controller::configuration::{Configuration, Strategy};
use crate::rehearsal::controller::{Answer, Assumptions, Circumstances, Deployment, LoadBalancer};
use crate::rehearsal::fault::{Faults, HookFaultKind};
use crate::rehearsal::subject::Subject;
use crate::rehearsal::task::{self, Ended, NotReady, Program, Tasks};
use crate::rehearsal::users::{Alarms, Fired};

/// What ECS takes until a task's application is started, with Fargate: about half a minute.
const PROVISIONING: Duration = Duration::from_secs(30);

/// Health checks are no closer than this, in real time.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(50);
/// A task that nobody checks counts as healthy so long after it runs.
const UNCHECKED: Duration = Duration::from_secs(40);

/// Everything that runs around the controller.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) clock: Clock,
    /// The speed that was asked for.
    pub(super) speed: f64,
    pub(super) aws: Aws,
    pub(super) functions: Functions,
    pub(super) users: Traffic,
    /// What is known of users, once they are in.
    known: Arc<OnceLock<OfUsers>>,
    _monitoring: Monitoring,
    pub(super) alarms: Option<Alarms>,
    pub(super) pause: Answerer,
    pub(super) green: Program,
    /// What is to be told before the deployment begins.
    pub(super) remarks: Vec<String>,
    visitors: Option<Visitors>,
    /// How long users wait for an answer, in real time.
    pub(super) patience: Option<Duration>,
    faults: Faults,
    scene: Scene,
    subject: Subject,
    blue: Option<Tasks>,
    balancer: Balancer,
    task_settings: task::Settings,
    /// How many calls of `StopServiceDeployment` were seen.
    pub(super) stops: usize,
    /// Where this command's own hooks read the clock.
    _folder: tempfile::TempDir,
    /// The certificate authority's file, for as long as functions read it.
    authority: Option<tempfile::NamedTempFile>,
}

impl Stage {
    /// Sets the stage, and gives it with the deployment that is to be played.
    pub(super) async fn set(
        settings: Settings,
        equip: impl FnOnce(&Aws),
    ) -> Result<(Self, Deployment), NotPlayed> {
        let mut subject = settings.subject.clone();
        if let Some(front) = &mut subject.front {
            certify(front, &subject.service);
        }
        let clock = Clock::start(settings.speed);
        let mut task_settings = of_blue(&settings, &subject, &clock);
        let blue = match &settings.blue {
            Some(_) => Some(Tasks::start(task_settings.clone()).await.map_err(NotPlayed::NotReady)?),
            None => None,
        };
        let port = blue
            .as_ref()
            .and_then(|blue| blue.addresses().first())
            .map_or(subject.container_port, SocketAddr::port);
        task_settings = task::Settings {
            colour: Colour::Green,
            program: settings.green.clone(),
            port: Some(port),
            faults: Arc::new(settings.faults.of(Colour::Green)),
            ..task_settings
        };
        let scene = Scene::new(
            &subject,
            &clock,
            blue.as_ref().map(Tasks::addresses),
            port,
            settings.faults.rules_drifted,
        );
        let aws = Aws::serve(scene.world()).await.map_err(machine("serve the AWS calls on 127.0.0.1"))?;
        equip(&aws);
        settings.faults.apply(&aws);
        let (options, authority) = options(&aws, &subject, &clock).map_err(machine("issue certificates"))?;
        let balancer =
            Balancer::start(&aws, options).await.map_err(machine("start the local load balancer"))?;
        let folder = tempfile::tempdir().map_err(machine("make a folder for the clock"))?;
        let clock_file = folder.path().join("clock");
        clock.publish(clock_file.clone()).map_err(machine("write the clock down"))?;
        let mut functions = Functions::new(
            settings.function_settings,
            (&subject.region, &subject.account),
            clock_file,
            settings.functions,
        );
        let known = Arc::default();
        let watched = Watched::of(
            &subject,
            scene.listeners(),
            &balancer,
            Arc::clone(&known),
            (&settings.alarms, &settings.red_alarms),
        );
        let mut stage = Self {
            _monitoring: Monitoring::start(watched, aws.shared(), clock.clone()),
            known,
            speed: settings.speed,
            functions: {
                environment(&mut functions, &aws, authority.as_ref());
                functions
            },
            users: Traffic(None),
            visitors: None,
            patience: None,
            alarms: None,
            pause: settings.pause,
            green: settings.green,
            remarks: Vec::new(),
            faults: settings.faults,
            scene,
            blue,
            balancer,
            task_settings,
            stops: 0,
            _folder: folder,
            authority: authority.map(|(_, file)| file),
            subject,
            aws,
            clock,
        };
        for (name, url) in ["REHEARSAL_PRODUCTION_URL", "REHEARSAL_TEST_URL"].into_iter().zip(stage.urls()) {
            if let Some(url) = url {
                stage.functions.set_for_others(name, url);
            }
        }
        stage.sabotage();
        stage.withhold();
        stage.visitors =
            Some(Visitors { rate: settings.rate, paths: settings.paths, alarms: settings.alarms });
        if settings.blue.is_some() {
            // A service that does not exist yet has no users.
            stage.open_to_users()?;
        }
        let deployment = stage.deployment(settings.assumptions, settings.reconcile, settings.red_alarms);
        Ok((stage, deployment))
    }

    fn deployment(&self, assumptions: Assumptions, reconcile: bool, red_alarms: Vec<String>) -> Deployment {
        let front = self.subject.front.as_ref();
        let circumstances = Circumstances {
            load_balancer: front.map(|front| LoadBalancer {
                is_network: front.kind == LoadBalancerKind::Network,
                has_test_route: front.test.is_some(),
            }),
            reconcile,
            red_alarms,
            shift_denied: self.infrastructure_role().filter(|_| self.faults.shift_denied),
            forgetful: self
                .functions
                .names()
                .filter(|name| self.has_fault(name, &HookFaultKind::StateDropped))
                .collect(),
        };
        Deployment::new(self.scene.identity(), self.subject.configuration.clone(), circumstances, assumptions)
    }

    /// What goes wrong with functions from the beginning.
    fn sabotage(&mut self) {
        for fault in &self.faults.hooks {
            if let HookFaultKind::Timeout(timeout) = &fault.kind {
                self.functions.limit(fault.hook.as_deref(), *timeout);
            }
        }
        if self.faults.tls_hang_once {
            match self.scene.listeners().1 {
                Some(listener) => self.balancer.hang_next_handshake(&listener),
                None => self
                    .remarks
                    .push("tls:hang-once has nothing to hang: there is no test listener".to_owned()),
            }
        }
    }

    /// Why the function cannot be called at all, if that is asked for.
    pub(super) fn refused(&self, function: &str) -> Option<Answer> {
        let role = self.caller_of(function);
        // A role that is not assumed calls nobody.
        if self.is_not_assumable(&role) {
            return Some(Answer::RoleNotAssumable { role });
        }
        self.has_fault(function, &HookFaultKind::InvokeDenied).then_some(Answer::Denied { role })
    }

    pub(super) fn has_fault(&self, function: &str, kind: &HookFaultKind) -> bool {
        self.faults
            .hooks
            .iter()
            .any(|fault| fault.kind == *kind && self.functions.is_of(function, fault.hook.as_deref()))
    }

    /// Whether a side can be healthy yet, however late.
    pub(super) fn may_be_late(&self, colour: Colour) -> bool {
        !self.faults.of(colour).never_healthy
    }

    pub(super) fn is_rolling(&self) -> bool {
        matches!(&self.subject.configuration, Configuration::Ecs(ecs) if ecs.strategy == Strategy::Rolling)
    }

    /// Where production traffic and test traffic come in, as URLs.
    pub(super) fn entrances(&self) -> (Option<String>, Option<String>) {
        let Some(front) = &self.subject.front else { return (None, None) };
        let (production, test) = self.scene.listeners();
        let url = |listener: Option<String>, route: Option<&Route>| {
            let address = self.balancer.address(&listener?)?;
            let scheme = if is_secure(route?) { "https" } else { "http" };
            Some(format!("{scheme}://localhost:{}", address.port()))
        };
        (url(production, Some(&front.production)), url(test, front.test.as_ref()))
    }

    fn urls(&self) -> [Option<String>; 2] {
        let (production, test) = self.entrances();
        [production, test]
    }

    /// Starts green's tasks, after the time that AWS takes for it.
    pub(super) fn start_green(&self) -> impl Future<Output = Result<Tasks, NotReady>> + use<> {
        let (clock, settings) = (self.clock.clone(), self.task_settings.clone());
        async move {
            clock.sleep(PROVISIONING).await;
            Tasks::start(settings).await
        }
    }

    pub(super) fn add_green(&mut self, tasks: &[SocketAddr]) {
        let Self { aws, scene, .. } = self;
        aws.change(|world| scene.add_green(world, tasks));
    }

    /// A task of green has ended by itself.
    pub(super) fn lose(&mut self, ended: &Ended) {
        let Self { aws, scene, clock, .. } = self;
        // Docker's codes: a killed process has 128 and the signal's number.
        let exit = ended.exit.and_then(|exit| exit.status.or(exit.signal.map(|signal| 128 + signal)));
        aws.change(|world| scene.lose(world, ended.task, exit.unwrap_or(137), clock.now()));
    }

    pub(super) fn restore_blue(&mut self) {
        let Self { aws, scene, .. } = self;
        aws.change(|world| scene.add_blue(world));
    }

    pub(super) fn end_side(&mut self, colour: Colour) {
        let Self { aws, scene, .. } = self;
        aws.change(|world| scene.end(world, colour));
    }

    pub(super) fn mirror(&mut self, deployment: &Deployment, fired: &[String]) {
        let Self { aws, scene, clock, .. } = self;
        aws.change(|world| scene.mirror(world, deployment, clock, fired));
    }

    /// When all targets of a side are healthy, and when nobody believes any more that they will be.
    pub(super) fn health(
        &self,
        colour: Colour,
    ) -> (impl Future<Output = ()> + use<>, impl Future<Output = ()> + use<>) {
        let (shared, group) = (self.aws.shared(), self.scene.target_group(colour));
        let watched = (shared.clone(), group.clone());
        let without_checks = self.clock.clone();
        let healthy = async move {
            let Some(group) = group else { return without_checks.sleep(UNCHECKED).await };
            shared.until(|world| states(world, &group).all(|state| state == "healthy")).await;
        };
        let checks = self.subject.health_checks;
        // A task that has failed its checks is replaced, and the next one fails as many of them.
        let interval = checks.interval.max(SHORTEST_INTERVAL.mul_f64(self.speed));
        let each = interval * checks.unhealthy_threshold.max(1) + PROVISIONING;
        let patience = circuit_breaker_patience(self.subject.desired_count, each);
        let clock = self.clock.clone();
        let gives_up = async move {
            let (shared, Some(group)) = watched else { return std::future::pending().await };
            // It counts failures: a machine that is slow to check has seen none.
            shared.until(|world| states(world, &group).any(|state| state == "unhealthy")).await;
            clock.sleep(patience).await;
        };
        (healthy, gives_up)
    }

    /// What in the world contradicts what the deployment has come to.
    pub(super) fn contradiction(&self, deployment: &Deployment) -> Option<String> {
        self.aws.look(|world| self.scene.contradiction(world, deployment))
    }

    /// Ends everything that serves; gives the tasks of blue.
    pub(super) fn end(self) -> Option<Tasks> {
        self.blue
    }

    /// The cluster and the service.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.subject.cluster, self.subject.service)
    }

    /// What everything is called.
    pub(super) fn identity(&self) -> controller::Identity {
        self.scene.identity()
    }

    pub(super) fn is_codedeploy(&self) -> bool {
        matches!(self.subject.configuration, Configuration::CodeDeploy(_))
    }
}

/// The states of a target group's targets.
fn states<'world>(world: &'world World, group: &str) -> impl Iterator<Item = &'world str> {
    let group = world.elb.target_groups.iter().find(|known| known.arn == group);
    group.into_iter().flat_map(|group| &group.targets).map(|target| target.state.as_str())
}

/// How a task ended, for people.
pub(super) fn task_end(ended: &Ended) -> String {
    let how = match (&ended.exit, ended.by_fault) {
        (_, true) => "it crashed, as the fault asks".to_owned(),
        (Some(exit), false) => exit.to_string(),
        (None, false) => "it ended".to_owned(),
    };
    let last = ended.last_lines.last().map(|line| format!("; its last line: {line}")).unwrap_or_default();
    format!("{how}{last}")
}

/// Waits until somebody calls `StopServiceDeployment` once more; whether it is to be rolled back.
pub(super) async fn stopped(aws: &Aws, seen: usize) -> bool {
    aws.until(|world| world.ecs.stops.len() > seen).await;
    aws.look(|world| world.ecs.stops.get(seen).is_none_or(|stop| stop.stop_type == StopType::Rollback))
}

/// Waits until a function has invoked itself once more.
pub(super) async fn invoked(aws: &Aws, seen: usize) {
    aws.until(|world| world.lambda.invokes.len() > seen).await;
}

/// Waits until an alarm goes off.
pub(super) async fn fired(alarms: Option<&mut Alarms>) -> Fired {
    match alarms {
        Some(alarms) => alarms.fired().await,
        None => std::future::pending().await,
    }
}
