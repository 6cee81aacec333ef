//! From what the prober counted to the check's outcome.
//!
//! Pure. The order matters: what green did wrong counts before what we could not do, and a share of
//! failures that is exceeded already stays exceeded whatever the missing requests would have shown.

use std::time::Duration;

use greenlight::Outcome;
use serde_json::json;

use super::expect::Expect;
use greenlight_prober::{Stopped, Tally, Whose};

/// A load balancer that has nobody to ask may say so for this long.
const NOT_YET: Duration = Duration::from_mins(1);

/// The outcome of `tally` against what was expected; `url` is for the words.
pub(super) fn outcome(tally: &Tally, expect: &Expect, url: &str) -> Outcome {
    let outcome = judge(tally, expect, url);
    measured(outcome, tally)
}

fn judge(tally: &Tally, expect: &Expect, url: &str) -> Outcome {
    let allowed = allowed(expect, tally.requested);
    let failed = tally.failed();
    if failed > allowed {
        return failures(tally, expect, url);
    }
    let unknown = tally.requested - tally.judged();
    if failed + unknown > allowed || tally.judged() == 0 {
        return untold(tally, url);
    }
    if let Some((name, measured, bound)) = expect.latency.exceeded(&tally.latency) {
        let over = plural(tally.latency.count(), "request");
        return Outcome::fail(
            format!("{name} of latency was {} over {over} to {url}", millis(measured)),
            format!("{name} at most {bound}"),
        );
    }
    let p95 = tally.latency.percentile(95.0).map(|p95| format!(", p95 {}", millis(p95))).unwrap_or_default();
    let answers = match tally.requested {
        all if tally.good < all => format!("{} of {all} answers", tally.good),
        all => plural(all, "answer"),
    };
    Outcome::pass(format!("{answers} from {url} as expected (status {}{p95})", expect.statuses()))
}

/// How many of the requests may fail.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a number of requests is no larger than that number"
)]
fn allowed(expect: &Expect, requests: u64) -> u64 {
    (expect.failures.fraction() * requests as f64 + 1e-9).floor() as u64
}

/// More failed than may.
fn failures(tally: &Tally, expect: &Expect, url: &str) -> Outcome {
    let mut kinds: Vec<(String, Option<&str>, u64)> = Vec::new();
    for (mismatch, count) in tally.mismatches.kinds() {
        kinds.push((mismatch.observed.clone(), Some(&mismatch.expected), count));
    }
    for (no_answer, count) in tally.no_answers.kinds() {
        kinds.push((no_answer.to_string(), None, count));
    }
    kinds.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    let (observed, expected) =
        kinds.first().map_or(("", None), |(observed, expected, _)| (observed.as_str(), *expected));
    let mut expected = expected.map_or_else(|| "an answer".to_owned(), ToOwned::to_owned);
    if expect.failures.fraction() > 0.0 {
        expected = format!("{expected}, with at most {} failures", expect.failures);
    }
    let also: Vec<_> =
        kinds.iter().skip(1).map(|(observed, _, count)| format!("{observed} ({count} times)")).collect();
    let also = if also.is_empty() { String::new() } else { format!("; also {}", also.join("; ")) };
    let share = match tally.requested {
        1 => format!("{observed} from {url}"),
        all => format!("{} of {all} requests to {url} failed: {observed}{also}", tally.failed()),
    };
    let outcome = Outcome::fail(share, expected);
    match hint(tally) {
        Some(hint) => outcome.hint(hint),
        None => outcome,
    }
}

/// Too few requests could be judged.
fn untold(tally: &Tally, url: &str) -> Outcome {
    if let Some((stranger, _)) = tally.strangers.kinds().max_by_key(|(_, count)| *count) {
        let observed = format!(
            "{} of {} requests to {url} were not answered by green: {}",
            tally.strangers.count(),
            tally.begun(),
            stranger.observed
        );
        return match stranger.whose {
            Whose::NotYet => Outcome::pending(observed).for_at_most(NOT_YET),
            Whose::Other | Whose::Green => Outcome::inconclusive(observed).hint(stranger.expected.clone()),
        };
    }
    if let Some(unreachable) = tally.unreachable.first() {
        let share = match (tally.unreachable.count(), tally.begun()) {
            (count, begun) if count == begun => String::new(),
            (count, begun) => format!("{count} of {begun} requests: "),
        };
        return Outcome::inconclusive(format!("{share}{unreachable}"));
    }
    let made = tally.judged();
    let why = match tally.stopped {
        Some(Stopped::Deadline) | None => "in the time that the function had",
        Some(Stopped::Unreachable) => "before it could not be reached any more",
    };
    Outcome::inconclusive(format!("only {made} of {} requests to {url} could be made {why}", tally.requested))
        .hint("raise the function's timeout, lower the check's `timeout`, or ask for fewer requests or more `concurrency`")
}

/// What usually causes the statuses that came.
fn hint(tally: &Tally) -> Option<&'static str> {
    let causes = [
        (401, "401 is about authorisation: does the probe need an `authorization` header with a secret?"),
        (403, "403 is about authorisation, or a WAF in front of green that stops probes: look at its rules"),
        (
            404,
            "404: is the path right, and does the `Host` header match the listener rule? set `target.host`",
        ),
        (429, "429 is a rate limit: ask for fewer requests or less `concurrency`, or let probes through"),
    ];
    causes.into_iter().find(|(status, _)| tally.statuses.contains_key(status)).map(|(_, hint)| hint)
}

/// Adds what was measured, for the evidence.
fn measured(outcome: Outcome, tally: &Tally) -> Outcome {
    let percentile = |percent| tally.latency.percentile(percent).map(|latency| micros(latency) / 1000.0);
    let slowest = &tally.connects.slowest;
    outcome
        .measured("requests", tally.requested)
        .measured("good", tally.good)
        .measured("failed", tally.failed())
        .measured("unreachable", tally.unreachable.count())
        .measured("not_answered_by_green", tally.strangers.count())
        .measured("statuses", json!(tally.statuses))
        .measured(
            "latency_ms",
            json!({ "p50": percentile(50.0), "p90": percentile(90.0), "p95": percentile(95.0),
                    "p99": percentile(99.0), "max": tally.latency.max().map(|max| micros(max) / 1000.0) }),
        )
        .measured(
            "connections",
            json!({ "made": tally.connects.count, "reconnects": tally.reconnects,
                    "failed_attempts": tally.connects.failed_attempts,
                    "slowest_ms": micros(slowest.total()) / 1000.0 }),
        )
}

#[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^52 microseconds")]
fn micros(duration: Duration) -> f64 {
    duration.as_micros() as f64
}

fn millis(duration: Duration) -> String {
    if duration < Duration::from_millis(1) {
        "under 1ms".to_owned()
    } else {
        format!("{}ms", duration.as_millis())
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
