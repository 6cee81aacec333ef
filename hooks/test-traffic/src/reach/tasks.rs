//! Each of green's tasks, at its own address.
//!
//! A load balancer spreads requests, and an outcome over them hides which task is the bad one. Here every task is
//! asked, and the outcome names those that failed.

use std::future::Future;
use std::net::SocketAddr;

use futures_util::{StreamExt, stream};
use greenlight::{
    Kind, Outcome,
    deployment::{Approach, TaskAddress},
};
use serde_json::{Map, Value, json};

use super::Reached;

/// Tasks that are asked at once.
const AT_ONCE: usize = 10;
/// Tasks that an outcome tells more of than their ids, and that the evidence lists.
const TOLD: usize = 3;
const LISTED: usize = 100;

/// What became of one task.
pub(crate) struct Asked {
    /// The task's id.
    task: String,
    /// Where it was asked; none where nothing is known of that.
    at: Option<SocketAddr>,
    outcome: Outcome,
    reached: Reached,
}

/// Asks every task of green, several at once. `port` takes the place of the one that is registered.
pub(crate) async fn every<F>(
    approach: &Approach,
    port: Option<u16>,
    ask: impl Fn(TaskAddress, SocketAddr) -> F,
) -> Outcome
where
    F: Future<Output = (Outcome, Reached)>,
{
    if let Some(unknown) = &approach.unknown {
        return (**unknown).clone();
    }
    let one = async |task: &TaskAddress| {
        let name = task.task.clone();
        let Some(port) = port.or(task.port) else {
            let outcome = Outcome::inconclusive("nothing tells the port that green's container listens on (yet)").hint(
                "set `port` in the check, or allow ecs:DescribeTaskDefinition and map one port in the task definition",
            );
            return Asked { task: name, at: None, outcome, reached: Reached::Asked };
        };
        let at = SocketAddr::new(task.address, port);
        let (outcome, reached) = ask(task.clone(), at).await;
        Asked { task: name, at: Some(at), outcome, reached }
    };
    let mut asked: Vec<Asked> =
        stream::iter(approach.tasks.iter().map(one)).buffered(AT_ONCE).collect().await;
    asked.extend(approach.tasks_without_address().into_iter().map(|task| {
        Asked {
            task,
            at: None,
            outcome: Outcome::inconclusive("it has no address of its own")
                .hint("use network mode `awsvpc`, or leave `via` out: then the load balancer is asked"),
            reached: Reached::Asked,
        }
    }));
    judge(asked, approach.security_groups())
}

/// One outcome of all tasks: the worst decides, and those that came to it are named.
fn judge(asked: Vec<Asked>, security_groups: &[String]) -> Outcome {
    let all = asked.len();
    if all == 0 {
        return Outcome::pending("no task of green runs yet");
    }
    let listed: Map<String, Value> = asked.iter().take(LISTED).map(listed).collect();
    let silent = asked.iter().filter(|one| one.reached == Reached::Nowhere).count();
    let kinds = [Kind::Fail, Kind::Pending, Kind::Inconclusive];
    let worst = kinds.into_iter().find(|kind| asked.iter().any(|one| one.outcome.kind == *kind));
    let Some(worst) = worst else { return passed(&asked).measured("tasks", listed) };
    // Waiting can be worth while as long as it can change one task's outcome.
    let for_good = asked.iter().all(|one| one.outcome.kind == Kind::Pass || one.outcome.for_good);
    let (bad, _): (Vec<_>, Vec<_>) = asked.into_iter().partition(|one| one.outcome.kind == worst);
    let did = match worst {
        Kind::Fail => "failed",
        Kind::Pending => "are not ready yet",
        Kind::Pass | Kind::Skip(_) | Kind::Inconclusive => "could not be asked",
    };
    let told: Vec<_> =
        bad.iter().take(TOLD).map(|one| format!("{}: {}", one.name(), one.outcome.observed)).collect();
    let rest: Vec<_> = bad.iter().skip(TOLD).map(|one| one.task.as_str()).collect();
    let rest = if rest.is_empty() { String::new() } else { format!("; and {}", rest.join(", ")) };
    let count = bad.len();
    let observed = format!("{count} of {all} tasks of green {did}: {}{rest}", told.join("; "));
    let Some(first) = bad.into_iter().next() else { return Outcome::inconclusive(observed) };
    let outcome = Outcome { observed, for_good, ..first.outcome };
    let outcome = if silent == all {
        let groups = security_groups.join(", ");
        let groups = if groups.is_empty() { groups } else { format!(" ({groups})") };
        outcome.hint(format!(
            "the function must be in the tasks' network, and their security group{groups} must let it in"
        ))
    } else {
        outcome
    };
    outcome.measured("tasks", listed)
}

