//! Which deployment is meant.

use greenlight::Api;
use greenlight_preflight::Arn;
use serde_json::{Value, json};

use super::arn;
use super::reader::{Call, Reader, part};
use crate::failure::Failure;
use crate::service::Service;

/// ECS's words for a deployment that went wrong, or is about to.
const WRONG: [&str; 6] = [
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "STOPPED",
    "STOP_REQUESTED",
];
/// CodeDeploy's.
const WRONG_CODEDEPLOY: [&str; 2] = ["Failed", "Stopped"];

/// Bounds on a look through a region.
const MOST_SERVICES: usize = 100;
/// Of CodeDeploy's deployments, which are asked for one by one.
const MOST_DEPLOYMENTS: usize = 50;

/// Who deploys, and the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A service deployment, by its ARN.
    Ecs(String),
    /// A deployment of CodeDeploy, by its id.
    CodeDeploy(String),
}

/// The deployment that is meant.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) who: Who,
    /// What people should know of the choice.
    pub(super) notes: Vec<String>,
}

/// What `--deployment` names.
pub(super) fn named(text: &str) -> Result<Found, Failure> {
    let is_ecs = Arn::parse(text)
        .is_some_and(|arn| arn.resource.starts_with("service-deployment/") && arn::parts(&arn).len() == 3);
    let who = if is_ecs {
        Who::Ecs(text.to_owned())
    } else if text.starts_with("d-") {
        Who::CodeDeploy(text.to_owned())
    } else {
        return Err(Failure::wrong(format!("`--deployment {text}` names no deployment")).hint(
            "expected the ARN of a service deployment (arn:…:service-deployment/CLUSTER/SERVICE/ID), or an id of CodeDeploy's (d-…)",
        ));
    };
    Ok(Found { who, notes: Vec::new() })
}

/// The `last` last deployment of the service that went wrong; the newest where none did.
pub(super) async fn of_service(
    reader: &mut Reader,
    service: &Service,
    last: usize,
) -> Result<Found, Failure> {
    let described = describe(reader, service).await?;
    if described["deploymentController"]["type"] == "CODE_DEPLOY" {
        return of_codedeploy_service(reader, service, last).await;
    }
    let mut wrong = list(reader, service, &WRONG).await?;
    let path = service.path();
    if last <= wrong.len() {
        return Ok(Found { who: Who::Ecs(wrong.swap_remove(last - 1).1), notes: Vec::new() });
    }
    if !wrong.is_empty() {
        return Err(too_few(&path, wrong.len(), last));
    }
    match list(reader, service, &[]).await?.into_iter().next() {
        Some((_, arn)) => Ok(Found { who: Who::Ecs(arn), notes: vec![none_wrong(&path)] }),
        None => Err(Failure::no(format!("ECS remembers no deployment of {path}"))
            .hint("it forgets deployments after 90 days, and tells of those since 2024-10-25 only")),
    }
}

fn none_wrong(path: &str) -> String {
    format!("no deployment of {path} went wrong: this is the newest")
}

fn too_few(path: &str, known: usize, last: usize) -> Failure {
    Failure::wrong(format!(
        "`--last {last}`: {known} deployments of {path} went wrong, as far as AWS remembers"
    ))
    .hint(format!("`--last {known}` is the oldest of them"))
}

/// The service as ECS describes it.
pub(super) async fn describe(reader: &mut Reader, service: &Service) -> Result<Value, Failure> {
    let path = service.path();
    let call = Call {
        api: &Api::ECS,
        operation: "DescribeServices",
        input: json!({ "cluster": service.cluster, "services": [service.name] }),
        resource: &path,
    };
    match part(&reader.need(call).await?, "/services/0") {
        Value::Null => Err(Failure::wrong(format!("there is no service {path} in this region and account"))
            .hint("`aws ecs list-services --cluster CLUSTER` lists those that there are")),
        service => Ok(service),
    }
}

/// Deployments of the service with one of these statuses, or any: when each was created, and its ARN; the newest first.
async fn list(
    reader: &mut Reader,
    service: &Service,
    statuses: &[&str],
) -> Result<Vec<(f64, String)>, Failure> {
    let path = service.path();
    let mut input = json!({ "cluster": service.cluster, "service": service.name, "maxResults": 100 });
    if !statuses.is_empty() {
        input["status"] = json!(statuses);
    }
    let call = Call { api: &Api::ECS, operation: "ListServiceDeployments", input, resource: &path };
    Ok(in_order(&reader.need_all(call, "serviceDeployments").await?))
}

