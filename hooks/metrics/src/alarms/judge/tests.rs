use greenlight::Kind;
use serde_json::json;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + minute * 60).unwrap()
}

fn alarm(name: &str, state: State, since: i64) -> Alarm {
    Alarm { name: name.to_owned(), state, since: Some(at(since)), because: None, trouble: None }
}

/// A deployment of its own alarms that began at minute 0.
fn found(alarms: Vec<Alarm>) -> Found {
    Found {
        names: alarms.iter().map(|alarm| alarm.name.clone()).collect(),
        are_own: true,
        alarms,
        started_at: Some(at(0)),
        is_first_step: false,
        too_early: None,
    }
}

fn settings(plan: serde_json::Value) -> Alarms {
    serde_json::from_value(plan).unwrap()
}

fn skip(cause: SkipCause) -> Kind {
    Kind::Skip(cause)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_table_of_alarms() {
    use State::{Alarm as Red, Insufficient, Ok};
    let ok = || alarm("a", Ok, -10);
    let old = || alarm("old", Red, -1);
    let new = || alarm("new", Red, 1);
    let without_data = || alarm("b", Insufficient, -1);
    let untimed = || Alarm { since: None, ..new() };
    let missing = || Found { names: vec!["a".to_owned(), "gone".to_owned()], ..found(vec![ok()]) };
    let erring = || Alarm { trouble: Some("EVALUATION_ERROR".to_owned()), ..ok() };
    let first_step = |found: Found| Found { is_first_step: true, ..found };
    let reason = || Alarm { because: Some("Threshold Crossed".to_owned()), ..new() };
    for (name, plan, found, kind, words) in [
        ("all OK", json!({}), found(vec![ok(), alarm("b", Ok, 1)]), Kind::Pass, "alarms `a`, `b` are OK"),
        (
            "one went red",
            json!({}),
            found(vec![ok(), new()]),
            Kind::Fail,
            "alarm `new` is in ALARM since 2026-11-21T10:01:00Z; expected OK",
        ),
        (
            "why it did",
            json!({}),
            found(vec![reason()]),
            Kind::Fail,
            "alarm `new` is in ALARM since 2026-11-21T10:01:00Z (Threshold Crossed); expected OK",
        ),
        (
            "red, nobody tells since when",
            json!({}),
            found(vec![untimed()]),
            Kind::Fail,
            "alarm `new` is in ALARM; expected OK",
        ),
        (
            "red, nobody tells when the deployment began",
            json!({}),
            Found { started_at: None, ..found(vec![old()]) },
            Kind::Fail,
            "alarm `old` is in ALARM since 2026-11-21T09:59:00Z; expected OK",
        ),
        (
            "red at the very start",
            json!({}),
            found(vec![alarm("new", Red, 0)]),
            Kind::Fail,
            "alarm `new` is in ALARM since 2026-11-21T10:00:00Z; expected OK",
        ),
        (
            "red before",
            json!({}),
            found(vec![old()]),
            skip(SkipCause::AlreadyRed),
            "alarm `old` is in ALARM since before the deployment began: ECS ignores all alarms of this deployment (`\"already_red\": \"fail\"` stops a deployment for that)",
        ),
        (
            "red before, at the first step",
            json!({}),
            first_step(found(vec![old()])),
            skip(SkipCause::FirstStep),
            "alarm `old` is in ALARM since before the deployment began: ECS ignores all alarms of this deployment (`\"already_red\": \"fail\"` stops a deployment for that)",
        ),
        (
            "red before, and that counts",
            json!({"already_red": "fail"}),
            found(vec![ok(), old()]),
            Kind::Fail,
            "alarm `old` is in ALARM since 2026-11-21T09:59:00Z, before the deployment began; expected OK, as `already_red` is `fail`",
        ),
        ("one red before, one OK", json!({}), found(vec![ok(), old()]), Kind::Pass, "alarm `a` is OK"),
        (
            "one red before, one new",
            json!({}),
            found(vec![old(), new()]),
            Kind::Fail,
            "alarm `new` is in ALARM since 2026-11-21T10:01:00Z; expected OK",
        ),
        (
            "no data",
            json!({}),
            found(vec![ok(), without_data()]),
            Kind::Inconclusive,
            "alarm `b` is in INSUFFICIENT_DATA (`\"insufficient_data\": \"pass\"` passes with a note; metrics of errors have no data while there are none, which `TreatMissingData: notBreaching` tells the alarm)",
        ),
        (
            "no data, and that passes",
            json!({"insufficient_data": "pass"}),
            found(vec![ok(), without_data()]),
            Kind::Pass,
            "alarm `a` is OK; alarm `b` is in INSUFFICIENT_DATA, which the plan lets pass",
        ),
        (
            "no data, and that fails",
            json!({"insufficient_data": "fail"}),
            found(vec![without_data()]),
            Kind::Fail,
            "alarm `b` is in INSUFFICIENT_DATA; expected OK, as `insufficient_data` is `fail`",
        ),
        (
            "one does not exist",
            json!({}),
            missing(),
            Kind::Inconclusive,
            "there is no alarm `gone`; expected alarms that exist (correct the name; a composite alarm is told only to a role that may describe all alarms (`\"Resource\": \"*\"`))",
        ),
        (
            "cannot be evaluated",
            json!({}),
            found(vec![erring()]),
            Kind::Inconclusive,
            "CloudWatch cannot evaluate alarm `a` (EVALUATION_ERROR): its state is an old one",
        ),
        (
            "none configured",
            json!({}),
            found(Vec::new()),
            skip(SkipCause::NotConfigured),
            "the deployment has no alarms (name some in `alarms.names`, or in the service's `deploymentConfiguration.alarms`)",
        ),
        (
            "none configured, at the first step",
            json!({}),
            first_step(found(Vec::new())),
            skip(SkipCause::FirstStep),
            "the deployment has no alarms (name some in `alarms.names`, or in the service's `deploymentConfiguration.alarms`)",
        ),
    ] {
        let outcome = judge(&settings(plan), &found);
        assert_eq!((outcome.kind, outcome.words().as_str()), (kind, words), "{name}");
    }
}

#[test]
fn a_pass_beside_an_old_red_alarm_says_so_first() {
    let alarms = || vec![alarm("a", State::Ok, -10), alarm("old", State::Alarm, -1)];
    let own = judge(&settings(json!({})), &found(alarms()));
    let warning = "alarm `old` is in ALARM since before the deployment began";
    assert_eq!(own.caveat, Some(format!("{warning}: ECS ignores all alarms of this deployment")));
    // Of alarms that the plan names, ECS may know nothing.
    let named = Found { are_own: false, ..found(alarms()) };
    assert_eq!(judge(&settings(json!({})), &named).caveat.as_deref(), Some(warning));
}

#[test]
fn alarms_that_are_ok_say_nothing_before_they_had_time_to_change() {
    let early = |alarms| Found { too_early: Some("no whole minute".to_owned()), ..found(alarms) };
    let pending = judge(&settings(json!({})), &early(vec![alarm("a", State::Ok, -10)]));
    assert_eq!((pending.kind, pending.observed.as_str()), (Kind::Pending, "no whole minute"));
    assert_eq!(pending.after_patience.map(|outcome| outcome.kind), Some(Kind::Pass));
    let red = judge(&settings(json!({})), &early(vec![alarm("a", State::Alarm, 1)]));
    assert_eq!(red.kind, Kind::Fail);
}
