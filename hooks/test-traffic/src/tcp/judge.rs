//! From what a connection came to, to the outcome. Pure.
//!
//! Surprising: a refused connection is not always ours. At the address and port of a task that ECS says is running,
//! nobody but that task refuses: security groups and network ACLs drop packets without a word (VPC user guide). So
//! there it is shown that nothing listens, which may still change while green starts: pending, and after the check's
//! patience a failure.

use greenlight::{Outcome, Secrets};
use greenlight_prober::{Fault, Heard, NoAnswer, Obstacle, OutOfTime, Talk};

use crate::reach::{Reached, excerpt};

/// What was asked, and where.
pub(super) struct Asked<'a> {
    /// Host and port, for the words.
    pub(super) shown: &'a str,
    pub(super) expect: Option<&'a str>,
    /// Whether that is a running task's own address.
    pub(super) is_task: bool,
}

impl Asked<'_> {
    /// The outcome, and how far it came.
    pub(super) fn outcome(&self, talk: Result<Talk, OutOfTime>, secrets: &Secrets) -> (Outcome, Reached) {
        let shown = self.shown;
        match talk {
            Ok(Talk::Heard(heard)) => (self.heard(&heard, secrets), Reached::Asked),
            Ok(Talk::Unreachable(found)) if self.is_task && found.obstacle == Obstacle::Refused => {
                let outcome = Outcome::pending(format!("{shown} refuses connections: nothing listens there yet"))
                    .expected("a connection that is accepted")
                    .hint("is it the port that the container listens on, on all its addresses and not on loopback alone?");
                (outcome, Reached::Refused)
            }
            Ok(Talk::Unreachable(found)) => {
                (Outcome::inconclusive(found.to_string()), Reached::before(&found))
            }
            Err(OutOfTime) => {
                let outcome =
                    Outcome::inconclusive(format!("{shown} was not asked in the time that the function had"))
                        .hint("raise the function's timeout, or lower the check's `timeout`");
                (outcome, Reached::Asked)
            }
        }
    }

    fn heard(&self, heard: &Heard, secrets: &Secrets) -> Outcome {
        let shown = self.shown;
        let over = heard.tls.map(|version| format!(" over {version}")).unwrap_or_default();
        let said = quoted(&heard.bytes, secrets);
        let expected = || match self.expect {
            Some(text) => format!("an answer that contains {text:?}"),
            None => "a connection that is accepted".to_owned(),
        };
        let outcome = match (&heard.ended, self.expect) {
            (None, None) => Outcome::pass(format!("{shown} accepted a connection{over}")),
            (None, Some(_)) => Outcome::pass(format!("{shown} answered {said}{over}")),
            (Some(ended), _) => Outcome::fail(format!("{shown} {}{over}", ending(ended, &said)), expected()),
        };
        let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        outcome
            .measured("connect_ms", millis(heard.connect.total()))
            .measured("answer_ms", millis(heard.latency))
            .measured("failed_attempts", heard.failed_attempts)
    }
}

/// How it ended before there was enough.
fn ending(ended: &NoAnswer, said: &str) -> String {
    let waited =
        std::time::Duration::from_millis(u64::try_from(ended.waited.as_millis()).unwrap_or(u64::MAX));
    match &ended.fault {
        Fault::TimedOut { received: 0 } => format!("said nothing within {waited:?}"),
        Fault::TimedOut { .. } => format!("said {said} and no more within {waited:?}"),
        Fault::Closed { received: 0 } => "closed the connection without a word".to_owned(),
        Fault::Closed { .. } => format!("said {said} and closed the connection"),
        Fault::Reset { received: 0 } => "reset the connection without a word".to_owned(),
        Fault::Reset { .. } => format!("said {said} and reset the connection"),
        Fault::BodyTooLarge { limit, .. } => format!("said {limit} bytes without it, beginning with {said}"),
        _ => format!("broke off: {ended}"),
    }
}

/// What came, as text; bytes that are none are written as escapes.
fn quoted(bytes: &[u8], secrets: &Secrets) -> String {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    };
    format!("{:?}", excerpt(&text, secrets))
}
