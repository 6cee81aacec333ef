//! All ways to green at a stage, and one outcome of them.

use std::future::Future;

use futures_util::future::join_all;
use greenlight::{Outcome, Scope, deployment::Approach, worst};

/// What became of one way to green.
pub(crate) struct Probed {
    /// The load balancer's name.
    name: String,
    /// What tells it from another way through the same load balancer.
    group: String,
    outcome: Outcome,
    /// Whether what the plan asks for is nothing that goes this way.
    is_elsewhere: bool,
}

impl Probed {
    pub(crate) fn new(approach: &Approach, outcome: Outcome, is_elsewhere: bool) -> Self {
        let name = approach.name.clone().unwrap_or_else(|| "its tasks".to_owned());
        let group = approach.group.as_ref().map(|group| group.name.clone()).unwrap_or_default();
        Self { name, group, outcome, is_elsewhere }
    }
}

/// Asks green by every way that the stage has, at once.
pub(crate) async fn each_way<'a, F>(scope: &'a Scope, ask: impl Fn(Approach) -> F) -> Outcome
where
    F: Future<Output = Probed> + 'a,
{
    match scope.deployment().approaches(scope.stage()).await {
        Ok(approaches) => together(join_all(approaches.into_iter().map(ask)).await),
        Err(outcome) => *outcome,
    }
}

/// One outcome of all ways. A path that the plan names has to go one way, not each: two containers of a
/// service have rules of their own.
pub(crate) fn together(probed: Vec<Probed>) -> Outcome {
    let (elsewhere, asked): (Vec<_>, Vec<_>) = probed.into_iter().partition(|probed| probed.is_elsewhere);
    let named = |probed: Vec<Probed>| {
        let alone = |name: &String| probed.iter().filter(|one| one.name == *name).count() == 1;
        let names: Vec<_> =
            probed.iter().map(|one| if alone(&one.name) { &one.name } else { &one.group }.clone()).collect();
        names.into_iter().zip(probed.into_iter().map(|one| one.outcome)).collect()
    };
    if asked.is_empty() {
        return worst(named(elsewhere));
    }
    let left_out: Vec<_> = elsewhere.iter().map(|one| one.name.clone()).collect();
    let outcome = worst(named(asked));
    if left_out.is_empty() { outcome } else { outcome.measured("not_asked_through", left_out) }
}
