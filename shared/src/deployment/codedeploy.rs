//! A deployment that CodeDeploy runs: its facts from the deployment, its group and its target.
//!
//! The event holds two ids and no lifecycle event; the target's event that is in progress is the current
//! one. CodeDeploy speaks of target groups by name and of listeners, never of rules, and of task sets
//! where ECS speaks of revisions. A rollback is a deployment of its own, whose creator says so.
//!
//! Source: API reference of CodeDeploy (`GetDeployment`, `GetDeploymentGroup`, `GetDeploymentTarget`).

use aws_sdk_codedeploy::types::{
    DeploymentCreator, DeploymentInfo, DeploymentTarget, EcsTaskSet, LifecycleEvent, LifecycleEventStatus,
    TargetGroupPairInfo, TargetLabel,
};
use aws_sdk_ecs::types as ecs;

use super::{
    arn::Entrance,
    elb::{self, Groups},
    load_balancing::TargetGroup,
    overview::{Alarms, Revision, Sides, Status, Way, Weights},
    shift::{self, Shift},
};
use crate::{Ask, Fact, Outcome, aws::time, protocol::Situation, stage::Stage};

/// The deployment's target: its lifecycle events and task sets.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The stage of the lifecycle event that is in progress.
    pub(super) stage: Option<Stage>,
    /// The names of the cluster and the service.
    pub(super) service: Option<(String, String)>,
    /// The status of each lifecycle event that has a hook.
    pub(super) events: Vec<(Stage, LifecycleEventStatus)>,
    pub(super) shift: Shift,
    task_sets: Vec<EcsTaskSet>,
    /// Whether `CloudFormation` runs the deployment: then nothing leads to the service.
    cloud_formation: bool,
}

/// The deployment group: the service, and the load balancers before it.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) cluster: String,
    pub(super) service: String,
    pub(super) alarms: Option<Alarms>,
    pairs: Vec<TargetGroupPairInfo>,
}

/// Where the calls are allowed, as a policy names it; the group's name comes with the first answer.
const ANY_GROUP: &str = "the deployment group";

/// Asks for the deployment.
pub(super) async fn status(ask: &Ask, id: &str) -> Fact<Status> {
    let client = ask.aws.codedeploy().await;
    let call = client.get_deployment().deployment_id(id);
    let answer = ask.ask("codedeploy:GetDeployment", ANY_GROUP, call.send()).await?;
    let Some(info) = answer.deployment_info() else {
        return Err(Box::new(Outcome::inconclusive(format!("CodeDeploy tells nothing of deployment {id}"))));
    };
    let (situation, because) = situation(info);
    Ok(Status {
        state: info.status().map(ToString::to_string),
        situation,
        because,
        stage: None,
        stage_unknown: None,
        started_at: info.start_time().or(info.create_time()).and_then(time),
        expires_at: None,
        group: info
            .application_name()
            .zip(info.deployment_group_name())
            .map(|(application, group)| (application.to_owned(), group.to_owned())),
        service: None,
        weights: Weights::default(),
        shift: None,
        alarms: None,
        circuit_breaker: None,
    })
}

fn situation(info: &DeploymentInfo) -> (Situation, String) {
    match info.creator() {
        Some(
            creator @ (DeploymentCreator::CodeDeployRollback | DeploymentCreator::CloudFormationRollback),
        ) => (Situation::Rollback, format!("the deployment's creator is {creator}")),
        _ => (Situation::Update, "a CodeDeploy deployment always replaces a task set".to_owned()),
    }
}

/// Asks for the deployment's target.
pub(super) async fn target(ask: &Ask, id: &str) -> Fact<Target> {
    let client = ask.aws.codedeploy().await;
    let call = client.list_deployment_targets().deployment_id(id);
    let listed = ask.ask("codedeploy:ListDeploymentTargets", ANY_GROUP, call.send()).await?;
    let Some(target) = listed.target_ids().first() else {
        return Err(Box::new(Outcome::pending(format!("deployment {id} has no target yet"))));
    };
    let call = client.get_deployment_target().deployment_id(id).target_id(target);
    let answer = ask.ask("codedeploy:GetDeploymentTarget", ANY_GROUP, call.send()).await?;
    match answer.deployment_target() {
        Some(DeploymentTarget { ecs_target: Some(target), .. }) => Ok(Target {
            stage: current(target.lifecycle_events()),
            service: target.target_id().and_then(service_of),
            events: statuses(target.lifecycle_events()),
            shift: shift::of_codedeploy(target.lifecycle_events()),
            task_sets: target.task_sets_info().to_vec(),
            cloud_formation: false,
        }),
        Some(DeploymentTarget { cloud_formation_target: Some(target), .. }) => Ok(Target {
            stage: current(target.lifecycle_events()),
            service: None,
            events: statuses(target.lifecycle_events()),
            shift: shift::of_codedeploy(target.lifecycle_events()),
            task_sets: Vec::new(),
            cloud_formation: true,
        }),
        _ => Err(Box::new(
            Outcome::cannot_tell(format!("the target of deployment {id} is no Amazon ECS service"))
                .hint("this hook is for deployments of the compute platform ECS"),
        )),
    }
}

