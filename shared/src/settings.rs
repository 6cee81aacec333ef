//! The variables that set a function up.
//!
//! They are read during the invocation, never before, so that a broken one is an answer with a reason
//! and not a function that cannot start. Every problem is collected.

use std::time::Duration;

use crate::{
    plan::{Mode, Problem, Reference, Source, TargetUrl, decode::suggest},
    protocol::pause::Gate,
    stage::Stage,
};

/// The plan as JSON, or `ssm:NAME`.
pub const PLAN: &str = "GREENLIGHT_PLAN";
/// Where green is, in place of discovery.
pub const TARGET_URL: &str = "GREENLIGHT_TARGET_URL";
/// The CodeDeploy event that this function serves.
pub const LIFECYCLE_EVENT: &str = "GREENLIGHT_LIFECYCLE_EVENT";
/// The PAUSE hooks that this function answers.
pub const PAUSE: &str = "GREENLIGHT_PAUSE";
/// `enforce` or `shadow`.
pub const MODE: &str = "GREENLIGHT_MODE";
/// Emergencies: `ssm:NAME` of a list of [overrides](crate::overrides).
pub const OVERRIDES: &str = "GREENLIGHT_OVERRIDES";
/// `off`: no line of metrics in the log.
pub const METRICS: &str = "GREENLIGHT_METRICS";
/// The EventBridge bus, by name or ARN, that is told of verdicts.
pub const EVENT_BUS: &str = "GREENLIGHT_EVENT_BUS";
/// Where verdicts are reported to, in place of AWS: `greenlight invoke` sets it, so that a hook that reads a
/// real account changes nothing there.
pub const REPORT_ENDPOINT_URL: &str = "GREENLIGHT_REPORT_ENDPOINT_URL";
/// Milliseconds kept back from the deadline for the report.
pub const RESERVE_MS: &str = "GREENLIGHT_RESERVE_MS";

/// Whether a function whose [`PAUSE`] has this value answers the PAUSE hooks of a service at a stage. Entries that
/// name no hooks answer none.
pub fn answers_pause(value: &str, cluster: &str, service: &str, stage: &Stage) -> bool {
    Gate::list(value).0.iter().any(|gate| gate.answers(cluster, service, stage))
}

/// Less time than this cannot carry a verdict out of the function.
const MIN_RESERVE_MS: u64 = 100;

/// The settings of one invocation, and what is wrong with them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) plan: Source,
    pub(crate) target_url: Option<TargetUrl>,
    pub(crate) lifecycle_event: Option<Stage>,
    pub(crate) gates: Vec<Gate>,
    pub(crate) mode: Mode,
    pub(crate) reserve: Option<Duration>,
    pub(crate) report_endpoint_url: Option<String>,
    /// The parameter that holds the overrides.
    pub(crate) overrides: Option<String>,
    pub(crate) metrics: bool,
    pub(crate) event_bus: Option<String>,
    /// What is wrong with the settings that no verdict depends on.
    pub(crate) warnings: Vec<String>,
    /// Problems of everything but the gates.
    pub(crate) problems: Vec<Problem>,
    /// Problems of `GREENLIGHT_PAUSE`: they only matter to a PAUSE event.
    pub(crate) gate_problems: Vec<Problem>,
}

impl Settings {
    /// Reads the process's environment.
    pub(crate) fn from_environment() -> Self {
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads the variables through `get`; unset and empty are the same.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let mut problems = Vec::new();
        let value = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let plan = read(value(PLAN), Source::from_environment, &mut problems).unwrap_or(Source::None);
        let target_url = read(
            value(TARGET_URL),
            |text| text.parse().map_err(|error: String| Problem::new(TARGET_URL, error)),
            &mut problems,
        );
        let lifecycle_event = read(value(LIFECYCLE_EVENT), lifecycle_event, &mut problems);
        let mode = read(value(MODE), mode, &mut problems).unwrap_or_default();
        let reserve = read(value(RESERVE_MS), reserve, &mut problems);
        let report_endpoint_url = value(REPORT_ENDPOINT_URL);
        let mut warnings = Vec::new();
        let mut read_or_warn = |name: &str, read: fn(&str) -> Result<Option<String>, String>| {
            let read = read(value(name)?.trim());
            read.map_err(|why| warnings.push(format!("{name} is left aside: {why}"))).ok().flatten()
        };
        let overrides = read_or_warn(OVERRIDES, overrides);
        let metrics = read_or_warn(METRICS, metrics).is_none();
        let event_bus = value(EVENT_BUS).map(|bus| bus.trim().to_owned());
        let (gates, gate_problems) = Gate::list(value(PAUSE).as_deref().unwrap_or_default());
        Self {
            plan,
            target_url,
            lifecycle_event,
            gates,
            mode,
            reserve,
            report_endpoint_url,
            overrides,
            metrics,
            event_bus,
            warnings,
            problems,
            gate_problems,
        }
    }
}

