//! Service deployments: what a hook's event names, with its status, stage and hooks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookup::{ServicePart, bounded, first, missing, page, service_arn, service_not_found};
use super::{SERVICE, State, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A service deployment.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceDeployment {
    /// `arn:…:service-deployment/CLUSTER/SERVICE/ID`.
    pub service_deployment_arn: String,
    /// Its service.
    pub service_arn: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
    /// When it started.
    #[serde(serialize_with = "seconds")]
    pub started_at: Option<Timestamp>,
    /// When it finished.
    #[serde(serialize_with = "seconds")]
    pub finished_at: Option<Timestamp>,
    /// When it was stopped.
    #[serde(serialize_with = "seconds")]
    pub stopped_at: Option<Timestamp>,
    /// When it changed last.
    #[serde(serialize_with = "seconds")]
    pub updated_at: Option<Timestamp>,
    /// Blue; none while the service is being created.
    pub source_service_revisions: Vec<ServiceRevisionSummary>,
    /// Green.
    pub target_service_revision: Option<ServiceRevisionSummary>,
    /// `PENDING`, `IN_PROGRESS`, `ROLLBACK_IN_PROGRESS`, `SUCCESSFUL`, …
    pub status: String,
    /// Why.
    pub status_reason: Option<String>,
    /// The stage that it is in.
    pub lifecycle_stage: Option<String>,
    /// The hooks of that stage.
    pub lifecycle_hook_details: Vec<LifecycleHookDetail>,
    /// Strategy, hooks, bake time, alarms, as the API takes them.
    pub deployment_configuration: Option<Value>,
    /// How it was taken back.
    pub rollback: Option<Rollback>,
    /// The circuit breaker.
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// The alarms that it watches.
    pub alarms: Option<Alarms>,
}

impl Default for ServiceDeployment {
    fn default() -> Self {
        Self {
            service_deployment_arn: String::new(),
            service_arn: String::new(),
            cluster_arn: String::new(),
            created_at: None,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: None,
            source_service_revisions: Vec::new(),
            target_service_revision: None,
            status: "IN_PROGRESS".to_owned(),
            status_reason: None,
            lifecycle_stage: None,
            lifecycle_hook_details: Vec::new(),
            deployment_configuration: None,
            rollback: None,
            deployment_circuit_breaker: None,
            alarms: None,
        }
    }
}

/// A revision in a deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceRevisionSummary {
    /// The revision.
    pub arn: String,
    /// How many tasks it is to have; those that it has, if that is not said.
    pub requested_task_count: Option<usize>,
    /// How many run; counted, if it is not said.
    pub running_task_count: Option<usize>,
    /// How many are starting; counted, if it is not said.
    pub pending_task_count: Option<usize>,
    /// Its share of the test traffic in percent.
    pub requested_test_traffic_weight: Option<f64>,
    /// Its share of the production traffic in percent.
    pub requested_production_traffic_weight: Option<f64>,
}

/// A hook that runs or waits, or has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LifecycleHookDetail {
    /// `ecs-pause-…` or the like.
    pub hook_id: String,
    /// `AWS_LAMBDA` or `PAUSE`.
    pub target_type: String,
    /// The function.
    pub target_arn: Option<String>,
    /// `AWAITING_ACTION`, `IN_PROGRESS`, `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: String,
    /// When its time is over.
    #[serde(serialize_with = "seconds")]
    pub expires_at: Option<Timestamp>,
    /// What happens then: `ROLLBACK` or `CONTINUE`.
    pub timeout_action: Option<String>,
}

/// How a deployment was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Rollback {
    /// Why.
    pub reason: Option<String>,
    /// When it began.
    #[serde(serialize_with = "seconds")]
    pub started_at: Option<Timestamp>,
    /// The revision that it goes back to.
    pub service_revision_arn: Option<String>,
}

/// The circuit breaker of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeploymentCircuitBreaker {
    /// `MONITORING`, `TRIGGERED`, `MONITORING_COMPLETE` or `DISABLED`.
    pub status: String,
    /// How many tasks have failed.
    pub failure_count: usize,
    /// How many are too many.
    pub threshold: usize,
}

/// The alarms of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Alarms {
    /// `MONITORING`, `TRIGGERED`, `MONITORING_COMPLETE` or `DISABLED`.
    pub status: String,
    /// Those that are watched.
    pub alarm_names: Vec<String>,
    /// Those that went off.
    pub triggered_alarm_names: Vec<String>,
}

/// `DescribeServiceDeployments`.
pub static DESCRIBE_SERVICE_DEPLOYMENTS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeServiceDeployments",
    action: "DescribeServiceDeployments",
    resource: |_, input| first(input, "serviceDeploymentArns").to_owned(),
    run: describe_service_deployments,
};

