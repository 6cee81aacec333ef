//! What CodeDeploy says.

use greenlight::{Api, Ask, Failure};
use serde_json::{Value, json};

use super::{Fetch, Subject};
use crate::{
    document::Document,
    facts::{Facts, Key},
};

async fn described(ask: &Ask, application: &str, group: &str) -> Fetch {
    let resource = format!("{application}/{group}");
    let input = json!({"applicationName": application, "deploymentGroupName": group});
    let answer = ask.try_call(&Api::CODEDEPLOY, "GetDeploymentGroup", input, &resource).await?;
    Ok(answer.get("deploymentGroupInfo").map(|value| Document::new(resource, value.clone())))
}

/// The cluster and the service that a deployment group deploys.
pub(super) async fn service_of(
    ask: &Ask,
    application: &str,
    group: &str,
) -> Result<Option<(String, String)>, Failure> {
    let Some(document) = described(ask, application, group).await? else { return Ok(None) };
    let service = &document.value["ecsServices"][0];
    let text = |key: &str| service.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(text("clusterName").zip(text("serviceName")))
}

/// The deployment group that was asked for, or the one that made the service's task sets.
pub(super) async fn group(ask: &Ask, subject: &Subject, facts: &Facts) -> Fetch {
    if let Subject::Group { application, group } = subject {
        return described(ask, application, group).await;
    }
    let Some(service) = facts.document(&Key::Service) else { return Ok(None) };
    let sets = service.value.get("taskSets").and_then(Value::as_array).into_iter().flatten();
    // A task set's external id is the deployment that made it.
    let Some(deployment) = sets.filter_map(|set| set.get("externalId")?.as_str()).next_back() else {
        return Ok(None);
    };
    let input = json!({"deploymentId": deployment});
    let answer = ask.try_call(&Api::CODEDEPLOY, "GetDeployment", input, deployment).await?;
    let text = |key: &str| answer["deploymentInfo"].get(key).and_then(Value::as_str);
    match text("applicationName").zip(text("deploymentGroupName")) {
        Some((application, group)) => described(ask, application, group).await,
        None => Ok(None),
    }
}

/// How a deployment shifts traffic.
pub(super) async fn configuration(ask: &Ask, name: &str) -> Fetch {
    let input = json!({"deploymentConfigName": name});
    let answer = ask.try_call(&Api::CODEDEPLOY, "GetDeploymentConfig", input, name).await?;
    Ok(answer.get("deploymentConfigInfo").map(|value| Document::new(name, value.clone())))
}

/// All deployment groups of the application.
pub(super) async fn groups(ask: &Ask, facts: &Facts) -> Fetch {
    const AT_A_TIME: usize = 100;
    let group = facts.document(&Key::DeploymentGroup).map(|document| &document.value);
    let Some(application) = group.and_then(|group| group.get("applicationName")?.as_str()) else {
        return Ok(None);
    };
    let input = json!({"applicationName": application});
    let pages = ask.try_pages(&Api::CODEDEPLOY, "ListDeploymentGroups", input, application).await?;
    let names = pages.iter().filter_map(|page| page.get("deploymentGroups")?.as_array()).flatten();
    let names: Vec<Value> = names.cloned().collect();
    let mut groups = Vec::new();
    for names in names.chunks(AT_A_TIME) {
        let input = json!({"applicationName": application, "deploymentGroupNames": names});
        let answer = ask.try_call(&Api::CODEDEPLOY, "BatchGetDeploymentGroups", input, application).await?;
        groups.extend(
            answer.get("deploymentGroupsInfo").and_then(Value::as_array).into_iter().flatten().cloned(),
        );
    }
    Ok(Some(Document::new(application, json!({"deploymentGroupsInfo": groups}))))
}
