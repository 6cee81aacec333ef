//! What CloudWatch is told of a rehearsal, at the end of every simulated minute: what went through the load
//! balancer in it, by target group, and the states of the deployment's alarms.

mod alarms;
mod hosts;
mod requests;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use self::requests::Requests;
use crate::rehearsal::aws::elb::LoadBalancerKind;
use crate::rehearsal::aws::{Shared, World};
use crate::rehearsal::balancer::{Balancer, LogReader};
use crate::rehearsal::clock::Clock;
use crate::rehearsal::controller::configuration::Configuration;
use crate::rehearsal::subject::Subject;
use crate::rehearsal::users::{Alarm, LITTLE, PERIOD, Window, Windows, after, floor};

/// What is watched.
#[derive(Debug)]
pub(super) struct Watched {
    /// Of production's listener, where there is one.
    pub(super) production: Option<LogReader>,
    /// Of the listener of tests, where there is one.
    pub(super) test: Option<LogReader>,
    /// What users saw, once they are in.
    pub(super) windows: Arc<OnceLock<Windows>>,
    /// The deployment's alarms by name. One without a condition is never in ALARM.
    pub(super) alarms: BTreeMap<String, Option<Alarm>>,
    /// Alarms that are in ALARM from the beginning to the end.
    pub(super) red_alarms: Vec<String>,
    /// The load balancer's kind: one for networks knows of no requests.
    pub(super) load_balancer: LoadBalancerKind,
}

/// Tells CloudWatch, until it is dropped.
#[derive(Debug)]
pub(super) struct Monitoring(JoinHandle<()>);

impl Drop for Monitoring {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Monitoring {
    pub(super) fn start(mut watched: Watched, world: Arc<Shared>, clock: Clock) -> Self {
        world.change(|world| watched.set_alarms(world, clock.now()));
        Self(tokio::spawn(async move {
            let mut begun = floor(clock.now(), PERIOD);
            loop {
                let end = after(begun);
                let left = Duration::try_from(end.duration_since(clock.at(Duration::ZERO)));
                clock.sleep_until(left.unwrap_or_default() + LITTLE).await;
                world.change(|world| watched.tell(world, begun, end));
                // The clock may have been set forward.
                begun = floor(clock.now(), PERIOD).max(end);
            }
        }))
    }
}

impl Watched {
    /// What is to be watched of this deployment, with its alarms that can go off and those that are red.
    pub(super) fn of(
        subject: &Subject,
        (production, test): (Option<String>, Option<String>),
        balancer: &Balancer,
        windows: Arc<OnceLock<Windows>>,
        (alarms, red_alarms): (&[Alarm], &[String]),
    ) -> Self {
        let names = match &subject.configuration {
            Configuration::Ecs(ecs) => &ecs.alarms,
            Configuration::CodeDeploy(codedeploy) => &codedeploy.alarms,
        };
        let condition = |name: &String| alarms.iter().find(|alarm| alarm.name == *name).cloned();
        Self {
            production: production.map(|listener| balancer.log_reader(listener)),
            test: test.map(|listener| balancer.log_reader(listener)),
            windows,
            alarms: names.iter().map(|name| (name.clone(), condition(name))).collect(),
            red_alarms: red_alarms.to_vec(),
            load_balancer: subject.front.as_ref().map_or(LoadBalancerKind::Application, |front| front.kind),
        }
    }

    /// Tells of the minute from `begun` to `end`.
    fn tell(&mut self, world: &mut World, begun: Timestamp, end: Timestamp) {
        let scale = self.windows.get().and_then(|windows| {
            windows.look(|history| history.between(begun, end).next().map(Window::scale))
        });
        let scale = scale.unwrap_or(1.0);
        let mut requests = Requests::default();
        for (reader, scale) in [(&mut self.production, scale), (&mut self.test, 1.0)] {
            let entries = reader.as_mut().map(LogReader::read).unwrap_or_default();
            for (_, entry) in entries {
                requests.add(&entry, scale);
            }
        }
        if self.load_balancer == LoadBalancerKind::Application {
            requests.record(&mut world.cloudwatch, begun);
        }
        hosts::record(world, self.load_balancer, begun);
        self.set_alarms(world, end);
    }

    /// Sets the alarms to what they are at this moment.
    fn set_alarms(&self, world: &mut World, now: Timestamp) {
        for (name, alarm) in &self.alarms {
            let is_red = self.red_alarms.contains(name);
            let state = alarms::state(alarm.as_ref(), is_red, self.windows.get(), now);
            alarms::set(world, name, &state, now);
        }
    }
}

#[cfg(test)]
mod tests;
