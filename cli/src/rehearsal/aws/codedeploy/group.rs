//! Deployment groups: the service, the pair of target groups and the listeners.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{SERVICE, State, asked_names};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// A deployment group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeploymentGroup {
    /// Its application.
    pub application_name: String,
    /// A UUID.
    pub deployment_group_id: Option<String>,
    /// Its name.
    pub deployment_group_name: String,
    /// How it shifts traffic, e.g. `CodeDeployDefault.ECSAllAtOnce`.
    pub deployment_config_name: String,
    /// The role that it deploys with.
    pub service_role_arn: Option<String>,
    /// The alarms that stop a deployment.
    pub alarm_configuration: Option<AlarmConfiguration>,
    /// When a deployment is taken back, as the API shows it.
    pub auto_rollback_configuration: Option<Value>,
    /// When blue ends, as the API shows it.
    pub blue_green_deployment_configuration: Option<Value>,
    /// Target groups and listeners.
    pub load_balancer_info: Option<LoadBalancerInfo>,
    /// The service.
    pub ecs_services: Vec<EcsService>,
    /// `ECS`.
    pub compute_platform: String,
}

impl Default for DeploymentGroup {
    fn default() -> Self {
        Self {
            application_name: String::new(),
            deployment_group_id: None,
            deployment_group_name: String::new(),
            deployment_config_name: "CodeDeployDefault.ECSAllAtOnce".to_owned(),
            service_role_arn: None,
            alarm_configuration: None,
            auto_rollback_configuration: None,
            blue_green_deployment_configuration: None,
            load_balancer_info: None,
            ecs_services: Vec::new(),
            compute_platform: "ECS".to_owned(),
        }
    }
}

/// Where traffic comes from and goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadBalancerInfo {
    /// The one pair.
    pub target_group_pair_info_list: Vec<TargetGroupPairInfo>,
}

/// The pair of target groups that blue and green take turns in, and the listeners before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetGroupPairInfo {
    /// The two, by their names. The order does not say whose they are.
    pub target_groups: Vec<Named>,
    /// The production listener.
    pub prod_traffic_route: Option<TrafficRoute>,
    /// The test listener.
    pub test_traffic_route: Option<TrafficRoute>,
}

/// Something that goes by its name: a target group, an alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Named {
    /// Its name.
    pub name: String,
}

/// Listeners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TrafficRoute {
    /// The one listener.
    pub listener_arns: Vec<String>,
}

/// A service of ECS by its names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EcsService {
    /// The service.
    pub service_name: String,
    /// Its cluster.
    pub cluster_name: String,
}

/// The alarms that stop a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AlarmConfiguration {
    /// Whether they are watched.
    pub enabled: bool,
    /// Whether a deployment goes on while they cannot be read.
    pub ignore_poll_alarm_failure: bool,
    /// The alarms.
    pub alarms: Vec<Named>,
}

/// `GetDeploymentGroup`.
pub static GET_DEPLOYMENT_GROUP: Operation = Operation {
    service: &SERVICE,
    name: "GetDeploymentGroup",
    action: "GetDeploymentGroup",
    resource: asked_names,
    run: get_deployment_group,
};

fn get_deployment_group(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let state = &world.codedeploy;
    let (application, name) = (text(input, "applicationName"), text(input, "deploymentGroupName"));
    if application.is_empty() {
        return Err(AwsError::client("ApplicationNameRequiredException", "Application name is missing"));
    }
    if name.is_empty() {
        return Err(AwsError::client(
            "DeploymentGroupNameRequiredException",
            "Deployment Group name is missing",
        ));
    }
    let group = state.known_group(application, name)?;
    Ok(json!({"deploymentGroupInfo": render_group(group)}))
}

/// A group as the API shows it.
pub(super) fn render_group(group: &DeploymentGroup) -> Value {
    let mut rendered = render(group);
    rendered["deploymentStyle"] =
        json!({"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"});
    rendered
}

impl State {
    /// The group of these names, which must exist.
    pub(super) fn known_group(&self, application: &str, name: &str) -> Result<&DeploymentGroup, AwsError> {
        self.known_groups(application)?;
        self.group(application, name).ok_or_else(|| {
            let message = format!("No Deployment Group found for name: {name}");
            AwsError::client("DeploymentGroupDoesNotExistException", message)
        })
    }

    /// The groups of an application, which exists as far as it has any.
    pub(super) fn known_groups(&self, application: &str) -> Result<Vec<&DeploymentGroup>, AwsError> {
        if application.is_empty() {
            let message = "Application name is missing";
            return Err(AwsError::client("ApplicationNameRequiredException", message));
        }
        let groups: Vec<_> =
            self.deployment_groups.iter().filter(|known| known.application_name == application).collect();
        if groups.is_empty() {
            let message = format!("No application found for name: {application}");
            return Err(AwsError::client("ApplicationDoesNotExistException", message));
        }
        Ok(groups)
    }

    pub(super) fn group(&self, application: &str, name: &str) -> Option<&DeploymentGroup> {
        self.deployment_groups
            .iter()
            .find(|known| known.application_name == application && known.deployment_group_name == name)
    }
}