/// AWS does not say in which order it lists them.
fn in_order(listed: &[Value]) -> Vec<(f64, String)> {
    let brief = |deployment: &Value| {
        let created = deployment["createdAt"].as_f64().unwrap_or_default();
        Some((created, deployment["serviceDeploymentArn"].as_str()?.to_owned()))
    };
    let mut found: Vec<_> = listed.iter().filter_map(brief).collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found
}

/// CodeDeploy's deployments of a service: each of its task sets names one, which leads to their group.
async fn of_codedeploy_service(
    reader: &mut Reader,
    service: &Service,
    last: usize,
) -> Result<Found, Failure> {
    let (newest, group) = group_of(reader, service).await?;
    let mut notes = Vec::new();
    let mut wrong = codedeploy(reader, &group, &WRONG_CODEDEPLOY, &mut notes).await?;
    if last <= wrong.len() {
        return Ok(Found { who: Who::CodeDeploy(wrong.swap_remove(last - 1)), notes });
    }
    if !wrong.is_empty() {
        return Err(too_few(&service.path(), wrong.len(), last));
    }
    let all = codedeploy(reader, &group, &[], &mut notes).await?;
    let id = all.into_iter().next().unwrap_or(newest);
    notes.push(none_wrong(&service.path()));
    Ok(Found { who: Who::CodeDeploy(id), notes })
}

/// A deployment of the service's, and the filter of `ListDeployments` for all of them.
async fn group_of(reader: &mut Reader, service: &Service) -> Result<(String, Value), Failure> {
    let path = service.path();
    let call = Call {
        api: &Api::ECS,
        operation: "DescribeTaskSets",
        input: json!({ "cluster": service.cluster, "service": service.name }),
        resource: &path,
    };
    let answer = reader.need(call).await?;
    let task_sets = answer["taskSets"].as_array().into_iter().flatten();
    let mut ids = task_sets.filter_map(|task_set| task_set["externalId"].as_str());
    let Some(id) = ids.find(|id| id.starts_with("d-")).map(ToOwned::to_owned) else {
        return Err(Failure::no(format!(
            "no task set of {path} says which deployment of CodeDeploy has made it"
        ))
        .hint("`--deployment d-…` names the deployment itself"));
    };
    let call = Call {
        api: &Api::CODEDEPLOY,
        operation: "GetDeployment",
        input: json!({ "deploymentId": id }),
        resource: &id,
    };
    let info = part(&reader.need(call).await?, "/deploymentInfo");
    let group = json!({
        "applicationName": info["applicationName"],
        "deploymentGroupName": info["deploymentGroupName"],
    });
    Ok((id, group))
}

