//! What the images of green's tasks come to: a pure judgement over facts.

use std::collections::{BTreeMap, BTreeSet};

use greenlight::{
    Outcome, SkipCause,
    deployment::{Container, Revision, Task},
};
use serde_json::json;

use super::Images;
use crate::words::{count, listed};

/// How the names of containers begin that AWS adds to a task by itself.
///
/// Service Connect's proxy, and the agent of `GuardDuty`'s Runtime Monitoring on Fargate. Their images are
/// AWS's to change, also from one task to the next.
const MANAGED: [&str; 2] = ["ecs-service-connect-", "aws-guardduty-agent"];

/// What a reader of a pass must know first.
const NOT_PROVEN: &str = "image not proven to be the revision's";

/// Judges what the tasks of green run.
pub(super) fn judge(settings: &Images, green: &[&Task], revision: &Revision) -> Outcome {
    let running: Vec<_> = green.iter().copied().filter(|task| task.is_running()).collect();
    if running.is_empty() {
        return Outcome::pending(format!("no task of green revision {} runs yet", revision.id));
    }
    let digests = digests(&running);
    let measured: BTreeMap<_, BTreeMap<_, _>> = digests
        .iter()
        .map(|(name, by_digest)| {
            (*name, by_digest.iter().map(|(digest, tasks)| (*digest, tasks.len())).collect())
        })
        .collect();
    let resolved: BTreeMap<_, _> =
        revision.images.iter().map(|image| (&*image.container, image.digest.as_deref())).collect();
    decide(settings, &running, &digests, revision)
        .measured("digests", json!(measured))
        .measured("revision", json!(resolved))
}

/// The tasks by digest, by container.
type Digests<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Task>>>;

fn digests<'a>(running: &[&'a Task]) -> Digests<'a> {
    let mut digests = Digests::new();
    for task in running {
        for container in own(task) {
            if let Some(digest) = container.digest.as_deref() {
                digests.entry(&container.name).or_default().entry(digest).or_default().push(task);
            }
        }
    }
    digests
}

/// The containers of a task that its owner has put there.
fn own(task: &Task) -> impl Iterator<Item = &Container> {
    task.containers
        .iter()
        .filter(|container| !MANAGED.iter().any(|prefix| container.name.starts_with(prefix)))
}

