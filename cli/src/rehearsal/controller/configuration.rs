//! What a controller is configured with.

use std::time::Duration;

use serde_json::Value;

/// How a service is deployed, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub enum Configuration {
    /// ECS deploys it: the deployment controller `ECS`.
    Ecs(Ecs),
    /// CodeDeploy does: the deployment controller `CODE_DEPLOY`.
    CodeDeploy(CodeDeploy),
}

impl Configuration {
    /// The functions that its hooks name, in their order.
    pub fn functions(&self) -> Vec<&str> {
        match self {
            Self::Ecs(ecs) => ecs.hooks.iter().filter_map(|hook| hook.target.function()).collect(),
            Self::CodeDeploy(codedeploy) => {
                codedeploy.hooks.iter().map(|(_, function)| function.as_str()).collect()
            }
        }
    }

    /// The alarms that take the deployment back, or stop it.
    pub fn alarms(&self) -> &[String] {
        match self {
            Self::Ecs(ecs) => &ecs.alarms,
            Self::CodeDeploy(codedeploy) => &codedeploy.alarms,
        }
    }
}

/// `deploymentConfiguration` of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Ecs {
    /// How traffic comes to green.
    pub strategy: Strategy,
    /// How long both revisions run after all traffic has shifted.
    pub bake: Duration,
    /// The hooks, in their order.
    pub hooks: Vec<LifecycleHook>,
    /// The alarms that take the deployment back; none where they are not enabled or do not roll back.
    pub alarms: Vec<String>,
    /// Whether the circuit breaker is enabled and rolls back.
    pub circuit_breaker: bool,
    /// The configuration as the API takes it, for those who describe the deployment.
    pub document: Value,
}

/// A deployment strategy of ECS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// `ROLLING`: tasks are replaced within one pool.
    Rolling,
    /// `BLUE_GREEN`: all traffic at once.
    BlueGreen,
    /// `LINEAR`: equal steps.
    Linear {
        /// `stepPercent`, 3.0 to 100.0.
        step_percent: f64,
        /// `stepBakeTimeInMinutes`, after every step but the last.
        step_bake: Duration,
    },
    /// `CANARY`: a small step, then the rest.
    Canary {
        /// `canaryPercent`, 0.1 to 100.0.
        canary_percent: f64,
        /// `canaryBakeTimeInMinutes`, after the small step.
        canary_bake: Duration,
    },
}

/// An element of `lifecycleHooks`.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecycleHook {
    /// Who is asked.
    pub target: HookTarget,
    /// The stages that it is called at, in ECS's words, e.g. `POST_TEST_TRAFFIC_SHIFT`.
    pub stages: Vec<String>,
    /// `timeoutInMinutes`, 1440 where nobody says.
    pub timeout: Duration,
    /// What happens then.
    pub on_timeout: TimeoutAction,
}

/// Who a lifecycle hook asks.
#[derive(Clone, Debug, PartialEq)]
pub enum HookTarget {
    /// `AWS_LAMBDA`.
    Lambda {
        /// `hookTargetArn`, as it stands in its owner's file: what maps to a function of the rehearsal.
        function: String,
        /// `hookDetails`: any JSON.
        details: Option<Value>,
    },
    /// `PAUSE`: whoever answers the EventBridge event.
    Pause,
}

impl HookTarget {
    /// The function, where it is one.
    pub fn function(&self) -> Option<&str> {
        match self {
            Self::Lambda { function, .. } => Some(function),
            Self::Pause => None,
        }
    }
}

/// `timeoutConfiguration.action`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeoutAction {
    /// The deployment is rolled back.
    #[default]
    Rollback,
    /// The deployment goes on, as if the hook had succeeded.
    Continue,
}

/// A deployment of CodeDeploy: what its AppSpec, its group and its configuration say.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeDeploy {
    /// The hooks, in their order: the lifecycle event, and the function as the AppSpec names it.
    pub hooks: Vec<(String, String)>,
    /// The name of the deployment configuration.
    pub name: String,
    /// How traffic comes to green.
    pub shift: Shift,
    /// Whether there is a test listener; without one the test stage is skipped.
    pub test_listener: bool,
    /// What is rolled back by a new deployment.
    pub rollback_on: RollbackOn,
    /// How long blue is kept after the deployment.
    pub termination_wait: Duration,
    /// The alarms that stop the deployment.
    pub alarms: Vec<String>,
}

/// `autoRollbackConfiguration`: what makes CodeDeploy roll back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollbackOn {
    /// `DEPLOYMENT_FAILURE`: the deployment failed.
    pub failure: bool,
    /// `DEPLOYMENT_STOP_ON_ALARM`: an alarm stopped it.
    pub alarm: bool,
    /// `DEPLOYMENT_STOP_ON_REQUEST`: somebody stopped it.
    pub request: bool,
}

impl RollbackOn {
    /// Whatever keeps a deployment from succeeding.
    pub const ALL: Self = Self { failure: true, alarm: true, request: true };
}

/// A traffic routing of CodeDeploy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shift {
    /// `AllAtOnce`.
    AllAtOnce,
    /// `TimeBasedLinear`: so many percent every so often.
    Linear {
        /// The step in percent.
        percent: f64,
        /// From one step to the next.
        every: Duration,
    },
    /// `TimeBasedCanary`: so many percent, and the rest after so long.
    Canary {
        /// The first step in percent.
        percent: f64,
        /// From the first step to the second.
        after: Duration,
    },
}
