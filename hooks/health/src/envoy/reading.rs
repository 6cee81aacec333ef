//! What one Envoy says of itself, as plain data.
//!
//! The state comes from `/server_info` and `/ready`, never from the gauge `server.state`: Envoy 1.40.0 sets
//! that one only when it flushes its stats (every 5 s by default), so that a drained proxy looks live.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The state of an Envoy (`admin.v3.ServerInfo.State`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It serves.
    Live,
    /// It fails its health checks on purpose.
    Draining,
    /// It waits for its clusters.
    PreInitializing,
    /// It has its clusters and waits for listeners, routes and secrets.
    Initializing,
}

impl State {
    const ALL: [Self; 4] = [Self::Live, Self::Draining, Self::PreInitializing, Self::Initializing];

    /// Envoy's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Draining => "DRAINING",
            Self::PreInitializing => "PRE_INITIALIZING",
            Self::Initializing => "INITIALIZING",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// One subscription to configuration, e.g. `listener_manager.lds`: counters since Envoy started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Subscription {
    /// Updates that Envoy refused (`update_rejected`).
    pub(super) rejected: u64,
    /// Updates that it took (`update_success`).
    pub(super) accepted: u64,
    /// First fetches that it gave up waiting for (`init_fetch_timeout`).
    pub(super) timed_out: u64,
}

/// The members of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Members {
    /// Those that traffic goes to.
    pub(super) healthy: u64,
    /// All.
    pub(super) total: u64,
}

/// One look at an Envoy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// The release, e.g. `1.40.0`.
    pub(super) version: String,
    /// Seconds since the process started.
    pub(super) uptime: u64,
    /// When that was, in seconds since 1970 by the clock of the function.
    pub(super) started: i64,
    pub(super) state: State,
    /// The status of `/ready`: 200 where it is live, 503 otherwise.
    pub(super) ready: u16,
    /// Whether the control plane is connected; none where there is none that is spoken to by gRPC.
    pub(super) connected: Option<bool>,
    pub(super) clusters_warming: u64,
    pub(super) listeners_warming: u64,
    /// Listeners that take connections.
    pub(super) listeners: u64,
    /// Listeners that `/drain_listeners` stopped. They never come back.
    pub(super) listeners_stopped: u64,
    /// By the name of their tree in the stats.
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    /// By the names that a plan gives; none where Envoy has no such cluster.
    pub(super) members: BTreeMap<String, Option<Members>>,
}

/// What is kept of a look to compare a later one with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counters {
    /// Seconds since the process started.
    #[serde(rename = "u")]
    pub(super) uptime: u64,
    /// When that was; counters of another process are no counters of this one.
    #[serde(rename = "s")]
    pub(super) started: i64,
    /// Rejected and accepted updates by subscription, where any was rejected.
    #[serde(rename = "r", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) updates: BTreeMap<String, (u64, u64)>,
}

impl Counters {
    /// How far two readings of one process may be apart in when it started: the uptime is told in whole seconds,
    /// and its answer takes a while.
    const TOLERANCE: u64 = 2;

    /// Whether they are of the process of a later reading.
    pub(super) fn are_of(&self, later: &Reading) -> bool {
        self.uptime <= later.uptime && self.started.abs_diff(later.started) <= Self::TOLERANCE
    }
}

impl Reading {
    /// What a later look is compared with.
    pub(super) fn counters(&self) -> Counters {
        let rejected = self.subscriptions.iter().filter(|(_, of)| of.rejected > 0);
        let updates = rejected.map(|(name, of)| (name.clone(), (of.rejected, of.accepted))).collect();
        Counters { uptime: self.uptime, started: self.started, updates }
    }

    /// For the evidence.
    pub(super) fn measured(&self) -> Value {
        let rejected: BTreeMap<_, _> = self
            .subscriptions
            .iter()
            .filter(|(_, of)| of.rejected > 0)
            .map(|(name, of)| (name, of.rejected))
            .take(10)
            .collect();
        let members: BTreeMap<_, _> = self
            .members
            .iter()
            .map(|(name, of)| (name, of.map(|of| json!({ "healthy": of.healthy, "total": of.total }))))
            .collect();
        json!({
            "version": self.version, "state": self.state.word(), "ready": self.ready,
            "uptime_s": self.uptime, "control_plane_connected": self.connected,
            "listeners": self.listeners, "rejected": rejected, "members": members,
        })
    }
}

