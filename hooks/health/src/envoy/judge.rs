//! What a reading means. Pure.
//!
//! The surprising part are rejections. After one, Envoy keeps the last configuration that it took, stays
//! LIVE, and its control plane usually does not offer the refused one again: that a counter stands still
//! does not mean that all is well. So a rise between two readings is a failure, and an older rejection is forgotten
//! only when an update of the same subscription was accepted since.

use greenlight::{Outcome, plan::units::Span};

use crate::words::count;

use super::{
    Envoy,
    reading::{Counters, Reading, State, Subscription},
};

/// Where a rejection is explained.
const LOG: &str = "Envoy's log says why: look for `rejected` in the lines of `config` and `upstream`";

/// What a reading means, beside the counters of an earlier one of the same process.
pub(super) fn judge(settings: &Envoy, before: Option<&Counters>, now: &Reading) -> Outcome {
    let before = before.filter(|before| before.are_of(now));
    let refusal = || refused(before?, now).or_else(|| never_accepted(settings, before?, now));
    if let Some(outcome) = broken(now).or_else(refusal).or_else(|| unready(settings, now)) {
        return outcome;
    }
    let Some(before) = before else {
        return Outcome::inconclusive(format!(
            "Envoy {} was looked at only once since it started",
            now.version
        ))
        .hint("rejected updates show when two readings are compared");
    };
    if let Some(outcome) = unsettled(settings, before, now) {
        return outcome;
    }
    Outcome::pass(format!(
        "Envoy {} is LIVE with {}, and rejected no update within {}",
        now.version,
        count(now.listeners, "listener"),
        Span::from_secs(now.uptime - before.uptime),
    ))
}

/// Whether a reading alone shows that there is nothing to compare yet.
pub(super) fn trouble(settings: &Envoy, now: &Reading) -> Option<Outcome> {
    broken(now).or_else(|| unready(settings, now))
}

/// What does not heal by itself.
fn broken(now: &Reading) -> Option<Outcome> {
    let version = &now.version;
    if now.state == State::Draining {
        let observed = format!("Envoy {version} is DRAINING: it fails its health checks on purpose");
        return Some(Outcome::fail(observed, "LIVE").hint(
            "somebody sent POST /healthcheck/fail (a stop script, an agent): find out who and replace the task, or take it back with POST /healthcheck/ok",
        ));
    }
    let stopped = (now.state == State::Live && now.listeners_stopped > 0).then_some(now.listeners_stopped)?;
    let observed = format!(
        "Envoy {version} says LIVE, and {} of it {} stopped by /drain_listeners: no new connection is taken",
        count(stopped, "listener"),
        if stopped == 1 { "was" } else { "were" },
    );
    Some(Outcome::fail(observed, "listeners that take connections").hint(
        "a drain is for good, and does not change the state: find out who sent POST /drain_listeners, and replace the task",
    ))
}

/// What was refused between two readings.
fn refused(before: &Counters, now: &Reading) -> Option<Outcome> {
    let rose = |(name, of): (&String, &Subscription)| {
        let (was, _) = before.updates.get(name).copied().unwrap_or_default();
        (of.rejected > was).then(|| format!("{name}.update_rejected from {was} to {}", of.rejected))
    };
    let rises: Vec<_> = now.subscriptions.iter().filter_map(rose).collect();
    let (first, more) = rises.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
    let observed = format!(
        "Envoy {} rejected an update: {first}{more} within {}; it goes on with the configuration before",
        now.version,
        Span::from_secs(now.uptime - before.uptime),
    );
    Some(Outcome::fail(observed, "no update rejected").hint(LOG))
}

