//! A deployment's story on one screen, or in one document.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::arn;
use super::story::{Evidence, Group, Story};
use crate::text::wrapped;
use crate::world::World;

/// So many of each kind are shown: the whole is for one screen.
const MOST: usize = 4;
/// The width of what begins a line.
const INDENT: &str = "         ";

/// For people: the reason first.
pub(super) fn text(world: &World, story: &Story) -> String {
    format!("{}\n{}", line(world), body(story))
}

/// The first line of output: which world was looked at.
pub(super) fn line(world: &World) -> String {
    let words = match world {
        World::Endpoint(url) | World::Local(url) => format!("{url}: read only"),
        World::Account => "your AWS account: read only".to_owned(),
    };
    format!("world    {words}")
}

/// What follows upon the world.
pub(super) fn body(story: &Story) -> String {
    let mut lines = Vec::new();
    let mut line =
        |name: &str, words: &str| lines.push(format!("{name:<8} {}", wrapped(&cut(words), INDENT)));
    let unknown = "not known: AWS's words tell nothing that is known here, and no hook has told anything";
    line("reason", story.reason.as_deref().unwrap_or(unknown));
    for note in &story.notes {
        line("note", note);
    }
    if let Some(said) = story.said.as_ref().filter(|said| story.reason.as_ref() != Some(said)) {
        line("said", said);
    }
    line("what", &what(story));
    if let Some(stage) = &story.stage {
        line("stage", stage);
    }
    if let Some(function) = &story.function {
        line("hook", function);
        line("log", &arn::log_group(function));
    }
    // A wait that was told before is not what people look for at night.
    for told in shown_evidence(story) {
        line(&format!("  {}", clock(told.at)), &evidence(told));
    }
    for said in story.log.iter().rev().take(MOST) {
        line("  lambda", said);
    }
    line(
        "tasks",
        &groups(
            story.tasks.as_deref(),
            "of green stopped",
            "no stopped task of green is known: ECS forgets them after about an hour",
        ),
    );
    if let Some(group) = &story.target_group {
        let name = arn::target_group_name(group);
        line(
            "targets",
            &format!("{name}: {}", groups(story.targets.as_deref(), "", "none is registered any more")),
        );
    }
    for event in story.events.iter().take(MOST) {
        let rule = event.rule.map(|id| format!(" ({id})")).unwrap_or_default();
        line("event", &format!("{}  {}{rule}", clock(event.at), event.message));
    }
    if let Some(rule) = story.rule.rule() {
        line("rule", &format!("{} ({}): {}", rule.id, rule.severity, rule.title));
        // What tells where to find the hook's reason is of no use beside that reason.
        if !(rule.id == "HOOK-RETURNED-FAILED" && shown_evidence(story).next().is_some()) {
            line("  why", rule.why);
            line("  fix", rule.fix);
        }
        if !rule.not_proven.is_empty() {
            line("  but", &format!("what it does not prove: {}", rule.not_proven));
        }
    }
    for unread in &story.unread {
        line("unread", &format!("could not read: {}, because {}", unread.what, unread.why));
    }
    let mut text = lines.join("\n");
    for link in &story.links {
        // A link that is broken in two is none.
        let _ = write!(text, "\nsee      {}", link.url);
    }
    text
}

/// A text that leaves room for the others; `--json` has all of it.
fn cut(text: &str) -> String {
    const LONGEST: usize = 400;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The deployment, what became of it and when.
fn what(story: &Story) -> String {
    let mut text = format!("{}, {}", story.deployment, story.status);
    if let Some(began) = story.times.began {
        let _ = write!(text, ", {} UTC", began.strftime("%Y-%m-%d %H:%M:%S"));
    }
    if let Some(ended) = story.times.ended {
        let is_that_day = story
            .times
            .began
            .is_some_and(|began| began.strftime("%F").to_string() == ended.strftime("%F").to_string());
        let ended = if is_that_day { clock(ended) } else { ended.strftime("%Y-%m-%d %H:%M:%S").to_string() };
        let _ = write!(text, " to {ended}");
    }
    text
}

pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// Every verdict, and the latest wait of those who have none.
fn shown_evidence(story: &Story) -> impl Iterator<Item = &Evidence> {
    let is_shown = |(place, told): &(usize, &Evidence)| told.verdict != "wait" || *place == 0;
    story.evidence.iter().enumerate().filter(is_shown).map(|(_, told)| told).take(MOST)
}

fn evidence(told: &Evidence) -> String {
    let mut text = format!("{} {}", told.function, told.verdict);
    match (&told.check, &told.observed) {
        (Some(check), Some(observed)) => {
            let _ = write!(text, ": check `{check}`: observed {observed}");
            if let Some(expected) = &told.expected {
                let _ = write!(text, "; expected {expected}");
            }
            if let Some(hint) = &told.hint {
                let _ = write!(text, "; hint: {hint}");
            }
        }
        _ => {
            let _ = write!(text, ": {}", told.reason);
        }
    }
    text
}

fn groups(groups: Option<&[Group]>, suffix: &str, none: &str) -> String {
    let Some(groups) = groups else { return "could not be read".to_owned() };
    if groups.is_empty() {
        return none.to_owned();
    }
    let suffix = if suffix.is_empty() { String::new() } else { format!(" {suffix}") };
    let one = |group: &Group| format!("{}{suffix}: {}", group.count, group.what);
    groups.iter().take(MOST).map(one).collect::<Vec<_>>().join("; ")
}

/// For programs.
pub(super) fn json(world: &World, story: &Story) -> Value {
    let groups = |groups: Option<&[Group]>| match groups {
        None => Value::Null,
        Some(groups) => {
            groups.iter().map(|group| json!({ "count": group.count, "what": group.what })).collect()
        }
    };
    let evidence = |told: &Evidence| {
        json!({
            "at": told.at.to_string(),
            "function": told.function,
            "stage": told.stage,
            "verdict": told.verdict,
            "reason": told.reason,
            "check": told.check,
            "observed": told.observed,
            "expected": told.expected,
            "hint": told.hint,
        })
    };
    let rule = story.rule.json();
    json!({
        "world": world.word(),
        "id": rule["id"],
        "reason": story.reason,
        "said": story.said,
        "deployment": story.deployment,
        "service": story.service,
        "status": story.status,
        "began": story.times.began.map(|at| at.to_string()),
        "ended": story.times.ended.map(|at| at.to_string()),
        "notes": story.notes,
        "stage": story.stage,
        "hook": story.function.as_ref().map(|function| json!({ "function": function, "log_group": arn::log_group(function) })),
        "evidence": story.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "log": story.log,
        "tasks": groups(story.tasks.as_deref()),
        "target_group": story.target_group,
        "targets": groups(story.targets.as_deref()),
        "events": story.events.iter().map(|event| json!({
            "at": event.at.to_string(), "message": event.message, "rule": event.rule,
        })).collect::<Vec<_>>(),
        "rule": rule,
        "unread": story.unread.iter().map(|unread| json!({ "what": unread.what, "why": unread.why })).collect::<Vec<_>>(),
        "links": story.links.iter().map(|link| json!({ "name": link.name, "url": link.url })).collect::<Vec<_>>(),
    })
}
