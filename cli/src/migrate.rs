//! `greenlight migrate`: from CodeDeploy's AppSpec to ECS's own deployments, with the same hooks.
//!
//! | step | module |
//! |---|---|
//! | AppSpec, deployment group, deployment configuration → what ECS is told, and what it cannot be told | `configuration` |
//! | → JSON, CloudFormation, Terraform | `write` |

mod configuration;
mod write;

use std::path::Path;
use std::process::ExitCode;

use self::configuration::Given;
use crate::{arguments::MigrateOptions, document, failure::Failure, iam::Format, output};

pub(crate) fn run(options: &MigrateOptions) -> Result<ExitCode, Failure> {
    let read = |path: Option<&Path>, what: &str| path.map(|path| document::any(path, what)).transpose();
    let app_spec = document::any(&options.appspec, "AppSpec")?;
    let group = read(options.deployment_group.as_deref(), "deployment group")?;
    // CodeDeploy's own ones say in their names what they do.
    let (name, file) = match options.deployment_config.as_deref() {
        Some(name) if name.starts_with("CodeDeployDefault.") => (Some(name), None),
        other => (None, other.map(Path::new)),
    };
    let config = read(file, "deployment configuration")?;
    let given = Given {
        app_spec: &app_spec,
        group: group.as_ref(),
        name,
        config: config.as_ref(),
        role: options.role.as_deref(),
    };
    let (configuration, notes) = configuration::migrated(&given)?;
    match options.format {
        Format::Json => output::json(&write::json(&configuration))?,
        Format::Cloudformation => output::data(&write::cloud_formation(&configuration))?,
        Format::Terraform => output::data(&write::terraform(&configuration))?,
    }
    for note in notes {
        output::note(&note);
    }
    if options.format == Format::Terraform {
        output::note(
            &"`target_type` and `timeout_configuration` need a provider of September 2026 or later; below that a hook has a day, and a PAUSE hook is \
              set by other means",
        );
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
