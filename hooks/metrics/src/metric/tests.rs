use greenlight::{Kind, SkipCause};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    judge::{NOISE, by_chance, judge, standard_errors},
    queries::Shown,
    *,
};
use crate::window::{Window, Windows};

fn windows() -> Windows {
    let at = |minute: i64| Timestamp::from_second(1_795_255_200 + minute * 60).unwrap();
    let window = Window { start: at(3), end: at(9) };
    Windows { green: window, blue: window, share: 10.0 }
}

fn metric(plan: Value) -> Metric {
    let metric: Metric = serde_json::from_value(plan).unwrap();
    assert_eq!(metric.problems(), []);
    metric
}

fn judged(plan: &Value, green: &Shown, blue: &Blue) -> Outcome {
    let metric = metric(plan.clone());
    let of = metric.of.clone().unwrap();
    judge(&metric, &of, &windows(), green, blue)
}

fn rate(errors: u32, requests: u32) -> Shown {
    Shown { requests: Some(requests.into()), errors: errors.into(), ..Shown::default() }
}

fn unanswered(errors: u32, unanswered: u32, requests: u32) -> Shown {
    Shown { unanswered: unanswered.into(), ..rate(errors, requests) }
}

fn time(seconds: f64, minutes: &[f64]) -> Shown {
    Shown { requests: Some(1000.0), value: Some(seconds), minutes: minutes.to_vec(), ..Shown::default() }
}

