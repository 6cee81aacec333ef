//! Readings and what they mean, in the words that people read.

use greenlight::Kind;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::envoy::reading::Members;

fn live() -> Reading {
    let accepted = Subscription { accepted: 1, ..Subscription::default() };
    Reading {
        version: "1.40.0".to_owned(),
        uptime: 65,
        started: 1_000,
        state: State::Live,
        ready: 200,
        connected: None,
        clusters_warming: 0,
        listeners_warming: 0,
        listeners: 2,
        listeners_stopped: 0,
        subscriptions: [(LDS.to_owned(), accepted), (CDS.to_owned(), accepted)].into(),
        members: [].into(),
    }
}

const LDS: &str = "listener_manager.lds";
const CDS: &str = "cluster_manager.cds";

/// The same with this many rejected and accepted updates of listeners.
fn lds(rejected: u64, accepted: u64) -> Reading {
    let mut reading = live();
    reading.subscriptions.insert(LDS.to_owned(), Subscription { rejected, accepted, timed_out: 0 });
    reading
}

/// The counters of five seconds before.
fn before(reading: &Reading) -> Counters {
    Counters { uptime: 60, ..reading.counters() }
}

fn settings(value: serde_json::Value) -> Envoy {
    serde_json::from_value(value).unwrap()
}

/// A reading, what it comes to, and the words that this begins with.
type Row = (&'static str, Envoy, Reading, Kind, &'static str);

fn of(edit: fn(&mut Reading)) -> Reading {
    let mut reading = live();
    edit(&mut reading);
    reading
}

/// Every row holds, and a look alone shows all of it.
fn hold(rows: Vec<Row>) {
    for (name, settings, now, kind, words) in rows {
        let outcome = judge(&settings, Some(&before(&now)), &now);
        assert_eq!(outcome.kind, kind, "{name}: {}", outcome.words());
        assert!(outcome.words().starts_with(words), "{name}: {}", outcome.words());
        let alone = trouble(&settings, &now).map_or(Kind::Pass, |outcome| outcome.kind);
        assert_eq!(alone, kind, "{name}");
    }
}

#[test]
fn states() {
    hold(vec![
        (
            "live",
            settings(json!({})),
            live(),
            Kind::Pass,
            "Envoy 1.40.0 is LIVE with 2 listeners, and rejected no update within 5s",
        ),
        (
            "live with a control plane",
            settings(json!({})),
            of(|now| now.connected = Some(true)),
            Kind::Pass,
            "Envoy 1.40.0 is LIVE with 2 listeners",
        ),
        (
            "draining",
            settings(json!({})),
            of(|now| (now.state, now.ready) = (State::Draining, 503)),
            Kind::Fail,
            "Envoy 1.40.0 is DRAINING: it fails its health checks on purpose; expected LIVE (somebody sent POST /healthcheck/fail (a stop script, an agent): find out who and replace the task, or take it back with POST /healthcheck/ok)",
        ),
        (
            "drained",
            settings(json!({})),
            of(|now| now.listeners_stopped = 1),
            Kind::Fail,
            "Envoy 1.40.0 says LIVE, and 1 listener of it was stopped by /drain_listeners: no new connection is taken; expected listeners that take connections (a drain is for good, and does not change the state: find out who sent POST /drain_listeners, and replace the task)",
        ),
        (
            "no clusters, no control plane",
            settings(json!({})),
            of(|now| now.state = State::PreInitializing),
            Kind::Pending,
            "Envoy 1.40.0 is PRE_INITIALIZING: it waits for its clusters; expected LIVE (a DNS name of a cluster that does not resolve, or an endpoint that has not answered its first health check: GET /clusters shows them)",
        ),
        (
            "no clusters, control plane lost",
            settings(json!({})),
            of(|now| (now.state, now.connected) = (State::PreInitializing, Some(false))),
            Kind::Pending,
            "Envoy 1.40.0 is PRE_INITIALIZING: it waits for its clusters, its control plane is not connected; expected LIVE (can the task reach its control plane: route, security group, name, TLS, credentials? Envoy's log has lines such as `gRPC config stream closed: 7, …`, whose number tells (0 orderly, 7 denied, 14 unreachable, 16 no credentials))",
        ),
        (
            "no clusters, control plane silent",
            settings(json!({})),
            of(|now| (now.state, now.connected) = (State::PreInitializing, Some(true))),
            Kind::Pending,
            "Envoy 1.40.0 is PRE_INITIALIZING: it waits for its clusters, its control plane is connected; expected LIVE (the control plane has not sent the clusters: does it know this node's id, cluster and version?)",
        ),
        (
            "no listeners yet",
            settings(json!({})),
            of(|now| now.state = State::Initializing),
            Kind::Pending,
            "Envoy 1.40.0 is INITIALIZING: it waits for listeners, routes or secrets; expected LIVE (GET /init_dump shows what it waits for; it gives up after `initial_fetch_timeout`, 15 s by default)",
        ),
    ]);
}

