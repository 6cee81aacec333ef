//! What ECS says.

use greenlight::{Api, Ask, Cause, Failure};
use serde_json::{Value, json};

use super::{Fetch, Subject, codedeploy, first, service_of};
use crate::{
    document::Document,
    facts::{Facts, Key},
};

/// The states in which a deployment is not over.
const UNDER_WAY: [&str; 5] =
    ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];

pub(super) async fn service(ask: &Ask, subject: &Subject) -> Fetch {
    let (cluster, service) = match subject {
        Subject::Service { cluster, service } => (cluster.clone(), service.clone()),
        Subject::Group { application, group } => match codedeploy::service_of(ask, application, group).await?
        {
            Some(pair) => pair,
            None => return Ok(None),
        },
    };
    let resource = format!("{cluster}/{service}");
    let input = json!({"cluster": cluster, "services": [service]});
    let answer = ask.try_call(&Api::ECS, "DescribeServices", input, &resource).await?;
    let Some(document) = first(&answer, "services", &resource) else { return Ok(None) };
    settled(ask, document).await.map(Some)
}

/// The service as it is, without a deployment that is over: ECS keeps naming that.
async fn settled(ask: &Ask, mut document: Document) -> Result<Document, Failure> {
    if let Some(arn) = text(&document.value, "serviceArn") {
        document.source = arn.to_owned();
    }
    if let Some(arn) = text(&document.value, "currentServiceDeployment").map(str::to_owned) {
        let deployment = match under_way(ask, &arn).await {
            // It is long over: the service itself is there.
            Err(failure) if failure.cause == Cause::NotFound => None,
            found => found?,
        };
        let status = deployment.as_ref().and_then(|it| text(&it.value, "status"));
        if !status.is_some_and(|status| UNDER_WAY.contains(&status))
            && let Some(fields) = document.value.as_object_mut()
        {
            fields.remove("currentServiceDeployment");
        }
    }
    Ok(document)
}

/// The names of a cluster's services, in their order.
pub async fn listed(ask: &Ask, cluster: &str) -> Result<Vec<String>, Failure> {
    let pages = ask.try_pages(&Api::ECS, "ListServices", json!({"cluster": cluster}), cluster).await?;
    let arns = pages.iter().filter_map(|page| page.get("serviceArns")?.as_array()).flatten();
    let names = arns.filter_map(Value::as_str).filter_map(|arn| arn.rsplit('/').next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// Services by their names, with as few calls as it takes: each as a fact to begin with, or why it could not be had.
pub async fn described(ask: &Ask, cluster: &str, names: &[String]) -> Vec<Facts> {
    const AT_A_TIME: usize = 10;
    let mut all = Vec::new();
    for names in names.chunks(AT_A_TIME) {
        let input = json!({"cluster": cluster, "services": names});
        let answer = ask.try_call(&Api::ECS, "DescribeServices", input, &format!("{cluster}/*")).await;
        let found = answer.as_ref().ok().and_then(|answer| answer["services"].as_array());
        let named = |name: &str| {
            let found = found?.iter().find(|it| text(it, "serviceName") == Some(name))?;
            Some(Document::new(format!("{cluster}/{name}"), found.clone()))
        };
        for name in names {
            let mut facts = Facts::default();
            match (&answer, named(name)) {
                (Err(failure), _) => facts.give_up(Key::Service, failure.to_string()),
                (Ok(_), None) => {
                    facts.give_up(
                        Key::Service,
                        "ECS lists it and does not describe it; it may be gone by now",
                    );
                }
                (Ok(_), Some(document)) => match settled(ask, document).await {
                    Ok(document) => facts.know(Key::Service, document),
                    Err(failure) => facts.give_up(Key::Service, failure.to_string()),
                },
            }
            all.push(facts);
        }
    }
    all
}

async fn under_way(ask: &Ask, arn: &str) -> Fetch {
    let input = json!({"serviceDeploymentArns": [arn]});
    let answer = ask.try_call(&Api::ECS, "DescribeServiceDeployments", input, arn).await?;
    Ok(first(&answer, "serviceDeployments", arn))
}

pub(super) async fn deployment(ask: &Ask, facts: &Facts) -> Fetch {
    let service = facts.document(&Key::Service).map(|document| &document.value);
    match service.and_then(|service| text(service, "currentServiceDeployment")) {
        Some(arn) => under_way(ask, arn).await,
        None => Ok(None),
    }
}

pub(super) async fn task_definition(ask: &Ask, facts: &Facts) -> Fetch {
    let service = facts.document(&Key::Service).map(|document| &document.value);
    let Some(arn) = service.and_then(|service| text(service, "taskDefinition")) else { return Ok(None) };
    let answer =
        ask.try_call(&Api::ECS, "DescribeTaskDefinition", json!({"taskDefinition": arn}), arn).await?;
    Ok(answer.get("taskDefinition").map(|value| Document::new(arn, value.clone())))
}

pub(super) async fn tasks(ask: &Ask, facts: &Facts) -> Fetch {
    const AT_A_TIME: usize = 100;
    let Some((cluster, service)) = service_of(facts) else { return Ok(None) };
    let resource = format!("{cluster}/{service}");
    let input = json!({"cluster": cluster, "serviceName": service});
    let pages = ask.try_pages(&Api::ECS, "ListTasks", input, &resource).await?;
    let listed = pages.iter().filter_map(|page| page.get("taskArns")?.as_array());
    let arns: Vec<Value> = listed.flatten().cloned().collect();
    let mut tasks = Vec::new();
    for arns in arns.chunks(AT_A_TIME) {
        let input = json!({"cluster": cluster, "tasks": arns});
        let answer = ask.try_call(&Api::ECS, "DescribeTasks", input, &resource).await?;
        tasks.extend(answer.get("tasks").and_then(Value::as_array).into_iter().flatten().cloned());
    }
    Ok(Some(Document::new(resource, json!({"tasks": tasks}))))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
