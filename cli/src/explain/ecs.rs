//! The story of a service deployment of ECS.

use greenlight::Api;
use greenlight_preflight::Arn;
use serde_json::{Value, json};

use super::arn;
use super::cause::{self, Cause};
use super::events::{self, seconds};
use super::find;
use super::green::{self, Green};
use super::known::Known;
use super::reader::{Call, Reader, part};
use super::story::{Event, Evidence, Group, Link, Story, Times};
use super::{last_words, logs, reason};
use crate::failure::Failure;
use crate::service::Service;

/// More functions than a service may have hooks of at a stage are not read.
const MOST_FUNCTIONS: usize = 10;

/// The deployment as ECS describes it.
pub(super) async fn describe(reader: &mut Reader, arn: &str) -> Result<Value, Failure> {
    let call = Call {
        api: &Api::ECS,
        operation: "DescribeServiceDeployments",
        input: json!({ "serviceDeploymentArns": [arn] }),
        resource: arn,
    };
    match part(&reader.need(call).await?, "/serviceDeployments/0") {
        Value::Null => Err(Failure::wrong(format!("there is no service deployment {arn}"))
            .hint("ECS forgets deployments after 90 days; another region or account has others")),
        told => Ok(told),
    }
}

/// When it was.
pub(super) fn times(told: &Value) -> Times {
    Times {
        began: seconds(&told["startedAt"]).or_else(|| seconds(&told["createdAt"])),
        ended: seconds(&told["finishedAt"]).or_else(|| seconds(&told["stoppedAt"])),
    }
}

/// Everything that is known of the deployment.
pub(super) async fn story(reader: &mut Reader, arn: &str, notes: Vec<String>) -> Result<Story, Failure> {
    let told = describe(reader, arn).await?;
    let parts = Arn::parse(arn).map(|arn| arn::parts(&arn)).unwrap_or_default();
    let name = |place: usize| parts.get(place).copied().unwrap_or_default().to_owned();
    let service = Service { cluster: name(0), name: name(1) };
    let times = times(&told);
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let status = text(&told["status"]).unwrap_or_default();
    let said = text(&told["statusReason"]).or_else(|| text(&told["rollback"]["reason"]));
    let events = match find::describe(reader, &service).await {
        Ok(described) => events::telling(&described, times),
        Err(failure) => {
            reader.note("the service's events", failure.to_string());
            Vec::new()
        }
    };
    let is_alone = said.as_deref().and_then(Cause::of_ecs) == Some(Cause::NothingToGoBackTo);
    let cause = match cause_of(&told, said.as_deref()) {
        Some(Cause::NothingToGoBackTo) => of_events(&events).or(Some(Cause::NothingToGoBackTo)),
        cause => cause,
    };
    let functions = functions(&told, cause.as_ref());
    let mut evidence = Vec::new();
    for function in &functions {
        evidence.extend(logs::evidence(reader, function, arn, times).await);
    }
    evidence.sort_by_key(|told| std::cmp::Reverse(told.at));
    let decided = deciding(&evidence, cause.as_ref()).cloned();
    let function = of_cause(cause.as_ref(), &functions, decided.as_ref());
    let stage = said
        .as_deref()
        .and_then(cause::stage)
        .or_else(|| decided.as_ref().and_then(|decided| decided.stage.clone()))
        .or_else(|| text(&told["lifecycleStage"]));
    let log = match (&cause, &function) {
        (Some(Cause::NoAnswer { .. } | Cause::TooLate { .. }), Some(function)) => {
            // What it says after ECS has given up is of another deployment.
            let ended = seconds(&told["rollback"]["startedAt"]).or(times.ended);
            last_words::read(reader, function, arn, Times { ended, ..times }).await
        }
        _ => Vec::new(),
    };
    let (tasks, target_group, targets) = of_green(reader, &told, &service).await;
    let reason = {
        let known = reason::Known {
            stage: stage.as_deref(),
            function: function.as_deref(),
            decided: decided.as_ref(),
            last_words: log.last().map(String::as_str),
            tasks: tasks.as_deref().unwrap_or_default(),
            unhealthy: unhealthy(&events),
        };
        match cause.as_ref() {
            Some(cause) if is_alone && *cause != Cause::NothingToGoBackTo => {
                Some(format!("{}; there was nothing to go back to", reason::sentence(cause, &known)))
            }
            Some(cause) => Some(reason::sentence(cause, &known)),
            None => without_cause(&status, stage.as_deref(), evidence.first()),
        }
    };
    let rule = said.as_deref().map_or_else(Known::nothing, Known::new);
    let links = links(arn, &service, function.as_deref());
    Ok(Story {
        deployment: arn.to_owned(),
        service: Some(service.path()),
        // Where only the catalogue knows the words, they are the reason.
        reason: reason.or_else(|| said.clone().filter(|_| rule.is_known())),
        status,
        times,
        notes,
        said,
        stage,
        function,
        evidence,
        log,
        tasks,
        target_group,
        targets,
        events,
        rule,
        unread: Vec::new(),
        links,
    })
}

