//! The check where discovery leads: through the load balancer's test or production route, or to green's
//! tasks themselves.
//!
//! Nothing is judged before it is shown that what answers is green. Where the plan names no path, the
//! request is that of green's own health check; it goes through the listener only where the health check
//! uses the port that traffic uses and the rule lets its path through.

use greenlight::{
    Outcome, Scope,
    deployment::{
        Approach, HealthRequest, Isolation as Proof, TaskAddress,
        route::{Route, Scheme, Wish},
    },
    plan::Isolation,
};
use serde_json::json;
use url::Url;

use super::{
    Http,
    answered_by::Taken,
    expect::Expect,
    health,
    request::{Place, planned_headers},
};

/// So many tasks that cannot be reached show that none can.
const ENOUGH: usize = 3;

/// Probes green through one approach.
pub(super) async fn probe(http: &Http, scope: &Scope, approach: &Approach) -> Outcome {
    let caveat = match proof(scope, approach) {
        Ok(caveat) => caveat,
        Err(outcome) => return measured(*outcome, scope, approach),
    };
    let outcome = asked(http, scope, approach).await;
    let outcome = match caveat {
        Some(caveat) => outcome.caveat(caveat),
        None => outcome,
    };
    measured(outcome, scope, approach)
}

/// Whether green may be asked at all: the caveat of a pass, or the outcome that says why not.
fn proof(scope: &Scope, approach: &Approach) -> Result<Option<&'static str>, Box<Outcome>> {
    // Without an address of green's there is nobody to ask, whatever the plan says.
    let needed = approach.entrance.is_none();
    match (&approach.isolation, scope.isolation()) {
        (Proof::Open(_), Isolation::Off) if !needed => Ok(None),
        (Proof::Open(outcome), _) => Err(outcome.clone()),
        (Proof::NotProven(why), Isolation::Required) => Err(Box::new(
            Outcome::cannot_tell(format!(
                "`isolation` is `required`, and it cannot be proven that what answers is green: {why}"
            ))
            .hint("use `\"isolation\": \"auto\"`, or network mode `awsvpc` with targets of type `ip`"),
        )),
        (Proof::NotProven(_), Isolation::Auto) => Ok(Some("not proven to be green")),
        (Proof::Proven(_), _) | (Proof::NotProven(_), Isolation::Off) => Ok(None),
    }
}

async fn asked(http: &Http, scope: &Scope, approach: &Approach) -> Outcome {
    let given = http.path.is_given().then_some(http.path.0.as_str());
    let own = approach.health_request();
    let Some(path) = given.or(own.as_ref().map(|own| own.path.as_str())) else {
        let why = match approach.group {
            Some(_) => "green's health check is no HTTP request",
            None => &approach.because,
        };
        return health::alone(approach, why);
    };
    let statuses = if given.is_some() { None } else { own.as_ref().and_then(|own| own.statuses.clone()) };
    let expect = http.expect.with_default_statuses(statuses);
    let own_choice = given.is_none();
    let elsewhere = own.as_ref().filter(|_| own_choice).and_then(|own| own.port);
    let mut why = approach.because.clone();
    if approach.entrance.is_some() && elsewhere.is_none() {
        let (headers, secrets) = planned_headers(http, scope);
        let target = scope.target();
        let host = target.host.as_ref().map(ToString::to_string);
        let wish = Wish {
            host: host.as_deref(),
            server_name: target.tls.server_name.as_ref().map(greenlight::plan::HostName::name),
            path: Some(path),
            method: http.method.0.as_str(),
            headers: &headers,
            secret_headers: &secrets,
        };
        match approach.route(&wish).await {
            Ok(route) => return by_route(http, scope, approach, &expect, route, own_choice).await,
            Err(no_route) if own_choice && no_route.is_path() => {
                why = format!("the test rule does not let green's health check `{path}` through");
            }
            Err(no_route) => return no_route.outcome(),
        }
    } else if let Some(port) = elsewhere {
        why = format!("green's health check is at port {port}, where no listener leads");
    }
    let probes = TaskProbes {
        http,
        scope,
        approach,
        expect: &expect,
        path,
        own: own.as_ref().filter(|_| own_choice),
        why: &why,
    };
    probes.run().await
}

async fn by_route(
    http: &Http,
    scope: &Scope,
    approach: &Approach,
    expect: &Expect,
    route: Route,
    own_choice: bool,
) -> Outcome {
    let scheme = route.scheme.as_str();
    let Ok(base) = Url::parse(&format!("{scheme}://{}", route.host.value)) else {
        return Outcome::cannot_tell(format!("`{}` ({}) is no host name", route.host.value, route.host.from));
    };
    let notes = route.notes.join("; ");
    let shown = format!("{scheme}://{}{}", route.host.value, route.path.value);
    let taken = Taken {
        by_load_balancer: true,
        too_early: too_early(approach),
        own_choice_at: own_choice.then(|| base.clone()),
        notes: if notes.is_empty() { String::new() } else { format!("; {notes}") },
    };
    let place = Place {
        base,
        connect_to: Some((route.address.clone(), route.port)),
        host: Some(route.host.value.clone()),
        server_name: route.server_name.as_ref().map(|name| name.value.clone()),
        path: route.path.value.clone(),
        headers: route.headers.iter().map(|(name, chosen)| (name.clone(), chosen.value.clone())).collect(),
        shown,
    };
    let (outcome, unreachable) = http.sent(scope, place, expect, http.requests, taken).await;
    let outcome = if unreachable && !notes.is_empty() {
        let hint = outcome.hint.as_ref().map(|hint| format!("{hint}; {notes}"));
        outcome.hint(hint.unwrap_or(notes))
    } else {
        outcome
    };
    outcome.measured(
        "route",
        json!({ "rule": route.rule, "connect": format!("{}:{}", route.address, route.port),
                "host": route.host.value, "host_from": route.host.from, "path": route.path.value,
                "path_from": route.path.from, "notes": route.notes }),
    )
}

