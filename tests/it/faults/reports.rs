//! The report meets what AWS can do to it: throttling, errors, denials, silence, an answer that is lost.
//!
//! The verdict itself is settled here, a pass or a fail; what is asked is that it counts once, or that
//! Lambda learns of an error and gives the event another chance.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::Times::{Always, Next};
use greenlight_cli::rehearsal::aws::{AwsError, Fault, Times, codedeploy, ecs};
use greenlight_cli::rehearsal::lambda::{Outcome as Invoked, PostKind};

use super::cell::{Cell, Played, Protocol, Reported};
use super::expect::{answer, outcomes};
use crate::table::{Outcome, Table, ensure};

/// Faults that are overcome; how many calls that takes.
#[rustfmt::skip]
const OVERCOME: [(&str, Fault, Times, usize); 5] = [
    ("nothing",               Fault::Slow(Duration::ZERO), Always, 1),
    ("throttled twice",       Fault::Throttled, Next(2), 3),
    ("a server error twice",  Fault::ServerError, Next(2), 3),
    ("slow",                  Fault::Slow(Duration::from_millis(700)), Always, 1),
    ("hangs once",            Fault::Hangs, Next(1), 2),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_counts_once_after_what_can_be_overcome() {
    let mut table = Table::default();
    for (name, fault, times, calls) in OVERCOME {
        for protocol in Protocol::REPORTING {
            for (act, verdict) in [("pass", Reported::Proceed), ("fail", Reported::Stop)] {
                let fault = fault.clone();
                table.add(format!("{} × {act} × {name}", protocol.name()), async move {
                    let cell = Cell { faults: vec![(fault, times)], ..Cell::doing(protocol, act) };
                    let played = cell.play().await;
                    let outcome = || {
                        answered(&played, verdict)?;
                        ensure!(played.reports == [verdict], "reported {:?}", played.reports);
                        ensure!(
                            played.report_calls().len() == calls,
                            "{} calls: {:?}",
                            played.report_calls().len(),
                            played.report_calls()
                        );
                        said_of_the_report(&played, "accepted")
                    };
                    outcome().map_err(|why| played.with_log(&why))
                });
            }
        }
    }
    table.play().await;
}

/// Faults that are not: the words of the error that Lambda is given.
fn lasting(protocol: Protocol) -> [(&'static str, Fault, Vec<&'static str>); 5] {
    let (action, resource) = match protocol {
        Protocol::CodeDeploy => (
            "codedeploy:PutLifecycleEventHookExecutionStatus",
            "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:greenlight-application/greenlight-group",
        ),
        Protocol::Pause | Protocol::Ecs => (
            "ecs:ContinueServiceDeployment",
            "arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/0EYSiB0qap8xf0N76FsbE",
        ),
    };
    let host = action.split(':').next().unwrap_or_default();
    let gone =
        AwsError::client("ServiceDeploymentNotFoundException", "The service deployment does not exist.");
    [
        ("denied", Fault::Denied, vec!["not allowed to call", action, resource, "to the function's role"]),
        ("a server error", Fault::ServerError, vec![action, "HTTP 500"]),
        ("throttled", Fault::Throttled, vec![action, "Rate exceeded"]),
        ("hangs", Fault::Hangs, vec!["cannot reach", host, "no answer to"]),
        ("gone", Fault::Error(gone), vec![action, "The service deployment does not exist."]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda_gets_an_error_and_tries_again_after_what_cannot() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        for (name, fault, words) in lasting(protocol) {
            table.add(format!("{} × {name}", protocol.name()), async move {
                let cell = Cell { faults: vec![(fault, Always)], ..Cell::doing(protocol, "pass").within(9) };
                let played = cell.play().await;
                let outcome = || {
                    played.nothing_proceeds()?;
                    failed_thrice(&played, &words)
                };
                outcome().map_err(|why| played.with_log(&why))
            });
        }
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_lambda_reports_what_the_first_attempt_could_not() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(format!("{} × denied once", protocol.name()), async move {
            let played =
                Cell { faults: vec![(Fault::Denied, Next(1))], ..Cell::doing(protocol, "pass") }.play().await;
            let attempts = &played.deliveries[0];
            ensure!(attempts.len() == 2, "expected an error, then an answer: {:?}", outcomes(attempts));
            answer(&attempts[1])?;
            ensure!(played.reports == [Reported::Proceed], "reported {:?}", played.reports);
            Ok(())
        });
    }
    table.play().await;
}

/// What makes the report one that does not count any more.
#[tokio::test(flavor = "multi_thread")]
async fn already_completed_is_success_to_lambda_and_the_log_says_so() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        let completed = match protocol {
            Protocol::CodeDeploy => codedeploy::already_completed(),
            Protocol::Pause | Protocol::Ecs => ecs::already_completed(),
        };
        // The second fault has its effect, but nobody hears of it: the retry finds our own report.
        for (name, fault, counted) in [
            ("already completed", Fault::Error(completed), vec![]),
            ("the answer is lost", Fault::AnswerLost, vec![Reported::Stop]),
        ] {
            table.add(format!("{} × {name}", protocol.name()), async move {
                let cell = Cell { faults: vec![(fault, Next(1))], ..Cell::doing(protocol, "fail") };
                let played = cell.play().await;
                let outcome = || {
                    answered(&played, Reported::Stop)?;
                    ensure!(played.reports == counted, "reported {:?}", played.reports);
                    said_of_the_report(&played, "already answered")?;
                    said_of_the_report(&played, "our verdict (stop) was not the one that counted")
                };
                outcome().map_err(|why| played.with_log(&why))
            });
        }
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_delivered_twice_is_reported_once() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        for act in ["pass", "hang", "block"] {
            table.add(format!("{} × {act}, twice", protocol.name()), async move {
                let cell = Cell { deliveries: 2, ..Cell::doing(protocol, act).within(4) };
                let played = cell.play().await;
                let verdict = if act == "pass" { Reported::Proceed } else { Reported::Stop };
                ensure!(played.reports == [verdict], "reported {:?}\n{}", played.reports, played.log());
                for delivery in &played.deliveries {
                    ensure!(delivery.len() == 1, "{:?}", outcomes(delivery));
                    answer(&delivery[0])?;
                }
                said_of_the_report(&played, "already answered")
            });
        }
    }
    table.play().await;
}

