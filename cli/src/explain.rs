//! `greenlight explain`: what a message means, or why a deployment went wrong, and what to do about it.
//!
//! A deployment's story is put together from what AWS and the hooks have told of it: each of its parts may be missing,
//! which is said, and the rest is told all the same.

mod arn;
pub(crate) mod calls;
mod cause;
mod codedeploy;
mod deployment;
mod ecs;
mod events;
mod find;
mod follow;
mod green;
mod known;
mod last_words;
mod logs;
mod reader;
mod reason;
mod show;
mod story;

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use self::known::Known;
use crate::{arguments::ExplainOptions, failure::Failure, in_runtime, output};

/// More of standard input than this is no message.
const MOST: u64 = 1024 * 1024;

/// Explains a message, or a deployment.
pub(crate) fn run(options: &ExplainOptions) -> Result<ExitCode, Failure> {
    let world = &options.world;
    if options.service.is_some() || options.deployment.is_some() || world.aws || world.endpoint_url.is_some()
    {
        return in_runtime(deployment::run(options));
    }
    let Some(message) = message(options)? else {
        // Nothing in particular: the last deployment in the region that went wrong.
        return in_runtime(deployment::run(options));
    };
    let known = Known::new(&message);
    if options.json {
        output::json(&known.json())?;
    } else {
        output::data(&known.text())?;
    }
    Ok(output::exit_code(known.is_known()))
}

/// What was asked for: the argument, or what somebody pipes in.
fn message(options: &ExplainOptions) -> Result<Option<String>, Failure> {
    match options.message.as_deref() {
        Some("-") => {}
        Some(message) => return Ok(Some(message.to_owned())),
        None if std::io::stdin().is_terminal() => return Ok(None),
        None => {}
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::wrong(format!("cannot read standard input: {error}")))?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    Ok((!text.is_empty()).then_some(text))
}
