//! Deployment groups: the service, the pair of target groups and the listeners.

use serde::{Deserialize, Serialize};

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
