//! The story of a deployment of CodeDeploy's.

use greenlight::Api;
use greenlight_preflight::Arn;
use serde_json::{Value, json};

use super::arn;
use super::cause::Cause;
use super::events::{self, seconds};
use super::find;
use super::green::{self, Green};
use super::known::Known;
use super::reader::{Call, Reader, part};
use super::story::{Evidence, Group, Story, Times};
use super::{last_words, logs, reason};
use crate::failure::Failure;
use crate::service::Service;
use crate::yaml;

/// The deployment as CodeDeploy describes it.
pub(super) async fn describe(reader: &mut Reader, id: &str) -> Result<Value, Failure> {
    let call = Call {
        api: &Api::CODEDEPLOY,
        operation: "GetDeployment",
        input: json!({ "deploymentId": id }),
        resource: id,
    };
    Ok(part(&reader.need(call).await?, "/deploymentInfo"))
}

/// Its target: the service, with the lifecycle events and the task sets.
pub(super) async fn target(reader: &mut Reader, id: &str) -> Option<Value> {
    const WHAT: &str = "the deployment's lifecycle events";
    let input = json!({ "deploymentId": id });
    let call = Call { api: &Api::CODEDEPLOY, operation: "ListDeploymentTargets", input, resource: id };
    let listed = reader.read(WHAT, call).await?;
    let target = listed["targetIds"][0].as_str()?;
    let input = json!({ "deploymentId": id, "targetId": target });
    let call = Call { api: &Api::CODEDEPLOY, operation: "GetDeploymentTarget", input, resource: id };
    Some(part(&reader.read(WHAT, call).await?, "/deploymentTarget/ecsTarget"))
}

/// The lifecycle event with this status.
pub(super) fn event_with<'a>(target: &'a Value, status: &str) -> Option<&'a str> {
    let mut events = target["lifecycleEvents"].as_array().into_iter().flatten();
    events.find(|event| event["status"] == status)?["lifecycleEventName"].as_str()
}

/// When it was.
pub(super) fn times(info: &Value) -> Times {
    Times {
        began: seconds(&info["startTime"]).or_else(|| seconds(&info["createTime"])),
        ended: seconds(&info["completeTime"]),
    }
}

