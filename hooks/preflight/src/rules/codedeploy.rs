//! What a CodeDeploy deployment group names: load balancers, listeners, target groups, a configuration, a service.

use super::Subject;
use crate::{
    codedeploy::{ROUTES, balancer_of, group, listener, pair, service, services, target_groups},
    elb::{forwarded, short},
    facts::Key,
    look::Look,
    node::Node,
    pages::{CODEDEPLOY, CODEDEPLOY_TROUBLESHOOTING},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject = Subject { title: "CodeDeploy: the deployment group", rules: RULES };

const GROUP: &str = "the deployment group";
const BASE: Rule = Rule { link: CODEDEPLOY, looks_at: GROUP, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "CD-TG-PAIR",
        title: "not one pair of target groups with one listener each",
        why: "CodeDeploy shifts traffic from one target group of a pair to the other, behind one listener for production and at most one for \
              test traffic. With anything else it has nowhere to shift to.",
        fix: "Name exactly one pair of two different target groups, one listener in `prodTrafficRoute`, and at most one in \
              `testTrafficRoute`: `aws deploy update-deployment-group --application-name APP --current-deployment-group-name GROUP \
              --load-balancer-info file://pair.json`.",
        judge: Some(one_pair),
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-LISTENERS-SAME-LB",
        title: "the listeners for production and test traffic are of two load balancers",
        why: "CodeDeploy moves one service behind one load balancer. It does not take a test listener of another.",
        fix: "Make a test listener on the load balancer of the production listener, and name that in `testTrafficRoute`.",
        judge: Some(same_balancer),
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-TG2-OTHER-LB",
        title: "a target group of the pair is behind another load balancer",
        why: "A target group belongs to one load balancer. Where another has one of the pair, CodeDeploy cannot put it behind the service's \
              listener, and the deployment fails when traffic is about to be shifted.",
        fix: "Take the target group out of the other load balancer's rules, or give the pair a target group of its own.",
        looks_at: "the deployment group and its target groups",
        judge: Some(other_balancer),
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-TG-NOT-BEHIND",
        title: "a listener does not forward to the target group that serves now",
        why: "Before a deployment the production listener and the test listener must both forward to the target group of the primary task \
              set. Often Terraform or CloudFormation has put a listener back to the first target group after a deployment had swapped \
              them.",
        fix: "See which target group is the primary's: `aws ecs describe-services --cluster CLUSTER --services SERVICE --query \
              'services[].taskSets[?status==`PRIMARY`].loadBalancers'`. Make both listeners forward to it: `aws elbv2 modify-listener \
              --listener-arn LISTENER --default-actions Type=forward,TargetGroupArn=GROUP`. Then let Terraform ignore it: \
              `lifecycle { ignore_changes = [default_action] }`.",
        link: CODEDEPLOY_TROUBLESHOOTING,
        looks_at: "the listeners of the deployment group and the service's primary task set",
        judge: Some(not_behind),
        messages: &[
            "The ELB could not be updated due to the following error: Primary taskset target group must be behind listener {listener}",
            "Primary taskset target group must be behind listener",
        ],
        not_proven: "That the production listener is wrong. In most cases it is the test listener.",
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-NLB-ALLATONCE",
        title: "a gradual shift behind a Network Load Balancer",
        why: "The listener of a Network Load Balancer that CodeDeploy changes has one target group, so traffic can only be moved as a whole.",
        fix: "Set the deployment configuration to `CodeDeployDefault.ECSAllAtOnce`, or use an Application Load Balancer.",
        link: CODEDEPLOY_TROUBLESHOOTING,
        looks_at: "the deployment group's configuration and listener",
        judge: Some(gradual_behind_network),
        messages: &[
            "Only ALB supports gradual traffic routing, use AllAtOnce Traffic routing instead when you create/update Deployment group",
        ],
        ..BASE
    },
    Rule {
        id: "CD-ONE-GROUP",
        title: "a service with several deployment groups",
        why: "Each group would move the same listeners, so a service may be in one only.",
        fix: "Delete the groups that are not used: `aws deploy delete-deployment-group --application-name APP --deployment-group-name GROUP`.",
        looks_at: "the deployment groups of the application",
        judge: Some(one_group),
        messages: &[
            "ECSServiceMappingLimitExceededException",
            "The Amazon ECS service is associated with more than one deployment groups",
        ],
        ..BASE
    },
    Rule {
        id: "CD-WAIT-TIMEOUT",
        title: "a deployment that waits for somebody, with no time to answer",
        why: "With `STOP_DEPLOYMENT` CodeDeploy waits `waitTimeInMinutes` for somebody to let traffic be shifted, and stops the deployment when \
              nobody does.",
        fix: "Let it go on in time: `aws deploy continue-deployment --deployment-id ID --deployment-wait-type READY_WAIT`. Give people more \
              time with `waitTimeInMinutes`, or set `actionOnTimeout` to CONTINUE_DEPLOYMENT if nobody has to look.",
        link: CODEDEPLOY_TROUBLESHOOTING,
        looks_at: "when the deployment group shifts traffic",
        judge: Some(no_time_to_answer),
        messages: &[
            "The deployment timed out while waiting for a notification to continue. This time out period is {minutes} minutes",
        ],
        not_proven: "That anything is wrong with green. Nobody said that it may serve.",
        ..BASE
    },
    Rule {
        id: "CD-ALLATONCE-HEALTH",
        title: "nothing checks green before all traffic goes there",
        why: "With ECSAllAtOnce and no test listener green's target group is behind no listener, so the load balancer checks it only after all \
              users are there. CodeDeploy then calls the deployment a success while the application is down.",
        fix: "Add a test listener and a hook at AfterAllowTestTraffic or BeforeAllowTraffic, or shift gradually: \
              `CodeDeployDefault.ECSCanary10Percent5Minutes` (Application Load Balancers only).",
        link: CODEDEPLOY_TROUBLESHOOTING,
        judge: Some(unchecked),
        ..WARNING
    },
];

