//! Rolling deployments: room to move, the circuit breaker, early success, and which image is meant.

use super::Subject;
use crate::{
    arithmetic::{Room, Threshold, room, threshold},
    facts::Key,
    look::Look,
    node::Node,
    pages::{API_EARLY_SUCCESS, CIRCUIT_BREAKER, ROLLING, SERVICE_EVENTS},
    rule::{Rule, Severity},
    service::{Strategy, is_deployed_by_ecs, strategy},
};

pub(super) const SUBJECT: Subject = Subject { title: "Rolling deployments and images", rules: RULES };

const BASE: Rule = Rule { link: ROLLING, looks_at: "the service's counts and percentages", ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };
const INFO: Rule = Rule { severity: Severity::Info, ..BASE };

const BREAKER: &str = "the service's circuit breaker";
const IMAGES: &str = "the images of the task definition";

static RULES: &[Rule] = &[
    Rule {
        id: "ROLL-STUCK",
        title: "a rolling deployment that may neither stop nor start a task",
        why: "`minimumHealthyPercent` of the desired count, rounded up, must keep running, and no more than `maximumPercent` of it, rounded down, \
              may run at once. Where both come to the desired count the deployment never moves.",
        fix: "Raise `maximumPercent` to at least 100 × (count + 1) / count, 200 if in doubt, or lower `minimumHealthyPercent`: `aws ecs \
              update-service --cluster CLUSTER --service SERVICE --deployment-configuration \
              maximumPercent=200,minimumHealthyPercent=100`.",
        link: SERVICE_EVENTS,
        judge: Some(stuck),
        messages: &[
            "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again",
        ],
        gate: true,
        ..BASE
    },
    Rule {
        id: "ROLL-ONE-TASK",
        title: "the only task stops before its successor starts",
        why: "With one task and a `maximumPercent` below 200 no second one fits, so ECS stops the one there is and then starts the new one. \
              Nobody serves in between, and if the new one fails, nobody serves at all.",
        fix: "Set `maximumPercent` to 200 and `minimumHealthyPercent` to 100, unless two tasks must never run at once.",
        judge: Some(one_task),
        ..WARNING
    },
    Rule {
        id: "ROLL-DAEMON",
        title: "a daemon with a maximum other than 100 percent",
        why: "A daemon has one task on each instance, and never two. ECS wants `maximumPercent` to be 100 for it, which is the default.",
        fix: "Take `maximumPercent` away or set it to 100; `minimumHealthyPercent` below 100 gives it room to move.",
        looks_at: "the service's scheduling strategy and percentages",
        judge: Some(daemon),
        ..BASE
    },
    Rule {
        id: "ROLL-CB-THRESHOLD",
        title: "the circuit breaker trips at another number than one may expect",
        why: "It trips after so many failed tasks: `value` percent of the desired count, rounded up, but with BOUNDED_PERCENT, which is the \
              default with 50, no fewer than 3 and no more than 200. A small service therefore fails all its tasks several times first, and a \
              large one is stopped long before that part of it has failed.",
        fix: "For a small service set `thresholdConfiguration` to `{\"type\": \"COUNT\", \"value\": 1}` or so; for a large one take \
              UNBOUNDED_PERCENT. Leave it where the number is fine.",
        link: CIRCUIT_BREAKER,
        looks_at: "the service's circuit breaker and desired count",
        judge: Some(surprising_threshold),
        ..INFO
    },
    Rule {
        id: "ROLL-CB-ROLLBACK",
        title: "the circuit breaker stops a deployment and leaves it there",
        why: "With `rollback` off a deployment that fails is stopped where it is: some tasks are new, some old, and nothing is mended until \
              somebody deploys again.",
        fix: "Set `deploymentCircuitBreaker.rollback` to true. It goes back to the last deployment that was completed; the first one has none.",
        link: CIRCUIT_BREAKER,
        looks_at: BREAKER,
        judge: Some(no_rollback),
        ..WARNING
    },
    Rule {
        id: "ROLL-CB-RESET",
        title: "the circuit breaker forgets failures of tasks that crash late",
        why: "A task that becomes healthy sets the count of failures back to 0, and without a load balancer and without a container health check \
              a task counts as healthy 40 seconds after it runs. Tasks that crash after that never trip the circuit breaker.",
        fix: "Give the essential container a `healthCheck`, or set `deploymentCircuitBreaker.resetOnHealthyTask` to false.",
        link: CIRCUIT_BREAKER,
        looks_at: "the service's circuit breaker, its load balancers and the containers' health checks",
        judge: Some(forgets),
        ..INFO
    },
    Rule {
        id: "ROLL-BOTH-DETECTORS",
        title: "circuit breaker and alarms do not agree about going back",
        why: "Both are on, and whichever finds something first ends the deployment. One of them goes back to the last version and the other does \
              not, so what happens depends on which is faster.",
        fix: "Set `rollback` to the same in `deploymentCircuitBreaker` and in `alarms`.",
        looks_at: "the service's circuit breaker and deployment alarms",
        judge: Some(detectors),
        ..INFO
    },
    Rule {
        id: "ROLL-EARLY-SUCCESS",
        title: "criteria of early success that ECS does not take",
        why: "`earlySuccessCriteria` are for ROLLING only. Where they are on they need a `healthyPercent` from `minimumHealthyPercent` to 100, and \
              `sourceServiceRevisionCleanup`: BLOCKING or DEFERRED.",
        fix: "Correct the values, or take `earlySuccessCriteria` away.",
        link: API_EARLY_SUCCESS,
        looks_at: "the service's criteria of early success",
        judge: Some(early_success),
        gate: true,
        ..BASE
    },
    Rule {
        id: "ROLL-DIGEST-FAIL",
        title: "ECS could not find out which image a tag means",
        why: "At the start of a deployment ECS looks up the digest of each tag, so that all tasks run the same image. After three failed attempts it \
              goes on without; with the circuit breaker the deployment fails instead.",
        fix: "See whether the tag exists and may be pulled: `aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG`. Naming \
              the image by its digest, `NAME@sha256:…`, leaves nothing to look up.",
        looks_at: "",
        judge: None,
        messages: &["CannotPullImageManifestError"],
        ..WARNING
    },
    Rule {
        id: "ROLL-DIGEST-PLATFORM",
        title: "tasks of one deployment may run different images",
        why: "Before platform version 1.3.0 of Fargate for Linux (and 1.31.0 of the container agent on EC2) ECS does not keep to the digest that a \
              tag had at the start. Tasks that start later run whatever the tag means then.",
        fix: "Use `LATEST` or 1.4.0, or name images by digest.",
        looks_at: "the service's platform version and the images of the task definition",
        judge: Some(old_platform),
        ..WARNING
    },
    Rule {
        id: "ROLL-DIGEST-ZERO",
        title: "nothing fixes the image until a task is started",
        why: "A deployment with a desired count of 0 starts no task, so ECS looks up no digest. The image is the one that the tag means at the \
              first deployment with a task, whoever pushed it until then.",
        fix: "Name images by digest where that matters.",
        looks_at: "the service's desired count and the images of the task definition",
        judge: Some(no_task),
        ..INFO
    },
    Rule {
        id: "ROLL-IMAGE-MUTABLE",
        title: "an image that the next push changes",
        why: "`latest`, or no tag, means another image after each push. ECS keeps to one digest within a deployment only, so the same task definition \
              is another version the next time, and a rollback does not bring the old one back.",
        fix: "Give each build a tag of its own and make tags immutable (`aws ecr put-image-tag-mutability --repository-name NAME \
              --image-tag-mutability IMMUTABLE`), or name the image by digest: `NAME@sha256:…`.",
        looks_at: IMAGES,
        judge: Some(mutable),
        ..WARNING
    },
];

