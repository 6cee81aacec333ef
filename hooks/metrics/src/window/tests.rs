use super::*;

fn at(minute: i64, second: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + minute * 60 + second).unwrap()
}

fn window(start: i64, end: i64) -> Window {
    Window { start: at(start, 0), end: at(end, 0) }
}

const PRE: Stage = Stage::PreProductionTrafficShift;
const AT: Stage = Stage::ProductionTrafficShift;
const POST: Stage = Stage::PostProductionTrafficShift;

fn shift(steps: Steps) -> Shift {
    Shift { steps, bake: Duration::from_mins(6), told: None }
}

/// A deployment that began an hour ago, a wait that began thirty seconds after that, now.
fn looked(stage: &Stage, shift: Option<&Shift>, requested: Option<f64>, named: Option<f64>) -> Looked {
    windows(&Known {
        stage,
        shift,
        requested,
        named,
        started_at: Some(at(-60, 0)),
        began: at(0, 30),
        now: at(0, 45),
    })
}

#[test]
fn the_step_before_is_judged() {
    let linear = shift(Steps::Linear(10.0));
    let canary = shift(Steps::Canary(5.0));
    let once = shift(Steps::AtOnce);
    let spiral = shift(Steps::Unknown("SPIRAL".to_owned()));
    for (name, stage, shift, requested, named, share) in [
        ("linear, first step", &PRE, &linear, Some(0.0), Some(0.0), None),
        ("linear, second step", &PRE, &linear, Some(10.0), Some(10.0), Some(10.0)),
        ("the event's weights alone tell nothing", &PRE, &linear, Some(10.0), None, Some(10.0)),
        ("linear, being shifted first, not asked yet", &AT, &linear, Some(0.0), Some(10.0), None),
        ("linear, being shifted first, asked already", &AT, &linear, Some(10.0), Some(10.0), None),
        ("linear, being shifted, not asked yet", &AT, &linear, Some(10.0), Some(20.0), Some(10.0)),
        ("linear, being shifted, asked already", &AT, &linear, Some(20.0), Some(20.0), Some(10.0)),
        ("linear, the last", &AT, &linear, Some(100.0), Some(100.0), Some(90.0)),
        ("canary, first", &AT, &canary, Some(5.0), Some(5.0), None),
        ("canary, the rest", &AT, &canary, Some(5.0), Some(100.0), Some(5.0)),
        ("canary, the rest, asked already", &AT, &canary, Some(100.0), Some(100.0), Some(5.0)),
        ("at once", &PRE, &once, Some(0.0), Some(0.0), None),
        ("at once, being shifted", &AT, &once, Some(100.0), Some(100.0), None),
        ("a strategy of the future", &AT, &spiral, Some(30.0), Some(50.0), Some(30.0)),
    ] {
        match (looked(stage, Some(shift), requested, named), share) {
            (Looked::FirstStep(_), None) => {}
            (Looked::At(found), Some(share)) => {
                assert!((found.share - share).abs() < 0.01, "{name}: {found:?}");
                // Six minutes of bake before the wait began, from the next whole minute on.
                assert_eq!((found.green, found.blue), (window(-5, 0), window(-5, 0)), "{name}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn what_is_not_told_is_not_guessed() {
    let linear = shift(Steps::Linear(10.0));
    let spiral = shift(Steps::Unknown("SPIRAL".to_owned()));
    for (stage, shift, requested, word) in [
        (&PRE, Some(&linear), None, "`requestedProductionTrafficWeight`"),
        (&PRE, None, Some(10.0), "the deployment's configuration"),
        (&AT, None, Some(10.0), "the deployment's configuration"),
        (&AT, Some(&spiral), Some(10.0), "the steps of the strategy SPIRAL"),
        (&Stage::PostTestTrafficShift, Some(&linear), Some(10.0), "POST_TEST_TRAFFIC_SHIFT"),
    ] {
        match looked(stage, shift, requested, Some(10.0)) {
            Looked::Unknown(why) => assert!(why.contains(word), "{why}"),
            other => panic!("{stage}: {other:?}"),
        }
    }
}

fn after(began: Timestamp, now: Timestamp, started_at: Option<Timestamp>, shift: &Shift) -> Looked {
    let (requested, named) = (Some(100.0), None);
    windows(&Known { stage: &POST, shift: Some(shift), requested, named, started_at, began, now })
}

#[test]
fn after_the_shift_green_is_judged_from_then_on_and_blue_before() {
    let once = shift(Steps::AtOnce);
    assert!(matches!(after(at(0, 30), at(1, 59), None, &once), Looked::TooEarly(_)));
    let found = |started: Option<Timestamp>, now| match after(at(0, 30), now, started, &once) {
        Looked::At(found) => (found.green, found.blue),
        other => panic!("{other:?}"),
    };
    // As many lengths of green's as the deployment has had: the periods of both begin in step.
    assert_eq!(found(Some(at(-10, 0)), at(2, 0)), (window(1, 2), window(-10, 1)));
    assert_eq!(found(Some(at(-10, 0)), at(5, 10)), (window(1, 5), window(-7, 1)));
    assert_eq!(found(None, at(5, 10)), (window(1, 5), window(-3, 1)));
    assert_eq!(found(Some(at(0, 0)), at(5, 10)), (window(1, 5), window(-3, 1)), "one at least");
}

#[test]
fn codedeploy_tells_when_it_shifted() {
    let told = Some((at(-20, 10), Some(at(-10, 10))));
    let shift = Shift { steps: Steps::AtOnce, bake: Duration::ZERO, told };
    let Looked::At(found) = after(at(0, 30), at(1, 0), Some(at(-60, 0)), &shift) else { panic!() };
    assert_eq!((found.green, found.blue), (window(-9, 1), window(-59, -20)));
}

#[test]
fn no_window_begins_before_the_deployment_or_a_day_ago() {
    let linear = Shift { steps: Steps::Linear(10.0), bake: Duration::from_hours(24), told: None };
    let at_step = |started| {
        let known = Known {
            stage: &PRE,
            shift: Some(&linear),
            requested: Some(10.0),
            named: None,
            started_at: started,
            began: at(0, 0),
            now: at(3, 0),
        };
        match windows(&known) {
            Looked::At(found) => found.green,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(at_step(Some(at(-7, 1))), window(-6, 3));
    assert_eq!(at_step(None), window(3 - 24 * 60, 3));
}

#[test]
fn more_is_there_a_little_after_the_next_minute() {
    for (past_the_minute, wait) in [(0, 65), (1, 64), (30, 35), (59, 6)] {
        assert_eq!(until_more(at(0, past_the_minute)).as_secs(), wait, "{past_the_minute}");
    }
}
