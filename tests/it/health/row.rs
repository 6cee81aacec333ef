//! One row: what is different from a good day, and what must come of it.

use greenlight_cli::rehearsal::aws::World;
use greenlight_cli::rehearsal::aws::ecs::Task;
use greenlight_tests::binaries;
use serde_json::Value;

use crate::scene::{Deployment, Scene};
use crate::table::Table;
use crate::verdict::Verdict;

/// What green's tasks are started by in every scene.
pub(super) const GREEN: &str = "ecs-svc/9313423515462893900";

/// What must come of a row: the answer, the outcome of its check, and words of the reason.
pub(super) type Expected = (Verdict, &'static str, &'static [&'static str]);

/// Rows about one check.
pub(super) struct Rows {
    table: Table,
    check: &'static str,
}

impl Rows {
    pub(super) fn of(check: &'static str) -> Self {
        Self { table: Table::default(), check }
    }

    /// Adds a row: a scene of the check with these settings, once this has arranged it.
    pub(super) fn row<D: Deployment>(
        &mut self,
        name: &str,
        settings: Value,
        arrange: impl FnOnce(&mut Scene<D>) + Send + 'static,
        (verdict, outcome, words): Expected,
    ) {
        let check = self.check;
        self.table.add(name, async move {
            let mut scene = scene::<D>().await;
            scene.check_of(check, &settings);
            arrange(&mut scene);
            let seen = scene.play().await;
            seen.found(verdict, outcome, words)?;
            seen.nothing_was_sent()
        });
    }

    pub(super) async fn play(self) {
        self.table.play().await;
    }
}

/// A good day of the hook.
pub(super) async fn scene<D: Deployment>() -> Scene<D> {
    let mut scene = Scene::<D>::new().await;
    scene.program = binaries::health;
    scene
}

/// The tasks of green.
pub(super) fn green(world: &mut World) -> impl Iterator<Item = &mut Task> {
    world.ecs.tasks.iter_mut().filter(|task| task.started_by.as_deref() == Some(GREEN))
}

/// A task of green stopped: a copy of one that runs, with this code and reason.
pub(super) fn stop(world: &mut World, code: &str, reason: &str, exit_code: Option<i32>) {
    let Some(like) = green(world).next() else { panic!("green has no task") };
    let mut task = like.clone();
    task.task_arn = task.task_arn.replace("/shop/0", "/shop/f");
    "STOPPED".clone_into(&mut task.last_status);
    "STOPPED".clone_into(&mut task.desired_status);
    task.stop_code = Some(code.to_owned());
    task.stopped_reason = Some(reason.to_owned());
    task.stopped_at = Some(greenlight::clock::now());
    for container in &mut task.containers {
        "STOPPED".clone_into(&mut container.last_status);
        container.exit_code = exit_code;
    }
    task.attachments.clear();
    world.ecs.tasks.push(task);
}

/// Green has only just started, as far as health checks care.
pub(super) fn young(world: &mut World) {
    green(world).for_each(|task| task.started_at = Some(greenlight::clock::now()));
}

/// Green started an hour ago.
pub(super) fn old(world: &mut World) {
    let hour = std::time::Duration::from_hours(1);
    green(world).for_each(|task| task.started_at = greenlight::clock::now().checked_sub(hour).ok());
}
