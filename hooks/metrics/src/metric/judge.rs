//! Values and bounds in, an outcome out; pure.
//!
//! Absolute bounds are held against what was measured. Against blue a difference must also exceed noise:
//! for rates by a test of the two proportions on the counts themselves (at a level of 1 %, one-sided, with
//! the margin that the plan allows); for times by how many minutes were above the bound, as Argo Rollouts'
//! failure limit does. A Mann-Whitney test over the minutes, as Kayenta has it, would know nothing of how
//! many requests each minute stands for.

use greenlight::{Kind, Outcome, SkipCause};

use super::{
    Below, Metric, Unanswered,
    amount::{Amount, Over},
    of::Of,
    queries::Shown,
    words::{factor, percent, shown_as},
};
use crate::window::Windows;

/// Beyond this many standard errors a difference is no noise: 1 % of the differences that are nothing but
/// noise are larger.
pub(super) const NOISE: f64 = 2.326;

/// What is no chance: one in a hundred.
const LEVEL: f64 = 0.01;
/// More requests than this share are not without an answer because they came at the end of a minute.
const STRADDLING: f64 = 0.01;

/// What is known of blue.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Blue {
    /// It is not asked for.
    NotAsked,
    /// There is none: the service is being created.
    Absent,
    /// This is what it showed.
    Shown(Shown),
}

/// Judges what green showed.
pub(super) fn judge(metric: &Metric, of: &Of, windows: &Windows, green: &Shown, blue: &Blue) -> Outcome {
    let least = metric.min_requests();
    let requests = green.requests.unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "nobody asks for 2^52 requests")]
    let enough = requests >= least as f64 && !(of.is_rate() && requests <= 0.0);
    let outcome = if enough {
        held(metric, of, windows, green, blue)
    } else {
        few(metric, of, windows, green, blue, requests)
    };
    with_measurements(outcome, of, windows, green, blue)
}

/// Too few requests to judge: more may come, and if not, it could not be told.
fn few(metric: &Metric, of: &Of, windows: &Windows, green: &Shown, blue: &Blue, requests: f64) -> Outcome {
    let words = format!("{requests} of {} requests {}", metric.min_requests().max(1), windows.green);
    let hint = "lower `min_requests`, or raise `patience` or the bake time of the steps, if the service has so little traffic";
    let judged = (requests > 0.0).then(|| held(metric, of, windows, green, blue));
    if let (Some(judged), Some(max), true) = (&judged, metric.max, of.is_rate())
        && judged.kind == Kind::Fail
        && by_chance(green.errors, requests, max.value()) < LEVEL
    {
        return judged.clone();
    }
    let decided = match (metric.below_min_requests, judged) {
        (Below::Inconclusive, _) => Outcome::inconclusive(format!("{words}: too few to judge")).hint(hint),
        (Below::Advisory, Some(judged)) if judged.kind == Kind::Pass => judged.caveat(words.clone()),
        (Below::Advisory, judged) => {
            let shown = judged.map(|judged| format!("; {}", judged.words())).unwrap_or_default();
            Outcome::skip(SkipCause::FewRequests, format!("{words}: too few to judge{shown}"))
        }
    };
    let measured = |outcome: Outcome| with_measurements(outcome, of, windows, green, blue);
    Outcome::pending(words).otherwise(measured(decided))
}

/// Whether the bounds hold, whatever became of the requests that no target answered.
fn held(metric: &Metric, of: &Of, windows: &Windows, green: &Shown, blue: &Blue) -> Outcome {
    let judged = held_as_shown(metric, of, windows, green, blue);
    let (requests, unanswered) = (green.requests.unwrap_or(0.0), green.unanswered);
    if judged.kind != Kind::Pass
        || metric.unanswered == Unanswered::Ignore
        || unanswered <= requests * STRADDLING
    {
        return judged;
    }
    let worst = Shown { errors: green.errors + unanswered, unanswered: 0.0, ..green.clone() };
    if held_as_shown(metric, of, windows, &worst, blue).kind == Kind::Pass {
        return judged;
    }
    let words = format!("{}, but no target answered {unanswered} of them", judged.observed);
    let decided = Outcome::inconclusive(words.clone()).hint(
        "green hangs or hangs up, or clients leave; if connections outlast minutes by design (WebSockets), say \"unanswered\": \"ignore\"",
    );
    Outcome::pending(words).otherwise(decided)
}

