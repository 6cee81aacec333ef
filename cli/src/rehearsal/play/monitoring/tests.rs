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
    let known = Arc::new(OnceLock::new());
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
        users: Arc::clone(&known),
        read: Vec::new(),
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
    clock.skip_to_second(0);
    let began = floor(clock.now(), PERIOD);
    known.set(OfUsers { windows: Windows::of(began, 5), traces: Traces::new() }).unwrap();
    clock.sleep(Duration::from_mins(1) + LITTLE * 2).await;
    assert_eq!(states(), expected("ALARM"));
    let turned = world.look(|world| world.cloudwatch.metric_alarms[0].state_transitioned_timestamp);
    assert_eq!(turned, Some(after(began)));
}

/// What is counted of a listener, by the minute: `RequestCount`.
struct Counted {
    clock: Clock,
    known: Arc<OnceLock<OfUsers>>,
    world: Arc<Shared>,
    /// The first whole minute.
    began: Timestamp,
    _monitoring: Monitoring,
}

impl Counted {
    /// From a whole minute on, with what adds requests.
    fn start() -> (Self, impl Fn(Entry)) {
        let clock = Clock::start(60.0);
        clock.skip_to_second(0);
        let began = floor(clock.now(), PERIOD);
        let (known, world) = (Arc::default(), Arc::new(Shared::new(World::default())));
        let (production, add) = LogReader::of(&entry(200, AnsweredBy::Target, true).listener);
        let watched = Watched {
            production: Some(production),
            test: None,
            users: Arc::clone(&known),
            read: Vec::new(),
            alarms: BTreeMap::new(),
            red_alarms: Vec::new(),
            load_balancer: LoadBalancerKind::Application,
        };
        let monitoring = Monitoring::start(watched, Arc::clone(&world), clock.clone());
        (Self { clock, known, world, began, _monitoring: monitoring }, add)
    }

    /// Waits until it is so many seconds after the beginning.
    async fn until(&self, second: u64) {
        self.clock.sleep_until(elapsed(&self.clock, self.began) + Duration::from_secs(second)).await;
    }

    /// How many requests each minute has, by its number.
    fn minutes(&self) -> BTreeMap<i64, u64> {
        let mut minutes = BTreeMap::new();
        self.world.look(|world| {
            let of = world.cloudwatch.metrics.iter().filter(|metric| metric.metric_name == "RequestCount");
            for point in of.flat_map(|metric| &metric.datapoints) {
                let minute = point.timestamp.duration_since(self.began).as_secs() / PERIOD;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
                let count = point.counts.iter().sum::<f64>() as u64;
                *minutes.entry(minute).or_default() += count;
            }
        });
        minutes
    }
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_in_the_minute_they_came_in() {
    let (counted, add) = Counted::start();
    // The last is between the minute's end and the moment at which it is told.
    for second in [2, 58, 59] {
        counted.until(second).await;
        add(entry(200, AnsweredBy::Target, true));
    }
    counted.clock.sleep_until(elapsed(&counted.clock, after(counted.began)) + LITTLE / 2).await;
    assert_eq!(counted.minutes(), BTreeMap::new());
    add(entry(200, AnsweredBy::Target, true));
    counted.until(62).await;
    assert_eq!(counted.minutes(), BTreeMap::from([(0, 3)]));
    counted.until(122).await;
    assert_eq!(counted.minutes(), BTreeMap::from([(0, 3), (1, 1)]));
}

#[tokio::test(start_paused = true)]
async fn an_overslept_minute_does_not_swallow_the_next_ones_requests() {
    let (counted, add) = Counted::start();
    counted.until(32).await;
    add(entry(200, AnsweredBy::Target, true));
    counted.until(52).await;
    // Nobody is woken while these come, until the middle of the next minute.
    add(entry(200, AnsweredBy::Target, true));
    add(entry(200, AnsweredBy::Target, true));
    tokio::time::advance(counted.clock.real(Duration::from_secs(40))).await;
    counted.until(122).await;
    assert_eq!(counted.minutes(), BTreeMap::from([(0, 1), (1, 2)]));
}

#[tokio::test(start_paused = true)]
async fn users_stand_for_more_and_hooks_for_themselves() {
    let (counted, add) = Counted::start();
    // Half of what was asked for is sent.
    let (windows, traces) = (Windows::half_sent(counted.began), Traces::new());
    let of_users = |traces: &Traces| {
        let (_, trace) = traces.begin(minute());
        Entry { trace: Some(trace.to_str().unwrap().to_owned()), ..entry(200, AnsweredBy::Target, true) }
    };
    add(of_users(&traces));
    add(of_users(&Traces::new()));
    add(entry(200, AnsweredBy::Target, true));
    counted.known.set(OfUsers { windows, traces }).unwrap();
    counted.until(62).await;
    assert_eq!(counted.minutes(), BTreeMap::from([(0, 4)]));
}
