//! What the event leaves open, asked of the deployment before anything is judged: whether it rolls back,
//! whether there is a blue, CodeDeploy's lifecycle event, and how long the one who waits will wait.
//!
//! A target URL replaces the discovery of a route and nothing else, so this is asked for in any case.
//! Where it cannot be had, what the event tells holds, with a warning: an inability of ours must not
//! keep a hook with a target URL from its verdict. A deployment that lags behind its event is waited for.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{validation::Validation, wait};
use crate::{
    deployment::{Awaited, Deployment, Status},
    protocol::{Protocol, Reply, Situation},
    settings::LIFECYCLE_EVENT,
};

/// Asking takes at most this long, and at most this part of the time that is left.
const LONGEST: Duration = Duration::from_secs(10);
const PART: u32 = 3;

/// Asks for what the event leaves open and writes it on the board.
pub(super) async fn settle(validation: &Validation, deployment: &Deployment) {
    let within = (validation.due.saturating_duration_since(Instant::now()) / PART).min(LONGEST);
    let why = match timeout(within, deployment.status()).await {
        Ok(Ok(status)) => {
            write(validation, status);
            // From the same answers: this asks nothing anew.
            return awaited(validation, deployment).await;
        }
        Ok(Err(outcome)) => outcome.words(),
        Err(_) => format!("no answer within {} s", within.as_secs()),
    };
    let settled = validation.board.settled();
    let stage = if settled.stage.is_unnamed() { stage_unknown() } else { String::new() };
    validation.board.warn(format!(
        "whether this is a create, an update or a rollback could not be asked ({why}); taken as {}{stage}",
        settled.situation
    ));
}

/// Whether somebody still waits for us. Only a link of a chain asks, because its event is an old one; the first
/// invocation merely notes what waits.
async fn awaited(validation: &Validation, deployment: &Deployment) {
    let board = &validation.board;
    let (stage, seen) = (board.settled().stage, validation.seen.as_deref());
    let pause = match &validation.invocation.reply {
        Reply::Return => return,
        Reply::CodeDeploy(_) => None,
        Reply::Pause(ids) => Some(ids.hook.as_str()),
    };
    match deployment.awaited(pause, &stage, seen).await {
        Ok(Awaited::Yes(what)) => board.settle(|settled| settled.seen = Some(what)),
        Ok(Awaited::No(why)) if validation.is_link => board.settle(|settled| settled.over = Some(why)),
        // What is not told is asked again by the next pass.
        Ok(Awaited::No(_) | Awaited::Untold) | Err(_) => {}
    }
}

fn write(validation: &Validation, status: Status) {
    let (board, invocation) = (&validation.board, &validation.invocation);
    let unnamed = invocation.stage.is_unnamed();
    // An empty list of sources is nothing against an event that names blue.
    let contradicted = status.situation == Situation::Create && invocation.names_blue;
    if contradicted {
        board.warn(format!("{}, but the event names another revision: taken as an update", status.because));
    }
    if let (true, Some(why)) = (unnamed, &status.stage_unknown) {
        board.warn(format!("CodeDeploy's lifecycle event could not be asked ({why}){}", stage_unknown()));
    }
    // The deployment may lag behind the event by a moment.
    let lags = unnamed
        && status.stage.is_none()
        && status.stage_unknown.is_none()
        && invocation.protocol == Protocol::CodeDeploy;
    let doubt = lags
        .then(|| "CodeDeploy names no lifecycle event that is in progress and has a hook (yet)".to_owned());
    board.settle(|settled| {
        if contradicted {
            settled.situation = Situation::Update;
            "the event names another revision beside green".clone_into(&mut settled.situation_because);
        } else {
            settled.situation = status.situation;
            settled.situation_because = status.because;
        }
        settled.doubt.clone_from(&doubt);
        if let Some((cluster, service)) = status.service {
            settled.service = Some(format!("{cluster}/{service}"));
        }
        if let (true, Some(stage)) = (unnamed, status.stage.clone()) {
            settled.stage = stage;
        }
        if let (Protocol::Ecs, Some(expires_at)) = (invocation.protocol, status.expires_at) {
            settled.wait.outer = Some(wait::outer(expires_at, validation.reserve));
        }
        // What should have come back did not: then the wait began no later than the deployment.
        if let (true, Some(started_at)) = (validation.lost_clock, status.started_at) {
            settled.wait.since = settled.wait.since.min(started_at);
        }
    });
    if let Some(doubt) = doubt {
        let stage = if unnamed { stage_unknown() } else { String::new() };
        board.warn(format!("{doubt}{stage}"));
    }
}

fn stage_unknown() -> String {
    format!(
        "; the lifecycle event is treated as AfterAllowTestTraffic: set {LIFECYCLE_EVENT} to the one that this function serves"
    )
}
