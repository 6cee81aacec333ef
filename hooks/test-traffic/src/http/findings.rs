//! From what the prober counted to the check's outcome.
//!
//! Pure. The order matters: what green did wrong counts before what we could not do, and a share of
//! failures that is exceeded already stays exceeded whatever the missing requests would have shown.

use std::time::Duration;

use greenlight::Outcome;
use serde_json::{Map, Value, json};

use super::{Http, steps::Step};
use greenlight_prober::{Distinct, Mismatch, Stopped, Tally, Unreachable, Whose};

/// A load balancer that has nobody to ask may say so for this long.
const NOT_YET: Duration = Duration::from_mins(1);

/// What was sent, for the words.
pub(super) struct Sent<'a> {
    pub(super) http: &'a Http,
    pub(super) steps: Vec<&'a Step>,
    pub(super) url: &'a str,
}

/// What one step came to, with what people call it: nothing where there is but one request.
struct Part<'a> {
    label: String,
    step: &'a Step,
    tally: &'a Tally,
}

impl Sent<'_> {
    fn parts<'a>(&'a self, tally: &'a Tally) -> Vec<Part<'a>> {
        if !self.http.is_sequence() {
            return self.steps.iter().map(|step| Part { label: String::new(), step, tally }).collect();
        }
        let steps = self.steps.iter().zip(&tally.steps).enumerate();
        steps
            .map(|(index, (step, tally))| Part { label: format!("{}: ", step.label(index)), step, tally })
            .collect()
    }

    /// What is counted, so many of it.
    fn noun(&self, count: u64) -> String {
        if !self.http.is_sequence() {
            return plural(count, "request");
        }
        format!("{} of {}", plural(count, "sequence"), plural(self.steps.len() as u64, "step"))
    }
}

/// The outcome of `tally` against what was expected.
pub(super) fn outcome(tally: &Tally, sent: &Sent<'_>) -> Outcome {
    let outcome = match sent.http.consecutive {
        None => judge(tally, sent),
        Some(wanted) => judge_row(tally, sent, wanted),
    };
    measured(outcome, tally, sent)
}

fn judge(tally: &Tally, sent: &Sent<'_>) -> Outcome {
    let allowed = allowed(sent.http, tally.requested);
    let failed = tally.failed();
    if failed > allowed {
        return failures(tally, sent);
    }
    let unknown = tally.requested - tally.judged();
    if failed + unknown > allowed || tally.judged() == 0 {
        return untold(tally, sent);
    }
    let of_all =
        if tally.good < tally.requested { format!("of {} ", tally.requested) } else { String::new() };
    slow(tally, sent).unwrap_or_else(|| as_expected(tally, sent, tally.good, &of_all, ""))
}

/// With `consecutive`: whether so many in a row were good, or could have been.
fn judge_row(tally: &Tally, sent: &Sent<'_>, wanted: u64) -> Outcome {
    if tally.streak.longest >= wanted {
        return slow(tally, sent).unwrap_or_else(|| as_expected(tally, sent, wanted, "", " in a row"));
    }
    if tally.streak.possible(tally.requested - tally.begun()) >= wanted {
        return untold(tally, sent);
    }
    let Failures { observed, expected, also } = Failures::of(tally, sent);
    let begun = sent.noun(tally.begun());
    let outcome = Outcome::fail(
        format!(
            "no {wanted} in a row of {begun} to {} were as expected, at most {}: {observed}{also}",
            sent.url, tally.streak.longest
        ),
        format!("{expected}, {wanted} times in a row"),
    );
    match hint(tally, sent) {
        Some(hint) => outcome.hint(hint),
        None => outcome,
    }
}

/// A latency bound that is exceeded.
fn slow(tally: &Tally, sent: &Sent<'_>) -> Option<Outcome> {
    sent.parts(tally).iter().find_map(|Part { label, step, tally }| {
        let (name, measured, bound) = step.expect.latency.exceeded(&tally.latency)?;
        let over = plural(tally.latency.count(), "request");
        Some(Outcome::fail(
            format!("{label}{name} of latency was {} over {over} to {}", millis(measured), sent.url),
            format!("{name} at most {bound}"),
        ))
    })
}

