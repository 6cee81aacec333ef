use greenlight::{Kind, deployment::Image};

use super::*;
use crate::testing::{digest, revision, task};

/// Two tasks of green that run what their revision was resolved to.
struct World {
    green: Vec<Task>,
    revision: Revision,
    settings: Images,
}

impl World {
    fn but(change: impl FnOnce(&mut Self)) -> Self {
        let mut world =
            Self { green: vec![task(1), task(2)], revision: revision("222"), settings: Images::default() };
        change(&mut world);
        world
    }

    fn run(&mut self, letters: &str) {
        for (task, letter) in self.green.iter_mut().zip(letters.chars()) {
            task.containers[0].digest = Some(digest(letter));
        }
    }

    fn judge(&self) -> Outcome {
        judge(&self.settings, &self.green.iter().collect::<Vec<_>>(), &self.revision)
    }
}

fn settings(repositories: &[&str], digests: &[String]) -> Images {
    serde_json::from_value(json!({ "repositories": repositories, "digests": digests })).unwrap()
}

fn sidecar(task: &mut Task, name: &str, letter: char) {
    let container = Container {
        name: name.to_owned(),
        image: Some("public.ecr.aws/aws/sidecar:1".to_owned()),
        digest: Some(digest(letter)),
        ..Container::default()
    };
    task.containers.push(container);
}

