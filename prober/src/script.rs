//! What a load sends again and again: one request, or several in order.
//!
//! A script is played from its first step to its last; one time through is a run. Surprising: nothing is awaited
//! here. What a step needs of earlier answers is remembered by the judge and read by whoever makes the next
//! request, so a script is plain data and functions, and the prober alone does I/O.

use super::jar::Jar;
use super::reply::Answer;
use super::request::Request;
use super::tally::Mismatch;

/// Requests in order, and what is thought of their answers.
pub trait Script: Send + Sync + 'static {
    /// What one run remembers from step to step. Every run begins with nothing.
    type Memory: Default + Send;

    /// The request of each step, at least one; none where it is made of what earlier answers gave, by
    /// [`Script::request`]. Asked once per load.
    fn requests(&self) -> Vec<Option<Request>>;

    /// The request of a step that depends on earlier answers. The error says why there can be none; it ends the run
    /// and says nothing about green, whosever it is.
    fn request(&self, step: usize, memory: &Self::Memory) -> Result<Request, Mismatch>;

    /// Judges the answer to a step, and remembers what later steps need. A step that is not good ends its run.
    fn judge(&self, answered: &Answered<'_>, memory: &mut Self::Memory) -> Result<(), Mismatch>;

    /// Whether this is a sequence: its runs keep cookies, and its steps are tallied one by one, too.
    fn is_sequence(&self) -> bool {
        true
    }

    /// With `Some`, a load ends as soon as so many runs in a row were good.
    fn in_a_row(&self) -> Option<u64> {
        None
    }
}

/// An answer, and where in a run it came.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The step, from 0.
    pub step: usize,
    /// Its answer.
    pub answer: &'a Answer,
    /// The run's cookies, this answer's included; none where none are kept.
    pub jar: Option<&'a Jar>,
}

/// One request whose answers do not depend on each other.
pub(super) struct Alone<J> {
    pub(super) request: Request,
    pub(super) judge: J,
}

impl<J> Script for Alone<J>
where
    J: Fn(&Answer) -> Result<(), Mismatch> + Send + Sync + 'static,
{
    type Memory = ();

    fn requests(&self) -> Vec<Option<Request>> {
        vec![Some(self.request.clone())]
    }

    fn request(&self, _: usize, (): &()) -> Result<Request, Mismatch> {
        Ok(self.request.clone())
    }

    fn judge(&self, answered: &Answered<'_>, (): &mut ()) -> Result<(), Mismatch> {
        (self.judge)(answered.answer)
    }

    fn is_sequence(&self) -> bool {
        false
    }
}
