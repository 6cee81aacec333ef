//! The server that is asked: a process of its own, on one core.
//!
//! It does as little as a server can, so that it is the client that is measured: it reads to the end of a head and writes the
//! same bytes each time.
//!
//! `/` answers at once. `/after/RUN` answers after a latency that is drawn from a seed and the number of the request within its
//! run, so that every client meets the same latencies, and they are known.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenlight_bench::processor;
use greenlight_tests::drawn::Chance;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
/// What comes before the name of a run.
const AFTER: &[u8] = b"GET /after/";

/// How many requests each run has had.
type Runs = Arc<Mutex<HashMap<Vec<u8>, u64>>>;

/// The process. Dropping it ends it.
pub(super) struct Server {
    process: Child,
    pub(super) url: String,
}

impl Server {
    pub(super) fn start(core: Option<usize>) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve").args(core.map(|core| format!("--core={core}")));
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or_else(|| io::Error::other("the server has no output"))?;
        let mut server = Self { process, url: String::new() };
        BufReader::new(output).read_line(&mut server.url)?;
        server.url.truncate(server.url.trim_end().len());
        Ok(server)
    }
}

impl Server {
    /// The processor time that it has used: it has one thread.
    pub(super) fn processor(&self) -> io::Result<Duration> {
        processor::used(Path::new(&format!("/proc/{}", self.process.id())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The one error is that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until it is killed; its first line of output is where.
#[expect(clippy::print_stdout, reason = "this is how the address gets out")]
pub(super) async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let runs = Runs::default();
    loop {
        let (stream, _) = listener.accept().await?;
        // Whoever goes away before its answer has gone away.
        tokio::spawn(answer(stream, Arc::clone(&runs)));
    }
}

/// Answers the requests of one connection, none of which has a body.
async fn answer(mut stream: TcpStream, runs: Runs) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::with_capacity(4096);
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        if let Some(rest) = head.strip_prefix(AFTER) {
            let run = rest.split(|byte| *byte == b' ').next().unwrap_or_default().to_owned();
            let number = {
                let mut runs = runs.lock().unwrap_or_else(PoisonError::into_inner);
                let number = runs.entry(run).or_default();
                *number += 1;
                *number
            };
            tokio::time::sleep(latency(number)).await;
        }
        stream.write_all(ANSWER).await?;
    }
}

/// The latency of a request by its number: 40 ms, and exponentially distributed 40 ms on average. That is long beside the
/// millisecond that a timer may be late.
pub(super) fn latency(number: u64) -> Duration {
    let more = -Chance::new(number).fraction().ln();
    Duration::from_millis(40) + Duration::from_millis(40).mul_f64(more.min(20.0))
}
