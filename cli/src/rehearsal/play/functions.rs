//! The functions that hooks call: what runs as each, and the Lambda service around it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::rehearsal::lambda::{Function, Lambda};
use crate::rehearsal::subject::functions::{name, qualifier};

/// What runs as a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// A hook of this command, by its name: this program again, as a process of its own.
    Hook(String),
    /// A built artefact in the place of a hook.
    Program {
        /// The hook.
        hook: String,
        /// The artefact.
        path: PathBuf,
    },
    /// A command for `sh` that speaks the Lambda Runtime API.
    Command(String),
}

impl Runs {
    /// The hook that runs, where it is one.
    pub fn hook(&self) -> Option<&str> {
        match self {
            Self::Hook(hook) | Self::Program { hook, .. } => Some(hook),
            Self::Command(_) => None,
        }
    }
}

/// How functions are set up.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// This program, which runs itself as a hook.
    pub program: PathBuf,
    /// How long an invocation may take, in real time.
    pub timeout: Duration,
    /// The plans of hooks, in JSON: `GREENLIGHT_PLAN` of the functions that run them.
    pub plans: BTreeMap<String, String>,
    /// What every function finds in its environment.
    pub variables: BTreeMap<OsString, OsString>,
    /// What programs of others find there besides.
    pub variables_of_others: BTreeMap<OsString, OsString>,
}

/// The functions of a deployment, by the names that its owner's files have.
#[derive(Debug)]
pub(super) struct Functions {
    settings: FunctionSettings,
    region: String,
    account: String,
    /// The file of the clock that this command's own hooks follow.
    clock: PathBuf,
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    runs: Runs,
    timeout: Option<Duration>,
    /// The service around it, once it was called.
    lambda: Option<Arc<Lambda>>,
}

/// At once, not when the async runtime gets to the invocations that are under way: the program may be about to
/// end.
impl Drop for Functions {
    fn drop(&mut self) {
        for lambda in self.known.values().filter_map(|known| known.lambda.as_ref()) {
            lambda.kill();
        }
    }
}

impl Functions {
    pub(super) fn new(
        settings: FunctionSettings,
        (region, account): (&str, &str),
        clock: PathBuf,
        functions: BTreeMap<String, Runs>,
    ) -> Self {
        let known = |(name, runs)| (name, Known { runs, timeout: None, lambda: None });
        Self {
            settings,
            region: region.to_owned(),
            account: account.to_owned(),
            clock,
            known: functions.into_iter().map(known).collect(),
        }
    }

    /// Gives the functions that run this hook, or all, so little time.
    pub(super) fn limit(&mut self, hook: Option<&str>, timeout: Duration) {
        let names: Vec<String> = self.known.keys().filter(|name| self.is_of(name, hook)).cloned().collect();
        for name in names {
            if let Some(known) = self.known.get_mut(&name) {
                known.timeout = Some(timeout);
            }
        }
    }

    /// Adds a variable for all functions.
    pub(super) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.settings.variables.insert(name.into(), value.into());
    }

    /// Adds a variable for programs of others.
    pub(super) fn set_for_others(&mut self, name: &str, value: impl Into<OsString>) {
        self.settings.variables_of_others.insert(name.into(), value.into());
    }

    /// The functions, by the names that its owner's files have.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.known.keys().cloned()
    }

    /// Whether the function runs this hook, by whichever name.
    pub(super) fn is_of(&self, function: &str, hook: Option<&str>) -> bool {
        let Some(hook) = hook else { return true };
        self.known.get(function).and_then(|known| known.runs.hook()).unwrap_or(function) == hook
    }

    /// Whether the function lives in real time: it has no clock but the wall's.
    pub(super) fn is_real_time(&self, function: &str) -> bool {
        self.known.get(function).is_some_and(|known| !matches!(known.runs, Runs::Hook(_)))
    }

    /// Whether the function counts its patience by the wall's clock, also while it is not called.
    pub(super) fn is_patient_in_real_time(&self, function: &str) -> bool {
        self.known.get(function).is_some_and(|known| matches!(known.runs, Runs::Program { .. }))
    }

    /// The service around a function.
    pub(super) fn lambda(&mut self, function: &str) -> Option<Arc<Lambda>> {
        let configuration = self.configuration(function)?;
        let known = self.known.get_mut(function)?;
        Some(known.lambda.get_or_insert_with(|| Arc::new(Lambda::new(configuration))).clone())
    }

    fn configuration(&self, function: &str) -> Option<Function> {
        let known = self.known.get(function)?;
        let name = name(function);
        let shell = || PathBuf::from("sh");
        let mut configuration = match &known.runs {
            Runs::Hook(hook) => {
                let clock = self.clock.clone().into_os_string();
                let arguments = vec!["hook".into(), hook.into(), "--clock".into(), clock];
                Function { arguments, ..Function::new(name, &self.settings.program) }
            }
            Runs::Program { path, .. } => Function::new(name, path),
            Runs::Command(command) => {
                Function { arguments: vec!["-c".into(), command.into()], ..Function::new(name, shell()) }
            }
        };
        configuration.region.clone_from(&self.region);
        configuration.account.clone_from(&self.account);
        configuration.qualifier = qualifier(function).map(ToOwned::to_owned);
        configuration.timeout = known.timeout.unwrap_or(self.settings.timeout);
        if !matches!(known.runs, Runs::Hook(_)) {
            configuration.environment.extend(self.settings.variables_of_others.clone());
        }
        configuration.environment.extend(self.settings.variables.clone());
        if let Some(plan) = known.runs.hook().and_then(|hook| self.settings.plans.get(hook)) {
            configuration.environment.insert("GREENLIGHT_PLAN".into(), plan.into());
        }
        Some(configuration)
    }
}
