//! A route for people and for programs.

use greenlight::{
    AwsCall,
    deployment::{Isolation, NoRoute, TaskAddress, route::Route},
};
use serde_json::{Value, json};

use super::{Answer, Found};
use crate::{trace, world::World};

/// Everything, top down: what was looked at, the deployment, each way to green, the calls.
pub(super) fn text(world: &World, answer: &Answer, calls: Option<&Vec<AwsCall>>) -> String {
    let mut lines = vec![world.line(), format!("event    {}, {}", answer.id, answer.stage)];
    match &answer.status {
        Ok(status) => {
            lines.push(format!("this is  {}: {}", status.situation, status.because));
            if status.situation == greenlight::Situation::Rollback {
                lines.push("so       a hook proceeds at once, and looks at nothing".to_owned());
            }
        }
        Err(outcome) => lines.push(format!("this is  not known: {}", outcome.words())),
    }
    if let Ok(sides) = &answer.sides {
        let blue: Vec<_> = sides.blue.iter().map(|blue| blue.id.as_str()).collect();
        let blue = if blue.is_empty() { "none".to_owned() } else { blue.join(", ") };
        lines.push(format!(
            "service  {}/{}, green {}, blue {blue}",
            sides.cluster, sides.service, sides.green.id
        ));
    }
    match &answer.found {
        Ok(found) => {
            lines.extend(found.iter().flat_map(one));
            if matches!(world, World::Local(_)) && !found.is_empty() {
                lines.push(
                    "(the local world is gone when this command ends: nothing listens there any more)"
                        .to_owned(),
                );
            }
        }
        Err(outcome) => {
            lines.push(String::new());
            lines.push(format!("NO ROUTE  {}", outcome.words()));
        }
    }
    if let Some(calls) = calls {
        lines.push(String::new());
        lines.push(trace::text(calls));
    }
    lines.join("\n")
}

fn one(found: &Found) -> Vec<String> {
    let approach = &found.approach;
    let mut lines = vec![String::new()];
    let isolation = match &found.isolation {
        Isolation::Proven(words) => format!("proven: {words}"),
        Isolation::NotProven(words) => format!("not proven: {words}"),
        Isolation::Open(outcome) => format!("{}: {}", outcome.kind.word(), outcome.words()),
    };
    match &found.route {
        Some(Ok(route)) => {
            lines.push(format!("ROUTE    {}", heading(found)));
            lines.push(format!("isolated {isolation}"));
            lines.extend(parts(found, route));
            lines.extend(route.uncertain.iter().map(|why| format!("unsure   {why}")));
            lines.extend(route.notes.iter().map(|note| format!("note     {note}")));
            lines.push(String::new());
            lines.push(route.curl());
        }
        Some(Err(no_route)) => {
            lines.push(format!("NO ROUTE {}", heading(found)));
            lines.push(format!("because  {}", no_route.outcome().words()));
            lines.push(format!("isolated {isolation}"));
        }
        None => {
            lines.push(format!("TASKS    {}: {}", heading(found), approach.because));
            lines.push(format!("isolated {isolation}"));
            lines.extend(
                approach.tasks.iter().map(|task| format!("task     {} ({})", address(task), task.task)),
            );
            if let Some(curl) = task_curl(found) {
                lines.push(String::new());
                lines.push(curl);
            }
        }
    }
    lines
}

fn heading(found: &Found) -> String {
    let approach = &found.approach;
    let name = approach.name.as_deref().unwrap_or("no load balancer");
    let entrance =
        approach.entrance.as_ref().map(|entrance| format!(", {}", entrance.arn)).unwrap_or_default();
    format!("{name}{entrance}")
}

/// Each part of the request beside where it came from.
fn parts(found: &Found, route: &Route) -> Vec<String> {
    let scheme = route.scheme.as_str();
    let path_from = path_from(found, route);
    let mut rows = vec![
        (
            "connect",
            format!("{}:{}", route.address, route.port),
            format!("the load balancer's DNS name and the listener's port ({scheme})"),
        ),
        ("host", route.host.value.clone(), route.host.from.clone()),
    ];
    if let Some(name) = &route.server_name {
        rows.push(("TLS name", name.value.clone(), name.from.clone()));
    }
    rows.push(("method", route.method.value.clone(), route.method.from.clone()));
    rows.push(("path", route.path.value.clone(), path_from));
    rows.extend(
        route
            .headers
            .iter()
            .map(|(name, chosen)| ("header", format!("{name}: {}", chosen.value), chosen.from.clone())),
    );
    let width = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(50);
    rows.into_iter().map(|(name, value, from)| format!("{name:<9}{value:<width$}  from {from}")).collect()
}

