//! Hooks that wait for a person, or for who answers in a person's place.

use greenlight::{Stage, settings::answers_pause};

use super::Subject;
use crate::{
    arn::function_name,
    facts::Key,
    look::Look,
    pages::PAUSE_HOOKS,
    rule::{Rule, Severity},
    service::{hooks, is_pause, stages},
};

pub(super) const SUBJECT: Subject = Subject { title: "PAUSE hooks", rules: RULES };

const BASE: Rule = Rule { link: PAUSE_HOOKS, ..Rule::BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "HOOK-PAUSE-STAGE",
        title: "a PAUSE hook at a stage that cannot pause",
        why: "TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT are under way when their hooks are called; a deployment cannot pause there.",
        fix: "Pause at POST_TEST_TRAFFIC_SHIFT or PRE_PRODUCTION_TRAFFIC_SHIFT instead.",
        looks_at: "the stages of PAUSE hooks",
        judge: Some(pause_stage),
        messages: &["Invalid lifecycle stage provided for Pause Hook"],
        ..BASE
    },
    Rule {
        id: "HOOK-PAUSE-ANSWERERS",
        severity: Severity::Warning,
        title: "several functions answer one PAUSE hook",
        why: "The first answer to a PAUSE hook counts. Where two functions answer, one that finds green good opens the gate that the other \
              would have kept shut.",
        fix: "Let one function answer each hook: narrow `GREENLIGHT_PAUSE` to `CLUSTER/SERVICE@STAGE`, and put all checks in its plan.",
        looks_at: "PAUSE hooks and the functions with `GREENLIGHT_PAUSE`",
        judge: Some(answerers),
        ..BASE
    },
    Rule {
        id: "HOOK-PAUSE-TIMEOUT",
        severity: Severity::Info,
        title: "nobody answered a PAUSE hook in time",
        why: "A PAUSE hook waits until somebody calls ContinueServiceDeployment, at most as long as its timeout.",
        fix: "Answer earlier, raise `timeoutInMinutes` (at most 20160), or let a function answer: `GREENLIGHT_PAUSE`.",
        messages: &[
            "Service deployment rolled back because {stage} pause hook timed out",
            "pause hook timed out",
        ],
        not_proven: "That anything is wrong with green: nobody has looked at it.",
        ..BASE
    },
    Rule {
        id: "HOOK-ID-FORMAT",
        title: "the id of a hook that ECS never gave",
        why: "ContinueServiceDeployment takes the `hookId` that ECS made for this hook of this deployment.",
        fix: "Take it from `lifecycleHookDetails` of `aws ecs describe-service-deployments`, or from the event.",
        messages: &["Invalid hookId: hookId must follow the format: ecs-{kind}-{id}"],
        ..BASE
    },
    Rule {
        id: "HOOK-ID-STALE",
        title: "a hook that has been answered, or is another deployment's",
        why: "Each deployment makes its hooks anew, and each hook is answered once.",
        fix: "Read the current id: `aws ecs describe-service-deployments --service-deployment-arns ARN --query \
              'serviceDeployments[].lifecycleHookDetails'`.",
        messages: &[
            "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN",
        ],
        not_proven: "That your answer was lost: somebody else's may have come first.",
        ..BASE
    },
    Rule {
        id: "HOOK-CONTINUE-TERMINAL",
        title: "the deployment is over already",
        why: "A deployment that has succeeded, failed or been stopped waits for nobody.",
        fix: "Look at its status: `aws ecs describe-service-deployments --service-deployment-arns ARN --query 'serviceDeployments[].status'`.",
        messages: &[
            "Continuing a service deployment is not allowed for service deployment in terminal states",
        ],
        ..BASE
    },
    Rule {
        id: "HOOK-DEPLOYMENT-MISSING",
        title: "there is no such deployment",
        why: "The ARN is of another region or account, or of a service that was deleted.",
        fix: "List those that there are: `aws ecs list-service-deployments --cluster CLUSTER --service SERVICE`.",
        messages: &["The service deployment does not exist."],
        ..BASE
    },
];

fn pause_stage(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service).iter().filter(|hook| is_pause(hook)) {
        for (at, stage) in stages(hook) {
            let instead = match stage {
                "TEST_TRAFFIC_SHIFT" => "POST_TEST_TRAFFIC_SHIFT",
                "PRODUCTION_TRAFFIC_SHIFT" => "PRE_PRODUCTION_TRAFFIC_SHIFT",
                _ => continue,
            };
            at.wrong_fix(
                format!("a deployment cannot pause at {stage}"),
                format!("Pause at {instead} instead."),
            );
        }
    }
}

fn answerers(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let name = |key: &str, other: &str| {
        let text = service.get(key).text().or_else(|| service.get(other).text())?;
        text.rsplit('/').next()
    };
    let pauses: Vec<_> = hooks(&service).into_iter().filter(is_pause).collect();
    if pauses.is_empty() {
        return;
    }
    let (Some(cluster), Some(named)) = (name("clusterArn", "cluster"), name("serviceName", "service")) else {
        return;
    };
    let functions = look.all_at_hand(|key| matches!(key, Key::Function(_)));
    for (at, stage) in pauses.iter().flat_map(stages) {
        let answering: Vec<&str> = functions
            .iter()
            .filter(|function| {
                let pause = function.at("Environment.Variables.GREENLIGHT_PAUSE").text().unwrap_or_default();
                answers_pause(pause, cluster, named, &Stage::from_ecs(stage))
            })
            .filter_map(|function| function.get("FunctionName").text())
            .collect();
        if answering.len() > 1 {
            let names: Vec<&str> = answering.into_iter().map(function_name).collect();
            at.wrong(format!("at {stage} {} answer", names.join(" and ")));
        }
    }
}
