//! Probers with limits that suit tests, and what they talk to.

mod certificates;
pub(crate) mod http2;
mod server;

use std::net::SocketAddr;
use std::time::Duration;

use greenlight_prober::{
    Answer, Endpoint, Limits, Load, Mismatch, NoAnswer, Overrides, Prober, Reply, Request, Tally, Unreachable,
};
use http::Method;
use tokio::net::TcpSocket;
use tokio::time::Instant;

pub(crate) use self::certificates::{Authority, Issued};
pub(crate) use self::server::{Script, Server, Step};

/// An answer with a body, on a connection that stays open.
pub(crate) fn ok(body: &str) -> Step {
    Step::Send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// Bytes as they are.
pub(crate) fn send(bytes: &str) -> Step {
    Step::Send(bytes.as_bytes().to_vec())
}

/// An address at which nobody listens, and nobody else can.
pub(crate) struct Nobody {
    pub(crate) address: SocketAddr,
    /// Bound, and not listening yet.
    pub(crate) socket: TcpSocket,
}

pub(crate) fn nobody() -> Nobody {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    Nobody { address: socket.local_addr().unwrap(), socket }
}

/// For tests in which nothing times out, however busy the machine is.
pub(crate) fn patient() -> Limits {
    Limits {
        connect_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        attempts: 3,
        backoff: Duration::from_millis(5),
        ..Limits::default()
    }
}

/// For tests that wait for something to time out.
pub(crate) fn hasty() -> Limits {
    Limits { connect_timeout: Duration::from_millis(200), timeout: Duration::from_millis(200), ..patient() }
}

/// A deadline that no test reaches.
pub(crate) fn never() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

pub(crate) fn endpoint(url: &str, overrides: &Overrides) -> Endpoint {
    Endpoint::new(&url.parse().unwrap(), overrides).unwrap()
}

pub(crate) fn prober(url: &str, limits: Limits) -> Prober {
    Prober::new(endpoint(url, &Overrides::default()), limits)
}

pub(crate) fn get() -> Request {
    Request::new(Method::GET, "/ping").unwrap()
}

/// A judge that finds every answer good.
#[expect(clippy::unnecessary_wraps, reason = "a judge's signature")]
pub(crate) fn any(_: &Answer) -> Result<(), Mismatch> {
    Ok(())
}

/// A GET of a server's `/ping`.
pub(crate) async fn ask(server: &Server, limits: Limits) -> Reply {
    prober(&server.url(), limits).send(&get(), never()).await.unwrap()
}

/// So many GETs of a server's `/ping`, so many at once.
pub(crate) async fn load(server: &Server, limits: Limits, requests: u64, concurrency: usize) -> Tally {
    let load = Load { requests, concurrency, deadline: never() };
    prober(&server.url(), limits).run(&get(), load, any).await
}

pub(crate) fn answer(reply: Reply) -> Answer {
    match reply {
        Reply::Answer(answer) => answer,
        Reply::NoAnswer(no_answer) => panic!("no answer: {no_answer}"),
        Reply::Unreachable(unreachable) => panic!("unreachable: {unreachable}"),
    }
}

pub(crate) fn no_answer(reply: Reply) -> NoAnswer {
    match reply {
        Reply::Answer(answer) => panic!("an answer: {answer:?}"),
        Reply::NoAnswer(no_answer) => no_answer,
        Reply::Unreachable(unreachable) => panic!("unreachable: {unreachable}"),
    }
}

pub(crate) fn unreachable(reply: Reply) -> Unreachable {
    match reply {
        Reply::Answer(answer) => panic!("an answer: {answer:?}"),
        Reply::NoAnswer(no_answer) => panic!("no answer: {no_answer}"),
        Reply::Unreachable(unreachable) => unreachable,
    }
}
