//! `greenlight doctor`: what is wrong with the wiring of deployments.

mod examined;
mod live;
mod report;
mod sarif;
mod show;
mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use greenlight_preflight::Severity;

use self::examined::Examined;
use crate::{
    arguments::{DoctorOptions, SeverityName},
    document,
    failure::Failure,
    output,
    rehearsal::subject::{File, Problem},
    service::Service,
    wiring,
};

/// What `-` is called.
const STANDARD_INPUT: &str = "standard input";

/// Judges files and services, and shows what rules they break.
pub(crate) async fn run(mut options: DoctorOptions) -> Result<ExitCode, Failure> {
    name_service(&mut options)?;
    let texts = options.files.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    let files: Vec<File<'_>> = texts.iter().map(|(name, text)| File { name, text }).collect();
    let parameters: BTreeMap<String, String> = options.parameter.iter().cloned().collect();
    let mut wirings = wiring::read(&files, &parameters).map_err(|problems| refused(&problems))?;
    let rules = examined::rules(&options.ignore)?;
    let mut world = None;
    if live::is_asked(&options.account) {
        let account = live::Account::new(&options.account).await?;
        wirings = account.look(&options.account, wirings, &rules).await?;
        world = Some(account.line);
    }
    wirings.notes.iter().for_each(|note| output::note(note));
    let examined = Examined::new(&wirings, &rules);
    if options.json {
        output::json(&report::report(&examined))?;
    } else if options.sarif {
        output::json(&sarif::report(&examined))?;
    } else {
        if let Some(world) = world {
            output::data(&format!("world    {world}"))?;
        }
        if options.account.all_services {
            output::data(&table::table(&examined))?;
        }
        if !options.account.all_services || options.verbose {
            output::data(&show::text(&examined, options.verbose))?;
        }
    }
    if !examined.unread().is_empty() {
        return Err(unread(&examined));
    }
    Ok(output::exit_code(examined.worst() < Some(severity(options.fail_on))))
}

/// Names the cluster and the service each by itself, however they were given.
fn name_service(options: &mut DoctorOptions) -> Result<(), Failure> {
    let is_file = !options.files.is_empty();
    let account = &mut options.account;
    let Some(text) = &account.service else {
        return match &account.cluster {
            Some(cluster) if !is_file && !account.all_services && account.application.is_none() => {
                Err(Failure::wrong(format!("`--cluster {cluster}` does not say which service"))
                    .hint("add `--service SERVICE`, or `--all-services` for a table of all"))
            }
            _ => Ok(()),
        };
    };
    let service = Service::named(account.cluster.as_deref(), text)?;
    // An ARN says more than names do: the region.
    if !text.starts_with("arn:") {
        account.service = Some(service.name);
    }
    account.cluster.get_or_insert(service.cluster);
    Ok(())
}

fn severity(name: SeverityName) -> Severity {
    match name {
        SeverityName::Error => Severity::Error,
        SeverityName::Warning => Severity::Warning,
        SeverityName::Info => Severity::Info,
    }
}

fn text(path: &Path) -> Result<(String, String), Failure> {
    let bytes = document::read(path, "file")?;
    let name = if path == Path::new("-") { STANDARD_INPUT.to_owned() } else { path.display().to_string() };
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(Failure::wrong(format!("the file `{name}` is not UTF-8: {error}"))),
    }
}

/// What could not be looked at, in one failure: the rest was shown.
fn unread(examined: &Examined<'_>) -> Failure {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (service, why) in examined.unread() {
        by_reason.entry(why).or_default().push(service);
    }
    let reasons =
        by_reason.iter().map(|(why, services)| format!("{} could not be read: {why}", services.join(", ")));
    Failure::unanswered(reasons.collect::<Vec<_>>().join("; "))
}

/// All that is wrong with files, in one failure.
fn refused(problems: &[Problem]) -> Failure {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let failure = Failure::wrong(words.join("; "));
    match problems.iter().find_map(|problem| problem.fix.clone()) {
        Some(fix) => failure.hint(fix),
        None => failure,
    }
}

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
