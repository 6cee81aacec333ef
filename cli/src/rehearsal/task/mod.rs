//! The tasks of one side of a deployment: what runs, where it is reached and what is wrong with it.
//!
//! Every task has a *front*: a listener at the task's own loopback address, 127.0.1.N for blue and
//! 127.0.2.N for green, and at one port for all. Behind it is the built-in application, the process of a
//! command, or what a URL names. Balancers and hooks speak to the front, and faults happen there.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::collections::BTreeMap;
//! use std::time::Duration;
//!
//! use greenlight_cli::rehearsal::Colour;
//! use greenlight_cli::rehearsal::clock::Clock;
//! use greenlight_cli::rehearsal::task::{Faults, Readiness, Settings, Tasks};
//!
//! let green = Tasks::start(Settings {
//!     colour: Colour::Green,
//!     program: "python3 app.py".parse()?,
//!     count: 3,
//!     port: None,
//!     ready_timeout: Duration::from_secs(60),
//!     readiness: Readiness::of("/ping", "200"),
//!     faults: Faults::default().into(),
//!     clock: Clock::start(60.0),
//!     environment: BTreeMap::new(),
//! })
//! .await?;
//! assert_eq!(green.addresses().len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//! A task that has ended is not started again. Only a front without faults that concern requests passes
//! HTTP/2 and `WebSockets`, and only to a process or to a URL of this machine without a path. A process
//! that leaves its group (`setsid`) is not found again. Nothing is listened on but loopback, and nothing
//! beyond it is dialled but the given URL.

mod faults;
mod front;
mod not_ready;
mod places;
mod program;
mod readiness;
mod running;
mod tls;
mod upstream;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

pub use self::faults::{Faults, Unfit};
pub use self::not_ready::{NotReady, Why};
pub use self::program::Program;
pub use self::readiness::Readiness;
pub use self::running::Ended;
pub use super::process::Exit;

use self::faults::InForce;
use self::front::Behind;
use self::places::{Places, Reserved};
use self::running::{Ready, Starting};
use self::upstream::Upstream;
use super::Colour;
use super::application;
use super::clock::Clock;
use super::process::Group;

/// What the tasks of a side are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The side.
    pub colour: Colour,
    /// What runs.
    pub program: Program,
    /// How many tasks; a URL is one.
    pub count: usize,
    /// The port that tasks with addresses of their own should have; any that is free where it is not, or
    /// where nobody says.
    pub port: Option<u16>,
    /// How long a task may take until it is ready, in real time.
    pub ready_timeout: Duration,
    /// What makes it ready.
    pub readiness: Readiness,
    /// What is wrong with the tasks.
    pub faults: Arc<Faults>,
    /// The rehearsal's clock.
    pub clock: Clock,
    /// What commands find in their environment besides the caller's own, `PORT`, `HOST` and
    /// `GREENLIGHT_COLOUR`.
    pub environment: BTreeMap<OsString, OsString>,
}

/// The tasks of a side while they run. Dropping it kills every process at once.
#[derive(Debug)]
pub struct Tasks {
    addresses: Vec<SocketAddr>,
    shared: bool,
    own_addresses: bool,
    running: JoinSet<()>,
    told_to_end: watch::Sender<bool>,
    ended: Mutex<mpsc::UnboundedReceiver<Ended>>,
    _groups: Groups,
}

/// The groups of all processes. They are killed when this is dropped, not when the async runtime gets to
/// the tasks that follow them: the program may be about to end.
#[derive(Debug, Default)]
struct Groups(Vec<Arc<Group>>);

impl Drop for Groups {
    fn drop(&mut self) {
        for group in &self.0 {
            group.kill();
        }
    }
}

