//! The check `tcp` where discovery leads.
//!
//! A Network Load Balancer's TCP listener hands a connection on to a target; its TLS listener ends TLS itself, so that
//! only what is said on the connection comes from green. An Application Load Balancer accepts every connection itself.

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

use super::Tcp;
use crate::reach::{Place, Probed, Reached, Via, measured, proven, tasks};

/// Asks green through one approach.
pub(super) async fn probe(tcp: &Tcp, scope: &Scope, approach: Approach) -> Probed {
    let probing = Probing { tcp, scope, approach: &approach };
    let outcome = match probing.why_tasks() {
        Some(why) => probing.at_tasks(&why).await,
        None => probing.through_listener().await,
    };
    Probed::new(&approach, outcome, false)
}

struct Probing<'a> {
    tcp: &'a Tcp,
    scope: &'a Scope,
    approach: &'a Approach,
}

impl Probing<'_> {
    /// Why green is asked at its tasks, where it is.
    fn why_tasks(&self) -> Option<String> {
        let Self { tcp, approach, .. } = *self;
        let Some(entrance) = &approach.entrance else { return Some(approach.because.clone()) };
        if tcp.via == Via::Tasks {
            return Some("the plan asks every task".to_owned());
        }
        if !entrance.is_network {
            return Some("an Application Load Balancer accepts connections itself".to_owned());
        }
        let only_connects = tcp.expect.is_none() && !approach.passes_connections_through();
        only_connects.then(|| "the listener accepts connections itself, because it ends TLS".to_owned())
    }

    async fn at_tasks(&self, why: &str) -> Outcome {
        let Self { tcp, scope, approach } = *self;
        let tls =
            approach.group.as_ref().is_some_and(|group| matches!(group.protocol.as_str(), "HTTPS" | "TLS"));
        let ask = async |_, at: SocketAddr| match Tcp::place(scope, &at.to_string(), tcp.tls.unwrap_or(tls)) {
            Some(place) => tcp.at(scope, place, true).await,
            None => (Outcome::cannot_tell(format!("`{at}` is no address")), Reached::Asked),
        };
        let asked = async { tasks::every(approach, tcp.port, ask).await.measured("asked_at_tasks", why) };
        proven(scope, approach, &approach.isolation_of_tasks(), asked).await
    }

    async fn through_listener(&self) -> Outcome {
        let Self { scope, approach, .. } = *self;
        let target = scope.target();
        let host = target.host.as_ref().map(ToString::to_string);
        let wish = Wish {
            host: host.as_deref(),
            server_name: target.tls.server_name.as_ref().map(HostName::name),
            ..Wish::default()
        };
        match approach.route(&wish).await {
            Ok(route) => {
                let isolation = approach.isolation_of(&route).await;
                proven(scope, approach, &isolation, self.by_listener(&route)).await
            }
            Err(no_route) => measured(no_route.outcome(), scope, approach, &approach.isolation),
        }
    }

    async fn by_listener(&self, route: &Route) -> Outcome {
        let Self { tcp, scope, approach } = *self;
        let tls = if approach.passes_connections_through() {
            // What passes through unread is whatever green speaks, and its health check need not speak the same.
            tcp.tls.unwrap_or(false)
        } else {
            route.scheme == Scheme::Https
        };
        let connect = format!("{}:{}", route.address, route.port);
        let Some(place) = Tcp::place(scope, &connect, tls) else {
            return Outcome::cannot_tell(format!("`{connect}` is no host and port"));
        };
        let named = route.server_name.as_ref().map(|name| name.value.clone());
        let place = Place { server_name: place.server_name.clone().or(named), ..place };
        let (outcome, _) = tcp.at(scope, place, false).await;
        outcome.measured("route", json!({ "rule": route.rule, "connect": connect, "notes": route.notes }))
    }
}