fn decide(settings: &Images, running: &[&Task], digests: &Digests<'_>, revision: &Revision) -> Outcome {
    if let Some(outcome) = strangers(settings, running) {
        return outcome;
    }
    if digests.is_empty() {
        let words = format!(
            "no container of the {} of green tells the digest of its image",
            count(running.len(), "running task")
        );
        return Outcome::skip(SkipCause::NotConfigured, words)
            .hint("ECS tells digests where its agent or Fargate platform does, and the registry gave one");
    }
    let known = |digest: &str| settings.digests.iter().any(|known| known == digest);
    let (mixed, alike): (Vec<_>, Vec<_>) = digests.iter().partition(|(_, by_digest)| by_digest.len() > 1);
    // Tasks on ARM and on x86 run two manifests of one image; `digests` lists them.
    let strange = mixed.iter().find(|(name, by_digest)| {
        by_digest.keys().any(|digest| !known(digest) && resolved_digest(revision, name) != Some(*digest))
    });
    if let Some((name, by_digest)) = strange {
        let each = by_digest.iter().map(|(digest, tasks)| {
            format!("{digest} in {}", listed(tasks.iter().map(|task| format!("task {}", task.id())), ", "))
        });
        let observed =
            format!("tasks of green run different images in container `{name}`: {}", listed(each, "; "));
        return Outcome::fail(observed, "one and the same in all of them, or each the revision's own or in `digests`").hint(
            "a tag was moved between two starts: name the image by its digest, or let ECS resolve it (versionConsistency); where tasks run on several platforms, list the manifests of those in `digests`",
        );
    }
    let alike: Vec<_> = alike
        .into_iter()
        .filter_map(|(name, by_digest)| Some((*name, by_digest.keys().next().copied()?)))
        .collect();
    let unlike: Vec<_> = alike
        .iter()
        .filter_map(|(name, digest)| {
            let resolved = resolved_digest(revision, name)?;
            (resolved != *digest).then_some((*name, *digest, resolved))
        })
        .collect();
    if let Some((name, digest, resolved)) =
        unlike.iter().find(|(_, digest, _)| !settings.digests.is_empty() && !known(digest))
    {
        let observed = format!("all tasks of green run {digest} in container `{name}`");
        return Outcome::fail(observed, format!("the revision's {resolved}, or one of `digests`"))
            .hint("another image was pushed under this tag, or `digests` is of another build");
    }
    let without = alike.iter().filter(|(name, _)| resolved_digest(revision, name).is_none()).count();
    let tasks = if running.len() == 1 {
        "the one task of green runs".to_owned()
    } else {
        format!("all {} tasks of green run", running.len())
    };
    let each = listed(alike.iter().map(|(name, digest)| format!("{digest} in container `{name}`")), ", ");
    let open: Vec<_> = unlike.iter().filter(|(_, digest, _)| !known(digest)).collect();
    if !open.is_empty() {
        let resolved =
            listed(open.iter().map(|(name, _, resolved)| format!("{resolved} in container `{name}`")), ", ");
        let observed = format!(
            "{tasks} {each}; the revision was resolved to {resolved}, which may be the index that it belongs to"
        );
        return Outcome::pass(observed).caveat(NOT_PROVEN);
    }
    let mixed = listed(mixed.iter().map(|(name, by_digest)| platforms(name, by_digest)), "; ");
    if alike.is_empty() {
        return Outcome::pass(format!("{tasks} {mixed}"));
    }
    let whose = if without == alike.len() {
        "; no digest is told for the revision to compare with"
    } else if without > 0 {
        "; as far as the revision tells digests, these are its own"
    } else if unlike.is_empty() {
        ", as the revision was resolved"
    } else {
        ", which `digests` allows"
    };
    let mixed = if mixed.is_empty() { mixed } else { format!("; {mixed}") };
    Outcome::pass(format!("{tasks} {each}{whose}{mixed}"))
}

/// The digests of one container that tasks do not share, each of which is allowed.
fn platforms(name: &str, by_digest: &BTreeMap<&str, Vec<&Task>>) -> String {
    let each = by_digest.iter().map(|(digest, tasks)| format!("{digest} in {}", count(tasks.len(), "task")));
    format!("in container `{name}` {} (each the revision's own or in `digests`)", listed(each, " and "))
}

fn resolved_digest<'r>(revision: &'r Revision, container: &str) -> Option<&'r str> {
    revision.images.iter().find(|image| image.container == container)?.digest.as_deref()
}

/// Images of repositories that are not allowed.
fn strangers(settings: &Images, running: &[&Task]) -> Option<Outcome> {
    if settings.repositories.is_empty() {
        return None;
    }
    let images = running.iter().flat_map(|task| own(task));
    let mut strange = BTreeSet::new();
    for container in images {
        let image = container.image.as_deref().unwrap_or_default();
        let of = repository(image);
        if !settings.repositories.iter().any(|pattern| pattern.matches(of)) {
            strange.insert(format!("container `{}` runs `{image}`", container.name));
        }
    }
    if strange.is_empty() {
        return None;
    }
    let allowed = listed(settings.repositories.iter().map(|pattern| format!("`{}`", pattern.as_str())), ", ");
    Some(Outcome::fail(listed(strange, "; "), format!("images of {allowed}")))
}

/// An image's name without tag and digest: a colon after the last slash begins the tag, one before it a port.
fn repository(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[last..].find(':') {
        Some(colon) => &name[..last + colon],
        None => name,
    }
}

#[cfg(test)]
mod tests;
