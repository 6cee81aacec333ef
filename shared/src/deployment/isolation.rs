//! Isolation: the proof that what answers on a route is green, and only green.
//!
//! A pure judgement over facts. It matters because nothing else notices: infrastructure code that resets
//! a listener rule sends a hook's test traffic back to blue, every answer is fine, and the release was
//! never looked at. Three things must agree: the weights of the rule, the target group that the revision
//! was resolved to, and the addresses of its targets, which must be those of green's tasks.
//!
//! Wrong and mixed pools are green's deployment gone wrong (`fail`), targets that are still to come are
//! `pending`. What cannot be shown by nature (instances as targets) is *not proven*; it stops only where
//! the plan requires a proof.

use std::{collections::BTreeMap, fmt, net::IpAddr, time::Duration};

mod check;

pub use self::check::IsolationCheck;

use super::{
    arn::short,
    load_balancing::{Target, Weighted},
    overview::Sides,
    tasks::{Owned, Task, owned},
};
use crate::Outcome;

/// Why nothing is known of whose tasks they are, where [`owned`] cannot tell.
pub const UNTOLD: &str = "green's tasks cannot be told from blue's: no task says which revision started it, and their task definitions do not tell them apart";
/// How long a target may be nobody's before it is somebody else's.
const LEAVING: Duration = Duration::from_mins(1);
/// More addresses than these are counted, not listed.
const LISTED: usize = 5;

/// What became of the proof.
#[derive(Debug, Clone, PartialEq)]
pub enum Isolation {
    /// What answers is green; how that was shown.
    Proven(String),
    /// It can be neither shown nor refuted, by nature; why.
    NotProven(String),
    /// It is not so, not yet so, or could not be asked.
    Open(Box<Outcome>),
}

impl Isolation {
    /// The word that evidence uses.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Proven(_) => "proven",
            Self::NotProven(_) => "not_proven",
            Self::Open(outcome) => outcome.kind.word(),
        }
    }

    /// Why.
    pub fn words(&self) -> String {
        match self {
            Self::Proven(words) | Self::NotProven(words) => words.clone(),
            Self::Open(outcome) => outcome.words(),
        }
    }
}

/// A route's pool, and what it is held against.
#[derive(Debug, Clone, Copy)]
pub struct Pool<'a> {
    /// The rule or listener, for people: `the test rule …`.
    pub entrance: &'a str,
    /// Where it sends traffic.
    pub live: &'a [Weighted],
    /// The ARN of green's target group.
    pub green_group: &'a str,
    /// `ip`, `instance`, `lambda` or `alb`: what green's target group holds.
    pub target_type: &'a str,
    /// The targets of green's target group and of every other one that gets traffic, by its ARN.
    pub targets: &'a BTreeMap<String, Vec<Target>>,
    /// Blue and green.
    pub sides: &'a Sides,
    /// The service's tasks.
    pub tasks: &'a [Task],
}

/// Judges whether the pool is green's alone.
pub fn judge(pool: &Pool<'_>) -> Isolation {
    let owners = Owners::new(pool);
    if let Some(outcome) = weights(pool, &owners) {
        return Isolation::Open(Box::new(outcome));
    }
    let green = short(pool.green_group);
    let members = members(pool, pool.green_group);
    if pool.target_type != "ip" {
        return Isolation::NotProven(format!(
            "the targets of `{green}` are of type `{}`: they do not tell which task answers",
            pool.target_type
        ));
    }
    if members.is_empty() {
        return open(Outcome::pending(format!(
            "no target is registered in `{green}`, green's target group, yet"
        )));
    }
    let Some(owned) = &owners.0 else {
        return open(Outcome::inconclusive(UNTOLD));
    };
    let strange: Vec<_> =
        members.iter().filter(|target| owners.of(target) != Owner::Green).copied().collect();
    if !strange.is_empty() {
        let own: Vec<_> =
            members.iter().filter(|target| owners.of(target) == Owner::Green).copied().collect();
        let observed = format!(
            "`{green}`, green's target group, holds {} beside {}",
            owners.describe(&strange, pool.sides),
            if own.is_empty() { "no task of green".to_owned() } else { owners.describe(&own, pool.sides) }
        );
        let expected = format!("only tasks of green revision {}", pool.sides.green.id);
        // A task that is being stopped leaves the list of tasks a moment before its target leaves the group.
        if strange.iter().all(|target| owners.of(target) == Owner::Nobody) {
            return open(Outcome::pending(observed).expected(expected).for_at_most(LEAVING));
        }
        return open(Outcome::fail(observed, expected).hint(
            "a verdict would be a coin flip: two revisions share a target group; look for infrastructure code that resets listener rules",
        ));
    }
    let registered = |task: &&&Task| members.iter().any(|target| is_at(task, target));
    let running: Vec<_> = owned.green.iter().filter(|task| task.is_running()).collect();
    let missing: Vec<_> = running.iter().filter(|task| !registered(task)).map(|task| task.id()).collect();
    if !missing.is_empty() {
        return open(Outcome::pending(format!(
            "{} of {} running tasks of green are registered in `{green}`; not yet: {}",
            running.len() - missing.len(),
            running.len(),
            listed(&missing)
        )));
    }
    Isolation::Proven(format!(
        "{} sends all its traffic to `{green}`, and {} of green revision {}, told by {}",
        pool.entrance,
        if members.len() == 1 {
            "its one target is a task".to_owned()
        } else {
            format!("its {} targets are tasks", members.len())
        },
        pool.sides.green.id,
        owned.by
    ))
}

