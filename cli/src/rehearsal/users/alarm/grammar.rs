//! How alarms are written: `NAME=errors>5%/1m x3`.

use std::fmt;
use std::str::FromStr;

use greenlight::plan::units::Span;

use super::{Alarm, Comparison, Condition, Measure};

const EXPECTED: &str = "expected METRIC, an operator, a threshold, `/` and a period, e.g. `errors>5%/1m`, `p99>800ms/1m x3` or `requests<10/5m`";

impl FromStr for Alarm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected NAME=CONDITION, e.g. `high-errors=errors>5%/1m`";
        // A condition may have a `=` of its own.
        let (name, condition) =
            text.split_once('=').ok_or_else(|| format!("the alarm `{text}` has no name; {expected}"))?;
        let name = name.trim();
        if name.is_empty() || name.ends_with(['<', '>']) {
            return Err(format!("the alarm `{text}` has no name; {expected}"));
        }
        let condition =
            condition.parse().map_err(|problem| format!("the alarm `{name}` has no condition: {problem}"))?;
        Ok(Self { name: name.to_owned(), condition })
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.name, self.condition)
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let operator = text.find(['<', '>']).ok_or_else(|| {
            if text.contains('=') {
                format!("`{text}` has `=` where an operator stands; expected `>`, `>=`, `<` or `<=`")
            } else {
                format!("`{text}` has no operator; {EXPECTED}")
            }
        })?;
        let (metric, rest) = text.split_at(operator);
        let (comparison, rest) = comparison(rest);
        let (threshold, rest) =
            rest.split_once('/').ok_or_else(|| format!("`{text}` has no period; {EXPECTED}"))?;
        let measure = measure(metric.trim(), threshold.trim())?;
        let (period, periods) = match rest.split_once(['x', 'X']) {
            None => (rest, 1),
            Some((period, periods)) => (period, count_of_periods(periods.trim())?),
        };
        let condition = Self { measure, comparison, period: minutes(period.trim())?, periods };
        let longest = Span::from_secs(24 * 3600);
        if condition.period.0.saturating_mul(periods) > longest.0 {
            return Err(format!("`{text}` looks back too far; expected at most 24h in all periods"));
        }
        Ok(condition)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, comparison, period, periods } = self;
        let operator = comparison.as_str();
        match measure {
            Measure::Errors(threshold) => write!(formatter, "errors{operator}{threshold}"),
            Measure::ErrorShare(threshold) => write!(formatter, "errors{operator}{threshold}"),
            Measure::P50(threshold) => write!(formatter, "p50{operator}{threshold}"),
            Measure::P99(threshold) => write!(formatter, "p99{operator}{threshold}"),
            Measure::Requests(threshold) => write!(formatter, "requests{operator}{threshold}"),
        }?;
        write!(formatter, "/{period}")?;
        if *periods > 1 { write!(formatter, " x{periods}") } else { Ok(()) }
    }
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// The operator that the text begins with, and what follows.
fn comparison(text: &str) -> (Comparison, &str) {
    // Longer ones first: `>` begins `>=`.
    let all = [Comparison::GreaterOrEqual, Comparison::LessOrEqual, Comparison::Greater];
    all.into_iter()
        .find_map(|comparison| Some((comparison, text.strip_prefix(comparison.as_str())?)))
        .unwrap_or((Comparison::Less, text.strip_prefix('<').unwrap_or(text)))
}

fn measure(metric: &str, threshold: &str) -> Result<Measure, String> {
    let latency = || threshold.parse().map_err(|problem| format!("threshold of `{metric}`: {problem}"));
    match metric {
        "errors" if threshold.ends_with('%') => threshold
            .parse()
            .map(Measure::ErrorShare)
            .map_err(|problem| format!("threshold of `errors`: {problem}")),
        "errors" => count(threshold).map(Measure::Errors).ok_or_else(|| {
            format!("threshold of `errors`: `{threshold}` is neither a count nor a share; expected e.g. `5` or `5%`")
        }),
        "requests" => count(threshold).map(Measure::Requests).ok_or_else(|| {
            format!("threshold of `requests`: `{threshold}` is no count; expected e.g. `10`")
        }),
        "p50" => latency().map(Measure::P50),
        "p99" => latency().map(Measure::P99),
        unknown => {
            Err(format!("the metric `{unknown}` is unknown; expected `errors`, `p50`, `p99` or `requests`"))
        }
    }
}

/// Digits alone: what else parses as a number is a slip of the pen here.
fn count(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn count_of_periods(text: &str) -> Result<u32, String> {
    let periods = count(text).and_then(|periods| u32::try_from(periods).ok()).filter(|periods| *periods > 0);
    periods.ok_or_else(|| {
        format!("`x{text}` is no number of periods; expected e.g. `x3` for three periods in a row")
    })
}

fn minutes(text: &str) -> Result<Span, String> {
    let period: Span = text.parse().map_err(|problem| format!("period: {problem}"))?;
    let millis = period.0.as_millis();
    if millis == 0 || !millis.is_multiple_of(60_000) {
        return Err(format!(
            "period `{text}` is no whole number of minutes; expected e.g. `1m` or `5m`, since metrics of load balancers come by the minute"
        ));
    }
    Ok(period)
}
