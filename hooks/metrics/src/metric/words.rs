//! Numbers for people.

use super::of::Of;

/// `0.3%`; two digits behind the point are enough, and none that are zero.
pub(super) fn percent(fraction: f64) -> String {
    format!("{}%", rounded(fraction * 100.0, 100.0))
}

/// A value in the unit of what it is of.
pub(super) fn shown_as(of: &Of, value: f64) -> String {
    match of {
        Of::ErrorRate => percent(value),
        Of::ResponseTime => format!("{}ms", rounded(value * 1000.0, 10.0)),
        _ => rounded(value, 1000.0).to_string(),
    }
}

/// How many times as much.
pub(super) fn factor(value: f64, of: f64) -> String {
    if of > 0.0 { format!("{}x", rounded(value / of, 100.0)) } else { "more than nothing".to_owned() }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