/// `ListServiceDeployments`.
pub static LIST_SERVICE_DEPLOYMENTS: Operation = Operation {
    service: &SERVICE,
    name: "ListServiceDeployments",
    action: "ListServiceDeployments",
    resource: |world, input| service_arn(world, &input["cluster"], text(input, "service")),
    run: list_service_deployments,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeServiceDeployments {
    service_deployment_arns: Option<Vec<String>>,
}

fn describe_service_deployments(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeServiceDeployments = decode(input)?;
    let arns = bounded("ServiceDeploymentArns", asked.service_deployment_arns, 20)?;
    let state = &world.ecs;
    let (mut deployments, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let part = ServicePart::parse(&arn, "service-deployment")
            .ok_or_else(|| invalid_parameter(format!("Invalid serviceDeploymentArn: {arn}")))?;
        state.expect_service_of(&part)?;
        match state.service_deployments.iter().find(|known| known.service_deployment_arn == arn) {
            Some(deployment) => deployments.push(deployment.rendered(state)),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({"serviceDeployments": deployments, "failures": failures}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListServiceDeployments {
    cluster: Option<String>,
    service: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    created_at: Option<Between>,
}

/// Seconds since 1970, as awsJson writes times.
#[derive(Deserialize)]
struct Between {
    before: Option<f64>,
    after: Option<f64>,
}

impl Between {
    fn holds(&self, time: Option<Timestamp>) -> bool {
        let seconds = time.map(|time| time.as_duration().as_secs_f64());
        seconds.is_some_and(|seconds| {
            self.before.is_none_or(|before| seconds < before)
                && self.after.is_none_or(|after| seconds > after)
        })
    }
}

fn list_service_deployments(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: ListServiceDeployments = decode(input)?;
    let name = asked
        .service
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid_parameter("Service cannot be empty."))?;
    let page = page(world, LIST_SERVICE_DEPLOYMENTS.name, input, 20)?;
    let state = &world.ecs;
    // A service's ARN names the cluster, too.
    let in_arn =
        name.split_once(":service/").and_then(|(_, rest)| rest.split_once('/')).map(|(cluster, _)| cluster);
    let cluster = state.cluster(asked.cluster.as_deref().or(in_arn))?;
    let service = state.service(cluster, &name).ok_or_else(service_not_found)?;
    let mut found: Vec<&ServiceDeployment> = state
        .service_deployments
        .iter()
        .filter(|deployment| {
            deployment.service_arn == service.service_arn
                && (asked.status.is_empty() || asked.status.contains(&deployment.status))
                && asked.created_at.as_ref().is_none_or(|between| between.holds(deployment.created_at))
        })
        .collect();
    found.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
    let (page, next) = page.take(found.into_iter().map(ServiceDeployment::brief));
    Ok(render(&json!({"serviceDeployments": page, "nextToken": next})))
}

impl ServiceDeployment {
    /// Whether its status is a terminal one.
    pub(super) fn is_over(&self) -> bool {
        ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"].contains(&&*self.status)
    }

    fn rendered(&self, state: &State) -> Value {
        let mut rendered = render(self);
        rendered["sourceServiceRevisions"] =
            self.source_service_revisions.iter().map(|revision| revision.rendered(state)).collect();
        if let Some(revision) = &self.target_service_revision {
            rendered["targetServiceRevision"] = revision.rendered(state);
        }
        rendered
    }

    /// As a list shows it.
    fn brief(&self) -> Value {
        let mut rendered = render(self);
        let target = self.target_service_revision.as_ref().map(|revision| &revision.arn);
        rendered["targetServiceRevisionArn"] = json!(target);
        if let Value::Object(members) = &mut rendered {
            members.retain(|name, _| BRIEF.contains(&name.as_str()));
        }
        rendered
    }
}

/// What a list shows of a service deployment.
const BRIEF: [&str; 9] = [
    "serviceDeploymentArn",
    "serviceArn",
    "clusterArn",
    "startedAt",
    "createdAt",
    "finishedAt",
    "targetServiceRevisionArn",
    "status",
    "statusReason",
];

impl ServiceRevisionSummary {
    fn rendered(&self, state: &State) -> Value {
        let id = self.arn.rsplit_once('/').map_or(&*self.arn, |(_, id)| id);
        let count = state.count_started_by(&format!("ecs-svc/{id}"));
        let mut rendered = render(self);
        rendered["requestedTaskCount"] = self.requested_task_count.unwrap_or(count.all()).into();
        rendered["runningTaskCount"] = self.running_task_count.unwrap_or(count.running).into();
        rendered["pendingTaskCount"] = self.pending_task_count.unwrap_or(count.pending).into();
        rendered
    }
}
