//! Asks whether somebody has declared an emergency for the service.
//!
//! An override opens a gate, so everything that is not clearly one is none: a list that is denied, unreachable,
//! malformed or of another service. Each pass looks anew, since people set an override while a hook waits.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::validation::Validation;
use crate::{
    aws::{self, Cause},
    clock,
    deployment::Deployment,
    overrides::{Override, Overrides},
};

/// Looking takes at most this long, and at most this part of the time that is left.
const LONGEST: Duration = Duration::from_secs(5);
const PART: u32 = 4;

/// Writes the override that holds on the board, which is in shadow mode from then on.
pub(super) async fn look(validation: &Validation, deployment: &Deployment) {
    let Some(name) = &validation.settings.overrides else { return };
    let within = (validation.due.saturating_duration_since(Instant::now()) / PART).min(LONGEST);
    let found = match timeout(within, find(validation, deployment, name, within)).await {
        Ok(found) => found,
        Err(_) => Err(format!("the overrides of {name} did not come within {within:?}; none holds")),
    };
    match found {
        Ok(Some(found)) => validation.board.overridden(found),
        Ok(None) => {}
        Err(warning) => validation.board.warn(warning),
    }
}

async fn find(
    validation: &Validation,
    deployment: &Deployment,
    name: &str,
    within: Duration,
) -> Result<Option<Override>, String> {
    let text = match aws::parameter(&validation.aws, name, within).await {
        Ok(text) => text,
        // Where nobody ever had an emergency there is no such parameter.
        Err(failure) if failure.cause == Cause::NotFound => return Ok(None),
        Err(failure) => return Err(format!("the overrides could not be read, so none holds: {failure}")),
    };
    let list = Overrides::read(&text, clock::wall()).map_err(|why| format!("{why}; none holds"))?;
    for warning in list.malformed {
        validation.board.warn(warning);
    }
    if list.in_force.is_empty() && list.over.is_empty() {
        return Ok(None);
    }
    let unknown = |why: &str| format!("the service is not known, so no override holds: {why}");
    let (cluster, service) = validation
        .service(deployment)
        .await
        .map_err(|outcome| unknown(&outcome.words()))?
        .ok_or_else(|| unknown("nothing leads from the event to it"))?;
    let found = list.in_force.into_iter().find(|entry| entry.is_of(&cluster, &service));
    // Those of others are theirs to clear away.
    if let (None, Some(Override { service, until, .. })) =
        (&found, list.over.iter().find(|entry| entry.is_of(&cluster, &service)))
    {
        validation.board.warn(format!("the override of `{service}` is over since {until}"));
    }
    Ok(found)
}
