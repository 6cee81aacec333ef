//! How a service is deployed: the strategy, its steps and its times.

use std::time::Duration;

use super::Subject;
use crate::{
    arithmetic::{CLOUD_FORMATION_LIMIT, counted_time},
    document::Spelling,
    facts::Key,
    look::Look,
    node::Node,
    pages::{
        API_DEPLOYMENT_CONFIGURATION, CANARY, CIRCUIT_BREAKER, CLOUD_FORMATION_CANARY, IMPLEMENTATION,
        LINEAR, NLB_RESOURCES, SCALING, SERVICE_EVENTS, TROUBLESHOOTING,
    },
    rule::{Rule, Severity},
    service::{Strategy, is_deployed_by_ecs, may_be_connected, shifting, shifts, strategy},
};

pub(super) const SUBJECT: Subject = Subject { title: "Strategy, steps and sizes", rules: RULES };

const BASE: Rule = Rule {
    link: API_DEPLOYMENT_CONFIGURATION,
    looks_at: "the service's deployment configuration",
    ..Rule::BASE
};
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };
const INFO: Rule = Rule { severity: Severity::Info, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "DEPLOY-STRATEGY-NAME",
        title: "a strategy that ECS does not know",
        why: "A service is deployed by ROLLING, BLUE_GREEN, LINEAR or CANARY.",
        fix: "Write one of these; their names are in capitals.",
        judge: Some(strategy_name),
        ..BASE
    },
    Rule {
        id: "DEPLOY-CONTROLLER",
        title: "a strategy of ECS with somebody else's controller",
        why: "BLUE_GREEN, LINEAR and CANARY are what ECS itself does; with CODE_DEPLOY or EXTERNAL somebody else deploys.",
        fix: "Set `deploymentController.type` to ECS, or leave the strategy out.",
        judge: Some(controller),
        ..BASE
    },
    Rule {
        id: "DEPLOY-NO-SHIFT",
        severity: Severity::Warning,
        title: "a strategy that shifts traffic, and no traffic to shift",
        why: "Without a load balancer, Service Connect or VPC Lattice ECS starts green beside blue and shifts nothing; for LINEAR and CANARY \
              nobody says what the steps then mean.",
        fix: "Add `loadBalancers` with an `advancedConfiguration`, or deploy with ROLLING.",
        link: IMPLEMENTATION,
        looks_at: "the service's strategy and what stands before it",
        judge: Some(no_shift),
        ..BASE
    },
    Rule {
        id: "DEPLOY-LINEAR-RANGE",
        title: "a linear step out of bounds",
        why: "`stepPercent` is 3 to 100 in steps of 0.1, `stepBakeTimeInMinutes` 0 to 1440, and both go with LINEAR only.",
        fix: "Correct the numbers, or take `linearConfiguration` away.",
        link: LINEAR,
        judge: Some(linear_range),
        ..BASE
    },
    Rule {
        id: "DEPLOY-CANARY-RANGE",
        title: "a canary out of bounds",
        why: "`canaryPercent` is 0.1 to 100 in steps of 0.1, `canaryBakeTimeInMinutes` 0 to 1440, and both go with CANARY only.",
        fix: "Correct the numbers, or take `canaryConfiguration` away.",
        link: CANARY,
        judge: Some(canary_range),
        ..BASE
    },
    Rule {
        id: "DEPLOY-BAKE-RANGE",
        title: "a bake time out of bounds",
        why: "`bakeTimeInMinutes` is a whole number from 0 to 1440. Where it is not said, CloudFormation bakes for 15 minutes.",
        fix: "Set it to what it takes to see that green is well: 5 to 15 minutes suit most services.",
        judge: Some(bake_range),
        ..BASE
    },
    Rule {
        id: "DEPLOY-CFN-33H",
        title: "a deployment that CloudFormation would not wait for",
        why: "An update of a stack ends after 36 hours, so CloudFormation refuses steps and bake times of more than 33.",
        fix: "Bake for a shorter time, or in fewer steps.",
        link: CLOUD_FORMATION_CANARY,
        looks_at: "bake times and steps of a service in a template",
        judge: Some(too_long_for_cloud_formation),
        ..BASE
    },
    Rule {
        id: "DEPLOY-CB-BLUEGREEN",
        title: "a circuit breaker that a strategy does not have",
        why: "AWS documents the circuit breaker for ROLLING deployments, and on one of its pages for BLUE_GREEN too; for LINEAR and CANARY \
              nowhere. No deployment should rest on it there.",
        fix: "Rely on hooks and `deploymentConfiguration.alarms` instead, and take `deploymentCircuitBreaker` away.",
        link: CIRCUIT_BREAKER,
        judge: Some(circuit_breaker),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-NLB-DELAY",
        title: "a Network Load Balancer adds twenty minutes",
        why: "ECS waits ten minutes at TEST_TRAFFIC_SHIFT and ten at PRODUCTION_TRAFFIC_SHIFT until a Network Load Balancer has taken up its new \
              weights.",
        fix: "Give pipelines and people that much more time; nothing is wrong.",
        link: NLB_RESOURCES,
        looks_at: "the service's load balancers",
        judge: Some(nlb_delay),
        ..INFO
    },
    Rule {
        id: "DEPLOY-IN-FLIGHT",
        title: "a deployment is under way already",
        why: "A second deployment ends the first one wherever it is, and begins while traffic may be on its way.",
        fix: "Wait for it, or stop it: `aws ecs stop-service-deployment --service-deployment-arn ARN --stop-type ROLLBACK`.",
        looks_at: "the service's current deployment",
        judge: Some(in_flight),
        of_what_serves: true,
        ..WARNING
    },
    Rule {
        id: "DEPLOY-CAPACITY",
        title: "no room for green beside blue",
        why: "A deployment that shifts traffic runs twice the tasks for a while. In `awsvpc` mode each takes an address of its subnets.",
        fix: "Free addresses, add subnets, or lower the desired count for the deployment.",
        link: SERVICE_EVENTS,
        looks_at: "the free addresses of the service's subnets",
        judge: Some(addresses),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-AUTOSCALING",
        title: "the number of tasks may change while green is judged",
        why: "During a deployment Application Auto Scaling still adds tasks, and does not take any away.",
        fix: "Nothing, where that is fine; otherwise suspend scaling for the time of the deployment.",
        link: SCALING,
        looks_at: "the service's scalable target",
        judge: Some(scaling),
        ..INFO
    },
    Rule {
        id: "DEPLOY-NO-ROLLBACK",
        title: "there was nothing to go back to",
        why: "The first deployment of a service has failed, or the one before was never completed. The message hides why it failed.",
        fix: "Look at what failed first: `greenlight explain --service CLUSTER/SERVICE`. Then deploy again.",
        link: TROUBLESHOOTING,
        looks_at: "",
        judge: None,
        messages: &["No rollback candidate was found to run the rollback"],
        not_proven: "Why the deployment failed. It only says that ECS could not undo it.",
        ..INFO
    },
];

