//! States of alarms in, an outcome out; pure.

use greenlight::{Kind, Outcome, SkipCause};
use jiff::Timestamp;

use super::{Alarms, AlreadyRed, InsufficientData};

/// What is known of the alarms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) names: Vec<String>,
    /// Whether they are the deployment's own.
    pub(super) are_own: bool,
    pub(super) alarms: Vec<Alarm>,
    pub(super) started_at: Option<Timestamp>,
    /// Whether green has had no production traffic yet.
    pub(super) is_first_step: bool,
    /// Why alarms that are OK say nothing about green yet, where that is so.
    pub(super) too_early: Option<String>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) since: Option<Timestamp>,
    pub(super) because: Option<String>,
    /// Why its state is not to be trusted: `EVALUATION_ERROR`, `EVALUATION_FAILURE`.
    pub(super) trouble: Option<String>,
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Alarm,
    /// `INSUFFICIENT_DATA`, or one that is not known.
    Insufficient,
}

impl State {
    pub(super) fn of(value: Option<&str>) -> Self {
        match value {
            Some("OK") => Self::Ok,
            Some("ALARM") => Self::Alarm,
            _ => Self::Insufficient,
        }
    }
}

/// What a deployment should know whose alarms were red when it began.
const IGNORED: &str = "ECS ignores all alarms of this deployment";

/// Judges the alarms. Those that are OK are so from the time before green got its traffic until they had time to
/// change.
pub(super) fn judge(settings: &Alarms, found: &Found) -> Outcome {
    let judged = as_they_are(settings, found);
    match &found.too_early {
        Some(why) if judged.kind == Kind::Pass => Outcome::pending(why.clone()).otherwise(judged),
        _ => judged,
    }
}

/// Red ones first, then those of which nothing can be told.
fn as_they_are(settings: &Alarms, found: &Found) -> Outcome {
    let or_first_step = |cause| if found.is_first_step { SkipCause::FirstStep } else { cause };
    if found.names.is_empty() {
        let words = "the deployment has no alarms";
        return Outcome::skip(or_first_step(SkipCause::NotConfigured), words)
            .hint("name some in `alarms.names`, or in the service's `deploymentConfiguration.alarms`");
    }
    let is_old = |alarm: &&Alarm| match (alarm.since, found.started_at) {
        (Some(since), Some(started_at)) => since < started_at,
        _ => false,
    };
    let red: Vec<_> = found.alarms.iter().filter(|alarm| alarm.state == State::Alarm).collect();
    let (old, new): (Vec<_>, Vec<_>) = red.into_iter().partition(is_old);
    if let Some(alarm) = new.first() {
        return measured(Outcome::fail(in_alarm(alarm), "OK"), found);
    }
    if let (Some(alarm), AlreadyRed::Fail) = (old.first(), settings.already_red) {
        let words = format!("{}, before the deployment began", in_alarm(alarm));
        return measured(Outcome::fail(words, "OK, as `already_red` is `fail`"), found);
    }
    if let Some(unclear) = unclear(settings, found) {
        return measured(unclear, found);
    }
    let warning = (!old.is_empty()).then(|| {
        let since = "in ALARM since before the deployment began";
        if found.are_own {
            format!("{} {since}: {IGNORED}", are(&old))
        } else {
            format!("{} {since}", are(&old))
        }
    });
    let judged: Vec<_> = found.alarms.iter().filter(|alarm| alarm.state != State::Alarm).collect();
    let outcome = match (judged.is_empty(), warning) {
        (true, Some(warning)) => Outcome::skip(or_first_step(SkipCause::AlreadyRed), warning)
            .hint("`\"already_red\": \"fail\"` stops a deployment for that"),
        (_, warning) => {
            let outcome = Outcome::pass(passed(&judged));
            match warning {
                Some(warning) => outcome.caveat(warning),
                None => outcome,
            }
        }
    };
    measured(outcome, found)
}

/// What cannot be told, if there is any.
fn unclear(settings: &Alarms, found: &Found) -> Option<Outcome> {
    let missing: Vec<_> = found
        .names
        .iter()
        .filter(|name| !found.alarms.iter().any(|alarm| alarm.name == **name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let words = match missing.as_slice() {
            [only] => format!("there is no alarm {only}"),
            all => format!("there are no alarms {}", all.join(", ")),
        };
        return Some(Outcome::inconclusive(words).expected("alarms that exist").hint(
            "correct the name; a composite alarm is told only to a role that may describe all alarms (`\"Resource\": \"*\"`)",
        ));
    }
    if let Some((alarm, trouble)) =
        found.alarms.iter().find_map(|alarm| Some((alarm, alarm.trouble.as_ref()?)))
    {
        return Some(Outcome::inconclusive(format!(
            "CloudWatch cannot evaluate alarm `{}` ({trouble}): its state is an old one",
            alarm.name
        )));
    }
    let without_data = found.alarms.iter().find(|alarm| alarm.state == State::Insufficient)?;
    let words = format!("alarm `{}` is in INSUFFICIENT_DATA{}", without_data.name, because(without_data));
    match settings.insufficient_data {
        InsufficientData::Pass => None,
        InsufficientData::Inconclusive => Some(Outcome::inconclusive(words).hint(
            "`\"insufficient_data\": \"pass\"` passes with a note; metrics of errors have no data while there are none, which `TreatMissingData: notBreaching` tells the alarm",
        )),
        InsufficientData::Fail => Some(Outcome::fail(words, "OK, as `insufficient_data` is `fail`")),
    }
}

fn passed(judged: &[&Alarm]) -> String {
    let of = |state| judged.iter().filter(move |alarm| alarm.state == state).copied().collect::<Vec<_>>();
    let (ok, without_data) = (of(State::Ok), of(State::Insufficient));
    let mut words = Vec::new();
    if !ok.is_empty() {
        words.push(format!("{} OK", are(&ok)));
    }
    if !without_data.is_empty() {
        words.push(format!("{} in INSUFFICIENT_DATA, which the plan lets pass", are(&without_data)));
    }
    words.join("; ")
}

/// `alarm X is`, `alarms X, Y are`.
fn are(alarms: &[&Alarm]) -> String {
    let names: Vec<_> = alarms.iter().map(|alarm| format!("`{}`", alarm.name)).collect();
    match names.as_slice() {
        [only] => format!("alarm {only} is"),
        all => format!("alarms {} are", all.join(", ")),
    }
}

fn in_alarm(alarm: &Alarm) -> String {
    let since = alarm.since.map(|since| format!(" since {since}")).unwrap_or_default();
    format!("alarm `{}` is in ALARM{since}{}", alarm.name, because(alarm))
}

fn because(alarm: &Alarm) -> String {
    alarm.because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default()
}

fn measured(outcome: Outcome, found: &Found) -> Outcome {
    let states = found.alarms.iter().map(|alarm| {
        let state = match alarm.state {
            State::Ok => "OK",
            State::Alarm => "ALARM",
            State::Insufficient => "INSUFFICIENT_DATA",
        };
        (alarm.name.clone(), state.into())
    });
    outcome.measured("states", serde_json::Value::Object(states.collect()))
}

#[cfg(test)]
mod tests;
