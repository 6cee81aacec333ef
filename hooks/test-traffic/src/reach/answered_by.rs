//! Who answered: green, or the load balancer in its place.
//!
//! An Application Load Balancer's own answers carry `server: awselb/2.0`. Its 502 and 504 say that green
//! did not answer properly: they are green's. A 503 while it has no healthy target, or before the rule's
//! weights have moved, says that it is too early. Everything else that it makes by itself (a fixed
//! response or redirect of another rule, a refusal of its firewall) says nothing about green, however
//! well its status would fit.

use std::sync::Arc;

use greenlight::deployment::{Approach, route::Route};
use greenlight_prober::{Answer, Mismatch, Whose};
use url::Url;

use super::made_by_load_balancer;

/// What is known of the route that a request took.
#[derive(Clone, Default)]
pub(crate) struct Taken {
    /// Whether it went through a load balancer that discovery found.
    pub(crate) by_load_balancer: bool,
    /// Why that one may have nobody to ask yet.
    pub(crate) too_early: Option<String>,
    /// Whether the request was our own choice (green's health check): then a redirect elsewhere is not
    /// green's fault. The origin that was asked for.
    pub(crate) own_choice_at: Option<Url>,
    /// Whether a redirect that was followed from a step, counted from 0, led back to the route; nobody asks where
    /// there is none.
    pub(crate) leads_back: Option<Arc<LeadsBack>>,
    /// Whether the path of a step, counted from 0, goes by the route that is proven; nobody asks where there
    /// is none.
    pub(crate) goes_by_route: Option<Arc<GoesByRoute>>,
    /// What to look at where somebody else answers.
    pub(crate) notes: String,
}

pub(crate) type LeadsBack = dyn Fn(usize, &Url) -> bool + Send + Sync;
pub(crate) type GoesByRoute = dyn Fn(usize, &str) -> bool + Send + Sync;

/// Why the load balancer may have nobody to ask yet.
pub(crate) fn too_early(approach: &Approach, route: &Route) -> Option<String> {
    let green = approach.group.as_ref()?;
    if approach.has_no_healthy_target() {
        return Some(format!("`{}` has no healthy target yet", green.name));
    }
    let moved = route.live.iter().any(|live| live.weight > 0 && live.target_group == green.arn);
    (!moved).then(|| "the rule's weights have not moved to green yet".to_owned())
}

/// An answer to a step, counted from 0, that is not green's, if it is none; `excerpt` makes its texts fit to be shown.
pub(crate) fn stranger(
    answer: &Answer,
    step: usize,
    taken: &Taken,
    excerpt: impl Fn(&str) -> String,
) -> Option<Mismatch> {
    let status = answer.status.as_u16();
    if taken.by_load_balancer && made_by_load_balancer(answer) {
        let made = format!("the load balancer itself answered {status} (server: awselb/2.0)");
        return match (status, &taken.too_early) {
            (502 | 504, _) | (503, None) => None,
            (503, Some(why)) => Some(Mismatch::new(format!("{made}: {why}"), "").of(Whose::NotYet)),
            _ => Some(
                Mismatch::new(
                    made,
                    format!(
                        "a fixed response or a redirect of a rule, or a refusal of its firewall{}",
                        taken.notes
                    ),
                )
                .of(Whose::Other),
            ),
        };
    }
    if let Some(leads_back) = &taken.leads_back {
        let strays = |to: &&String| !Url::parse(to).is_ok_and(|to| leads_back(step, &to));
        if let Some(to) = answer.redirects.iter().find(strays) {
            return Some(
                Mismatch::new(
                    format!("a redirect led away from the route that is proven, to {}", excerpt(to)),
                    "follow none (`redirects: 0`), or ask for the path that it leads to",
                )
                .of(Whose::Other),
            );
        }
    }
    let asked = taken.own_choice_at.as_ref()?;
    let location = answer.location()?;
    let to = asked.join(&location).ok()?;
    // A redirect may name the port of the connection, too.
    let ports = [asked.port_or_known_default(), Some(answer.remote.port())];
    let elsewhere = to.scheme() != asked.scheme()
        || to.host_str() != asked.host_str()
        || !ports.contains(&to.port_or_known_default());
    elsewhere.then(|| {
        Mismatch::new(
            format!("status {status} sends the request to {}", excerpt(&location)),
            "its health check is redirected, which says nothing about it: name a `path` that is not, or set `target.url`",
        )
        .of(Whose::Other)
    })
}
