//! What must hold of any listener and any request: three readings of its rules agree.
//!
//! The hook derives a request from a rule (`greenlight::deployment::route`), the balancer matches requests against rules,
//! and [`naive`] does so a third time, as plainly as the documentation has it.

mod drawn;
mod naive;

use std::net::{IpAddr, Ipv4Addr};

use arbitrary::Unstructured;
use greenlight::deployment::{
    load_balancing as hook,
    route::{self, Listening, Route, Through, Wish},
};
use http::{HeaderMap, HeaderName, HeaderValue};

use self::drawn::{Drawn, Rule};
use self::naive::{Asked, Says};
use super::conditions::{self, Request, Subject};
use super::routing;
use super::shares::Shares;
use crate::rehearsal::aws::elb;

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/1/2";
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));

/// The balancer takes a request by the rule that the documentation says, and a request that the hook derives from a rule is
/// taken by that rule, unless the hook says that it cannot tell.
///
/// # Panics
/// Where that does not hold.
pub fn listener_rule(data: &[u8]) {
    let Ok(drawn) = Drawn::draw(&mut Unstructured::new(data)) else { return };
    let state = drawn.state();
    let says: Vec<Says> =
        drawn.rules.iter().map(|rule| naive::rule(&rule.conditions, &drawn.asked)).collect();
    for (rule, says) in drawn.rules.iter().zip(says.iter().copied()) {
        balancer_agrees(rule, &drawn.asked, says);
    }
    if says.iter().all(|says| *says != Says::Nothing) {
        let first = drawn.first(|rule| naive::rule(&rule.conditions, &drawn.asked) == Says::Yes);
        assert_eq!(taken_by(&state, &drawn.asked), first.map(|rule| rule.arn.clone()), "{drawn:#?}");
    }
    for meant in &drawn.rules {
        if let Some(route) = derived(&drawn, &meant.arn) {
            reaches(&drawn, &state, meant, &route);
        }
    }
}

/// The balancer's reading of one rule.
fn balancer_agrees(rule: &Rule, asked: &Asked, says: Says) {
    let conditions: Vec<elb::Condition> = rule.conditions.iter().map(drawn::Condition::of_balancer).collect();
    let headers = headers(asked);
    let holds = conditions::hold(&conditions, &subject(asked, &headers));
    match says {
        Says::Yes => assert!(holds, "the balancer does not take {asked:#?}\nby {rule:#?}"),
        Says::No => assert!(!holds, "the balancer takes {asked:#?}\nby {rule:#?}"),
        Says::Nothing => {}
    }
}

/// The hook's request, held against what the documentation says of all rules.
fn reaches(drawn: &Drawn, state: &elb::State, meant: &Rule, route: &Route) {
    let (path, query) = route.path.value.split_once('?').unwrap_or((&route.path.value, ""));
    let asked = Asked {
        method: route.method.value.clone(),
        host: route.host.value.clone(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: drawn::sent(route),
        peer: PEER,
    };
    let of = |rule: &Rule| naive::rule(&rule.conditions, &asked);
    let certain = route.uncertain.is_empty();
    let about = || format!("{asked:#?}\nderived from {meant:#?}\nof {:#?}\n{route:#?}", drawn.rules);
    assert!(of(meant) != Says::No || !certain && meant.depends_on_client(), "is not taken: {}", about());
    let before: Vec<&Rule> = drawn.rules.iter().filter(|rule| rule.priority < meant.priority).collect();
    if certain {
        assert!(before.iter().all(|rule| of(rule) != Says::Yes), "is taken before: {}", about());
    }
    if of(meant) == Says::Yes && before.iter().all(|rule| of(rule) == Says::No) {
        assert_eq!(taken_by(state, &asked), Some(meant.arn.clone()), "is routed elsewhere: {}", about());
    }
}

fn taken_by(state: &elb::State, asked: &Asked) -> Option<String> {
    let headers = headers(asked);
    routing::route(state, &Shares::default(), LISTENER, &subject(asked, &headers)).rule
}

fn subject<'a>(asked: &'a Asked, headers: &'a HeaderMap) -> Subject<'a> {
    let Asked { method, host, path, query, .. } = asked;
    Subject { peer: asked.peer, request: Some(Request { method, host, path, query, headers }) }
}

fn headers(asked: &Asked) -> HeaderMap {
    let header = |(name, value): &(String, String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    };
    asked.headers.iter().filter_map(header).collect()
}

/// The hook's request for a rule, where it finds one.
fn derived(drawn: &Drawn, rule: &str) -> Option<Route> {
    let load_balancer = hook::LoadBalancer {
        arn: LISTENER.replace(":listener/", ":loadbalancer/"),
        dns_name: "shop-1.eu-west-1.elb.amazonaws.com".to_owned(),
        internal: false,
        is_network: false,
        zones: Vec::new(),
    };
    let listener = hook::Listener {
        arn: LISTENER.to_owned(),
        protocol: "HTTP".to_owned(),
        port: 80,
        mutual_tls: false,
        certificate: None,
        default_actions: vec![hook::Action::FixedResponse("404".to_owned())],
    };
    let rules: Vec<hook::Rule> = drawn.rules.iter().map(Rule::of_hook).collect();
    let listening = Listening {
        load_balancer: &load_balancer,
        listener: &listener,
        rules: &rules,
        through: Through::Rule(rule),
    };
    let wish = Wish {
        host: drawn.wished_host.as_deref(),
        path: drawn.wished_path.as_deref(),
        method: &drawn.asked.method,
        headers: &drawn.wished_headers,
        ..Wish::default()
    };
    match route::find(&wish, &listening, None, None, None) {
        Ok(route) => Some(route),
        Err(obstacle) => {
            assert!(!obstacle.to_string().is_empty() && !obstacle.hint().is_empty());
            None
        }
    }
}
