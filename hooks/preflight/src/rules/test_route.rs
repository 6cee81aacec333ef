//! The way by which a hook reaches green before users do, and whether it leads there.

use super::{Subject, hooks::is_ours};
use crate::{
    arn::Arn,
    conditions::take_all_of,
    elb::{Forwarded, forwarded, listener_of, short},
    facts::Key,
    look::Look,
    node::Node,
    pages::{ALB_RESOURCES, IMPLEMENTATION, LAMBDA_NETWORK},
    rule::{Rule, Severity},
    service::{hooks, is_function, shifting, stages},
};

pub(super) const SUBJECT: Subject = Subject { title: "The way to green", rules: RULES };

const BASE: Rule = Rule { link: ALB_RESOURCES, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "DEPLOY-RULE-DRIFT",
        title: "the production rule sends users where no task is",
        why: "ECS takes the target group with weight on the production rule for blue's. Where a tool has put the weights back, as Terraform and \
              CloudFormation do on the next apply, users and hooks are sent to the wrong tasks, and every deployment still says \
              SUCCESSFUL.",
        fix: "Set the weights to where the running tasks are, and let the tool leave them alone: `lifecycle { ignore_changes = [action] }` on both \
              rules in Terraform.",
        looks_at: "the production rule's weights and the health of both target groups",
        judge: Some(drift),
        of_what_serves: true,
        ..BASE
    },
    Rule {
        id: "DEPLOY-STICKY",
        title: "stickiness pins clients to one target group",
        why: "A client that has once been sent to blue stays there while its cookie lasts, whatever the weights say; so do probes that keep \
              cookies.",
        fix: "Switch target group stickiness off on both rules. Stickiness within a target group is another setting, and harmless.",
        looks_at: "the actions of the listener rules",
        judge: Some(sticky),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-TEST-SHADOWED",
        title: "test traffic does not arrive at the test rule's target groups",
        why: "A rule of higher priority that takes the same requests, or an action before the forward (a login, a redirect, a fixed answer), answers \
              in green's place, and the hook judges that.",
        fix: "Give the test rule the higher priority, or a listener of its own, and let it forward without a login.",
        looks_at: "all rules of the test listener",
        judge: Some(shadowed),
        ..BASE
    },
    Rule {
        id: "DEPLOY-TEST-SOURCEIP",
        severity: Severity::Warning,
        title: "the test rule is for some addresses only",
        why: "The load balancer judges the address that the connection comes from: that of the function's network interface behind an internal load \
              balancer, that of the NAT gateway behind another. From elsewhere the request goes to another rule.",
        fix: "Put the function into subnets that the condition allows (or allow the NAT gateway's address), or use a header instead.",
        looks_at: "the conditions of the test rule and the hooks' functions",
        judge: Some(source_ip),
        ..BASE
    },
    Rule {
        id: "DEPLOY-TEST-REACH",
        title: "the hook's function cannot reach the load balancer",
        why: "An internal load balancer has private addresses, which only a function in the VPC reaches, and security groups let in who is \
              allowed. What is not let in gets no answer at all.",
        fix: "Give the function `VpcConfig` with subnets of the load balancer's VPC, and allow its security group on the test listener's port.",
        link: LAMBDA_NETWORK,
        looks_at: "the load balancer, its security groups and the functions of `test-traffic`",
        judge: Some(reach),
        ..BASE
    },
    Rule {
        id: "DEPLOY-NOT-ISOLATED",
        title: "what answers on green's route is not green",
        why: "Test traffic goes where users go, or blue's tasks are in the target group that it goes to, so that every answer may be blue's. The \
              hooks look at this in every deployment and stop, since a verdict would be a coin flip.",
        fix: "Look at where the tasks are: `greenlight route --event FILE --aws`. Most often a tool has put the listener rules' weights back.",
        link: IMPLEMENTATION,
        looks_at: "the weights of both rules and the targets behind the test rule, while a deployment is at POST_TEST_TRAFFIC_SHIFT",
        judge: Some(isolation),
        ..BASE
    },
];

fn advanced<'a>(service: &Node<'a>) -> Vec<(Node<'a>, Node<'a>)> {
    let balancers = service.get("loadBalancers").items();
    balancers.into_iter().map(|balancer| (balancer.clone(), balancer.get("advancedConfiguration"))).collect()
}

