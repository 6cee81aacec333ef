use super::super::finished::{Finished, NoAnswer, Side};
use super::*;
use crate::rehearsal::balancer::AnsweredBy;

/// A whole number of hours.
const START: i64 = 1_790_002_800;

fn at(minute: i64, second: i64) -> Timestamp {
    Timestamp::from_second(START + minute * 60 + second).unwrap()
}

fn condition(text: &str) -> Condition {
    text.parse().unwrap()
}

/// Requests, how many of them are errors, and milliseconds.
type Minute = (u64, u64, u64);

/// Adds a minute of so many requests, the first of which are errors, at this latency.
fn minute(history: &mut History, minute: i64, requests: u64, errors: u64, millis: u64) {
    history.asked(at(minute, 1), requests, requests);
    for request in 0..requests {
        let answer = match request {
            error if error >= errors => Ok(200),
            error if error % 2 == 0 => Ok(503),
            _ => Err(NoAnswer::CutOff),
        };
        let latency = Duration::from_millis(millis);
        let finished = Finished { side: Side::Green, answered_by: AnsweredBy::Target, answer, latency };
        history.record(at(minute, 2), &finished);
    }
}

fn history(minutes: &[Minute]) -> History {
    let mut history = History::new(at(0, 0));
    for (index, (requests, errors, millis)) in (0..).zip(minutes) {
        minute(&mut history, index, *requests, *errors, *millis);
    }
    history
}

#[test]
fn conditions_hold_as_cloudwatch_would_say() {
    // What each minute had, and whether the alarm is red when they have ended.
    let cases: [(&str, &[Minute], bool); 31] = [
        ("errors>5%/1m", &[(100, 5, 1)], false),
        ("errors>5%/1m", &[(100, 6, 1)], true),
        ("errors>=5%/1m", &[(100, 5, 1)], true),
        ("errors>=5%/1m", &[(100, 4, 1)], false),
        ("errors>0%/1m", &[(1000, 1, 1)], true),
        ("errors>=0%/1m", &[(0, 0, 1)], false),
        ("errors<5%/1m", &[(100, 4, 1)], true),
        ("errors<=5%/1m", &[(100, 6, 1)], false),
        ("errors>99%/1m", &[(1, 1, 1)], true),
        ("errors>5/1m", &[(10, 5, 1)], false),
        ("errors>5/1m", &[(10, 6, 1)], true),
        ("errors>0/1m", &[(10, 1, 1), (10, 0, 1)], false),
        ("errors>0/1m", &[(10, 0, 1), (10, 1, 1)], true),
        ("errors>0/2m", &[(10, 1, 1), (10, 0, 1)], true),
        ("errors>0/2m", &[(10, 1, 1), (10, 0, 1), (10, 0, 1)], true),
        ("errors>0/2m", &[(10, 1, 1), (10, 0, 1), (10, 0, 1), (10, 0, 1)], false),
        ("errors>5%/1m x2", &[(10, 1, 1)], false),
        ("errors>5%/1m x2", &[(10, 1, 1), (10, 1, 1)], true),
        ("errors>5%/1m x2", &[(10, 1, 1), (0, 0, 1), (10, 1, 1)], false),
        ("errors>5%/1m x2", &[(10, 1, 1), (10, 0, 1), (10, 1, 1)], false),
        ("errors>5%/1m x3", &[(10, 0, 1), (10, 1, 1), (10, 1, 1), (10, 1, 1)], true),
        ("p99>800ms/1m", &[(100, 0, 790)], false),
        ("p99>800ms/1m", &[(100, 0, 810)], true),
        ("p99<800ms/1m", &[(100, 0, 790)], true),
        ("p50>=800ms/1m", &[(100, 0, 810)], true),
        ("p99>1ms/1m", &[(0, 0, 1)], false),
        ("requests<10/1m", &[(9, 0, 1)], true),
        ("requests<10/1m", &[(10, 0, 1)], false),
        ("requests<=10/1m", &[(10, 0, 1)], true),
        ("requests<10/1m", &[(0, 0, 1)], false),
        ("requests>10/1m", &[(11, 0, 1)], true),
    ];
    for (text, minutes, red) in cases {
        let now = at(i64::try_from(minutes.len()).unwrap(), 1);
        let state = condition(text).evaluate(&history(minutes), now);
        assert_eq!(matches!(state, State::Alarm { .. }), red, "{text} over {minutes:?}: {state:?}");
        assert_ne!(state, State::InsufficientData, "{text} over {minutes:?}");
    }
}

