//! The wiring of a deployment: what must be so that it can succeed, before anything is started.
//!
//! A [`Rule`] is one small item: what is wrong, why that matters, how to mend it, and how it is found. Rules are
//! judged against [`Facts`]: documents in the shape of AWS's own APIs, from files or from an account, which
//! makes no difference to a rule. What a rule asked for and did not get it names ([`Judged::lacks`]), so that
//! nothing is guessed: a live look fetches it, and a static one says that the rule was not judged. Rules are also
//! found by what AWS says when they are broken ([`explain`]).
//!
//! | module | its one reason to exist |
//! |---|---|
//! | [`rules`] | the rules, grouped by subject; adding one is an item and its name in the list of its file |
//! | `rule` | what a rule is |
//! | `facts`, `document` | what is known of a deployment, and where it stands |
//! | `look`, `node` | how a rule looks at it, and what it leaves behind: findings, and what it lacked |
//! | `message` | patterns of what AWS says |
//! | [`arithmetic`] | what ECS and CloudFormation compute from the numbers of a deployment |

pub mod arithmetic;
pub mod rules;

mod arn;
mod catalogue;
mod codedeploy;
mod conditions;
mod document;
#[cfg(test)]
mod documentation;
mod egress;
mod elb;
mod facts;
mod image;
pub mod live;
mod look;
mod message;
mod node;
mod pages;
mod permission;
mod policy;
mod rule;
mod service;
mod trust;
mod wiring;

pub use self::{
    arn::{Arn, function_name},
    catalogue::{Judged, Lack, all, explain, find, judge, matching, nearest},
    document::{Document, Spelling, Unknown},
    egress::services_called,
    facts::{Facts, Key},
    look::Look,
    message::Explained,
    node::Node,
    rule::{Finding, Place, Rule, Severity},
    wiring::Wiring,
};

use greenlight::Hook;
use serde_json::json;

/// The hook `preflight`, with its check and the plan that it has by default.
///
/// It looks at nothing that a stage would make, so it belongs at any; before anything is started it saves most.
pub fn hook() -> Hook {
    Hook::new("preflight").check::<Wiring>("wiring").defaults(json!({ "checks": [{ "wiring": {} }] }))
}