fn value(value: f64) -> Shown {
    Shown { value: Some(value), ..Shown::default() }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_table_of_judgements() {
    let max = json!({"of": "error_rate", "max": "1%"});
    let over = json!({"of": "error_rate", "over_blue": "+0.5pp"});
    let both = json!({"of": "error_rate", "max": "5%", "over_blue": "+0.5pp"});
    let p99 = json!({"of": "response_time", "max": "800ms"});
    let slower =
        json!({"of": "response_time", "statistic": "p95", "over_blue": "1.3x", "ignore_below": "50ms"});
    let hosts = json!({"of": "unhealthy_hosts", "max": 0});
    let least = json!({"of": "requests", "min": 10});
    let (none, absent) = (Blue::NotAsked, Blue::Absent);
    let blue = |shown: Shown| Blue::Shown(shown);
    let create = Kind::Skip(SkipCause::Create);
    for (name, plan, green, blue, kind, words) in [
        (
            "no errors",
            &max,
            rate(0, 1000),
            &none,
            Kind::Pass,
            "error rate 0% (0 of 1000 requests) from 10:03 to 10:09 UTC",
        ),
        (
            "as many as allowed",
            &max,
            rate(10, 1000),
            &none,
            Kind::Pass,
            "error rate 1% (10 of 1000 requests) from 10:03 to 10:09 UTC",
        ),
        (
            "more than allowed",
            &max,
            rate(32, 1000),
            &none,
            Kind::Fail,
            "error rate 3.2% (32 of 1000 requests) from 10:03 to 10:09 UTC; expected at most 1%",
        ),
        (
            "too few requests",
            &max,
            rate(0, 12),
            &none,
            Kind::Pending,
            "12 of 100 requests from 10:03 to 10:09 UTC",
        ),
        (
            "no requests",
            &max,
            Shown::default(),
            &none,
            Kind::Pending,
            "0 of 100 requests from 10:03 to 10:09 UTC",
        ),
        (
            "blue at 0, nothing over",
            &over,
            rate(0, 1000),
            &blue(rate(0, 9000)),
            Kind::Pass,
            "error rate 0% (0 of 1000 requests) from 10:03 to 10:09 UTC, against blue's error rate 0% (0 of 9000 requests)",
        ),
        (
            "over blue, and no noise",
            &over,
            rate(32, 1000),
            &blue(rate(9, 9000)),
            Kind::Fail,
            "error rate 3.2% (32 of 1000 requests) from 10:03 to 10:09 UTC, against blue's error rate 0.1% (9 of 9000 requests); expected at most 0.5pp over blue; this is no noise (z 4.75)",
        ),
        (
            "over blue, perhaps noise",
            &over,
            rate(2, 150),
            &blue(rate(0, 150)),
            Kind::Pass,
            "error rate 1.33% (2 of 150 requests) from 10:03 to 10:09 UTC, against blue's error rate 0% (0 of 150 requests): more than +0.5pp over it, which may be noise (z 0.63)",
        ),
        (
            "blue is as bad",
            &over,
            rate(100, 1000),
            &blue(rate(900, 9000)),
            Kind::Pass,
            "error rate 10% (100 of 1000 requests) from 10:03 to 10:09 UTC, against blue's error rate 10% (900 of 9000 requests)",
        ),
        (
            "both bounds must hold",
            &both,
            rate(100, 1000),
            &blue(rate(900, 9000)),
            Kind::Fail,
            "error rate 10% (100 of 1000 requests) from 10:03 to 10:09 UTC; expected at most 5%",
        ),
        (
            "nothing of blue",
            &over,
            rate(0, 1000),
            &blue(Shown::default()),
            Kind::Pending,
            "error rate 0% (0 of 1000 requests) from 10:03 to 10:09 UTC; blue has no data from 10:03 to 10:09 UTC: there is nothing to compare with",
        ),
        (
            "a create with nothing but that bound",
            &over,
            rate(0, 1000),
            &absent,
            create,
            "the service is being created: there is no blue to compare with",
        ),
        (
            "a create with another one",
            &both,
            rate(0, 1000),
            &absent,
            Kind::Pass,
            "error rate 0% (0 of 1000 requests) from 10:03 to 10:09 UTC; there is no blue to compare with",
        ),
        (
            "fast",
            &p99,
            time(0.2514, &[]),
            &none,
            Kind::Pass,
            "response time p99 251.4ms (1000 requests) from 10:03 to 10:09 UTC",
        ),
        (
            "slow",
            &p99,
            time(1.2, &[]),
            &none,
            Kind::Fail,
            "response time p99 1200ms (1000 requests) from 10:03 to 10:09 UTC; expected at most 800ms",
        ),
        (
            "slower in most minutes",
            &slower,
            time(0.4, &[0.4, 0.5, 0.1, 0.4]),
            &blue(time(0.2, &[])),
            Kind::Fail,
            "response time p95 400ms (1000 requests) from 10:03 to 10:09 UTC, against blue's response time p95 200ms (1000 requests): 2x, and so in 3 of 4 minutes; expected at most 1.3x of blue's, or more in at most 1 minutes",
        ),
        (
            "slower for one minute",
            &slower,
            time(0.4, &[0.9, 0.2, 0.1, 0.2]),
            &blue(time(0.2, &[])),
            Kind::Pass,
            "response time p95 400ms (1000 requests) from 10:03 to 10:09 UTC, against blue's response time p95 200ms (1000 requests): 2x, and so in 1 of 4 minutes, which may be noise",
        ),
        (
            "slower, and yet fast",
            &slower,
            time(0.04, &[0.04, 0.04]),
            &blue(time(0.01, &[])),
            Kind::Pass,
            "response time p95 40ms (1000 requests) from 10:03 to 10:09 UTC, against blue's response time p95 10ms (1000 requests); below 50ms that is not compared",
        ),
        (
            "as fast as blue",
            &slower,
            time(0.2, &[]),
            &blue(time(0.2, &[])),
            Kind::Pass,
            "response time p95 200ms (1000 requests) from 10:03 to 10:09 UTC, against blue's response time p95 200ms (1000 requests)",
        ),
        (
            "all hosts healthy",
            &hosts,
            value(0.0),
            &none,
            Kind::Pass,
            "0 unhealthy hosts at most from 10:03 to 10:09 UTC",
        ),
        (
            "a host that is not",
            &hosts,
            value(1.0),
            &none,
            Kind::Fail,
            "1 unhealthy hosts at most from 10:03 to 10:09 UTC; expected at most 0",
        ),
        (
            "nothing of hosts",
            &hosts,
            Shown::default(),
            &none,
            Kind::Pending,
            "CloudWatch has no data of unhealthy hosts from 10:03 to 10:09 UTC",
        ),
        (
            "fewer requests than wanted",
            &least,
            rate(0, 9),
            &none,
            Kind::Pending,
            "9 requests from 10:03 to 10:09 UTC of at least 10",
        ),
        (
            "a green that hangs",
            &max,
            unanswered(0, 150, 210),
            &none,
            Kind::Pending,
            "error rate 0% (0 of 210 requests) from 10:03 to 10:09 UTC, but no target answered 150 of them",
        ),
        (
            "what straddles a minute",
            &max,
            unanswered(5, 10, 1000),
            &none,
            Kind::Pass,
            "error rate 0.5% (5 of 1000 requests) from 10:03 to 10:09 UTC",
        ),
        (
            "errors enough without those that nobody answered",
            &max,
            unanswered(20, 500, 1000),
            &none,
            Kind::Fail,
            "error rate 2% (20 of 1000 requests) from 10:03 to 10:09 UTC; expected at most 1%",
        ),
        (
            "WebSockets",
            &json!({"of": "error_rate", "max": "1%", "unanswered": "ignore"}),
            unanswered(0, 500, 1000),
            &none,
            Kind::Pass,
            "error rate 0% (0 of 1000 requests) from 10:03 to 10:09 UTC",
        ),
        (
            "few requests, and too many errors for a chance",
            &max,
            rate(3, 12),
            &none,
            Kind::Fail,
            "error rate 25% (3 of 12 requests) from 10:03 to 10:09 UTC; expected at most 1%",
        ),
        (
            "few requests, and an error by chance",
            &max,
            rate(1, 12),
            &none,
            Kind::Pending,
            "12 of 100 requests from 10:03 to 10:09 UTC",
        ),
    ] {
        let outcome = judged(plan, &green, blue);
        assert_eq!((outcome.kind, outcome.words().as_str()), (kind, words), "{name}");
    }
}

#[test]
fn below_min_requests_the_default_plan_decides_nothing_against_green() {
    let strict = json!({"of": "error_rate", "max": "1%"});
    let advisory = json!({"of": "error_rate", "max": "1%", "below_min_requests": "advisory"});
    let after = |plan: &Value, shown: &Shown| {
        let outcome = judged(plan, shown, &Blue::NotAsked);
        assert_eq!(outcome.kind, Kind::Pending);
        *outcome.after_patience.unwrap()
    };
    for (name, plan, shown, kind, caveat) in [
        ("strict", &strict, rate(0, 12), Kind::Inconclusive, None),
        (
            "bounds hold",
            &advisory,
            rate(0, 12),
            Kind::Pass,
            Some("12 of 100 requests from 10:03 to 10:09 UTC"),
        ),
        ("bounds do not, by chance", &advisory, rate(1, 12), Kind::Skip(SkipCause::FewRequests), None),
        ("no requests", &advisory, Shown::default(), Kind::Skip(SkipCause::FewRequests), None),
        ("no requests are no evidence", &strict, Shown::default(), Kind::Inconclusive, None),
    ] {
        let outcome = after(plan, &shown);
        assert_eq!((outcome.kind, outcome.caveat.as_deref()), (kind, caveat), "{name}");
    }
}

#[test]
fn what_contradicts_itself_is_a_problem() {
    let custom = |dimensions: Value| json!({"metric": {"namespace": "Shop", "name": "Failures", "dimensions": dimensions}});
    for (plan, path, message) in [
        (json!({"max": "1%"}), "of", "is missing; expected one of `error_rate`"),
        (json!({"of": "error_rate"}), "max", "at least one of them"),
        (json!({"of": "error_rate", "max": "800ms"}), "max", "is `800ms`; expected a share such as `1%`"),
        (json!({"of": "error_rate", "max": 1}), "max", "is `1`; expected a share"),
        (json!({"of": "response_time", "max": "1%"}), "max", "expected a duration"),
        (json!({"of": "requests", "min": "1s"}), "min", "expected a number"),
        (json!({"of": "requests", "min": 2, "max": 1}), "min", "is 2, more than `max`, which is 1"),
        (json!({"of": "error_rate", "over_blue": "1.3x"}), "over_blue", "expected percentage points"),
        (json!({"of": "requests", "over_blue": "+1pp"}), "over_blue", "expected a factor"),
        (json!({"of": custom(json!({})), "over_blue": "2x"}), "over_blue", "`{target_group}`"),
        (json!({"of": custom(json!({})), "max": 1, "min_requests": 5}), "min_requests", "`{target_group}`"),
        (json!({"of": "response_time", "max": "1s", "ignore_below": "1ms"}), "ignore_below", "says nothing"),
        (json!({"of": "requests", "min": 1, "statistic": "p99"}), "statistic", "is for `response_time`"),
        (json!({"of": "response_time", "max": "1s", "statistic": "p0"}), "statistic", "a percentile such as"),
    ] {
        let problems = serde_json::from_value::<Metric>(plan.clone()).unwrap().problems();
        let [problem] = problems.as_slice() else { panic!("{plan}: {problems:?}") };
        assert!(problem.path == path && problem.message.contains(message), "{plan}: {problem}");
    }
}

#[test]
fn the_example_decodes() {
    let text = include_str!("../metric.rs");
    let example: String = text
        .lines()
        .skip_while(|line| !line.contains("```json"))
        .skip(1)
        .take_while(|line| !line.contains("```"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    let example: Value = serde_json::from_str(&example).unwrap();
    metric(example["metric"].clone());
}

fn counts() -> impl Strategy<Value = (u32, u32)> {
    (1_u32..20_000).prop_flat_map(|requests| (0..=requests, Just(requests)))
}

proptest! {
    #[test]
    fn more_errors_never_help(green in counts(), blue in counts(), points in 0.0_f64..5.0) {
        let plan = json!({"of": "error_rate", "over_blue": format!("+{points}pp"), "max": "50%", "min_requests": 1});
        let against = Blue::Shown(rate(blue.0, blue.1));
        let kind = |errors| judged(&plan, &rate(errors, green.1), &against).kind;
        let better = kind(green.0);
        let worse = kind((green.0 + 1).min(green.1));
        prop_assert!(better != Kind::Fail || worse == Kind::Fail);
        prop_assert!(worse != Kind::Pass || better == Kind::Pass);
    }

    #[test]
    fn without_requests_nothing_passes(errors in 0_u32..2, least in 0_u64..3, advisory: bool) {
        let below = if advisory { "advisory" } else { "inconclusive" };
        let plan = json!({"of": "error_rate", "max": "100%", "min_requests": least, "below_min_requests": below});
        let outcome = judged(&plan, &Shown { errors: errors.into(), ..Shown::default() }, &Blue::NotAsked);
        prop_assert_eq!(outcome.kind, Kind::Pending);
        let left_out = Kind::Skip(SkipCause::FewRequests);
        let decided = if advisory { left_out } else { Kind::Inconclusive };
        prop_assert_eq!(outcome.after_patience.unwrap().kind, decided);
    }

    #[test]
    fn green_that_is_no_worse_than_blue_is_no_fail(blue in counts(), points in 0.0_f64..5.0) {
        let same = rate(blue.0, blue.1);
        prop_assert!(standard_errors(&same, &same, points / 100.0) <= NOISE);
        let plan = json!({"of": "error_rate", "over_blue": format!("+{points}pp"), "min_requests": 1});
        prop_assert_eq!(judged(&plan, &same, &Blue::Shown(same.clone())).kind, Kind::Pass);
    }
}

#[test]
fn chance_is_the_tail_of_the_binomial_distribution() {
    for (errors, requests, rate, expected) in [
        (0.0, 12.0, 0.01, 1.0),
        (1.0, 12.0, 0.01, 0.113_615),
        (2.0, 12.0, 0.01, 0.006_175),
        (1.0, 50.0, 0.0, 0.0),
        (5.0, 5.0, 1.0, 1.0),
        (5.0, 5.0, 0.5, 0.031_25),
        // The normal approximation says only on which side of the level it is.
        (60.0, 10_000.0, 0.01, 1.0),
        (130.0, 10_000.0, 0.01, 0.0),
    ] {
        let found = by_chance(errors, requests, rate);
        assert!((found - expected).abs() < 1e-6, "{errors} of {requests} at {rate}: {found}");
    }
}

#[test]
fn an_expression_names_its_metrics() {
    let plan = json!({"of": {"expression": {"is": "SUM(metrics())"}}, "max": 1});
    let metric: Metric = serde_json::from_value(plan).unwrap();
    let problems: Vec<_> = problems(&metric).iter().map(ToString::to_string).collect();
    assert!(problems.iter().any(|problem| problem.contains("METRICS()")), "{problems:?}");
}
