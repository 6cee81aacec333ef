//! The check `grpc` where discovery leads.
//!
//! An Application Load Balancer passes gRPC on at HTTPS listeners, to target groups whose protocol version is GRPC
//! or HTTP2 (user guide, *Target groups for your Application Load Balancers*, "Protocol version"). A Network Load
//! Balancer passes everything on. The path is ours and not the plan's: a rule that lets only the application's own
//! services through is nobody's mistake, and green's tasks are asked then.

use std::net::SocketAddr;

use greenlight::{
    Outcome, Scope,
    deployment::{
        Approach,
        route::{Route, Scheme, Wish},
    },
    plan::HostName,
};
use serde_json::json;
use url::Url;

use super::{Grpc, health};
use crate::reach::{
    Place, Probed, Reached, Via,
    answered_by::{Taken, too_early},
    measured, proven, tasks, told_and_secret,
};

/// Asks green through one approach.
pub(super) async fn probe(grpc: &Grpc, scope: &Scope, approach: Approach) -> Probed {
    let probing = Probing { grpc, scope, approach: &approach };
    let outcome = match probing.why_tasks() {
        Some(why) => probing.at_tasks(&why).await,
        None => probing.through_route().await,
    };
    Probed::new(&approach, outcome, false)
}

struct Probing<'a> {
    grpc: &'a Grpc,
    scope: &'a Scope,
    approach: &'a Approach,
}

impl Probing<'_> {
    /// Why green is asked at its tasks, where that shows without looking at a rule.
    fn why_tasks(&self) -> Option<String> {
        let Self { grpc, approach, .. } = *self;
        let Some(entrance) = &approach.entrance else { return Some(approach.because.clone()) };
        if grpc.via == Via::Tasks {
            return Some("the plan asks every task".to_owned());
        }
        let group = approach.group.as_ref().filter(|group| !entrance.is_network && !group.speaks_http2())?;
        let version = group.protocol_version.as_deref().unwrap_or("HTTP1");
        Some(format!("the load balancer speaks {version} to `{}`, which cannot carry gRPC", group.name))
    }

    async fn at_tasks(&self, why: &str) -> Outcome {
        let Self { grpc, scope, approach } = *self;
        let tls =
            approach.group.as_ref().is_some_and(|group| matches!(group.protocol.as_str(), "HTTPS" | "TLS"));
        let scheme = if grpc.tls.unwrap_or(tls) { "https" } else { "http" };
        let ask = async |_, at: SocketAddr| {
            let shown = format!("{scheme}://{at}");
            match Url::parse(&shown) {
                Ok(base) => grpc.at(scope, Place::at(scope, base, shown), &Taken::default()).await,
                Err(_) => (Outcome::cannot_tell(format!("`{at}` is no address")), Reached::Asked),
            }
        };
        let asked = async { tasks::every(approach, grpc.port, ask).await.measured("asked_at_tasks", why) };
        proven(scope, approach, &approach.isolation_of_tasks(), asked).await
    }

    async fn through_route(&self) -> Outcome {
        let Self { grpc, scope, approach } = *self;
        let (headers, secrets) = told_and_secret(scope, &grpc.metadata.0);
        let target = scope.target();
        let host = target.host.as_ref().map(ToString::to_string);
        let wish = Wish {
            host: host.as_deref(),
            server_name: target.tls.server_name.as_ref().map(HostName::name),
            path: Some(health::PATH),
            method: "POST",
            headers: &headers,
            secret_headers: &secrets,
        };
        let is_network = approach.entrance.as_ref().is_some_and(|entrance| entrance.is_network);
        match approach.route(&wish).await {
            Ok(route) if route.scheme == Scheme::Http && !is_network => {
                self.at_tasks("an Application Load Balancer speaks HTTP/2 at HTTPS listeners only").await
            }
            Ok(route) => {
                let isolation = approach.isolation_of(&route).await;
                proven(scope, approach, &isolation, self.by_route(&route)).await
            }
            Err(no_route) if no_route.is_path() => {
                self.at_tasks(&format!("the rule does not let `{}` through", health::PATH)).await
            }
            Err(no_route) => measured(no_route.outcome(), scope, approach, &approach.isolation),
        }
    }

    async fn by_route(&self, route: &Route) -> Outcome {
        let Self { grpc, scope, approach } = *self;
        let through = approach.passes_connections_through();
        let tls = if through { grpc.tls } else { None }.unwrap_or(route.scheme == Scheme::Https);
        let scheme = if tls { "https" } else { "http" };
        let shown = format!("{scheme}://{}", route.host.value);
        let Ok(base) = Url::parse(&shown) else {
            return Outcome::cannot_tell(format!(
                "`{}` ({}) is no host name",
                route.host.value, route.host.from
            ));
        };
        let notes = route.notes.join("; ");
        let place = Place {
            connect_to: Some((route.address.clone(), route.port)),
            host: Some(route.host.value.clone()),
            server_name: route.server_name.as_ref().map(|name| name.value.clone()).or(scope
                .target()
                .tls
                .server_name
                .as_ref()
                .map(|name| name.name().to_owned())),
            headers: vec![
                route.headers.iter().map(|(name, chosen)| (name.clone(), chosen.value.clone())).collect(),
            ],
            ..Place::at(scope, base, shown)
        };
        let taken = Taken {
            by_load_balancer: true,
            too_early: too_early(approach, route),
            notes: if notes.is_empty() { String::new() } else { format!("; {notes}") },
            ..Taken::default()
        };
        let (outcome, reached) = grpc.at(scope, place, &taken).await;
        let outcome = if reached != Reached::Asked && !notes.is_empty() {
            let hint = outcome.hint.as_ref().map(|hint| format!("{hint}; {notes}"));
            outcome.hint(hint.unwrap_or(notes))
        } else {
            outcome
        };
        outcome.measured(
            "route",
            json!({ "rule": route.rule, "connect": format!("{}:{}", route.address, route.port),
                    "host": route.host.value, "host_from": route.host.from, "path": health::PATH,
                    "notes": route.notes }),
        )
    }
}