fn open(outcome: Outcome) -> Isolation {
    Isolation::Open(Box::new(outcome))
}

/// What is wrong with the weights.
fn weights(pool: &Pool<'_>, owners: &Owners<'_>) -> Option<Outcome> {
    let total: u32 = pool.live.iter().map(|group| group.weight).sum();
    let strays: Vec<_> =
        pool.live.iter().filter(|group| group.weight > 0 && group.target_group != pool.green_group).collect();
    let to_green = pool.live.iter().any(|group| group.weight > 0 && group.target_group == pool.green_group);
    if strays.is_empty() && to_green {
        return None;
    }
    let green = short(pool.green_group);
    let share = |group: &&Weighted| {
        let percent = f64::from(group.weight) * 100.0 / f64::from(total.max(1));
        let targets = members(pool, &group.target_group);
        let whose =
            if targets.is_empty() { "no targets".to_owned() } else { owners.describe(&targets, pool.sides) };
        format!("{} % to `{}` ({whose})", (percent * 10.0).round() / 10.0, short(&group.target_group))
    };
    let sends = match strays.as_slice() {
        [] => "no traffic anywhere".to_owned(),
        strays => strays.iter().map(share).collect::<Vec<_>>().join(" and "),
    };
    let own = members(pool, pool.green_group);
    let own = if own.is_empty() { "no targets".to_owned() } else { owners.describe(&own, pool.sides) };
    let rest = if to_green { "and only the rest" } else { "and nothing" };
    let observed = format!("{} sends {sends}, {rest} to `{green}` ({own})", pool.entrance);
    Some(
        Outcome::fail(observed, format!("all of it to `{green}`, the target group of green revision {}", pool.sides.green.id)).hint(
            "infrastructure code that resets the rule does this: in Terraform, put `lifecycle { ignore_changes = [action] }` on the production and the test rule",
        ),
    )
}

/// The targets of a group that get traffic; what drains gets none.
fn members<'a>(pool: &Pool<'a>, group: &str) -> Vec<&'a Target> {
    let targets = pool.targets.get(group).map(Vec::as_slice).unwrap_or_default();
    targets.iter().filter(|target| target.state != "draining").collect()
}

fn is_at(task: &Task, target: &Target) -> bool {
    target.address().is_some_and(|address| task.addresses.contains(&address))
}

/// Whose task a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Green,
    Blue,
    /// Another revision of the same service.
    Other,
    /// No task of the service.
    Nobody,
}

/// The owners of addresses; nothing where tasks cannot be told apart.
struct Owners<'a>(Option<Owned<'a>>);

impl<'a> Owners<'a> {
    fn new(pool: &Pool<'a>) -> Self {
        Self(owned(pool.tasks, pool.sides))
    }

    fn of(&self, target: &Target) -> Owner {
        let Some(owned) = &self.0 else { return Owner::Nobody };
        let any = |tasks: &[&Task]| tasks.iter().any(|task| is_at(task, target));
        match (any(&owned.green), any(&owned.blue), any(&owned.others)) {
            (true, ..) => Owner::Green,
            (_, true, _) => Owner::Blue,
            (_, _, true) => Owner::Other,
            _ => Owner::Nobody,
        }
    }

    /// Addresses with whose tasks they are.
    fn describe(&self, targets: &[&Target], sides: &Sides) -> String {
        let address = |target: &&Target| Address(target).to_string();
        if self.0.is_none() {
            return listed(&targets.iter().map(address).collect::<Vec<_>>());
        }
        let mut by_owner: BTreeMap<Owner, Vec<String>> = BTreeMap::new();
        for target in targets {
            by_owner.entry(self.of(target)).or_default().push(address(target));
        }
        let blue = sides.blue.iter().map(|blue| blue.id.as_str()).collect::<Vec<_>>().join(", ");
        let words = by_owner.iter().map(|(owner, addresses)| {
            let addresses = listed(addresses);
            match owner {
                Owner::Green => format!("{addresses} of green revision {}", sides.green.id),
                Owner::Blue => format!("{addresses} of blue revision {blue}"),
                Owner::Other => format!("{addresses} of an older revision"),
                Owner::Nobody => format!("{addresses} (no task of this service)"),
            }
        });
        words.collect::<Vec<_>>().join("; ")
    }
}

/// A target for people: `10.0.1.5:8080`.
struct Address<'a>(&'a Target);

impl fmt::Display for Address<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.address() {
            Some(IpAddr::V6(address)) => write!(formatter, "[{address}]:{}", self.0.port),
            _ => write!(formatter, "{}:{}", self.0.id, self.0.port),
        }
    }
}

fn listed<T: AsRef<str>>(texts: &[T]) -> String {
    let shown: Vec<_> = texts.iter().take(LISTED).map(AsRef::as_ref).collect();
    match texts.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests;