/// Reads one variable; what is wrong with it goes to the problems.
fn read<T>(
    value: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, Problem>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    parse(value?.trim()).map_err(|problem| problems.push(problem)).ok()
}

fn lifecycle_event(text: &str) -> Result<Stage, Problem> {
    Stage::from_codedeploy(text).ok_or_else(|| {
        let events: Vec<_> = Stage::codedeploy_events().collect();
        Problem::new(LIFECYCLE_EVENT, format!("`{text}` is no CodeDeploy event with a hook"))
            .hint(suggest(text, &events))
    })
}

fn mode(text: &str) -> Result<Mode, Problem> {
    match text {
        "enforce" => Ok(Mode::Enforce),
        "shadow" => Ok(Mode::Shadow),
        other => Err(Problem::new(MODE, format!("`{other}` is no mode; expected `enforce` or `shadow`"))),
    }
}

fn overrides(text: &str) -> Result<Option<String>, String> {
    match text.parse() {
        Ok(Reference::Parameter(name)) => Ok(Some(name)),
        _ => Err(format!("`{text}` names no parameter; expected `ssm:NAME`")),
    }
}

/// Told where there is something other than the default.
fn metrics(text: &str) -> Result<Option<String>, String> {
    match text {
        "on" => Ok(None),
        "off" => Ok(Some(text.to_owned())),
        _ => Err(format!("`{text}` is neither `on` nor `off`")),
    }
}

fn reserve(text: &str) -> Result<Duration, Problem> {
    match text.parse::<u64>() {
        Ok(millis) if (MIN_RESERVE_MS..=600_000).contains(&millis) => Ok(Duration::from_millis(millis)),
        _ => Err(Problem::new(
            RESERVE_MS,
            format!("`{text}` is no reserve; expected milliseconds, {MIN_RESERVE_MS} to 600000"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Settings {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_the_default() {
        let settings = read(&[(MODE, " ")]);
        assert_eq!(settings.mode, Mode::Enforce);
        assert_eq!(settings.plan, Source::None);
        assert!(settings.problems.is_empty() && settings.gates.is_empty() && settings.reserve.is_none());
    }

    #[test]
    fn every_broken_variable_is_named() {
        let settings = read(&[
            (PLAN, "{"),
            (TARGET_URL, "green"),
            (LIFECYCLE_EVENT, "AfterAllowTestTrafic"),
            (MODE, "dry-run"),
            (RESERVE_MS, "0"),
            (PAUSE, "x"),
            (OVERRIDES, "greenlight/overrides"),
            (METRICS, "no"),
        ]);
        let names: Vec<_> = settings.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(names, [PLAN, TARGET_URL, LIFECYCLE_EVENT, MODE, RESERVE_MS]);
        assert_eq!(settings.problems[2].hint.as_deref(), Some("did you mean `AfterAllowTestTraffic`?"));
        assert_eq!(settings.gate_problems.len(), 1);
        let warnings = [
            "GREENLIGHT_OVERRIDES is left aside: `greenlight/overrides` names no parameter; expected `ssm:NAME`",
            "GREENLIGHT_METRICS is left aside: `no` is neither `on` nor `off`",
        ];
        assert_eq!(settings.warnings, warnings);
        assert!(settings.metrics && settings.overrides.is_none());
    }

    #[test]
    fn good_values() {
        let settings = read(&[
            (LIFECYCLE_EVENT, "BeforeInstall"),
            (MODE, "shadow"),
            (RESERVE_MS, "250"),
            (TARGET_URL, "http://127.0.0.1:1"),
            (OVERRIDES, "ssm:/greenlight/overrides"),
            (METRICS, "off"),
            (EVENT_BUS, "default"),
        ]);
        assert_eq!(settings.overrides.as_deref(), Some("/greenlight/overrides"));
        assert!(!settings.metrics && settings.event_bus.as_deref() == Some("default"));
        assert_eq!(settings.lifecycle_event, Some(Stage::PreScaleUp));
        assert_eq!((settings.mode, settings.reserve), (Mode::Shadow, Some(Duration::from_millis(250))));
        assert!(settings.target_url.is_some() && settings.problems.is_empty());
    }
}
