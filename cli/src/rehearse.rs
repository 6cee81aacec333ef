//! `rehearse`: a whole deployment, played here, or a file of them.

mod cases;
mod expectation;
mod github;
mod given;
mod junit;
mod options;
mod plans;
mod playing;
mod preparation;
mod rehearsed;
mod show;
mod taking_part;

use std::env;
use std::process::ExitCode;
use std::slice;

pub(crate) use self::given::Given;
pub(crate) use self::options::RehearseOptions;

use self::playing::Prepared;
use self::preparation::Text;
use self::rehearsed::{Held, Rehearsed};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::output;
use crate::rehearsal::fault;
use crate::rehearsal::play::Play;
use crate::until_told_to_end;

/// Rehearses what the options say.
pub(crate) async fn run(given: Given<RehearseOptions>) -> Result<ExitCode, Failure> {
    let options = &given.options;
    if options.list_faults {
        output::data(&fault::text().trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    // Standard input can be read only once, so whoever needs the file is handed what is in it.
    let file = options.file.as_deref().map(|path| preparation::text(path, "file")).transpose()?;
    match file.as_ref().and_then(cases::document) {
        Some(document) => Box::pin(until_told_to_end(cases::run(&document, &given))).await,
        None => one(options, file.as_ref()).await,
    }
}

/// Rehearses one deployment.
async fn one(options: &RehearseOptions, file: Option<&Text>) -> Result<ExitCode, Failure> {
    let prepared = Prepared::new(None, options, file)?;
    let source = prepared.settings.subject.source.clone();
    let mut ending = Ending::new();
    let mut failed = None;
    let played = playing::play(prepared, !options.json, |text| {
        // Whoever does not read any more does not stop a rehearsal.
        if options.json {
            // The document comes last; who has to answer a PAUSE hook cannot wait for it.
            if text.contains("answer with: ") {
                output::note(&text.trim());
            }
        } else if failed.is_none() {
            failed = output::data(&text).err();
        }
    });
    let (play, rehearsed) = Box::pin(ending.until(async { Ok(played.await) })).await?;
    if let Some(failure) = failed {
        return Err(failure);
    }
    if let Ok(played) = &rehearsed.came_to {
        if options.json {
            output::json(&rehearsed.document())?;
        } else {
            output::data(&show::summary(played))?;
        }
    }
    let reported = report(options, &source, slice::from_ref(&rehearsed));
    if let Some(play) =
        play.as_ref().filter(|_| options.keep && rehearsed.came_to.is_ok() && reported.is_ok())
    {
        output::note(&kept(play));
        // Who stops looking does not change what was seen.
        ending.told().await;
    }
    if let Some(play) = play {
        play.end().await;
    }
    match rehearsed.held() {
        Held::NotPlayed(_) => {
            // Why there is nothing to report matters more.
            if let Err(failure) = &reported {
                output::error(failure);
            }
        }
        Held::No(_, why) => {
            reported?;
            if options.expect.is_some() {
                output::note(&why);
            }
        }
        Held::Yes(_) => reported?,
    }
    let holds = rehearsed.holds();
    rehearsed.came_to.map(|_| output::exit_code(holds))
}

/// Reports to those who are no people: the file of `--junit`, and GitHub.
fn report(options: &RehearseOptions, source: &str, rehearsals: &[Rehearsed]) -> Result<(), Failure> {
    github::Runner::of(|name| env::var_os(name)).tell(source, rehearsals, options.json)?;
    match &options.junit {
        Some(path) => junit::write(path, source, rehearsals),
        None => Ok(()),
    }
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
