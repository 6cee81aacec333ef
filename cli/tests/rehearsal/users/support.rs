//! Two sides behind a listener, and users before it.

use greenlight_cli::rehearsal::Colour;
use greenlight_cli::rehearsal::aws::elb::TargetGroup;
use greenlight_cli::rehearsal::balancer::LogReader;
use greenlight_cli::rehearsal::clock::Clock;
use greenlight_cli::rehearsal::users::{Colours, Of, Seen, Settings, Side, Users};
use http::HeaderValue;

use crate::balancer::support::soon;
use crate::balancer::support::world::{LISTENER, NETWORK_LISTENER, Served, group_arn};

/// Five requests per simulated second at sixty simulated seconds a second: as many as may be sent.
pub(crate) fn settings(served: &Served) -> Settings {
    let settings = before(served, LISTENER);
    Settings { rate: 5.0, ..settings }
}

/// The same before the network listener.
pub(crate) fn network(served: &Served) -> Settings {
    let settings = before(served, NETWORK_LISTENER);
    Settings { network: true, rate: 5.0, ..settings }
}

fn before(served: &Served, listener: &str) -> Settings {
    Settings::new(
        served.balancer.address(listener).unwrap(),
        HeaderValue::from_static("orders.example.com"),
        Clock::start(60.0),
        served.balancer.log_reader(listener),
        Colours::by_target_group(group_arn("blue"), group_arn("green")),
    )
}

/// A target group for a network listener.
pub(crate) fn tcp(mut group: TargetGroup) -> TargetGroup {
    "TCP".clone_into(&mut group.protocol);
    group
}

/// Sends until the load balancer has answered so many, and returns what was seen of them and those that
/// were under way.
pub(crate) async fn seen(served: &Served, settings: Settings, requests: usize) -> Seen {
    let reader = served.balancer.log_reader("");
    let (_, start) = served.balancer.log_since(0);
    let users = Users::start(settings);
    soon(answered(served, &reader, start, requests)).await;
    let seen = soon(users.stop()).await;
    // Every request that was sent has ended, and is somebody's.
    assert_eq!(seen.total.requests, seen.sent, "{seen}");
    assert_eq!(seen.by_colour.values().map(|of| of.requests).sum::<u64>(), seen.sent, "{seen}");
    assert!(seen.sent >= requests as u64, "{seen}");
    assert!(seen.asked >= seen.sent, "{seen}");
    seen
}

pub(crate) async fn answered(served: &Served, reader: &LogReader, start: u64, requests: usize) {
    loop {
        let added = reader.added();
        if served.balancer.log_since(start).0.len() >= requests {
            return;
        }
        added.await;
    }
}

/// What was seen of a side; it must be there.
pub(crate) fn of(seen: &Seen, colour: Option<Colour>) -> &Of {
    seen.by_colour.get(&Side::from(colour)).unwrap_or_else(|| panic!("nothing of {colour:?}: {seen}"))
}
