//! A rehearsal for people: the timeline line by line, and the summary.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::rehearsal::controller::{Happening, HookKind, Status, Verdict};
use crate::rehearsal::play::{Around, Entry, Invoked, Played, Settings, What, Whose};
use crate::rehearsal::subject::functions;

/// So many of the last lines of a function's log are shown where it failed, and where somebody else's stopped.
const LOG_LINES: usize = 5;

/// What is rehearsed, before it begins.
pub(super) fn heading(settings: &Settings, endpoint_url: &str) -> String {
    let subject = &settings.subject;
    let tasks = match subject.desired_count {
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    };
    let mut lines = vec![
        format!("rehearsal  {} in {}, {tasks} ({})", subject.service, subject.cluster, subject.source),
        match &settings.blue {
            Some(blue) => format!("blue       {blue}"),
            None => "blue       none: the service is being created".to_owned(),
        },
        format!("green      {}", settings.green),
        format!("clock      {}x: {}", settings.speed, scale(settings.speed)),
        format!("AWS        {endpoint_url} (local: no account is asked)"),
    ];
    lines.extend(subject.notes.iter().map(|note| format!("note       {note}")));
    lines.push(String::new());
    lines.join("\n")
}

fn scale(speed: f64) -> String {
    let real = Duration::from_mins(1).div_f64(speed);
    if real >= Duration::from_secs(1) {
        format!("a minute takes {} s", (real.as_secs_f64() * 10.0).round() / 10.0)
    } else {
        format!("a minute takes {} ms", real.as_millis())
    }
}

/// The lines of a timeline as it grows.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// What each execution asks.
    executions: BTreeMap<usize, String>,
    /// What each took so far, in real milliseconds, over how many invocations.
    took: BTreeMap<usize, (u64, usize)>,
    /// Why each waited last.
    waited: BTreeMap<usize, String>,
    /// What the last invocation of each wrote, where it is a function of somebody else's.
    logged: BTreeMap<usize, Vec<String>>,
}

impl Timeline {
    /// The lines of an entry; nothing where it says nothing that people need.
    pub(super) fn lines(&mut self, entry: &Entry) -> Vec<String> {
        let lines = match &entry.what {
            What::Deployment(happening) => self.of_deployment(happening),
            What::Around(around) => self.of_around(around),
        };
        let time = minutes(entry.at);
        lines.into_iter().map(|line| format!("{time:>7}  {line}")).collect()
    }

    fn of_deployment(&mut self, happening: &Happening) -> Vec<String> {
        let one = |text: String| vec![text];
        match happening {
            Happening::Started { strategy, deployment, create } => {
                let create = if *create { ", a create" } else { "" };
                one(format!("{strategy}{create}: {deployment}"))
            }
            Happening::Stage { stage, step, rollback } => {
                let step = step.map(|step| format!(" {step} %")).unwrap_or_default();
                one(format!("{stage}{step}{}", if *rollback { " (rollback)" } else { "" }))
            }
            Happening::Skipped { stage, reason } => one(format!("{stage} is skipped: {reason}")),
            Happening::Shifted { traffic, blue, green } => {
                one(format!("  {traffic} traffic: blue {blue} %, green {green} %"))
            }
            Happening::Waiting { reason, seconds } => {
                one(format!("  waits {} for {reason}", in_words(Duration::from_secs_f64(*seconds))))
            }
            Happening::HookStarted { execution, function, kind, .. } => {
                let name = match (function, kind) {
                    (Some(function), _) => functions::name(function).to_owned(),
                    (None, HookKind::Pause | HookKind::Lambda | HookKind::Codedeploy) => "PAUSE".to_owned(),
                };
                self.executions.insert(*execution, name.clone());
                // The verdict follows in a moment, but for one that somebody has to give.
                if *kind == HookKind::Pause {
                    one(format!("  {name} waits for an answer"))
                } else {
                    Vec::new()
                }
            }
            Happening::HookWaits { execution, reason, delay } => {
                let reason = reason.clone().unwrap_or_else(|| "it gave no reason".to_owned());
                let before = self.waited.insert(*execution, reason.clone());
                let reason =
                    if before.as_ref() == Some(&reason) { "for the same reason".to_owned() } else { reason };
                one(format!("  {}  WAIT {delay} s  {reason}", self.name(*execution)))
            }
            Happening::HookEnded { execution, verdict, reason, message } => {
                let word = word(*verdict);
                let reason = reason.as_ref().or(message.as_ref());
                let reason = reason.map(|reason| format!("  {reason}")).unwrap_or_default();
                let took = match self.took.get(execution) {
                    Some((millis, 1)) => format!(" ({millis} ms)"),
                    Some((millis, times)) => format!(" ({millis} ms in {times} invocations)"),
                    None => String::new(),
                };
                let logged = self.logged.remove(execution).unwrap_or_default();
                let has_stopped = matches!(verdict, Verdict::Stop | Verdict::TimedOut);
                let logged = if has_stopped { logged } else { Vec::new() };
                std::iter::once(format!("  {}  {word}{reason}{took}", self.name(*execution)))
                    .chain(logged)
                    .collect()
            }
            Happening::AlarmFired { name } => one(format!("  alarm {name} is in ALARM")),
            Happening::Failed { reason, code } => {
                let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
                one(format!("FAILED  {code}{reason}"))
            }
            Happening::RollingBack { deployment } => match deployment {
                Some(deployment) => one(format!("rolled back by {deployment}")),
                None => one("ROLLBACK_IN_PROGRESS".to_owned()),
            },
            // The summary says it.
            Happening::Ended { .. } => Vec::new(),
            Happening::Remark { text } => one(format!("  note: {text}")),
        }
    }