/// The stage of the lifecycle event that is in progress, where that one has a hook.
fn current(events: &[LifecycleEvent]) -> Option<Stage> {
    let event = events.iter().find(|event| event.status() == Some(&LifecycleEventStatus::InProgress))?;
    Stage::from_codedeploy(event.lifecycle_event_name()?)
}

/// The id of a target on ECS is `CLUSTER:SERVICE` (`BatchGetDeploymentTargets`, `targetIds`).
fn service_of(id: &str) -> Option<(String, String)> {
    let (cluster, service) = id.split_once(':')?;
    (!cluster.is_empty() && !service.is_empty()).then(|| (cluster.to_owned(), service.to_owned()))
}

fn statuses(events: &[LifecycleEvent]) -> Vec<(Stage, LifecycleEventStatus)> {
    let known = |event: &LifecycleEvent| {
        Some((Stage::from_codedeploy(event.lifecycle_event_name()?)?, event.status()?.clone()))
    };
    events.iter().filter_map(known).collect()
}

/// Asks for the deployment group.
pub(super) async fn group(ask: &Ask, status: &Status) -> Fact<Group> {
    let Some((application, group)) = &status.group else { return Err(by_cloud_formation()) };
    let client = ask.aws.codedeploy().await;
    let call = client.get_deployment_group().application_name(application).deployment_group_name(group);
    let resource = format!("the deployment group {application}/{group}");
    let answer = ask.ask("codedeploy:GetDeploymentGroup", &resource, call.send()).await?;
    let info = answer.deployment_group_info();
    let service = info.and_then(|info| info.ecs_services().first());
    let Some((cluster, service)) =
        service.and_then(|service| service.cluster_name().zip(service.service_name()))
    else {
        return Err(Box::new(Outcome::cannot_tell(format!("{resource} names no ECS service"))));
    };
    let balanced = info.and_then(|info| info.load_balancer_info());
    Ok(Group {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        alarms: info.and_then(|info| info.alarm_configuration()).and_then(alarms),
        pairs: balanced.map(|info| info.target_group_pair_info_list().to_vec()).unwrap_or_default(),
    })
}

fn alarms(configured: &aws_sdk_codedeploy::types::AlarmConfiguration) -> Option<Alarms> {
    let names: Vec<_> = configured.alarms().iter().filter_map(|alarm| alarm.name.clone()).collect();
    (configured.enabled() && !names.is_empty()).then(|| Alarms {
        status: String::new(),
        names,
        triggered: Vec::new(),
    })
}

fn by_cloud_formation() -> Box<Outcome> {
    let why =
        "CloudFormation runs this deployment, and CodeDeploy tells neither its service nor its target groups";
    Box::new(
        Outcome::cannot_tell(why).hint("set `target.url` in the plan to where green's test traffic comes in"),
    )
}

/// Both sides, and the target groups that were looked up on the way.
pub(super) async fn sides(ask: &Ask, group: &Group, target: &Target) -> Fact<(Sides, Vec<TargetGroup>)> {
    if target.cloud_formation {
        return Err(by_cloud_formation());
    }
    let Group { cluster, service, pairs, .. } = group;
    let names: Vec<_> = pairs
        .iter()
        .flat_map(aws_sdk_codedeploy::types::TargetGroupPairInfo::target_groups)
        .filter_map(|group| group.name.clone())
        .collect();
    let groups = async {
        if names.is_empty() { Ok(Vec::new()) } else { elb::target_groups(ask, Groups::Names(names)).await }
    };
    let (groups, task_sets) = tokio::join!(groups, task_sets(ask, cluster, service, &target.task_sets));
    let groups = groups?;
    let mut green = None;
    let mut blue = Vec::new();
    for task_set in &target.task_sets {
        let Some(revision) = revision(task_set, &task_sets) else { continue };
        match task_set.task_set_label() {
            Some(TargetLabel::Green) => green = Some((revision, task_set)),
            _ => blue.push(revision),
        }
    }
    let Some((green, task_set)) = green else {
        return Err(Box::new(Outcome::pending("CodeDeploy names no green task set yet")));
    };
    let green_group = task_set.target_group().and_then(|group| group.name.as_deref());
    let described = task_sets.iter().find(|described| described.id() == task_set.identifer());
    let port = described.and_then(|described| described.load_balancers().first()?.container_port());
    let port = port.and_then(|port| u16::try_from(port).ok());
    let ways = pairs.iter().map(|pair| way(pair, &groups, green_group, port)).collect();
    let sides = Sides {
        cluster: cluster.clone(),
        service: service.clone(),
        green,
        blue,
        ways,
        service_connect: false,
        security_groups: Vec::new(),
    };
    Ok((sides, groups))
}

