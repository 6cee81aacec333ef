//! What the two roles of a service may do: the one that moves traffic, and the one that calls hooks.

use super::Subject;
use crate::{
    arn::Arn,
    elb::listener_of,
    facts::Key,
    look::Look,
    node::Node,
    pages::{INFRASTRUCTURE_ROLE, LAMBDA_HOOKS, TROUBLESHOOTING},
    permission::{invocation_needed, needed, role_name},
    rule::{Rule, Severity},
    service::{hooks, is_function, shifting, shifts},
    trust::{self, Trust},
};

pub(super) const SUBJECT: Subject = Subject { title: "Permissions", rules: RULES };

const POLICY: &str = "AmazonECSInfrastructureRolePolicyForLoadBalancers";
const BASE: Rule = Rule { link: TROUBLESHOOTING, gate: true, ..Rule::BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "PERM-INFRA-TRUST",
        title: "ECS may not assume the role that moves traffic",
        why: "ECS changes listener rules and target groups with the role in `advancedConfiguration.roleArn`. Where its \
              trust policy does not name `ecs.amazonaws.com`, nothing moves and the deployment is rolled back.",
        fix: "Let the role's trust policy allow `sts:AssumeRole` to the service `ecs.amazonaws.com`, and attach the managed \
              policy `AmazonECSInfrastructureRolePolicyForLoadBalancers`.",
        looks_at: "the trust policy of the load balancers' role",
        judge: Some(infrastructure_trust),
        messages: &[
            "ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role '{role}'",
        ],
        not_proven: "The message speaks of permissions; more often it is the trust policy that is wrong.",
        ..BASE
    },
    Rule {
        id: "PERM-ELB-READ",
        title: "the role that moves traffic may not look at load balancers",
        why: "ECS reads rules, listeners and the health of targets before it moves anything.",
        fix: "Attach the managed policy `AmazonECSInfrastructureRolePolicyForLoadBalancers`, or allow the Describe actions on `*`: \
              they know no other resource.",
        looks_at: "what the load balancers' role may do",
        judge: Some(may_read),
        messages: &[
            "failed to describe target health on target-group {target_group} with",
            "is not authorized to perform: elasticloadbalancing:DescribeTargetHealth",
            "is not authorized to perform: elasticloadbalancing:DescribeTargetGroups",
            "is not authorized to perform: elasticloadbalancing:DescribeRules",
            "is not authorized to perform: elasticloadbalancing:DescribeListeners",
        ],
        ..BASE
    },
    Rule {
        id: "PERM-ELB-REGISTER",
        title: "the role that moves traffic may not register tasks in both target groups",
        why: "Blue and green change places with every deployment, so each target group is green's every other time.",
        fix: "Allow `elasticloadbalancing:RegisterTargets` and `DeregisterTargets` on the ARNs of both target groups.",
        looks_at: "what the load balancers' role may do",
        judge: Some(may_register),
        messages: &[
            "failed to register targets in target-group {target_group} with",
            "is not authorized to perform: elasticloadbalancing:RegisterTargets on resource: {target_group}",
            "is not authorized to perform: elasticloadbalancing:DeregisterTargets on resource: {target_group}",
        ],
        ..BASE
    },
    Rule {
        id: "PERM-ELB-MODIFY",
        title: "the role that moves traffic may not change a listener rule",
        why: "Shifting traffic is changing the weights of a rule, or of a listener where the rule is its default or the load \
              balancer is a Network Load Balancer.",
        fix: "Allow `elasticloadbalancing:ModifyRule` and `elasticloadbalancing:ModifyListener` on the production and the test \
              rule and their listeners, or attach `AmazonECSInfrastructureRolePolicyForLoadBalancers`.",
        looks_at: "what the load balancers' role may do",
        judge: Some(may_modify),
        messages: &[
            "is not authorized to perform: elasticloadbalancing:ModifyListener on resource: {listener}",
            "is not authorized to perform: elasticloadbalancing:ModifyRule on resource: {rule}",
        ],
        not_proven: "The message says \"lifecycle hook(s) failed\" although no function of yours was asked: it is ECS's own step that \
                     failed.",
        ..BASE
    },
    Rule {
        id: "PERM-DOC-POLICY-NAME",
        severity: Severity::Info,
        title: "a managed policy that cannot be attached",
        why: "AWS's troubleshooting page has recommended `AmazonECS-ServiceLinkedRolePolicy`, which belongs to ECS's own \
              service-linked role and cannot be attached to another.",
        fix: "Attach `AmazonECSInfrastructureRolePolicyForLoadBalancers` instead.",
        link: INFRASTRUCTURE_ROLE,
        looks_at: "the managed policies of the load balancers' role, where a file says them",
        judge: Some(policy_name),
        gate: false,
        ..BASE
    },
    Rule {
        id: "HOOK-ROLE-TRUST",
        title: "ECS may not assume the role that calls a hook",
        why: "ECS calls each hook with the role in `roleArn`. Without that role the hook is never called, and the deployment is rolled \
              back.",
        fix: "Let the role's trust policy allow `sts:AssumeRole` to the service `ecs.amazonaws.com`.",
        looks_at: "the trust policies of the hooks' roles",
        judge: Some(hook_trust),
        messages: &[
            "lifecycle hook(s) failed. ECS was unable to assume role {role}",
            "ECS was unable to assume role {role}",
        ],
        not_proven: "The hooks with this role were not called, so they have not judged green. Hooks with other roles may have.",
        ..BASE
    },
    Rule {
        id: "HOOK-ROLE-INVOKE",
        title: "the role that calls a hook may not invoke its function",
        why: "Within an account the role's policies or the function's own have to allow it, across accounts both. A policy for the function's \
              ARN does not hold for a version or an alias, and the other way round.",
        fix: "Allow `lambda:InvokeFunction` on both `FUNCTION-ARN` and `FUNCTION-ARN:*`; `greenlight iam` writes the policy.",
        link: LAMBDA_HOOKS,
        looks_at: "what the hooks' roles may do, and the policies of the functions",
        judge: Some(may_invoke),
        messages: &[
            "ECS was unable to invoke hook target {function} due to",
            "is not authorized to perform: lambda:InvokeFunction on resource: {function}",
        ],
        not_proven: "The hooks with this role were not called, so they have not judged green. Hooks with other roles may have.",
        ..BASE
    },
];

