//! Deployments by the hundred thousand, each drawn from a seed and played on virtual time with the hooks' own code.
//!
//! Who decides is real on both sides: the rehearsal's controllers, which no I/O ties to a clock, and the functions,
//! from the bytes of an event to the answer ([`greenlight::simulation`]). Everything around them is drawn: what is true
//! of green, the plans, how Lambda runs processes and ends them, how AWS answers calls, and what goes wrong with any
//! of it. What came of it is held to promises that need not know how the fold or the guard work: what a check finds is
//! known, so a verdict can be compared with the truth.
//!
//! | module | its one reason to exist |
//! |---|---|
//! | `draw`, `function`, `plan`, `faults` | a world from a seed |
//! | `truth` | what is true of green at any time |
//! | `world`, `queue` | what has happened, and what is yet to |
//! | `drive` | carries out what the controller decides |
//! | `lambda`, `check` | processes, invocations, deliveries; what they find |
//! | `cloud`, `tell` | the AWS that functions call |
//! | `judge`, `reason`, `ending` | the promises |
//! | `tally` | what is counted |

mod check;
mod cloud;
mod draw;
mod drive;
mod ending;
mod faults;
mod function;
mod judge;
mod lambda;
mod plan;
mod queue;
mod reason;
mod tally;
mod tell;
mod truth;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::tally::Tally;

use self::draw::Scenario;
use self::world::Handle;
use crate::drawn::Chance;

/// What came of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// What was counted.
    pub tally: Tally,
    /// Everything that happened, line by line.
    pub trace: Vec<String>,
    /// The promise that was broken, if one was.
    pub broken: Option<String>,
}

/// Plays the deployment that a seed stands for. A panic is a broken promise, too, so that its seed is known.
pub fn play(seed: u64) -> Result<Played, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let local = tokio::task::LocalSet::new();
    let played = catch_unwind(AssertUnwindSafe(|| local.block_on(&runtime, play_out(seed))));
    Ok(played.unwrap_or_else(|panic| Played {
        tally: Tally::default(),
        trace: Vec::new(),
        broken: Some(format!("nothing panics: {}", panic_message(panic.as_ref()))),
    }))
}

async fn play_out(seed: u64) -> Played {
    // The SDK takes the jitter of its retries from here.
    fastrand::seed(seed);
    let mut chance = Chance::new(seed);
    let scenario = Scenario::draw(seed, &mut chance);
    let handle = Handle::new(scenario, chance);
    drive::play(&handle).await;
    // The processes know the world, which knows them.
    let idle = std::mem::take(&mut handle.world().idle);
    drop(idle);
    let mut world = handle.world();
    Played {
        tally: std::mem::take(&mut world.tally),
        trace: std::mem::take(&mut world.trace),
        broken: world.broken.take(),
    }
}

/// What a panic says.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it says nothing")
}

/// The world that a seed stands for, in words.
pub fn describe(seed: u64) -> String {
    format!("{:#?}", Scenario::draw(seed, &mut Chance::new(seed)))
}
