//! What green's targets in one target group come to: a pure judgement over facts.

use std::collections::BTreeSet;

use greenlight::{
    Outcome, SkipCause, Stage,
    deployment::{Registered, Task, load_balancing::Target},
};
use jiff::Timestamp;
use serde_json::json;

use super::state::{Described, Meaning, hint};
use crate::{
    grace::{Grace, Judged},
    words::{count, listed},
};

/// The facts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool<'a> {
    /// Green's target group, with what is registered in it.
    pub(super) way: &'a Registered,
    /// Green's tasks that are meant to run.
    pub(super) green: &'a [&'a Task],
    pub(super) revision: &'a str,
    pub(super) stage: &'a Stage,
    pub(super) now: Timestamp,
}

impl<'a> Pool<'a> {
    /// Whether a grace period matters.
    pub(super) fn any_unhealthy(&self) -> bool {
        self.own().iter().any(|target| Meaning::of(target) == Meaning::Failing)
    }

    /// The targets that are green's: by their addresses, where they have any.
    fn own(&self) -> Vec<&'a Target> {
        let all = self.way.targets.iter();
        if self.tells_tasks() {
            all.filter(|target| self.task_of(target).is_some()).collect()
        } else {
            all.collect()
        }
    }

    /// Whether targets tell which task they are: instances and functions do not.
    fn tells_tasks(&self) -> bool {
        self.way.group.target_type == "ip"
    }

    fn task_of(&self, target: &Target) -> Option<&'a Task> {
        let address = target.address()?;
        self.green.iter().copied().find(|task| task.addresses.contains(&address))
    }

    /// The task whose age counts for a target: the youngest, where it is not told.
    fn blamed(&self, target: &Target) -> Option<&'a Task> {
        let youngest = || self.green.iter().copied().max_by_key(|task| task.started_at.unwrap_or(self.now));
        self.task_of(target).or_else(youngest)
    }

    fn running(&self) -> Vec<&'a Task> {
        self.green.iter().copied().filter(|task| task.is_running()).collect()
    }

    /// Whether no listener has to send green's group any traffic yet.
    fn is_early(&self) -> bool {
        match self.stage {
            Stage::PostProductionTrafficShift | Stage::ProductionTrafficShift => false,
            Stage::PostScaleUp | Stage::TestTrafficShift => true,
            _ => !self.way.has_test_route,
        }
    }
}

/// Judges green's targets in one group.
pub(super) fn judge(pool: &Pool<'_>, zones: usize, grace: &Grace) -> Outcome {
    let own = pool.own();
    let mut outcome = decide(pool, &own, zones, grace);
    let states: Vec<_> = own
        .iter()
        .take(100)
        .map(|target| json!({ "id": target.id, "port": target.port, "state": target.state, "reason": target.reason, "override": target.overridden }))
        .collect();
    outcome.measured.extend([
        ("target_group".to_owned(), json!(pool.way.group.name)),
        ("targets".to_owned(), json!(states)),
        ("others".to_owned(), json!(pool.way.targets.len() - own.len())),
        ("running_tasks".to_owned(), json!(pool.running().len())),
        (
            "zones".to_owned(),
            json!({ "healthy": healthy_zones(pool, &own), "load_balancer": pool.way.zones }),
        ),
    ]);
    outcome
}

fn decide(pool: &Pool<'_>, own: &[&Target], zones: usize, grace: &Grace) -> Outcome {
    let group = format!("`{}`, green's target group,", pool.way.group.name);
    let of =
        |meaning| own.iter().copied().filter(|target| Meaning::of(target) == meaning).collect::<Vec<_>>();
    let described = |targets: &[&Target]| listed(targets.iter().map(|target| Described(target)), "; ");
    let (healthy, leaving) = (of(Meaning::Healthy), of(Meaning::Leaving));
    let not_in_use = of(Meaning::NotInUse);
    if !not_in_use.is_empty() && not_in_use.len() + leaving.len() == own.len() && pool.is_early() {
        let words = format!(
            "at {} no listener sends {group} any traffic yet, so that nobody checks its targets",
            pool.stage
        );
        return Outcome::skip(SkipCause::WrongStage, words)
            .hint("the check belongs where the test route, or production, leads to green");
    }
    let failing = of(Meaning::Failing);
    let young = match young(pool, &failing, grace) {
        Ok(young) => young,
        Err(outcome) => return *outcome,
    };
    let old: Vec<_> = failing.iter().copied().filter(|target| !young.contains(target)).collect();
    if let [first, ..] = old[..] {
        let open = if healthy.is_empty() {
            "; as no target is healthy, the load balancer fails open: it sends requests to all of them, and an answer proves nothing"
        } else {
            ""
        };
        let observed = format!("in {group} {}{open}", described(&old));
        return Outcome::fail(observed, format!("healthy, after {}", grace.words())).hint(format!(
            "{}; {}",
            hint(first),
            Grace::HINT
        ));
    }
    let unusable = of(Meaning::Unusable);
    if !unusable.is_empty() {
        return Outcome::fail(format!("in {group} {}", described(&unusable)), "targets that get traffic")
            .hint("look at what registers them");
    }
    if !not_in_use.is_empty() {
        // After a change of rules targets come into use one by one, within seconds; what stays behind has no zone.
        let observed = format!("in {group} {}", described(&not_in_use));
        let expected = "targets that get traffic";
        let decided = Outcome::fail(&observed, expected)
            .hint("enable the zones of the tasks for the load balancer, and let a rule forward to the group");
        return Outcome::pending(observed).expected(expected).otherwise(decided);
    }
    if let Some(outcome) = waits(pool, own, &group, &healthy, &young) {
        return outcome;
    }
    let unchecked = of(Meaning::Unchecked);
    if !unchecked.is_empty() {
        return Outcome::cannot_tell(format!("in {group} {}", described(&unchecked)))
            .hint("enable health checks for the target group, or leave this check out");
    }
    let unknown = of(Meaning::Unknown);
    if !unknown.is_empty() {
        return Outcome::inconclusive(format!("in {group} {}", described(&unknown)));
    }
    covered(pool, own, zones, &healthy)
}

