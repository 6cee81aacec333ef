//! What a check is: settings that decode from a plan, and one question about green.
//!
//! A check knows nothing of protocols, deadlines or retries of an invocation. The runtime applies the
//! deadline, catches panics, measures time and takes secrets out of what it says; a check cannot opt
//! out of that, and it cannot report.

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Scope,
    deployment::Asks,
    outcome::Outcome,
    plan::{Problem, Target, decode::decode_mended},
};

/// One question about green, with its settings.
///
/// The settings are a struct with `#[serde(default, deny_unknown_fields)]`: unknown keys are problems,
/// with the nearest key as a hint. Their [`JsonSchema`] is what editors complete plans with; derive it with
/// `#[schemars(crate = "greenlight::schemars")]`. The keys `name`, `advisory`, `patience` and `on_inconclusive` belong
/// to the plan and never reach the check.
pub trait Check: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static {
    /// Finds what serde cannot: settings that contradict each other. Paths are relative to the check.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Finds settings that contradict where the plan says that green is. Paths are relative to the check.
    fn problems_at(&self, target: &Target) -> Vec<Problem> {
        let _ = target;
        Vec::new()
    }

    /// What it asks of AWS with these settings, at most: its permissions are made of it (`greenlight iam`).
    /// Secrets that its settings name are found by themselves.
    fn asks(&self, target: &Target) -> Vec<Asks> {
        let _ = target;
        Vec::new()
    }

    /// Asks the question. It is dropped at the deadline, and asked anew by every invocation.
    fn run(&self, scope: &Scope) -> impl Future<Output = Outcome> + Send;
}

type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A [`Check`] whose type is forgotten, so that a plan can hold several kinds.
pub(crate) trait AnyCheck: Send + Sync {
    fn run<'a>(&'a self, scope: &'a Scope) -> Running<'a>;
    fn settings(&self) -> Value;
    fn problems_at(&self, target: &Target) -> Vec<Problem>;
    fn asks(&self, target: &Target) -> Vec<Asks>;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<C: Check> AnyCheck for C {
    fn run<'a>(&'a self, scope: &'a Scope) -> Running<'a> {
        Box::pin(Check::run(self, scope))
    }

    fn settings(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    fn problems_at(&self, target: &Target) -> Vec<Problem> {
        Check::problems_at(self, target)
    }

    fn asks(&self, target: &Target) -> Vec<Asks> {
        Check::asks(self, target)
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

type Decode = dyn Fn(&Value, &str, &mut Vec<Problem>) -> Option<Arc<dyn AnyCheck>> + Send + Sync;

/// A kind of check that a hook knows: its name in a plan and how its settings decode.
#[derive(Clone)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    decode: Arc<Decode>,
    #[cfg(feature = "schema")]
    pub(crate) schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// The path of the settings' type, as Rust names it.
    #[cfg(feature = "schema")]
    pub(crate) type_name: &'static str,
}

impl Kind {
    pub(crate) fn of<C: Check>(name: &'static str) -> Self {
        let decode = |settings: &Value, at: &str, problems: &mut Vec<Problem>| {
            let before = problems.len();
            let check: C = decode_mended(settings, at, crate::plan::COMMON_KEYS, problems)?;
            // Asked even where a key was wrong, so that nobody has to ask twice; but what was wrong itself and
            // taken out is not also missing.
            let own = check.problems().into_iter().map(|problem| Problem {
                path: if problem.path.is_empty() { at.to_owned() } else { format!("{at}.{}", problem.path) },
                ..problem
            });
            let said: Vec<_> = problems[before..].iter().map(|problem| problem.path.clone()).collect();
            problems.extend(own.filter(|problem| !said.contains(&problem.path)));
            (problems.len() == before).then(|| Arc::new(check) as Arc<dyn AnyCheck>)
        };
        Self {
            name,
            decode: Arc::new(decode),
            #[cfg(feature = "schema")]
            schema: C::json_schema,
            #[cfg(feature = "schema")]
            type_name: std::any::type_name::<C>(),
        }
    }

    /// A kind that is a function: any object is its settings.
    pub(crate) fn function<F, Fut, E>(name: &'static str, function: F) -> Self
    where
        F: Fn(Scope) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome, E>> + Send + 'static,
        E: fmt::Display,
    {
        let function = Arc::new(function);
        let decode = move |settings: &Value, _: &str, _: &mut Vec<Problem>| {
            Some(Arc::new(Function { settings: settings.clone(), function: Arc::clone(&function) })
                as Arc<dyn AnyCheck>)
        };
        Self {
            name,
            decode: Arc::new(decode),
            #[cfg(feature = "schema")]
            schema: |_| schemars::json_schema!({ "type": "object" }),
            #[cfg(feature = "schema")]
            type_name: std::any::type_name::<F>(),
        }
    }

    pub(crate) fn decode(
        &self,
        settings: &Value,
        at: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<dyn AnyCheck>> {
        (self.decode)(settings, at, problems)
    }
}

struct Function<F: 'static> {
    settings: Value,
    function: Arc<F>,
}

impl<F, Fut, E> AnyCheck for Function<F>
where
    F: Fn(Scope) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, E>> + Send + 'static,
    E: fmt::Display,
{
    fn run<'a>(&'a self, scope: &'a Scope) -> Running<'a> {
        // Called inside the future, so that a function that panics or blocks before its first await
        // does so where the guard expects it.
        Box::pin(async move {
            match (self.function)(scope.with_settings(self.settings.clone())).await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::inconclusive(format!("the validation returned an error: {error}")),
            }
        })
    }

    fn settings(&self) -> Value {
        self.settings.clone()
    }

    fn problems_at(&self, _: &Target) -> Vec<Problem> {
        Vec::new()
    }

    fn asks(&self, _: &Target) -> Vec<Asks> {
        Vec::new()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
