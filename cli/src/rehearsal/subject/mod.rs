//! What is deployed, read from the files that its owner has.
//!
//! Every source becomes a service in the shape of the ECS API first, with what stands before it looked up
//! in the same file; one reader makes a [`Subject`] of that:
//!
//! | source | file |
//! |---|---|
//! | [`Source::BuiltIn`] | none: the example of the documentation |
//! | [`Source::ServiceDefinition`] | `aws ecs create-service --cli-input-json` or `--cli-input-yaml` |
//! | [`Source::AppSpec`] | an AppSpec for CodeDeploy, with its deployment configuration and group |
//! | [`Source::CloudFormation`] | a template of CloudFormation or SAM |
//! | [`Source::Terraform`] | `terraform show -json PLAN` |
//!
//! Nothing is guessed: what a file does not say is a [`Problem`] where a rehearsal needs it, with the flag
//! to give, and a note on the subject where it can do without. All of it is pure: texts in, facts out.

mod appspec;
mod built_in;
pub(crate) mod cloud_formation;
pub(crate) mod code_deploy;
mod deployment_configuration;
pub(crate) mod document;
mod front;
pub mod functions;
mod lifecycle_hook;
mod load_balancer;
mod names;
mod problem;
mod report;
pub mod rule;
mod service;
mod service_definition;
pub(crate) mod terraform;
mod topology;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::problem::Problem;
use super::aws::elb::Condition;
use super::aws::worlds::Front;
use super::balancer::HealthChecks;
use super::controller::configuration::Configuration;

/// A service and how it is deployed, as its owner's files say.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where these facts come from, for people: `the built-in service`, `service.json`.
    pub source: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// How many tasks each side has.
    pub desired_count: usize,
    /// The container that serves.
    pub container: String,
    /// The port that it listens on.
    pub container_port: u16,
    /// The load balancer before it; none for a service without.
    pub front: Option<Front>,
    /// How often targets are checked, and how many checks make a state, in simulated time.
    pub health_checks: HealthChecks,
    /// How it is deployed.
    pub configuration: Configuration,
    /// What was assumed where the files do not say, for people.
    pub notes: Vec<String>,
}

/// A file that somebody gave.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// What it is called, for people.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

/// Where a subject is read from.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// The service of the documentation.
    BuiltIn,
    /// The input of `create-service` or `update-service`.
    ServiceDefinition(File<'a>),
    /// What CodeDeploy deploys.
    AppSpec(AppSpec<'a>),
    /// A template of CloudFormation or SAM.
    CloudFormation(File<'a>),
    /// A plan of Terraform as JSON.
    Terraform(File<'a>),
}

/// An AppSpec and what it does not say itself.
#[derive(Clone, Debug)]
pub struct AppSpec<'a> {
    /// The AppSpec.
    pub file: File<'a>,
    /// The name of the deployment configuration; without one the group's, else all at once.
    pub deployment_configuration: Option<&'a str>,
    /// The deployment configuration itself, where it is none of AWS's: the output of
    /// `aws deploy get-deployment-config`.
    pub deployment_configuration_file: Option<File<'a>>,
    /// The output of `aws deploy get-deployment-group`.
    pub deployment_group: Option<File<'a>>,
}

/// What the flags say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--test-rule`: the conditions of the test rule, by [`rule::conditions`].
    pub test_rule: Option<Vec<Condition>>,
    /// `--health-check`: the path that targets are checked at, by [`rule::health_check`].
    pub health_check: Option<String>,
    /// `--service`: which service of a template (its logical id) or of a plan (its address) is meant;
    /// elsewhere its name, where the file has none.
    pub service: Option<String>,
    /// `--parameter NAME=VALUE`: the parameters of a template, pseudo parameters among them.
    pub parameters: BTreeMap<String, String>,
}

impl<'a> Source<'a> {
    /// The kind of file that this is, by what is in it: a service definition, if nothing says otherwise.
    pub fn detect(file: File<'a>) -> Result<Self, Problem> {
        let document = document::read(&file)?;
        let has = |key: &str| document.get(key).is_some();
        let appspec = matches!(document.get("Resources"), Some(Value::Array(_)));
        Ok(if has("planned_values") || has("terraform_version") {
            Self::Terraform(file)
        } else if appspec {
            Self::AppSpec(AppSpec {
                file,
                deployment_configuration: None,
                deployment_configuration_file: None,
                deployment_group: None,
            })
        } else if has("Resources") || has("AWSTemplateFormatVersion") {
            Self::CloudFormation(file)
        } else {
            Self::ServiceDefinition(file)
        })
    }
}

/// Reads JSON or YAML, as every source is read: an object.
pub fn document(file: &File<'_>) -> Result<Value, Problem> {
    document::read(file)
}

/// Reads a subject, or says all that is wrong.
pub fn read(source: &Source<'_>, options: &Options) -> Result<Subject, Vec<Problem>> {
    match source {
        Source::BuiltIn => built_in::read(options),
        Source::ServiceDefinition(file) => service_definition::read(file, options),
        Source::AppSpec(spec) => appspec::read(spec, options),
        Source::CloudFormation(file) => cloud_formation::read(file, options),
        Source::Terraform(file) => terraform::read(file, options),
    }
}