/// The actions of a listener rule, or of the listener of a Network Load Balancer.
fn actions<'a>(look: &'a Look<'a>, rule: &Node<'a>) -> Option<Node<'a>> {
    let text = rule.text()?;
    let arn = Arn::parse(text)?;
    if arn.is("listener/net") {
        return Some(look.get(&Key::Listener(text.to_owned()))?.get("DefaultActions"));
    }
    arn.is("listener-rule")
        .then(|| look.get(&Key::ListenerRule(text.to_owned())))?
        .map(|rule| rule.get("Actions"))
}

/// How many targets of a group are there, and how many are healthy.
fn targets(look: &Look<'_>, group: &str) -> Option<(usize, usize)> {
    let health = look.get(&Key::TargetHealth(group.to_owned()))?.get("TargetHealthDescriptions");
    if !health.is_known() {
        return None;
    }
    let states: Vec<_> = health.items().iter().map(|target| target.at("TargetHealth.State").text()).collect();
    let draining = states.iter().filter(|state| matches!(state, Some("draining" | "unused"))).count();
    Some((states.len() - draining, states.iter().filter(|state| **state == Some("healthy")).count()))
}

fn drift(look: &Look<'_>) {
    let Some(service) = shifting(look).filter(|service| !look.is_being_deployed(service)) else { return };
    // Before anything was deployed nothing runs anywhere; and a file does not say what runs.
    if service.get("desiredCount").whole() == Some(0) || !service.get("serviceArn").is_present() {
        return;
    }
    for (balancer, advanced) in advanced(&service) {
        let rule = advanced.get("productionListenerRule");
        let Some(behind) = actions(look, &rule).and_then(|actions| forwarded(&actions)) else { continue };
        let pair = [balancer.get("targetGroupArn").text(), advanced.get("alternateTargetGroupArn").text()];
        let [Some(one), Some(other)] = pair else { continue };
        let serving: Vec<&str> = behind.iter().filter(|it| it.weight > 0.0).map(|it| it.arn).collect();
        let [live] = *serving else { continue };
        let idle = if live == one { other } else { one };
        let (Some((here, _)), Some((_, healthy_there))) = (targets(look, live), targets(look, idle)) else {
            continue;
        };
        if here == 0 && healthy_there > 0 {
            rule.wrong(format!(
                "all weight is on `{}`, which has no target, and {healthy_there} healthy ones are in `{}`",
                short(live),
                short(idle)
            ));
        }
    }
}

fn sticky(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for (_, advanced) in advanced(&service) {
        for key in ["productionListenerRule", "testListenerRule"] {
            let rule = advanced.get(key);
            let Some(actions) = actions(look, &rule) else { continue };
            for action in actions.items() {
                let enabled = action.at("ForwardConfig.TargetGroupStickinessConfig.Enabled");
                if enabled.flag() == Some(true) {
                    enabled.wrong("target group stickiness is on");
                }
            }
        }
    }
}

/// The number of a priority; the default rule comes last.
fn priority(rule: &Node<'_>) -> Option<u32> {
    let priority = rule.get("Priority");
    if priority.text() == Some("default") || rule.get("IsDefault").flag() == Some(true) {
        return Some(u32::MAX);
    }
    priority.whole()
}

fn shadowed(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for (_, advanced) in advanced(&service) {
        let at = advanced.get("testListenerRule");
        let Some(arn) = at.text().filter(|text| text.contains(":listener-rule/")) else { continue };
        let Some(test) = look.get(&Key::ListenerRule(arn.to_owned())) else { continue };
        let list = test.get("Actions");
        if !list.is_known() {
            continue;
        }
        let kinds: Vec<&str> = list.items().iter().filter_map(|action| action.get("Type").text()).collect();
        let before =
            ["authenticate-oidc", "authenticate-cognito", "jwt-validation", "redirect", "fixed-response"];
        if let Some(kind) = kinds.iter().find(|kind| before.contains(kind)) {
            at.wrong(format!("the test rule answers with `{kind}`"));
            continue;
        }
        let Some(listener) = listener_of(look, arn) else { continue };
        let (Some(rules), Some(own)) = (look.get(&Key::RulesOf(listener)), priority(&test)) else { continue };
        for other in rules.get("Rules").items() {
            let (Some(other_arn), Some(rank)) = (other.get("RuleArn").text(), priority(&other)) else {
                continue;
            };
            let conditions = other.get("Conditions");
            if other_arn == arn || rank >= own || !conditions.is_known() || !test.get("Conditions").is_known()
            {
                continue;
            }
            // Whether one of several conditions is met by every request of the test rule only a request tells; `route`
            // looks at one.
            if take_all_of(&conditions, &test.get("Conditions")) {
                at.wrong(format!(
                    "the rule {other_arn} of priority {} takes every request first",
                    other.get("Priority")
                ));
            }
        }
    }
}

