//! What users saw, in numbers for machines and in a few lines for people.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::finished::{NoAnswer, Side};

/// What users saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Seen {
    /// Requests that were due by the simulated clock.
    pub asked: u64,
    /// Requests that were really sent, those that are still under way included.
    pub sent: u64,
    /// All that have ended.
    #[serde(flatten)]
    pub total: Of,
    /// The same by whose they were.
    pub by_colour: BTreeMap<Side, Of>,
}

/// Requests that have ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Of {
    /// How many.
    pub requests: u64,
    /// Those that were answered with 5xx, or got no whole answer.
    pub errors: u64,
    /// Those that were answered with 4xx.
    pub rejected: u64,
    /// The time that half of them did not exceed, those without an answer included; none without any.
    #[serde(rename = "p50_ms", serialize_with = "millis")]
    pub p50: Option<Duration>,
    /// The time that 99 of 100 did not exceed.
    #[serde(rename = "p99_ms", serialize_with = "millis")]
    pub p99: Option<Duration>,
    /// When the first error was seen, in simulated time.
    pub first_error_at: Option<Timestamp>,
    /// When the last one was.
    pub last_error_at: Option<Timestamp>,
    /// How often each status came.
    pub statuses: BTreeMap<u16, u64>,
    /// Why there was no whole answer, and how often.
    pub no_answers: BTreeMap<NoAnswer, u64>,
}

impl Seen {
    /// How many requests each one that was sent stands for: 1 where the machine could send them all.
    pub fn scale(&self) -> f64 {
        scale(self.asked, self.sent)
    }

    /// Whether every side answered most requests with 404: users asked for what is not there. Where one side alone does, that is
    /// its fault.
    pub fn find_nothing(&self) -> bool {
        let finds_nothing = |of: &Of| of.statuses.get(&404).is_some_and(|count| count * 2 > of.requests);
        !self.by_colour.is_empty() && self.by_colour.values().all(finds_nothing)
    }
}

/// One where nothing was sent: there is nothing to scale.
#[expect(clippy::cast_precision_loss, reason = "a ratio")]
pub(super) fn scale(asked: u64, sent: u64) -> f64 {
    if sent == 0 { 1.0 } else { asked as f64 / sent as f64 }
}

#[expect(clippy::ref_option, reason = "what serde hands over")]
fn millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(in_millis).serialize(serializer)
}

fn in_millis(duration: Duration) -> f64 {
    // Whole microseconds: more digits than a clock has would be noise.
    Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)).as_secs_f64() * 1000.0
}

/// A line for all, and one for each side where there is more than one or anything went wrong.
impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, sent: _, total, by_colour } = self;
        let (errors, requests) = (counted(total.errors, "error"), counted(total.requests, "request"));
        write!(formatter, "users saw {errors} in {requests} (asked {})", grouped(*asked))?;
        write!(formatter, "{}{}", Rejected(total), Times(total))?;
        if by_colour.len() < 2 && total.errors + total.rejected == 0 {
            return Ok(());
        }
        let width = by_colour.values().map(|of| grouped(of.requests).len()).max().unwrap_or_default();
        for (side, of) in by_colour {
            let (requests, word) = (grouped(of.requests), plural(of.requests, "request"));
            write!(formatter, "\n  {:<7}  {requests:>width$} {word}, ", side.as_str())?;
            write!(formatter, "{}{}{}{}", counted(of.errors, "error"), Errors(of), Rejected(of), Times(of))?;
            if let (Some(first), Some(last)) = (of.first_error_at, of.last_error_at) {
                let time = |at: Timestamp| at.strftime("%H:%M:%S").to_string();
                write!(formatter, ", errors from {} to {} UTC", time(first), time(last))?;
            }
        }
        Ok(())
    }
}

/// What the errors were, in parentheses.
struct Errors<'a>(&'a Of);

impl fmt::Display for Errors<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statuses = self.0.statuses.iter().filter(|(status, _)| **status >= 500);
        let statuses = statuses.map(|(status, count)| format!("{} x {status}", grouped(*count)));
        let no_answers = self.0.no_answers.iter().map(|(why, count)| format!("{} {why}", grouped(*count)));
        in_parentheses(formatter, &statuses.chain(no_answers).collect::<Vec<_>>())
    }
}

/// Answers with 4xx, if there were any.
struct Rejected<'a>(&'a Of);

impl fmt::Display for Rejected<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.rejected == 0 {
            return Ok(());
        }
        write!(formatter, ", {} rejected", grouped(self.0.rejected))?;
        let rejected = self.0.statuses.iter().filter(|(status, _)| (400..500).contains(*status));
        let rejected = rejected.map(|(status, count)| format!("{} x {status}", grouped(*count)));
        in_parentheses(formatter, &rejected.collect::<Vec<_>>())
    }
}

fn in_parentheses(formatter: &mut fmt::Formatter<'_>, parts: &[String]) -> fmt::Result {
    if parts.is_empty() { Ok(()) } else { write!(formatter, " ({})", parts.join(", ")) }
}

/// Percentiles, if there are any.
struct Times<'a>(&'a Of);

