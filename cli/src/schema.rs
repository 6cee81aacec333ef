//! `greenlight schema`: the JSON Schema of plans, with which editors complete them.

use std::process::ExitCode;

use crate::{arguments::SchemaOptions, failure::Failure, hooks, output};

pub(crate) fn run(options: &SchemaOptions) -> Result<ExitCode, Failure> {
    let hook = match &options.hook {
        Some(name) => hooks::find(name)?,
        None => hooks::any(),
    };
    output::json(&hook.schema())?;
    Ok(ExitCode::SUCCESS)
}