fn configuration<'a>(service: &Node<'a>) -> Node<'a> {
    service.get("deploymentConfiguration")
}

/// A service that ECS deploys by replacing tasks.
fn rolling<'a>(look: &'a Look<'a>) -> Option<Node<'a>> {
    look.service().filter(|service| strategy(service) == Some(Strategy::Rolling))
}

/// Whether a service has one task on each instance; none where nobody knows.
fn is_daemon(service: &Node<'_>) -> Option<bool> {
    let kind = service.get("schedulingStrategy");
    if kind.is_absent() { Some(false) } else { kind.text().map(|kind| kind == "DAEMON") }
}

/// A percentage, or the API's default where it is not said.
fn percent(service: &Node<'_>, key: &str, unsaid: u32) -> Option<u32> {
    let at = configuration(service).get(key);
    if at.is_absent() { Some(unsaid) } else { at.whole() }
}

/// The desired count of a rolling service of replicas, and the room that it has.
fn replicas(service: &Node<'_>) -> Option<(u32, Room)> {
    let (least, most) =
        (percent(service, "minimumHealthyPercent", 100)?, percent(service, "maximumPercent", 200)?);
    let count = service.get("desiredCount").whole().filter(|count| *count > 0)?;
    (!is_daemon(service)?).then(|| (count, room(count, least, most)))
}

