//! The table of faults says who catches each; here every line of it is played.

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::Arc;

use greenlight_cli::rehearsal::fault::{By, Sign, catches};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::transcript::command;

/// More at a time would be slower than the simulated clock allows for.
const AT_A_TIME: usize = 2;

/// What came of a rehearsal with these arguments.
async fn played(arguments: &[String]) -> Result<Value, String> {
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    // Real time, which handshakes and timeouts take, must not be minutes.
    arguments.extend(["--json", "--speed", if arguments.contains(&"--tls") { "60x" } else { "120x" }]);
    let output = command(&arguments).output().await.map_err(|error| error.to_string())?;
    let Output { stdout, stderr, .. } = output;
    serde_json::from_slice(&stdout).map_err(|error| {
        format!("{error}: {}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
    })
}

/// What is wrong with the line.
fn wrong(by: By, played: &Value) -> Option<String> {
    let of = |key: &str| played[key].as_str().unwrap_or_default().to_owned();
    let (status, reason, because) = (of("status"), of("reason"), of("decided_by"));
    let success = status == "SUCCESSFUL";
    let holds = match by {
        By::Check { check, .. } => !success && because.starts_with(&format!("check `{check}` failed: ")),
        By::Undecided => !success && because.contains(" could not be told"),
        By::Aws(words) => !success && reason.contains(words),
        By::Nobody(sign) => success && shows(sign, played),
    };
    (!holds).then(|| format!("{by:?}\n  {status}\n  {reason}\n  {because}"))
}

/// Whether the fault struck: that a deployment succeeds says nothing of it.
fn shows(sign: Sign, played: &Value) -> bool {
    let events = || played["events"].as_array().into_iter().flatten();
    match sign {
        Sign::Text(text) => played.to_string().contains(text),
        Sign::CallOf(least) => {
            let calls = events().filter_map(|event| event["evidence"]["aws_calls"].as_array()).flatten();
            calls.filter_map(|call| call["duration_ms"].as_u64()).any(|took| took >= least)
        }
        Sign::ToldTwice => {
            let mut told: BTreeMap<u64, usize> = BTreeMap::new();
            let waits = |event: &&Value| event["answer"]["hookStatus"] == "IN_PROGRESS";
            for event in events().filter(waits).filter(|event| event["evidence"].is_object()) {
                *told.entry(event["execution"].as_u64().unwrap_or_default()).or_default() += 1;
            }
            told.values().any(|times| *times >= 2)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_caught_as_the_documentation_says() {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut lines = JoinSet::new();
    for (caught, arguments) in catches() {
        let turns = Arc::clone(&turns);
        lines.spawn(async move {
            let _turn = turns.acquire().await.expect("nobody closes it");
            let wrong = match played(&arguments).await {
                Ok(played) => wrong(caught.by, &played),
                Err(error) => Some(error),
            };
            wrong.map(|wrong| format!("greenlight rehearse {}\n  {wrong}\n", arguments.join(" ")))
        });
    }
    let wrong: Vec<String> = lines.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} lines are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_shows_a_harmless_fault_is_not_there_without_it() {
    let signs: Vec<_> = catches()
        .filter_map(|(caught, arguments)| match caught.by {
            By::Nobody(sign) => Some((sign, arguments.contains(&"--tls".to_owned()))),
            _ => None,
        })
        .collect();
    assert!(!signs.is_empty(), "every fault does harm");
    let plain = played(&[]).await.unwrap();
    let secure = played(&["--tls".to_owned()]).await.unwrap();
    for (sign, tls) in signs {
        let played = if tls { &secure } else { &plain };
        assert!(!shows(sign, played), "{sign:?} shows nothing: {played}");
    }
}
