//! One task: how it becomes ready, and how it ends.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::faults::InForce;
use super::front::{Behind, Front};
use super::not_ready::{Why, last_lines};
use super::places::Reserved;
use super::readiness::{self, Readiness};
use super::upstream::Upstream;
use crate::rehearsal::Colour;
use crate::rehearsal::process::{Exit, Process};

/// How long a process that is told to end may take.
const GRACE: Duration = Duration::from_secs(5);

/// A task that ended though nobody told it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The task's number, from 1.
    pub task: usize,
    /// How its process ended; none if it has none of its own.
    pub exit: Option<Exit>,
    /// Whether it was a fault of the rehearsal.
    pub by_fault: bool,
    /// The last lines that it wrote to stdout and stderr.
    pub last_lines: Vec<String>,
}

/// A task that has been started.
#[derive(Debug)]
pub(super) struct Starting {
    pub(super) process: Option<Process>,
    /// What serves it already; else it is waited for at the places where it may be.
    behind: Result<Behind, Vec<Upstream>>,
}

/// A task that is ready.
#[derive(Debug)]
pub(super) struct Ready {
    process: Option<Process>,
    behind: Behind,
}

impl Starting {
    pub(super) fn built_in(behind: Behind) -> Self {
        Self { process: None, behind: Ok(behind) }
    }

    pub(super) fn url(upstream: Upstream) -> Self {
        Self { process: None, behind: Err(vec![upstream]) }
    }

    /// Starts a process. It is told the address of its task and a port of its own there, because the
    /// front has the task's; one that listens at all addresses can do so beside the others.
    pub(super) fn command(
        command: &str,
        environment: &BTreeMap<OsString, OsString>,
        colour: Colour,
        address: IpAddr,
        reserved: Reserved,
    ) -> io::Result<Self> {
        let port = reserved.port()?;
        let mut shell = Command::new("/bin/sh");
        shell
            .arg("-c")
            .arg(command)
            .envs(environment)
            .env("PORT", port.to_string())
            .env("HOST", address.to_string())
            .env("GREENLIGHT_COLOUR", colour.as_str());
        drop(reserved);
        let process = Process::start(shell)?;
        // Many applications listen on localhost whatever they are told.
        let mut addresses = vec![address, Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        addresses.dedup();
        let places = addresses.into_iter().map(|address| Upstream::process(SocketAddr::new(address, port)));
        Ok(Self { process: Some(process), behind: Err(places.collect()) })
    }

    /// Waits until it is ready. What is not is killed.
    pub(super) async fn ready(
        mut self,
        readiness: &Readiness,
        limit: Duration,
    ) -> Result<Ready, (Why, Vec<String>)> {
        let places = match self.behind {
            Ok(behind) => return Ok(Ready { process: self.process, behind }),
            Err(places) => places,
        };
        let mut observed = String::new();
        let why = tokio::select! {
            // A process that has ended is not ready, whoever answers in its place.
            biased;
            exit = end(&mut self.process) => Why::Ended(exit),
            ready = timeout(limit, readiness::wait(places, readiness, &mut observed)) => match ready {
                Ok(upstream) => return Ok(Ready { process: self.process, behind: Behind::Upstream(upstream) }),
                Err(_) => Why::TimedOut { limit, observed },
            },
        };
        let mut lines = Vec::new();
        if let Some(process) = &mut self.process {
            process.kill().await;
            lines = last_lines(process);
        }
        Err((why, lines))
    }
}

impl Ready {
    /// Serves the task until it ends, crashes or is told to end.
    pub(super) async fn run(
        self,
        task: usize,
        listener: TcpListener,
        faults: Arc<InForce>,
        told_to_end: watch::Receiver<bool>,
        ended: mpsc::UnboundedSender<Ended>,
    ) {
        let Self { mut process, behind } = self;
        let front = Front::new(behind, faults.clone()).serve(listener);
        let end = tokio::select! {
            never = front => match never {},
            end = live(&mut process, &faults, told_to_end) => end,
        };
        // The front is closed now, before anybody learns of the end.
        if let Some((exit, by_fault)) = end {
            let last_lines = process.as_ref().map(last_lines).unwrap_or_default();
            // Nobody needs to listen.
            let _ = ended.send(Ended { task, exit, by_fault, last_lines });
        }
    }
}

/// Waits for the end of a task: how its process ended, and whether it was a fault of the rehearsal; none if
/// it was told to end.
async fn live(
    process: &mut Option<Process>,
    faults: &InForce,
    mut told_to_end: watch::Receiver<bool>,
) -> Option<(Option<Exit>, bool)> {
    let crashes = tokio::select! {
        exit = end(process) => return Some((Some(exit), false)),
        () = faults.crash() => true,
        () = async { drop(told_to_end.wait_for(|told| *told).await) } => false,
    };
    let exit = match process {
        None => None,
        Some(process) if crashes => Some(process.kill().await),
        Some(process) => Some(process.terminate(GRACE).await),
    };
    crashes.then_some((exit, true))
}

/// The end of a process; never, where there is none.
async fn end(process: &mut Option<Process>) -> Exit {
    match process {
        Some(process) => process.wait().await,
        None => std::future::pending().await,
    }
}
