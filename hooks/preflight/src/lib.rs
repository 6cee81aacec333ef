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
mod document;
#[cfg(test)]
mod documentation;
mod elb;
mod facts;
mod look;
mod message;
mod node;
mod pages;
mod rule;
mod service;
mod trust;

pub use self::{
    catalogue::{Judged, Lack, all, explain, find, judge},
    document::{Document, Spelling, Unknown},
    facts::{Facts, Key},
    look::Look,
    message::Explained,
    node::Node,
    rule::{Finding, Place, Rule, Severity},
};