fn held_as_shown(metric: &Metric, of: &Of, windows: &Windows, green: &Shown, blue: &Blue) -> Outcome {
    let Some(value) = value(of, green) else {
        let words = format!("CloudWatch has no data of {} {}", of.name(), windows.green);
        let decided = Outcome::inconclusive(words.clone());
        return Outcome::pending(words).otherwise(decided);
    };
    let seen = format!("{} {}", describe(metric, of, green, value), windows.green);
    if let Some(max) = metric.max.filter(|max| value > max.value()) {
        return Outcome::fail(seen, format!("at most {max}"));
    }
    if let Some(min) = metric.min.filter(|min| value < min.value()) {
        let fail = Outcome::fail(seen.clone(), format!("at least {min}"));
        // A count grows with time.
        let grows = *of == Of::Requests;
        return if grows {
            Outcome::pending(format!("{seen} of at least {min}")).otherwise(fail)
        } else {
            fail
        };
    }
    let absolute = metric.max.is_some() || metric.min.is_some();
    let Some(over) = metric.over_blue else { return Outcome::pass(seen) };
    let blue = match blue {
        Blue::Shown(shown) => shown,
        Blue::Absent if absolute => {
            return Outcome::pass(format!("{seen}; there is no blue to compare with"));
        }
        Blue::Absent | Blue::NotAsked => {
            return Outcome::skip(
                SkipCause::Create,
                "the service is being created: there is no blue to compare with",
            );
        }
    };
    let Some(of_blue) = self::value(of, blue) else {
        let words = format!("{seen}; blue has no data {}: there is nothing to compare with", windows.blue);
        let decided = Outcome::inconclusive(words.clone());
        return Outcome::pending(words).otherwise(decided);
    };
    let against = format!("{seen}, against blue's {}", describe(metric, of, blue, of_blue));
    match over {
        Over::Points(points) => points_over(&against, points, (green, value), (blue, of_blue)),
        Over::Factor(most) => factor_over(metric, of, &against, most, (green, value), of_blue),
    }
}

/// Percentage points over blue: the difference and the test must both say so.
fn points_over(against: &str, points: f64, green: (&Shown, f64), blue: (&Shown, f64)) -> Outcome {
    let margin = points / 100.0;
    let z = standard_errors(green.0, blue.0, margin);
    if green.1 - blue.1 <= margin {
        return Outcome::pass(against);
    }
    if z <= NOISE {
        return Outcome::pass(format!(
            "{against}: more than +{points}pp over it, which may be noise (z {z:.2})"
        ))
        .measured("z", z);
    }
    Outcome::fail(against, format!("at most {points}pp over blue; this is no noise (z {z:.2})"))
        .measured("z", z)
}

fn factor_over(
    metric: &Metric,
    of: &Of,
    against: &str,
    most: f64,
    (green, value): (&Shown, f64),
    of_blue: f64,
) -> Outcome {
    let bound = of_blue * most;
    let over = factor(value, of_blue);
    if let Some(floor) = metric.ignore_below.map(Amount::value).filter(|floor| value < *floor) {
        return Outcome::pass(format!("{against}; below {} that is not compared", shown_as(of, floor)));
    }
    if value <= bound {
        return Outcome::pass(against);
    }
    let expected = format!("at most {most}x of blue's");
    if *of != Of::ResponseTime {
        return Outcome::fail(format!("{against}: {over}"), expected);
    }
    let above = green.minutes.iter().filter(|minute| **minute > bound).count();
    let (minutes, limit) = (green.minutes.len(), metric.failure_limit as usize);
    let counted = format!("{against}: {over}, and so in {above} of {minutes} minutes");
    if above <= limit {
        return Outcome::pass(format!("{counted}, which may be noise"));
    }
    Outcome::fail(counted, format!("{expected}, or more in at most {limit} minutes"))
}