/// A name, a world, and what it comes to.
type Row = (&'static str, World, Kind, String);

#[track_caller]
fn hold(table: Vec<Row>) {
    for (name, world, kind, words) in table {
        let outcome = world.judge();
        assert_eq!((outcome.kind, outcome.words()), (kind, words), "{name}");
        let unproven = name == "all alike, unlike the revision";
        assert_eq!(outcome.caveat.as_deref(), unproven.then_some(NOT_PROVEN), "{name}");
    }
}

#[test]
fn the_table_of_outcomes() {
    let (a, b, c) = (digest('a'), digest('b'), digest('c'));
    let table: Vec<Row> = vec![
        (
            "all alike, as resolved",
            World::but(|_| {}),
            Kind::Pass,
            format!("all 2 tasks of green run {a} in container `app`, as the revision was resolved"),
        ),
        (
            "one task",
            World::but(|world| drop(world.green.pop())),
            Kind::Pass,
            format!("the one task of green runs {a} in container `app`, as the revision was resolved"),
        ),
        (
            "all alike, unlike the revision",
            World::but(|world| world.run("bb")),
            Kind::Pass,
            format!("all 2 tasks of green run {b} in container `app`; the revision was resolved to {a} in container `app`, which may be the index that it belongs to"),
        ),
        (
            "all alike, unlike the revision, and known to belong to it",
            World::but(|world| {
                world.run("bb");
                world.settings = settings(&[], &[digest('b')]);
            }),
            Kind::Pass,
            format!("all 2 tasks of green run {b} in container `app`, which `digests` allows"),
        ),
        (
            "all alike, unlike the revision, and known not to belong to it",
            World::but(|world| {
                world.run("cc");
                world.settings = settings(&[], &[digest('b')]);
            }),
            Kind::Fail,
            format!("all tasks of green run {c} in container `app`; expected the revision's {a}, or one of `digests` (another image was pushed under this tag, or `digests` is of another build)"),
        ),
        (
            "the revision tells no digest",
            World::but(|world| world.revision.images.clear()),
            Kind::Pass,
            format!("all 2 tasks of green run {a} in container `app`; no digest is told for the revision to compare with"),
        ),
        (
            "the revision tells the digest of one container",
            World::but(|world| {
                world.green.iter_mut().for_each(|task| sidecar(task, "logs", 'b'));
                world.revision.images.push(Image { container: "logs".to_owned(), image: String::new(), digest: None });
            }),
            Kind::Pass,
            format!("all 2 tasks of green run {a} in container `app`, {b} in container `logs`; as far as the revision tells digests, these are its own"),
        ),
        (
            "managed sidecars differ",
            World::but(|world| {
                for (task, letter) in world.green.iter_mut().zip(['b', 'c']) {
                    sidecar(task, "ecs-service-connect-Xy1", letter);
                    sidecar(task, "aws-guardduty-agent-Xy1", letter);
                }
            }),
            Kind::Pass,
            format!("all 2 tasks of green run {a} in container `app`, as the revision was resolved"),
        ),
        (
            "no digests",
            World::but(|world| world.green.iter_mut().for_each(|task| task.containers[0].digest = None)),
            Kind::Skip(SkipCause::NotConfigured),
            "no container of the 2 running tasks of green tells the digest of its image (ECS tells digests where its agent or Fargate platform does, and the registry gave one)".to_owned(),
        ),
        (
            "one that starts has another",
            World::but(|world| {
                world.run("ab");
                world.green[1].last_status = "PENDING".to_owned();
            }),
            Kind::Pass,
            format!("the one task of green runs {a} in container `app`, as the revision was resolved"),
        ),
        (
            "none runs",
            World::but(|world| world.green.clear()),
            Kind::Pending,
            "no task of green revision 222 runs yet".to_owned(),
        ),
        (
            "of an allowed repository",
            World::but(|world| world.settings = settings(&["docker.io/*", "registry.example.com/*"], &[])),
            Kind::Pass,
            format!("all 2 tasks of green run {a} in container `app`, as the revision was resolved"),
        ),
        (
            "of another repository",
            World::but(|world| world.settings = settings(&["registry.example.com/orders-*", "docker.io/*"], &[])),
            Kind::Fail,
            "container `app` runs `registry.example.com/orders:2`; expected images of `registry.example.com/orders-*`, `docker.io/*`".to_owned(),
        ),
    ];
    hold(table);
}

/// Two platforms of one image, or two images.
#[test]
fn tasks_that_differ() {
    let (a, b, c) = (digest('a'), digest('b'), digest('c'));
    hold(vec![
        (
            "two different ones",
            World::but(|world| world.run("ab")),
            Kind::Fail,
            format!(
                "tasks of green run different images in container `app`: {a} in task g1; {b} in task g2; expected one and the same in all of them, or each the revision's own or in `digests` (a tag was moved between two starts: name the image by its digest, or let ECS resolve it (versionConsistency); where tasks run on several platforms, list the manifests of those in `digests`)"
            ),
        ),
        (
            "two platforms",
            World::but(|world| {
                world.run("bc");
                world.settings = settings(&[], &[digest('b'), digest('c')]);
            }),
            Kind::Pass,
            format!(
                "all 2 tasks of green run in container `app` {b} in 1 task and {c} in 1 task (each the revision's own or in `digests`)"
            ),
        ),
        (
            "two platforms, one of them told as the revision's, and a sidecar",
            World::but(|world| {
                world.run("ab");
                world.green.iter_mut().for_each(|task| sidecar(task, "logs", 'c'));
                world.settings = settings(&[], &[digest('b')]);
            }),
            Kind::Pass,
            format!(
                "all 2 tasks of green run {c} in container `logs`; no digest is told for the revision to compare with; in container `app` {a} in 1 task and {b} in 1 task (each the revision's own or in `digests`)"
            ),
        ),
        (
            "two different ones, of which one is in `digests`",
            World::but(|world| {
                world.run("bc");
                world.settings = settings(&[], &[digest('b')]);
            }),
            Kind::Fail,
            format!(
                "tasks of green run different images in container `app`: {b} in task g1; {c} in task g2; expected one and the same in all of them, or each the revision's own or in `digests` (a tag was moved between two starts: name the image by its digest, or let ECS resolve it (versionConsistency); where tasks run on several platforms, list the manifests of those in `digests`)"
            ),
        ),
    ]);
}

#[test]
fn what_was_seen_is_measured() {
    let measured = World::but(|world| world.run("ab")).judge().measured;
    assert_eq!(
        serde_json::Value::Object(measured),
        json!({
            "digests": { "app": { digest('a'): 1, digest('b'): 1 } },
            "revision": { "app": digest('a') },
        })
    );
}

#[test]
fn repositories_are_named_without_tag_and_digest() {
    for (image, name) in [
        ("orders", "orders"),
        ("orders:2", "orders"),
        ("registry.example.com:5000/orders", "registry.example.com:5000/orders"),
        ("registry.example.com:5000/team/orders:2", "registry.example.com:5000/team/orders"),
        ("registry.example.com/orders@sha256:ab", "registry.example.com/orders"),
        ("registry.example.com/orders:2@sha256:ab", "registry.example.com/orders"),
        ("", ""),
    ] {
        assert_eq!(repository(image), name, "{image}");
    }
}
