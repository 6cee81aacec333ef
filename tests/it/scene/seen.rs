//! What came of a scene, and what must be true of it.

use greenlight_cli::rehearsal::aws::{Call, codedeploy, ecs};
use greenlight_cli::rehearsal::balancer::Entry;
use greenlight_cli::rehearsal::lambda::{Invocation, Outcome as Invoked};
use serde_json::Value;

use super::application::Got;
use crate::table::{Outcome, ensure};
use crate::verdict::Verdict;

/// What came of a scene.
pub(crate) struct Seen {
    pub(crate) attempts: Vec<Invocation>,
    /// Whether the answer is the verdict; else a call is.
    pub(crate) answers: bool,
    pub(crate) calls: Vec<Call>,
    pub(crate) reports: Vec<codedeploy::Report>,
    pub(crate) continues: Vec<ecs::Continue>,
    /// What event buses were told.
    pub(crate) told: Vec<Value>,
    /// What the load balancers were asked.
    pub(crate) balanced: Vec<Entry>,
    /// What reached blue's tasks.
    pub(crate) blue: Vec<Got>,
    /// What reached green's tasks.
    pub(crate) green: Vec<Got>,
}

impl Seen {
    /// One verdict, this one, with these words in its reason; evidence and report say the same.
    pub(crate) fn decided(&self, verdict: Verdict, words: &[&str]) -> Outcome {
        self.judged(verdict, words).map_err(|why| format!("{why}\n{}", self.log()))
    }

    /// [`Self::decided`], by a check that had this outcome.
    pub(crate) fn found(&self, verdict: Verdict, outcome: &str, words: &[&str]) -> Outcome {
        self.decided(verdict, words)?;
        let check = &self.evidence()?["checks"][0];
        ensure!(
            check["outcome"] == outcome,
            "the outcome is {}; expected {outcome}\n{check}",
            check["outcome"]
        );
        Ok(())
    }

    /// Nothing was sent to any task, and no load balancer was asked.
    pub(crate) fn nothing_was_sent(&self) -> Outcome {
        ensure!(
            self.blue.is_empty() && self.green.is_empty() && self.balanced.is_empty(),
            "requests were sent: blue got {:?}, green got {:?}, load balancers {:?}",
            self.blue,
            self.green,
            self.balanced
        );
        Ok(())
    }

    /// So many requests reached green, and none blue.
    pub(crate) fn only_green_was_asked(&self, times: usize) -> Outcome {
        ensure!(self.blue.is_empty(), "blue got {:?}", self.blue);
        let asked = self.green.len();
        ensure!(asked == times, "green got {asked} requests; expected {times}: {:?}", self.green);
        Ok(())
    }

    /// The documents of the log, one for each line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.attempts.iter().flat_map(|attempt| &attempt.log);
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The evidence, of which there is one document.
    pub(crate) fn evidence(&self) -> Result<Value, String> {
        let documents: Vec<Value> =
            self.lines().into_iter().filter(|document| document.get("greenlight").is_some()).collect();
        match <[Value; 1]>::try_from(documents) {
            Ok([document]) => Ok(document),
            Err(documents) => Err(format!("{} documents of evidence; expected 1", documents.len())),
        }
    }

    /// The answer of the function.
    pub(crate) fn answer(&self) -> Result<Value, String> {
        match self.attempts.as_slice() {
            [Invocation { outcome: Invoked::Answered(answer), .. }] => {
                serde_json::from_slice(answer).map_err(|error| format!("the answer is no JSON: {error}"))
            }
            [other] => Err(format!("no answer: {:?}", other.outcome)),
            attempts => Err(format!("{} attempts; expected 1", attempts.len())),
        }
    }

    /// The one verdict: the answer's and, where a call is what counts, the report's, which are the same.
    pub(crate) fn verdict(&self) -> Result<Verdict, String> {
        let answer = self.answer()?;
        let named = |verdict: &Verdict| answer["hookStatus"] == verdict.hook_status();
        let Some(verdict) = [Verdict::Proceed, Verdict::Stop, Verdict::Wait].into_iter().find(named) else {
            return Err(format!("the answer is {answer}"));
        };
        let reported = self.reported();
        let expected: Vec<_> = (!self.answers).then_some(verdict).into_iter().collect();
        ensure!(reported == expected, "reported {reported:?}; expected {expected:?}");
        Ok(verdict)
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.calls.iter().filter(|call| call.operation == operation).count()
    }

    fn judged(&self, verdict: Verdict, words: &[&str]) -> Outcome {
        let answer = self.answer()?;
        let given = self.verdict()?;
        ensure!(given == verdict, "expected {verdict:?}; the answer is {answer}");
        let reason = answer["reason"].as_str().unwrap_or_default();
        for word in words {
            ensure!(reason.contains(word), "the reason does not say {word:?}: {reason}");
        }
        let evidence = self.evidence()?;
        ensure!(
            evidence["verdict"] == verdict.word() && evidence["reason"] == reason,
            "the evidence says {}: {}",
            evidence["verdict"],
            evidence["reason"]
        );
        Ok(())
    }

    fn reported(&self) -> Vec<Verdict> {
        let codedeploy = self.reports.iter().map(|report| match report.status {
            codedeploy::Status::Succeeded => Verdict::Proceed,
            codedeploy::Status::Failed => Verdict::Stop,
        });
        let pause = self.continues.iter().map(|answer| match answer.action {
            ecs::Action::Continue => Verdict::Proceed,
            ecs::Action::Rollback => Verdict::Stop,
        });
        codedeploy.chain(pause).collect()
    }

    /// The log, for the words of a failure.
    pub(crate) fn log(&self) -> String {
        let shorten = |line: &String| line.chars().take(3000).chain(['\n']).collect::<String>();
        self.attempts.iter().flat_map(|attempt| &attempt.log).map(shorten).collect()
    }
}