#[test]
fn only_periods_that_have_ended_count() {
    let history = history(&[(10, 10, 1), (10, 0, 1), (10, 10, 1)]);
    let red = |text: &str, minute, second| {
        matches!(condition(text).evaluate(&history, at(minute, second)), State::Alarm { .. })
    };
    assert!(!red("errors>5%/1m", 0, 59));
    assert!(red("errors>5%/1m", 1, 0));
    assert!(red("errors>5%/1m", 1, 59));
    assert!(!red("errors>5%/1m", 2, 0));
    assert!(!red("errors>5%/1m", 2, 59));
    assert!(red("errors>5%/1m", 3, 0));
    assert!(!red("errors>5%/1m", 4, 0));
    // Five minutes are those of the clock.
    assert!(!red("errors>5%/5m", 4, 59));
    assert!(red("errors>5%/5m", 5, 0));
    assert!(red("errors>5%/5m", 9, 59));
    assert!(!red("errors>5%/5m", 10, 0));
}

#[test]
fn there_is_no_state_before_the_first_period_has_ended() {
    let mut history = History::new(at(0, 30));
    minute(&mut history, 0, 5, 5, 1);
    minute(&mut history, 1, 5, 5, 1);
    let state = |text: &str, minute, second| condition(text).evaluate(&history, at(minute, second));
    let is_red = |state: &State| matches!(state, State::Alarm { .. });
    assert_eq!(state("errors>5%/1m", 0, 59), State::InsufficientData);
    assert!(is_red(&state("errors>5%/1m", 1, 0)));
    // Half a minute of traffic is not too little traffic.
    assert_eq!(state("requests<10/1m", 1, 0), State::InsufficientData);
    assert!(is_red(&state("requests<10/1m", 2, 0)));
    assert_eq!(state("requests<10/5m", 5, 0), State::InsufficientData);
    assert_eq!(state("requests<10/5m", 10, 0), State::Ok);
    // What was before the users is no breach.
    assert_eq!(state("errors>5%/1m x3", 2, 0), State::Ok);
}

#[test]
fn counts_are_scaled_to_what_was_asked_and_shares_are_not() {
    let mut history = history(&[(10, 2, 1)]);
    history.asked(at(0, 3), 90, 0);
    let observed = |text: &str| match condition(text).evaluate(&history, at(1, 0)) {
        State::Alarm { observed } => observed,
        other => format!("{other:?}"),
    };
    assert_eq!(
        observed("errors>=20/1m"),
        "errors were 20 in the 1m to 15:01:00 UTC, threshold errors>=20/1m"
    );
    assert_eq!(observed("errors>20/1m"), "Ok");
    assert_eq!(
        observed("requests>99/1m"),
        "requests were 100 in the 1m to 15:01:00 UTC, threshold requests>99/1m"
    );
    assert_eq!(
        observed("errors>=20%/1m"),
        "errors were 20% (2 of 10 requests) in the 1m to 15:01:00 UTC, threshold errors>=20%/1m"
    );
}

#[test]
fn what_was_observed_is_said() {
    let history = history(&[(3, 1, 1000), (3, 2, 1000)]);
    let cases = [
        (
            "errors>5%/1m x2",
            "errors were 66.67% (2 of 3 requests) in the last of 2 periods of 1m to 15:02:00 UTC, threshold errors>5%/1m x2",
        ),
        ("p99>800ms/2m", "p99 was 1s3ms in the 2m to 15:02:00 UTC, threshold p99>800ms/2m"),
        ("p50>800ms/2m", "p50 was 1s3ms in the 2m to 15:02:00 UTC, threshold p50>800ms/2m"),
    ];
    for (text, expected) in cases {
        let state = condition(text).evaluate(&history, at(2, 0));
        assert_eq!(state, State::Alarm { observed: expected.to_owned() }, "{text}");
    }
}

