//! The requests of a check as the prober plays them: made, judged, and what they give each other remembered.
//!
//! Surprising: a value that makes no request (a line break where a header is wanted) says nothing about green.
//! Green answered as expected; it is the plan that put the value where it does not fit.

use std::{collections::BTreeSet, sync::Arc};

use greenlight::Secrets;
use greenlight_prober::{Answered, Endpoint, Jar, Mismatch, Request, Script, Whose};

use super::{draft::Draft, seen::Seen, steps::Step, template::Captured};
use crate::reach::answered_by::{Taken, stranger};

/// A step, ready to be sent.
pub(super) struct Prepared {
    pub(super) step: Step,
    pub(super) draft: Draft,
    /// The request itself, where it does not depend on earlier answers.
    pub(super) request: Option<Request>,
}

/// The steps of a check at one place.
#[derive(Clone)]
pub(super) struct Course {
    shared: Arc<Shared>,
    in_a_row: Option<u64>,
}

pub(super) struct Shared {
    pub(super) steps: Vec<Prepared>,
    pub(super) is_sequence: bool,
    pub(super) endpoint: Endpoint,
    pub(super) taken: Taken,
    pub(super) secrets: Secrets,
}

impl Course {
    pub(super) fn new(shared: Shared, in_a_row: Option<u64>) -> Self {
        Self { shared: Arc::new(shared), in_a_row }
    }

    /// The same to warm green up: all of it, however it goes.
    pub(super) fn to_warm_up(&self) -> Self {
        Self { in_a_row: None, ..self.clone() }
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.shared.steps.iter().map(|prepared| &prepared.step)
    }
}

impl Script for Course {
    type Memory = Captured;

    fn requests(&self) -> Vec<Option<Request>> {
        self.shared.steps.iter().map(|prepared| prepared.request.clone()).collect()
    }

    fn request(&self, step: usize, captured: &Captured) -> Result<Request, Mismatch> {
        let Shared { steps, endpoint, taken, .. } = &*self.shared;
        let draft = &steps[step].draft;
        if let Some(goes_by_route) = &taken.goes_by_route
            && !goes_by_route(step, &draft.path_with(captured))
        {
            return Err(Mismatch::new(
                "with what was captured, the path leads away from the route that is proven",
                "capture a value that the listener rule lets through in the path, or set `target.url`",
            )
            .of(Whose::Other));
        }
        draft.fill(endpoint, captured).map_err(|unfit| {
            Mismatch::new(
                format!("the request cannot be made of what was captured: {unfit}"),
                "capture a value that fits where it is used",
            )
            .of(Whose::Other)
        })
    }

    fn judge(&self, answered: &Answered<'_>, captured: &mut Captured) -> Result<(), Mismatch> {
        self.held(answered, captured).map_err(|mismatch| unless_withheld(mismatch, answered))
    }

    fn is_sequence(&self) -> bool {
        self.shared.is_sequence
    }

    fn in_a_row(&self) -> Option<u64> {
        self.in_a_row
    }
}

impl Course {
    /// Holds an answer against what its step expects, and takes what later steps need.
    fn held(&self, answered: &Answered<'_>, captured: &mut Captured) -> Result<(), Mismatch> {
        let Shared { steps, taken, secrets, .. } = &*self.shared;
        let step = &steps[answered.step].step;
        let mut found = Vec::new();
        {
            let seen = Seen::new(answered.answer, secrets).in_sequence(captured, answered.jar);
            let seen = if step.capture.is_empty() { seen } else { seen.unquoted() };
            if let Some(stranger) = stranger(seen.answer, answered.step, taken, |text| seen.excerpt(text)) {
                return Err(stranger);
            }
            step.expect.judge(&seen)?;
            for (name, capture) in &step.capture {
                found.push((name.clone(), capture.take(name, &seen)?));
            }
        }
        captured.extend(found);
        Ok(())
    }
}

/// Green cannot know a session that it was not sent: an answer to a request that went without a cookie says nothing
/// about green, but for an error of its own.
fn unless_withheld(mismatch: Mismatch, answered: &Answered<'_>) -> Mismatch {
    let names: BTreeSet<&str> = answered.jar.into_iter().flat_map(Jar::withheld).collect();
    if mismatch.whose != Whose::Green || names.is_empty() || answered.answer.status.is_server_error() {
        return mismatch;
    }
    let names: Vec<_> = names.into_iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    Mismatch::new(
        format!(
            "{}, and it was asked without the cookie {}, which is `Secure`, over plain HTTP",
            mismatch.observed,
            names.join(", ")
        ),
        "ask over https; or `capture` the cookie, and send it by the step's own `cookies`",
    )
    .of(Whose::Other)
}