/// The functions of `test-traffic`, or of others at the stages of test traffic.
fn probing<'a>(look: &'a Look<'a>, service: &Node<'a>) -> Vec<(Node<'a>, Node<'a>)> {
    let called = |stage: &str| matches!(stage, "TEST_TRAFFIC_SHIFT" | "POST_TEST_TRAFFIC_SHIFT");
    hooks(service)
        .into_iter()
        .filter(|hook| is_function(hook) && stages(hook).iter().any(|(_, stage)| called(stage)))
        .filter_map(|hook| {
            let target = hook.get("hookTargetArn");
            let arn = target.text().filter(|arn| !is_ours(arn) || arn.contains("test-traffic"))?;
            Some((target, look.get(&Key::Function(arn.to_owned()))?))
        })
        .collect()
}

fn in_a_vpc(function: &Node<'_>) -> Option<bool> {
    let subnets = function.at("VpcConfig.SubnetIds");
    // What is unknown is neither.
    if subnets.is_absent() { Some(false) } else { subnets.value().map(|_| !subnets.items().is_empty()) }
}

fn source_ip(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for (_, advanced) in advanced(&service) {
        let at = advanced.get("testListenerRule");
        let Some(arn) = at.text().filter(|text| text.contains(":listener-rule/")) else { continue };
        let Some(rule) = look.get(&Key::ListenerRule(arn.to_owned())) else { continue };
        let condition = |it: &Node<'_>| it.get("Field").text() == Some("source-ip");
        let Some(condition) = rule.get("Conditions").items().into_iter().find(condition) else { continue };
        let values = condition.at("SourceIpConfig.Values").items();
        let cidrs: Vec<&str> = values.iter().filter_map(Node::text).collect();
        for (target, function) in probing(look, &service) {
            if in_a_vpc(&function) == Some(false) {
                target.wrong(format!(
                    "the test rule is for {}, and the function is in no VPC: its address may be any",
                    cidrs.join(", ")
                ));
            }
        }
    }
}

fn reach(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for (_, advanced) in advanced(&service) {
        let Some(rule) = advanced.get("testListenerRule").text() else { continue };
        let Some(listener) = listener_of(look, rule) else { continue };
        let Some(listener) = look.get(&Key::Listener(listener)) else { continue };
        let Some(balancer) = listener.get("LoadBalancerArn").text() else { continue };
        let Some(balancer) = look.get(&Key::LoadBalancer(balancer.to_owned())) else { continue };
        if balancer.get("Scheme").text() != Some("internal") {
            continue;
        }
        for (target, function) in probing(look, &service) {
            match in_a_vpc(&function) {
                Some(false) => target.wrong("the load balancer is internal, and the function is in no VPC"),
                Some(true) => let_in(look, &target, &function, &balancer, &listener),
                None => {}
            }
        }
    }
}

/// Says where no security group of the load balancer lets the function in.
fn let_in(look: &Look<'_>, target: &Node<'_>, function: &Node<'_>, balancer: &Node<'_>, listener: &Node<'_>) {
    let own = function.at("VpcConfig.SecurityGroupIds");
    let groups = balancer.get("SecurityGroups");
    let port = listener.get("Port").number();
    let (true, true, Some(port)) = (own.is_known(), groups.is_known(), port) else { return };
    let own: Vec<&str> = own.items().iter().filter_map(Node::text).collect();
    if groups.items().is_empty() || own.is_empty() {
        return;
    }
    for group in groups.items() {
        let Some(group) = group.text().and_then(|id| look.get(&Key::SecurityGroup(id.to_owned()))) else {
            return;
        };
        let permissions = group.get("IpPermissions");
        if !permissions.is_known()
            || permissions.items().iter().any(|permission| admits(permission, port, &own))
        {
            return;
        }
    }
    target
        .wrong(format!("no security group of the load balancer lets {} in on port {port}", own.join(" or ")));
}

