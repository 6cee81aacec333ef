//! Which hook decided a deployment, and why.

use std::collections::BTreeMap;

use super::entry::{Entry, What};
use crate::rehearsal::controller::{Happening, Verdict};

/// Why the function that stopped the deployment did so, or why the last one let it go on: in its report, else in the
/// last words of its execution.
///
/// One that was cancelled decided nothing: another hook, an alarm or a person did, and its last words are those of a
/// wait.
pub(super) fn by(entries: &[Entry], reasons: &BTreeMap<usize, String>, success: bool) -> Option<String> {
    let decided = |entry: &Entry| match &entry.what {
        What::Deployment(Happening::HookEnded { execution, verdict, reason, .. })
            if verdict.proceeds() == success && *verdict != Verdict::Cancelled =>
        {
            reason.clone().or_else(|| reasons.get(execution).cloned())
        }
        _ => None,
    };
    if success { entries.iter().rev().find_map(decided) } else { entries.iter().find_map(decided) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Hooks that ended so, one after the other; each said `waiting: N` before.
    fn decided(verdicts: &[(Verdict, Option<&str>)], success: bool) -> Option<String> {
        let reasons =
            (0..verdicts.len()).map(|execution| (execution, format!("waiting: {execution}"))).collect();
        let ended = |(execution, (verdict, reason)): (usize, &(Verdict, Option<&str>))| Entry {
            at: Duration::ZERO,
            what: What::Deployment(Happening::HookEnded {
                execution,
                verdict: *verdict,
                reason: reason.map(ToOwned::to_owned),
                message: None,
            }),
        };
        let entries: Vec<_> = verdicts.iter().enumerate().map(ended).collect();
        by(&entries, &reasons, success)
    }

    #[test]
    fn who_was_cancelled_decided_nothing() {
        use Verdict::{Cancelled, Proceed, Stop, TimedOut};
        assert_eq!(decided(&[(Proceed, Some("fine")), (Cancelled, None)], false), None);
        let stopped = [(Cancelled, None), (Stop, Some("check `http` failed"))];
        assert_eq!(decided(&stopped, false).unwrap(), "check `http` failed");
        // Its own wait is what its time was over with.
        assert_eq!(decided(&[(Cancelled, None), (TimedOut, None)], false).unwrap(), "waiting: 1");
    }

    #[test]
    fn the_first_that_stops_decides_and_the_last_that_goes_on() {
        use Verdict::{Proceed, Stop};
        let verdicts = [(Proceed, Some("a")), (Stop, Some("b")), (Stop, Some("c")), (Proceed, Some("d"))];
        assert_eq!(decided(&verdicts, false).unwrap(), "b");
        assert_eq!(decided(&verdicts, true).unwrap(), "d");
    }
}