/// Why the load balancer may have nobody to ask yet.
fn too_early(approach: &Approach) -> Option<String> {
    let green = approach.group.as_ref()?;
    if approach.has_no_healthy_target() {
        return Some(format!("`{}` has no healthy target yet", green.name));
    }
    let moved = approach.live.iter().any(|live| live.weight > 0 && live.target_group == green.arn);
    (!moved).then(|| "the rule's weights have not moved to green yet".to_owned())
}

/// Probes at the addresses of green's tasks.
struct TaskProbes<'a> {
    http: &'a Http,
    scope: &'a Scope,
    approach: &'a Approach,
    expect: &'a Expect,
    path: &'a str,
    /// The health check, where the request is that.
    own: Option<&'a HealthRequest>,
    /// Why green is asked there.
    why: &'a str,
}

impl TaskProbes<'_> {
    async fn run(&self) -> Outcome {
        let tasks = &self.approach.tasks;
        if tasks.is_empty() {
            return if self.own.is_some() {
                health::alone(self.approach, self.why)
            } else {
                Outcome::inconclusive(format!("{}, and its tasks have no address of their own", self.why))
                    .hint("use network mode `awsvpc`, or a test listener rule")
            };
        }
        // Every task is asked at least once; together they get as many requests as the check has.
        let each = self.http.requests.div_ceil(tasks.len() as u64).max(1);
        let mut good = 0;
        let mut trouble: Option<Outcome> = None;
        let (mut asked, mut silent) = (0, 0);
        for task in tasks {
            let (outcome, unreachable) = self.one(task, each).await;
            asked += 1;
            silent += usize::from(unreachable);
            if outcome.kind == greenlight::Kind::Pass {
                good += 1;
            } else if trouble.as_ref().is_none_or(|worst| worst.kind != greenlight::Kind::Fail) {
                let observed = format!("task {}: {}", task.task, outcome.observed);
                trouble = Some(Outcome { observed, ..outcome });
            }
            // An address that does not answer costs seconds, and where several do not, none does.
            if silent == ENOUGH {
                break;
            }
        }
        let all_unreachable = silent == asked;
        match trouble {
            None => Outcome::pass(format!(
                "{good} of {good} tasks of green answered {each} times each at `{}` as expected (status {}); {}",
                self.path,
                self.expect.statuses(),
                self.why
            )),
            Some(_) if all_unreachable && self.own.is_some() => health::alone(
                self.approach,
                &format!("{}, and its tasks cannot be reached from here", self.why),
            ),
            Some(outcome) if all_unreachable => outcome.hint(format!(
                "{}: the function must be in the tasks' network, and their security group must let it in",
                self.why
            )),
            Some(outcome) => outcome,
        }
    }

    async fn one(&self, task: &TaskAddress, requests: u64) -> (Outcome, bool) {
        let Some(port) = self.own.and_then(|own| own.port).or(task.port) else {
            let outcome = Outcome::cannot_tell(format!(
                "{}, and nothing tells the port that green's container listens on",
                self.why
            ))
            .hint("set `target.url` in the plan");
            return (outcome, false);
        };
        let https = match self.own {
            Some(own) => own.scheme == Scheme::Https,
            None => self.approach.group.as_ref().is_some_and(|group| group.protocol == "HTTPS"),
        };
        let scheme = if https { Scheme::Https } else { Scheme::Http }.as_str();
        let authority = std::net::SocketAddr::new(task.address, port).to_string();
        let Ok(base) = Url::parse(&format!("{scheme}://{authority}")) else {
            return (Outcome::cannot_tell(format!("`{authority}` is no address")), false);
        };
        let target = self.scope.target();
        let place = Place {
            connect_to: None,
            host: target.host.as_ref().map(ToString::to_string),
            server_name: target.tls.server_name.as_ref().map(|name| name.name().to_owned()),
            path: self.path.to_owned(),
            headers: Vec::new(),
            shown: format!("{scheme}://{authority}{}", self.path),
            base: base.clone(),
        };
        let taken = Taken { own_choice_at: self.own.map(|_| base), ..Taken::default() };
        self.http.sent(self.scope, place, self.expect, requests, taken).await
    }
}

/// Adds what shows that it was green that was asked.
fn measured(outcome: Outcome, scope: &Scope, approach: &Approach) -> Outcome {
    let off = scope.isolation() == Isolation::Off;
    let live: Vec<_> = approach
        .live
        .iter()
        .map(|live| json!({ "target_group": live.target_group, "weight": live.weight }))
        .collect();
    outcome.measured(
        "isolation",
        json!({ "asked_for": if off { "off" } else { "on" }, "is": approach.isolation.word(),
                "because": approach.isolation.words(), "weights": live,
                "green_target_group": approach.group.as_ref().map(|group| group.arn.clone()) }),
    )
}