#[test]
fn a_live_envoy_that_is_not_ready() {
    let never = |reading: &mut Reading| {
        let timed_out = Subscription { timed_out: 1, ..Subscription::default() };
        reading.subscriptions = [(CDS.to_owned(), timed_out)].into();
    };
    let two_members = settings(json!({"clusters": {"orders": 2}}));
    let member = |healthy| {
        let mut reading = live();
        reading.members.insert("orders".to_owned(), Some(Members { healthy, total: 3 }));
        reading
    };
    hold(vec![
        (
            "changing",
            settings(json!({})),
            of(|now| now.ready = 503),
            Kind::Pending,
            "Envoy 1.40.0 said LIVE, and a moment later answered 503 at /ready (its state is changing)",
        ),
        (
            "control plane lost",
            settings(json!({})),
            of(|now| now.connected = Some(false)),
            Kind::Pending,
            "Envoy 1.40.0 is LIVE, and not connected to its control plane: it serves the configuration that it got last",
        ),
        (
            "never configured",
            settings(json!({})),
            of(never),
            Kind::Pending,
            "Envoy 1.40.0 is LIVE without a configuration: it gave up waiting for the first answer to cluster_manager.cds (does the control plane know this node's id and cluster?)",
        ),
        (
            "endpoints that never came",
            settings(json!({})),
            of(|now| {
                now.subscriptions
                    .insert("cluster.x".to_owned(), Subscription { timed_out: 1, ..Subscription::default() });
            }),
            Kind::Pass,
            "Envoy 1.40.0 is LIVE",
        ),
        (
            "warming",
            settings(json!({})),
            of(|now| now.clusters_warming = 1),
            Kind::Pending,
            "1 cluster and 0 listeners of Envoy 1.40.0 are warming (they wait for endpoints, routes or secrets, or for a first health check)",
        ),
        (
            "a listener warming",
            settings(json!({})),
            of(|now| now.listeners_warming = 2),
            Kind::Pending,
            "0 clusters and 2 listeners",
        ),
        (
            "no listener",
            settings(json!({})),
            of(|now| now.listeners = 0),
            Kind::Pending,
            "Envoy 1.40.0 is LIVE without any listener (its configuration, or that which the control plane sends to this node, holds none)",
        ),
        ("enough members", two_members.clone(), member(2), Kind::Pass, "Envoy 1.40.0 is LIVE"),
        (
            "too few members",
            two_members.clone(),
            member(1),
            Kind::Pending,
            "Envoy 1.40.0 sees 1 healthy of 3 members in cluster `orders`; expected at least 2 (GET /clusters shows each member's health flags)",
        ),
        (
            "no such cluster",
            two_members,
            live(),
            Kind::Pending,
            "Envoy 1.40.0 has no cluster `orders` (GET /clusters shows those that it has; a cluster with an `alt_stat_name` goes by that)",
        ),
    ]);
}