fn one_pair(look: &Look<'_>) {
    let Some(group) = group(look) else { return };
    let pairs = group.at("loadBalancerInfo.targetGroupPairInfoList");
    if pairs.is_absent() {
        group.get("loadBalancerInfo").wrong("there is no pair of target groups");
        return;
    }
    if !pairs.is_known() {
        return;
    }
    let all = pairs.items();
    if all.len() != 1 {
        pairs.wrong(format!("there are {} pairs of target groups", all.len()));
    }
    for pair in &all {
        let names: Vec<&str> = target_groups(pair).into_iter().map(|(_, name)| name).collect();
        match *names {
            [one, other] if one != other => {}
            [one, _] => pair.get("targetGroups").wrong(format!("both target groups are `{one}`")),
            _ => pair.get("targetGroups").wrong(format!("the pair has {} target groups", names.len())),
        }
        for (route, least) in ROUTES.into_iter().zip([1, 0]) {
            let listeners = pair.get(route).get("listenerArns").items().len();
            if !(least..=1).contains(&listeners) {
                pair.get(route).wrong(format!("there are {listeners} listeners"));
            }
        }
    }
}

fn same_balancer(look: &Look<'_>) {
    let Some(pair) = group(look).and_then(|group| pair(&group)) else { return };
    let [production, test] = ROUTES.map(|route| listener(&pair, route));
    let (Some((_, production)), Some((at, test))) = (production, test) else { return };
    if let (Some(one), Some(other)) = (balancer_of(production), balancer_of(test))
        && one != other
    {
        at.wrong(format!(
            "production traffic comes by `{}`, test traffic by `{}`",
            short(&one),
            short(&other)
        ));
    }
}

fn other_balancer(look: &Look<'_>) {
    let Some(pair) = group(look).and_then(|group| pair(&group)) else { return };
    let Some(own) = listener(&pair, ROUTES[0]).and_then(|(_, arn)| balancer_of(arn)) else { return };
    for (at, name) in target_groups(&pair) {
        let Some(known) = look.get(&Key::TargetGroupNamed(name.to_owned())) else { continue };
        for balancer in known.get("LoadBalancerArns").items() {
            if let Some(arn) = balancer.text().filter(|arn| *arn != own) {
                at.wrong(format!(
                    "`{name}` is behind `{}`, and the listener is of `{}`",
                    short(arn),
                    short(&own)
                ));
            }
        }
    }
}

/// The target group of the task set that serves now; before the first deployment it is the service's own. None
/// while a deployment is under way: listeners are on their way then, too.
fn serving<'a>(look: &'a Look<'a>) -> Option<&'a str> {
    let service = service(look)?;
    let sets = service.get("taskSets");
    let sets = if sets.is_absent() { vec![service] } else { sets.items() };
    let [set] = &sets[..] else { return None };
    set.get("loadBalancers").items().first()?.get("targetGroupArn").text()
}