/// What `/server_info` tells: the release, the state and the uptime; the error says why it is none of Envoy's.
pub(super) fn server_info(body: &[u8]) -> Result<(String, State, u64), String> {
    let info: Value = serde_json::from_slice(body).map_err(|_| "a body that is no JSON".to_owned())?;
    let text = |key: &str| info.get(key).and_then(Value::as_str);
    let (Some(version), Some(uptime)) = (text("version"), text("uptime_current_epoch")) else {
        return Err("JSON without `version` and `uptime_current_epoch`".to_owned());
    };
    // A printer of protobuf's JSON may leave a default out, and that is LIVE.
    let word = text("state").unwrap_or("LIVE");
    let state = State::of(word).ok_or_else(|| format!("the unknown state {word:?}"))?;
    let version = version.split('/').nth(1).unwrap_or(version).chars().take(40).collect();
    let seconds = uptime.trim_end_matches('s').split('.').next().and_then(|whole| whole.parse().ok());
    Ok((version, state, seconds.ok_or_else(|| format!("the uptime {uptime:?}"))?))
}

/// The numbers of `/stats?format=json`, by name; histograms and texts are left out.
pub(super) fn stats(body: &[u8]) -> Result<BTreeMap<String, u64>, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| "a body that is no JSON".to_owned())?;
    let stats = answer.get("stats").and_then(Value::as_array).ok_or("JSON without `stats`")?;
    let number = |stat: &Value| Some((stat.get("name")?.as_str()?.to_owned(), stat.get("value")?.as_u64()?));
    Ok(stats.iter().filter_map(number).collect())
}

/// The subscriptions among the stats.
pub(super) fn subscriptions(stats: &BTreeMap<String, u64>) -> BTreeMap<String, Subscription> {
    let mut found: BTreeMap<String, Subscription> = BTreeMap::new();
    for (name, value) in stats {
        let Some((tree, leaf)) = name.rsplit_once('.') else { continue };
        let mut of = |set: fn(&mut Subscription) -> &mut u64| {
            *set(found.entry(tree.to_owned()).or_default()) = *value;
        };
        match leaf {
            "update_rejected" => of(|subscription| &mut subscription.rejected),
            "update_success" => of(|subscription| &mut subscription.accepted),
            "init_fetch_timeout" => of(|subscription| &mut subscription.timed_out),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_info_of_a_real_envoy() {
        let body = include_bytes!("../../fixtures/envoy/server_info-1.40.0.json");
        assert_eq!(server_info(body), Ok(("1.40.0".to_owned(), State::Live, 5)));
    }

    #[test]
    fn the_stats_of_a_real_envoy() {
        let stats = stats(include_bytes!("../../fixtures/envoy/stats-rejected-1.40.0.json")).unwrap();
        assert_eq!(stats["listener_manager.total_listeners_active"], 1);
        let subscriptions = subscriptions(&stats);
        let lds = Subscription { rejected: 1, accepted: 1, timed_out: 0 };
        assert_eq!(subscriptions["listener_manager.lds"], lds);
        assert_eq!(
            subscriptions["cluster_manager.cds"],
            Subscription { accepted: 1, ..Subscription::default() }
        );
    }

    #[test]
    fn what_is_no_server_info() {
        for (body, message) in [
            ("<html>", "a body that is no JSON"),
            ("[]", "JSON without `version` and `uptime_current_epoch`"),
            (r#"{"version": "2.0"}"#, "JSON without `version` and `uptime_current_epoch`"),
            (
                r#"{"version": "a/1.40.0/b", "uptime_current_epoch": "1s", "state": "NEW"}"#,
                "the unknown state \"NEW\"",
            ),
            (r#"{"version": "a/1.40.0/b", "uptime_current_epoch": "long"}"#, "the uptime \"long\""),
        ] {
            assert_eq!(server_info(body.as_bytes()), Err(message.to_owned()), "{body}");
        }
        let without = br#"{"version": "a/1.9.0/b", "uptime_current_epoch": "61.5s"}"#;
        assert_eq!(server_info(without), Ok(("1.9.0".to_owned(), State::Live, 61)));
    }

    #[test]
    fn what_is_no_stats() {
        assert_eq!(stats(b"server.state: 0"), Err("a body that is no JSON".to_owned()));
        assert_eq!(stats(b"{}"), Err("JSON without `stats`".to_owned()));
        let odd = br#"{"stats": [{"histograms": {}}, {"name": "a", "value": "text"}, {"name": "b", "value": 1}, 5]}"#;
        assert_eq!(stats(odd), Ok(BTreeMap::from([("b".to_owned(), 1)])));
    }
}
