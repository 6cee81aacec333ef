//! What CodeDeploy asks of a service that it deploys: what stands before it, how it is scheduled and how it scales.

use super::Subject;
use crate::{
    codedeploy::service,
    facts::Key,
    look::Look,
    pages::{CODEDEPLOY, CODEDEPLOY_TROUBLESHOOTING},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject = Subject { title: "CodeDeploy: the service", rules: RULES };

const BASE: Rule = Rule { link: CODEDEPLOY, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "CD-CLASSIC-LB",
        title: "CodeDeploy without a target group to shift traffic with",
        why: "CodeDeploy deploys services behind an Application or a Network Load Balancer only: not behind a Classic one, and not without \
              any.",
        fix: "Make the service again with a `targetGroupArn` in `loadBalancers`, or deploy it with the controller ECS, which can do without a \
              load balancer.",
        looks_at: "the service's load balancers",
        judge: Some(no_target_group),
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-DAEMON",
        title: "a daemon that cannot be one",
        why: "The scheduling strategy DAEMON runs one task on each instance. Fargate has no instances, and CodeDeploy and external controllers \
              deploy replicas only.",
        fix: "Set `schedulingStrategy` to REPLICA, or run the daemon on EC2 with the deployment controller ECS. It cannot be changed on a service \
              that exists: make a new one.",
        looks_at: "the service's scheduling strategy, controller and launch type",
        judge: Some(daemon),
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-AUTOSCALING",
        title: "scaling may fail a deployment of CodeDeploy",
        why: "Where a service scales at the start, CodeDeploy waits up to an hour for green to be steady. Where it scales on the way, CodeDeploy \
              goes on shifting for 5 minutes and then fails if green is not steady. Scaling also counts blue and green together, so the number of \
              tasks may double.",
        fix: "Suspend scaling for the time of the deployment: `aws application-autoscaling register-scalable-target --service-namespace ecs \
              --resource-id service/CLUSTER/SERVICE --scalable-dimension ecs:service:DesiredCount --suspended-state \
              DynamicScalingInSuspended=true,DynamicScalingOutSuspended=true,ScheduledScalingSuspended=true`, and resume it afterwards with \
              `false`. A rule of EventBridge on CodeDeploy's state changes can call a function that does both.",
        link: CODEDEPLOY_TROUBLESHOOTING,
        looks_at: "the service's scalable target",
        judge: Some(scaling),
        ..WARNING
    },
    Rule {
        id: "CD-AUTOSCALING-ALBREQ",
        title: "scaling by requests per target, with CodeDeploy",
        why: "The metric ALBRequestCountPerTarget is that of one target group, and each deployment swaps the two: after it the policy watches the \
              group that no longer serves. AWS does not support it for blue/green deployments.",
        fix: "Scale by `ECSServiceAverageCPUUtilization`, or by a metric of your own that is not tied to a target group.",
        looks_at: "the service's scaling policies",
        judge: Some(scaling_by_requests),
        ..WARNING
    },
];

fn no_target_group(look: &Look<'_>) {
    let Some(service) = service(look) else { return };
    let balancers = service.get("loadBalancers");
    for classic in balancers.items().iter().filter(|it| it.get("loadBalancerName").is_present()) {
        classic.wrong(format!("`{}` is a Classic Load Balancer", classic.get("loadBalancerName")));
    }
    // A service that exists may have them in its task sets only.
    if balancers.is_empty() && service.get("taskSets").is_absent() {
        service.wrong("the service is deployed by CodeDeploy, and has no load balancer");
    }
}

fn daemon(look: &Look<'_>) {
    let Some(service) = look.at_hand(&Key::Service) else { return };
    let strategy = service.get("schedulingStrategy");
    if strategy.text() != Some("DAEMON") {
        return;
    }
    if let Some(controller @ ("CODE_DEPLOY" | "EXTERNAL")) = service.at("deploymentController.type").text() {
        strategy.wrong(format!("it is DAEMON, and the deployment controller is {controller}"));
        return;
    }
    let providers = service.get("capacityProviderStrategy").items();
    let on_fargate = service.get("launchType").text() == Some("FARGATE")
        || providers
            .iter()
            .filter_map(|it| it.get("capacityProvider").text())
            .any(|it| it.starts_with("FARGATE"));
    if on_fargate {
        strategy.wrong("it is DAEMON, and the tasks run on Fargate");
    }
}

fn scaling(look: &Look<'_>) {
    if service(look).is_none() {
        return;
    }
    let Some(scaling) = look.get(&Key::Scaling) else { return };
    let suspended = scaling.get("SuspendedState");
    let runs = |key: &str| {
        let flag = suspended.get(key);
        flag.is_absent() || flag.flag() == Some(false)
    };
    let (Some(least), Some(most)) = (scaling.get("MinCapacity").whole(), scaling.get("MaxCapacity").whole())
    else {
        return;
    };
    let kinds = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
    if least < most && kinds.into_iter().any(runs) {
        scaling
            .get("MaxCapacity")
            .wrong(format!("the service scales from {least} to {most} tasks, and scaling is not suspended"));
    }
}

fn scaling_by_requests(look: &Look<'_>) {
    if service(look).is_none() {
        return;
    }
    let Some(policies) = look.get(&Key::ScalingPolicies) else { return };
    for policy in policies.get("ScalingPolicies").items() {
        let metric = policy.at(
            "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType",
        );
        if metric.text() == Some("ALBRequestCountPerTarget") {
            metric.wrong(format!("`{}` scales by ALBRequestCountPerTarget", policy.get("PolicyName")));
        }
    }
}
