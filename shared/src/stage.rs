//! The stages of a deployment, in the words of both models.
//!
//! ECS's names are canonical; CodeDeploy's five events map onto them. The enum is open: AWS adds
//! stages (`PRE_PRODUCTION_TRAFFIC_SHIFT` came in 2026), and one that we do not know is treated like
//! `POST_TEST_TRAFFIC_SHIFT`, where green has test traffic and nothing else has been promised.
//!
//! Source: ECS developer guide, *Lifecycle hooks for Amazon ECS service deployments*; CodeDeploy user
//! guide, *AppSpec 'hooks' section for an Amazon ECS deployment*.

use std::fmt;

/// A point of the deployment at which a hook is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stage {
    /// More than one revision was active when the deployment began.
    ReconcileService,
    /// Before green's tasks start. CodeDeploy: `BeforeInstall`.
    PreScaleUp,
    /// Green's tasks have started. CodeDeploy: `AfterInstall`.
    PostScaleUp,
    /// Test traffic moves to green; runs again during a rollback.
    TestTrafficShift,
    /// Test traffic reaches green. CodeDeploy: `AfterAllowTestTraffic`.
    PostTestTrafficShift,
    /// Before production traffic (or its next step) moves. CodeDeploy: `BeforeAllowTraffic`.
    PreProductionTrafficShift,
    /// Production traffic (or its next step) moves; runs again during a rollback.
    ProductionTrafficShift,
    /// Production traffic has moved. CodeDeploy: `AfterAllowTraffic`.
    PostProductionTrafficShift,
    /// A stage that this version does not know, or none where the event names none.
    Unknown(String),
}

/// One row per stage: the stage, ECS's name, CodeDeploy's event.
const STAGES: [(Stage, &str, Option<&str>); 8] = [
    (Stage::ReconcileService, "RECONCILE_SERVICE", None),
    (Stage::PreScaleUp, "PRE_SCALE_UP", Some("BeforeInstall")),
    (Stage::PostScaleUp, "POST_SCALE_UP", Some("AfterInstall")),
    (Stage::TestTrafficShift, "TEST_TRAFFIC_SHIFT", None),
    (Stage::PostTestTrafficShift, "POST_TEST_TRAFFIC_SHIFT", Some("AfterAllowTestTraffic")),
    (Stage::PreProductionTrafficShift, "PRE_PRODUCTION_TRAFFIC_SHIFT", Some("BeforeAllowTraffic")),
    (Stage::ProductionTrafficShift, "PRODUCTION_TRAFFIC_SHIFT", None),
    (Stage::PostProductionTrafficShift, "POST_PRODUCTION_TRAFFIC_SHIFT", Some("AfterAllowTraffic")),
];

impl Stage {
    /// All stages that this version knows, in the order of a deployment.
    pub fn all() -> impl Iterator<Item = Self> {
        STAGES.into_iter().map(|(stage, ..)| stage)
    }

    /// The stage of an event that names none.
    pub(crate) fn unnamed() -> Self {
        Self::Unknown("UNKNOWN".to_owned())
    }

    /// Whether no event named it.
    pub(crate) fn is_unnamed(&self) -> bool {
        *self == Self::unnamed()
    }

    /// The stage of ECS's name; unknown names are kept.
    pub fn from_ecs(name: &str) -> Self {
        STAGES
            .into_iter()
            .find(|(_, ecs, _)| *ecs == name)
            .map_or_else(|| Self::Unknown(name.to_owned()), |(stage, ..)| stage)
    }

    /// The stage of a CodeDeploy lifecycle event, e.g. `AfterAllowTestTraffic`.
    pub fn from_codedeploy(event: &str) -> Option<Self> {
        STAGES.into_iter().find(|(.., codedeploy)| *codedeploy == Some(event)).map(|(stage, ..)| stage)
    }

    /// ECS's name.
    pub fn ecs_name(&self) -> &str {
        match self {
            Self::Unknown(name) => name,
            known => STAGES.iter().find(|(stage, ..)| stage == known).map_or("", |(_, ecs, _)| ecs),
        }
    }

    /// CodeDeploy's event for this stage, where it has one.
    pub fn codedeploy_event(&self) -> Option<&'static str> {
        STAGES.iter().find(|(stage, ..)| stage == self).and_then(|(.., codedeploy)| *codedeploy)
    }

    /// CodeDeploy's events that have a hook, in order.
    pub fn codedeploy_events() -> impl Iterator<Item = &'static str> {
        STAGES.into_iter().filter_map(|(.., codedeploy)| codedeploy)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.ecs_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_models_round_trip() {
        for stage in Stage::all() {
            assert_eq!(Stage::from_ecs(stage.ecs_name()), stage);
            if let Some(event) = stage.codedeploy_event() {
                assert_eq!(Stage::from_codedeploy(event), Some(stage));
            }
        }
        assert_eq!(Stage::codedeploy_events().count(), 5);
    }

    #[test]
    fn a_stage_of_the_future_is_kept() {
        let stage = Stage::from_ecs("POST_BAKE_TIME");
        assert_eq!(stage, Stage::Unknown("POST_BAKE_TIME".to_owned()));
        assert_eq!(stage.to_string(), "POST_BAKE_TIME");
        assert_eq!(Stage::from_codedeploy("BEFORE_INSTALL"), None);
    }
}