/// Everything that is known of the deployment.
pub(super) async fn story(reader: &mut Reader, id: &str, notes: Vec<String>) -> Result<Story, Failure> {
    let info = describe(reader, id).await?;
    let notes = notes.into_iter().chain(going_back(&info)).collect();
    let target = target(reader, id).await.unwrap_or_default();
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let times = times(&info);
    let status = text(&info["status"]).unwrap_or_default();
    let error = &info["errorInformation"];
    let (code, message) = (error["code"].as_str().unwrap_or_default(), text(&error["message"]));
    let said = message.as_ref().map(|message| format!("{code}: {message}"));
    let cause = message.as_deref().and_then(|message| Cause::of_codedeploy(code, message));
    let stage =
        event_with(&target, "Failed").or_else(|| event_with(&target, "InProgress")).map(ToOwned::to_owned);
    let hooks = hooks(&info);
    let function = stage.as_ref().and_then(|stage| hooks.iter().find(|(event, _)| event == stage));
    let function =
        function.map(|(_, function)| function.clone()).filter(|_| cause.as_ref().is_some_and(is_of_hook));
    let read: Vec<_> = match &function {
        Some(function) => vec![function.clone()],
        None => hooks.iter().map(|(_, function)| function.clone()).collect(),
    };
    let evidence = evidence(reader, &read, id, times).await;
    let decided = match cause {
        Some(Cause::HookRefused) => evidence.iter().find(|told| told.verdict == "stop"),
        Some(Cause::NoReport) => evidence.first(),
        _ => None,
    }
    .cloned();
    let log = match (&cause, &function) {
        (Some(Cause::NoReport), Some(function)) => last_words::read(reader, function, id, times).await,
        _ => Vec::new(),
    };
    let service = service(&target);
    let described = match &service {
        Some(service) => find::describe(reader, service).await,
        None => Err(Failure::no("CodeDeploy did not tell which service it is")),
    };
    let (events, arn) = match described {
        Ok(described) => (events::telling(&described, times), text(&described["serviceArn"])),
        Err(failure) => {
            reader.note("the service's events", failure.to_string());
            (Vec::new(), None)
        }
    };
    let (tasks, target_group, targets) = of_green(reader, &target, service.as_ref()).await;
    let known = reason::Known {
        stage: stage.as_deref(),
        function: function.as_deref(),
        decided: decided.as_ref(),
        last_words: log.last().map(String::as_str),
        tasks: tasks.as_deref().unwrap_or_default(),
        unhealthy: events
            .iter()
            .find(|event| event.message.contains("is unhealthy in"))
            .map(|event| &*event.message),
    };
    let reason = match cause.as_ref() {
        Some(cause) => Some(reason::sentence(cause, &known)),
        None => without_cause(&info, stage.as_deref(), &evidence),
    };
    let rule = message.as_deref().map_or_else(Known::nothing, Known::new);
    let mut links = Vec::new();
    if let Some(parsed) = arn.as_deref().and_then(Arn::parse) {
        links.push(arn::codedeploy_deployment(&parsed, id));
        links.extend(function.as_deref().map(|function| arn::log(&parsed, function)));
    }
    Ok(Story {
        deployment: id.to_owned(),
        service: service.as_ref().map(Service::path),
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

/// Green's stopped tasks, its target group and the targets in it.
async fn of_green(
    reader: &mut Reader,
    target: &Value,
    service: Option<&Service>,
) -> (Option<Vec<Group>>, Option<String>, Option<Vec<Group>>) {
    let task_set = green_task_set(target);
    let tasks = match service {
        Some(service) => {
            let green = Green {
                cluster: &service.cluster,
                service: &service.name,
                started_by: task_set["identifer"].as_str().map(ToOwned::to_owned),
                task_definition: None,
                began: None,
            };
            green::stopped_tasks(reader, &green).await
        }
        None => None,
    };
    let group = target_group(reader, &task_set).await;
    let targets = match &group {
        Some(group) => green::targets(reader, group).await,
        None => None,
    };
    (tasks, group, targets)
}

/// The functions' evidence, the newest first.
async fn evidence(reader: &mut Reader, functions: &[String], id: &str, times: Times) -> Vec<Evidence> {
    let mut all = Vec::new();
    for (place, function) in functions.iter().enumerate() {
        if !functions.iter().take(place).any(|earlier| earlier == function) {
            all.extend(logs::evidence(reader, function, id, times).await);
        }
    }
    all.sort_by_key(|told: &Evidence| std::cmp::Reverse(told.at));
    all
}

/// Whether it is about the function at the failed event.
fn is_of_hook(cause: &Cause) -> bool {
    match cause {
        Cause::HookRefused | Cause::NoReport => true,
        Cause::RoleLacks { what: Some(what), .. } => what == "AWSLambda" || what.starts_with("lambda:"),
        _ => false,
    }
}

/// The lifecycle events with their functions, by the AppSpec; none where it is kept in S3.
pub(super) fn hooks(info: &Value) -> Vec<(String, String)> {
    let revision = &info["revision"];
    let content =
        revision["appSpecContent"]["content"].as_str().or_else(|| revision["string"]["content"].as_str());
    let document = content.and_then(|content| yaml::read(content).ok()).unwrap_or_default();
    let pairs = document["Hooks"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    pairs.filter_map(|(event, function)| Some((event.clone(), function.as_str()?.to_owned()))).collect()
}

/// The service that the target is.
pub(super) fn service(target: &Value) -> Option<Service> {
    let id = target["targetId"].as_str()?;
    let (cluster, name) = id.split_once(':')?;
    Some(Service { cluster: cluster.to_owned(), name: name.to_owned() })
}

/// Green's task set, as the target tells it.
fn green_task_set(target: &Value) -> Value {
    let mut infos = target["taskSetsInfo"].as_array().into_iter().flatten();
    infos.find(|info| info["taskSetLabel"] == "Green").cloned().unwrap_or_default()
}

/// Its target group, which CodeDeploy tells by its name alone.
async fn target_group(reader: &mut Reader, task_set: &Value) -> Option<String> {
    let name = task_set["targetGroup"]["name"].as_str()?;
    let input = json!({ "Names": [name] });
    let call = Call { api: &Api::ELB, operation: "DescribeTargetGroups", input, resource: name };
    let answer = reader.read("green's target group", call).await?;
    answer["TargetGroups"][0]["TargetGroupArn"].as_str().map(ToOwned::to_owned)
}

/// Which deployment takes back which, as CodeDeploy deploys anew to go back.
fn going_back(info: &Value) -> Option<String> {
    let rollback = &info["rollbackInfo"];
    if let Some(id) = rollback["rollbackTriggeringDeploymentId"].as_str() {
        return Some(format!("this deployment takes {id} back: `--deployment {id}` says why"));
    }
    let id = rollback["rollbackDeploymentId"].as_str()?;
    let message = rollback["rollbackMessage"].as_str().map(|said| format!(": {said}")).unwrap_or_default();
    Some(format!("the deployment {id} takes it back{message}"))
}

fn without_cause(info: &Value, stage: Option<&str>, evidence: &[Evidence]) -> Option<String> {
    let at = stage.map(|stage| format!(" at {stage}")).unwrap_or_default();
    match info["status"].as_str().unwrap_or_default() {
        "Succeeded" => Some("nothing went wrong: the deployment succeeded".to_owned()),
        "Created" | "Queued" | "InProgress" | "Baking" | "Ready" => {
            let waits = evidence.first().filter(|told| told.verdict == "wait");
            let waits =
                waits.map(|told| format!("; {} waits: {}", told.function, told.reason)).unwrap_or_default();
            Some(format!("nothing went wrong so far: it is under way{at}{waits}"))
        }
        "Stopped" => {
            let said = info["deploymentStatusMessages"].as_array().into_iter().flatten();
            let said: Vec<_> = said.filter_map(Value::as_str).collect();
            let why = if said.is_empty() { "CodeDeploy does not say why".to_owned() } else { said.join(" ") };
            Some(format!("the deployment was stopped{at}; {why}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_codedeploy_tells_of_a_stop_and_a_rollback_is_said_and_no_more() {
        let stopped = |messages: Value| {
            let info = json!({ "status": "Stopped", "deploymentStatusMessages": messages });
            without_cause(&info, Some("Install"), &[]).unwrap()
        };
        let expected = "the deployment was stopped at Install; CodeDeploy does not say why";
        assert_eq!(stopped(Value::Null), expected);
        assert_eq!(stopped(json!(["It was."])), "the deployment was stopped at Install; It was.");
        let back = |rollback: Value| going_back(&json!({ "rollbackInfo": rollback }));
        assert_eq!(
            back(json!({ "rollbackTriggeringDeploymentId": "d-1" })).unwrap(),
            "this deployment takes d-1 back: `--deployment d-1` says why"
        );
        let taken = json!({ "rollbackDeploymentId": "d-2", "rollbackMessage": "In progress" });
        assert_eq!(back(taken).unwrap(), "the deployment d-2 takes it back: In progress");
        assert_eq!(back(Value::Null), None);
    }

    #[test]
    fn hooks_are_read_from_either_form_of_the_appspec() {
        let yaml = "version: 0.0\nHooks:\n  - BeforeInstall: one\n  - AfterAllowTestTraffic: two\n";
        let json =
            json!({ "Hooks": [{ "BeforeInstall": "one" }, { "AfterAllowTestTraffic": "two" }] }).to_string();
        let expected = [("BeforeInstall", "one"), ("AfterAllowTestTraffic", "two")];
        let expected = expected.map(|(event, function)| (event.to_owned(), function.to_owned()));
        for info in [
            json!({ "revision": { "appSpecContent": { "content": json } } }),
            json!({ "revision": { "string": { "content": yaml } } }),
        ] {
            assert_eq!(hooks(&info), expected, "{info}");
        }
        for none in [
            json!({}),
            json!({ "revision": { "revisionType": "S3" } }),
            json!({ "revision": { "string": { "content": "{" } } }),
        ] {
            assert_eq!(hooks(&none), [], "{none}");
        }
    }
}