fn not_behind(look: &Look<'_>) {
    let Some(pair) = group(look).and_then(|group| pair(&group)) else { return };
    let Some(serving) = serving(look) else { return };
    // While a deployment is under way there is a second task set, and the test listener is green's.
    if look.service().is_some_and(|service| service.get("taskSets").items().len() > 1) {
        return;
    }
    for (at, arn) in ROUTES.iter().filter_map(|route| listener(&pair, route)) {
        let Some(rules) = look.get(&Key::RulesOf(arn.to_owned())) else { continue };
        let rules = rules.get("Rules");
        if !rules.is_known() {
            continue;
        }
        let behind = rules.items().into_iter().filter_map(|rule| forwarded(&rule.get("Actions"))).flatten();
        let behind: Vec<&str> = behind.map(|it| it.arn).collect();
        if !behind.contains(&serving) {
            let to: Vec<&str> = behind.iter().map(|arn| short(arn)).collect();
            let to = if to.is_empty() { "no target group".to_owned() } else { to.join(", ") };
            at.wrong(format!("`{}` serves, and this listener forwards to {to}", short(serving)));
        }
    }
}

/// The configuration of a group and its name, where it shifts all traffic at once or not, for sure.
fn shifts_at_once<'a>(look: &'a Look<'a>, group: &Node<'a>) -> Option<(Node<'a>, &'a str, bool)> {
    let at = group.get("deploymentConfigName");
    let name = at.text()?;
    let at_once = if name.starts_with("CodeDeployDefault.") {
        name == "CodeDeployDefault.ECSAllAtOnce"
    } else {
        let known = look.get(&Key::DeploymentConfig(name.to_owned()))?;
        known.at("trafficRoutingConfig.type").text()? == "AllAtOnce"
    };
    Some((at, name, at_once))
}

fn is_behind_network(pair: &Node<'_>) -> Option<bool> {
    listener(pair, ROUTES[0]).map(|(_, arn)| arn.contains(":listener/net/"))
}

fn gradual_behind_network(look: &Look<'_>) {
    let Some(group) = group(look) else { return };
    if pair(&group).and_then(|pair| is_behind_network(&pair)) != Some(true) {
        return;
    }
    if let Some((at, name, false)) = shifts_at_once(look, &group) {
        at.wrong(format!("`{name}` is gradual, and the listener is one of a Network Load Balancer"));
    }
}

fn unchecked(look: &Look<'_>) {
    let Some(group) = group(look) else { return };
    let Some(pair) = pair(&group).filter(|pair| pair.get(ROUTES[1]).is_absent()) else { return };
    if let Some((_, name, true)) = shifts_at_once(look, &group) {
        pair.wrong(format!("`{name}` shifts all traffic at once, and there is no `testTrafficRoute`"));
    }
}

/// The cluster and the name of a service.
fn named<'a>(service: &Node<'a>) -> Option<(&'a str, &'a str)> {
    let last = |text: &'a str| text.rsplit('/').next().unwrap_or(text);
    Some((service.get("clusterName").text().map(last)?, service.get("serviceName").text()?))
}

fn one_group(look: &Look<'_>) {
    if service(look).is_none() {
        return;
    }
    let Some(own) = group(look) else { return };
    let Some(all) = look.get(&Key::DeploymentGroups) else { return };
    for target in services(&own).iter().filter_map(named) {
        let groups = all.get("deploymentGroupsInfo").items();
        let same =
            groups.iter().filter(|group| services(group).iter().filter_map(named).any(|it| it == target));
        let names: Vec<String> = same
            .filter_map(|group| {
                let (app, name) =
                    (group.get("applicationName").text()?, group.get("deploymentGroupName").text()?);
                Some(format!("{app}/{name}"))
            })
            .collect();
        if names.len() > 1 {
            own.wrong(format!("`{}` is in {}", target.1, names.join(" and ")));
        }
    }
}

fn no_time_to_answer(look: &Look<'_>) {
    let Some(group) = group(look) else { return };
    let ready = group.at("blueGreenDeploymentConfiguration.deploymentReadyOption");
    let wait = ready.get("waitTimeInMinutes");
    if ready.get("actionOnTimeout").text() == Some("STOP_DEPLOYMENT")
        && (wait.is_absent() || wait.whole() == Some(0))
    {
        ready.wrong(
            "the deployment is stopped where nobody lets it go on, and the time to do so is 0 minutes",
        );
    }
}
