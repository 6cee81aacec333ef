//! `greenlight explain --follow`: what happens to a deployment, line by line, until it is over.

mod polling;
mod told;

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use greenlight::{Ask, Connection};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::Instant;

use self::polling::{Look, Outcome, look};
use self::told::Told;
use super::deployment::{self, WITHIN};
use super::find::{self, Found, Who};
use super::reader::Reader;
use super::show;
use crate::arguments::ExplainOptions;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;
use crate::world::World;

/// Who is asked to slow down waits no longer than this before the next look.
const LONGEST: Duration = Duration::from_mins(1);
/// AWS may list a deployment a little later than it was asked for: until then, one that is over is not the newest.
const LISTED: Duration = Duration::from_secs(10);
/// Whoever asks for no pause at all would be throttled.
const SHORTEST: Duration = Duration::from_millis(50);

/// Follows the deployment that is meant to its end.
pub(super) async fn run(
    options: &ExplainOptions,
    world: &World,
    connection: Connection,
    service: Option<Service>,
    named: Option<Found>,
) -> Result<ExitCode, Failure> {
    if !options.json {
        output::data(&show::line(world))?;
    }
    let mut watch = Watch {
        ask: Ask::over(connection, WITHIN),
        interval: options.interval.0.max(SHORTEST),
        patience: options.wait.0,
        lately: options.since.0,
        pause: Duration::ZERO,
        heard: Instant::now(),
        seen: HashSet::new(),
        since: None,
        json: options.json,
    };
    let who = match (named, service) {
        (Some(found), _) => found.who,
        (None, Some(service)) => watch.attach(&service).await?,
        (None, None) => {
            return Err(Failure::wrong("`--follow` does not know what to follow")
                .hint("`--service CLUSTER/SERVICE` or `--deployment ARN` says which"));
        }
    };
    let outcome = watch.until_over(&who).await?;
    let reader = Reader::new(watch.ask.anew(WITHIN));
    if outcome == Outcome::Succeeded {
        return Ok(output::exit_code(true));
    }
    // The answer to whoever follows is about the deployment, known reason or not.
    deployment::explain(options, world, reader, Found { who, notes: Vec::new() }).await?;
    Ok(output::exit_code(false))
}

/// Looks again and again.
struct Watch {
    ask: Ask,
    interval: Duration,
    /// How long nothing may be to follow, and how long AWS may be silent.
    patience: Duration,
    /// How long ago a deployment may have ended to be the one that is meant.
    lately: Duration,
    /// Until the next look.
    pause: Duration,
    /// When AWS has answered last.
    heard: Instant,
    /// What was told, and the time of the latest verdict.
    seen: HashSet<String>,
    since: Option<Timestamp>,
    json: bool,
}

impl Watch {
    /// The deployment of the service that is under way, the one that has just ended, or the next one to begin.
    ///
    /// Who deploys and then follows may come when all is over: what ended lately is told with its outcome.
    async fn attach(&mut self, service: &Service) -> Result<Who, Failure> {
        let (began, now) = (Instant::now(), greenlight::clock::now());
        let lately = span(self.lately);
        let has_just_ended = |look: &Look| {
            look.ended.is_some_and(|ended| !lately.is_zero() && now.duration_since(ended) <= lately)
        };
        // The newest one when nobody had waited yet, if there was one.
        let mut before: Option<Option<String>> = None;
        loop {
            let mut reader = self.reader();
            let found = async {
                let Some(who) = find::newest(&mut reader, service).await? else { return Ok(None) };
                let look = look(&mut reader, &who, None).await?;
                Ok(Some((who, look)))
            };
            let newest = match found.await {
                Ok(Some((who, Look { outcome: Outcome::UnderWay, .. }))) => return Ok(who),
                Ok(newest) => {
                    self.is_heard();
                    newest
                }
                Err(failure) => {
                    self.bear(failure)?;
                    None
                }
            };
            let id = newest.as_ref().map(|(who, _)| who.id().to_owned());
            let is_new = id.is_some() && before.get_or_insert_with(|| id.clone()) != &id;
            let (path, waited) = (service.path(), began.elapsed());
            let is_listed = waited >= LISTED.min(self.patience);
            match newest {
                Some((who, look)) if is_new || is_listed && has_just_ended(&look) => {
                    output::note(&format!("no deployment of {path} is under way: this one has just ended"));
                    return Ok(who);
                }
                newest if waited >= self.patience => {
                    let newest =
                        newest.map(|(who, look)| format!("; the newest, {}, is {}", who.id(), look.status));
                    let text = format!("no deployment of {path} is under way{}", newest.unwrap_or_default());
                    return Err(Failure::no(text).hint(
                        "`--wait` says how long to wait for one to begin, `--since` how long ago one may have ended; without \
                         `--follow` the last one that went wrong is explained",
                    ));
                }
                _ => tokio::time::sleep(self.pause.min(self.patience.saturating_sub(waited))).await,
            }
        }
    }

    /// Tells what happens until the deployment is over.
    async fn until_over(&mut self, who: &Who) -> Result<Outcome, Failure> {
        loop {
            let mut reader = self.reader();
            match look(&mut reader, who, self.since).await {
                Ok(look) => {
                    self.is_heard();
                    self.since = look
                        .told
                        .iter()
                        .filter(|told| told.is_verdict())
                        .filter_map(|told| told.at)
                        .max()
                        .or(self.since);
                    self.tell(look.told)?;
                    if look.outcome != Outcome::UnderWay {
                        return Ok(look.outcome);
                    }
                }
                Err(failure) => self.bear(failure)?,
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    fn reader(&self) -> Reader {
        Reader::new(self.ask.anew(WITHIN))
    }

    fn is_heard(&mut self) {
        (self.heard, self.pause) = (Instant::now(), self.interval);
    }

    /// Goes on where AWS is silent or throttles, unless it has been so for long.
    fn bear(&mut self, failure: Failure) -> Result<(), Failure> {
        if !failure.is_silence() || self.heard.elapsed() >= self.patience {
            return Err(failure);
        }
        self.pause = (self.pause * 2).clamp(self.interval, LONGEST.max(self.interval));
        output::note(&format!("{failure}; looking again in {} s", self.pause.as_secs_f64()));
        Ok(())
    }

    /// Writes what was not told yet.
    fn tell(&mut self, all: Vec<Told>) -> Result<(), Failure> {
        for told in all {
            if !self.seen.insert(told.key()) {
                continue;
            }
            if self.json {
                output::data(&json!(told))?;
            } else {
                output::data(&told)?;
            }
        }
        Ok(())
    }
}

/// The same time, for comparing timestamps.
fn span(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