/// Who failed what, by ECS's words, and where they are silent by its state.
fn cause_of(told: &Value, said: Option<&str>) -> Option<Cause> {
    let names = &told["alarms"]["triggeredAlarmNames"];
    let names: Vec<_> =
        names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let of_state = || {
        if !names.is_empty() {
            Some(Cause::Alarm { names: names.clone() })
        } else if told["deploymentCircuitBreaker"]["status"] == "TRIGGERED" {
            Some(Cause::NeverHealthy)
        } else if matches!(told["status"].as_str(), Some("STOPPED" | "STOP_REQUESTED")) {
            Some(Cause::Stopped)
        } else {
            None
        }
    };
    match said.and_then(Cause::of_ecs) {
        // That it could not be undone hides why it failed.
        Some(Cause::NothingToGoBackTo) => told["rollback"]["reason"]
            .as_str()
            .and_then(Cause::of_ecs)
            .filter(|cause| *cause != Cause::NothingToGoBackTo)
            .or_else(of_state)
            .or(Some(Cause::NothingToGoBackTo)),
        // What detects failures stops a deployment, too, where it does not roll back; its state says which.
        Some(Cause::Stopped) => of_state().or(Some(Cause::Stopped)),
        Some(Cause::Alarm { names: told }) if told.is_empty() => Some(Cause::Alarm { names }),
        Some(cause) => Some(cause),
        None => of_state(),
    }
}

/// Who failed what, by the service's events: where there was nothing to go back to, only they tell.
fn of_events(events: &[Event]) -> Option<Cause> {
    let said = events
        .iter()
        .filter_map(|event| event.message.split_once("deployment failed: ").map(|(_, said)| said));
    said.filter_map(Cause::of_ecs).find(|cause| *cause != Cause::NothingToGoBackTo)
}

/// The functions whose logs tell of it: those that AWS names, else all that the service has.
pub(super) fn functions(told: &Value, cause: Option<&Cause>) -> Vec<String> {
    let named = cause.map(Cause::functions).unwrap_or_default();
    if !named.is_empty() {
        return named.to_vec();
    }
    let all = |list: &'_ Value, key: &str| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|hook| hook[key].as_str()).map(ToOwned::to_owned).collect()
    };
    let mut hooks = all(&told["deploymentConfiguration"]["lifecycleHooks"], "hookTargetArn");
    hooks.extend(all(&told["lifecycleHookDetails"], "targetArn"));
    let mut functions: Vec<String> = Vec::new();
    for function in hooks {
        if functions.len() < MOST_FUNCTIONS && !functions.contains(&function) {
            functions.push(function);
        }
    }
    functions
}

/// The evidence of the verdict that decided.
fn deciding<'a>(evidence: &'a [Evidence], cause: Option<&Cause>) -> Option<&'a Evidence> {
    match cause? {
        Cause::Refused { .. } | Cause::NothingToGoBackTo => {
            evidence.iter().find(|told| told.verdict == "stop")
        }
        Cause::TooLate { .. } => evidence.first(),
        _ => None,
    }
}

/// The function that the sentence is about.
fn of_cause(cause: Option<&Cause>, functions: &[String], decided: Option<&Evidence>) -> Option<String> {
    let is_decided = |function: &&String| {
        decided.is_some_and(|told| greenlight_preflight::function_name(function) == told.function)
    };
    let cause = cause?;
    functions.iter().find(is_decided).or_else(|| cause.functions().first()).cloned()
}

/// What ECS told of green's targets.
fn unhealthy(events: &[Event]) -> Option<&str> {
    let of_targets = |event: &&Event| event.message.contains("is unhealthy in");
    events.iter().find(of_targets).map(|event| &*event.message)
}

/// Where nothing failed, or nobody can tell what.
fn without_cause(status: &str, stage: Option<&str>, latest: Option<&Evidence>) -> Option<String> {
    let at = stage.map(|stage| format!(" at {stage}")).unwrap_or_default();
    match status {
        "SUCCESSFUL" => Some("nothing went wrong: the deployment succeeded".to_owned()),
        "PENDING" | "IN_PROGRESS" => {
            let waits = latest.filter(|told| told.verdict == "wait");
            let waits =
                waits.map(|told| format!("; {} waits: {}", told.function, told.reason)).unwrap_or_default();
            Some(format!("nothing went wrong so far: it is under way{at}{waits}"))
        }
        _ => None,
    }
}