fn passed(asked: &[Asked]) -> Outcome {
    let first = asked.first().map(|one| format!("{}: {}", one.name(), one.outcome.observed));
    let observed = match (asked.len(), first.unwrap_or_default()) {
        (1, first) => format!("the one task of green, {first}"),
        (all, first) => format!("all {all} tasks of green, the first: {first}"),
    };
    let caveat = asked.iter().find_map(|one| one.outcome.caveat.clone());
    Outcome { caveat, ..Outcome::pass(observed) }
}

fn listed(one: &Asked) -> (String, Value) {
    let at = one.at.map(|at| at.to_string());
    (one.task.clone(), json!({ "at": at, "outcome": one.outcome.kind.word() }))
}

impl Asked {
    fn name(&self) -> String {
        match self.at {
            Some(at) => format!("task {} ({at})", self.task),
            None => format!("task {}", self.task),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(task: &str, outcome: Outcome, reached: Reached) -> Asked {
        Asked { task: task.to_owned(), at: Some(([10, 0, 0, 7], 8080).into()), outcome, reached }
    }

    #[test]
    fn the_tasks_that_failed_are_named() {
        let good = || Outcome::pass("status 200");
        let bad = || Outcome::fail("status 500", "status 200-299");
        let silent = || Outcome::inconclusive("no answer");
        let at = Reached::Asked;
        for (name, tasks, kind, words) in [
            ("none", vec![], Kind::Pending, "no task of green runs yet"),
            (
                "one good",
                vec![asked("a", good(), at)],
                Kind::Pass,
                "the one task of green, task a (10.0.0.7:8080): status 200",
            ),
            (
                "two good",
                vec![asked("a", good(), at), asked("b", good(), at)],
                Kind::Pass,
                "all 2 tasks of green, the first: task a (10.0.0.7:8080): status 200",
            ),
            (
                "one bad",
                vec![asked("a", silent(), Reached::Nowhere), asked("b", bad(), at), asked("c", good(), at)],
                Kind::Fail,
                "1 of 3 tasks of green failed: task b (10.0.0.7:8080): status 500; expected status 200-299",
            ),
            (
                "five bad",
                ["a", "b", "c", "d", "e"].map(|task| asked(task, bad(), at)).into(),
                Kind::Fail,
                "5 of 5 tasks of green failed: task a (10.0.0.7:8080): status 500; task b (10.0.0.7:8080): \
                 status 500; task c (10.0.0.7:8080): status 500; and d, e; expected status 200-299",
            ),
            (
                "one not ready",
                vec![asked("a", Outcome::pending("refused"), Reached::Refused), asked("b", silent(), at)],
                Kind::Pending,
                "1 of 2 tasks of green are not ready yet: task a (10.0.0.7:8080): refused",
            ),
            (
                "no address",
                vec![
                    asked("a", good(), at),
                    Asked { at: None, ..asked("b", Outcome::inconclusive("it has no address"), at) },
                ],
                Kind::Inconclusive,
                "1 of 2 tasks of green could not be asked: task b: it has no address",
            ),
            (
                "all silent",
                vec![asked("a", silent(), Reached::Nowhere)],
                Kind::Inconclusive,
                "1 of 1 tasks of green could not be asked: task a (10.0.0.7:8080): no answer (the function must \
                 be in the tasks' network, and their security group (sg-1) must let it in)",
            ),
        ] {
            let outcome = judge(tasks, &["sg-1".to_owned()]);
            assert_eq!((outcome.kind, outcome.words().as_str()), (kind, words), "{name}");
        }
    }

    #[test]
    fn patience_is_spent_while_one_task_may_still_change() {
        let never = || Outcome::cannot_tell("no health service");
        let later = Outcome::inconclusive("no answer");
        let at = Reached::Asked;
        assert!(judge(vec![asked("a", never(), at), asked("b", Outcome::pass("good"), at)], &[]).for_good);
        assert!(!judge(vec![asked("a", never(), at), asked("b", later, at)], &[]).for_good);
    }
}
