//! The service's tasks: whose they are, and where they are reached.

use std::net::IpAddr;

use jiff::Timestamp;

use super::overview::{Revision, Sides};

mod calls;

pub(super) use self::calls::{container_port, of_service, stopped};

/// A task of the service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// What started it, e.g. `ecs-svc/9313423515462893900`.
    pub started_by: Option<String>,
    /// The ARN of its task definition.
    pub task_definition: Option<String>,
    /// Where it is in its life, e.g. `RUNNING`.
    pub last_status: String,
    /// Where it is meant to be: `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// What the health checks of its essential containers say: `HEALTHY`, `UNHEALTHY`, or `UNKNOWN`, also
    /// where there is no such check.
    pub health: String,
    /// The addresses of its network interfaces; none with bridge and host networking.
    pub addresses: Vec<IpAddr>,
    /// The Availability Zone that it runs in, e.g. `eu-west-1a`.
    pub zone: Option<String>,
    /// When it left `PENDING`; none before.
    pub started_at: Option<Timestamp>,
    /// When it was told to stop; none while it is meant to run.
    pub stopping_at: Option<Timestamp>,
    /// When it had stopped.
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped, as a code, e.g. `EssentialContainerExited`.
    pub stop_code: Option<String>,
    /// Why it stopped, in AWS's words.
    pub stopped_reason: Option<String>,
    /// Its containers, those that AWS adds by itself included.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The image that it runs, as the task names it, e.g. `…/orders:2` or `…/orders:2@sha256:…`.
    pub image: Option<String>,
    /// The digest of that image, e.g. `sha256:…`, where it is told.
    pub digest: Option<String>,
    /// What its own health check says: `HEALTHY`, `UNHEALTHY`, or `UNKNOWN`, also without one.
    pub health: String,
    /// How it exited, where it did.
    pub exit_code: Option<i32>,
    /// What went wrong with it, in AWS's words, e.g. `OutOfMemoryError: …`.
    pub reason: Option<String>,
}

/// The service's tasks that stopped, as far as they were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stopped {
    /// The tasks, of all revisions.
    pub tasks: Vec<Task>,
    /// Whether there are more than were looked at.
    pub more: bool,
}

impl Task {
    /// Its id, for people.
    pub fn id(&self) -> &str {
        super::arn::short(&self.arn)
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.last_status == "RUNNING"
    }
}

/// The tasks, by whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned<'a> {
    /// Green's.
    pub green: Vec<&'a Task>,
    /// Those of the revisions that serve.
    pub blue: Vec<&'a Task>,
    /// The service's others, e.g. of a revision before blue.
    pub others: Vec<&'a Task>,
    /// How they were told apart.
    pub by: &'static str,
}

/// Whether a task is of a revision.
type IsOf = fn(&Task, &Revision) -> bool;

fn started_by(task: &Task, revision: &Revision) -> bool {
    task.started_by.as_deref() == Some(revision.started_by.as_str())
}

fn defined_by(task: &Task, revision: &Revision) -> bool {
    revision.task_definition.is_some() && task.task_definition == revision.task_definition
}

/// Tells green's tasks from the others; none where nothing tells them apart.
///
/// A task says what started it: `ecs-svc/` and the id of its revision or task set. Where no task says so
/// (the form is AWS's, but no promise), two different task definitions tell them apart as well. The time
/// of a start never does: blue may scale out during the deployment.
pub fn owned<'a, T>(tasks: T, sides: &Sides) -> Option<Owned<'a>>
where
    T: IntoIterator<Item = &'a Task> + Clone,
{
    let revisions = || std::iter::once(&sides.green).chain(&sides.blue);
    let mut all = tasks.clone().into_iter();
    let told = all.any(|task| revisions().any(|revision| started_by(task, revision)));
    let distinct = sides.green.task_definition.is_some()
        && sides.blue.iter().all(|blue| {
            blue.task_definition.is_some() && blue.task_definition != sides.green.task_definition
        });
    let (is_of, by): (IsOf, _) = if told {
        (started_by, "what started them")
    } else if distinct {
        (defined_by, "their task definitions")
    } else if tasks.clone().into_iter().next().is_none() {
        (started_by, "there are none")
    } else {
        return None;
    };
    let mut owned = Owned { green: Vec::new(), blue: Vec::new(), others: Vec::new(), by };
    for task in tasks {
        if is_of(task, &sides.green) {
            owned.green.push(task);
        } else if sides.blue.iter().any(|blue| is_of(task, blue)) {
            owned.blue.push(task);
        } else {
            owned.others.push(task);
        }
    }
    Some(owned)
}
