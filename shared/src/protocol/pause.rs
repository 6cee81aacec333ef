//! PAUSE hooks: ECS emits an EventBridge event and waits for `ContinueServiceDeployment`.
//!
//! Most PAUSE hooks are a person's gate. Only those that `GREENLIGHT_PAUSE` names are answered; every
//! other event of that kind is acknowledged and left alone.
//!
//! Source: ECS developer guide, *Pause hooks*, *Amazon ECS hook state change events*; API reference,
//! *`ContinueServiceDeployment`*.

use std::time::Duration;

use aws_sdk_ecs::types::DeploymentLifecycleHookAction;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Asked, Invocation, Protocol, Reply, Reported, Service, Situation, text};
use crate::{
    aws::{Aws, Failure, timeouts_within},
    plan::Problem,
    settings::{PAUSE, Settings},
    stage::Stage,
    state::KEY,
    verdict::Answer,
    wildcard::Wildcard,
};

pub(super) const ACTION: &str = "ecs:ContinueServiceDeployment";
const DETAIL_TYPE: &str = "ECS Hook State Change";

/// What a report needs. The API requires both, though the guide's CLI samples leave the ARN out.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    deployment: String,
    pub(crate) hook: String,
}

/// One entry of `GREENLIGHT_PAUSE`: `CLUSTER/SERVICE[@STAGE]`, with `*` as wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gate {
    service: String,
    stage: String,
}

impl Gate {
    /// The entries of a comma-separated list, and what is wrong with the others.
    pub(crate) fn list(text: &str) -> (Vec<Self>, Vec<Problem>) {
        let (mut gates, mut problems) = (Vec::new(), Vec::new());
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (service, stage) = entry.split_once('@').unwrap_or((entry, "*"));
            let sound = service.split('/').count() == 2
                && !service.split('/').any(str::is_empty)
                && !stage.is_empty();
            if sound {
                gates.push(Self { service: service.to_owned(), stage: stage.to_owned() });
            } else {
                problems.push(Problem::new(PAUSE, format!("`{entry}` names no PAUSE hooks")).hint(
                    "expected `CLUSTER/SERVICE` or `CLUSTER/SERVICE@STAGE`, with `*` as wildcard, e.g. `*/*`",
                ));
            }
        }
        (gates, problems)
    }

    /// Whether this entry means the PAUSE hooks of a service at a stage.
    pub(crate) fn answers(&self, cluster: &str, service: &str, stage: &Stage) -> bool {
        let (own_cluster, own_service) = self.service.split_once('/').unwrap_or(("", ""));
        Wildcard::stars(own_cluster).matches(cluster)
            && Wildcard::stars(own_service).matches(service)
            && Wildcard::stars(&self.stage).matches(stage.ecs_name())
    }
}

pub(super) fn is_event(fields: &Map<String, Value>) -> bool {
    fields.contains_key("detail-type") && fields.contains_key("detail")
}

