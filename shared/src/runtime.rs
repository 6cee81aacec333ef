//! The way of one event: bytes in, exactly one truthful verdict out, in time.
//!
//! | step | where |
//! |---|---|
//! | take events from Lambda, give answers back | [`api`] |
//! | when the verdict is due | [`deadline`] |
//! | read the plan where it is kept | [`loading`] |
//! | run its checks, again while there is patience | [`validation`] |
//! | what is known now → verdict | [`board`] |
//! | one verdict, whatever the validation does | [`guard`] |
//! | report it, log the evidence | [`function`] |

use std::{fmt, process::ExitCode};

use crate::hook::Hook;

mod api;
mod board;
mod deadline;
mod function;
mod guard;
mod loading;
mod log;
mod validation;

use self::{api::Api, function::Function, log::Log};

/// Serves a hook's events until Lambda ends the process.
pub(crate) fn serve(hook: Hook) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => match runtime.block_on(serve_events(hook)) {
            Ok(never) => match never {},
            Err(error) => fail(&error),
        },
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn fmt::Display) -> ExitCode {
    Log::stdout().line(&serde_json::json!({ "level": "ERROR", "message": error.to_string() }).to_string());
    ExitCode::FAILURE
}

async fn serve_events(hook: Hook) -> Result<std::convert::Infallible, api::Error> {
    let mut api = Api::from_environment()?;
    let mut function = Function::new(hook, Log::stdout());
    loop {
        let event = api.next().await?;
        let answer = function.answer(&event).await;
        if let Err(error) = api.answer(&event, answer).await {
            function
                .log()
                .line(&serde_json::json!({ "level": "ERROR", "message": error.to_string() }).to_string());
        }
        if function.wants_replacing() {
            api::replace_process();
        }
    }
}
