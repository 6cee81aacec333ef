//! The way of one event: bytes in, exactly one truthful verdict out, in time.
//!
//! | step | where |
//! |---|---|
//! | take events from Lambda, give answers back | [`api`] |
//! | parse, validate, report, answer, in this order | [`function`] |
//! | when the verdict is due | [`deadline`] |
//! | ask the deployment what the event leaves open | [`settling`] |
//! | ask whether somebody has declared an emergency | [`overriding`] |
//! | read the plan where it is kept | [`loading`] |
//! | run its checks, again while there is patience | [`validation`] |
//! | what is known now → verdict | [`board`] |
//! | how long waiting may go on | [`wait`] |
//! | waiting on where nobody asks again: invoke itself | [`chain`] |
//! | one verdict, whatever the validation does | [`guard`] |
//! | what is left of it: evidence, metrics, an event | [`record`], [`metrics`], [`announcement`] |

use std::{fmt, panic::AssertUnwindSafe, process::ExitCode, task::Poll};

use bytes::Bytes;
use serde_json::json;

use self::{
    api::{Api, FunctionError},
    log::Log,
};
use crate::{hook::Hook, protocol, verdict::Verdict};

mod announcement;
mod api;
mod board;
mod chain;
mod deadline;
mod function;
mod guard;
mod loading;
mod log;
mod metrics;
mod overriding;
mod record;
mod settling;
mod validation;
mod wait;

#[cfg(feature = "fuzzing")]
pub(crate) use self::chain::link;
pub(crate) use self::{
    api::Event,
    board::Settled,
    function::{Answered, Function},
    wait::lasted,
};

/// Serves a hook's events until Lambda ends the process.
pub(crate) fn serve(hook: Hook) -> ExitCode {
    let log = Log::stdout();
    quiet_panics();
    let served = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(serve_events(hook, &log)).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match served {
        Ok(never) => match never {},
        Err(error) => {
            log.line(&problem(&error));
            ExitCode::FAILURE
        }
    }
}

async fn serve_events(hook: Hook, log: &Log) -> Result<std::convert::Infallible, api::Error> {
    let mut api = Api::from_environment()?;
    let mut function = Function::new(hook);
    loop {
        let event = api.next().await?;
        let Answered { document, lines, announcement } = answer(&mut function, &event).await;
        if let Err(error) = api.answer(&event, document).await {
            log.line(&problem(&error));
            if let api::Error::Refused { .. } = error {
                // Too large, say: then at least a short answer with the reason.
                let verdict = Verdict::stop(format!("the answer could not be given: {error}"));
                let _ = api.answer(&event, Ok(short(&verdict))).await;
            }
        }
        for line in &lines {
            log.line(line);
        }
        if let Some(announcement) = announcement {
            let told = caught(function.announce(&announcement)).await;
            if let Err(why) = told.unwrap_or_else(Err) {
                log.line(&warning(&why));
            }
        }
        if function.wants_replacing() {
            api::replace_process();
        }
    }
}

/// The function's answer; should our own code panic, one that tells so.
pub(crate) async fn answer(function: &mut Function, event: &Event) -> Answered {
    caught(function.answer(event)).await.unwrap_or_else(|message| {
        let verdict =
            Verdict::stop(format!("greenlight itself failed; this says nothing about green: {message}"));
        // Where the return value counts it is the verdict; elsewhere an error makes Lambda try again.
        let document = if protocol::answers_by_return(&event.body) {
            Ok(short(&verdict))
        } else {
            Err(FunctionError { kind: "Greenlight.Panicked", message: verdict.reason.clone() })
        };
        Answered { document, lines: vec![problem(&verdict.reason)], announcement: None }
    })
}

/// What a future comes to; should it panic, what that said.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(guard::panic_message(payload.as_ref()))),
        }
    })
    .await
}

fn short(verdict: &Verdict) -> Bytes {
    Bytes::from(protocol::document(verdict, None).to_string())
}

fn problem(error: &dyn fmt::Display) -> String {
    json!({ "level": "ERROR", "message": error.to_string() }).to_string()
}

fn warning(what: &str) -> String {
    json!({ "level": "WARN", "message": what }).to_string()
}

/// Has panics say where they happened, and not what they said: that may hold a secret. The message
/// stands in the evidence, with secrets taken out.
fn quiet_panics() {
    let log = Log::stdout();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        log.line(&json!({ "level": "ERROR", "message": format!("a panic at {place}") }).to_string());
    }));
}
