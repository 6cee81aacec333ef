//! What CloudWatch is told of a rehearsal, at the end of every simulated minute: what went through the load
//! balancer in it, by target group, and the states of the deployment's alarms.
//!
//! A request belongs to the minute in which it was read of, so the log is read every few seconds: whoever wakes late
//! at a minute's end has not lost the requests of the next one.

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
use crate::rehearsal::balancer::{Balancer, Entry, LogReader};
use crate::rehearsal::clock::Clock;
use crate::rehearsal::subject::Subject;
use crate::rehearsal::users::{Alarm, LITTLE, PERIOD, Traces, Window, Windows, after, floor};

/// From one look into the log to the next, in simulated seconds. Minutes are made of these, so that a minute's end is
/// one of the moments at which it is read.
const TICK: i64 = 5;

/// What is known of users.
#[derive(Debug)]
pub(super) struct OfUsers {
    /// What they saw.
    pub(super) windows: Windows,
    /// How their requests are told from those of hooks.
    pub(super) traces: Traces,
}

/// What is watched.
#[derive(Debug)]
pub(super) struct Watched {
    /// Of production's listener, where there is one.
    pub(super) production: Option<LogReader>,
    /// Of the listener of tests, where there is one.
    pub(super) test: Option<LogReader>,
    /// What is known of users, once they are in.
    pub(super) users: Arc<OnceLock<OfUsers>>,
    /// What was read of the minute that is not over.
    pub(super) read: Vec<Entry>,
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
                clock.sleep_until(elapsed(&clock, next_tick(clock.now()))).await;
                let tick = floor(clock.now(), TICK);
                let end = after(begun);
                if tick > end {
                    // The end was overslept, or the clock was set forward: what comes now is a later minute's.
                    world.change(|world| watched.tell(world, begun, end));
                    begun = minute_until(tick);
                }
                watched.read();
                let end = after(begun);
                if tick == end {
                    clock.sleep_until(elapsed(&clock, end) + LITTLE).await;
                    world.change(|world| watched.tell(world, begun, end));
                    begun = end;
                }
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
        users: Arc<OnceLock<OfUsers>>,
        (alarms, red_alarms): (&[Alarm], &[String]),
    ) -> Self {
        let condition = |name: &String| alarms.iter().find(|alarm| alarm.name == *name).cloned();
        Self {
            production: production.map(|listener| balancer.log_reader(listener)),
            test: test.map(|listener| balancer.log_reader(listener)),
            users,
            read: Vec::new(),
            alarms: subject
                .configuration
                .alarms()
                .iter()
                .map(|name| (name.clone(), condition(name)))
                .collect(),
            red_alarms: red_alarms.to_vec(),
            load_balancer: subject.front.as_ref().map_or(LoadBalancerKind::Application, |front| front.kind),
        }
    }

    /// Reads what has gone through the load balancer since the last time.
    fn read(&mut self) {
        for reader in [&mut self.production, &mut self.test].into_iter().flatten() {
            self.read.extend(reader.read().into_iter().map(|(_, entry)| entry));
        }
    }

    /// Tells of the minute from `begun` to `end`.
    fn tell(&mut self, world: &mut World, begun: Timestamp, end: Timestamp) {
        let users = self.users.get();
        let scale = users.and_then(|users| {
            users.windows.look(|history| history.between(begun, end).next().map(Window::scale))
        });
        let mut requests = Requests::default();
        for entry in self.read.drain(..) {
            // Users alone are fewer than they stand for.
            let is_of_users =
                users.zip(entry.trace.as_deref()).is_some_and(|(users, trace)| users.traces.has(trace));
            requests.add(&entry, scale.filter(|_| is_of_users).unwrap_or(1.0));
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
            let state =
                alarms::state(alarm.as_ref(), is_red, self.users.get().map(|users| &users.windows), now);
            alarms::set(world, name, &state, now);
        }
    }
}

/// The next moment at which the log is read.
fn next_tick(now: Timestamp) -> Timestamp {
    floor(now, TICK).checked_add(Duration::from_secs(TICK.unsigned_abs())).unwrap_or(Timestamp::MAX)
}

/// The beginning of the minute that what was read until then belongs to: at a minute's end the one that is over.
fn minute_until(tick: Timestamp) -> Timestamp {
    let last = tick.checked_sub(Duration::from_secs(1)).unwrap_or(Timestamp::MIN);
    floor(last, PERIOD)
}

/// How much simulated time has passed at this moment.
fn elapsed(clock: &Clock, moment: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(clock.at(Duration::ZERO))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