    fn of_around(&mut self, around: &Around) -> Vec<String> {
        match around {
            Around::Running { colour, tasks, .. } => {
                let run = if *tasks == 1 { "task runs and is" } else { "tasks run and are" };
                vec![format!("  {}: {tasks} {run} healthy", colour.as_str())]
            }
            Around::TaskEnded { colour, task, reason } => {
                vec![format!("  {} task {task} ended: {reason}", colour.as_str())]
            }
            Around::NeverReady { reason, last_lines } => {
                let lines = last_lines.iter().map(|line| format!("    {line}"));
                std::iter::once(format!("  {reason}")).chain(lines).collect()
            }
            Around::Invoked(invoked) => self.of_invocation(invoked),
            Around::Note { text } => vec![format!("  note: {text}")],
        }
    }

    fn of_invocation(&mut self, invoked: &Invoked) -> Vec<String> {
        if invoked.twice {
            return vec![format!(
                "  {}  was called a second time with the same event",
                functions::name(&invoked.function)
            )];
        }
        let took = self.took.entry(invoked.execution).or_default();
        *took = (took.0 + invoked.duration_ms, took.1 + 1);
        let name = self.name(invoked.execution).to_owned();
        let log = last_lines(&name, &invoked.log);
        let Some(failure) = &invoked.failure else {
            // Evidence says why; of somebody else's function the log may.
            if invoked.whose == Whose::Others && invoked.evidence.is_none() {
                self.logged.insert(invoked.execution, log);
            }
            // ECS tells of a wait by itself. Of one that the function hands over to itself nobody does.
            let answer = invoked.answer.as_ref().filter(|answer| answer["hookStatus"] == "IN_PROGRESS");
            let waits = answer.filter(|_| invoked.asynchronous);
            let reason = |answer: &serde_json::Value| answer["reason"].as_str().map(ToOwned::to_owned);
            return waits
                .and_then(reason)
                .map(|reason| format!("  {name}  WAIT  {reason}"))
                .into_iter()
                .collect();
        };
        self.logged.remove(&invoked.execution);
        std::iter::once(format!("  {name}  no answer: {failure}")).chain(log).collect()
    }

    fn name(&self, execution: usize) -> &str {
        self.executions.get(&execution).map_or("PAUSE", String::as_str)
    }
}