fn configuration<'a>(service: &Node<'a>) -> Node<'a> {
    service.get("deploymentConfiguration")
}

const STRATEGIES: [&str; 4] = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];

fn strategy_name(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let strategy = configuration(&service).get("strategy");
    if strategy.text().is_some_and(|text| !STRATEGIES.contains(&text)) {
        strategy.wrong_name(format!("`{strategy}` is no strategy"), &STRATEGIES);
    }
}

fn controller(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let (controller, strategy) =
        (service.at("deploymentController.type"), configuration(&service).get("strategy"));
    let (Some(kind), Some(named)) = (controller.text(), strategy.text()) else { return };
    if !is_deployed_by_ecs(&service) && named != "ROLLING" {
        strategy.wrong(format!("the strategy is {named}, and the deployment controller {kind}"));
    }
}

fn no_shift(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    if service.get("loadBalancers").is_empty() && !may_be_connected(&service) {
        configuration(&service)
            .get("strategy")
            .wrong("the service has no load balancer, no Service Connect and no VPC Lattice");
    }
}

/// Says where a number is not a multiple of `step` between two bounds.
fn bounds(number: &Node<'_>, least: f64, most: f64, step: f64) {
    let Some(value) = number.number() else {
        if number.value().is_some() {
            number.wrong(format!("`{number}` is no number"));
        }
        return;
    };
    // Tenths are no binary fractions.
    let steps = value / step;
    if !(least..=most).contains(&value) || (steps - steps.round()).abs() > 1e-6 {
        number.wrong(format!("{value} is not {least} to {most} in steps of {step}"));
    }
}

const DAY: f64 = 1_440.0;

fn linear_range(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let linear = configuration(&service).get("linearConfiguration");
    bounds(&linear.get("stepPercent"), 3.0, 100.0, 0.1);
    bounds(&linear.get("stepBakeTimeInMinutes"), 0.0, DAY, 1.0);
    goes_with(&service, &linear, Strategy::Linear, "LINEAR");
}

fn canary_range(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let canary = configuration(&service).get("canaryConfiguration");
    bounds(&canary.get("canaryPercent"), 0.1, 100.0, 0.1);
    bounds(&canary.get("canaryBakeTimeInMinutes"), 0.0, DAY, 1.0);
    goes_with(&service, &canary, Strategy::Canary, "CANARY");
}

