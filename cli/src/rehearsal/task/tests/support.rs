use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::*;

/// Green with one task, long enough to wait for.
pub(super) fn settings(program: Program) -> Settings {
    Settings {
        colour: Colour::Green,
        program,
        count: 1,
        port: None,
        ready_timeout: Duration::from_mins(1),
        readiness: Readiness::of("/ping", "200"),
        faults: Arc::default(),
        clock: Clock::start(60.0),
        environment: BTreeMap::new(),
    }
}

pub(super) async fn start(settings: Settings) -> Tasks {
    Tasks::start(settings).await.unwrap_or_else(|error| panic!("{error}"))
}

pub(super) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, path, "test").await
}

/// What a load balancer's health check is answered.
pub(super) async fn check(address: SocketAddr) -> u16 {
    ask(address, "/ping", "ELB-HealthChecker/2.0").await.0
}

async fn ask(address: SocketAddr, path: &str, agent: &str) -> (u16, String) {
    let answer = send(address, path, agent).await.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Sends a request; the answer is what comes until the connection ends.
pub(super) async fn send(address: SocketAddr, path: &str, agent: &str) -> JoinHandle<String> {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: orders.example.com\r\nuser-agent: {agent}\r\nconnection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    tokio::spawn(async move {
        let mut answer = Vec::new();
        // A connection that is reset has ended, too.
        let _ = connection.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    })
}

/// A named pipe between a command and its test.
pub(super) struct Fifo {
    _directory: TempDir,
    path: PathBuf,
}

impl Fifo {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self { _directory: directory, path }
    }

    /// The variable that tells a command where it is.
    pub(super) fn variable(&self, name: &str) -> (OsString, OsString) {
        (name.into(), self.path.clone().into())
    }

    /// Waits for a writer and reads its first line.
    pub(super) async fn line(&self) -> (String, BufReader<File>) {
        let path = self.path.clone();
        let read = spawn_blocking(move || {
            let mut reader = BufReader::new(File::open(path).unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            (line.trim_end().to_owned(), reader)
        });
        read.await.unwrap()
    }

    /// Waits for a reader and writes a line.
    pub(super) async fn write(&self) {
        let path = self.path.clone();
        let write = spawn_blocking(move || {
            OpenOptions::new().write(true).open(path).unwrap().write_all(b"go\n").unwrap();
        });
        write.await.unwrap();
    }
}

/// Reads until nobody has the pipe open for writing any more.
pub(super) async fn rest(mut reader: BufReader<File>) -> String {
    let read = spawn_blocking(move || {
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        rest
    });
    read.await.unwrap()
}
