//! What must be true of a cell that has been played.

use greenlight_cli::rehearsal::lambda::{Invocation, Outcome as Invoked, PostKind};
use serde_json::Value;

use super::cell::{Played, Protocol, Reported};
use crate::table::{Outcome, ensure};
pub(super) use crate::verdict::Verdict;

/// What is reported of a verdict.
fn reported(verdict: Verdict) -> Option<Reported> {
    match verdict {
        Verdict::Proceed => Some(Reported::Proceed),
        Verdict::Stop => Some(Reported::Stop),
        Verdict::Wait => None,
    }
}

impl Played {
    /// Exactly one verdict left the function before its deadline, this one, with these words in its
    /// reason, and the evidence says the same.
    pub(super) fn decided(&self, verdict: Verdict, words: &[&str]) -> Outcome {
        self.judged(verdict, words).map_err(|why| self.with_log(&why))
    }

    fn judged(&self, verdict: Verdict, words: &[&str]) -> Outcome {
        let [attempts] = self.deliveries.as_slice() else {
            return Err(format!("{} deliveries; expected 1", self.deliveries.len()));
        };
        let [invocation] = attempts.as_slice() else {
            return Err(format!("{} attempts; expected 1: {:?}", attempts.len(), outcomes(attempts)));
        };
        let answer = answer(invocation)?;
        ensure!(
            matches!(self.posts.as_slice(), [post] if post.kind == PostKind::Response && post.accepted),
            "expected one answer and nothing else; the Runtime API received {:?}",
            self.posts
        );
        self.reported_once(reported(verdict))?;

        let status = verdict.hook_status();
        ensure!(answer["hookStatus"] == status, "expected {status}; the answer is {answer}");
        let waits = verdict == Verdict::Wait;
        ensure!(
            answer.get("callBackDelay").is_some() == waits && answer.get("hookDetails").is_some() == waits,
            "only a wait has a delay and state; the answer is {answer}"
        );
        let reason = answer["reason"].as_str().unwrap_or_default();
        for word in words {
            ensure!(reason.contains(word), "the reason does not say {word:?}: {reason}");
        }

        let evidence = self.evidence();
        let [evidence] = evidence.as_slice() else {
            return Err(format!("{} documents of evidence; expected 1", evidence.len()));
        };
        for (key, value) in
            [("verdict", verdict.word()), ("reason", reason), ("protocol", self.protocol.name())]
        {
            ensure!(evidence[key] == value, "evidence has the {key} {}; expected {value:?}", evidence[key]);
        }
        Ok(())
    }

    /// The one report counted, in one call; for ECS there is none, because the answer is the report.
    fn reported_once(&self, verdict: Option<Reported>) -> Outcome {
        let expected: Vec<_> = verdict.into_iter().filter(|_| self.protocol != Protocol::Ecs).collect();
        ensure!(self.reports == expected, "reported {:?}; expected {expected:?}", self.reports);
        let calls = self.report_calls();
        ensure!(
            calls.len() == expected.len(),
            "{} calls that report; expected {}: {:?}",
            calls.len(),
            expected.len(),
            calls
        );
        Ok(())
    }

    /// No attempt answered, and nothing was reported: nothing proceeds.
    pub(super) fn nothing_proceeds(&self) -> Outcome {
        let answered = self.posts.iter().any(|post| post.kind == PostKind::Response);
        ensure!(!answered, "answered: {:?}\n{}", self.posts, self.log());
        ensure!(self.reports.is_empty(), "reported {:?}\n{}", self.reports, self.log());
        Ok(())
    }

    /// Adds the log to why a cell is wrong.
    pub(super) fn with_log(&self, why: &str) -> String {
        format!("{why}\n{}", self.log())
    }
}

/// The answer of an invocation that has one.
pub(super) fn answer(invocation: &Invocation) -> Result<Value, String> {
    match &invocation.outcome {
        Invoked::Answered(bytes) => {
            serde_json::from_slice(bytes).map_err(|error| format!("the answer is no JSON: {error}"))
        }
        other => Err(format!("no answer: {other:?}")),
    }
}

/// How attempts ended, for the words of a failure.
pub(super) fn outcomes(attempts: &[Invocation]) -> Vec<&Invoked> {
    attempts.iter().map(|attempt| &attempt.outcome).collect()
}

/// What Linux tells of a process's memory, in KiB: `VmRSS` is what it has, `VmHWM` the most that it had.
pub(super) fn memory(process: u32, what: &str) -> Result<u64, String> {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).map_err(|error| error.to_string())?;
    let value = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    value
        .and_then(|value| value.trim().trim_end_matches("kB").trim().parse().ok())
        .ok_or_else(|| format!("no {what} in\n{status}"))
}