/// The task sets as ECS describes them. They only help where a task does not say what started it, or is
/// not registered yet, so that a missing permission is no obstacle.
async fn task_sets(ask: &Ask, cluster: &str, service: &str, asked: &[EcsTaskSet]) -> Vec<ecs::TaskSet> {
    let ids: Vec<_> = asked.iter().filter_map(|task_set| task_set.identifer.clone()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let client = ask.aws.ecs().await;
    let call = client.describe_task_sets().cluster(cluster).service(service).set_task_sets(Some(ids));
    let resource = format!("the task sets of {cluster}/{service}");
    let answer = ask.ask("ecs:DescribeTaskSets", &resource, call.send()).await;
    answer.map(|answer| answer.task_sets().to_vec()).unwrap_or_default()
}

fn revision(task_set: &EcsTaskSet, described: &[ecs::TaskSet]) -> Option<Revision> {
    let identifier = task_set.identifer()?;
    let id = identifier.rsplit('/').next().unwrap_or(identifier);
    let described = described.iter().find(|described| described.id() == Some(identifier));
    Some(Revision {
        id: id.to_owned(),
        started_by: format!("ecs-svc/{id}"),
        task_definition: described.and_then(|described| described.task_definition.clone()),
        // What ECS computes for the task set follows a service that scales during the deployment; what
        // CodeDeploy asked for when it created the task set does not.
        requested: described
            .map_or(task_set.desired_count(), |described| i64::from(described.computed_desired_count()))
            .try_into()
            .ok(),
        images: Vec::new(),
    })
}

fn way(
    pair: &TargetGroupPairInfo,
    groups: &[TargetGroup],
    green: Option<&str>,
    container_port: Option<u16>,
) -> Way {
    let arn = |name: &str| groups.iter().find(|group| group.name == name).map(|group| group.arn.clone());
    let names: Vec<_> = pair.target_groups().iter().filter_map(|group| group.name.as_deref()).collect();
    let entrance = |route: Option<&aws_sdk_codedeploy::types::TrafficRoute>| {
        route.and_then(|route| route.listener_arns().first()).and_then(|arn| Entrance::parse(arn))
    };
    Way {
        groups: names.iter().filter_map(|name| arn(name)).collect(),
        green_group: green.filter(|green| names.contains(green)).and_then(arn),
        production: entrance(pair.prod_traffic_route()),
        test: entrance(pair.test_traffic_route()),
        container_port,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_is_a_deployment_that_says_who_made_it() {
        for (creator, expected) in [
            (Some(DeploymentCreator::CodeDeployRollback), Situation::Rollback),
            (Some(DeploymentCreator::CloudFormationRollback), Situation::Rollback),
            (Some(DeploymentCreator::User), Situation::Update),
            (Some(DeploymentCreator::CloudFormation), Situation::Update),
            (None, Situation::Update),
        ] {
            let info = DeploymentInfo::builder().set_creator(creator.clone()).build();
            assert_eq!(situation(&info).0, expected, "{creator:?}");
        }
    }

    #[test]
    fn the_current_event_is_the_one_in_progress() {
        let event =
            |name: &str, status| LifecycleEvent::builder().lifecycle_event_name(name).status(status).build();
        let events = [
            event("BeforeInstall", LifecycleEventStatus::Succeeded),
            event("AfterInstall", LifecycleEventStatus::InProgress),
            event("AllowTestTraffic", LifecycleEventStatus::Pending),
        ];
        assert_eq!(current(&events), Some(Stage::PostScaleUp));
        assert_eq!(current(&events[..1]), None);
        assert_eq!(current(&[event("Install", LifecycleEventStatus::InProgress)]), None, "it has no hook");
    }

    #[test]
    fn a_task_set_is_what_its_tasks_were_started_by() {
        for identifier in ["ecs-svc/8484996920922109149", "8484996920922109149"] {
            let found = revision(&EcsTaskSet::builder().identifer(identifier).build(), &[]).unwrap();
            assert_eq!(found.started_by, "ecs-svc/8484996920922109149");
        }
    }
}
