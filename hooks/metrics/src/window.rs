//! Which time the metrics of green and of blue are looked at; pure.
//!
//! A window begins with the last weight change, never before the deployment did, and ends with the last
//! whole minute. ECS tells no time of a weight change: between two steps it is at least the step's bake time
//! before this wait began, and after the last step it is before this wait began. Both begin the window a
//! little late rather than early, so that nothing in it is from another step.
//!
//! Blue is looked at beside green while both serve. Once green has everything, it is looked at before the
//! shift. That window begins whole lengths of green's before green's does: then the periods of both begin
//! in step, and one call answers for both.

use std::time::Duration;

use greenlight::{
    Stage,
    deployment::{Shift, Steps},
};
use jiff::{Timestamp, ToSpan};

/// More than a day is none of a step's business, and the longest period of CloudWatch.
const LONGEST: i64 = 24 * 60;
/// Weights count as nothing below this, in percent.
const NOTHING: f64 = 0.05;

/// What is known of the shift.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) shift: Option<&'a Shift>,
    /// The share that ECS was asked to give green (`requestedProductionTrafficWeight`), in percent.
    pub(crate) requested: Option<f64>,
    /// The share that the event names, in percent.
    pub(crate) named: Option<f64>,
    pub(crate) started_at: Option<Timestamp>,
    /// When this wait began.
    pub(crate) began: Timestamp,
    pub(crate) now: Timestamp,
}

/// Whole minutes, the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// The windows of both sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Windows {
    pub(crate) green: Window,
    pub(crate) blue: Window,
    /// The share of the traffic that green has, in percent.
    pub(crate) share: f64,
}

/// Which time is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Looked {
    /// This.
    At(Windows),
    /// None: green has got no production traffic yet.
    FirstStep(String),
    /// None yet: no whole minute has passed.
    TooEarly(String),
    /// It is not known which.
    Unknown(String),
}

impl Window {
    /// Its length in seconds.
    pub(crate) fn seconds(self) -> i64 {
        self.end.as_second() - self.start.as_second()
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |at: Timestamp| at.strftime("%H:%M").to_string();
        write!(formatter, "from {} to {} UTC", time(self.start), time(self.end))
    }
}

/// The windows of this stage.
pub(crate) fn windows(known: &Known<'_>) -> Looked {
    let share = match share(known) {
        Ok(Some(share)) => share,
        Ok(None) => {
            let words =
                format!("at the first step's {} green has had no production traffic yet", known.stage);
            return Looked::FirstStep(words);
        }
        Err(why) => return Looked::Unknown(why),
    };
    let told = known.shift.and_then(|shift| shift.told);
    let is_over = *known.stage == Stage::PostProductionTrafficShift;
    let changed = if is_over {
        told.and_then(|(_, ended)| ended).unwrap_or(known.began)
    } else {
        let bake = known.shift.map_or(Duration::ZERO, |shift| shift.bake);
        known.began.checked_sub(bake).unwrap_or(known.began)
    };
    let end = minute(known.now);
    let start = up(known.started_at.map_or(changed, |started| changed.max(started)));
    let start = start.max(end.saturating_sub(LONGEST.minutes()).unwrap_or(start));
    if start >= end {
        return Looked::TooEarly(format!(
            "no whole minute has passed since green got {share}% of the traffic"
        ));
    }
    let green = Window { start, end };
    let blue =
        if is_over { before(green, told.map_or(start, |(began, _)| minute(began)), known) } else { green };
    Looked::At(Windows { green, blue, share })
}

/// Green's share of the traffic in the time that is judged; none where that is the time before the first step.
fn share(known: &Known<'_>) -> Result<Option<f64>, String> {
    let unknown =
        |what: &str| Err(format!("ECS does not tell {what}, so that it is not known which step is judged"));
    match known.stage {
        Stage::PostProductionTrafficShift => return Ok(Some(100.0)),
        Stage::PreProductionTrafficShift | Stage::ProductionTrafficShift => {}
        other => return Err(format!("at {other} green has no production traffic to judge")),
    }
    let steps = known.shift.map(|shift| &shift.steps);
    if steps == Some(&Steps::AtOnce) {
        return Ok(None);
    }
    let Some(requested) = known.requested else {
        return unknown("`requestedProductionTrafficWeight`");
    };
    if requested < NOTHING {
        return Ok(None);
    }
    if *known.stage == Stage::PreProductionTrafficShift {
        return if steps.is_some() { Ok(Some(requested)) } else { unknown("the deployment's configuration") };
    }
    // Whether the weights have been asked for already when this stage's hook is called is not documented:
    // the event says what they are to become, the deployment what they are or are to become.
    let applied = requested.max(known.named.unwrap_or(requested));
    match steps {
        None => unknown("the deployment's configuration"),
        Some(Steps::Unknown(_)) if applied > requested + NOTHING => Ok(Some(requested)),
        Some(Steps::Unknown(name)) => unknown(&format!("the steps of the strategy {name}")),
        Some(steps) => Ok(steps.before(applied)),
    }
}

/// Blue's window before the shift: whole lengths of green's before green's, as many as the deployment has had.
fn before(green: Window, end: Timestamp, known: &Known<'_>) -> Window {
    let length = green.seconds();
    let had = known.started_at.map_or(length, |started| green.start.as_second() - started.as_second());
    let lengths = (had.min(LONGEST * 60) / length).max(1);
    let start = green.start.saturating_sub((lengths * length).seconds()).unwrap_or(green.start);
    Window { start, end: end.max(start) }
}

/// How long after a minute its metrics are there, where they come fast.
const LAG: i64 = 5;

/// How long it takes until there can be more to see: metrics have a new value once a minute.
pub(crate) fn until_more(now: Timestamp) -> Duration {
    let passed = now.as_second().rem_euclid(60);
    Duration::from_secs((60 + LAG - passed).unsigned_abs())
}

/// The minute that a time is in.
fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// The first minute that begins at a time or later.
fn up(at: Timestamp) -> Timestamp {
    let down = minute(at);
    if down == at { at } else { down.saturating_add(1.minute()).unwrap_or(at) }
}

#[cfg(test)]
mod tests;
