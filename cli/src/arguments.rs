//! The arguments of the command.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use greenlight::plan::{TargetUrl, units::Span};

use crate::iam;
use crate::rehearse::{Given, RehearseOptions};
use crate::world::{ElsewhereOptions, WorldOptions};

/// Lambda hooks that decide whether an Amazon ECS deployment may go on.
#[derive(Debug, Parser)]
#[command(name = "greenlight", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hand an event to a hook, here, and show the verdict that ECS or CodeDeploy would have received.
    ///
    /// The hook runs as a process of its own behind a local Lambda Runtime API; its reports go to a
    /// local endpoint, whatever the environment says. Nothing in AWS is changed, and nothing is asked
    /// unless `--aws` says so.
    ///
    /// Exit codes: 0 proceed, 1 stop, wait or no verdict, 2 wrong arguments or files, 3 not carried out.
    Invoke(InvokeOptions),
    /// Show how a hook would reach green: the route, where each part of it came from, whether what answers
    /// there is green, and a `curl` line that does the same.
    ///
    /// Exit codes: 0 every way to green is open, 1 one is not, 2 wrong arguments or files, 3 AWS did not
    /// answer.
    Route(RouteOptions),
    /// Play a whole deployment on this machine: real traffic, the real hooks, the real protocols, faults on request.
    ///
    /// Exit codes: 0 the deployment succeeded (or what was expected happened), 1 it did not, 2 wrong arguments or
    /// files, 3 the rehearsal itself could not run.
    Rehearse(Box<Given<RehearseOptions>>),
    /// Look for what is wrong with the wiring of deployments, in files and in an account.
    ///
    /// Files are service definitions, task definitions, application specifications, CodeDeploy deployment groups, templates of
    /// CloudFormation or SAM, Terraform plans (`terraform show -json`), pipelines, and Envoy's `/server_info` and `/stats`. What a
    /// template takes from elsewhere is not guessed: rules that need it are counted as not judged.
    ///
    /// With `--service`, `--all-services` or `--application` what is in the account is looked at, read-only; a service
    /// definition together with `--aws` is judged by what it will meet there.
    ///
    /// Exit codes: 0 nothing is wrong, 1 something of the severity of `--fail-on` is, 2 wrong arguments or files, 3 AWS did
    /// not answer.
    Doctor(DoctorOptions),
    /// Say what a message of ECS, CodeDeploy or Envoy means, or why a deployment went wrong, and what to do about it.
    ///
    /// The message may be a service event, a status reason, an error of CodeDeploy's, a stopped reason, or a line of a
    /// log, with whatever else stands around it. With `--aws` or `--endpoint-url` and no message it is the deployment
    /// of `--service` or `--deployment`, or the last one in the region that went wrong: who failed what, with what
    /// the hooks told of it. Nothing in AWS is changed.
    ///
    /// Exit codes: 0 the message or the reason is known, 1 it is not, 2 wrong arguments, 3 AWS did not answer. With
    /// `--follow`: 0 the deployment succeeded, 1 it did not, 2 wrong arguments, 3 AWS did not answer for long, or
    /// somebody pressed Ctrl-C.
    Explain(ExplainOptions),
    /// Write a sample event to standard output.
    Event(EventOptions),
    /// Check a plan: every problem at once, with its path and a hint.
    ///
    /// Exit codes: 0 the plan is valid, 2 it is not.
    Validate(ValidateOptions),
    /// Write the least IAM policies: of the hooks' functions, of the role with which ECS invokes them, and of who
    /// only looks.
    ///
    /// Nothing in AWS is asked or changed. Exit codes: 0 written, 2 wrong arguments or files.
    Iam(IamOptions),
    /// Turn an AppSpec of CodeDeploy into the `deploymentConfiguration` with which ECS deploys the same service itself.
    ///
    /// Nothing in AWS is asked or changed. Exit codes: 0 written, 2 wrong arguments or files.
    Migrate(MigrateOptions),
    /// Print the line that puts a service's hooks into shadow mode for a while, in an emergency.
    ///
    /// The line sets the parameter that `GREENLIGHT_OVERRIDES` names; nothing in AWS is asked or changed by this command.
    /// The hooks then proceed, say what they would have answered, and log who wanted that.
    ///
    /// Exit codes: 0 printed, 2 wrong arguments or files.
    Override(OverrideOptions),
    /// Write the JSON Schema of plans, for editors.
    Schema(SchemaOptions),
    /// Serve the AWS calls that hooks make, on a free local port, until standard input ends.
    #[command(hide = true)]
    ServeAws(ServeAwsOptions),
    /// Run the built-in application on the port `PORT` of the address `HOST`, until it is told to end.
    #[command(hide = true)]
    Application(ApplicationOptions),
    /// Run a hook: this program as a Lambda function.
    #[command(hide = true)]
    Hook {
        name: String,
        /// The file of the clock that it follows.
        #[arg(long)]
        clock: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct InvokeOptions {
    /// The hook, e.g. `test-traffic`.
    pub(crate) hook: String,
    /// The event's file, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: PathBuf,
    /// Reach green here.
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<TargetUrl>,
    /// The plan's file (JSON or YAML), in the place of `GREENLIGHT_PLAN`.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The function's timeout.
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) timeout: Span,
    /// A secret or parameter that the plan names, from a variable or a file.
    #[arg(long, value_name = "NAME=env:VAR|file:PATH")]
    pub(crate) secret: Vec<String>,
    /// Run this program as the hook, e.g. a built artefact.
    #[arg(long, value_name = "HOOK=PATH")]
    pub(crate) bootstrap: Vec<String>,
    /// Call again while the answer is to wait, as ECS does.
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    /// Show each AWS call with its time.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Write one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateOptions {
    /// The AppSpec, in YAML or JSON, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) appspec: PathBuf,
    /// The deployment group: what `aws deploy get-deployment-group` says.
    #[arg(long, value_name = "FILE")]
    pub(crate) deployment_group: Option<PathBuf>,
    /// The deployment configuration, in the place of the group's: `CodeDeployDefault.…`, or the file of one of your own, which is what
    /// `aws deploy get-deployment-config` says.
    #[arg(long, value_name = "NAME|FILE", alias = "deployment-config-file")]
    pub(crate) deployment_config: Option<String>,
    /// The role with which ECS is to invoke the functions.
    #[arg(long, value_name = "ARN")]
    pub(crate) role: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: iam::Format,
    /// Write JSON, as without `--format`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OverrideOptions {
    /// The service, with `*` as wildcard.
    #[arg(long, value_name = "CLUSTER/SERVICE")]
    pub(crate) service: String,
    /// For how long, at most 24 hours: what is to last longer says `"mode": "shadow"` in its plan.
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) duration: Span,
    /// Why: an incident's number, say.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who wants it; without it the user of this machine.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// The parameter that `GREENLIGHT_OVERRIDES` names.
    #[arg(long, value_name = "NAME", default_value = "/greenlight/overrides")]
    pub(crate) parameter: String,
    /// The list as it is now (a file, or `-` for standard input), to keep those of its entries that still hold.
    #[arg(long, value_name = "FILE")]
    pub(crate) current: Option<PathBuf>,
    /// Write the list alone, as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RouteOptions {
    /// The event's file, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: PathBuf,
    /// The path (and query) to ask for; without it that of green's health check.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The host to ask for, as `target.host` of a plan.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// The CodeDeploy event, where the deployment shall not be asked for it.
    #[arg(long, value_name = "EVENT")]
    pub(crate) lifecycle_event: Option<String>,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    /// Show each AWS call with its time.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Write one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// The files; `-` for standard input.
    #[arg(value_name = "FILE", required_unless_present_any = ["cluster", "service", "all_services", "application"])]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) account: AccountOptions,
    /// A parameter of a template.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) parameter: Vec<(String, String)>,
    /// Leave out a rule, or all whose ids begin so: `ROLL-*`.
    #[arg(long, value_name = "RULE")]
    pub(crate) ignore: Vec<String>,
    /// The least severity that makes the answer no.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(crate) fail_on: SeverityName,
    /// Name the rules that could not be judged, and what each lacked.
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Write SARIF 2.1.0, which code hosts show beside the lines.
    #[arg(long, conflicts_with = "json")]
    pub(crate) sarif: bool,
    /// Write one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What of an account the doctor looks at.
