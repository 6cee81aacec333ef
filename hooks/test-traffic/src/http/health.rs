//! What is left where green can be asked nothing: the load balancer's own opinion of its targets.

use greenlight::{Outcome, deployment::Approach};

/// Judges by isolation, which is shown already, and the health of green's targets.
pub(super) fn alone(approach: &Approach, why: &str) -> Outcome {
    let none = format!("no application request was made: {why}: name a `path` that can be asked for");
    if let Some(unknown) = &approach.unknown {
        return (**unknown).clone();
    }
    let Some(group) = &approach.group else {
        return Outcome::cannot_tell(none).hint(
            "set `path` in the check, and `target.url` in the plan where green is not reached otherwise",
        );
    };
    let members: Vec<_> = approach.targets.iter().filter(|target| target.state != "draining").collect();
    let in_state = |state: &str| members.iter().filter(|target| target.state == state).collect::<Vec<_>>();
    let of = |count: usize| format!("{count} of {} targets of `{}`", members.len(), group.name);
    if let Some(first) = in_state("unhealthy").first() {
        // It may be starting: ECS waits for it, too, and says so when it has waited long enough.
        let reason = first.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let observed = format!(
            "{} are unhealthy, first {}:{}{reason}",
            of(in_state("unhealthy").len()),
            first.id,
            first.port
        );
        return Outcome::pending(observed).expected("healthy targets only");
    }
    let healthy = in_state("healthy").len();
    if healthy == members.len() && healthy > 0 {
        return Outcome::pass(format!("{none}; {} are healthy", of(healthy)));
    }
    if members.is_empty() || !in_state("initial").is_empty() {
        return Outcome::pending(format!("{} are healthy; {none}", of(healthy)));
    }
    let odd = members.iter().find(|target| target.state != "healthy");
    let odd =
        odd.map(|target| format!("{}:{} is `{}`", target.id, target.port, target.state)).unwrap_or_default();
    Outcome::inconclusive(format!("{} are healthy, {odd}; {none}", of(healthy)))
}
