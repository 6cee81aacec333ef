//! What a process writes: stdout and stderr through one pipe, as they share one log stream on AWS.
//!
//! The pipe is always read, so that the process never blocks on a full one, and what is kept is
//! bounded: the oldest lines go first, because evidence and last words come last. A line is split
//! where CloudWatch would split it.
//!
//! The surprise: besides the task that follows the pipe, whoever takes the lines reads it too. A
//! function writes its line before it answers, but the answer may be seen first; reading what is in
//! the pipe at that moment makes the lines of an invocation complete.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, PipeWriter};
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::unix::pipe::Receiver;

/// The size of one event in CloudWatch Logs.
const LINE_LIMIT: usize = 256 * 1024;
/// What is kept until it is taken.
const KEPT_LIMIT: usize = 4 * 1024 * 1024;
/// A pipe holds 64 KiB, at most 1 MiB if the process has enlarged it.
const PIPE_LIMIT: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Log {
    pipe: Receiver,
    lines: Mutex<Lines>,
}

impl Log {
    /// A log and the end of its pipe that the process writes to.
    pub(super) fn open() -> io::Result<(Arc<Self>, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        let log = Self { pipe: Receiver::from_owned_fd(OwnedFd::from(reader))?, lines: Mutex::default() };
        Ok((Arc::new(log), writer))
    }

    /// Reads until every writer is gone.
    pub(super) async fn follow(self: Arc<Self>) {
        while self.pipe.readable().await.is_ok() {
            match self.lines().read(|buffer| self.pipe.try_read(buffer)) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// All lines since the last call and how many older ones were dropped.
    /// A line without its end stays until it has one, or until the process is gone.
    pub(super) fn take(&self, process_is_gone: bool) -> (Vec<String>, usize) {
        let mut lines = self.lines();
        let mut taken = 0;
        // Asks the pipe itself: the follower would first have to be told that it is readable.
        let read =
            |buffer: &mut [u8]| Ok(rustix::io::retry_on_intr(|| rustix::io::read(&self.pipe, &mut *buffer))?);
        while taken < PIPE_LIMIT
            && let Ok(length @ 1..) = lines.read(read)
        {
            taken += length;
        }
        if process_is_gone {
            lines.end();
        }
        lines.take()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Lines {
    whole: VecDeque<String>,
    partial: Vec<u8>,
    /// The size of `whole`.
    kept: usize,
    dropped: usize,
}

impl Lines {
    /// One read. The lines are locked around it, so that two readers cannot swap what they read.
    fn read(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let length = read(&mut buffer)?;
        self.add(&buffer[..length]);
        Ok(length)
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            self.finish();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    fn extend(&mut self, mut bytes: &[u8]) {
        while self.partial.len() + bytes.len() > LINE_LIMIT {
            let (fits, rest) = bytes.split_at(LINE_LIMIT - self.partial.len());
            self.partial.extend_from_slice(fits);
            self.finish();
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
    }

    fn finish(&mut self) {
        let line = mem::take(&mut self.partial);
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
        self.kept += size(&line);
        self.whole.push_back(line);
        while self.kept > KEPT_LIMIT
            && let Some(oldest) = self.whole.pop_front()
        {
            self.kept -= size(&oldest);
            self.dropped += 1;
        }
    }

    fn end(&mut self) {
        if !self.partial.is_empty() {
            self.finish();
        }
    }

    fn take(&mut self) -> (Vec<String>, usize) {
        self.kept = 0;
        (mem::take(&mut self.whole).into(), mem::take(&mut self.dropped))
    }
}

/// Empty lines take space too.
fn size(line: &str) -> usize {
    size_of::<String>() + line.len()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_split_at_their_ends_wherever_the_reads_fall() {
        let mut lines = Lines::default();
        lines.add(b"one\ntw");
        lines.add(b"o\r\n\nthree \xff");
        assert_eq!(lines.take(), (vec!["one".into(), "two".into(), String::new()], 0));
        lines.end();
        assert_eq!(lines.take(), (vec!["three \u{fffd}".into()], 0));
        lines.end();
        assert_eq!(lines.take(), (vec![], 0));
    }

    #[test]
    fn an_endless_line_is_split() {
        let mut lines = Lines::default();
        lines.add(&vec![b'x'; 2 * LINE_LIMIT + 1]);
        lines.end();
        let (whole, dropped) = lines.take();
        assert_eq!(whole.iter().map(String::len).collect::<Vec<_>>(), [LINE_LIMIT, LINE_LIMIT, 1]);
        assert_eq!(dropped, 0);
    }

    #[test]
    fn the_oldest_lines_are_dropped_first() {
        let mut lines = Lines::default();
        let line = vec![b'x'; LINE_LIMIT];
        for _ in 0..=KEPT_LIMIT / LINE_LIMIT {
            lines.add(&line);
            lines.add(b"\n");
        }
        lines.add(b"last\n");
        let (whole, dropped) = lines.take();
        assert_eq!(dropped, 2);
        assert_eq!(whole.last().map(String::as_str), Some("last"));
        assert_eq!(lines.kept, 0);

        lines.add(&vec![b'\n'; KEPT_LIMIT]);
        assert!(
            lines.whole.len() < KEPT_LIMIT / size_of::<String>() + 1,
            "empty lines are kept without bound"
        );
    }

    #[tokio::test]
    async fn lines_in_the_pipe_are_taken_without_waiting_for_the_follower() {
        let (log, mut writer) = Log::open().unwrap();
        writer.write_all(b"before the answer\nnot yet whole").unwrap();
        assert_eq!(log.take(false).0, ["before the answer"]);
        drop(writer);
        assert_eq!(log.take(true).0, ["not yet whole"]);
    }

    #[tokio::test]
    async fn a_writer_is_never_blocked_by_a_full_pipe() {
        let (log, mut writer) = Log::open().unwrap();
        let following = tokio::spawn(log.clone().follow());
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        let writing =
            tokio::task::spawn_blocking(move || (0..1000).try_for_each(|_| writer.write_all(&line)));
        writing.await.unwrap().unwrap();
        following.await.unwrap();
        assert_eq!(log.take(true).0.len(), 1000);
    }
}
