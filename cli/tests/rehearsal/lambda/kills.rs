//! Invocations that are struck down in their midst.

use greenlight_cli::rehearsal::lambda::{Exit, Lambda, Outcome, Retries};

use super::{answered, seen, witness};
use crate::function::{function, witnessed};

const KILLED: Outcome = Outcome::Exited(Exit { status: None, signal: Some(9) });

/// Kills what is under way once so many events have been handed out.
async fn kill_after(lambda: &Lambda, events: usize) -> usize {
    lambda.until_handed_out(events).await;
    lambda.kill()
}

#[tokio::test]
async fn an_invocation_is_killed_in_its_midst_and_a_new_process_serves_the_next_one() {
    let lambda = Lambda::new(function("hang"));
    assert_eq!((lambda.handed_out(), lambda.kill()), (0, 0), "nothing is under way yet");
    let (first, killed) = tokio::join!(lambda.invoke("1"), kill_after(&lambda, 1));
    assert_eq!((first.outcome.clone(), killed), (KILLED, 1));
    let words = format!("RequestId: {} Error: Runtime exited with error: signal: killed", first.request_id);
    assert_eq!(first.failure().expect("a failure").message, words);
    assert_eq!(first.posts, []);
    assert_eq!(lambda.kill(), 0, "it is settled");

    let (second, killed) = tokio::join!(lambda.invoke("2"), kill_after(&lambda, 2));
    assert_eq!((second.outcome, killed), (KILLED, 1));
    assert_ne!(second.process_id, first.process_id);
}

#[tokio::test]
async fn all_that_are_under_way_are_killed() {
    let lambda = Lambda::new(function("hang"));
    let (first, second, killed) =
        tokio::join!(lambda.invoke("1"), lambda.invoke("2"), kill_after(&lambda, 2));
    assert_eq!((first.outcome, second.outcome, killed), (KILLED, KILLED, 2));
}

#[tokio::test]
async fn a_process_that_is_still_starting_is_killed_too() {
    let (listener, address) = witness().await;
    let lambda = Lambda::new(witnessed("hang in initialization", address));
    let killed = async {
        let _function = seen(&listener).await;
        lambda.kill()
    };
    let (invocation, killed) = tokio::join!(lambda.invoke("{}"), killed);
    assert_eq!((invocation.outcome, killed, lambda.handed_out()), (KILLED, 1, 0));
}

#[tokio::test]
async fn a_process_that_waits_is_left_alone() {
    let lambda = Lambda::new(function("echo"));
    let first = lambda.invoke("1").await;
    assert_eq!((lambda.kill(), lambda.handed_out()), (0, 1));
    let second = lambda.invoke("2").await;
    assert_eq!((second.outcome, second.process_id), (answered("2"), first.process_id));
}

#[tokio::test]
async fn a_killed_asynchronous_invocation_is_tried_again() {
    let mut function = function("hang");
    function.retries = Retries::immediate();
    let lambda = Lambda::new(function);
    let killed = async {
        for events in 1..=3 {
            assert_eq!(kill_after(&lambda, events).await, 1);
        }
    };
    let (attempts, ()) = tokio::join!(lambda.invoke_async("{}"), killed);
    let outcomes: Vec<_> = attempts.into_iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [KILLED, KILLED, KILLED]);
}
