//! Load balancers, listener rules and the pair of target groups that a deployment shifts traffic between.

use std::collections::BTreeMap;

use super::Subject;
use crate::{
    arn::Arn,
    elb::{Forwarded, forwarded, short},
    facts::Key,
    look::Look,
    node::Node,
    pages::{ALB_RESOURCES, NLB_RESOURCES, TROUBLESHOOTING},
    rule::{Rule, Severity},
    service::shifting,
};

pub(super) const SUBJECT: Subject = Subject { title: "Load balancers and listener rules", rules: RULES };

const BALANCERS: &str = "the service's load balancers";
const FORWARDS: &str = "the service's load balancers and where their listener rules forward";
const BASE: Rule = Rule { link: TROUBLESHOOTING, looks_at: BALANCERS, gate: true, ..Rule::BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "LB-RULE-ARN-FORMAT",
        title: "a listener's ARN stands where a rule's belongs",
        why: "ECS moves traffic by changing the rule of an Application Load Balancer, or the listener of a Network \
              Load Balancer. It refuses the ARN of anything else.",
        fix: "Give the ARN of the rule. The default rule of a listener has one too: `aws elbv2 describe-rules \
              --listener-arn LISTENER --query 'Rules[?IsDefault].RuleArn'`. For a Network Load Balancer give the \
              listener's.",
        judge: Some(rule_arn_format),
        messages: &[
            "productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {arn}",
            "testListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {arn}",
        ],
        ..BASE
    },
    Rule {
        id: "LB-SAME-RULE",
        title: "one listener rule for production and test traffic",
        why: "Green could then not be reached without its users being sent there too, so ECS refuses it.",
        fix: "Make a rule of its own for test traffic: another port, or the same listener with a condition such as a header.",
        judge: Some(same_rule),
        messages: &["The following rules cannot be used as both production and test listener rules: {rule}"],
        ..BASE
    },
    Rule {
        id: "LB-NLB-TEST-REQUIRED",
        severity: Severity::Warning,
        title: "a Network Load Balancer without a test listener",
        why: "Without a test listener nothing reaches green before production traffic does. ECS once refused this; its \
              documentation no longer says so.",
        fix: "Add a listener for test traffic to the load balancer, and its ARN as `testListenerRule`.",
        link: NLB_RESOURCES,
        judge: Some(nlb_test_required),
        messages: &["TestListenerRule is required for NLB with {target_group}"],
        ..BASE
    },
    Rule {
        id: "LB-TG-NOT-ASSOCIATED",
        title: "a target group is behind neither listener rule",
        why: "A target group that no rule forwards to has no load balancer, so its targets are never checked. ECS rolls \
              such a deployment back.",
        fix: "Add the target group to the forward action of the production rule; a weight of 0 is enough.",
        looks_at: FORWARDS,
        judge: Some(not_associated),
        messages: &[
            "Target group {target_group} is not associated with either productionListenerRule or testListenerRule",
            "Both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or testListenerRule",
        ],
        ..BASE
    },
    Rule {
        id: "LB-ALB-TEST-REQUIRED",
        title: "no test rule, and a production rule without both target groups",
        why: "With neither a test rule nor a production rule that holds both target groups, ECS cannot make green \
              reachable.",
        fix: "Add a `testListenerRule`, or put both target groups on the production rule with the weights 100 and 0.",
        link: ALB_RESOURCES,
        looks_at: FORWARDS,
        judge: Some(alb_test_required),
        messages: &[
            "For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated with both targetGroup and alternateTargetGroup",
        ],
        ..BASE
    },
    Rule {
        id: "LB-PROD-MULTI-WEIGHT",
        title: "the production rule sends traffic to two target groups, or to none",
        why: "Before a deployment one target group serves and ECS takes it for blue's. With two, or with none, it cannot \
              tell which, and rolls back.",
        fix: "Set the weight of the target group that is not in use to 0, and that of the other to 100, before deploying.",
        looks_at: FORWARDS,
        judge: Some(one_serving),
        messages: &[
            "productionListenerRule {rule} should have exactly one target group serving traffic but found {count} target groups which are serving traffic",
        ],
        ..BASE
    },
    Rule {
        id: "LB-DUP-TG",
        title: "one target group is named twice",
        why: "Each entry, and each side of an entry, needs a target group of its own; otherwise blue's and green's tasks \
              cannot be told apart.",
        fix: "Give every entry two target groups that no other uses.",
        judge: Some(duplicate_target_group),
        messages: &["Duplicate targetGroupArn found: {target_group}"],
        ..BASE
    },
    Rule {
        id: "LB-PROD-UNEXPECTED-TG",
        title: "the production rule sends traffic to somebody else's target group",
        why: "ECS shifts all of the rule's traffic, and does not know where this part belongs.",
        fix: "Let the rule forward to the two target groups of the service only.",
        looks_at: FORWARDS,
        judge: Some(unexpected_target_group),
        messages: &[
            "Production listener rule is forwarding traffic to unexpected target group {target_group}. Expected traffic to be forwarded to either targetGroupArn: {a} or alternateTargetGroupArn: {b}",
        ],
        ..BASE
    },
    Rule {
        id: "LB-MIX-V1-V2",
        title: "Classic Load Balancers beside target groups",
        why: "A service has load balancers of one generation only.",
        fix: "Use entries with a `targetGroupArn` only.",
        judge: Some(mixed_generations),
        messages: &[
            "All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining targetGroupArn)",
        ],
        ..BASE
    },
    Rule {
        id: "LB-ADV-ON-V1",
        title: "`advancedConfiguration` on a Classic Load Balancer",
        why: "A Classic Load Balancer has no rules and no target groups, so there is nothing to shift traffic with.",
        fix: "Move to an Application or a Network Load Balancer, or drop `advancedConfiguration` and the strategy that needs it.",
        judge: Some(advanced_on_classic),
        messages: &["advancedConfiguration field is not allowed with ELBv1 loadBalancers"],
        ..BASE
    },
    Rule {
        id: "LB-ADV-ALL-OR-NONE",
        title: "only some load balancers have an `advancedConfiguration`",
        why: "Traffic is shifted behind all of a service's load balancers or behind none.",
        fix: "Give every entry an `advancedConfiguration`.",
        judge: Some(advanced_on_some),
        messages: &[
            "Either all or none of the provided loadBalancers must have advancedConfiguration defined",
        ],
        ..BASE
    },
    Rule {
        id: "LB-ADV-REQUIRED",
        title: "a strategy that shifts traffic, without an `advancedConfiguration`",
        why: "Without the second target group and the production rule ECS cannot shift traffic.",
        fix: "Add `advancedConfiguration` with `alternateTargetGroupArn`, `productionListenerRule`, `roleArn`, and a \
              `testListenerRule` for hooks to reach green by.",
        judge: Some(advanced_required),
        messages: &[
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy",
        ],
        ..BASE
    },
];

