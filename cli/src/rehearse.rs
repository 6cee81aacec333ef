//! `rehearse`: a whole deployment, played here.

mod expectation;
mod options;
mod preparation;
mod show;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) use self::options::RehearseOptions;

use self::show::Timeline;
use crate::failure::Failure;
use crate::output;
use crate::rehearsal::fault;
use crate::rehearsal::play::{NotPlayed, Play, Played, Progress};
use crate::world;

/// How often the line of progress is drawn anew.
const DRAW: Duration = Duration::from_millis(200);

/// Rehearses what the options say.
pub(crate) async fn run(options: RehearseOptions) -> Result<ExitCode, Failure> {
    if options.list_faults {
        output::data(&fault::text().trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let (play, played) = Box::pin(crate::until_told_to_end(rehearsed(&options))).await?;
    if options.json {
        output::json(&document(&play, &played))?;
    } else {
        output::data(&show::summary(&played))?;
    }
    if options.keep {
        output::note(&kept(&play));
        // Who stops looking does not change what was seen.
        crate::told_to_end().await;
    }
    play.end().await;
    match options.expect.map(|expectation| expectation.holds(&played)) {
        None => Ok(output::exit_code(played.status.is_success())),
        Some(Ok(())) => Ok(ExitCode::SUCCESS),
        Some(Err(why)) => {
            output::note(&why);
            Ok(output::exit_code(false))
        }
    }
}

/// Plays the deployment, and shows it as it goes.
async fn rehearsed(options: &RehearseOptions) -> Result<(Play, Played), Failure> {
    let settings = preparation::settings(options)?;
    let secrets = options.secret.iter().map(|argument| crate::document::secret(argument));
    let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
    let heading = (!options.json).then(|| settings.clone());
    let mut play =
        Play::prepare(settings, |aws| world::give(aws, secrets)).await.map_err(|why| not_played(&why))?;
    if let Some(settings) = heading {
        output::data(&show::heading(&settings, &play.endpoint_url()))?;
    }
    let mut timeline = Timeline::default();
    let progress = Line::new(!options.json, play.progress());
    let mut failed = None;
    let played = {
        let told = |entry: &crate::rehearsal::play::Entry| {
            if options.json {
                return;
            }
            progress.clear();
            for line in timeline.lines(entry) {
                // Whoever does not read any more does not stop a rehearsal.
                failed = output::data(&line).err();
            }
        };
        tokio::select! {
            played = play.run(told) => played.map_err(|why| not_played(&why))?,
            never = progress.draw() => match never {},
        }
    };
    progress.clear();
    match failed {
        Some(failure) => Err(failure),
        None => Ok((play, played)),
    }
}

fn not_played(why: &NotPlayed) -> Failure {
    let hint = match why {
        NotPlayed::NotReady(not_ready) => not_ready.hint(),
        NotPlayed::Machine { .. } => None,
    };
    let failure = Failure::not_carried_out("the rehearsal could not run", why);
    hint.into_iter().fold(failure, Failure::hint)
}

/// Everything, for machines.
fn document(play: &Play, played: &Played) -> Value {
    let mut document = serde_json::to_value(played).unwrap_or_default();
    document["events"] = json!(play.entries());
    document
}

/// Where to look while everything is kept running.
fn kept(play: &Play) -> String {
    let (production, test) = play.entrances();
    let mut lines = vec!["kept until Ctrl-C".to_owned()];
    lines.extend(production.map(|url| format!("  production  {url}")));
    lines.extend(test.map(|url| format!("  test        {url}")));
    lines.push(format!("  AWS CLI     {}", play.describe()));
    lines.join("\n")
}

/// The line of progress, where somebody looks.
struct Line {
    progress: Option<Progress>,
}

enum Never {}

impl Line {
    fn new(wanted: bool, progress: Progress) -> Self {
        let watched = wanted && std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        Self { progress: watched.then_some(progress) }
    }

    /// Draws until it is dropped.
    async fn draw(&self) -> Never {
        loop {
            tokio::time::sleep(DRAW).await;
            if let Some(progress) = &self.progress {
                let (at, users) = (show::minutes(progress.elapsed()), progress.users());
                let errors = if users.errors == 1 { "error" } else { "errors" };
                let _ = write!(
                    std::io::stderr().lock(),
                    "\r\x1b[2K{at:>7}  … users: {} {errors} in {} requests",
                    users.errors,
                    users.requests
                );
            }
        }
    }

    fn clear(&self) {
        if self.progress.is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }
}