/// What may still come.
fn unready(settings: &Envoy, now: &Reading) -> Option<Outcome> {
    let version = &now.version;
    let pending = |observed: String, hint: &str| Some(Outcome::pending(observed).hint(hint));
    let plane = match now.connected {
        Some(true) => ", its control plane is connected",
        Some(false) => ", its control plane is not connected",
        None => "",
    };
    match (now.state, now.connected) {
        (State::PreInitializing, connected) => {
            let hint = match connected {
                Some(false) => DISCONNECTED,
                Some(true) => {
                    "the control plane has not sent the clusters: does it know this node's id, cluster and version?"
                }
                None => {
                    "a DNS name of a cluster that does not resolve, or an endpoint that has not answered its first health check: GET /clusters shows them"
                }
            };
            let observed = format!("Envoy {version} is PRE_INITIALIZING: it waits for its clusters{plane}");
            return Some(Outcome::pending(observed).expected("LIVE").hint(hint));
        }
        (State::Initializing, connected) => {
            let hint = match connected {
                Some(false) => DISCONNECTED,
                Some(true) | None => {
                    "GET /init_dump shows what it waits for; it gives up after `initial_fetch_timeout`, 15 s by default"
                }
            };
            let observed =
                format!("Envoy {version} is INITIALIZING: it waits for listeners, routes or secrets{plane}");
            return Some(Outcome::pending(observed).expected("LIVE").hint(hint));
        }
        (State::Live | State::Draining, _) => {}
    }
    if now.ready != 200 {
        let observed =
            format!("Envoy {version} said LIVE, and a moment later answered {} at /ready", now.ready);
        return pending(observed, "its state is changing");
    }
    if now.connected == Some(false) {
        let observed = format!(
            "Envoy {version} is LIVE, and not connected to its control plane: it serves the configuration that it got last"
        );
        return pending(observed, DISCONNECTED);
    }
    if let Some(name) = missing(now) {
        let observed = format!(
            "Envoy {version} is LIVE without a configuration: it gave up waiting for the first answer to {name}"
        );
        return pending(observed, "does the control plane know this node's id and cluster?");
    }
    if now.clusters_warming + now.listeners_warming > 0 {
        let observed = format!(
            "{} and {} of Envoy {version} are warming",
            count(now.clusters_warming, "cluster"),
            count(now.listeners_warming, "listener"),
        );
        return pending(observed, "they wait for endpoints, routes or secrets, or for a first health check");
    }
    if now.listeners == 0 {
        let observed = format!("Envoy {version} is LIVE without any listener");
        return pending(
            observed,
            "its configuration, or that which the control plane sends to this node, holds none",
        );
    }
    settings.clusters.iter().find_map(|(name, least)| {
        let least = *least;
        match now.members.get(name).copied().flatten() {
            None => pending(
                format!("Envoy {version} has no cluster `{name}`"),
                "GET /clusters shows those that it has; a cluster with an `alt_stat_name` goes by that",
            ),
            Some(members) if members.healthy < least => {
                let observed = format!(
                    "Envoy {version} sees {} healthy of {} in cluster `{name}`",
                    members.healthy,
                    count(members.total, "member"),
                );
                Some(
                    Outcome::pending(observed)
                        .expected(format!("at least {least}"))
                        .hint("GET /clusters shows each member's health flags"),
                )
            }
            Some(_) => None,
        }
    })
}

/// The subscription of clusters, listeners, routes or secrets that nothing ever came for. Endpoints are
/// not meant here: who cares for a cluster's members names it.
fn missing(now: &Reading) -> Option<&String> {
    let never = |of: &Subscription| of.timed_out > 0 && of.accepted == 0 && of.rejected == 0;
    let found = now.subscriptions.iter().find(|(name, of)| !name.starts_with("cluster.") && never(of));
    found.map(|(name, _)| name)
}

const DISCONNECTED: &str = "can the task reach its control plane: route, security group, name, TLS, credentials? Envoy's log has lines such as `gRPC config stream closed: 7, …`, whose number tells (0 orderly, 7 denied, 14 unreachable, 16 no credentials)";

/// Subscriptions with rejections of before the first reading that nothing has healed since, where the plan
/// does not forgive them.
fn old<'a>(settings: &Envoy, before: &Counters, now: &'a Reading) -> Vec<(&'a String, &'a Subscription)> {
    let healed = |name: &String, of: &Subscription| {
        before.updates.get(name).is_some_and(|(_, accepted)| of.accepted > *accepted)
    };
    let old = now.subscriptions.iter().filter(|(name, of)| of.rejected > 0 && !healed(name, of));
    let old: Vec<_> = old.collect();
    let rejected = old.iter().map(|(_, of)| of.rejected).sum::<u64>();
    if rejected > settings.old_rejections { old } else { Vec::new() }
}

/// A live Envoy that has nothing to fall back on.
fn never_accepted(settings: &Envoy, before: &Counters, now: &Reading) -> Option<Outcome> {
    let live = now.state == State::Live;
    let (name, of) = old(settings, before, now).into_iter().find(|(_, of)| live && of.accepted == 0)?;
    let observed = format!(
        "Envoy {} rejected {} of {name} since it started, and accepted none",
        now.version,
        count(of.rejected, "update"),
    );
    Some(Outcome::fail(observed, "a configuration that it accepts").hint(LOG))
}

/// An older rejection of which nobody can say whether it is over.
fn unsettled(settings: &Envoy, before: &Counters, now: &Reading) -> Option<Outcome> {
    let old = old(settings, before, now);
    let (name, of) = old.first()?;
    let all = old.iter().map(|(_, of)| of.rejected).sum::<u64>();
    Some(
        Outcome::inconclusive(format!(
            "Envoy {} rejected {} of {name} before the first reading, and accepted none since: whether it runs what it was offered last cannot be told",
            now.version,
            count(of.rejected, "update"),
        ))
        .hint(format!("{LOG}; where that is over, set `old_rejections` to {all}")),
    )
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