/// The two listener rules of an entry, by their keys.
const RULE_KEYS: [&str; 2] = ["productionListenerRule", "testListenerRule"];

fn balancers<'a>(service: &Node<'a>) -> Vec<Node<'a>> {
    service.get("loadBalancers").items()
}

fn advanced<'a>(balancer: &Node<'a>) -> Node<'a> {
    balancer.get("advancedConfiguration")
}

fn has_advanced(balancer: &Node<'_>) -> bool {
    advanced(balancer).is_present()
}

fn rule_arn_format(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for balancer in balancers(&service) {
        for key in RULE_KEYS {
            let rule = advanced(&balancer).get(key);
            let Some(text) = rule.text() else { continue };
            let arn = Arn::parse(text).filter(|arn| arn.service == "elasticloadbalancing");
            let fits = arn.is_some_and(|arn| arn.is("listener-rule/app") || arn.is("listener/net"));
            if fits {
                continue;
            }
            let what = match arn {
                Some(arn) if arn.is("listener/app") => "the ARN of an Application Load Balancer's listener",
                Some(arn) if arn.is("listener-rule/net") => "the ARN of a rule of a Network Load Balancer",
                Some(arn) if arn.is("loadbalancer") => "the ARN of a load balancer",
                Some(arn) if arn.is("targetgroup") => "the ARN of a target group",
                Some(_) => {
                    "neither a rule of an Application Load Balancer nor a listener of a Network Load Balancer"
                }
                None => "no ARN of Elastic Load Balancing",
            };
            rule.wrong(format!("`{text}` is {what}"));
        }
    }
}

