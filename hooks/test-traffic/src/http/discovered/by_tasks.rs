//! Green at its tasks' own addresses.

use std::net::SocketAddr;

use greenlight::{
    Kind, Outcome,
    deployment::{TaskAddress, load_balancing::TargetGroup, route::Scheme},
};
use url::Url;

use super::Question;
use crate::{
    http::{health, version},
    reach::{Place, Reached, answered_by::Taken, tasks},
};

/// So many tasks that cannot be reached show that none can.
const ENOUGH: usize = 3;

/// Probes at the addresses of green's tasks.
pub(super) struct TaskProbes<'a> {
    pub(super) question: &'a Question<'a>,
    /// Why green is asked there.
    pub(super) why: &'a str,
}

impl TaskProbes<'_> {
    pub(super) async fn run(&self) -> Outcome {
        let Question { http, approach, own, ref steps, .. } = *self.question;
        if let Some(unknown) = &approach.unknown {
            return (**unknown).clone();
        }
        let tasks = &approach.tasks;
        if tasks.is_empty() {
            return if own.is_some() {
                health::alone(approach, &format!("{}, and its tasks have no address of their own", self.why))
            } else {
                Outcome::cannot_tell(format!("{}, and its tasks have no address of their own", self.why))
                    .hint("use network mode `awsvpc` or a test listener rule, or leave `path` out: then the targets' health decides")
            };
        }
        // Every task is asked at least once; together they get as many requests as the check has.
        // A row of good answers says something about one task only, so each is asked for all of it.
        let each = match http.consecutive {
            None => http.requests.div_ceil(tasks.len() as u64).max(1),
            Some(_) => http.requests,
        };
        let mut good = 0;
        let mut trouble: Option<Outcome> = None;
        let (mut asked, mut silent, mut unverified) = (0, 0, 0);
        for task in tasks {
            let (outcome, reached) = self.one(task, each).await;
            asked += 1;
            silent += usize::from(reached == Reached::Nowhere);
            unverified += usize::from(reached == Reached::Unverified);
            if outcome.kind == Kind::Pass {
                good += 1;
            } else if trouble.as_ref().is_none_or(|worst| worst.kind != Kind::Fail) {
                let observed = format!("task {}: {}", task.task, outcome.observed);
                trouble = Some(Outcome { observed, ..outcome });
            }
            // An address that does not answer costs seconds, and where several do not, none does.
            if silent == ENOUGH {
                break;
            }
        }
        let why = self.why;
        // With a row each was asked until that was there.
        let (times, row) = http.consecutive.map_or((each, ""), |wanted| (wanted, " in a row"));
        match trouble {
            None => Outcome::pass(match steps.as_slice() {
                [alone] if !http.is_sequence() => format!(
                    "{good} of {good} tasks of green answered {times} times each{row} at `{}` as expected (status {}); {why}",
                    alone.path.0,
                    alone.expect.statuses(),
                ),
                steps => format!(
                    "{good} of {good} tasks of green answered {times} sequences of {} steps each{row} as expected; {why}",
                    steps.len()
                ),
            }),
            Some(_) if own.is_some() && silent == asked => {
                health::alone(approach, &format!("{why}, and its tasks cannot be reached from here"))
            }
            Some(_) if own.is_some() && unverified == asked => health::alone(
                approach,
                &format!("{why}, and its tasks' certificates cannot be verified from here"),
            ),
            Some(outcome) if silent == asked => {
                let groups = approach.security_groups().join(", ");
                let groups = if groups.is_empty() { groups } else { format!(" ({groups})") };
                outcome.hint(format!(
                    "{why}: the function must be in the tasks' network, and their security group{groups} must let it in"
                ))
            }
            Some(outcome) => outcome,
        }
    }

    /// Asks every task as often as the check says, and names those that fail.
    pub(super) async fn every(&self) -> Outcome {
        let Question { http, approach, own, .. } = *self.question;
        let port = http.port.or(own.and_then(|own| own.port));
        let ask = async |task: TaskAddress, at: SocketAddr| {
            let task = TaskAddress { port: Some(at.port()), ..task };
            self.one(&task, http.requests).await
        };
        tasks::every(approach, port, ask).await
    }

    async fn one(&self, task: &TaskAddress, requests: u64) -> (Outcome, Reached) {
        let Question { http, scope, approach, own, ref steps } = *self.question;
        let Some(port) = http.port.or(own.and_then(|own| own.port)).or(task.port) else {
            let outcome = Outcome::inconclusive(format!(
                "{}, and nothing tells the port that green's container listens on (yet)",
                self.why
            ))
            .hint("allow ecs:DescribeTaskDefinition and ecs:DescribeTaskSets, map one port in the task definition, or set `target.url` in the plan");
            return (outcome, Reached::Asked);
        };
        let https = match own {
            Some(own) => own.scheme == Scheme::Https,
            None => approach.group.as_ref().is_some_and(|group| group.protocol == "HTTPS"),
        };
        let scheme = if https { Scheme::Https } else { Scheme::Http }.as_str();
        let authority = SocketAddr::new(task.address, port).to_string();
        let Ok(base) = Url::parse(&format!("{scheme}://{authority}")) else {
            return (Outcome::cannot_tell(format!("`{authority}` is no address")), Reached::Asked);
        };
        let shown = match steps.as_slice() {
            [alone] if !http.is_sequence() => format!("{scheme}://{authority}{}", alone.path.0),
            _ => format!("{scheme}://{authority}"),
        };
        let http2 = approach.group.as_ref().is_some_and(TargetGroup::speaks_http2);
        let place =
            Place { speaks: version::speaks(http.version, http2), ..Place::at(scope, base.clone(), shown) };
        let taken = Taken { own_choice_at: own.map(|_| base), ..Taken::default() };
        http.sent(scope, place, steps.clone(), requests, taken).await
    }
}
