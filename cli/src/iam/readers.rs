//! What `greenlight explain` and `greenlight doctor` ask, of a person's role or a pipeline's.

use greenlight::Protocol;
use greenlight_preflight::live;

use crate::explain::calls;

use super::{Reader, format::Role, place::Place, resources::statements};

/// What the doctor asks of CodeDeploy.
const DOCTOR_OF_CODEDEPLOY: &[&str] = &[
    "codedeploy:GetApplication",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:GetDeploymentTarget",
    "codedeploy:ListDeployments",
    "codedeploy:ListDeploymentGroups",
    "codedeploy:ListDeploymentTargets",
    "ecs:DescribeTaskSets",
];

/// What else the doctor asks: the services of a cluster. What its rules take stands beside the calls themselves.
const DOCTOR: &[&str] = &["ecs:ListServices", "codedeploy:BatchGetDeploymentGroups"];

/// The actions of a reader. Whoever names no service may look through a region, where either may deploy.
pub(super) fn actions(reader: Reader, protocols: &[Protocol], is_service_named: bool) -> Vec<&'static str> {
    let is_codedeploy = protocols.contains(&Protocol::CodeDeploy);
    match reader {
        Reader::Doctor => {
            let mut actions = [live::CALLS, DOCTOR].concat();
            if is_codedeploy {
                actions.extend(DOCTOR_OF_CODEDEPLOY);
            } else {
                actions.retain(|action| !action.starts_with("codedeploy:"));
            }
            actions
        }
        Reader::Explain if !is_service_named => {
            [calls::OF_ECS, calls::OF_CODEDEPLOY, calls::OF_REGION].concat()
        }
        Reader::Explain => {
            let is_ecs = protocols.iter().any(|protocol| *protocol != Protocol::CodeDeploy);
            let of_ecs = if is_ecs { calls::OF_ECS } else { &[] };
            let of_codedeploy = if is_codedeploy { calls::OF_CODEDEPLOY } else { &[] };
            [of_ecs, of_codedeploy].concat()
        }
    }
}

/// The policy of a reader, whoever that is: it trusts nobody by itself.
pub(super) fn role(
    reader: Reader,
    place: &Place,
    protocols: &[Protocol],
    functions: &[String],
    is_service_named: bool,
) -> Role {
    let name = match reader {
        Reader::Doctor => "doctor",
        Reader::Explain => "explain",
    };
    Role {
        name: name.to_owned(),
        of: format!("who runs `greenlight {name}`"),
        trusts: None,
        statements: statements(actions(reader, protocols, is_service_named), place, functions),
    }
}
