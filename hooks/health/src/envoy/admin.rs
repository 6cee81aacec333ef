//! Asks one admin interface: `GET` alone, few bytes, every phase of a request told apart.
//!
//! `usedonly` leaves out what was never written, so that the answer of a proxy with thousands of clusters
//! stays small; what is missing then is zero.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use greenlight::{Outcome, Scope, VERSION, clock};
use greenlight_prober::{Answer, Endpoint, Fault, Limits, Obstacle, Overrides, Prober, Reply, Request};
use http::Method;
use tokio::time::Instant;
use url::form_urlencoded;

use super::{
    Envoy,
    places::Place,
    reading::{self, Members, Reading},
};

/// Enough for the update counters of some ten thousand clusters.
const MAX_BODY: u64 = 2 << 20;

/// What is read of the stats, beside the members of clusters.
const FILTER: &str = r"(^control_plane\.connected_state|^cluster_manager\.warming_clusters|^listener_manager\.(total_listeners_(active|warming)|listener_stopped)|\.(update_rejected|update_success|init_fetch_timeout))$";

/// Why there is no reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoReading {
    /// No request could be written: ours until shown otherwise.
    Unreachable { words: String, refused: bool },
    /// A request was written, and Envoy did not answer it: green's.
    Silent(String),
    /// Somebody answered, but no admin interface of Envoy.
    Stranger { words: String, hint: &'static str },
    /// Our time was up.
    OutOfTime,
}

impl NoReading {
    /// What the check makes of it.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Unreachable { words, .. } => Outcome::inconclusive(words.clone()),
            Self::Silent(words) => Outcome::fail(words.clone(), "an answer of Envoy's admin interface")
                .hint("Envoy answers there from its main thread: it hangs, or is starved of CPU"),
            Self::Stranger { words, hint } => Outcome::inconclusive(words.clone()).hint(*hint),
            Self::OutOfTime => {
                Outcome::inconclusive("Envoy could not be asked in the time that the function had")
                    .hint("raise the function's timeout")
            }
        }
    }
}

/// Asks admin interfaces.
#[derive(Clone)]
pub(super) struct Admin {
    limits: Limits,
    deadline: Instant,
    deployment: String,
    clusters: Arc<[String]>,
}

impl Admin {
    pub(super) fn new(settings: &Envoy, scope: &Scope) -> Self {
        // A deployment's id comes from the event, so it may hold anything.
        let deployment = scope.deployment_id().chars().filter(char::is_ascii_graphic).take(256).collect();
        let limits =
            Limits { timeout: settings.timeout.0, attempts: 2, max_body: MAX_BODY, ..Limits::default() };
        let clusters = settings.clusters.keys().cloned().collect();
        Self { limits, deadline: scope.deadline(), deployment, clusters }
    }

    /// One look at one Envoy.
    pub(super) async fn look(&self, place: &Place) -> Result<Reading, NoReading> {
        let asking = Asking { admin: self, place, prober: self.prober(place)? };
        let info = asking.json("/server_info").await?;
        let (version, state, uptime) =
            reading::server_info(&info).map_err(|why| asking.stranger("/server_info", &why, None))?;
        let started = clock::wall().as_second().saturating_sub_unsigned(uptime);
        let stats = asking.stats(&format!("usedonly&filter={}", encoded(FILTER))).await?;
        let members = asking.members().await?;
        // Last, so that a state that has just changed shows.
        let ready = asking.get("/ready").await?;
        if !matches!(ready.status.as_u16(), 200 | 503) {
            return Err(asking.stranger("/ready", &status(&ready), Some(&ready)));
        }
        let number = |name: &str| stats.get(name).copied();
        Ok(Reading {
            version,
            uptime,
            started,
            state,
            ready: ready.status.as_u16(),
            connected: number("control_plane.connected_state").map(|connected| connected == 1),
            clusters_warming: number("cluster_manager.warming_clusters").unwrap_or(0),
            listeners_warming: number("listener_manager.total_listeners_warming").unwrap_or(0),
            listeners: number("listener_manager.total_listeners_active").unwrap_or(0),
            listeners_stopped: number("listener_manager.listener_stopped").unwrap_or(0),
            subscriptions: reading::subscriptions(&stats),
            members,
        })
    }

    fn prober(&self, place: &Place) -> Result<(Prober, Endpoint), NoReading> {
        let endpoint = Endpoint::new(&place.url, &Overrides::default()).map_err(|error| {
            NoReading::Stranger { words: error.to_string(), hint: "correct the check's `url`" }
        })?;
        Ok((Prober::new(endpoint.clone(), self.limits.clone()), endpoint))
    }
}