impl Tasks {
    /// Starts all tasks side by side and waits until each is ready. If one is not, or if the returned
    /// future is dropped, all are killed.
    pub async fn start(settings: Settings) -> Result<Self, NotReady> {
        let not_ready = |task: usize, why: Why, last_lines: Vec<String>| NotReady {
            colour: settings.colour,
            task: task + 1,
            why,
            last_lines,
        };
        settings
            .faults
            .fit(&settings.program, &settings.readiness)
            .map_err(|unfit| not_ready(0, Why::Unfit(unfit), Vec::new()))?;
        let shared = settings.program.is_shared();
        let count = if shared { 1 } else { settings.count };
        let no_place = |error| not_ready(0, Why::NoPlace(error), Vec::new());
        let places = Places::find(settings.colour, count, settings.port).await.map_err(no_place)?;
        let addresses = places.listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>();
        let addresses = addresses.map_err(no_place)?;

        let mut groups = Groups::default();
        let mut starting = JoinSet::new();
        for (task, started) in start_all(&settings, &addresses).into_iter().enumerate() {
            let started = started.map_err(|why| not_ready(task, why, Vec::new()))?;
            groups.0.extend(started.process.as_ref().map(|process| process.group().clone()));
            let (readiness, limit) = (settings.readiness.clone(), settings.ready_timeout);
            starting.spawn(async move { (task, started.ready(&readiness, limit).await) });
        }
        let mut ready: BTreeMap<usize, Ready> = BTreeMap::new();
        while let Some(joined) = starting.join_next().await {
            let (task, started) =
                joined.map_err(|error| not_ready(0, Why::CannotStart(error.into()), Vec::new()))?;
            ready.insert(task, started.map_err(|(why, lines)| not_ready(task, why, lines))?);
        }

        let faults =
            Arc::new(InForce::new(settings.faults.clone(), &settings.readiness, settings.clock.clone()));
        let (tell, told_to_end) = watch::channel(false);
        let (end, ended) = mpsc::unbounded_channel();
        let mut running = JoinSet::new();
        for ((task, ready), listener) in ready.into_iter().zip(places.listeners) {
            running.spawn(ready.run(task + 1, listener, faults.clone(), told_to_end.clone(), end.clone()));
        }
        Ok(Self {
            addresses,
            shared,
            own_addresses: places.own_addresses,
            running,
            told_to_end: tell,
            ended: Mutex::new(ended),
            _groups: groups,
        })
    }

    /// Where the tasks are reached, in their order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Whether it is one task that others use too, so that isolation is not exercised.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether each task has an address of its own; else they share one, and isolation is not proven.
    pub fn has_own_addresses(&self) -> bool {
        self.own_addresses
    }

    /// Waits for a task that ends by itself or crashes by a fault. Each is told once; after the last one
    /// this waits for ever.
    pub async fn ended(&self) -> Ended {
        match self.ended.lock().await.recv().await {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }

    /// Ends the tasks as ECS does: SIGTERM, and SIGKILL to what is left after five seconds.
    pub async fn stop(mut self) {
        self.told_to_end.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}

/// Starts every task.
fn start_all(settings: &Settings, addresses: &[SocketAddr]) -> Vec<Result<Starting, Why>> {
    // All ports are chosen before the first is let go, so that no two processes get the same.
    let reserved: Vec<_> = match settings.program {
        Program::Command(_) => addresses.iter().map(|_| Reserved::find()).collect(),
        Program::BuiltIn { .. } | Program::Url(_) => Vec::new(),
    };
    match &settings.program {
        Program::BuiltIn { version } => {
            let version = settings.faults.version.as_ref().unwrap_or(version);
            let router = application::router(version, settings.readiness.path());
            addresses.iter().map(|_| Ok(Starting::built_in(Behind::BuiltIn(router.clone())))).collect()
        }
        Program::Url(url) => vec![Upstream::url(url).map(Starting::url).map_err(Why::CannotStart)],
        Program::Command(command) => addresses
            .iter()
            .zip(reserved)
            .map(|(address, reserved)| {
                let reserved = reserved.map_err(Why::NoPlace)?;
                let environment = &settings.environment;
                Starting::command(command, environment, settings.colour, address.ip(), reserved)
                    .map_err(Why::CannotStart)
            })
            .collect(),
    }
}
