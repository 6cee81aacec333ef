//! Which HTTP is spoken: `version` of the check `http`.
//!
//! An Application Load Balancer speaks HTTP/2 with clients at HTTPS listeners alone, and with targets what their
//! group's protocol version says (user guide, *Listeners* and *Target groups for your Application Load Balancers*).
//! So green may speak nothing but HTTP/2 while the load balancer takes HTTP/1.1, and the other way round.

use greenlight::schemars::JsonSchema;
use greenlight::{
    Outcome,
    deployment::{
        Approach,
        route::{Route, Scheme},
    },
};
use greenlight_prober::Speaks;
use serde::{Deserialize, Serialize};

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
pub(super) enum Version {
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2: agreed on over TLS, and taken for granted without.
    #[serde(rename = "2")]
    Two,
    /// HTTP/2 where green or its load balancer agree on it over TLS, else HTTP/1.1.
    #[serde(rename = "auto")]
    Auto,
}

/// What is spoken. Where the plan says nothing it is HTTP/1.1, but for tasks that their load balancer speaks to
/// over HTTP/2.
pub(super) fn speaks(planned: Option<Version>, to_http2_tasks: bool) -> Speaks {
    match planned {
        Some(Version::Two) => Speaks::Http2,
        Some(Version::Auto) => Speaks::Http,
        None if to_http2_tasks => Speaks::Http2,
        Some(Version::One) | None => Speaks::Http1,
    }
}

/// Why the load balancer does not speak it.
pub(super) fn cannot_be_spoken(
    planned: Option<Version>,
    route: &Route,
    approach: &Approach,
) -> Option<Outcome> {
    let is_network = approach.entrance.as_ref().is_some_and(|entrance| entrance.is_network);
    (planned == Some(Version::Two) && route.scheme == Scheme::Http && !is_network).then(|| {
        Outcome::cannot_tell(
            "`version` is `2`, and an Application Load Balancer speaks HTTP/2 at HTTPS listeners only",
        )
        .hint("leave `version` out, test through an HTTPS listener, or ask the tasks: `\"via\": \"tasks\"`")
    })
}