/// One admin interface that is being asked.
struct Asking<'a> {
    admin: &'a Admin,
    place: &'a Place,
    prober: (Prober, Endpoint),
}

impl Asking<'_> {
    async fn get(&self, path: &str) -> Result<Answer, NoReading> {
        let (prober, endpoint) = &self.prober;
        let cannot = |error: &dyn std::fmt::Display| NoReading::Stranger {
            words: format!("the request cannot be made: {error}"),
            hint: "correct the check's `url`",
        };
        let request: Request = endpoint
            .request(Method::GET, path)
            .and_then(|request| request.with_header("user-agent", &format!("greenlight/{VERSION}")))
            .and_then(|request| request.with_header("x-greenlight-deployment", &self.admin.deployment))
            .map_err(|error| cannot(&error))?;
        match prober.send(&request, self.admin.deadline).await {
            Ok(Reply::Answer(answer)) => Ok(answer),
            Ok(Reply::Unreachable(why)) => Err(NoReading::Unreachable {
                words: why.to_string(),
                refused: matches!(why.obstacle, Obstacle::Refused),
            }),
            Ok(Reply::NoAnswer(silence)) => match silence.fault {
                Fault::NotHttp { .. } | Fault::BodyTooLarge { .. } => {
                    Err(self.stranger(path, &silence.to_string(), None))
                }
                _ => Err(NoReading::Silent(format!("GET {}: {silence}", shown(path)))),
            },
            Err(_) => Err(NoReading::OutOfTime),
        }
    }

    /// The body of an answer that must be one of success.
    async fn json(&self, path: &str) -> Result<Bytes, NoReading> {
        let answer = self.get(path).await?;
        if answer.status.as_u16() == 200 {
            return Ok(answer.body);
        }
        Err(self.stranger(path, &status(&answer), Some(&answer)))
    }

    async fn stats(&self, query: &str) -> Result<BTreeMap<String, u64>, NoReading> {
        let path = format!("/stats?format=json&{query}");
        let body = self.json(&path).await?;
        reading::stats(&body).map_err(|why| self.stranger(&path, &why, None))
    }

    /// The members of the clusters that the plan names: all of their stats, used or not, so that a cluster
    /// without members is told from one that does not exist.
    async fn members(&self) -> Result<BTreeMap<String, Option<Members>>, NoReading> {
        let clusters = &self.admin.clusters;
        if clusters.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names: Vec<_> = clusters.iter().map(|name| escaped(&in_stats(name))).collect();
        let filter = format!(r"^cluster\.({})\.membership_(healthy|total)$", names.join("|"));
        let stats = self.stats(&format!("filter={}", encoded(&filter))).await?;
        let of = |name: &String| {
            let number = |leaf| stats.get(&format!("cluster.{}.membership_{leaf}", in_stats(name))).copied();
            Some(Members { healthy: number("healthy")?, total: number("total")? })
        };
        Ok(clusters.iter().map(|name| (name.clone(), of(name))).collect())
    }

    fn stranger(&self, path: &str, why: &str, answer: Option<&Answer>) -> NoReading {
        let envoy = answer.is_some_and(|answer| {
            answer.status.as_u16() == 403
                && answer.headers.get("server").is_some_and(|server| server == "envoy")
        });
        NoReading::Stranger {
            words: format!(
                "what answers at {} is no admin interface of Envoy: GET {} came to {why}",
                self.place.url,
                shown(path)
            ),
            hint: if envoy {
                "an Envoy refuses it: add /ready, /server_info and /stats to `admin.allow_paths`"
            } else {
                "set `port` to the one of `admin.address` in Envoy's bootstrap, or `url` to a listener that passes /ready, /server_info and /stats on to it"
            },
        }
    }
}

fn status(answer: &Answer) -> String {
    let of = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let of =
        of.map(|kind| format!(" with {}", kind.chars().take(60).collect::<String>())).unwrap_or_default();
    format!("status {}{of}", answer.status.as_u16())
}

/// A path for people: without its query.
fn shown(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// A cluster's name as it stands in the names of its stats, where a colon would end a tag.
fn in_stats(name: &str) -> String {
    name.replace(':', "_")
}

/// A name as a regular expression.
fn escaped(name: &str) -> String {
    let escape = |letter: char| {
        let plain = letter.is_alphanumeric() || letter == '_' || !letter.is_ascii();
        [(!plain).then_some('\\'), Some(letter)]
    };
    name.chars().flat_map(escape).flatten().collect()
}

fn encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