/// The last lines of a function's log.
fn last_lines(name: &str, log: &[String]) -> Vec<String> {
    let skipped = log.len().saturating_sub(LOG_LINES);
    log.iter().skip(skipped).map(|line| format!("  {name}  | {line}")).collect()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proceed => "PROCEED",
        Verdict::Stop => "STOP",
        Verdict::TimedOut => "TIMED OUT",
        Verdict::TimedOutAndContinued => "TIMED OUT, and its timeout action is CONTINUE",
        Verdict::Cancelled => "CANCELLED: another one has decided",
    }
}

/// What came of it all.
pub(super) fn summary(played: &Played) -> String {
    let mut lines = vec![String::new(), outcome(played)];
    lines.extend(played.reason.iter().map(|reason| format!("reason   {reason}")));
    if !played.status.is_success() {
        lines.extend(played.decided_by.iter().map(|decided_by| format!("because  {decided_by}")));
    }
    let users = played.users.to_string();
    // It says `users` itself.
    let users = users.strip_prefix("users ").unwrap_or(&users);
    lines.push(format!("users    {}", users.replace('\n', "\n       ")));
    if let Some(verdict) = gate(played) {
        lines.push(format!("so       {verdict}"));
    }
    lines.extend(played.notes.iter().map(|note| format!("note     {note}")));
    lines.push(format!(
        "took     {:.1} s here; about {} on AWS",
        played.real_seconds,
        in_words(Duration::from_secs_f64(played.simulated_seconds))
    ));
    lines.join("\n")
}

/// The status, in ECS's words for both controllers, and in CodeDeploy's where it is the one.
fn outcome(played: &Played) -> String {
    let status = played.status.ecs();
    match (&played.codedeploy, played.status) {
        (None, _) => status.to_owned(),
        (Some(of), Status::RollbackSuccessful) => {
            format!("{status} (CodeDeploy: {} is Failed, {} has Succeeded)", of.deployment, of.rollback)
        }
        (Some(of), other) => format!("{status} (CodeDeploy: {} is {})", of.deployment, other.codedeploy()),
    }
}

/// What the gate was good for, in a sentence: would users have noticed?
fn gate(played: &Played) -> Option<String> {
    let errors = |verb: &str| match played.errors_of_green() {
        0 if played.users.total.requests == 0 => "no users were there".to_owned(),
        0 if played.users.find_nothing() => {
            "users asked for what is not there (404), which says nothing of green".to_owned()
        }
        0 if played.is_unseen() => "no user asked green anything".to_owned(),
        0 => "no user saw an error of green".to_owned(),
        1 => format!("users saw 1 error of green {verb}"),
        errors => format!("users saw {errors} errors of green {verb}"),
    };
    let so = match played.status {
        Status::Successful => format!("green serves; {}", errors("on the way")),
        Status::RollbackSuccessful if !played.green_served => {
            format!(
                "blue serves, green was stopped before it had production traffic; {}",
                errors("nevertheless")
            )
        }
        Status::RollbackSuccessful => format!("blue serves again; {}", errors("before")),
        Status::RollbackFailed | Status::Failed | Status::Stopped => {
            format!("the service is left as it is; {}", errors("so far"))
        }
        Status::InProgress | Status::RollbackInProgress => return None,
    };
    let others = played.users.total.errors + played.users.total.rejected;
    let others = others.saturating_sub(played.errors_of_green());
    Some(if others == 0 {
        so
    } else {
        format!("{so}; {others} requests failed or were rejected by no fault of green's")
    })
}

/// `1:05`, or `1:02:05` where there are hours.
pub(super) fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `40 s`, `5 min`, `5 min 20 s`, `2 h`, `1 h 30 min`.
pub(super) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    // Seconds are of no interest beside hours.
    let most = if seconds >= 3600 { 2 } else { 3 };
    let words: Vec<_> = parts
        .iter()
        .take(most)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        for (seconds, clock, words) in [
            (0, "0:00", "0 s"),
            (59, "0:59", "59 s"),
            (65, "1:05", "1 min 5 s"),
            (300, "5:00", "5 min"),
            (3600, "1:00:00", "1 h"),
            (5403, "1:30:03", "1 h 30 min"),
        ] {
            let time = Duration::from_secs(seconds);
            assert_eq!((minutes(time).as_str(), in_words(time).as_str()), (clock, words));
        }
    }
}
