//! Many requests: exact counts, early ends, honest percentiles.

use std::sync::Arc;
use std::time::Duration;

use greenlight_prober::{Fault, Limits, Load, Mismatch, Stopped, Tally};
use tokio::sync::Barrier;
use tokio::time::Instant;

use super::support::{Script, Server, Step, any, get, hasty, load, never, ok, patient, prober};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy";

/// Answers so many requests, and does something else then.
fn served_before(requests: usize, steps: [Step; 2]) -> Vec<Step> {
    let answers = (0..requests).flat_map(|_| [Step::Read, ok("ok")]);
    answers.chain(steps).collect()
}

fn add_up(tally: &Tally) {
    let sum = tally.good
        + tally.mismatches.count()
        + tally.no_answers.count()
        + tally.strangers.count()
        + tally.unreachable.count()
        + tally.unfinished;
    assert_eq!(tally.begun(), sum);
    assert_eq!(tally.latency.count(), tally.judged());
    assert!(tally.begun() <= tally.requested);
    assert_eq!(tally.stopped.is_none(), tally.begun() == tally.requested && tally.unfinished == 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_as_many_requests_as_asked_for() {
    for (requests, concurrency) in [(100, 10), (1, 1), (3, 10), (7, 0), (0, 5)] {
        let server = Server::always([Step::Serve(OK.into())]).await;
        let tally = load(&server, patient(), requests, concurrency).await;
        add_up(&tally);
        assert_eq!((tally.good, tally.requested, tally.body_bytes), (requests, requests, 2 * requests));
        assert_eq!(server.requests().len() as u64, requests);
        let most = u64::try_from(concurrency.max(1)).unwrap().min(requests);
        assert!(tally.connects.count <= most, "{} connections", tally.connects.count);
        assert_eq!(tally.connects.count, server.connections());
    }
}

#[tokio::test]
async fn the_judge_decides_what_is_good() {
    let server = Server::start(|connection| {
        Script::plain([Step::Serve(if connection % 2 == 0 { OK.into() } else { BUSY.into() })])
    })
    .await;
    // A connection for each, so that every other answer is bad.
    let request = get().with_header("connection", "close").unwrap();
    let load = Load { requests: 10, concurrency: 1, deadline: never() };
    let judge = |answer: &greenlight_prober::Answer| match &answer.body[..] {
        b"ok" => Ok(()),
        _ => Err(Mismatch::new(format!("status {}", answer.status.as_u16()), "a body `ok`")),
    };
    let tally = prober(&server.url(), patient()).run(&request, load, judge).await;
    add_up(&tally);
    assert_eq!((tally.good, tally.failed(), tally.connects.count), (5, 5, 10));
    let kinds: Vec<_> = tally.mismatches.kinds().map(|(kind, count)| (kind.to_string(), count)).collect();
    assert_eq!(kinds, [("status 503, expected a body `ok`".to_owned(), 5)]);
    assert_eq!((tally.statuses[&200], tally.statuses[&503]), (5, 5));
}

#[tokio::test]
async fn percentiles_include_what_timed_out() {
    let server = Server::start(|connection| match connection {
        0 => Script::plain(served_before(8, [Step::Read, Step::Hold])),
        _ => Script::plain([Step::Serve(OK.into())]),
    })
    .await;
    let timeout = Duration::from_secs(1);
    let tally = load(&server, Limits { timeout, ..patient() }, 10, 1).await;
    add_up(&tally);
    assert_eq!((tally.good, tally.no_answers.count(), tally.connects.count), (9, 1, 2));
    assert_eq!(tally.no_answers.first().unwrap().fault, Fault::TimedOut { received: 0 });
    assert!(tally.latency.max().unwrap() >= timeout);
    assert!(tally.latency.percentile(95.0).unwrap() >= timeout);
    assert!(tally.latency.percentile(50.0).unwrap() < timeout);
}

#[tokio::test]
async fn the_deadline_ends_a_load_with_requests_under_way() {
    let server = Server::always([Step::Read, Step::Hold]).await;
    let load = Load { requests: 100, concurrency: 4, deadline: Instant::now() + Duration::from_millis(300) };
    let tally = prober(&server.url(), patient()).run(&get(), load, any).await;
    add_up(&tally);
    assert_eq!((tally.unfinished, tally.judged(), tally.stopped), (4, 0, Some(Stopped::Deadline)));
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn the_deadline_ends_a_load_between_requests() {
    let server = Server::always([Step::Serve(OK.into())]).await;
    let deadline = Instant::now() + Duration::from_millis(300);
    let load = Load { requests: u64::MAX, concurrency: 2, deadline };
    let tally = prober(&server.url(), patient()).run(&get(), load, any).await;
    add_up(&tally);
    assert_eq!(tally.stopped, Some(Stopped::Deadline));
    assert!(tally.good > 0 && tally.failed() == 0);
    assert!(tally.unfinished <= 2, "{}", tally.unfinished);
}

#[tokio::test]
async fn a_deadline_that_has_passed_begins_nothing() {
    let server = Server::always([Step::Serve(OK.into())]).await;
    let load = Load { requests: 5, concurrency: 2, deadline: Instant::now() };
    let tally = prober(&server.url(), patient()).run(&get(), load, any).await;
    assert_eq!((tally.begun(), tally.stopped, server.connections()), (0, Some(Stopped::Deadline), 0));
}

#[tokio::test]
async fn a_server_that_fails_all_the_time_is_asked_to_the_end() {
    let server = Server::always([Step::Read, Step::Hold]).await;
    let tally = load(&server, hasty(), 12, 6).await;
    add_up(&tally);
    assert_eq!((tally.no_answers.count(), tally.stopped), (12, None));
    assert_eq!(tally.no_answers.kinds().map(|(_, count)| count).collect::<Vec<_>>(), [12]);
}

#[tokio::test]
async fn as_many_requests_at_once_as_asked_for() {
    // Nobody is answered before three have asked.
    let others = Arc::new(Barrier::new(3));
    let steps = [Step::Read, Step::Meet(Arc::clone(&others)), Step::Send(OK.into()), Step::Serve(OK.into())];
    let server = Server::always(steps).await;
    let tally = load(&server, patient(), 9, 3).await;
    assert_eq!((tally.good, tally.connects.count), (9, 3));
}

#[tokio::test]
async fn a_judge_that_panics_does_so_in_the_caller() {
    let server = Server::always([Step::Serve(OK.into())]).await;
    let prober = prober(&server.url(), patient());
    let load = Load { requests: 5, concurrency: 2, deadline: never() };
    let run = tokio::spawn(async move { prober.run(&get(), load, |_| panic!("judge")).await.good });
    assert!(run.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn a_load_that_is_dropped_closes_its_connections() {
    let server = Server::always([Step::Read, Step::Hold]).await;
    let prober = prober(&server.url(), patient());
    let load = Load { requests: 1, concurrency: 1, deadline: never() };
    let run = tokio::spawn(async move { prober.run(&get(), load, any).await.good });
    while server.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    run.abort();
    server.held_connection_closed().await;
}