/// How likely so many errors or more are where each request fails with this probability: the upper tail of the
/// binomial distribution, and its normal approximation where the sum would be long.
pub(super) fn by_chance(errors: f64, requests: f64, rate: f64) -> f64 {
    if errors <= 0.0 || rate >= 1.0 {
        return 1.0;
    }
    if rate <= 0.0 {
        return 0.0;
    }
    let expected = requests * rate;
    if expected > 50.0 {
        let z = (errors - expected) / (expected * (1.0 - rate)).sqrt();
        return if z > NOISE { 0.0 } else { 1.0 };
    }
    let odds = rate / (1.0 - rate);
    let (mut term, mut below, mut count) = ((1.0 - rate).powf(requests), 0.0, 0.0);
    while count < errors {
        below += term;
        term *= (requests - count) / (count + 1.0) * odds;
        count += 1.0;
    }
    1.0 - below
}

/// By how many standard errors green's rate is more than the margin over blue's.
///
/// Two proportions with unequal variances, each with one success and one failure more than were counted
/// (Agresti and Caffo, 2000): so that no rate is certain, and a blue without a single error is no proof.
pub(super) fn standard_errors(green: &Shown, blue: &Shown, margin: f64) -> f64 {
    let adjusted = |side: &Shown| {
        let (requests, errors) = (side.requests.unwrap_or(0.0), side.errors);
        let (total, rate) = (requests + 2.0, (errors + 1.0) / (requests + 2.0));
        (rate, rate * (1.0 - rate) / total)
    };
    let ((green, of_green), (blue, of_blue)) = (adjusted(green), adjusted(blue));
    (green - blue - margin) / (of_green + of_blue).sqrt()
}

/// What is held against the bounds. Requests without an error metric are requests without errors; no
/// requests are no evidence.
fn value(of: &Of, shown: &Shown) -> Option<f64> {
    match of {
        Of::ErrorRate => shown.requests.filter(|requests| *requests > 0.0).map(|all| shown.errors / all),
        Of::Requests => shown.requests,
        Of::ResponseTime | Of::UnhealthyHosts | Of::Metric(_) | Of::Expression(_) => shown.value,
    }
}

fn describe(metric: &Metric, of: &Of, shown: &Shown, value: f64) -> String {
    let requests = shown.requests.unwrap_or(0.0);
    match of {
        Of::ErrorRate => {
            format!("error rate {} ({} of {requests} requests)", percent(value), shown.errors)
        }
        Of::ResponseTime => {
            format!("response time {} {} ({requests} requests)", metric.statistic(), shown_as(of, value))
        }
        Of::Requests => format!("{value} requests"),
        Of::UnhealthyHosts => format!("{value} unhealthy hosts at most"),
        Of::Metric(_) | Of::Expression(_) => format!("{} {}", of.name(), shown_as(of, value)),
    }
}

fn with_measurements(outcome: Outcome, of: &Of, windows: &Windows, green: &Shown, blue: &Blue) -> Outcome {
    let mut outcome = outcome
        .measured("share", windows.share)
        .measured("from", windows.green.start.to_string())
        .measured("to", windows.green.end.to_string());
    let sides = [
        ("green", Some(green)),
        (
            "blue",
            match blue {
                Blue::Shown(shown) => Some(shown),
                Blue::NotAsked | Blue::Absent => None,
            },
        ),
    ];
    for (name, shown) in sides {
        let Some(shown) = shown else { continue };
        let value = self::value(of, shown);
        let mut side = serde_json::Map::new();
        side.insert("value".to_owned(), value.into());
        if of.is_of_requests() {
            side.insert("requests".to_owned(), shown.requests.into());
        }
        if of.is_rate() {
            side.insert("errors".to_owned(), shown.errors.into());
            side.insert("unanswered".to_owned(), shown.unanswered.into());
        }
        outcome = outcome.measured(name, side);
    }
    if of.is_of_requests() {
        outcome = outcome.measured(
            "note",
            "requests that hooks send at this stage count as any others: CloudWatch does not tell them apart",
        );
    }
    outcome
}

impl Of {
    /// Whether it is a share of the requests.
    fn is_rate(&self) -> bool {
        *self == Self::ErrorRate
    }
}