/// So many were good, `of_all` or in such a row.
fn as_expected(tally: &Tally, sent: &Sent<'_>, count: u64, of_all: &str, row: &str) -> Outcome {
    let p95 = tally.latency.percentile(95.0).map(|p95| format!("p95 {}", millis(p95)));
    let one = count == 1 && of_all.is_empty();
    let (noun, statuses) = match sent.steps.as_slice() {
        [alone] if !sent.http.is_sequence() => {
            let noun = if one { "answer" } else { "answers" };
            (noun.to_owned(), Some(format!("status {}", alone.expect.statuses())))
        }
        steps => {
            let noun = if one { "sequence" } else { "sequences" };
            (format!("{noun} of {}", plural(steps.len() as u64, "step")), None)
        }
    };
    let facts: Vec<_> = statuses.into_iter().chain(p95).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    Outcome::pass(format!("{count} {of_all}{noun}{row} from {} as expected{facts}", sent.url))
}

/// How many of the requests may fail.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a number of requests is no larger than that number"
)]
fn allowed(http: &Http, requests: u64) -> u64 {
    (http.expect.allowed().fraction() * requests as f64 + 1e-9).floor() as u64
}

/// What failed, in words: what happened most, and what else.
struct Failures {
    observed: String,
    expected: String,
    also: String,
}

impl Failures {
    fn of(tally: &Tally, sent: &Sent<'_>) -> Self {
        let mut kinds: Vec<(String, Option<&str>, u64)> = Vec::new();
        let parts = sent.parts(tally);
        for Part { label, tally, .. } in &parts {
            for (mismatch, count) in tally.mismatches.kinds() {
                kinds.push((format!("{label}{}", mismatch.observed), Some(&mismatch.expected), count));
            }
            for (no_answer, count) in tally.no_answers.kinds() {
                kinds.push((format!("{label}{no_answer}"), None, count));
            }
        }
        kinds.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        let mut kinds = kinds.into_iter();
        let (observed, expected, _) = kinds.next().unwrap_or_default();
        let expected = expected.map_or_else(|| "an answer".to_owned(), ToOwned::to_owned);
        let also: Vec<_> = kinds.map(|(observed, _, count)| format!("{observed} ({count} times)")).collect();
        let also = if also.is_empty() { String::new() } else { format!("; also {}", also.join("; ")) };
        Self { observed, expected, also }
    }
}

/// More failed than may.
fn failures(tally: &Tally, sent: &Sent<'_>) -> Outcome {
    let Failures { observed, mut expected, also } = Failures::of(tally, sent);
    let (url, allowed) = (sent.url, sent.http.expect.allowed());
    if allowed.fraction() > 0.0 {
        expected = format!("{expected}, with at most {allowed} failures");
    }
    let share = match tally.requested {
        1 => format!("{observed} from {url}"),
        all => format!("{} of {} to {url} failed: {observed}{also}", tally.failed(), sent.noun(all)),
    };
    let outcome = Outcome::fail(share, expected);
    match hint(tally, sent) {
        Some(hint) => outcome.hint(hint),
        None => outcome,
    }
}

/// The most frequent of all parts, with what people call its step.
fn most<'a, T>(parts: &'a [Part<'a>], of: impl Fn(&'a Tally) -> &'a Distinct<T>) -> Option<(&'a str, &'a T)> {
    let kinds =
        parts.iter().flat_map(|part| of(part.tally).kinds().map(|(kind, count)| (&part.label, kind, count)));
    kinds.max_by_key(|(.., count)| *count).map(|(label, kind, _)| (label.as_str(), kind))
}

