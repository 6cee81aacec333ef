//! `greenlight route`: how a hook would reach green, where each part came from, and whether what answers
//! there is green. Nothing is sent to green, and nothing is changed anywhere.

use std::{process::ExitCode, time::Duration};

use greenlight::{
    Fact, Outcome, Situation, SkipCause, Stage,
    deployment::{Approach, Isolation, Look, NoRoute, Sides, Status, route},
};

use crate::{
    arguments::RouteOptions,
    document,
    failure::Failure,
    output,
    world::{Local, Purpose, World},
};

mod show;

/// As long as a hook would have at the least.
const WITHIN: Duration = Duration::from_mins(1);

/// What is known of one way to green.
struct Found {
    approach: Approach,
    /// What the route is asked for with, and where that came from.
    path: Option<(String, String)>,
    /// Whether what answers is green: on the route, where there is one.
    isolation: Isolation,
    /// None where green is reached at its tasks.
    route: Option<Result<route::Route, NoRoute>>,
}

/// Everything that there is to show.
struct Answer {
    id: String,
    stage: Stage,
    status: Fact<Status>,
    sides: Fact<Sides>,
    found: Fact<Vec<Found>>,
}

pub(crate) async fn run(options: RouteOptions) -> Result<ExitCode, Failure> {
    let body = document::read(&options.event, "event")?;
    let event: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
    let lifecycle_event = options.lifecycle_event.as_deref();
    let purpose = Purpose { event: event.as_ref(), lifecycle_event, green_is_asked: false };
    let local = Local::start(&options.world, &[], purpose).await?;
    let world = World::new(&options.world, &local.aws)?;
    let connection = world.connection(event.as_ref());
    let look = Look::at(&body, lifecycle_event, connection, WITHIN).map_err(Failure::wrong)?;
    let stage = look.stage().await;
    let status = look.status().await;
    let rolls_back = status.as_ref().is_ok_and(|status| status.situation == Situation::Rollback);
    let approaches = match greenlight_test_traffic::hook().nothing_at(&stage) {
        Some(nothing) => Err(Box::new(Outcome::skip(SkipCause::WrongStage, nothing))),
        None if rolls_back => Ok(Vec::new()),
        None => look.deployment.approaches(&stage).await,
    };
    let found = match approaches {
        Ok(approaches) => {
            let mut found = Vec::new();
            for approach in approaches {
                found.push(find(approach, &options).await);
            }
            Ok(found)
        }
        Err(outcome) => Err(outcome),
    };
    let answer = Answer {
        id: look.id.clone(),
        status,
        sides: look.deployment.sides().await.map(|sides| (*sides).clone()),
        stage,
        found,
    };
    let calls = look.calls();
    if options.json {
        output::json(&show::json(&world, &answer, &calls))?;
    } else {
        output::data(&show::text(&world, &answer, options.trace.then_some(&calls)))?;
    }
    Ok(exit_code(&answer))
}

async fn find(approach: Approach, options: &RouteOptions) -> Found {
    let own = approach.health_request().filter(|own| own.port.is_none());
    let path = match (&options.path, own) {
        (Some(path), _) => Some((path.clone(), "`--path`".to_owned())),
        (None, Some(own)) => Some((own.path, "green's health check".to_owned())),
        (None, None) => None,
    };
    let wish = route::Wish {
        host: options.host.as_deref(),
        path: path.as_ref().map(|(path, _)| path.as_str()),
        ..route::Wish::default()
    };
    let mut found = if approach.entrance.is_some() { Some(approach.route(&wish).await) } else { None };
    // Nobody asked for that path: then any that the rule lets through shows the way.
    let kept_out = matches!(&found, Some(Err(no_route)) if no_route.is_path() && options.path.is_none());
    if kept_out {
        found = Some(approach.route(&route::Wish { path: None, ..wish }).await);
    }
    let isolation = match &found {
        Some(Ok(route)) => approach.isolation_of(route).await,
        _ => approach.isolation.clone(),
    };
    Found { approach, path: path.filter(|_| !kept_out), isolation, route: found }
}

/// Yes where every way to green is open and leads to green; otherwise no, or, where AWS did not answer,
/// not carried out.
fn exit_code(answer: &Answer) -> ExitCode {
    let Ok(found) = &answer.found else {
        return unanswered(answer.found.as_ref().err().map(|outcome| &**outcome));
    };
    // A rollback needs no way: a hook lets it go on at once.
    let mut yes = true;
    for found in found {
        let isolated = !matches!(found.isolation, Isolation::Open(_));
        let reached = match &found.route {
            Some(route) => route.is_ok(),
            None => !found.approach.tasks.is_empty(),
        };
        yes &= isolated && reached;
    }
    output::exit_code(yes)
}

fn unanswered(outcome: Option<&Outcome>) -> ExitCode {
    match outcome.map(|outcome| (outcome.kind, outcome.for_good)) {
        Some((greenlight::Kind::Inconclusive, false)) => ExitCode::from(3),
        _ => output::exit_code(false),
    }
}
