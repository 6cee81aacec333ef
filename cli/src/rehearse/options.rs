//! The options of `rehearse`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use greenlight::plan::units::Span;
use http::uri::PathAndQuery;

use super::expectation::Expectation;
use super::taking_part::Hooks;
use crate::rehearsal::task::Program;
use crate::rehearsal::users::Alarm;

/// What to rehearse, and how.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what people give one by one")]
pub(crate) struct RehearseOptions {
    /// A service definition, an AppSpec, a template or a plan of Terraform, told apart by what is in it; or a file of
    /// named cases (`cases:`). Without it, the built-in service.
    #[arg(value_name = "FILE", group = "input")]
    pub(crate) file: Option<PathBuf>,

    /// The service definition: the JSON or YAML of `aws ecs create-service --cli-input-json`.
    #[arg(long, value_name = "FILE", help_heading = "What is deployed", group = "input")]
    pub(crate) service_definition: Option<PathBuf>,
    /// The AppSpec of a deployment of CodeDeploy.
    #[arg(long, value_name = "FILE", help_heading = "What is deployed", group = "input")]
    pub(crate) appspec: Option<PathBuf>,
    /// The template of CloudFormation or SAM.
    #[arg(long, value_name = "FILE", help_heading = "What is deployed", group = "input")]
    pub(crate) template: Option<PathBuf>,
    /// The plan of Terraform: the output of `terraform show -json`.
    #[arg(long, value_name = "FILE", help_heading = "What is deployed", group = "input")]
    pub(crate) terraform_plan: Option<PathBuf>,
    /// The deployment configuration of an AppSpec, e.g. `CodeDeployDefault.ECSCanary10Percent5Minutes`.
    #[arg(long, value_name = "NAME", help_heading = "What is deployed")]
    pub(crate) deployment_config: Option<String>,
    /// A deployment configuration of your own: the output of `aws deploy get-deployment-config`.
    #[arg(long, value_name = "FILE", help_heading = "What is deployed")]
    pub(crate) deployment_config_file: Option<PathBuf>,
    /// The deployment group of an AppSpec: the output of `aws deploy get-deployment-group`.
    #[arg(long, value_name = "FILE", help_heading = "What is deployed")]
    pub(crate) deployment_group: Option<PathBuf>,
    /// Which service, where there are several: its logical id in a template, its address in a plan. Elsewhere its name,
    /// where the file has none.
    #[arg(long, value_name = "NAME", help_heading = "What is deployed")]
    pub(crate) service: Option<String>,
    /// A parameter of the template.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What is deployed")]
    pub(crate) parameter: Vec<String>,
    /// The conditions of the test rule, e.g. `host=green.example.com,header:x-stage=green`.
    #[arg(long, value_name = "CONDITIONS", help_heading = "What is deployed")]
    pub(crate) test_rule: Option<String>,
    /// The path of the target groups' health check.
    #[arg(long, value_name = "PATH", help_heading = "What is deployed")]
    pub(crate) health_check: Option<String>,
    /// Serve HTTPS (or TLS) with a generated certificate, where the listeners have none.
    #[arg(long, help_heading = "What is deployed")]
    pub(crate) tls: bool,
    /// The service is being created: there is no blue.
    #[arg(long, help_heading = "What is deployed")]
    pub(crate) create: bool,

    /// What blue runs: a command, started once per task with PORT and HOST set, or a URL.
    #[arg(long, value_name = "COMMAND|URL", help_heading = "What runs")]
    pub(crate) blue: Option<Program>,
    /// What green runs.
    #[arg(long, value_name = "COMMAND|URL", help_heading = "What runs")]
    pub(crate) green: Option<Program>,
    /// How long a task may take until its health check passes, in real time.
    #[arg(long, value_name = "DURATION", default_value = "60s", help_heading = "What runs")]
    pub(crate) ready_timeout: Span,
    /// The requests of users per simulated second; 0 for none.
    #[arg(long, value_name = "RATE", default_value = "5/s", help_heading = "What runs")]
    pub(crate) users: Rate,
    /// What users ask for, one after the other.
    #[arg(long, value_name = "PATH", help_heading = "What runs")]
    pub(crate) path: Vec<PathAndQuery>,