/// Whether a permission may let somebody in on a port. Any range of addresses may hold the function's.
fn admits(permission: &Node<'_>, port: f64, groups: &[&str]) -> bool {
    let ports = (permission.get("FromPort").number(), permission.get("ToPort").number());
    let fits = match ports {
        (Some(from), Some(to)) => (from..=to).contains(&port),
        _ => true,
    };
    let ranges =
        ["IpRanges", "Ipv6Ranges", "PrefixListIds"].iter().any(|key| !permission.get(key).items().is_empty());
    let pairs = permission.get("UserIdGroupPairs").items();
    fits && (ranges
        || pairs.iter().any(|pair| pair.get("GroupId").text().is_some_and(|id| groups.contains(&id))))
}

fn isolation(look: &Look<'_>) {
    let Some(service) = shifting(look).filter(|service| look.is_being_deployed(service)) else { return };
    let Some(deployment) = look.get(&Key::Deployment) else { return };
    // Before that test traffic is on its way, and once green has production traffic the two meet, as they should.
    if deployment.get("lifecycleStage").text() != Some("POST_TEST_TRAFFIC_SHIFT") {
        return;
    }
    for (_, advanced) in advanced(&service) {
        let test = advanced.get("testListenerRule");
        if !test.is_present() {
            continue;
        }
        let routes = [actions(look, &advanced.get("productionListenerRule")), actions(look, &test)];
        let [Some(production), Some(tests)] = routes.map(|actions| forwarded(&actions?)) else { continue };
        let with_weight = |to: &[Forwarded<'_>]| -> Vec<String> {
            to.iter().filter(|it| it.weight > 0.0).map(|it| it.arn.to_owned()).collect()
        };
        let (serving, probed) = (with_weight(&production), with_weight(&tests));
        if serving.len() == 1 && probed == serving {
            test.wrong(format!("test traffic goes to `{}`, as users do", short(&probed[0])));
            continue;
        }
        for group in &probed {
            if let Some((others, all)) = targets_of_others(look, &deployment, group) {
                test.wrong(format!(
                    "{others} of {all} targets of `{}` are tasks of another revision than green",
                    short(group)
                ));
            }
        }
    }
}

/// How many targets of a group are tasks of the service that green did not start, where there are any; and of how many.
fn targets_of_others(look: &Look<'_>, deployment: &Node<'_>, group: &str) -> Option<(usize, usize)> {
    let green = deployment.at("targetServiceRevision.arn").text()?.rsplit('/').next()?;
    let tasks = look.get(&Key::Tasks)?.get("tasks");
    let targets = look.get(&Key::TargetHealth(group.to_owned()))?.get("TargetHealthDescriptions");
    if !tasks.is_known() || !targets.is_known() {
        return None;
    }
    let of_others = |task: &Node<'_>| {
        task.get("startedBy").text().and_then(|by| by.strip_prefix("ecs-svc/")).is_some_and(|id| id != green)
    };
    let details =
        tasks.items().into_iter().filter(of_others).flat_map(|task| task.get("attachments").items());
    let details = details.flat_map(|attachment| attachment.get("details").items());
    let addresses: Vec<&str> = details
        .filter(|detail| detail.get("name").text() == Some("privateIPv4Address"))
        .filter_map(|detail| detail.get("value").text())
        .collect();
    let serves =
        |target: &Node<'_>| !matches!(target.at("TargetHealth.State").text(), Some("draining" | "unused"));
    let targets: Vec<_> = targets.items().into_iter().filter(serves).collect();
    let is_one = |target: &&Node<'_>| target.at("Target.Id").text().is_some_and(|id| addresses.contains(&id));
    let others = targets.iter().filter(is_one).count();
    (others > 0).then_some((others, targets.len()))
}