fn same_rule(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let all = |key: &str| {
        let rules = balancers(&service).into_iter().map(|balancer| advanced(&balancer).get(key));
        rules.filter_map(|rule| rule.text().map(|text| (text, rule.clone()))).collect::<Vec<_>>()
    };
    let production: BTreeMap<&str, Node<'_>> = all(RULE_KEYS[0]).into_iter().collect();
    for (arn, test) in all(RULE_KEYS[1]) {
        if let Some(production) = production.get(arn) {
            test.wrong(format!("`{arn}` is also `{}`", production.place().path));
        }
    }
}

fn nlb_test_required(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in balancers(&service) {
        let is_network = kind_of(&advanced(&balancer).get(RULE_KEYS[0])) == Some("listener/net");
        if is_network && advanced(&balancer).get(RULE_KEYS[1]).is_absent() {
            advanced(&balancer).wrong("the production listener is one of a Network Load Balancer, and there is no `testListenerRule`");
        }
    }
}

/// `listener-rule/app` or `listener/net`.
fn kind_of(rule: &Node<'_>) -> Option<&'static str> {
    let arn = Arn::parse(rule.text()?)?;
    ["listener-rule/app", "listener/net"].into_iter().find(|kind| arn.is(kind))
}

/// Where a listener rule, or the listener of a Network Load Balancer, forwards to.
fn forwards<'a>(look: &'a Look<'a>, rule: &Node<'a>) -> Option<Vec<Forwarded<'a>>> {
    let arn = rule.text()?;
    match kind_of(rule)? {
        "listener/net" => forwarded(&look.get(&Key::Listener(arn.to_owned()))?.get("DefaultActions")),
        _ => forwarded(&look.get(&Key::ListenerRule(arn.to_owned()))?.get("Actions")),
    }
}

/// The two target groups of an entry.
fn pair<'a>(balancer: &Node<'a>) -> Option<[(Node<'a>, &'a str); 2]> {
    let one = balancer.get("targetGroupArn");
    let other = advanced(balancer).get("alternateTargetGroupArn");
    let (first, second) = (one.text()?, other.text()?);
    Some([(one, first), (other, second)])
}

fn not_associated(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in balancers(&service) {
        let Some(pair) = pair(&balancer) else { continue };
        let Some(mut behind) = forwards(look, &advanced(&balancer).get(RULE_KEYS[0])) else { continue };
        let test = advanced(&balancer).get(RULE_KEYS[1]);
        if test.is_present() {
            let Some(more) = forwards(look, &test) else { continue };
            behind.extend(more);
        }
        for (at, group) in pair {
            if !behind.iter().any(|it| it.arn == group) {
                at.wrong(format!("no rule of the service forwards to `{}`", short(group)));
            }
        }
    }
}

fn alb_test_required(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in balancers(&service) {
        let production = advanced(&balancer).get(RULE_KEYS[0]);
        if kind_of(&production) != Some("listener-rule/app")
            || !advanced(&balancer).get(RULE_KEYS[1]).is_absent()
        {
            continue;
        }
        let (Some(pair), Some(behind)) = (pair(&balancer), forwards(look, &production)) else { continue };
        for (_, group) in pair {
            if !behind.iter().any(|it| it.arn == group) {
                production.wrong(format!(
                    "there is no `testListenerRule`, and the production rule does not forward to `{}`",
                    short(group)
                ));
            }
        }
    }
}

