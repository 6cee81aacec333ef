//! What answers say, in the words of outcomes.

use greenlight::Secrets;
use greenlight_prober::Answer;

/// How much of an answer's text stands in a failure.
const EXCERPT: usize = 120;

/// Whether the load balancer itself made the answer, in green's place.
pub(crate) fn made_by_load_balancer(answer: &Answer) -> bool {
    answer.headers.get("server").is_some_and(|server| server == "awselb/2.0")
}

/// The beginning of a text, without secrets: taken out before it is cut, so that no part of one is left.
pub(crate) fn excerpt(text: &str, secrets: &Secrets) -> String {
    shortened(&secrets.redact(text))
}

/// The beginning of a text that is fit to be shown.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(EXCERPT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