/// The roles that move traffic, where they are named.
fn infrastructure_roles<'a>(service: &Node<'a>) -> Vec<Node<'a>> {
    let balancers = service.get("loadBalancers").items();
    balancers.iter().map(|balancer| balancer.at("advancedConfiguration.roleArn")).collect()
}

fn infrastructure_trust(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for role in infrastructure_roles(&service) {
        trusts_ecs(look, &role, &service);
    }
}

fn hook_trust(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        trusts_ecs(look, &hook.get("roleArn"), &service);
    }
}

fn trusts_ecs(look: &Look<'_>, role: &Node<'_>, service: &Node<'_>) {
    let Some(arn) = role.text() else { return };
    let key = Key::Role(arn.to_owned());
    if look.is_missing(&key) {
        role.wrong(format!("there is no role `{}`", role_name(arn)));
        return;
    }
    let Some(known) = look.get(&key) else { return };
    let policy = known.get("AssumeRolePolicyDocument");
    let source = service.get("serviceArn").text().and_then(Arn::parse);
    let Some(policy) = policy.value().filter(|_| policy.is_known()) else { return };
    match trust::of(policy, "ecs.amazonaws.com", source) {
        Trust::Allowed => {}
        Trust::Refused(why) => role.wrong(format!("the trust policy of `{}` {why}", role_name(arn))),
        Trust::Unclear(why) => {
            look.lack_value(format!("whether ECS may assume `{}` {why}", role_name(arn)));
        }
    }
}

/// Says where a role that is named somewhere is not allowed to do something.
fn may(look: &Look<'_>, role: &Node<'_>, action: &str, resource: &str) {
    if let Some(arn) = role.text() {
        needed(look, role, arn, action, resource);
    }
}

fn may_read(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for role in infrastructure_roles(&service) {
        for action in ["DescribeTargetHealth", "DescribeTargetGroups", "DescribeRules", "DescribeListeners"] {
            may(look, &role, &format!("elasticloadbalancing:{action}"), "*");
        }
    }
}

fn may_register(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in service.get("loadBalancers").items() {
        let advanced = balancer.get("advancedConfiguration");
        for group in [balancer.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")] {
            let Some(group) = group.text() else { continue };
            for action in ["RegisterTargets", "DeregisterTargets"] {
                may(look, &advanced.get("roleArn"), &format!("elasticloadbalancing:{action}"), group);
            }
        }
    }
}

fn may_modify(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    for balancer in service.get("loadBalancers").items() {
        let advanced = balancer.get("advancedConfiguration");
        for key in ["productionListenerRule", "testListenerRule"] {
            let Some(text) = advanced.get(key).text() else { continue };
            let Some(arn) = Arn::parse(text) else { continue };
            let role = advanced.get("roleArn");
            if arn.is("listener") {
                may(look, &role, "elasticloadbalancing:ModifyListener", text);
                continue;
            }
            // The weights of a default rule are the listener's own.
            let rule = look.get(&Key::ListenerRule(text.to_owned()));
            match rule.and_then(|rule| rule.get("IsDefault").flag()) {
                Some(true) => {
                    if let Some(listener) = listener_of(look, text) {
                        may(look, &role, "elasticloadbalancing:ModifyListener", &listener);
                    }
                }
                Some(false) => may(look, &role, "elasticloadbalancing:ModifyRule", text),
                None => {}
            }
        }
    }
}

fn policy_name(look: &Look<'_>) {
    let Some(service) = look.service().filter(shifts) else { return };
    for role in infrastructure_roles(&service) {
        let Some(arn) = role.text() else { continue };
        let Some(known) = look.at_hand(&Key::Role(arn.to_owned())) else { continue };
        for policy in known.get("ManagedPolicyArns").items() {
            if policy.text().is_some_and(|text| text.ends_with("AmazonECS-ServiceLinkedRolePolicy")) {
                policy.wrong_fix(
                    format!("`{policy}` is no policy for a role of yours"),
                    format!("Attach `{POLICY}`."),
                );
            }
        }
    }
}

fn may_invoke(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        let Some(function) = hook.get("hookTargetArn").text().filter(|text| text.starts_with("arn:")) else {
            continue;
        };
        let role = hook.get("roleArn");
        if let Some(arn) = role.text() {
            invocation_needed(look, &role, arn, function);
        }
    }
}
