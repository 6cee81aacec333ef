//! The pair of target groups: alike, of the right kind, and neither too slow nor too fast.

use super::Subject;
use crate::{
    arithmetic::until_healthy,
    elb::short,
    facts::Key,
    look::Look,
    node::Node,
    pages::{ALB_RESOURCES, DRAINING, HEALTH_CHECKS},
    rule::{Rule, Severity},
    service::{containers, is_deployed_by_ecs, shifting},
};

pub(super) const SUBJECT: Subject = Subject { title: "Target groups and health checks", rules: RULES };

const BASE: Rule = Rule { link: HEALTH_CHECKS, looks_at: "the target groups and the service", ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };
const INFO: Rule = Rule { severity: Severity::Info, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "DEPLOY-TG-HEALTHCFG",
        title: "blue's and green's target groups are not alike",
        why: "The two take turns. What is checked differently, or reached differently, behaves well in every other deployment only.",
        fix: "Make both alike: protocol, type, VPC, health check and deregistration delay.",
        link: ALB_RESOURCES,
        looks_at: "the two target groups of each load balancer",
        judge: Some(alike),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-TG-TYPE",
        title: "a target group of the wrong type for the tasks' network",
        why: "Tasks in `awsvpc` mode, as all on Fargate are, register by address; tasks in `bridge` or `host` mode by instance. ECS cannot \
              register them in a group of the other type.",
        fix: "Make a target group with the right `TargetType` (it cannot be changed later): `ip` for `awsvpc`, `instance` for `bridge` and \
              `host`.",
        link: ALB_RESOURCES,
        looks_at: "the target groups' type and the task definition's network mode",
        judge: Some(kind),
        gate: true,
        ..BASE
    },
    Rule {
        id: "DEPLOY-GRACE",
        title: "the grace period may end before a task is healthy",
        why: "ECS stops tasks that the load balancer calls unhealthy once `healthCheckGracePeriodSeconds` is over. Before a new target is healthy, \
              its container starts and is then checked: once behind an Application Load Balancer, `HealthyThresholdCount` times behind a \
              Network Load Balancer, each time after `HealthCheckIntervalSeconds`.",
        fix: "Raise `healthCheckGracePeriodSeconds` above the time that the container needs to start plus that of the checks, or check more often.",
        looks_at: "the grace period, the target groups' health checks and the containers' start period",
        judge: Some(grace),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-TG-SLOW",
        title: "health checks or draining make up most of the deployment",
        why: "With the defaults a target drains for 300 seconds, and a new one behind a Network Load Balancer is healthy after 150, whatever \
              the application needs.",
        fix: "For short requests check every 5 to 10 seconds (behind a Network Load Balancer with a threshold of 2), and drain for 5 to 30 \
              seconds.",
        link: DRAINING,
        looks_at: "the target groups' health checks and deregistration delays",
        judge: Some(slow),
        ..INFO
    },
    Rule {
        id: "DEPLOY-STOPTIMEOUT",
        title: "a stop timeout that cannot help",
        why: "A task is first taken out of its target group, and told to stop once its connections have drained; an application that does not end \
              then is killed after `stopTimeout`. Longer than the draining it only makes deployments slower, and Fargate takes 120 seconds at \
              most.",
        fix: "End on SIGTERM, and keep `stopTimeout` at or below the deregistration delay, and at or below 120 on Fargate.",
        link: DRAINING,
        looks_at: "the containers' stop timeout and the target groups' deregistration delay",
        judge: Some(stop_timeout),
        ..INFO
    },
];

/// The target groups of an entry, as far as they are known.
fn groups<'a>(look: &'a Look<'a>, balancer: &Node<'a>) -> Vec<Node<'a>> {
    let arns = [balancer.get("targetGroupArn"), balancer.at("advancedConfiguration.alternateTargetGroupArn")];
    arns.iter().filter_map(|arn| look.get(&Key::TargetGroup(arn.text()?.to_owned()))).collect()
}

fn all_groups<'a>(look: &'a Look<'a>) -> Vec<(Node<'a>, Vec<Node<'a>>)> {
    let Some(service) = look.service() else { return Vec::new() };
    let balancers = service.get("loadBalancers").items();
    balancers.into_iter().map(|balancer| (balancer.clone(), groups(look, &balancer))).collect()
}

fn name(group: &Node<'_>) -> String {
    let named = group.get("TargetGroupName").text().or_else(|| group.get("TargetGroupArn").text().map(short));
    named.map_or_else(|| group.place().source, str::to_owned)
}

/// How long a new target is checked before it is healthy.
fn checked(group: &Node<'_>) -> Option<u32> {
    let interval = group.get("HealthCheckIntervalSeconds").whole()?;
    until_healthy(group.get("Protocol").text()?, interval, group.get("HealthyThresholdCount").whole()?)
}

fn delay<'a>(group: &Node<'a>) -> Node<'a> {
    group.get("Attributes").get("deregistration_delay.timeout_seconds")
}

