//! How a rehearsal ends: by itself, when somebody interrupts it, and with what it was expected to come to.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::transcript::{command, transcript};

async fn json(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = command(arguments).arg("--json").args(["--speed", "200x"]).output().await.unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}")))
}

#[tokio::test]
async fn everything_is_in_the_document() {
    let (code, document) = json(&["--fault", "green:errors=20%", "--hooks", "test-traffic"]).await;
    assert_eq!(code, Some(1));
    assert_eq!(document["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(document["green_served"], false);
    assert_eq!(document["users"]["errors"], 0);
    let decided_by = document["decided_by"].as_str().unwrap();
    assert!(decided_by.starts_with("check `http` failed"), "{decided_by}");
    let events = document["events"].as_array().unwrap();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let invoked = of("invoked");
    assert_eq!(invoked.len(), 1);
    assert_eq!(invoked[0]["answer"]["hookStatus"], "FAILED");
    assert_eq!(invoked[0]["evidence"]["deciding_check"], "http");
    assert_eq!(of("ended")[0]["status"], "ROLLBACK_SUCCESSFUL");
    assert!(of("stage").iter().any(|stage| stage["stage"] == "POST_SCALE_UP"));
    let times: Vec<f64> = events.iter().map(|event| event["at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// A function that reports and may not see enough waits beyond its own time, by invoking itself.
#[tokio::test]
async fn a_wait_beyond_the_time_of_a_function_is_handed_over() {
    let faults = "hook:timeout=3s,aws:denied@elasticloadbalancing:DescribeRules";
    let (code, document) = json(&[
        "--appspec",
        "examples/codedeploy/appspec.yaml",
        "--hooks",
        "test-traffic",
        "--fault",
        faults,
    ])
    .await;
    assert_eq!((code, &document["status"]), (Some(1), &"ROLLBACK_SUCCESSFUL".into()));
    let decided_by = document["decided_by"].as_str().unwrap();
    assert!(decided_by.starts_with("check `http` could not be told after waiting 1"), "{decided_by}");
    let events = document["events"].as_array().unwrap();
    let invoked: Vec<_> = events.iter().filter(|event| event["event"] == "invoked").collect();
    assert!(invoked.len() >= 2, "{} invocations", invoked.len());
    let reason = invoked[0]["answer"]["reason"].as_str().unwrap();
    assert!(reason.ends_with("; handed over to the next invocation (hop 1 of 12)"), "{reason}");
    assert_eq!(invoked.last().unwrap()["evidence"]["hops"], invoked.len() - 1);
}

#[tokio::test]
async fn an_expectation_decides_the_exit_code() {
    for (expect, fault, hooks, code) in [
        ("success", "green:slow=1ms", "all", 0),
        ("rollback", "green:slow=1ms", "all", 1),
        ("success", "green:errors=20%", "all", 1),
        ("rollback", "green:errors=20%", "all", 0),
        ("rollback-before-users", "green:errors=20%", "all", 0),
        ("rollback", "green:errors=20%", "none", 0),
        ("rollback-before-users", "green:errors=20%", "none", 1),
    ] {
        let arguments = ["--expect", expect, "--fault", fault, "--hooks", hooks];
        let transcript = transcript(&arguments).await;
        assert!(transcript.ends_with(&format!("exit code {code}\n")), "{transcript}");
    }
}

#[tokio::test]
async fn a_command_that_does_not_serve_is_shown_with_its_last_lines() {
    for (program, wanted) in [
        ("echo cannot find the database >&2; exit 7", "cannot find the database"),
        ("echo up; exec sleep 1000", "was not ready within 1s"),
    ] {
        // The deployment of such a green fails, as on AWS; there is none without a blue.
        for (side, code) in [("--green", 1), ("--blue", 3)] {
            let transcript = transcript(&[side, program, "--ready-timeout", "1s"]).await;
            assert!(transcript.ends_with(&format!("exit code {code}\n")), "{side}: {transcript}");
            assert!(transcript.contains(wanted), "{side}: {transcript}");
        }
    }
}

#[tokio::test]
async fn an_application_of_somebody_elses_is_one_process_for_each_task() {
    let program = greenlight_tests::binaries::command().unwrap();
    let green = format!("exec '{}' application --version 3.0", program.display());
    let (code, document) = json(&["--green", &green]).await;
    assert_eq!((code, &document["status"]), (Some(0), &Value::from("SUCCESSFUL")), "{document}");
    assert!(document["users"]["by_colour"]["green"]["requests"].as_u64().unwrap() > 0);
}

/// Signals the command once it has said this, and waits for its end.
async fn interrupted(arguments: &[&str], said: &str, signal: Signal) -> Option<i32> {
    let mut child = command(arguments).spawn().unwrap();
    let id = child.id().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains(said) {
            break;
        }
    }
    kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await.expect("it does not end");
    ended.unwrap().code()
}

/// How long a process sleeps that no other run of these tests has started.
#[cfg(target_os = "linux")]
fn marker(digit: u8) -> String {
    format!("86399.{}{digit}", std::process::id())
}

/// Waits until nothing runs any more that has this in its command line. There is no event to wait for: these
/// processes are nobody's children any more.
#[cfg(target_os = "linux")]
async fn gone(marker: &str) {
    let runs = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|process| {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(marker)
        })
    };
    let gone = async {
        while runs() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap_or_else(|_| panic!("{marker} is left behind"));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_interrupted_rehearsal_leaves_nothing_behind() {
    for (signal, digit) in [(Signal::INT, 1), (Signal::TERM, 2)] {
        let marker = &marker(digit);
        let program = greenlight_tests::binaries::command().unwrap();
        // A child of the application that would outlive it.
        let blue = format!("sleep {marker} & exec '{}' application --version 1.0", program.display());
        // Blue serves when the deployment begins, and at 1x nothing ends soon by itself.
        let arguments = ["--blue", &blue, "--speed", "1x"];
        assert_eq!(interrupted(&arguments, "PRE_SCALE_UP", signal).await, Some(3));
        gone(marker).await;
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_kept_rehearsal_ends_with_its_interrupt() {
    let program = greenlight_tests::binaries::command().unwrap();
    let marker = &marker(3);
    let green = format!("sleep {marker} & exec '{}' application --version 2.0", program.display());
    let arguments = ["--keep", "--speed", "200x", "--green", &green];
    // What was rehearsed had succeeded; that somebody stops looking is no failure.
    assert_eq!(interrupted(&arguments, "took ", Signal::INT).await, Some(0));
    gone(marker).await;
}