/// The failing targets whose tasks are still within their grace period.
fn young<'t>(
    pool: &Pool<'_>,
    failing: &[&'t Target],
    grace: &Grace,
) -> Result<Vec<&'t Target>, Box<Outcome>> {
    let mut young = Vec::new();
    for target in failing {
        let observed = format!("in `{}`, green's target group, {}", pool.way.group.name, Described(target));
        if grace.of(pool.blamed(target), pool.now, &observed)? == Judged::Lasts {
            young.push(*target);
        }
    }
    Ok(young)
}

/// What is still to come.
fn waits(
    pool: &Pool<'_>,
    own: &[&Target],
    group: &str,
    healthy: &[&Target],
    young: &[&Target],
) -> Option<Outcome> {
    let running = pool.running();
    if running.is_empty() {
        return Some(Outcome::pending(format!("no task of green revision {} runs yet", pool.revision)));
    }
    let progress = format!("{} of {} in {group} healthy", healthy.len(), count(own.len(), "target"));
    if !young.is_empty() {
        let words = listed(young.iter().map(|target| Described(target)), "; ");
        return Some(Outcome::pending(format!("{progress}; within the grace period {words}")));
    }
    let starting: Vec<_> =
        own.iter().copied().filter(|target| Meaning::of(target) == Meaning::Starting).collect();
    if !starting.is_empty() {
        let words = listed(starting.iter().map(|target| Described(target)), "; ");
        return Some(Outcome::pending(format!("{progress}; not yet: {words}")));
    }
    let serves = |task: &&Task| {
        own.iter().any(|target| {
            Meaning::of(target) != Meaning::Leaving
                && target.address().is_some_and(|address| task.addresses.contains(&address))
        })
    };
    let missing: Vec<_> = running.iter().filter(|task| !serves(task)).map(|task| task.id()).collect();
    if pool.tells_tasks() && !missing.is_empty() {
        return Some(Outcome::pending(format!(
            "{} of {} of green registered in {group} not yet: {}",
            running.len() - missing.len(),
            count(running.len(), "running task"),
            listed(missing, ", ")
        )));
    }
    let known = own.len() - own.iter().filter(|target| Meaning::of(target) == Meaning::Leaving).count();
    if known < running.len() {
        return Some(Outcome::pending(format!(
            "{progress}; expected one for each of {}",
            count(running.len(), "running task")
        )));
    }
    None
}

/// All are healthy: do they cover enough zones?
fn covered(pool: &Pool<'_>, own: &[&Target], zones: usize, healthy: &[&Target]) -> Outcome {
    let group = &pool.way.group.name;
    let covered = healthy_zones(pool, own);
    let of = &pool.way.zones;
    let all = if healthy.len() == 1 {
        "the one target".to_owned()
    } else {
        format!("all {} targets", healthy.len())
    };
    let are = if healthy.len() == 1 { "is" } else { "are" };
    let in_zones = if covered.is_empty() {
        String::new()
    } else {
        let within =
            if of.is_empty() { String::new() } else { format!(" of the load balancer's {}", of.len()) };
        format!(", in {}{within} ({})", count(covered.len(), "zone"), covered.join(", "))
    };
    let observed = format!("{all} of green in `{group}` {are} healthy{in_zones}{}", shifted(own));
    if zones == 0 {
        return Outcome::pass(observed);
    }
    if covered.is_empty() {
        return Outcome::cannot_tell(format!("the zones of the targets of `{group}` are not told"))
            .hint("targets of the type `ip` tell them; leave `zones` out");
    }
    if !of.is_empty() && of.len() < zones {
        let words = format!(
            "`zones` is {zones}, and the load balancer is enabled for {}: {}",
            count(of.len(), "zone"),
            of.join(", ")
        );
        return Outcome::cannot_tell(words).hint("enable more zones for the load balancer, or lower `zones`");
    }
    if covered.len() < zones {
        return Outcome::fail(observed, format!("healthy targets in at least {}", count(zones, "zone")))
            .hint("place tasks in the subnets of more zones");
    }
    Outcome::pass(observed)
}

/// What else keeps traffic from targets that are healthy: a zone that somebody shifted away from.
fn shifted(own: &[&Target]) -> String {
    let states: Vec<_> = own.iter().filter_map(|target| target.overridden.as_deref()).collect();
    if states.is_empty() {
        return String::new();
    }
    let distinct: BTreeSet<_> = states.iter().collect();
    format!("; {} shifted away ({})", count(states.len(), "target"), listed(distinct, ", "))
}

/// The zones that have a healthy target, as far as their tasks tell, in order.
fn healthy_zones(pool: &Pool<'_>, own: &[&Target]) -> Vec<String> {
    let healthy = own.iter().filter(|target| Meaning::of(target) == Meaning::Healthy);
    let zones: BTreeSet<_> = healthy.filter_map(|target| pool.task_of(target)?.zone.clone()).collect();
    zones.into_iter().collect()
}

#[cfg(test)]
mod tests;