    /// Which hooks take part: all that the files name, none, or the names of some, with commas. PAUSE hooks have the
    /// name `pause`.
    #[arg(long, value_name = "all|none|NAMES", default_value = "all", help_heading = "Hooks")]
    pub(crate) hooks: Hooks,
    /// What runs as a function that is none of this command's hooks: a hook, or a command that speaks the Lambda
    /// Runtime API, e.g. `validate='python -m awslambdaric app.handler'`.
    #[arg(long, value_name = "NAME=HOOK|COMMAND", help_heading = "Hooks")]
    pub(crate) function: Vec<String>,
    /// Run this program as the hook, e.g. a built artefact.
    #[arg(long, value_name = "HOOK=PATH", help_heading = "Hooks")]
    pub(crate) bootstrap: Vec<String>,
    /// A plan's file (JSON or YAML), in the place of `GREENLIGHT_PLAN`: of the hook that is named, else of those that
    /// have its checks.
    #[arg(long, value_name = "[HOOK=]FILE", help_heading = "Hooks")]
    pub(crate) plan: Vec<String>,
    /// A secret or parameter that a plan names, from a variable or a file.
    #[arg(long, value_name = "NAME=env:VAR|file:PATH", help_heading = "Hooks")]
    pub(crate) secret: Vec<String>,
    /// The functions' timeout, in real time.
    #[arg(long, value_name = "DURATION", default_value = "5m", help_heading = "Hooks")]
    pub(crate) timeout: Span,
    /// Who answers PAUSE hooks: a person who is played (`continue` or `rollback`, after a simulated minute or as
    /// `continue@5m` says), whoever calls the endpoint (`wait`), or a hook.
    #[arg(long, value_name = "WHO", default_value = "continue", help_heading = "Hooks")]
    pub(crate) pause: String,

    /// What goes wrong, e.g. `green:errors=20%`; `--list-faults` lists them.
    #[arg(long, value_name = "FAULT", help_heading = "What goes wrong")]
    pub(crate) fault: Vec<String>,
    /// List the faults, and end.
    #[arg(long, help_heading = "What goes wrong")]
    pub(crate) list_faults: bool,
    /// When an alarm of the deployment goes off, e.g. `hello-errors='errors>5%/1m'`.
    #[arg(long, value_name = "NAME=CONDITION", help_heading = "What goes wrong")]
    pub(crate) alarm: Vec<Alarm>,
    /// An alarm that is red already when the deployment begins.
    #[arg(long, value_name = "NAME", help_heading = "What goes wrong")]
    pub(crate) red_alarm: Vec<String>,
    /// More than one revision is active when the deployment begins: ECS reconciles first.
    #[arg(long, help_heading = "What goes wrong")]
    pub(crate) reconcile: bool,
    /// What is played where AWS's behaviour is not known: `hook-details=merge|replace`, `shift-hooks=before|after`,
    /// `rollback-hooks=always|reached`.
    #[arg(long, value_name = "WHAT=HOW", help_heading = "What goes wrong")]
    pub(crate) assume: Vec<String>,

    /// How many simulated seconds a second has.
    #[arg(long, value_name = "FACTOR", default_value = "60x", help_heading = "How")]
    pub(crate) speed: Speed,
    /// Keep everything running afterwards, so that the AWS CLI can look, until Ctrl-C.
    #[arg(long, help_heading = "How")]
    pub(crate) keep: bool,
    /// Exit with 0 if this is what happens, else with 1.
    #[arg(long, value_name = "OUTCOME", help_heading = "How")]
    pub(crate) expect: Option<Expectation>,
    /// Write a report for CI systems, in `JUnit`'s form.
    #[arg(long, value_name = "FILE", help_heading = "How")]
    pub(crate) junit: Option<PathBuf>,
    /// Write one JSON document with every event of the rehearsal.
    #[arg(long, help_heading = "How")]
    pub(crate) json: bool,
}

/// `60x`: at least as fast as the wall's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Speed(pub(crate) f64);

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('x').unwrap_or(text).parse::<f64>().ok();
        number
            .filter(|speed| (1.0..=100_000.0).contains(speed))
            .map(Self)
            .ok_or_else(|| "expected a factor from `1x` to `100000x`, e.g. `60x`".to_owned())
    }
}

/// `5/s`: requests per simulated second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate(pub(crate) f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
        number
            .filter(|rate| (0.0..=100_000.0).contains(rate))
            .map(Self)
            .ok_or_else(|| "expected requests per second such as `5/s`".to_owned())
    }
}

/// How long a played person takes, if nobody says.
pub(crate) const PERSON_TAKES: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_and_rates_are_read_with_and_without_their_units() {
        for (text, expected) in
            [("60x", Some(60.0)), ("1", Some(1.0)), ("0.5x", None), ("x", None), ("infx", None)]
        {
            assert_eq!(text.parse::<Speed>().ok(), expected.map(Speed), "{text}");
        }
        for (text, expected) in [("5/s", Some(5.0)), ("0", Some(0.0)), ("-1/s", None), ("many", None)] {
            assert_eq!(text.parse::<Rate>().ok(), expected.map(Rate), "{text}");
        }
    }
}
