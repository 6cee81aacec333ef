//! A world from a file.
//!
//! The file is the world in JSON: services by name, and in them what AWS shows of its resources, with
//! keys in AWS's words and in camel case. What follows from the rest may be left out: an ARN from a
//! name or an id (and the other way round), a cluster or a service where there is one only, an
//! address that a load balancer is reached by.

use std::collections::BTreeMap;

use super::world::{Identity, World};
use super::{codedeploy, ecs, elb};

impl World {
    /// Reads a world. The error says where what is wrong, in words for people.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let mut world: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let place = error.path().to_string();
            if place == "." {
                error.into_inner().to_string()
            } else {
                format!("`{place}`: {}", error.inner())
            }
        })?;
        deserializer.end().map_err(|error| error.to_string())?;
        world.complete()?;
        Ok(world)
    }

    /// Adds what follows from the rest.
    fn complete(&mut self) -> Result<(), String> {
        let Self { identity, cloudwatch, ecs, elb, codedeploy, .. } = self;
        for cluster in &mut ecs.clusters {
            if cluster.cluster_name.is_empty() {
                cluster.cluster_name =
                    cluster.cluster_arn.rsplit_once('/').map_or("default", |(_, name)| name).to_owned();
            }
            fill(&mut cluster.cluster_arn, || {
                identity.arn("ecs", &format!("cluster/{}", cluster.cluster_name))
            });
        }
        let mut place = Place { identity, clusters: names(&ecs.clusters), services: BTreeMap::new() };
        for service in &mut ecs.services {
            place.complete_service(service)?;
        }
        let known = |service: &ecs::Service| (service.service_name.clone(), service.service_arn.clone());
        place.services = ecs.services.iter().map(known).collect();
        complete_ecs(&place, ecs)?;
        for alarm in cloudwatch.metric_alarms.iter_mut().chain(&mut cloudwatch.composite_alarms) {
            fill(&mut alarm.alarm_arn, || identity.arn("cloudwatch", &format!("alarm:{}", alarm.alarm_name)));
        }
        elb.target_groups.iter_mut().for_each(complete_target_group);
        elb.load_balancers.iter_mut().for_each(|balancer| complete_load_balancer(identity, balancer));
        codedeploy.deployments.iter_mut().for_each(|deployment| complete_targets(identity, deployment));
        Ok(())
    }
}

/// Where resources are: the names of clusters and services with their ARNs.
struct Place<'world> {
    identity: &'world Identity,
    clusters: BTreeMap<String, String>,
    services: BTreeMap<String, String>,
}

impl Place<'_> {
    fn complete_service(&self, service: &mut ecs::Service) -> Result<(), String> {
        if let Some((_, rest)) = service.service_arn.split_once(":service/")
            && let Some((cluster, name)) = rest.split_once('/')
        {
            fill(&mut service.service_name, || name.to_owned());
            fill(&mut service.cluster_arn, || cluster.to_owned());
        }
        let what = format!("the service `{}`", service.service_name);
        self.complete_cluster(&mut service.cluster_arn, &what)?;
        let cluster = last(&service.cluster_arn);
        fill(&mut service.service_arn, || {
            self.identity.arn("ecs", &format!("service/{cluster}/{}", service.service_name))
        });
        self.complete_task_definition(service.task_definition.as_mut());
        let arn = service.service_arn.clone();
        for revision in &mut service.current_service_revisions {
            self.complete_part("service-revision", &mut revision.arn, &arn);
        }
        if let Some(deployment) = &mut service.current_service_deployment {
            self.complete_part("service-deployment", deployment, &arn);
        }
        for deployment in &mut service.deployments {
            self.complete_task_definition(Some(&mut deployment.task_definition));
        }
        Ok(())
    }

    /// A cluster may be named, or not even that where there is one only.
    fn complete_cluster(&self, arn: &mut String, what: &str) -> Result<(), String> {
        *arn = only(&self.clusters, arn, what, "clusterArn")?;
        Ok(())
    }

    /// A part of a service may be given as its id, and its service as a name or not at all.
    fn complete_of_service(
        &self,
        kind: &str,
        arn: &mut String,
        service_arn: &mut String,
        cluster_arn: &mut String,
    ) -> Result<(), String> {
        if let Some((cluster, rest)) =
            arn.split_once(&format!(":{kind}/")).and_then(|(_, rest)| rest.split_once('/'))
            && let Some((service, _)) = rest.split_once('/')
        {
            fill(service_arn, || self.identity.arn("ecs", &format!("service/{cluster}/{service}")));
        }
        let what = format!("the {} `{arn}`", kind.replace('-', " "));
        *service_arn = only(&self.services, service_arn, &what, "serviceArn")?;
        self.complete_part(kind, arn, service_arn);
        fill(cluster_arn, || {
            let cluster = service_arn.rsplit('/').nth(1).unwrap_or_default();
            self.clusters
                .get(cluster)
                .cloned()
                .unwrap_or_else(|| self.identity.arn("ecs", &format!("cluster/{cluster}")))
        });
        self.complete_cluster(cluster_arn, &what)
    }

    fn complete_part(&self, kind: &str, arn: &mut String, service_arn: &str) {
        if !arn.starts_with("arn:") {
            let service = service_arn.split_once(":service/").map_or("", |(_, service)| service);
            *arn = self.identity.arn("ecs", &format!("{kind}/{service}/{arn}"));
        }
    }

    /// `FAMILY:REVISION` becomes an ARN.
    fn complete_task_definition(&self, arn: Option<&mut String>) {
        if let Some(arn) = arn.filter(|arn| !arn.is_empty() && !arn.starts_with("arn:")) {
            *arn = self.identity.arn("ecs", &format!("task-definition/{arn}"));
        }
    }
}