#[test]
fn alarms_are_read_and_written() {
    let cases = [
        ("a=errors>5%/1m", "a=errors>5%/1m"),
        (" high errors = errors >= 0.5% / 60s x 3 ", "high errors=errors>=0.5%/1m x3"),
        ("a=errors>5/5mx2", "a=errors>5/5m x2"),
        ("a=p99>800ms/1m x1", "a=p99>800ms/1m"),
        ("a=p50<=1.5s/1h", "a=p50<=1s500ms/1h"),
        ("a=requests<10/90m", "a=requests<10/1h30m"),
        ("a/b=c=errors>5%/1m", ""),
    ];
    for (text, expected) in cases {
        match text.parse::<Alarm>() {
            Ok(alarm) => {
                assert_eq!(alarm.to_string(), expected, "{text}");
                assert_eq!(expected.parse::<Alarm>().as_ref(), Ok(&alarm), "{text}");
            }
            Err(problem) => assert_eq!(expected, "", "{text}: {problem}"),
        }
    }
}

#[test]
fn what_is_no_alarm_is_told_what_was_expected() {
    let cases = [
        (
            "errors>5%/1m",
            "the alarm `errors>5%/1m` has no name; expected NAME=CONDITION, e.g. `high-errors=errors>5%/1m`",
        ),
        (
            "errors>=5%/1m",
            "the alarm `errors>=5%/1m` has no name; expected NAME=CONDITION, e.g. `high-errors=errors>5%/1m`",
        ),
        (
            "=errors>5%/1m",
            "the alarm `=errors>5%/1m` has no name; expected NAME=CONDITION, e.g. `high-errors=errors>5%/1m`",
        ),
        (
            "a=errors/1m",
            "the alarm `a` has no condition: `errors/1m` has no operator; expected METRIC, an operator, a threshold, `/` and a period, e.g. `errors>5%/1m`, `p99>800ms/1m x3` or `requests<10/5m`",
        ),
        (
            "a=errors=5/1m",
            "the alarm `a` has no condition: `errors=5/1m` has `=` where an operator stands; expected `>`, `>=`, `<` or `<=`",
        ),
        (
            "a=errors>5%",
            "the alarm `a` has no condition: `errors>5%` has no period; expected METRIC, an operator, a threshold, `/` and a period, e.g. `errors>5%/1m`, `p99>800ms/1m x3` or `requests<10/5m`",
        ),
        (
            "a=5xx>5%/1m",
            "the alarm `a` has no condition: the metric `5xx` is unknown; expected `errors`, `p50`, `p99` or `requests`",
        ),
        (
            "a=errors>101%/1m",
            "the alarm `a` has no condition: threshold of `errors`: share `101%` is out of range; expected `0%` to `100%`",
        ),
        (
            "a=errors>5ms/1m",
            "the alarm `a` has no condition: threshold of `errors`: `5ms` is neither a count nor a share; expected e.g. `5` or `5%`",
        ),
        (
            "a=errors>/1m",
            "the alarm `a` has no condition: threshold of `errors`: `` is neither a count nor a share; expected e.g. `5` or `5%`",
        ),
        (
            "a=requests<10%/1m",
            "the alarm `a` has no condition: threshold of `requests`: `10%` is no count; expected e.g. `10`",
        ),
        (
            "a=requests<-1/1m",
            "the alarm `a` has no condition: threshold of `requests`: `-1` is no count; expected e.g. `10`",
        ),
        (
            "a=p99>800/1m",
            "the alarm `a` has no condition: threshold of `p99`: duration `800` has no unit; expected a duration such as `300ms`, `5s`, `10m` or `1h30m`",
        ),
        (
            "a=errors>5%/30s",
            "the alarm `a` has no condition: period `30s` is no whole number of minutes; expected e.g. `1m` or `5m`, since metrics of load balancers come by the minute",
        ),
        (
            "a=errors>5%/0s",
            "the alarm `a` has no condition: period `0s` is no whole number of minutes; expected e.g. `1m` or `5m`, since metrics of load balancers come by the minute",
        ),
        (
            "a=errors>5%/soon",
            "the alarm `a` has no condition: period: `soon` is no duration; expected a duration such as `300ms`, `5s`, `10m` or `1h30m`",
        ),
        (
            "a=errors>5%/1m x0",
            "the alarm `a` has no condition: `x0` is no number of periods; expected e.g. `x3` for three periods in a row",
        ),
        (
            "a=errors>5%/1m x",
            "the alarm `a` has no condition: `x` is no number of periods; expected e.g. `x3` for three periods in a row",
        ),
        (
            "a=errors>5%/1h x25",
            "the alarm `a` has no condition: `errors>5%/1h x25` looks back too far; expected at most 24h in all periods",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Alarm>(), Err(expected.to_owned()));
    }
}
