//! Service Connect: a way to green that only services of its namespace have.

use super::Subject;
use crate::{
    look::Look,
    node::Node,
    pages::SERVICE_CONNECT,
    rule::{Rule, Severity},
    service::{hooks, is_function, of_revision, shifting, stages},
};

pub(super) const SUBJECT: Subject = Subject { title: "Service Connect", rules: RULES };

const BASE: Rule = Rule { link: SERVICE_CONNECT, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "DEPLOY-SC-ALIASES",
        title: "Service Connect is set up in a way that ECS refuses",
        why: "A Service Connect service has one client alias, and a test rule for it needs a header with a name and an exact value, if any.",
        fix: "Keep one client alias, and write `testTrafficRules.header.name` and `value.exact`.",
        looks_at: "the service's Service Connect configuration",
        judge: Some(aliases),
        ..BASE
    },
    Rule {
        id: "DEPLOY-SC-HEADER",
        title: "test traffic of Service Connect, which no function can send",
        why: "Green is told from blue by a header within the namespace, and a function is not in it. Without `testTrafficRules` the header is \
              `x-amzn-ecs-blue-green-test`, for HTTP, HTTP/2 and gRPC only.",
        fix: "Probe through a service with a load balancer that calls this one and passes the header on, or green's tasks by their addresses at \
              POST_SCALE_UP.",
        looks_at: "Service Connect and hooks at the test stages",
        judge: Some(header),
        ..WARNING
    },
];

fn connect_services<'a>(service: &Node<'a>) -> Vec<Node<'a>> {
    let connect = of_revision(service, "serviceConnectConfiguration");
    if connect.get("enabled").flag() == Some(false) { Vec::new() } else { connect.get("services").items() }
}

fn aliases(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for connected in connect_services(&service) {
        let aliases = connected.get("clientAliases");
        let count = aliases.items().len();
        if count > 1 {
            aliases.wrong(format!("there are {count} client aliases"));
        }
        for alias in aliases.items() {
            let header = alias.at("testTrafficRules.header");
            if !header.is_present() {
                continue;
            }
            if header.get("name").is_absent() {
                header.wrong("the header has no name");
            }
            let value = header.get("value");
            if value.is_present() && value.get("exact").is_absent() {
                value.wrong("the header's value has no `exact`");
            }
        }
    }
}

fn header(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    // With a test rule a function has another way.
    let has_rule = |balancer: &Node<'_>| !balancer.at("advancedConfiguration.testListenerRule").is_absent();
    let balancers = service.get("loadBalancers");
    if connect_services(&service).is_empty()
        || !balancers.is_known()
        || balancers.items().iter().any(has_rule)
    {
        return;
    }
    let called = |stage: &str| matches!(stage, "TEST_TRAFFIC_SHIFT" | "POST_TEST_TRAFFIC_SHIFT");
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        for (at, stage) in stages(hook).into_iter().filter(|(_, stage)| called(stage)) {
            at.wrong(format!("the function cannot send the header of Service Connect at {stage}"));
        }
    }
}