fn complete_ecs(place: &Place<'_>, ecs: &mut ecs::State) -> Result<(), String> {
    for deployment in &mut ecs.service_deployments {
        let ecs::ServiceDeployment { service_deployment_arn, service_arn, cluster_arn, .. } = deployment;
        place.complete_of_service("service-deployment", service_deployment_arn, service_arn, cluster_arn)?;
        let revisions =
            deployment.source_service_revisions.iter_mut().chain(&mut deployment.target_service_revision);
        for revision in revisions {
            place.complete_part("service-revision", &mut revision.arn, &deployment.service_arn);
        }
    }
    for revision in &mut ecs.service_revisions {
        let ecs::ServiceRevision { service_revision_arn, service_arn, cluster_arn, .. } = revision;
        place.complete_of_service("service-revision", service_revision_arn, service_arn, cluster_arn)?;
        place.complete_task_definition(revision.task_definition.as_mut());
    }
    for task_set in &mut ecs.task_sets {
        if task_set.task_set_arn.is_empty() {
            task_set.task_set_arn.clone_from(&task_set.id);
        }
        let ecs::TaskSet { task_set_arn, service_arn, cluster_arn, .. } = task_set;
        place.complete_of_service("task-set", task_set_arn, service_arn, cluster_arn)?;
        fill(&mut task_set.id, || task_set.task_set_arn.splitn(4, '/').nth(3).unwrap_or_default().to_owned());
        place.complete_task_definition(Some(&mut task_set.task_definition));
    }
    for task in &mut ecs.tasks {
        if let Some((_, rest)) = task.task_arn.split_once(":task/")
            && let Some((cluster, _)) = rest.split_once('/')
        {
            fill(&mut task.cluster_arn, || cluster.to_owned());
        }
        place.complete_cluster(&mut task.cluster_arn, &format!("the task `{}`", task.task_arn))?;
        if !task.task_arn.starts_with("arn:") {
            let cluster = last(&task.cluster_arn);
            task.task_arn = place.identity.arn("ecs", &format!("task/{cluster}/{}", task.task_arn));
        }
        place.complete_task_definition(Some(&mut task.task_definition_arn));
        if task.started_by.is_some() && task.group.is_none() && place.services.len() == 1 {
            task.group = place.services.keys().next().map(|name| format!("service:{name}"));
        }
        for container in &mut task.containers {
            fill(&mut container.task_arn, || task.task_arn.clone());
        }
    }
    for definition in &mut ecs.task_definitions {
        let (family, revision) = last(&definition.task_definition_arn).rsplit_once(':').unwrap_or_default();
        if let Ok(revision) = revision.parse() {
            (definition.family, definition.revision) = (family.to_owned(), revision);
        }
        fill(&mut definition.task_definition_arn, || {
            place
                .identity
                .arn("ecs", &format!("task-definition/{}:{}", definition.family, definition.revision))
        });
    }
    Ok(())
}

fn complete_target_group(group: &mut elb::TargetGroup) {
    fill(&mut group.name, || group.arn.rsplit('/').nth(1).unwrap_or_default().to_owned());
}

fn complete_load_balancer(identity: &Identity, balancer: &mut elb::LoadBalancer) {
    let (name, region) = (balancer.name().to_owned(), &identity.region);
    let internal = if balancer.internal { "internal-" } else { "" };
    fill(&mut balancer.dns_name, || match balancer.kind {
        elb::LoadBalancerKind::Application => {
            format!("{internal}{name}-1234567890.{region}.elb.amazonaws.com")
        }
        elb::LoadBalancerKind::Network => format!("{name}-1234567890abcdef.elb.{region}.amazonaws.com"),
    });
}

fn complete_targets(identity: &Identity, deployment: &mut codedeploy::Deployment) {
    for target in &mut deployment.targets {
        match target {
            codedeploy::DeploymentTarget::EcsTarget(target) => {
                fill(&mut target.deployment_id, || deployment.deployment_id.clone());
                fill(&mut target.target_arn, || {
                    identity.arn("ecs", &format!("service/{}", target.target_id.replacen(':', "/", 1)))
                });
            }
            codedeploy::DeploymentTarget::CloudFormationTarget(target) => {
                fill(&mut target.deployment_id, || deployment.deployment_id.clone());
            }
        }
    }
}

fn names(clusters: &[ecs::Cluster]) -> BTreeMap<String, String> {
    clusters.iter().map(|cluster| (cluster.cluster_name.clone(), cluster.cluster_arn.clone())).collect()
}

/// The ARN that is given, or that a name stands for, or of the only one that there is.
fn only(known: &BTreeMap<String, String>, given: &str, what: &str, key: &str) -> Result<String, String> {
    if given.starts_with("arn:") {
        return Ok(given.to_owned());
    }
    let mut all = known.values();
    match (given, all.next(), all.next()) {
        ("", Some(arn), None) => Ok(arn.clone()),
        ("", None, _) => Err(format!("{what} has no `{key}`, and the world has none either")),
        ("", Some(_), Some(_)) => {
            Err(format!("{what} has no `{key}`, and there is more than one: name one of {}", list(known)))
        }
        (name, ..) => known.get(name).cloned().ok_or_else(|| {
            format!("{what} names `{name}` as its `{key}`, expected an ARN or one of {}", list(known))
        }),
    }
}

fn list(known: &BTreeMap<String, String>) -> String {
    known.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn fill(text: &mut String, with: impl FnOnce() -> String) {
    if text.is_empty() {
        *text = with();
    }
}

fn last(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, last)| last)
}
