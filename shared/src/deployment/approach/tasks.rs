//! Green at its tasks' own addresses.

use super::TaskAddress;
use crate::{
    Outcome,
    deployment::{
        isolation::{Isolation, UNTOLD},
        load_balancing::Target,
        overview::Sides,
        tasks::{Task, owned},
    },
};

/// Whether a task's own address is green's: that is a question of whose task it is, and nothing else.
pub(super) fn of_tasks(tasks: &[Task], sides: &Sides, addresses: &[TaskAddress]) -> Isolation {
    let Some(owned) = owned(tasks, sides) else {
        return Isolation::Open(Box::new(Outcome::inconclusive(UNTOLD)));
    };
    let running = owned.green.iter().filter(|task| task.is_running()).count();
    if running == 0 {
        return Isolation::Open(Box::new(Outcome::pending(format!(
            "no task of green revision {} runs yet",
            sides.green.id
        ))));
    }
    if addresses.is_empty() {
        return Isolation::NotProven(
            "the tasks of green have no address of their own (bridge or host networking)".to_owned(),
        );
    }
    Isolation::Proven(format!(
        "the addresses are those of tasks of green revision {}, told by {}",
        sides.green.id, owned.by
    ))
}

/// The running tasks of green that have no address of their own, by their ids.
pub(super) fn without_address(tasks: &[Task], sides: &Sides) -> Vec<String> {
    let green = owned(tasks, sides).map(|owned| owned.green).unwrap_or_default();
    let alone = green.iter().filter(|task| task.is_running() && task.addresses.is_empty());
    alone.map(|task| task.id().to_owned()).collect()
}

pub(super) fn addresses(
    tasks: &[Task],
    sides: &Sides,
    targets: &[Target],
    container_port: Option<u16>,
) -> Vec<TaskAddress> {
    let green = owned(tasks, sides).map(|owned| owned.green).unwrap_or_default();
    let address = |task: &&Task| {
        let address = *task.addresses.first()?;
        let registered = targets
            .iter()
            .find(|target| target.address().is_some_and(|address| task.addresses.contains(&address)));
        let port = registered.map(|target| target.port).or(container_port);
        let address = registered.and_then(Target::address).unwrap_or(address);
        Some(TaskAddress { task: task.id().to_owned(), address, port })
    };
    green.iter().filter(|task| task.is_running()).filter_map(address).collect()
}