fn one_serving(look: &Look<'_>) {
    let Some(service) = shifting(look).filter(|service| !look.is_being_deployed(service)) else { return };
    for balancer in balancers(&service) {
        let production = advanced(&balancer).get(RULE_KEYS[0]);
        let Some(behind) = forwards(look, &production) else { continue };
        let serving: Vec<&str> = behind.iter().filter(|it| it.weight > 0.0).map(|it| short(it.arn)).collect();
        match *serving {
            [_] => {}
            // The first deployment sets the weights itself.
            [] if look.is_first_deployment() => {}
            [] => production.wrong("the production rule sends traffic to no target group"),
            _ => production.wrong(format!("the production rule sends traffic to {}", serving.join(" and "))),
        }
    }
}

fn duplicate_target_group(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let mut seen: BTreeMap<&str, Node<'_>> = BTreeMap::new();
    for balancer in balancers(&service) {
        for group in [balancer.get("targetGroupArn"), advanced(&balancer).get("alternateTargetGroupArn")] {
            let Some(arn) = group.text() else { continue };
            if let Some(first) = seen.get(arn) {
                group.wrong(format!("`{}` is also `{}`", short(arn), first.place().path));
            }
            seen.entry(arn).or_insert(group);
        }
    }
}

fn unexpected_target_group(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in balancers(&service) {
        let Some(pair) = pair(&balancer) else { continue };
        let Some(behind) = forwards(look, &advanced(&balancer).get(RULE_KEYS[0])) else { continue };
        for group in behind.iter().filter(|it| it.weight > 0.0) {
            if !pair.iter().any(|(_, own)| *own == group.arn) {
                group.at.wrong(format!(
                    "traffic goes to `{}`, which is neither `{}` nor `{}`",
                    short(group.arn),
                    short(pair[0].1),
                    short(pair[1].1)
                ));
            }
        }
    }
}

fn mixed_generations(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let all = balancers(&service);
    let classic = |balancer: &Node<'_>| balancer.get("loadBalancerName").is_present();
    let grouped = |balancer: &Node<'_>| balancer.get("targetGroupArn").is_present();
    for balancer in &all {
        if classic(balancer) && grouped(balancer) {
            balancer.wrong("it has both a `loadBalancerName` and a `targetGroupArn`");
        } else if classic(balancer) && all.iter().any(|other| grouped(other) && !classic(other)) {
            balancer.wrong("it is a Classic Load Balancer, and another entry has a `targetGroupArn`");
        }
    }
}

fn advanced_on_classic(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for balancer in balancers(&service) {
        if balancer.get("loadBalancerName").is_present() && has_advanced(&balancer) {
            advanced(&balancer).wrong("the entry is a Classic Load Balancer");
        }
    }
}

fn advanced_on_some(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let all = balancers(&service);
    // Where all need one, another rule says it.
    if crate::service::shifts(&service) || !all.iter().any(has_advanced) {
        return;
    }
    for balancer in all.iter().filter(|balancer| advanced(balancer).is_absent()) {
        balancer.wrong("this entry has no `advancedConfiguration`, and another has one");
    }
}

fn advanced_required(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in balancers(&service) {
        if balancer.get("loadBalancerName").is_present() {
            continue;
        }
        if advanced(&balancer).is_absent() {
            balancer.wrong("this entry has no `advancedConfiguration`");
            continue;
        }
        for key in ["alternateTargetGroupArn", "productionListenerRule", "roleArn"] {
            if advanced(&balancer).get(key).is_absent() {
                advanced(&balancer).wrong(format!("there is no `{key}`"));
            }
        }
    }
}
