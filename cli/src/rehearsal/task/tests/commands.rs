//! Commands: small ones for `sh`. Those that serve let the test serve in their place.

use tokio::process::Command;

use super::support::{Fifo, rest};
use super::*;
use crate::rehearsal::process::Process;

/// Opens the pipe, says where it is expected to serve, and keeps the pipe open.
const SAYS_WHERE: &str = r#"exec 9>"$FIFO"; echo "$HOST $PORT $GREENLIGHT_COLOUR $GREETING" >&9; "#;

/// Starts a command that says where it is, and serves there in its place.
async fn served(command: &str, fifo: &Fifo, more: Option<(OsString, OsString)>) -> Served {
    let mut settings = settings(Program::Command(format!("{SAYS_WHERE}{command}")));
    settings.environment.extend([fifo.variable("FIFO"), ("GREETING".into(), "hello".into())]);
    settings.environment.extend(more);
    let starting = tokio::spawn(Tasks::start(settings));
    let (line, pipe) = fifo.line().await;
    let words: Vec<&str> = line.split(' ').collect();
    let [host, port, "green", "hello"] = words[..] else { panic!("{line}") };
    let at = SocketAddr::new(host.parse().unwrap(), port.parse().unwrap());
    let application = Application::listen(at, "3").await.unwrap();
    let tasks = starting.await.unwrap().unwrap_or_else(|error| panic!("{error}"));
    Served { tasks, pipe, application }
}

struct Served {
    tasks: Tasks,
    pipe: std::io::BufReader<std::fs::File>,
    application: Application,
}

#[tokio::test]
async fn a_command_is_told_where_to_serve_and_is_killed_with_all_that_it_started() {
    let fifo = Fifo::new();
    let Served { tasks, pipe, application } = served("sleep 1000 | sleep 1000", &fifo, None).await;
    let [address] = tasks.addresses() else { panic!("{:?}", tasks.addresses()) };
    if tasks.has_own_addresses() {
        assert_eq!(address.ip(), application.address().ip());
    }
    assert_ne!(address.port(), application.address().port());
    assert_eq!(get(*address, "/version").await, (200, "3\n".to_owned()));

    drop(tasks);
    assert_eq!(rest(pipe).await, "");
}

#[tokio::test]
async fn a_command_that_is_not_waited_for_is_killed() {
    let fifo = Fifo::new();
    let mut settings = settings(Program::Command(format!("{SAYS_WHERE} sleep 1000 | sleep 1000")));
    settings.environment.extend([fifo.variable("FIFO")]);
    let (_, pipe) = tokio::select! {
        biased;
        _ = Tasks::start(settings) => panic!("nobody serves"),
        line = fifo.line() => line,
    };
    assert_eq!(rest(pipe).await, "");
}

#[tokio::test]
async fn a_command_that_ends_before_it_is_ready_is_told_at_once_with_its_last_lines() {
    let counting =
        "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done; echo no database >&2; exit 7";
    let settings = Settings { count: 3, ..settings(Program::Command(counting.to_owned())) };
    let error = Tasks::start(settings).await.unwrap_err();
    assert!(matches!(error.why, Why::Ended(Exit { status: Some(7), signal: None })), "{error}");
    assert_eq!(error.last_lines.len(), 20);
    assert_eq!(error.last_lines[0], "line 12");
    let text = error.to_string();
    let first =
        format!("task {} of green ended before it was ready: exit status 7\nits last lines:\n", error.task);
    assert!(text.starts_with(&first) && text.ends_with("\n  line 30\n  no database"), "{text}");
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn a_command_that_never_serves_is_told_when_its_time_is_over() {
    let settings = Settings {
        ready_timeout: Duration::from_secs(1),
        ..settings(Program::Command("sleep 1000".to_owned()))
    };
    let error = Tasks::start(settings).await.unwrap_err().to_string();
    assert!(
        error.starts_with("task 1 of green was not ready within 1s of real time: no connection to 127.0."),
        "{error}"
    );
}

#[tokio::test]
async fn a_task_whose_process_ends_is_told_and_refuses() {
    let (fifo, go) = (Fifo::new(), Fifo::new());
    let command = r#"read word <"$GO"; echo out of memory; exit 3"#;
    let Served { tasks, application, pipe: _ } = served(command, &fifo, Some(go.variable("GO"))).await;
    let address = tasks.addresses()[0];
    assert_eq!(get(address, "/version").await.0, 200);
    go.write().await;
    let ended = Ended {
        task: 1,
        exit: Some(Exit { status: Some(3), signal: None }),
        by_fault: false,
        last_lines: vec!["out of memory".to_owned()],
    };
    assert_eq!(tasks.ended().await, ended);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(get(application.address(), "/version").await.0, 200);
}

#[tokio::test]
async fn a_task_that_is_told_to_end_may_clean_up_though_its_shell_does_not_wait() {
    let fifo = Fifo::new();
    // The shell that leads the pipeline ends at once.
    let command = r"{ trap 'echo closed >&9; exit' TERM; echo trapped >&9; sleep 1000 & wait; } | cat";
    let Served { tasks, pipe, application: _ } = served(command, &fifo, None).await;
    let (trapped, pipe) = {
        let mut pipe = pipe;
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            std::io::BufRead::read_line(&mut pipe, &mut line).unwrap();
            (line, pipe)
        });
        read.await.unwrap()
    };
    assert_eq!(trapped, "trapped\n");
    tasks.stop().await;
    assert_eq!(rest(pipe).await, "closed\n");
}

#[tokio::test]
async fn a_process_that_does_not_want_to_end_is_killed_when_its_grace_is_over() {
    let fifo = Fifo::new();
    let mut command = Command::new("/bin/sh");
    let deaf = r#"trap '' TERM; exec 9>"$FIFO"; echo deaf >&9; sleep 1000"#;
    command.arg("-c").arg(deaf).envs([fifo.variable("FIFO")]);
    let mut process = Process::start(command).unwrap();
    let (_, pipe) = fifo.line().await;
    let exit = process.terminate(Duration::from_millis(50)).await;
    assert_eq!(exit, Exit { status: None, signal: Some(9) });
    assert_eq!(rest(pipe).await, "");
}
