//! What a hook is: a name, the kinds of checks it knows, and the plan it has by default.

use std::{fmt, future::Future, process::ExitCode};

use serde_json::{Map, Value, json};

use crate::{
    Outcome, Scope,
    check::{Check, Kind},
    plan::{Layer, Layered, Plan, Problem},
    runtime,
    stage::Stage,
};

/// A hook: a Lambda function that decides whether a deployment may go on.
///
/// ```no_run
/// use greenlight::{Check, Hook, Outcome, Scope};
/// use greenlight::schemars::{self, JsonSchema};
/// use serde::{Deserialize, Serialize};
///
/// /// Looks at the schema of the database that green uses.
/// #[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct Schema {
///     at_least: u32,
/// }
///
/// impl Check for Schema {
///     async fn run(&self, _green: &Scope) -> Outcome {
///         let version = 42; // ask the database here
///         if version >= self.at_least {
///             Outcome::pass(format!("schema {version}"))
///         } else {
///             Outcome::fail(format!("schema {version}"), format!("schema {} or later", self.at_least))
///         }
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     Hook::new("schema")
///         .check::<Schema>("schema")
///         .defaults(serde_json::json!({ "checks": [{ "schema": { "at_least": 42 } }] }))
///         .run()
/// }
/// ```
#[derive(Clone)]
pub struct Hook {
    pub(crate) name: &'static str,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) defaults: Map<String, Value>,
    /// The stages where it has something to look at; all, where nobody said.
    pub(crate) stages: Option<Vec<Stage>>,
    pub(crate) anywhere_with_target_url: bool,
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.name).collect();
        formatter
            .debug_struct("Hook")
            .field("name", &self.name)
            .field("kinds", &kinds)
            .finish_non_exhaustive()
    }
}

impl Hook {
    /// A hook without checks.
    pub fn new(name: &'static str) -> Self {
        Self { name, kinds: Vec::new(), defaults: Map::new(), stages: None, anywhere_with_target_url: false }
    }

    /// Registers a kind of check under the name that it has in a plan.
    #[must_use]
    pub fn check<C: Check>(mut self, name: &'static str) -> Self {
        self.kinds.push(Kind::of::<C>(name));
        self
    }

    /// Registers what another hook knows and this one does not.
    #[must_use]
    pub fn with_checks_of(mut self, other: &Self) -> Self {
        let new = |kind: &&Kind| !self.kinds.iter().any(|known| known.name == kind.name);
        let new: Vec<_> = other.kinds.iter().filter(new).cloned().collect();
        self.kinds.extend(new);
        self
    }

    /// Sets the plan that holds where nobody asks for another. Anything but an object is no plan.
    #[must_use]
    pub fn defaults(mut self, plan: Value) -> Self {
        if let Value::Object(plan) = plan {
            self.defaults = plan;
        }
        self
    }

    /// Says at which stages the hook has something to look at. Called at another one that is known, it
    /// stops at once and says where it belongs.
    #[must_use]
    pub fn stages(mut self, stages: impl IntoIterator<Item = Stage>) -> Self {
        self.stages = Some(stages.into_iter().collect());
        self
    }

    /// Says that with a target URL no stage is wrong.
    #[must_use]
    pub fn anywhere_with_target_url(mut self) -> Self {
        self.anywhere_with_target_url = true;
        self
    }

    /// Why the hook has nothing to look at at a stage, if it has not. A stage that is not known is none
    /// that could be wrong.
    pub fn nothing_at(&self, stage: &Stage) -> Option<String> {
        let belongs = self.stages.as_ref()?;
        if matches!(stage, Stage::Unknown(_)) || belongs.contains(stage) {
            return None;
        }
        let named = |stage: &Stage| match stage.codedeploy_event() {
            Some(event) => format!("{stage} ({event})"),
            None => stage.to_string(),
        };
        let belongs: Vec<_> = belongs.iter().map(named).collect();
        let (name, stage) = (self.name, named(stage));
        Some(format!("at {stage} `{name}` has nothing to look at; it belongs at {}", belongs.join(", ")))
    }

    /// The hook's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The names of its kinds of checks.
    pub fn check_names(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().map(|kind| kind.name)
    }

    /// The JSON Schema of its plans, with the doc comments of every setting.
    #[cfg(feature = "schema")]
    pub fn schema(&self) -> Value {
        crate::plan::schema::of_plan(self.name, &self.kinds)
    }

    /// Its kinds of checks: the name in a plan, and the path of the type that has its settings, as Rust names
    /// it.
    #[cfg(feature = "schema")]
    pub fn check_types(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.kinds.iter().map(|kind| (kind.name, kind.type_name))
    }

    /// Decodes a plan document over the hook's defaults; every problem at once.
    pub fn plan(&self, document: Map<String, Value>) -> Result<Plan, Vec<Problem>> {
        let mut layered = self.layered();
        layered.put(Layer::Environment, document);
        Plan::decode(layered, &self.kinds)
    }

    pub(crate) fn layered(&self) -> Layered {
        let mut layered = Layered::default();
        layered.put(Layer::Defaults, self.defaults.clone());
        layered
    }

    /// Serves events until Lambda ends the process.
    pub fn run(self) -> ExitCode {
        runtime::serve(self)
    }
}

/// Builds a Lambda hook around one asynchronous function, and serves events until Lambda ends it.
///
/// The function looks at green and says what it found. Everything else is taken care of: the three
/// protocols, rollbacks, the deadline, panics, waiting, evidence. An error means "could not tell".
/// A plan's `{"checks": [{"validate": {…}}]}` gives it settings ([`Scope::settings`]).
///
/// ```no_run
/// use greenlight::{Outcome, Scope};
///
/// fn main() -> std::process::ExitCode {
///     greenlight::run(validate)
/// }
///
/// async fn validate(green: Scope) -> Result<Outcome, std::io::Error> {
///     let banner = std::fs::read_to_string("/mnt/shared/banner")?;
///     Ok(match banner.trim() {
///         "open" => Outcome::pass("the shop is open"),
///         other => Outcome::fail(format!("the banner says {other:?} at {}", green.stage()), "\"open\""),
///     })
/// }
/// ```
pub fn run<F, Fut, E>(validate: F) -> ExitCode
where
    F: Fn(Scope) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, E>> + Send + 'static,
    E: fmt::Display + 'static,
{
    validating(validate).run()
}

/// The hook that [`run`] serves.
pub(crate) fn validating<F, Fut, E>(validate: F) -> Hook
where
    F: Fn(Scope) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, E>> + Send + 'static,
    E: fmt::Display + 'static,
{
    let mut hook = Hook::new("validate").defaults(json!({ "checks": [{ "validate": {} }] }));
    hook.kinds.push(Kind::function("validate", validate));
    hook
}