fn stuck(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    if is_daemon(&service) == Some(true) {
        if percent(&service, "minimumHealthyPercent", 0).is_some_and(|least| least >= 100) {
            configuration(&service)
                .get("minimumHealthyPercent")
                .wrong("it is 100 for a daemon, which never has room for a second task on an instance");
        }
        return;
    }
    let Some((count, room)) = replicas(&service).filter(|(_, room)| room.is_stuck()) else { return };
    configuration(&service).wrong_fix(
        format!("of {count} tasks {} must keep running and {} may run at once", room.lower, room.upper),
        format!(
            "Raise `maximumPercent` to {} or more.",
            (100 * (u64::from(count) + 1)).div_ceil(u64::from(count))
        ),
    );
}

fn one_task(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    if let Some((1, room)) = replicas(&service)
        && room.may_start == 0
        && room.may_stop > 0
    {
        configuration(&service).wrong("there is one task, and no second one may run beside it");
    }
}

fn daemon(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    let most = configuration(&service).get("maximumPercent");
    if is_daemon(&service) == Some(true) && most.whole().is_some_and(|most| most != 100) {
        most.wrong(format!("it is {most} for a daemon"));
    }
}

/// The circuit breaker of a rolling service, where it is on.
fn breaker<'a>(service: &Node<'a>) -> Option<Node<'a>> {
    let breaker = configuration(service).get("deploymentCircuitBreaker");
    (breaker.get("enable").flag() == Some(true)).then_some(breaker)
}

fn given(breaker: &Node<'_>) -> Option<Threshold> {
    let own = breaker.get("thresholdConfiguration");
    if own.is_absent() {
        return Some(Threshold::default());
    }
    let value = own.get("value").whole()?;
    match own.get("type").text()? {
        "BOUNDED_PERCENT" => Some(Threshold::BoundedPercent(value)),
        "UNBOUNDED_PERCENT" => Some(Threshold::UnboundedPercent(value)),
        "COUNT" => Some(Threshold::Count(value)),
        _ => None,
    }
}

fn surprising_threshold(look: &Look<'_>) {
    // To lose the whole service twice over is what a bound of 3 means to one with one task.
    const TIMES: u64 = 3;
    let Some(service) = rolling(look) else { return };
    let Some(breaker) = breaker(&service) else { return };
    let (Some((count, _)), Some(given)) = (replicas(&service), given(&breaker)) else { return };
    let (trips, meant) = (threshold(count, given), given.without_bounds(count));
    if trips < meant {
        breaker.wrong(format!("it trips after {trips} failed tasks, not after {meant} of {count}"));
    } else if trips >= TIMES * u64::from(count) {
        breaker.wrong(format!("it trips after {trips} failed tasks, and the service has {count}"));
    }
}

fn no_rollback(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    let Some(breaker) = breaker(&service) else { return };
    let rollback = breaker.get("rollback");
    if rollback.is_absent() || rollback.flag() == Some(false) {
        breaker.wrong("the circuit breaker is on, and `rollback` is off");
    }
}

fn forgets(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    let Some(breaker) = breaker(&service) else { return };
    let reset = breaker.get("resetOnHealthyTask");
    let none = |key: &str| service.get(key).is_empty();
    let resets = reset.is_absent() || reset.flag() == Some(true);
    if !(resets && none("loadBalancers") && none("serviceRegistries")) {
        return;
    }
    let Some(task) = look.get(&Key::TaskDefinition) else { return };
    let containers = task.get("containerDefinitions");
    if containers.is_known() && containers.items().iter().all(|it| it.get("healthCheck").is_absent()) {
        breaker.wrong("a task that runs for 40 s sets the count of failures back: nothing checks its health");
    }
}

