//! What is yet to happen.

use std::time::Duration;

use greenlight_cli::rehearsal::controller::Input;

/// Inputs and their times. Few are ever open at once, so that a search is as fast as an order.
#[derive(Default)]
pub(crate) struct Queue(Vec<(Duration, Input)>);

impl Queue {
    pub(crate) fn add(&mut self, at: Duration, input: Input) {
        self.0.push((at, input));
    }

    /// The earliest input, if it comes no later than that; of several at once the one that was added first.
    pub(crate) fn take_until(&mut self, latest: Option<Duration>) -> Option<(Duration, Input)> {
        let (index, (at, _)) = self.0.iter().enumerate().min_by_key(|(_, (at, _))| *at)?;
        let in_time = latest.is_none_or(|latest| *at <= latest);
        in_time.then(|| self.0.remove(index))
    }
}
