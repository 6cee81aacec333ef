//! Green, and the ways to it: what the checks of this hook have in common.
//!
//! Nothing is judged before it is shown that what answers is green, whatever is asked: that is decided here, once
//! for all checks.
//!
//! | question | where |
//! |---|---|
//! | is what answers green | `proof` |
//! | which way, and one outcome of all ways | `ways` |
//! | each of green's tasks, one by one | `tasks` |
//! | scheme, host, certificate, and the headers that every request carries | `place` |
//! | how far did a request come | `reached` |
//! | was it green that answered, or the load balancer | `answered_by` |

use greenlight::deployment::Asks;
use greenlight::plan::{Problem, Target};
use greenlight::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) mod answered_by;
mod place;
mod proof;
mod reached;
pub(crate) mod tasks;
mod ways;
mod words;

pub(crate) use self::{
    place::{Place, endpoint, fetched, laid_over, told_and_secret},
    proof::{at_target, measured, proven},
    reached::Reached,
    ways::{Probed, each_way, together},
    words::{excerpt, made_by_load_balancer, shortened},
};

/// What going there asks of AWS: nothing, where the plan says where green is.
pub(crate) fn asks(target: &Target) -> Vec<Asks> {
    match target.url {
        Some(_) => vec![Asks::Connection],
        None => vec![Asks::Approaches, Asks::Connection],
    }
}

/// Which way a check goes to green.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Via {
    /// The way that the stage has: the load balancer's route where there is one, else green's tasks.
    #[default]
    Auto,
    /// Each of green's tasks, at its own address.
    Tasks,
}

impl Via {
    /// What contradicts where the plan says that green is.
    pub(crate) fn problems_at(self, target: &Target) -> Option<Problem> {
        let url = target.url.as_ref().filter(|_| self == Self::Tasks)?;
        Some(
            Problem::new("via", format!("is `tasks`, and `target.url` ({url}) names one place"))
                .hint("remove the target URL: green's tasks are found by discovery; or leave `via` out"),
        )
    }

    /// A port that no way leads to.
    pub(crate) fn port_problems(self, port: Option<u16>) -> Option<Problem> {
        match (port, self) {
            (Some(0), _) => Some(Problem::new("port", "is 0; expected 1 to 65535")),
            (Some(_), Self::Auto) => Some(
                Problem::new("port", "is one of green's tasks, where only `\"via\": \"tasks\"` leads")
                    .hint("add `\"via\": \"tasks\"`, or leave `port` out"),
            ),
            (Some(_), Self::Tasks) | (None, _) => None,
        }
    }
}

/// A target URL that no HTTP is spoken at.
pub(crate) fn http_problems(kind: &str, target: &Target) -> Option<Problem> {
    let url = target.url.as_ref().filter(|url| !url.is_http())?;
    Some(
        Problem::new("", format!("the check `{kind}` needs HTTP, and `target.url` is {url}"))
            .hint("name a target URL with `http` or `https`; the check `tcp` takes those, too"),
    )
}