pub(super) fn parse(fields: &Map<String, Value>, settings: &Settings) -> Result<Asked, String> {
    let mut warnings = Vec::new();
    let kind = text(fields, "detail-type", &mut warnings).unwrap_or_default();
    if kind != DETAIL_TYPE {
        return Err(format!(
            "an EventBridge event `{kind}` asks nothing of a hook; expected `{DETAIL_TYPE}`"
        ));
    }
    let Some(Value::Object(detail)) = fields.get("detail") else {
        return Err("the event's `detail` is no object; expected that of `ECS Hook State Change`".to_owned());
    };
    let name = text(detail, "eventName", &mut warnings).unwrap_or_default();
    let hook_type = text(detail, "hookType", &mut warnings).unwrap_or_else(|| "PAUSE".to_owned());
    if name != "HOOK_AWAITING_ACTION" || hook_type != "PAUSE" {
        let why = format!(
            "`{name}` of a {hook_type} hook asks nothing; expected HOOK_AWAITING_ACTION of a PAUSE hook"
        );
        return Ok(Asked::Nothing { why, level: "INFO" });
    }
    let stage = Stage::from_ecs(
        &text(detail, "lifecycleStage", &mut warnings).unwrap_or_else(|| "UNKNOWN".to_owned()),
    );
    let service_arn = text(detail, "serviceArn", &mut warnings).unwrap_or_default();
    let service = Service::from_arn(&service_arn)
        .ok_or_else(|| format!("the PAUSE event's `serviceArn` is no service: `{service_arn}`"))?;
    if !settings.gates.iter().any(|gate| gate.answers(&service.cluster, &service.name, &stage)) {
        let whose = format!("the PAUSE hook of {service} at {stage}");
        if !settings.gate_problems.is_empty() {
            let problems = crate::plan::sentence(&settings.gate_problems);
            // Settings do not heal by trying again, so an error for Lambda would help nobody.
            let why = format!("{whose} may be ours to answer and is left alone: {problems}");
            return Ok(Asked::Nothing { why, level: "ERROR" });
        }
        let why = format!("{whose} is not in {PAUSE}: it may be a person's gate; left alone");
        return Ok(Asked::Nothing { why, level: "INFO" });
    }
    let mut id = |key: &str| {
        text(detail, key, &mut warnings)
            .filter(|id| !id.is_empty())
            .ok_or_else(|| format!("the PAUSE event has no `{key}`, so nothing can be reported"))
    };
    let ids = Ids { deployment: id("serviceDeploymentArn")?, hook: id("hookId")? };
    let expires_at = text(detail, "expiresAt", &mut warnings).and_then(|text| text.parse::<Timestamp>().ok());
    if expires_at.is_none() {
        warnings.push("the PAUSE event has no readable `expiresAt`; patience is not cut to it".to_owned());
    }
    Ok(Asked::Verdict(Box::new(Invocation {
        protocol: Protocol::Pause,
        stage,
        step: None,
        deployment: ids.deployment.clone(),
        service: Some(service),
        green: None,
        names_blue: false,
        situation: Situation::Update,
        situation_because:
            "assumed: PAUSE hooks are not called during a rollback, and the event does not tell a create"
                .to_owned(),
        hook_details: Value::Null,
        carried: fields.get(KEY).cloned(),
        expires_at,
        warnings,
        reply: Reply::Pause(ids),
    })))
}

pub(super) async fn report(
    ids: &Ids,
    answer: Answer,
    aws: &Aws,
    within: Duration,
) -> Result<Reported, Failure> {
    let action = match answer {
        Answer::Proceed => DeploymentLifecycleHookAction::Continue,
        Answer::Stop | Answer::Wait(_) => DeploymentLifecycleHookAction::Rollback,
    };
    let client = aws.ecs().await;
    let call = client
        .continue_service_deployment()
        .service_deployment_arn(&ids.deployment)
        .hook_id(&ids.hook)
        .action(action)
        .customize()
        .config_override(aws_sdk_ecs::config::Builder::new().timeout_config(timeouts_within(within)));
    match call.send().await {
        Ok(_) => Ok(Reported::Accepted),
        Err(error) => {
            let failure = Failure::explain(&error, ACTION, &ids.deployment, &aws.region().await);
            // ECS's texts for a hook that no longer waits (developer guide, troubleshooting).
            let message = failure.message.as_deref().unwrap_or_default();
            let over =
                message.contains("either completed, unavailable") || message.contains("in terminal states");
            if over { Ok(Reported::AlreadyAnswered(format!("ECS says: {message}"))) } else { Err(failure) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates() {
        let (gates, problems) = Gate::list("prod/orders, */web@POST_TEST_TRAFFIC_SHIFT, x, a/b/c, /x, a/b@");
        assert_eq!((gates.len(), problems.len()), (2, 4));
        assert!(gates[0].answers("prod", "orders", &Stage::PostScaleUp));
        assert!(!gates[0].answers("prod", "orders2", &Stage::PostScaleUp));
        assert!(gates[1].answers("any", "web", &Stage::PostTestTrafficShift));
        assert!(!gates[1].answers("any", "web", &Stage::PostScaleUp));
    }
}