#[derive(Debug, Args)]
pub(crate) struct AccountOptions {
    /// The cluster of the service, by its name or ARN, where `--service` does not name it.
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// Look at this service as it is in the account, with all that stands around it; nothing is changed.
    #[arg(long, value_name = "[CLUSTER/]SERVICE", conflicts_with_all = ["all_services", "application"])]
    pub(crate) service: Option<String>,
    /// Look at every service of the cluster.
    #[arg(long, requires = "cluster", conflicts_with_all = ["application", "sarif"])]
    pub(crate) all_services: bool,
    /// Look at what a deployment group of this CodeDeploy application deploys.
    #[arg(long, value_name = "APPLICATION", requires = "deployment_group")]
    pub(crate) application: Option<String>,
    /// The deployment group.
    #[arg(long, value_name = "GROUP", requires = "application")]
    pub(crate) deployment_group: Option<String>,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityName {
    /// The deployment will fail, or ship what nobody looked at.
    Error,
    /// It may do something else than expected.
    Warning,
    /// Worth knowing.
    Info,
}

/// Reads `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The message, or the id of a rule; without it, or for `-`, what comes on standard input.
    #[arg(conflicts_with_all = ["service", "deployment", "aws", "endpoint_url"])]
    pub(crate) message: Option<String>,
    /// The cluster of the service, by its name or ARN, where `--service` does not name it.
    #[arg(long, value_name = "CLUSTER", requires = "service")]
    pub(crate) cluster: Option<String>,
    /// The service whose last deployment that went wrong is explained, or its ARN.
    #[arg(long, value_name = "CLUSTER/SERVICE", conflicts_with = "deployment")]
    pub(crate) service: Option<String>,
    /// Not the last one that went wrong but the N-th last.
    #[arg(long, value_name = "N", default_value = "1", requires = "service")]
    pub(crate) last: NonZeroUsize,
    /// The deployment: the ARN of a service deployment, or an id of CodeDeploy's.
    #[arg(long, value_name = "ARN|d-…")]
    pub(crate) deployment: Option<String>,
    /// Tell what happens to the deployment under way until it is over, and explain it if it goes wrong.
    #[arg(long, conflicts_with = "last")]
    pub(crate) follow: bool,
    /// With `--follow`: how long to wait for a deployment to begin where none is under way.
    #[arg(long, value_name = "DURATION", default_value = "2m", requires = "follow")]
    pub(crate) wait: Span,
    /// With `--follow`: how long ago a deployment may have ended to be the one that is meant where none is under way;
    /// with `0s` only one that is under way, or yet to begin.
    #[arg(long, value_name = "DURATION", default_value = "5m", requires = "follow")]
    pub(crate) since: Span,
    /// With `--follow`: how often to look.
    #[arg(long, value_name = "DURATION", default_value = "5s", requires = "follow")]
    pub(crate) interval: Span,
    #[command(flatten)]
    pub(crate) world: ElsewhereOptions,
    /// Write one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EventOptions {
    /// Whose event.
    pub(crate) protocol: EventProtocol,
    /// The stage, e.g. `post-test-traffic-shift`; for CodeDeploy an event such as `AfterAllowTestTraffic`.
    pub(crate) stage: Option<String>,
    /// The cluster's name.
    #[arg(long, default_value = "my-cluster")]
    pub(crate) cluster: String,
    /// The service's name.
    #[arg(long, default_value = "my-service")]
    pub(crate) service: String,
    /// The region.
    #[arg(long, default_value = "us-west-2")]
    pub(crate) region: String,
    /// The account.
    #[arg(long, default_value = "123456789012")]
    pub(crate) account: String,
    /// Green's weight in percent at a traffic shift.
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["rollback", "create"])]
    pub(crate) weight: Option<f64>,
    /// The deployment is rolling back.
    #[arg(long, conflicts_with = "create")]
    pub(crate) rollback: bool,
    /// The service is being created: there is no blue.
    #[arg(long)]
    pub(crate) create: bool,
    /// The event's `hookDetails`, as JSON.
    #[arg(long, value_name = "JSON")]
    pub(crate) hook_details: Option<String>,
    /// Write JSON, which an event is in any case.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventProtocol {
    /// ECS's own hooks.
    Ecs,
    /// CodeDeploy's hooks.
    Codedeploy,
    /// The EventBridge event of a PAUSE hook.
    Pause,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateOptions {
    /// The plan's file (JSON or YAML), or `-` for standard input.
    pub(crate) plan: PathBuf,
    /// The hook that the plan is for; without it, the one that has its checks.
    #[arg(long)]
    pub(crate) hook: Option<String>,
    /// Show the effective plan: the hook's defaults with this plan over them.
    #[arg(long)]
    pub(crate) effective: bool,
    /// Write one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct IamOptions {
    /// The plan's file (JSON or YAML); without it, the hooks' defaults.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The functions read their plan from this parameter: what `GREENLIGHT_PLAN` says after `ssm:`.
    #[arg(long, value_name = "NAME")]
    pub(crate) plan_parameter: Vec<String>,
    /// The functions look there for overrides: what `GREENLIGHT_OVERRIDES` says after `ssm:`.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) overrides: Option<String>,
    /// The functions tell this bus of their verdicts, as `GREENLIGHT_EVENT_BUS` says.
    #[arg(long, value_name = "ARN", value_parser = iam::event_bus)]
    pub(crate) event_bus: Option<String>,
    /// The hooks, by their names; without it, those that have the plan's checks, or all.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) hooks: Vec<String>,
    /// How the hooks are asked; without it `codedeploy` where an application is named, else `ecs`.
    #[arg(long, value_delimiter = ',')]
    pub(crate) protocol: Vec<EventProtocol>,
    /// The ARN of a service that is deployed.
    #[arg(long, value_name = "ARN")]
    pub(crate) service: Vec<String>,
    /// The CodeDeploy application.
    #[arg(long, value_name = "NAME", requires = "deployment_group")]
    pub(crate) application: Option<String>,
    /// Its deployment group.
    #[arg(long, value_name = "NAME", requires = "application")]
    pub(crate) deployment_group: Option<String>,
    /// The region, where no service tells it.
    #[arg(long, value_name = "REGION", conflicts_with = "service")]
    pub(crate) region: Option<String>,
    /// The id of the account, where no service tells it.
    #[arg(long, value_name = "ID", conflicts_with = "service")]
    pub(crate) account: Option<String>,
    /// The name of a hook's function.
    #[arg(long, value_name = "[HOOK=]NAME")]
    pub(crate) function: Vec<String>,
    /// The policy of a person or a pipeline that runs this command, in the place of the functions'.
    #[arg(long = "for", value_name = "COMMAND", conflicts_with_all = ["plan", "plan_parameter", "overrides", "event_bus", "hooks"])]
    pub(crate) reader: Option<iam::Reader>,
    /// How the policies are written.
    #[arg(long, default_value = "json")]
    pub(crate) format: iam::Format,
    /// Write JSON, as without `--format`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaOptions {
    /// The hook whose plans are meant; without it, a plan may have the checks of any.
    pub(crate) hook: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ApplicationOptions {
    /// The version that it says it is.
    #[arg(long, default_value = "1.0")]
    pub(crate) version: String,
}

#[derive(Debug, Args)]
pub(crate) struct ServeAwsOptions {
    /// The world to serve: its ECS, load balancers, CodeDeploy and certificates, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// Make the ids of a CodeDeploy or PAUSE event known.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Vec<PathBuf>,
    /// A secret or parameter, from a variable or a file.
    #[arg(long, value_name = "NAME=env:VAR|file:PATH")]
    pub(crate) secret: Vec<String>,
}
