//! The functions that hooks call: what runs as each, and the Lambda service around it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::rehearsal::clock::Clock;
use crate::rehearsal::lambda::{Function, Lambda};
use crate::rehearsal::subject::functions::name;

/// What runs as a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs {
    /// A hook of this command, by its name: this program again, as a process of its own.
    Hook(String),
    /// A built artefact.
    Program(PathBuf),
    /// A command for `sh` that speaks the Lambda Runtime API.
    Command(String),
}

/// How functions are set up.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// This program, which runs itself as a hook.
    pub program: PathBuf,
    /// How long an invocation may take, in real time.
    pub timeout: Duration,
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
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    runs: Runs,
    timeout: Option<Duration>,
    /// The service around it, and the speed that it was started at.
    lambda: Option<(f64, Arc<Lambda>)>,
}

impl Functions {
    pub(super) fn new(
        settings: FunctionSettings,
        (region, account): (&str, &str),
        functions: BTreeMap<String, Runs>,
    ) -> Self {
        let known = |(name, runs)| (name, Known { runs, timeout: None, lambda: None });
        Self {
            settings,
            region: region.to_owned(),
            account: account.to_owned(),
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

    /// Whether the function runs this hook, by whichever name.
    pub(super) fn is_of(&self, function: &str, hook: Option<&str>) -> bool {
        let Some(hook) = hook else { return true };
        let runs = self.known.get(function).map(|known| &known.runs);
        function == hook || matches!(runs, Some(Runs::Hook(name)) if name == hook)
    }

    /// Whether the function lives in real time: it has no clock but the wall's.
    pub(super) fn is_real_time(&self, function: &str) -> bool {
        self.known.get(function).is_some_and(|known| !matches!(known.runs, Runs::Hook(_)))
    }

    /// The service around a function. One whose clock ran at another speed is started anew.
    pub(super) fn lambda(&mut self, function: &str, clock: &Clock) -> Option<Arc<Lambda>> {
        let configuration = self.configuration(function, clock)?;
        let is_real_time = self.is_real_time(function);
        let known = self.known.get_mut(function)?;
        let speed = clock.speed();
        let fits = |other: f64| is_real_time || (other - speed).abs() < f64::EPSILON;
        match &known.lambda {
            Some((other, lambda)) if fits(*other) => Some(lambda.clone()),
            _ => {
                let lambda = Arc::new(Lambda::new(configuration));
                known.lambda = Some((speed, lambda.clone()));
                Some(lambda)
            }
        }
    }

    fn configuration(&self, function: &str, clock: &Clock) -> Option<Function> {
        let known = self.known.get(function)?;
        let name = name(function);
        let shell = || PathBuf::from("sh");
        let mut configuration = match &known.runs {
            Runs::Hook(hook) => {
                let arguments = ["hook", hook, "--clock", &clock.reading().to_string()].map(OsString::from);
                Function { arguments: arguments.into(), ..Function::new(name, &self.settings.program) }
            }
            Runs::Program(path) => Function::new(name, path),
            Runs::Command(command) => {
                Function { arguments: vec!["-c".into(), command.into()], ..Function::new(name, shell()) }
            }
        };
        configuration.region.clone_from(&self.region);
        configuration.account.clone_from(&self.account);
        configuration.timeout = known.timeout.unwrap_or(self.settings.timeout);
        if !matches!(known.runs, Runs::Hook(_)) {
            configuration.environment.extend(self.settings.variables_of_others.clone());
        }
        configuration.environment.extend(self.settings.variables.clone());
        Some(configuration)
    }
}
