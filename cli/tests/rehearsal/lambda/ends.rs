//! How processes end, and what is told of it.

use std::time::Duration;

use greenlight_cli::rehearsal::lambda::{Exit, Function, Lambda, Outcome};
use rustix::process::{Pid, test_kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{answered, seen, witness};
use crate::function::{function, witnessed};

fn is_alive(process_id: Option<u32>) -> bool {
    let pid = Pid::from_raw(process_id.expect("a process").cast_signed()).expect("a process id");
    test_kill_process(pid).is_ok()
}

async fn ended(mut function: TcpStream) {
    // A killed process may reset the connection instead of closing it.
    assert!(matches!(function.read(&mut [0]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_process_that_ends_is_told_with_how_it_ended() {
    let status = |status| Outcome::Exited(Exit { status: Some(status), signal: None });
    let aborted = Outcome::Exited(Exit { status: None, signal: Some(6) });
    for (behaviour, outcome, words) in [
        ("exit in initialization", status(3), "Runtime exited with error: exit status 3"),
        ("exit", status(4), "Runtime exited with error: exit status 4"),
        ("abort", aborted, "Runtime exited with error: signal: aborted"),
    ] {
        let lambda = Lambda::new(function(behaviour));
        let first = lambda.invoke("{}").await;
        assert_eq!(first.outcome, outcome, "{behaviour}");
        let failure = first.failure().expect("a failure");
        assert_eq!(failure.error_type, "Runtime.ExitError");
        assert_eq!(failure.message, format!("RequestId: {} Error: {words}", first.request_id));
        assert_eq!(first.posts, []);
        let second = lambda.invoke("{}").await;
        assert_ne!(second.process_id, first.process_id, "{behaviour}: a new process serves the next one");
    }
}

#[tokio::test]
async fn what_cannot_be_started_is_told_with_its_path() {
    let invocation = Lambda::new(Function::new("hook", "/no/such/bootstrap")).invoke("{}").await;
    let Outcome::CouldNotStart { reason } = invocation.outcome else { panic!("{:?}", invocation.outcome) };
    assert!(reason.starts_with("cannot start `/no/such/bootstrap`: No such file"), "{reason}");
    assert_eq!(invocation.process_id, None);
}

#[tokio::test]
async fn a_timeout_kills_the_process_and_its_children() {
    let (listener, address) = witness().await;
    let mut function = witnessed("hang with a child", address);
    // The child runs before the function asks for its event, so this may be short.
    function.timeout = Duration::from_millis(100);
    let limit = function.timeout;
    let lambda = Lambda::new(function);
    let (invocation, child) = tokio::join!(lambda.invoke("{}"), seen(&listener));
    assert_eq!(invocation.outcome, Outcome::TimedOut { limit });
    assert!(invocation.duration >= limit, "killed after {:?}", invocation.duration);
    assert_eq!(invocation.failure().expect("a failure").error_type, "Sandbox.Timedout");
    assert!(!is_alive(invocation.process_id));
    ended(child).await;
}

#[tokio::test]
async fn after_a_timeout_a_new_process_serves() {
    let mut function = function("hang");
    function.timeout = Duration::from_millis(100);
    let lambda = Lambda::new(function);
    let first = lambda.invoke("{}").await;
    let second = lambda.invoke("{}").await;
    assert!(matches!(second.outcome, Outcome::TimedOut { .. }));
    assert!(second.initialization.is_some());
    assert_ne!(first.process_id, second.process_id);
}

#[tokio::test]
async fn a_process_that_never_asks_for_an_event_is_killed() {
    let mut function = function("hang in initialization");
    function.initialization_limit = Duration::from_millis(100);
    let limit = function.initialization_limit;
    let invocation = Lambda::new(function).invoke("{}").await;
    assert_eq!(invocation.outcome, Outcome::TimedOut { limit });
    assert_eq!(invocation.initialization, None);
    assert!(!is_alive(invocation.process_id));
}

#[tokio::test]
async fn an_answer_stands_if_the_process_ends_after_it() {
    let lambda = Lambda::new(function("answer and exit"));
    let first = lambda.invoke("{}").await;
    let second = lambda.invoke("{}").await;
    assert_eq!((first.outcome, second.outcome), (answered("\"answered\""), answered("\"answered\"")));
    assert_ne!(first.process_id, second.process_id);
}

#[tokio::test]
async fn an_answer_stands_if_the_process_never_asks_again() {
    let mut function = function("answer and hang");
    function.timeout = Duration::from_secs(3);
    let limit = function.timeout;
    let invocation = Lambda::new(function).invoke("{}").await;
    assert_eq!(invocation.outcome, answered("\"answered\""));
    assert!(invocation.duration < limit, "the duration counts to the answer");
    assert!(!is_alive(invocation.process_id), "killed at the timeout all the same");
}

#[tokio::test]
async fn a_process_ends_with_the_invocation_that_nobody_waits_for() {
    let (listener, address) = witness().await;
    let lambda = Lambda::new(witnessed("hang", address));
    let function = tokio::select! {
        _ = lambda.invoke("{}") => panic!("a function that hangs does not answer"),
        function = seen(&listener) => function,
    };
    ended(function).await;
}

#[tokio::test]
async fn warm_processes_end_with_the_service() {
    let (listener, address) = witness().await;
    let lambda = Lambda::new(witnessed("wait to be released", address));
    let released = async {
        let mut function = seen(&listener).await;
        function.write_all(b"!").await.unwrap();
    };
    let (invocation, ()) = tokio::join!(lambda.invoke("{}"), released);
    assert!(is_alive(invocation.process_id), "it waits for the next event");
    drop(lambda);
    // The signal is sent before `drop` returns; the process is gone when it has been reaped.
    while is_alive(invocation.process_id) {
        tokio::task::yield_now().await;
    }
}