fn path_from(found: &Found, route: &Route) -> String {
    found.path.as_ref().map_or_else(|| route.path.from.clone(), |(_, from)| from.clone())
}

fn address(task: &TaskAddress) -> String {
    match task.port {
        Some(port) => std::net::SocketAddr::new(task.address, port).to_string(),
        None => format!("{}, port not known", task.address),
    }
}

/// A line that asks the first task.
fn task_curl(found: &Found) -> Option<String> {
    let task = found.approach.tasks.first()?;
    let own = found.approach.health_request();
    let port = own.as_ref().and_then(|own| own.port).or(task.port)?;
    let scheme = own.as_ref().map_or("http", |own| own.scheme.as_str());
    let path = found.path.as_ref().map(|(path, _)| path.clone()).or(own.map(|own| own.path))?;
    let authority = std::net::SocketAddr::new(task.address, port);
    Some(format!("curl --include '{scheme}://{authority}{}'", path.replace('\'', "%27")))
}

/// The same as one document.
pub(super) fn json(world: &World, answer: &Answer, calls: &[AwsCall]) -> Value {
    let status = match &answer.status {
        Ok(status) => json!({
            "situation": status.situation,
            "because": status.because,
            "started_at": status.started_at,
            "weights": status.weights,
            "alarms": status.alarms,
        }),
        Err(outcome) => json!({ "unknown": outcome.words() }),
    };
    let routes = match &answer.found {
        Ok(found) => found.iter().map(one_json).collect(),
        Err(outcome) => json!({ "outcome": outcome.kind.word(), "because": outcome.words() }),
    };
    json!({
        "world": world.word(),
        "deployment": answer.id,
        "stage": answer.stage.to_string(),
        "status": status,
        "green": answer.sides.as_ref().ok().map(|sides| sides.green.id.clone()),
        "blue": answer.sides.as_ref().ok().map(|sides| sides.blue.iter().map(|blue| blue.id.clone()).collect::<Vec<_>>()),
        "images": answer.sides.as_ref().ok().map(|sides| sides.green.images.clone()),
        "routes": routes,
        "aws_calls": calls,
    })
}

fn one_json(found: &Found) -> Value {
    let approach = &found.approach;
    let route = match &found.route {
        Some(Ok(route)) => route_json(found, route),
        Some(Err(no_route)) => no_route_json(no_route),
        None => Value::Null,
    };
    json!({
        "load_balancer": approach.name,
        "entrance": approach.entrance.as_ref().map(|entrance| entrance.arn.clone()),
        "because": if approach.entrance.is_none() { Some(approach.because.clone()) } else { None },
        "isolation": { "is": found.isolation.word(), "because": found.isolation.words() },
        "weights": approach.live,
        "green_target_group": approach.group.as_ref().map(|group| group.arn.clone()),
        "route": route,
        "tasks": approach.tasks.iter().map(|task| json!({ "task": task.task, "address": task.address, "port": task.port })).collect::<Vec<_>>(),
    })
}

fn route_json(found: &Found, route: &Route) -> Value {
    let chosen = |chosen: &greenlight::deployment::route::Chosen| json!({ "value": chosen.value, "from": chosen.from });
    json!({
        "scheme": route.scheme.as_str(),
        "connect": { "host": route.address, "port": route.port },
        "host": chosen(&route.host),
        "server_name": route.server_name.as_ref().map(chosen),
        "method": chosen(&route.method),
        "path": { "value": route.path.value, "from": path_from(found, route) },
        "headers": route.headers.iter().map(|(name, value)| json!({ "name": name, "value": value.value, "from": value.from })).collect::<Vec<_>>(),
        "rule": route.rule,
        "uncertain": route.uncertain,
        "notes": route.notes,
        "curl": route.curl(),
    })
}

fn no_route_json(no_route: &NoRoute) -> Value {
    let outcome = no_route.outcome();
    json!({ "outcome": outcome.kind.word(), "because": outcome.words() })
}
