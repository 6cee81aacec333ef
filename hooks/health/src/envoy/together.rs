//! From many Envoys to the check's one outcome. Pure.

use greenlight::{Kind, Outcome, SkipCause};
use serde_json::{Map, Value};

use super::{admin::NoReading, places::Places, reading::Reading};

/// So many Envoys stand in the evidence.
const SHOWN: usize = 10;

/// What came of one Envoy.
pub(super) struct Looked {
    /// The task's id, or the URL.
    pub(super) name: String,
    pub(super) read: Result<Reading, NoReading>,
    /// None where there is nothing to say before a second look.
    pub(super) outcome: Option<Outcome>,
}

/// The worst of them decides, and says which it is.
pub(super) fn together(places: &Places, looked: &[Looked]) -> Outcome {
    let measured: Map<String, Value> = looked
        .iter()
        .filter_map(|one| Some((one.name.clone(), one.read.as_ref().ok()?.measured())))
        .take(SHOWN)
        .collect();
    decided(places, looked).measured("envoys", measured)
}

fn decided(places: &Places, looked: &[Looked]) -> Outcome {
    let unreachable = |one: &Looked| matches!(one.read, Err(NoReading::Unreachable { .. }));
    let refused = |one: &Looked| matches!(one.read, Err(NoReading::Unreachable { refused: true, .. }));
    if places.only_managed && looked.iter().all(refused) {
        return Outcome::skip(SkipCause::NotConfigured, MANAGED);
    }
    let said = || looked.iter().filter_map(|one| Some((&one.name, one.outcome.as_ref()?)));
    let Some((name, worst)) = said().min_by_key(|(_, outcome)| outcome.kind.rank()) else {
        return Outcome::cannot_tell("there is no Envoy to ask");
    };
    let same = said().filter(|(_, outcome)| outcome.kind == worst.kind).count();
    let outcome = worst.clone();
    let hint = match &outcome.hint {
        None if !places.is_named && looked.iter().all(unreachable) => Some(closed(&places.security_groups)),
        hint => hint.clone(),
    };
    let all = places.all.len();
    let observed = match (outcome.kind, places.is_named) {
        (_, true) => format!("{name}: {}", outcome.observed),
        (Kind::Pass, false) if all > 1 => {
            format!("all {all} tasks of green are well, e.g. {name}: {}", outcome.observed)
        }
        (_, false) if same > 1 => {
            format!("task {name} (and {} more of {all}): {}", same - 1, outcome.observed)
        }
        (_, false) => format!("task {name}: {}", outcome.observed),
    };
    Outcome { observed, hint, ..outcome }
}

const MANAGED: &str = "green's only proxy is the one that Service Connect manages, whose admin interface nobody outside its task reaches; the check `tasks` judges its health";

/// Why an admin interface usually cannot be reached, and what reaching it means.
fn closed(groups: &[String]) -> String {
    let groups = if groups.is_empty() { String::new() } else { format!(" ({})", groups.join(", ")) };
    format!(
        "Envoy's admin interface listens on 127.0.0.1 unless its bootstrap says otherwise; for this check the function must be in the tasks' network, their security group{groups} must let it in, and the interface must listen there, restricted by `admin.allow_paths`; or judge Envoy by a container health check on /ready and the check `tasks`"
    )
}

#[cfg(test)]
#[path = "together_tests.rs"]
mod tests;
