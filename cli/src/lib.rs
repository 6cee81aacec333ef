//! The command `greenlight`: invoke and validate deployment hooks on a laptop.
//!
//! One module per subcommand; [`rehearsal`] is the part of AWS that stands around a hook, served on this
//! machine. The command runs itself again as a hook process (`greenlight hook NAME`), so that a hook
//! always goes through the real Lambda Runtime API in a process of its own.

use std::process::ExitCode;

use clap::Parser;

pub mod rehearsal;

mod application;
mod arguments;
mod doctor;
mod document;
#[cfg(test)]
mod documentation;
mod ending;
mod event;
mod explain;
mod failure;
mod hcl;
mod hooks;
mod iam;
mod invoke;
mod migrate;
mod output;
mod overriding;
mod rehearse;
mod route;
mod schema;
mod serve_aws;
mod service;
mod text;
mod trace;
mod validate;
mod wiring;
mod world;
mod yaml;
mod yaml_text;

/// What must hold of whatever files, answers and requests hold, for fuzzing: each takes any bytes and panics where it
/// does not.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    pub use crate::doctor::fuzzing::template;
    pub use crate::migrate::fuzzing::appspec;
    pub use crate::rehearsal::balancer::fuzzing::listener_rule;
    pub use crate::rehearsal::controller::fuzzing::answer;
    pub use crate::validate::fuzzing::plan;
    pub use greenlight::fuzzing::{event, state};
    pub use greenlight_test_traffic::fuzzing::probe_answer;
}

use self::arguments::{Arguments, Command};
use self::failure::Failure;

/// Runs the command with the process's arguments.
///
/// Exit codes: 0 the answer is yes, 1 the answer is no, 2 the arguments, the plan or a file are wrong,
/// 3 it could not be carried out.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        // A hook has a runtime of its own, so it starts before there is any other.
        Command::Hook { name, clock } => return hooks::run(&name, clock),
        Command::Iam(options) => iam::run(&options),
        Command::Invoke(options) => in_runtime(invoke::run(options)),
        Command::Migrate(options) => migrate::run(&options),
        Command::Override(options) => overriding::run(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Route(options) => in_runtime(route::run(options)),
        Command::ServeAws(options) => in_runtime(serve_aws::run(options)),
        Command::Application(options) => in_runtime(application::run(options)),
        Command::Rehearse(options) => on_runtime(rehearse::run(*options)),
        Command::Doctor(options) => in_runtime(doctor::run(options)),
        Command::Explain(options) => explain::run(&options),
        Command::Event(options) => event::run(&options),
        Command::Validate(options) => validate::run(&options),
    };
    done.unwrap_or_else(|failure| {
        output::error(&failure);
        failure.exit_code()
    })
}

fn in_runtime(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    on_runtime(until_told_to_end(work))
}

fn on_runtime(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::not_carried_out("cannot start the async runtime", &error))?;
    let done = runtime.block_on(work);
    // A thread that still reads standard input must not keep the command from ending.
    runtime.shutdown_background();
    done
}

/// Does the work until somebody tells the command to end.
async fn until_told_to_end<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    ending::Ending::new().until(work).await
}