/// Too few requests could be judged.
fn untold(tally: &Tally, sent: &Sent<'_>) -> Outcome {
    let (parts, url) = (sent.parts(tally), sent.url);
    let stranger: Option<(&str, &Mismatch)> = most(&parts, |tally| &tally.strangers);
    if let Some((label, stranger)) = stranger {
        let observed = format!(
            "{} of {} to {url} told nothing about green: {label}{}",
            tally.strangers.count(),
            sent.noun(tally.begun()),
            stranger.observed
        );
        return match stranger.whose {
            Whose::NotYet => Outcome::pending(observed).for_at_most(NOT_YET),
            Whose::Other | Whose::Green => Outcome::inconclusive(observed).hint(stranger.expected.clone()),
        };
    }
    let unreachable: Option<(&str, &Unreachable)> = most(&parts, |tally| &tally.unreachable);
    if let Some((label, unreachable)) = unreachable {
        let share = match (tally.unreachable.count(), tally.begun()) {
            (count, begun) if count == begun => String::new(),
            (count, begun) => format!("{count} of {}: ", sent.noun(begun)),
        };
        return Outcome::inconclusive(format!("{share}{label}{unreachable}"));
    }
    let made = tally.judged();
    let why = match tally.stopped {
        Some(Stopped::Deadline) | None if tally.begun() == 0 && sent.http.warm_up > 0 => {
            "in the time that the function had, all of which went to `warm_up`"
        }
        Some(Stopped::Deadline) | None => "in the time that the function had",
        Some(Stopped::Unreachable) => "before it could not be reached any more",
    };
    Outcome::inconclusive(format!("only {made} of {} to {url} could be made {why}", sent.noun(tally.requested)))
        .hint("raise the function's timeout, lower the check's `timeout`, or ask for fewer requests or more `concurrency`")
}

/// What usually causes the statuses that came.
fn hint(tally: &Tally, sent: &Sent<'_>) -> Option<&'static str> {
    let causes = [
        (401, "401 is about authorisation: does the probe need an `authorization` header with a secret?"),
        (403, "403 is about authorisation, or a WAF in front of green that stops probes: look at its rules"),
        (
            404,
            "404: is the path right, and does the `Host` header match the listener rule? set `target.host`",
        ),
        (429, "429 is a rate limit: ask for fewer requests or less `concurrency`, or let probes through"),
    ];
    let parts = sent.parts(tally);
    let came = |status: &u16| {
        parts.iter().any(|part| part.tally.failed() > 0 && part.tally.statuses.contains_key(status))
    };
    causes.into_iter().find(|(status, _)| came(status)).map(|(_, hint)| hint)
}

/// Adds what was measured, for the evidence.
fn measured(mut outcome: Outcome, tally: &Tally, sent: &Sent<'_>) -> Outcome {
    outcome.measured.extend(counted(tally));
    if sent.http.is_sequence() {
        let steps = sent.steps.iter().zip(&tally.steps);
        let steps = steps.map(|(step, tally)| {
            let mut counted = counted(tally);
            counted.insert("step".to_owned(), format!("{} {}", step.method.0, step.path.0).into());
            counted.insert("requests".to_owned(), tally.begun().into());
            Value::Object(counted)
        });
        outcome = outcome.measured("steps", steps.collect::<Vec<_>>());
    }
    if sent.http.consecutive.is_some() {
        outcome = outcome.measured("in_a_row", tally.streak.longest);
    }
    let slowest = &tally.connects.slowest;
    outcome.measured(
        "connections",
        json!({ "made": tally.connects.count, "reconnects": tally.reconnects,
                "failed_attempts": tally.connects.failed_attempts,
                "slowest_ms": micros(slowest.total()) / 1000.0 }),
    )
}

/// How many of what there were, and how long they took; of a sequence, whole runs, and the statuses of the answers
/// that ended them.
pub(super) fn counted(tally: &Tally) -> Map<String, Value> {
    let percentile = |percent| tally.latency.percentile(percent).map(|latency| micros(latency) / 1000.0);
    let latency = json!({ "p50": percentile(50.0), "p90": percentile(90.0), "p95": percentile(95.0),
        "p99": percentile(99.0), "max": tally.latency.max().map(|max| micros(max) / 1000.0) });
    let fields: [(&str, Value); 7] = [
        ("requests", tally.requested.into()),
        ("good", tally.good.into()),
        ("failed", tally.failed().into()),
        ("unreachable", tally.unreachable.count().into()),
        ("not_answered_by_green", tally.strangers.count().into()),
        ("statuses", json!(tally.statuses)),
        ("latency_ms", latency),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
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
