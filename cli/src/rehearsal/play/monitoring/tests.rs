//! What CloudWatch knows after a minute.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;

use super::requests::Requests;
use super::*;
use crate::rehearsal::aws::cloudwatch::{Metric, State};
use crate::rehearsal::balancer::{AnsweredBy, Entry, TargetAddress};

const BALANCER: &str = "app/hello/50dc6c495c0c9188";
const GROUP: &str = "targetgroup/hello-2/73e2d6bc24d8a062";

fn minute() -> Timestamp {
    Timestamp::from_second(1_790_000_040).unwrap()
}

fn entry(status: u16, answered_by: AnsweredBy, connected: bool) -> Entry {
    Entry {
        listener: format!(
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/{BALANCER}/f2f7dc8efc500050"
        ),
        client: SocketAddr::from(([127, 0, 0, 1], 1)),
        trace: None,
        asked: None,
        rule: None,
        target_group: Some(format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{GROUP}")),
        target: Some(TargetAddress { id: "10.0.0.1".to_owned(), port: 8080 }),
        connected,
        status: Some(status),
        answered_by,
        at: minute(),
        duration: Duration::from_millis(250),
    }
}

/// The metrics by name, each with how often something was recorded and the sum of it.
fn recorded(state: &State) -> Vec<(&str, f64, f64)> {
    let sum = |metric: &Metric| {
        let points = metric.datapoints.iter().flat_map(|point| point.values.iter().zip(&point.counts));
        points.fold((0.0, 0.0), |(counted, sum), (value, count)| (counted + count, sum + value * count))
    };
    let mut metrics: Vec<_> = state
        .metrics
        .iter()
        .map(|metric| {
            let (counted, sum) = sum(metric);
            (metric.metric_name.as_str(), counted, sum)
        })
        .collect();
    metrics.sort_by_key(|(name, ..)| *name);
    metrics
}

#[test]
fn requests_are_counted_as_a_load_balancer_counts_them() {
    use AnsweredBy::{LoadBalancer, Target};
    let mut requests = Requests::default();
    for entry in [
        entry(200, Target, true),
        entry(302, Target, true),
        entry(404, Target, true),
        entry(500, Target, true),
        entry(502, LoadBalancer, false),
        // It took the connection and hung up.
        entry(502, LoadBalancer, true),
        // No target could be chosen.
        Entry { target: None, ..entry(503, LoadBalancer, false) },
        // What was not for a target group.
        Entry { target_group: None, ..entry(404, LoadBalancer, false) },
    ] {
        requests.add(&entry, 2.0);
    }
    let mut state = State::default();
    requests.record(&mut state, minute());
    assert_eq!(
        recorded(&state),
        [
            ("HTTPCode_Target_2XX_Count", 2.0, 2.0),
            ("HTTPCode_Target_3XX_Count", 2.0, 2.0),
            ("HTTPCode_Target_4XX_Count", 2.0, 2.0),
            ("HTTPCode_Target_5XX_Count", 2.0, 2.0),
            ("RequestCount", 12.0, 12.0),
            ("TargetConnectionErrorCount", 2.0, 2.0),
            ("TargetResponseTime", 8.0, 2.0),
        ]
    );
    for metric in &state.metrics {
        assert_eq!(metric.namespace, "AWS/ApplicationELB");
        let dimensions: Vec<_> =
            metric.dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(dimensions, [("LoadBalancer", BALANCER), ("TargetGroup", GROUP)]);
        assert!(metric.datapoints.iter().all(|point| point.timestamp == minute()));
    }
}

#[tokio::test(start_paused = true)]
async fn alarms_are_told_and_turn_red_when_their_minute_is_over() {
    let clock = Clock::start(60.0);
    let windows = Arc::new(OnceLock::new());
    let alarm = |text: &str| Some(text.parse().unwrap());
    let alarms = BTreeMap::from([
        ("bad".to_owned(), alarm("bad=requests>=0/1m")),
        ("never".to_owned(), None),
        ("red".to_owned(), None),
    ]);
    let world = Arc::new(Shared::new(World::default()));
    let watched = Watched {
        production: None,
        test: None,
        windows: Arc::clone(&windows),
        alarms,
        red_alarms: vec!["red".to_owned()],
        load_balancer: LoadBalancerKind::Application,
    };
    let _monitoring = Monitoring::start(watched, Arc::clone(&world), clock.clone());
    let states = || {
        world.look(|world| {
            let alarms = world.cloudwatch.metric_alarms.iter();
            alarms.map(|alarm| (alarm.alarm_name.clone(), alarm.state_value.clone())).collect::<Vec<_>>()
        })
    };
    let expected = |bad: &str| {
        [("bad", bad), ("never", "OK"), ("red", "ALARM")]
            .map(|(name, state)| (name.to_owned(), state.to_owned()))
    };
    assert_eq!(states(), expected("INSUFFICIENT_DATA"));
    // Users come in, in the first whole minute.
    let began = after(floor(clock.now(), PERIOD));
    clock.skip_to_second(0);
    let users = Windows::of(began, 5);
    windows.set(users).unwrap();
    clock.sleep(Duration::from_mins(1) + LITTLE * 2).await;
    assert_eq!(states(), expected("ALARM"));
    let turned = world.look(|world| world.cloudwatch.metric_alarms[0].state_transitioned_timestamp);
    assert_eq!(turned, Some(after(began)));
}
