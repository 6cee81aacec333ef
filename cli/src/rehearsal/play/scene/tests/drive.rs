//! A play without processes: tasks come up when the test says so.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::{Colour, Scene, World};
use crate::rehearsal::clock::Clock;
use crate::rehearsal::controller::configuration::{
    CodeDeploy, Configuration, Ecs, RollbackOn, Shift, Strategy,
};
use crate::rehearsal::controller::{Assumptions, Circumstances, Command, Deployment, Input, LoadBalancer};
use crate::rehearsal::subject::{self, Options, Source, Subject};

pub(super) const BLUE: [SocketAddr; 3] = tasks(11);
pub(super) const GREEN: [SocketAddr; 3] = tasks(21);

const fn tasks(first: u8) -> [SocketAddr; 3] {
    [task(first), task(first + 1), task(first + 2)]
}

const fn task(last: u8) -> SocketAddr {
    let address = std::net::Ipv4Addr::new(10, 0, 0, last);
    SocketAddr::V4(std::net::SocketAddrV4::new(address, 8080))
}

pub(super) struct Drive {
    pub(super) scene: Scene,
    pub(super) world: World,
    pub(super) deployment: Deployment,
    pub(super) clock: Clock,
    fired: Vec<String>,
    rolling: bool,
}

fn subject() -> Subject {
    subject::read(&Source::BuiltIn, &Options::default()).unwrap()
}

/// The built-in service with this strategy, no hooks, and an alarm.
pub(super) fn ecs(strategy: Strategy) -> Drive {
    let mut subject = subject();
    let Configuration::Ecs(ecs) = subject.configuration else { panic!("ECS deploys the built-in service") };
    let alarms = vec!["errors".to_owned()];
    subject.configuration = Configuration::Ecs(Ecs { strategy, hooks: Vec::new(), alarms, ..ecs });
    Drive::new(&subject)
}

/// The built-in service, deployed by CodeDeploy with a hook in `AfterAllowTestTraffic` and an alarm.
pub(super) fn codedeploy(shift: Shift, rollback_on: RollbackOn) -> Drive {
    let mut subject = subject();
    subject.configuration = Configuration::CodeDeploy(CodeDeploy {
        hooks: vec![("AfterAllowTestTraffic".to_owned(), "hook".to_owned())],
        name: "CodeDeployDefault.ECSAllAtOnce".to_owned(),
        shift,
        test_listener: true,
        rollback_on,
        termination_wait: Duration::from_mins(5),
        alarms: vec!["errors".to_owned()],
    });
    Drive::new(&subject)
}

impl Drive {
    fn new(subject: &Subject) -> Self {
        let clock = Clock::start(1.0);
        let scene = Scene::new(subject, &clock, Some(&BLUE), 8080, false);
        let around = Circumstances {
            load_balancer: Some(LoadBalancer { is_network: false, has_test_route: true }),
            reconcile: false,
            red_alarms: Vec::new(),
            shift_denied: None,
            forgetful: Vec::new(),
        };
        let configuration = subject.configuration.clone();
        let rolling = matches!(&configuration, Configuration::Ecs(ecs) if ecs.strategy == Strategy::Rolling);
        let deployment = Deployment::new(scene.identity(), configuration, around, Assumptions::default());
        let world = scene.world();
        Self { scene, world, deployment, clock, fired: Vec::new(), rolling }
    }

    /// Begins the deployment, which then waits for green's tasks.
    pub(super) fn start(mut self) -> Self {
        let commands = self.deployment.start(self.clock.elapsed());
        self.carry_out(commands);
        self
    }

    /// Green's tasks run.
    pub(super) fn run_green(&mut self) {
        self.scene.add_green(&mut self.world, &GREEN);
        self.mirror();
    }

    /// Green's tasks run and are healthy.
    pub(super) fn scale_up(mut self) -> Self {
        self.run_green();
        if self.rolling {
            self.scene.end(&mut self.world, Colour::Blue);
        }
        self.handle(Input::Done { errand: 1 });
        self
    }

    pub(super) fn report(&mut self, proceed: bool) {
        self.handle(Input::Reported { execution: 0, proceed, reason: None });
    }

    pub(super) fn alarm(&mut self) {
        self.fired.push("errors".to_owned());
        self.handle(Input::Alarm("errors".to_owned()));
    }

    pub(super) fn handle(&mut self, input: Input) {
        let commands = self.deployment.handle(self.clock.elapsed(), input);
        self.carry_out(commands);
    }

    /// Lets time pass until something happens by itself.
    pub(super) async fn wait(&mut self) {
        let deadline = self.deployment.deadline().unwrap();
        tokio::time::advance(deadline.saturating_sub(self.clock.elapsed())).await;
        self.handle(Input::Time);
    }

    /// Lets time pass until the deployment is over.
    pub(super) async fn finish(&mut self) {
        while !self.deployment.status().is_final() {
            self.wait().await;
        }
    }

    pub(super) fn mirror(&mut self) {
        self.scene.mirror(&mut self.world, &self.deployment, &self.clock, &self.fired);
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        self.mirror();
        for command in commands {
            match command {
                Command::EndBlue => self.scene.end(&mut self.world, Colour::Blue),
                Command::EndGreen => self.scene.end(&mut self.world, Colour::Green),
                Command::Restore { .. } => self.scene.add_blue(&mut self.world),
                _ => {}
            }
        }
        self.mirror();
    }

    /// What stands against what the deployment says.
    pub(super) fn contradiction(&self) -> Option<String> {
        self.scene.contradiction(&self.world, &self.deployment)
    }
}