fn goes_with(service: &Node<'_>, settings: &Node<'_>, wanted: Strategy, name: &str) {
    let other = strategy(service).is_some_and(|strategy| strategy != wanted);
    if settings.is_present() && other {
        settings.wrong(format!("the strategy is not {name}"));
    }
}

fn bake_range(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    bounds(&configuration(&service).get("bakeTimeInMinutes"), 0.0, DAY, 1.0);
}

fn too_long_for_cloud_formation(look: &Look<'_>) {
    let Some(service) = shifting(look).filter(|service| service.spelling() == Spelling::CloudFormation)
    else {
        return;
    };
    let configuration = configuration(&service);
    let minutes = |node: &Node<'_>, default: u64| {
        let minutes = if node.is_absent() { Some(default) } else { node.whole().map(u64::from) };
        minutes.map(|minutes| Duration::from_secs(minutes * 60))
    };
    let Some(bake) = minutes(&configuration.get("bakeTimeInMinutes"), 15) else { return };
    let (settings, step_bake, step) = match strategy(&service) {
        Some(Strategy::Canary) => {
            let canary = configuration.get("canaryConfiguration");
            let bake = minutes(&canary.get("canaryBakeTimeInMinutes"), 10);
            (canary, bake, None)
        }
        Some(Strategy::Linear) => {
            let linear = configuration.get("linearConfiguration");
            let percent = linear.get("stepPercent");
            let percent = if percent.is_absent() { Some(10.0) } else { percent.number() };
            let Some(percent) = percent.filter(|it| (0.1..=100.0).contains(it)) else { return };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is from 1 to 1000"
            )]
            let tenths = (percent * 10.0).round() as u32;
            let bake = minutes(&linear.get("stepBakeTimeInMinutes"), 6);
            (linear, bake, Some(tenths))
        }
        _ => return,
    };
    let Some(step_bake) = step_bake else { return };
    let counted = counted_time(bake, step_bake, step);
    if counted > CLOUD_FORMATION_LIMIT {
        let minutes = counted.as_secs() / 60;
        settings.wrong(format!("steps and bake time last {} h {} min", minutes / 60, minutes % 60));
    }
}

fn circuit_breaker(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let strategy = match strategy(&service) {
        Some(Strategy::Linear) => "LINEAR",
        Some(Strategy::Canary) => "CANARY",
        _ => return,
    };
    let breaker = configuration(&service).get("deploymentCircuitBreaker");
    if breaker.get("enable").flag() == Some(true) {
        breaker.wrong(format!("the circuit breaker is on, and the strategy is {strategy}"));
    }
}

fn nlb_delay(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in service.get("loadBalancers").items() {
        let rule = balancer.at("advancedConfiguration.productionListenerRule");
        if rule.text().is_some_and(|text| text.contains(":listener/net/")) {
            rule.wrong("the service is behind a Network Load Balancer");
        }
    }
}

fn in_flight(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let current = service.get("currentServiceDeployment");
    if look.is_being_deployed(&service) && current.value().is_some() {
        current.wrong(format!("{current} is under way"));
    }
}

fn addresses(look: &Look<'_>) {
    let Some(service) = look.service().filter(shifts) else { return };
    let network = service.at("networkConfiguration.awsvpcConfiguration.subnets");
    let Some(wanted) = service.get("desiredCount").whole() else { return };
    if network.items().is_empty() || !network.is_known() {
        return;
    }
    let mut free = 0;
    for subnet in network.items() {
        let Some(id) = subnet.text() else { return };
        let Some(known) = look.get(&Key::Subnet(id.to_owned())) else { return };
        let Some(count) = known.get("AvailableIpAddressCount").whole() else { return };
        free += count;
    }
    if free < wanted {
        network.wrong(format!("{free} addresses are free, and green needs {wanted}"));
    }
}

fn scaling(look: &Look<'_>) {
    let Some(_) = shifting(look) else { return };
    let Some(scaling) = look.get(&Key::Scaling) else { return };
    let suspended = |key: &str| scaling.at("SuspendedState").get(key).flag() == Some(true);
    let (least, most) = (scaling.get("MinCapacity"), scaling.get("MaxCapacity"));
    let (Some(from), Some(to)) = (least.whole(), most.whole()) else { return };
    if from < to && !(suspended("DynamicScalingOutSuspended") && suspended("ScheduledScalingSuspended")) {
        most.wrong(format!("the service scales from {from} to {to} tasks"));
    }
}