impl fmt::Display for Times<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, time) in [("p50", self.0.p50), ("p99", self.0.p99)] {
            if let Some(time) = time {
                write!(formatter, ", {name} {}", in_words(time))?;
            }
        }
        Ok(())
    }
}

/// `0.4 ms`, `12 ms` or `10,007 ms`.
fn in_words(time: Duration) -> String {
    let millis = in_millis(time);
    if millis < 9.95 {
        let text = format!("{millis:.1}");
        return format!("{} ms", text.strip_suffix(".0").unwrap_or(&text));
    }
    let rounded = time.saturating_add(Duration::from_micros(500)).as_millis();
    format!("{} ms", grouped(u64::try_from(rounded).unwrap_or(u64::MAX)))
}

/// `1 error`, `3,120 errors`.
fn counted(count: u64, thing: &str) -> String {
    format!("{} {}", grouped(count), plural(count, thing))
}

fn plural(count: u64, thing: &str) -> String {
    if count == 1 { thing.to_owned() } else { format!("{thing}s") }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(requests: u64, statuses: &[(u16, u64)], no_answers: &[(NoAnswer, u64)]) -> Of {
        let within = |statuses: &[(u16, u64)], range: std::ops::Range<u16>| -> u64 {
            statuses.iter().filter(|(status, _)| range.contains(status)).map(|(_, count)| count).sum()
        };
        let errors = within(statuses, 500..600) + no_answers.iter().map(|(_, count)| count).sum::<u64>();
        let at = |second: i64| (errors > 0).then(|| Timestamp::from_second(1_790_000_000 + second).unwrap());
        Of {
            requests,
            errors,
            rejected: within(statuses, 400..500),
            p50: Some(Duration::from_millis(1)),
            p99: Some(Duration::from_micros(4_300)),
            first_error_at: at(0),
            last_error_at: at(75),
            statuses: statuses.iter().copied().collect(),
            no_answers: no_answers.iter().copied().collect(),
        }
    }

    fn seen(asked: u64, total: Of, by_colour: &[(Side, Of)]) -> Seen {
        Seen { asked, sent: total.requests, total, by_colour: by_colour.iter().cloned().collect() }
    }

    #[test]
    fn people_read_the_errors_first() {
        let nothing = Seen::default();
        assert_eq!(nothing.to_string(), "users saw 0 errors in 0 requests (asked 0)");

        let good = of(1, &[(200, 1)], &[]);
        assert_eq!(
            seen(1, good.clone(), &[(Side::Blue, good)]).to_string(),
            "users saw 0 errors in 1 request (asked 1), p50 1 ms, p99 4.3 ms"
        );

        let blue = of(2808, &[(200, 2800), (404, 8)], &[]);
        let slow = Of { p99: Some(Duration::from_millis(10_007)), ..of(312, &[], &[]) };
        let bad = of(312, &[(503, 300)], &[(NoAnswer::TimedOut, 11), (NoAnswer::CutOff, 1)]);
        let green = Of { p99: slow.p99, ..bad };
        let total = Of {
            p99: slow.p99,
            ..of(
                3120,
                &[(200, 2800), (404, 8), (503, 300)],
                &[(NoAnswer::TimedOut, 11), (NoAnswer::CutOff, 1)],
            )
        };
        assert_eq!(
            seen(3150, total, &[(Side::Blue, blue), (Side::Green, green)]).to_string(),
            "users saw 312 errors in 3,120 requests (asked 3,150), 8 rejected (8 x 404), p50 1 ms, p99 10,007 ms\n  \
             blue     2,808 requests, 0 errors, 8 rejected (8 x 404), p50 1 ms, p99 4.3 ms\n  \
             green      312 requests, 312 errors (300 x 503, 1 cut off, 11 timed out), p50 1 ms, p99 10,007 ms, \
             errors from 14:13:20 to 14:14:35 UTC"
        );
    }

    #[test]
    fn machines_read_one_word_per_thing() {
        let green = of(2, &[(503, 1)], &[(NoAnswer::TimedOut, 1)]);
        let one = json!({
            "requests": 2, "errors": 2, "rejected": 0, "p50_ms": 1.0, "p99_ms": 4.3,
            "first_error_at": "2026-09-21T14:13:20Z", "last_error_at": "2026-09-21T14:14:35Z",
            "statuses": { "503": 1 }, "no_answers": { "timed_out": 1 }
        });
        let mut expected = one.clone();
        expected["asked"] = json!(4);
        expected["sent"] = json!(2);
        expected["by_colour"] = json!({ "green": one });
        let seen = seen(4, green.clone(), &[(Side::Green, green)]);
        assert_eq!(serde_json::to_value(&seen).unwrap(), expected);
        assert!((seen.scale() - 2.0).abs() < f64::EPSILON);
        assert!((Seen::default().scale() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn times_are_as_precise_as_people_need() {
        let cases =
            [(0, "0 ms"), (40, "0 ms"), (940, "0.9 ms"), (960, "1 ms"), (1_500, "1.5 ms"), (9_960, "10 ms")];
        for (micros, expected) in cases.into_iter().chain([(12_400, "12 ms"), (1_234_500, "1,235 ms")]) {
            assert_eq!(in_words(Duration::from_micros(micros)), expected);
        }
    }

    #[test]
    fn digits_come_in_groups() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