fn detectors(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    let Some(breaker) = breaker(&service) else { return };
    let alarms = configuration(&service).get("alarms");
    if alarms.get("enable").flag() != Some(true) {
        return;
    }
    let goes_back = |at: &Node<'_>| {
        let rollback = at.get("rollback");
        if rollback.is_absent() { Some(false) } else { rollback.flag() }
    };
    match (goes_back(&breaker), goes_back(&alarms)) {
        (Some(true), Some(false)) => alarms.wrong("the circuit breaker goes back, and the alarms do not"),
        (Some(false), Some(true)) => alarms.wrong("the alarms go back, and the circuit breaker does not"),
        _ => {}
    }
}

fn early_success(look: &Look<'_>) {
    let Some(service) = look.service().filter(is_deployed_by_ecs) else { return };
    let criteria = configuration(&service).get("earlySuccessCriteria");
    if criteria.get("enable").flag() != Some(true) {
        return;
    }
    match strategy(&service) {
        Some(Strategy::Rolling) => {}
        Some(_) => return criteria.wrong("the strategy is not ROLLING"),
        None => return,
    }
    let healthy = criteria.get("healthyPercent");
    if healthy.is_absent() {
        criteria.wrong("there is no `healthyPercent`");
    } else if let Some(percent) = healthy.number()
        && !(0.0..=100.0).contains(&percent)
    {
        healthy.wrong(format!("it is {healthy}, and not 0 to 100"));
    } else if let (Some(healthy_percent), Some(least)) =
        (healthy.whole(), percent(&service, "minimumHealthyPercent", 100))
        && healthy_percent < least
    {
        healthy.wrong(format!("it is {healthy_percent}, and `minimumHealthyPercent` is {least}"));
    }
    let cleanup = criteria.get("sourceServiceRevisionCleanup");
    if cleanup.is_absent() {
        criteria.wrong("there is no `sourceServiceRevisionCleanup`");
    } else if cleanup.text().is_some_and(|text| !matches!(text, "BLOCKING" | "DEFERRED")) {
        cleanup.wrong(format!("`{cleanup}` is neither BLOCKING nor DEFERRED"));
    }
}

/// The images of the task definition that are not named by digest; placeholders are none.
fn by_tag<'a>(look: &'a Look<'a>) -> Vec<(Node<'a>, &'a str)> {
    let Some(task) = look.get(&Key::TaskDefinition) else { return Vec::new() };
    let images = task.get("containerDefinitions").items().into_iter().map(|it| it.get("image"));
    let texts = images.filter_map(|image| Some((image.clone(), image.text()?)));
    texts.filter(|(_, text)| !text.contains(['@', '<', '$', '{'])).collect()
}

/// The tag of an image: what follows the colon of the last part, since a registry may have a port.
fn tag(image: &str) -> Option<&str> {
    image.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag)
}

fn old_platform(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    let version = service.get("platformVersion");
    let Some(text @ ("1.0.0" | "1.1.0" | "1.2.0")) = version.text() else { return };
    let windows = |task: Node<'_>| {
        let system = task.at("runtimePlatform.operatingSystemFamily");
        !system.is_absent() && system.text().is_none_or(|system| system.starts_with("WINDOWS"))
    };
    if !by_tag(look).is_empty() && look.get(&Key::TaskDefinition).is_some_and(|task| !windows(task)) {
        version.wrong(format!("it is {text}, and images are named by tag"));
    }
}

fn no_task(look: &Look<'_>) {
    let Some(service) = rolling(look) else { return };
    let count = service.get("desiredCount");
    if count.whole() != Some(0) {
        return;
    }
    if let [(_, image), ..] = by_tag(look)[..] {
        count.wrong(format!("it is 0, and `{image}` is named by tag"));
    }
}

fn mutable(look: &Look<'_>) {
    for (at, image) in by_tag(look) {
        match tag(image) {
            None => at.wrong(format!("`{image}` has no tag, which means `latest`")),
            Some("latest") => at.wrong(format!("`{image}` is whatever was pushed last")),
            Some(_) => {}
        }
    }
}
