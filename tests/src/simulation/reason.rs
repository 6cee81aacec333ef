//! What a reason says, read back from its words.

/// A reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason<'a> {
    /// What shadow mode kept the function from: `proceeded`, `stopped` or `waited`.
    pub(super) would_have: Option<&'a str>,
    pub(super) said: Said<'a>,
}

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    Rollback,
    /// The plan waves creates through.
    WavedThrough,
    /// Nothing to judge yet: a create, or a first step.
    NothingYet,
    /// The plan cannot be used.
    Plan,
    /// Nothing was validated, and that is no success.
    Nothing {
        words: &'a str,
    },
    Passed {
        check: &'a str,
        words: &'a str,
    },
    Failed {
        check: &'a str,
        words: &'a str,
    },
    /// Pending (or not told), and patience is over, in these words.
    Pending {
        check: &'a str,
        words: &'a str,
    },
    Untold {
        check: &'a str,
        words: &'a str,
    },
    WaitsPending {
        check: &'a str,
        words: &'a str,
    },
    WaitsUntold {
        check: &'a str,
        words: &'a str,
    },
}

/// What the functions here say before a pass that is not proven.
const CAVEAT: &str = "not proven to be green: ";

/// Reads a reason; none where it is of no known form.
pub(super) fn read(reason: &str) -> Option<Reason<'_>> {
    if let Some(rest) = reason.strip_prefix("shadow: would have ") {
        let (would_have, rest) = rest.split_once(": ")?;
        return Some(Reason { would_have: Some(would_have), said: said(rest)? });
    }
    Some(Reason { would_have: None, said: said(reason)? })
}

fn said(reason: &str) -> Option<Said<'_>> {
    for (start, said) in [
        ("rollback: nothing was validated: ", Said::Rollback),
        ("create: nothing was validated, as `on_create` asks: ", Said::WavedThrough),
        ("create: nothing was validated, because there is nothing to judge yet: ", Said::NothingYet),
        ("first step: nothing was validated, because there is nothing to judge yet: ", Said::NothingYet),
        ("the plan cannot be used: ", Said::Plan),
    ] {
        if reason.starts_with(start) {
            return Some(said);
        }
    }
    if let Some(words) = reason.strip_prefix("nothing was validated: ") {
        return Some(Said::Nothing { words });
    }
    let (waits, rest) = match reason.strip_prefix("waiting: ") {
        Some(rest) => (true, rest),
        None => (false, reason.strip_prefix(CAVEAT).unwrap_or(reason)),
    };
    let (check, words) = rest.strip_prefix("check `")?.split_once("` ")?;
    Some(match (waits, words) {
        (true, words) if words.starts_with("is pending: ") => Said::WaitsPending { check, words },
        (true, words) if words.starts_with("could not be told yet: ") => Said::WaitsUntold { check, words },
        (false, words) if words.starts_with("passed: ") => Said::Passed { check, words },
        (false, words) if words.starts_with("failed: ") => Said::Failed { check, words },
        (false, words) if words.starts_with("was still pending") => Said::Pending { check, words },
        (false, words) if words.starts_with("could not be told") => Said::Untold { check, words },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_back() {
        let pending =
            Said::Pending { check: "c0", words: "was still pending after waiting 10m: c0 is not ready" };
        for (reason, would_have, expected) in [
            ("rollback: nothing was validated: because", None, Some(Said::Rollback)),
            (
                "shadow: would have stopped: check `c0` was still pending after waiting 10m: c0 is not ready",
                Some("stopped"),
                Some(pending),
            ),
            (
                "not proven to be green: check `c1` passed: c1 is right",
                None,
                Some(Said::Passed { check: "c1", words: "passed: c1 is right" }),
            ),
            ("all is well", None, None),
        ] {
            let read = read(reason);
            assert_eq!(read.as_ref().and_then(|reason| reason.would_have), would_have, "{reason}");
            assert_eq!(read.map(|reason| reason.said), expected, "{reason}");
        }
    }
}
