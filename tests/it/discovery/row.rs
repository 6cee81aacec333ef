//! One row of a table: what is different from a good day, and what must come of it.

use crate::scene::Seen;
use crate::scene::{Deployment, Scene};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict;

/// What must come of a scene. Blue is never asked anything, unless a row says so.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    verdict: Verdict,
    /// The outcome of the first check in the evidence, where there is a check.
    outcome: Option<&'static str>,
    words: Vec<String>,
    /// How many requests reach green, where that matters.
    asked: Option<usize>,
    blue_is_asked: bool,
}

/// The deployment goes on because a check passed.
pub(super) fn proceeds(words: &[&str]) -> Expected {
    Expected::new(Verdict::Proceed, Some("pass"), words)
}

/// The deployment goes on though nothing was looked at.
pub(super) fn waved_through(words: &[&str]) -> Expected {
    Expected::new(Verdict::Proceed, None, words).asking(0)
}

/// The deployment stops because of this outcome.
pub(super) fn stops(outcome: &'static str, words: &[&str]) -> Expected {
    Expected::new(Verdict::Stop, Some(outcome), words)
}

/// ECS is told to ask again because of this outcome.
pub(super) fn waits(outcome: &'static str, words: &[&str]) -> Expected {
    Expected::new(Verdict::Wait, Some(outcome), words)
}

impl Expected {
    fn new(verdict: Verdict, outcome: Option<&'static str>, words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { verdict, outcome, words, asked: None, blue_is_asked: false }
    }

    /// So many requests reach green.
    pub(super) fn asking(self, requests: usize) -> Self {
        Self { asked: Some(requests), ..self }
    }

    /// Blue is asked: the plan wants no proof.
    pub(super) fn asking_blue(self) -> Self {
        Self { blue_is_asked: true, ..self }
    }

    pub(super) fn hold(&self, seen: &Seen) -> Outcome {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match self.outcome {
            Some(outcome) => seen.found(self.verdict, outcome, &words)?,
            None => seen.decided(self.verdict, &words)?,
        }
        ensure!(seen.blue.is_empty() != self.blue_is_asked, "blue got {:?}", seen.blue);
        if let Some(asked) = self.asked {
            let got = seen.green.len();
            ensure!(got == asked, "green got {got} requests; expected {asked}: {:?}", seen.green);
        }
        Ok(())
    }
}

/// Rows of one table.
#[derive(Default)]
pub(super) struct Rows(Table);

impl Rows {
    /// Adds a row: a scene that this arranges comes to that.
    pub(super) fn row<D: Deployment>(
        &mut self,
        name: impl Into<String>,
        arrange: impl FnOnce(&mut Scene<D>) + Send + 'static,
        expected: Expected,
    ) {
        self.more(name, arrange, expected, |_| Ok(()));
    }

    /// A row with something more that must be true.
    pub(super) fn more<D: Deployment>(
        &mut self,
        name: impl Into<String>,
        arrange: impl FnOnce(&mut Scene<D>) + Send + 'static,
        expected: Expected,
        more: impl FnOnce(&Seen) -> Outcome + Send + 'static,
    ) {
        self.0.add(name, async move {
            let mut scene = Scene::<D>::new().await;
            arrange(&mut scene);
            let seen = scene.play().await;
            expected.hold(&seen)?;
            more(&seen)
        });
    }

    /// A row that is arranged step by step.
    pub(super) fn add(
        &mut self,
        name: impl Into<String>,
        row: impl Future<Output = Outcome> + Send + 'static,
    ) {
        self.0.add(name, row);
    }

    pub(super) async fn play(self) {
        self.0.play().await;
    }
}
