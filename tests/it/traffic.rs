//! The checks `grpc` and `tcp`, HTTP/2, and `"via": "tasks"`: from the event to green and back.
//!
//! Every row goes through the real hook process, the local AWS endpoint, a real load balancer, and servers on
//! real sockets in the place of green's tasks.

mod grpc;
mod http;
mod sequences;
mod servers;
mod tcp;

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Front};
use serde_json::json;

use self::servers::{Servers, Serves};
use crate::scene::{Deployment as _, Scene, Seen, local};
use crate::table::{Outcome, Table};
use crate::verdict::Verdict;

type Ecs = Scene<BlueGreen>;

/// What must come of a row.
#[derive(Clone, Copy)]
struct Expected(Verdict, &'static str, &'static [&'static str]);

/// Adds a row in which green's tasks are these servers, one each, behind this front.
fn row(
    table: &mut Table,
    name: &'static str,
    tasks: &'static [Serves],
    front: Front,
    arrange: impl FnOnce(&mut Ecs) + Send + 'static,
    expected: Expected,
) {
    more(table, name, tasks, front, arrange, expected, |_| Ok(()));
}

/// A row with something more that must be true.
fn more(
    table: &mut Table,
    name: &'static str,
    tasks: &'static [Serves],
    front: Front,
    arrange: impl FnOnce(&mut Ecs) + Send + 'static,
    expected: Expected,
    more: impl FnOnce(&Seen) -> Outcome + Send + 'static,
) {
    table.add(name, async move {
        let mut scene = Ecs::with_tasks(1, u8::try_from(tasks.len()).unwrap()).await;
        let servers = Servers::start(&scene.green.addresses, tasks).await;
        scene.deployment = BlueGreen::between(scene.blue.addresses.clone(), servers.addresses.clone());
        scene.deployment.front = Some(local(front));
        arrange(&mut scene);
        let seen = scene.play().await;
        let Expected(verdict, outcome, words) = expected;
        seen.found(verdict, outcome, words)?;
        more(&seen)
    });
}

/// Green is reached at its tasks alone at this stage.
fn at_post_scale_up(scene: &mut Ecs) {
    "POST_SCALE_UP".clone_into(&mut scene.deployment.stage);
}

/// No task of green runs yet.
fn starting(scene: &mut Ecs) {
    scene.alter(|world, deployment| {
        let green = deployment.green.started_by();
        let tasks = world.ecs.tasks.iter_mut();
        tasks
            .filter(|task| task.started_by.as_ref() == Some(&green))
            .for_each(|task| "PENDING".clone_into(&mut task.last_status));
    });
}

/// Green's target group is spoken to in this version of HTTP.
fn protocol_version(scene: &mut Ecs, version: &'static str) {
    scene.alter(move |world, _| {
        for group in &mut world.elb.target_groups {
            group.protocol_version = Some(version.to_owned());
        }
    });
}

/// A hook before there is anything to look at.
fn too_soon(table: &mut Table, check: &'static str) {
    let arrange = move |scene: &mut Ecs| {
        "PRE_SCALE_UP".clone_into(&mut scene.deployment.stage);
        scene.check_of(check, &json!({}));
    };
    let words =
        &["nothing was validated", "`test-traffic` has nothing to look at; it belongs at POST_SCALE_UP"];
    let expected = Expected(Verdict::Stop, "skip", words);
    row(table, "a stage without green", &[Serves::Silence], Front::default(), arrange, expected);
}