/// Green's stopped tasks, its target group and the targets in it.
async fn of_green(
    reader: &mut Reader,
    told: &Value,
    service: &Service,
) -> (Option<Vec<Group>>, Option<String>, Option<Vec<Group>>) {
    let green = told["targetServiceRevision"]["arn"].as_str().unwrap_or_default();
    let blue = told["sourceServiceRevisions"][0]["arn"].as_str();
    let arns: Vec<_> = [green].into_iter().chain(blue).filter(|arn| !arn.is_empty()).collect();
    let mut revisions = Value::Null;
    if !arns.is_empty() {
        let call = Call {
            api: &Api::ECS,
            operation: "DescribeServiceRevisions",
            input: json!({ "serviceRevisionArns": arns }),
            resource: green,
        };
        let answer = reader.read("green's revision", call).await;
        revisions = answer.map(|answer| part(&answer, "/serviceRevisions")).unwrap_or_default();
    }
    let find = |arn: Option<&str>| {
        let mut all = revisions.as_array().into_iter().flatten();
        all.find(|revision| arn.is_some() && revision["serviceRevisionArn"].as_str() == arn)
    };
    let (green_revision, blue_revision) = (find(Some(green)), find(blue));
    let tasks = Green {
        cluster: &service.cluster,
        service: &service.name,
        started_by: (!green.is_empty()).then(|| format!("ecs-svc/{}", arn::last(green))),
        task_definition: green_revision
            .and_then(|told| told["taskDefinition"].as_str())
            .map(ToOwned::to_owned),
        began: told["startedAt"].as_f64().or_else(|| told["createdAt"].as_f64()),
    };
    let tasks = green::stopped_tasks(reader, &tasks).await;
    let group = target_group(green_revision, blue_revision);
    let targets = match &group {
        Some(group) => green::targets(reader, group).await,
        None => None,
    };
    (tasks, group, targets)
}

/// Green's target group: ECS says it while the revision is active, and after that it is the one that is not blue's.
fn target_group(green: Option<&Value>, blue: Option<&Value>) -> Option<String> {
    let resolved = |revision: Option<&Value>| {
        let group = &revision?["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"];
        group.as_str().map(ToOwned::to_owned)
    };
    if let Some(group) = resolved(green) {
        return Some(group);
    }
    let balancer = &green?["loadBalancers"][0];
    let alternate = &balancer["advancedConfiguration"]["alternateTargetGroupArn"];
    let pair = [&balancer["targetGroupArn"], alternate].map(|arn| arn.as_str().map(ToOwned::to_owned));
    match (pair, resolved(blue)) {
        ([one, None], _) => one,
        ([Some(one), Some(other)], Some(blue)) => Some(if one == blue { other } else { one }),
        _ => None,
    }
}

fn links(arn: &str, service: &Service, function: Option<&str>) -> Vec<Link> {
    let Some(parsed) = Arn::parse(arn) else { return Vec::new() };
    let mut links = vec![arn::ecs_deployment(&parsed, &service.cluster, &service.name, arn::last(arn))];
    links.extend(function.map(|function| arn::log(&parsed, function)));
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_words_are_silent_the_state_speaks() {
        let alarm =
            json!({ "alarms": { "triggeredAlarmNames": ["errors"] }, "status": "ROLLBACK_SUCCESSFUL" });
        assert_eq!(cause_of(&alarm, None), Some(Cause::Alarm { names: vec!["errors".to_owned()] }));
        let breaker = json!({ "deploymentCircuitBreaker": { "status": "TRIGGERED" } });
        let hidden = Some("No rollback candidate was found to run the rollback.");
        assert_eq!(cause_of(&breaker, hidden), Some(Cause::NeverHealthy));
        assert_eq!(cause_of(&json!({}), hidden), Some(Cause::NothingToGoBackTo));
        assert_eq!(cause_of(&json!({ "status": "STOPPED" }), None), Some(Cause::Stopped));
        // Without a rollback ECS stops what has failed.
        let stopped = Some("Service deployment was stopped.");
        let named = Cause::Alarm { names: vec!["errors".to_owned()] };
        assert_eq!(cause_of(&alarm, stopped), Some(named.clone()));
        assert_eq!(cause_of(&alarm, Some("deployment failed: alarm detected.")), Some(named));
        assert_eq!(cause_of(&breaker, stopped), Some(Cause::NeverHealthy));
        assert_eq!(cause_of(&json!({ "status": "ROLLBACK_SUCCESSFUL" }), Some("the moon")), None);
    }

    #[test]
    fn greens_target_group_is_the_one_that_is_not_blues() {
        let resolved =
            |arn: &str| json!({ "resolvedConfiguration": { "loadBalancers": [{ "targetGroupArn": arn }] } });
        let gone = json!({ "loadBalancers": [{
            "targetGroupArn": "a", "advancedConfiguration": { "alternateTargetGroupArn": "b" },
        }] });
        assert_eq!(target_group(Some(&resolved("b")), Some(&resolved("a"))).as_deref(), Some("b"));
        assert_eq!(target_group(Some(&gone), Some(&resolved("a"))).as_deref(), Some("b"));
        assert_eq!(target_group(Some(&gone), Some(&resolved("b"))).as_deref(), Some("a"));
        assert_eq!(target_group(Some(&gone), None), None);
        assert_eq!(target_group(None, None), None);
    }
}
