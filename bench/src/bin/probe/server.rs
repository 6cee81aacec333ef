//! The server that is asked: a process of its own, on one core.
//!
//! `/` answers at once. `/after/RUN` answers after a latency that is drawn from a seed and the number of the request within its
//! run, so that every client meets the same latencies, and they are known.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::{Router, extract::Path, routing::get};
use greenlight_tests::drawn::Chance;
use tokio::net::TcpListener;

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
    let runs: Arc<Mutex<HashMap<String, u64>>> = Arc::default();
    let after = async move |Path(run): Path<String>| {
        let number = {
            let mut runs = runs.lock().unwrap_or_else(PoisonError::into_inner);
            let number = runs.entry(run).or_default();
            *number += 1;
            *number
        };
        tokio::time::sleep(latency(number)).await;
        "hello"
    };
    let router = Router::new().route("/", get(async || "hello")).route("/after/{run}", get(after));
    axum::serve(listener, router).await
}

/// The latency of a request by its number: 20 ms, and exponentially distributed 20 ms on average.
pub(super) fn latency(number: u64) -> Duration {
    let more = -Chance::new(number).fraction().ln();
    Duration::from_millis(20) + Duration::from_millis(20).mul_f64(more.min(20.0))
}
