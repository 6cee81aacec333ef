//! `DescribeTargetHealth`.

use serde_json::{Value, json};

use super::input::{given, no_resource, texts};
use super::{SERVICE, Target, TargetGroup};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// `DescribeTargetHealth`.
pub static DESCRIBE_TARGET_HEALTH: Operation = Operation {
    service: &SERVICE,
    name: "DescribeTargetHealth",
    action: "DescribeTargetHealth",
    resource: no_resource,
    run: describe_target_health,
};

fn describe_target_health(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let group = world.elb.asked_target_group(input)?;
    let include = texts(input, "Include");
    let described: Vec<Value> = match input["Targets"].as_array() {
        Some(asked) if !asked.is_empty() => {
            let described = asked.iter().map(|asked| group.asked_target(asked));
            described.map(|target| Ok(target?.rendered(group, &include))).collect::<Result<_, AwsError>>()?
        }
        _ => group.targets.iter().map(|target| target.rendered(group, &include)).collect(),
    };
    Ok(render(&json!({"TargetHealthDescriptions": described})))
}

impl TargetGroup {
    /// The target that a call names. One that is not registered has a health all the same: it is unused.
    fn asked_target(&self, asked: &Value) -> Result<Target, AwsError> {
        let invalid = |message: String| AwsError::client("InvalidTarget", message);
        let id = given(asked, "Id").ok_or_else(|| invalid("A target lacks its ID".to_owned()))?;
        let port = match given(asked, "Port") {
            None => self.port,
            Some(port) => {
                port.parse().map_err(|_| invalid(format!("The port '{port}' of a target is not valid")))?
            }
        };
        let registered = self.targets.iter().find(|target| target.id == id && target.port == port);
        Ok(registered.cloned().unwrap_or_else(|| Target {
            id: id.to_owned(),
            port,
            state: "unused".to_owned(),
            reason: Some("Target.NotRegistered".to_owned()),
        }))
    }
}

impl Target {
    fn rendered(&self, group: &TargetGroup, include: &[&str]) -> Value {
        let check = &group.health_check.port;
        let check_port = if check == "traffic-port" { self.port.to_string() } else { check.clone() };
        let anomalies = include.iter().any(|asked| ["AnomalyDetection", "All"].contains(asked));
        json!({
            "Target": {"Id": self.id, "Port": self.port},
            "HealthCheckPort": check_port,
            "TargetHealth": {
                "State": self.state,
                "Reason": self.reason,
                "Description": self.reason.as_deref().and_then(description),
            },
            "AnomalyDetection": anomalies.then(|| json!({"Result": "normal", "MitigationInEffect": "no"})),
            "AdministrativeOverride": {
                "State": "no_override",
                "Reason": "AdministrativeOverride.NoOverride",
                "Description": "No override is currently active on target",
            },
        })
    }
}

/// The words that go with a reason; some have none.
fn description(reason: &str) -> Option<&'static str> {
    let words = match reason {
        "Elb.RegistrationInProgress" => "Target registration is in progress",
        "Elb.InitialHealthChecking" => "Initial health checks in progress",
        "Target.ResponseCodeMismatch" => "Health checks failed with these codes: [503]",
        "Target.Timeout" => "Request timed out",
        "Target.FailedHealthChecks" => "Health checks failed",
        "Target.NotRegistered" => "Target is not registered to the target group",
        "Target.NotInUse" => "Target group is not configured to receive traffic from the load balancer",
        "Target.DeregistrationInProgress" => "Target deregistration is in progress",
        "Target.InvalidState" => "Target is in the stopped state",
        "Target.HealthCheckDisabled" => "Health checks are disabled for this target",
        _ => return None,
    };
    Some(words)
}
