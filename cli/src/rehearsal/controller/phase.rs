//! What a deployment goes through: phases, and in each the parts that follow one another.

use std::time::Duration;

use serde::Serialize;

/// A stage of ECS or a lifecycle event of CodeDeploy, at one of its steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phase {
    /// The stage, in the controller's words.
    pub(super) stage: &'static str,
    /// Green's share of production traffic that the step leads to, in percent.
    pub(super) step: Option<f64>,
    /// What happens in it, in order.
    pub(super) parts: Vec<Part>,
    /// What the events of its hooks say of traffic.
    pub(super) weights: Weights,
    /// How long it may last.
    pub(super) limit: Option<Duration>,
}

/// What the event of a hook says of traffic: green's share in percent, where it says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Weights {
    /// Of test traffic.
    pub test: Option<f64>,
    /// Of production traffic.
    pub production: Option<f64>,
}

/// A part of a phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// The hooks of the stage, side by side.
    Hooks,
    /// Green's tasks start beside blue's.
    ScaleUp,
    /// Green's tasks take the place of blue's.
    Replace,
    /// Blue's tasks take the place of green's again.
    Restore,
    /// Test traffic goes to green by so many percent.
    ShiftTest(f64),
    /// Production traffic goes to green by so many percent.
    ShiftProduction(f64),
    /// Time passes.
    Wait(&'static str, Duration),
    /// Blue's tasks end.
    EndBlue,
    /// Green's tasks end.
    EndGreen,
}

impl Phase {
    pub(super) fn new(stage: &'static str, parts: impl Into<Vec<Part>>) -> Self {
        Self { stage, step: None, parts: parts.into(), weights: Weights::default(), limit: None }
    }

    pub(super) fn at(self, step: f64) -> Self {
        Self { step: Some(step), ..self }
    }

    pub(super) fn saying(self, weights: Weights) -> Self {
        Self { weights, ..self }
    }

    pub(super) fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }
}
