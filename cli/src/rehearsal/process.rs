//! A process, of a function or of a task: started, followed and ended.
//!
//! Every process leads a process group of its own, and the whole group is killed with it, so that
//! nothing that it has started outlives its owner. A group also keeps the terminal's Ctrl-C from the
//! process: its owner decides when it ends.

mod exit;
mod log;

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub use self::exit::Exit;

use self::log::Log;

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Arc<Group>,
    log: Arc<Log>,
    following: JoinHandle<()>,
}

/// The process group that a process leads.
#[derive(Debug)]
pub(super) struct Group {
    leader: Pid,
    ended: AtomicBool,
}

impl Process {
    /// Starts the command, with nothing to read and with an output that is kept.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        let (log, output) = Log::open()?;
        // The command keeps the writing ends of the pipe open; it ends with this function.
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let leader = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .ok_or_else(|| io::Error::other("the new process has no id"))?;
        let following = tokio::spawn(log.clone().follow());
        Ok(Self { child, group: Arc::new(Group { leader, ended: AtomicBool::new(false) }), log, following })
    }

    pub(super) fn id(&self) -> u32 {
        self.group.leader.as_raw_nonzero().get().cast_unsigned()
    }

    pub(super) fn group(&self) -> &Arc<Group> {
        &self.group
    }

    /// Waits for the end of the process, then ends what is left of its group.
    pub(super) async fn wait(&mut self) -> Exit {
        let exit = self.child.wait().await.map_or_else(Exit::unknown, Exit::from);
        self.group.end();
        exit
    }

    /// SIGKILL, and the end that it brings.
    pub(super) async fn kill(&mut self) -> Exit {
        self.group.kill();
        self.wait().await
    }

    /// SIGTERM to the group, and SIGKILL to what is left of it when the grace is over.
    pub(super) async fn terminate(&mut self, grace: Duration) -> Exit {
        let deadline = Instant::now() + grace;
        self.group.signal(Signal::TERM);
        // The leader of a pipeline is a shell that ends at once, while those that it started still clean
        // up: they are gone when nobody is left to write. Until then the leader is not reaped, so that
        // the id of the group stays its own.
        if !self.following.is_finished() {
            let _ = timeout_at(deadline, &mut self.following).await;
        }
        let _ = timeout_at(deadline, self.child.wait()).await;
        self.kill().await
    }

    /// What it wrote since the last call, and how many older lines were too many to keep.
    pub(super) fn take_log(&self) -> (Vec<String>, usize) {
        self.log.take(self.group.has_ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.end();
        self.following.abort();
    }
}

impl Group {
    /// SIGKILL to every process of the group.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// SIGTERM to every process of the group, and nothing more.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        if !self.has_ended() {
            // The one possible error is that no process is left to take it.
            let _ = rustix::process::kill_process_group(self.leader, signal);
        }
    }

    /// Kills what is left, for the last time: once the leader is reaped its id may be given to others.
    fn end(&self) {
        self.kill();
        self.ended.store(true, Ordering::Release);
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}
