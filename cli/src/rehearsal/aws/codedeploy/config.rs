//! Deployment configurations: how traffic is shifted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SERVICE;
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A deployment configuration that the account has made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeploymentConfig {
    /// A UUID.
    pub deployment_config_id: Option<String>,
    /// Its name.
    pub deployment_config_name: String,
    /// `ECS`.
    pub compute_platform: String,
    /// When it was made.
    #[serde(serialize_with = "seconds")]
    pub create_time: Option<Timestamp>,
    /// How traffic is shifted, as the API shows it.
    pub traffic_routing_config: Value,
}

impl Default for DeploymentConfig {
    fn default() -> Self {
        Self {
            deployment_config_id: None,
            deployment_config_name: String::new(),
            compute_platform: "ECS".to_owned(),
            create_time: None,
            traffic_routing_config: json!({"type": "AllAtOnce"}),
        }
    }
}

/// `GetDeploymentConfig`.
pub static GET_DEPLOYMENT_CONFIG: Operation = Operation {
    service: &SERVICE,
    name: "GetDeploymentConfig",
    action: "GetDeploymentConfig",
    resource: |world, input| {
        let name = text(input, "deploymentConfigName");
        world.identity.arn("codedeploy", &format!("deploymentconfig:{name}"))
    },
    run: get_deployment_config,
};

fn get_deployment_config(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let name = text(input, "deploymentConfigName");
    if name.is_empty() {
        let message = "The deployment configuration name was not specified.";
        return Err(AwsError::client("DeploymentConfigNameRequiredException", message));
    }
    if !super::is_name(name) {
        let message = "The deployment configuration name was specified in an invalid format.";
        return Err(AwsError::client("InvalidDeploymentConfigNameException", message));
    }
    let own = world.codedeploy.deployment_configs.iter().find(|known| known.deployment_config_name == name);
    let config = own.cloned().or_else(|| predefined(name)).ok_or_else(|| {
        let message = format!("No Deployment Configuration found for name: {name}");
        AwsError::client("DeploymentConfigDoesNotExistException", message)
    })?;
    Ok(json!({"deploymentConfigInfo": render(&config)}))
}

/// AWS's own for Amazon ECS; those of other platforms are not known here.
///
/// Source: CodeDeploy User Guide, *Working with deployment configurations*.
fn predefined(name: &str) -> Option<DeploymentConfig> {
    let canary = |minutes: u32| {
        json!({"type": "TimeBasedCanary",
               "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes}})
    };
    let linear = |minutes: u32| {
        json!({"type": "TimeBasedLinear",
               "timeBasedLinear": {"linearPercentage": 10, "linearInterval": minutes}})
    };
    let traffic_routing_config = match name.strip_prefix("CodeDeployDefault.")? {
        "ECSAllAtOnce" => json!({"type": "AllAtOnce"}),
        "ECSCanary10Percent5Minutes" => canary(5),
        "ECSCanary10Percent15Minutes" => canary(15),
        "ECSLinear10PercentEvery1Minutes" => linear(1),
        "ECSLinear10PercentEvery3Minutes" => linear(3),
        _ => return None,
    };
    Some(DeploymentConfig {
        deployment_config_id: Some("00000000-0000-0000-0000-000000000000".to_owned()),
        deployment_config_name: name.to_owned(),
        create_time: "2019-05-30T00:00:00Z".parse().ok(),
        traffic_routing_config,
        ..DeploymentConfig::default()
    })
}