/// One attempt, one answer, this verdict.
fn answered(played: &Played, verdict: Reported) -> Outcome {
    let attempts = &played.deliveries[0];
    let [invocation] = attempts.as_slice() else {
        return Err(format!("{} attempts; expected 1: {:?}", attempts.len(), outcomes(attempts)));
    };
    let posts = &played.posts;
    ensure!(
        matches!(posts.as_slice(), [post] if post.kind == PostKind::Response && post.accepted),
        "the Runtime API received {posts:?}"
    );
    let answer = answer(invocation)?;
    let status = if verdict == Reported::Proceed { "SUCCEEDED" } else { "FAILED" };
    ensure!(answer["hookStatus"] == status, "expected {status}; the answer is {answer}");
    Ok(())
}

/// Three attempts, each of which posted one error that names the verdict and says these words.
fn failed_thrice(played: &Played, words: &[&str]) -> Outcome {
    let attempts = &played.deliveries[0];
    ensure!(
        attempts.len() == 3 && played.posts.len() == 3,
        "expected three attempts and one error each: {:?}",
        played.posts
    );
    for attempt in attempts {
        let Invoked::FunctionError { error_type, message, .. } = &attempt.outcome else {
            return Err(format!("no error: {:?}", attempt.outcome));
        };
        ensure!(error_type == "Greenlight.ReportFailed", "the error is of the type {error_type}");
        for word in ["the verdict (proceed) could not be reported"].iter().chain(words) {
            ensure!(message.contains(word), "the error does not say {word:?}: {message}");
        }
    }
    Ok(())
}

/// The evidence of some attempt says this of the report.
fn said_of_the_report(played: &Played, words: &str) -> Outcome {
    let said: Vec<_> = played.evidence().into_iter().map(|evidence| evidence["report"].clone()).collect();
    let found = said.iter().filter_map(|report| report.as_str()).any(|report| report.contains(words));
    ensure!(found, "no evidence says {words:?} of the report: {said:?}");
    Ok(())
}