fn alike(look: &Look<'_>) {
    const SAME: [&str; 8] = [
        "TargetType",
        "Protocol",
        "ProtocolVersion",
        "VpcId",
        "HealthCheckPath",
        "HealthCheckPort",
        "HealthCheckProtocol",
        "HealthCheckIntervalSeconds",
    ];
    if shifting(look).is_none() {
        return;
    }
    for (_, groups) in all_groups(look) {
        let [one, other] = &*groups else { continue };
        let pairs = SAME.iter().map(|key| (*key, one.get(key), other.get(key)));
        let more = [
            ("HealthyThresholdCount", one.get("HealthyThresholdCount"), other.get("HealthyThresholdCount")),
            ("Matcher", one.at("Matcher.HttpCode"), other.at("Matcher.HttpCode")),
            ("the deregistration delay", delay(one), delay(other)),
        ];
        for (what, first, second) in pairs.chain(more) {
            let (Some(left), Some(right)) = (first.value(), second.value()) else { continue };
            // Numbers may be written as texts.
            if left != right && first.to_string() != second.to_string() {
                second.wrong(format!(
                    "{what} is {first} in `{}` and {second} in `{}`",
                    name(one),
                    name(other)
                ));
            }
        }
    }
}

fn kind(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    if service.get("loadBalancers").items().is_empty() {
        return;
    }
    let fargate = service.get("launchType").text() == Some("FARGATE");
    let mode = look.get(&Key::TaskDefinition).and_then(|task| {
        let mode = task.get("networkMode");
        // Linux tasks are in `bridge` mode where nothing is said.
        if mode.is_absent() { Some("bridge") } else { mode.text() }
    });
    let mode = if fargate { Some("awsvpc") } else { mode };
    let expected = match mode {
        Some("awsvpc") => "ip",
        Some("bridge" | "host") => "instance",
        _ => return,
    };
    for (_, groups) in all_groups(look) {
        for group in groups {
            let kind = group.get("TargetType");
            if kind.text().is_some_and(|kind| matches!(kind, "ip" | "instance") && kind != expected) {
                let mode = mode.unwrap_or_default();
                kind.wrong(format!(
                    "`{}` takes targets by {kind}, and tasks in {mode} mode register by {expected}",
                    name(&group)
                ));
            }
        }
    }
}

fn grace(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let grace = service.get("healthCheckGracePeriodSeconds");
    let seconds = if grace.is_absent() { Some(0) } else { grace.whole() };
    let Some(seconds) = seconds else { return };
    if service.get("loadBalancers").items().is_empty() {
        return;
    }
    let started = look.get(&Key::TaskDefinition).map(|task| task.get("containerDefinitions").items());
    let period = |container: &Node<'_>| container.at("healthCheck.startPeriod").whole().unwrap_or(0);
    let start = started.iter().flatten().map(period).max().unwrap_or(0);
    for (_, groups) in all_groups(look) {
        let slowest =
            groups.iter().filter_map(|group| Some((checked(group)?, group))).max_by_key(|(takes, _)| *takes);
        let Some((checks, group)) = slowest else { continue };
        let needed = checks.saturating_add(start);
        if seconds < needed {
            let at = if grace.is_absent() { &service } else { &grace };
            at.wrong(format!(
                "the grace period is {seconds} s, and a new target of `{}` may take {needed} s to be healthy ({start} s of start period, {checks} s \
                 of checks)",
                name(group)
            ));
        }
    }
}

fn slow(look: &Look<'_>) {
    const MOST_CHECKS: u32 = 120;
    const MOST_DRAINING: u32 = 300;
    if !look.service().is_some_and(|service| is_deployed_by_ecs(&service)) {
        return;
    }
    for (_, groups) in all_groups(look) {
        for group in groups {
            if let Some(seconds) = checked(&group).filter(|seconds| *seconds > MOST_CHECKS) {
                group
                    .get("HealthCheckIntervalSeconds")
                    .wrong(format!("a new target of `{}` may take {seconds} s to be healthy", name(&group)));
            }
            let delay = delay(&group);
            if let Some(seconds) = delay.whole()
                && seconds >= MOST_DRAINING
            {
                delay.wrong(format!("a target of `{}` drains for {seconds} s", name(&group)));
            }
        }
    }
}

/// Whether the tasks run on Fargate for sure: a task definition may say it without a service.
fn is_on_fargate(look: &Look<'_>) -> bool {
    let service = look.at_hand(&Key::Service);
    let kinds = look.at_hand(&Key::TaskDefinition).map(|task| task.get("requiresCompatibilities").items());
    let kinds = kinds.unwrap_or_default();
    service.is_some_and(|service| service.get("launchType").text() == Some("FARGATE"))
        || !kinds.is_empty() && kinds.iter().all(|kind| kind.text() == Some("FARGATE"))
}

fn stop_timeout(look: &Look<'_>) {
    const MOST_ON_FARGATE: u32 = 120;
    let on_fargate = is_on_fargate(look);
    let timeouts =
        containers(look).unwrap_or_default().into_iter().map(|it| (it.clone(), it.get("stopTimeout")));
    let timeouts: Vec<_> =
        timeouts.filter_map(|(it, timeout)| Some((it, timeout.whole()?, timeout))).collect();
    for (_, seconds, at) in &timeouts {
        if on_fargate && *seconds > MOST_ON_FARGATE {
            at.wrong(format!("{seconds} s is more than Fargate takes"));
        }
    }
    for (balancer, groups) in all_groups(look) {
        let Some(longest) = groups.iter().filter_map(|group| delay(group).whole()).max() else { continue };
        let named = balancer.get("containerName");
        for (container, seconds, at) in &timeouts {
            let name = container.get("name");
            if name.text().is_some() && name.text() == named.text() && *seconds > longest {
                at.wrong(format!(
                    "`{name}` may take {seconds} s to stop, and its target drains for {longest} s"
                ));
            }
        }
    }
}
