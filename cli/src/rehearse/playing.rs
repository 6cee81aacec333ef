//! One rehearsal: prepared, played, and what came of it.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use tokio::time::Instant;

use super::expectation::Expectation;
use super::options::RehearseOptions;
use super::preparation::{self, Text};
use super::rehearsed::Rehearsed;
use super::show::{self, Timeline};
use crate::document::{self, GivenSecret};
use crate::failure::Failure;
use crate::rehearsal::play::{Entry, NotPlayed, Play, Progress, Settings};
use crate::world;

/// How often the line of progress is drawn anew.
const DRAW: Duration = Duration::from_millis(200);

/// What is rehearsed: every file is read, nothing runs yet.
pub(super) struct Prepared {
    name: String,
    expect: Expectation,
    pub(super) settings: Settings,
    secrets: Vec<GivenSecret>,
}

impl Prepared {
    /// What the options ask for, and `file` where they name one. It is called by its service where it has
    /// no name.
    pub(super) fn new(
        name: Option<String>,
        options: &RehearseOptions,
        file: Option<&Text>,
    ) -> Result<Self, Failure> {
        let settings = preparation::settings(options, file)?;
        let secrets = options.secret.iter().map(|argument| document::secret(argument));
        Ok(Self {
            name: name.unwrap_or_else(|| settings.subject.service.clone()),
            // Whoever says nothing hopes for it.
            expect: options.expect.unwrap_or(Expectation::Success),
            secrets: secrets.collect::<Result<_, _>>()?,
            settings,
        })
    }
}

/// Plays it, and shows what people see of it as it goes. The play is there for those who want to look at
/// it further; they end it.
pub(super) async fn play(
    prepared: Prepared,
    watched: bool,
    mut show: impl FnMut(&str),
) -> (Option<Play>, Rehearsed) {
    let Prepared { name, expect, settings, secrets } = prepared;
    let began = Instant::now();
    let over = |heading, entries, came_to: Result<_, NotPlayed>| Rehearsed {
        name,
        expect,
        heading,
        entries,
        came_to: came_to.map_err(|why| not_played(&why)),
        real: began.elapsed(),
    };
    let about = settings.clone();
    let mut play = match Play::prepare(settings, |aws| world::give(aws, secrets)).await {
        Ok(play) => play,
        Err(why) => return (None, over(String::new(), Vec::new(), Err(why))),
    };
    let heading = show::heading(&about, &play.endpoint_url());
    show(&heading);
    let mut timeline = Timeline::default();
    let progress = Line::new(watched, play.progress());
    let came_to = {
        let told = |entry: &Entry| {
            progress.clear();
            for line in timeline.lines(entry) {
                show(&line);
            }
        };
        tokio::select! {
            came_to = play.run(told) => came_to,
            never = progress.draw() => match never {},
        }
    };
    progress.clear();
    let rehearsed = over(heading, play.entries().to_vec(), came_to);
    (Some(play), rehearsed)
}

fn not_played(why: &NotPlayed) -> Failure {
    let hint = match why {
        NotPlayed::NotReady(not_ready) => not_ready.hint(),
        NotPlayed::NoFunction(_) => Some("try the command by itself: it ends at once"),
        NotPlayed::Contradiction(_) => Some("please report it, with the command and what it wrote"),
        NotPlayed::Machine { .. } => None,
    };
    let failure = Failure::not_carried_out("the rehearsal could not run", why);
    hint.into_iter().fold(failure, Failure::hint)
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
