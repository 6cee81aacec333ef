//! A hook whose validation does what its settings say, the worst included.
//!
//! It is made as anybody makes a hook of their own, with [`greenlight::run`], so that what the tests
//! show of it holds for every such hook. `{"checks": [{"validate": {"do": "panic"}}]}` makes it panic.

use std::process::ExitCode;

use greenlight::{Outcome, Scope};
use serde::Deserialize;

/// More tasks than the runtime of validations has threads.
const TASKS: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(rename = "do")]
    act: Act,
}

/// What the validation does.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Pass,
    Fail,
    Pending,
    /// Returns an error.
    Error,
    Panic,
    /// Awaits what never comes.
    Hang,
    /// Blocks every thread for good.
    Block,
    /// Takes the locks of standard output and standard error, never to give them back, and hangs.
    HoldOutput,
    /// Keeps every thread busy for good.
    Spin,
    Exit,
    Abort,
}

fn main() -> ExitCode {
    greenlight::run(validate)
}

async fn validate(green: Scope) -> Result<Outcome, String> {
    let Settings { act } = green.settings()?;
    match act {
        Act::Pass => Ok(Outcome::pass("seen to be right")),
        Act::Fail => Ok(Outcome::fail("seen to be wrong", "right")),
        Act::Pending => Ok(Outcome::pending("still warming up")),
        Act::Error => Err("the database does not answer".to_owned()),
        #[expect(clippy::panic, reason = "what it is asked to do")]
        Act::Panic => panic!("lost its head"),
        Act::Hang => std::future::pending().await,
        Act::Block => everywhere(std::thread::park),
        Act::HoldOutput => {
            std::mem::forget((std::io::stdout().lock(), std::io::stderr().lock()));
            std::future::pending().await
        }
        Act::Spin => everywhere(std::hint::spin_loop),
        #[expect(clippy::exit, reason = "what it is asked to do")]
        Act::Exit => std::process::exit(0),
        Act::Abort => std::process::abort(),
    }
}

/// Does this for ever on every thread that there is for validations.
fn everywhere(act: fn()) -> Result<Outcome, String> {
    for _ in 0..TASKS {
        tokio::spawn(async move { forever(act) });
    }
    forever(act)
}

fn forever(act: fn()) -> Result<Outcome, String> {
    loop {
        act();
    }
}