#[test]
fn two_readings() {
    let twice = |first: Reading, now: Reading| (Some(before(&first)), now);
    let forgiving = settings(json!({"old_rejections": 2}));
    let strict = settings(json!({}));
    let restarted = Counters { uptime: 500, ..before(&live()) };
    // It was asked long ago, restarted since, and runs for longer by now than it did then.
    let restarted_long_ago = Counters { started: 997, ..before(&live()) };
    let odd_second = Counters { started: 998, ..before(&live()) };
    let (unseen, counted) = (
        "Envoy 1.40.0 was looked at only once since it started (rejected updates show when two readings are compared)",
        "Envoy 1.40.0 rejected 1 update of listener_manager.lds before the first reading, and accepted none since: whether it runs what it was offered last cannot be told (Envoy's log says why: look for `rejected` in the lines of `config` and `upstream`; where that is over, set `old_rejections` to 1)",
    );
    for (name, settings, (before, now), kind, words) in [
        ("nothing rejected", &strict, twice(lds(0, 1), lds(0, 2)), Kind::Pass, "Envoy 1.40.0 is LIVE"),
        ("only one", &strict, (None, live()), Kind::Inconclusive, unseen),
        ("another process", &strict, (Some(restarted), lds(1, 0)), Kind::Inconclusive, unseen),
        (
            "another process, longer up",
            &strict,
            (Some(restarted_long_ago), lds(1, 0)),
            Kind::Inconclusive,
            unseen,
        ),
        ("the same, a second off", &strict, (Some(odd_second), live()), Kind::Pass, "Envoy 1.40.0 is LIVE"),
        (
            "a rise",
            &strict,
            twice(lds(0, 1), lds(1, 1)),
            Kind::Fail,
            "Envoy 1.40.0 rejected an update: listener_manager.lds.update_rejected from 0 to 1 within 5s; it goes on with the configuration before; expected no update rejected (Envoy's log says why: look for `rejected` in the lines of `config` and `upstream`)",
        ),
        ("a rise, then an accepted one", &strict, twice(lds(0, 1), lds(1, 2)), Kind::Fail, "from 0 to 1"),
        ("a rise is never forgiven", &forgiving, twice(lds(1, 1), lds(2, 1)), Kind::Fail, "from 1 to 2"),
        ("an old one", &strict, twice(lds(1, 1), lds(1, 1)), Kind::Inconclusive, counted),
        ("an old one, healed", &strict, twice(lds(1, 1), lds(1, 2)), Kind::Pass, "Envoy 1.40.0 is LIVE"),
        ("an old one, forgiven", &forgiving, twice(lds(2, 1), lds(2, 1)), Kind::Pass, "Envoy 1.40.0 is LIVE"),
        (
            "more than forgiven",
            &forgiving,
            twice(lds(3, 1), lds(3, 1)),
            Kind::Inconclusive,
            "rejected 3 updates of",
        ),
        (
            "none ever accepted",
            &strict,
            twice(lds(1, 0), lds(1, 0)),
            Kind::Fail,
            "Envoy 1.40.0 rejected 1 update of listener_manager.lds since it started, and accepted none; expected a configuration that it accepts (Envoy's log says why: look for `rejected` in the lines of `config` and `upstream`)",
        ),
        (
            "none accepted yet",
            &strict,
            twice(lds(1, 0), Reading { state: State::Initializing, ..lds(1, 0) }),
            Kind::Pending,
            "INITIALIZING",
        ),
    ] {
        let outcome = judge(settings, before.as_ref(), &now);
        assert_eq!(outcome.kind, kind, "{name}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{name}: {}", outcome.words());
    }
}

fn readings() -> impl Strategy<Value = Reading> {
    let state = prop_oneof![
        4 => Just(State::Live),
        1 => Just(State::Draining),
        1 => Just(State::PreInitializing),
        1 => Just(State::Initializing)
    ];
    let numbers = (0_u64..2, 0_u64..2, 0_u64..3, 0_u64..2, 0_u64..3, 0_u64..3);
    (state, proptest::option::of(any::<bool>()), any::<bool>(), numbers).prop_map(
        |(
            state,
            connected,
            ready,
            (clusters_warming, listeners_warming, listeners, listeners_stopped, rejected, accepted),
        )| Reading {
            state,
            connected,
            ready: if ready { 200 } else { 503 },
            clusters_warming,
            listeners_warming,
            listeners,
            listeners_stopped,
            ..lds(rejected, accepted)
        },
    )
}

fn badness(kind: Kind) -> u8 {
    match kind {
        Kind::Pass => 0,
        Kind::Skip(_) => 1,
        Kind::Inconclusive => 2,
        Kind::Pending => 3,
        Kind::Fail => 4,
    }
}

proptest! {
    /// Nothing that gets worse in an Envoy makes the outcome better.
    #[test]
    fn worse_is_never_better(first in readings(), now in readings(), what in 0..6) {
        let mut worse = now.clone();
        match what {
            0 => worse.subscriptions.get_mut(LDS).unwrap().rejected += 1,
            1 => worse.clusters_warming += 1,
            2 => worse.listeners = 0,
            3 => worse.connected = Some(false),
            4 => worse.listeners_stopped += 1,
            _ => worse.ready = 503,
        }
        let settings = settings(json!({}));
        let before = before(&first);
        let (was, is) = (judge(&settings, Some(&before), &now), judge(&settings, Some(&before), &worse));
        prop_assert!(badness(is.kind) >= badness(was.kind), "{}\n{}", was.words(), is.words());
    }

    /// A pass means a live Envoy of which two readings were compared.
    #[test]
    fn a_pass_is_a_seen_good_envoy(first in readings(), now in readings(), twice in any::<bool>()) {
        let before = twice.then(|| before(&first));
        if judge(&settings(json!({})), before.as_ref(), &now).kind == Kind::Pass {
            prop_assert!(twice && now.state == State::Live && now.ready == 200 && now.connected != Some(false));
            prop_assert!(now.listeners > 0 && now.listeners_stopped == 0);
            prop_assert!(now.clusters_warming + now.listeners_warming == 0);
            let (first, now) = (first.subscriptions[LDS], now.subscriptions[LDS]);
            prop_assert!(now.rejected <= first.rejected);
            prop_assert!(now.rejected == 0 || now.accepted > first.accepted);
        }
    }
}