/// Ids of CodeDeploy's deployments, the newest first, without those that take another one back; that not all were
/// looked at is noted.
async fn codedeploy(
    reader: &mut Reader,
    filter: &Value,
    statuses: &[&str],
    notes: &mut Vec<String>,
) -> Result<Vec<String>, Failure> {
    let mut input = filter.clone();
    if !statuses.is_empty() {
        input["includeOnlyStatuses"] = json!(statuses);
    }
    let call = Call { api: &Api::CODEDEPLOY, operation: "ListDeployments", input, resource: "*" };
    let listed = reader.need_all(call, "deployments").await?;
    if listed.len() > MOST_DEPLOYMENTS {
        notes.push(format!(
            "only {MOST_DEPLOYMENTS} of CodeDeploy's {} deployments were looked at, those that it lists first: `--deployment d-…` names one",
            listed.len()
        ));
    }
    let ids = listed.iter().filter_map(Value::as_str);
    let mut found = Vec::new();
    for id in ids.take(MOST_DEPLOYMENTS) {
        let input = json!({ "deploymentId": id });
        let call = Call { api: &Api::CODEDEPLOY, operation: "GetDeployment", input, resource: id };
        let Some(answer) = reader.read(&format!("the deployment {id}"), call).await else { continue };
        let info = part(&answer, "/deploymentInfo");
        let takes_back = info["rollbackInfo"]["rollbackTriggeringDeploymentId"].is_string();
        if info["computePlatform"] == "ECS" && !takes_back {
            found.push((info["createTime"].as_f64().unwrap_or_default(), id.to_owned()));
        }
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// The deployment under way of a service, else its newest, with its status.
pub(super) async fn newest(reader: &mut Reader, service: &Service) -> Result<Option<Who>, Failure> {
    if describe(reader, service).await?["deploymentController"]["type"] == "CODE_DEPLOY" {
        let (newest, group) = group_of(reader, service).await?;
        let all = codedeploy(reader, &group, &[], &mut Vec::new()).await?;
        return Ok(Some(Who::CodeDeploy(all.into_iter().next().unwrap_or(newest))));
    }
    Ok(list(reader, service, &[]).await?.into_iter().next().map(|(_, arn)| Who::Ecs(arn)))
}

/// The last deployment that went wrong, of all services in the region; none where none did.
pub(super) async fn in_region(reader: &mut Reader) -> Result<Option<Found>, Failure> {
    let mut notes = Vec::new();
    let (services, are_all) = services(reader).await?;
    if !are_all {
        notes.push(format!(
            "only the first {MOST_SERVICES} services were looked at: `--service CLUSTER/SERVICE` names one"
        ));
    }
    let mut newest: Option<(f64, Who)> = None;
    for (cluster, service) in services {
        let input = json!({ "cluster": cluster, "service": service, "status": WRONG, "maxResults": 100 });
        let call = Call { api: &Api::ECS, operation: "ListServiceDeployments", input, resource: &service };
        let what = format!("deployments of {}", arn::last(&service));
        let Some(listed) = reader.read_all(&what, call, "serviceDeployments").await else { continue };
        let Some((created, arn)) = in_order(&listed).into_iter().next() else { continue };
        if newest.as_ref().is_none_or(|(known, _)| created > *known) {
            newest = Some((created, Who::Ecs(arn)));
        }
    }
    match codedeploy(reader, &json!({}), &WRONG_CODEDEPLOY, &mut notes).await {
        Ok(ids) => {
            if let Some(id) = ids.into_iter().next() {
                let input = json!({ "deploymentId": id });
                let call = Call { api: &Api::CODEDEPLOY, operation: "GetDeployment", input, resource: &id };
                let answer = reader.need(call).await?;
                let created = answer["deploymentInfo"]["createTime"].as_f64().unwrap_or_default();
                if newest.as_ref().is_none_or(|(known, _)| created > *known) {
                    newest = Some((created, Who::CodeDeploy(id)));
                }
            }
        }
        // Whoever has no CodeDeploy need not let people look at it.
        Err(failure) if newest.is_some() => reader.note("deployments of CodeDeploy", failure.to_string()),
        Err(failure) => return Err(failure),
    }
    Ok(newest.map(|(_, who)| Found { who, notes }))
}

/// Clusters with their services, by their ARNs, and whether these are all.
async fn services(reader: &mut Reader) -> Result<(Vec<(String, String)>, bool), Failure> {
    let call = Call { api: &Api::ECS, operation: "ListClusters", input: json!({}), resource: "*" };
    let clusters = reader.need_all(call, "clusterArns").await?;
    let mut services = Vec::new();
    for cluster in clusters.iter().filter_map(Value::as_str) {
        let input = json!({ "cluster": cluster, "maxResults": 100 });
        let call = Call { api: &Api::ECS, operation: "ListServices", input, resource: cluster };
        let what = format!("services of {}", arn::last(cluster));
        let Some(arns) = reader.read_all(&what, call, "serviceArns").await else { continue };
        let arns = arns.iter().filter_map(Value::as_str);
        services.extend(arns.map(|service| (cluster.to_owned(), service.to_owned())));
        if services.len() > MOST_SERVICES {
            services.truncate(MOST_SERVICES);
            return Ok((services, false));
        }
    }
    Ok((services, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_one_of_ecs_or_of_codedeploy() {
        let arn = "arn:aws:ecs:r:1:service-deployment/shop/orders/4";
        assert_eq!(named(arn).unwrap().who, Who::Ecs(arn.to_owned()));
        assert_eq!(named("d-ABC").unwrap().who, Who::CodeDeploy("d-ABC".to_owned()));
        for wrong in ["", "orders", "arn:aws:ecs:r:1:service/shop/orders"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
