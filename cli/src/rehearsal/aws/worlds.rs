//! Worlds for tests and rehearsals, from a few parameters.
//!
//! [`BlueGreen`] is a service that ECS deploys, [`CodeDeploy`] one that CodeDeploy does. Both make a
//! complete world that agrees with itself: whatever one service says of a resource, the others bear
//! out. A world that is wrong somewhere is such a world with a change made to it:
//!
//! ```
//! use greenlight_cli::rehearsal::aws::elb::Action;
//! use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
//!
//! let deployment = BlueGreen::default();
//! let mut world = deployment.world();
//! // Somebody's infrastructure code has set the test listener back to blue.
//! let test = deployment.test_listener_arn().unwrap();
//! let listener = world.elb.listeners.iter_mut().find(|listener| listener.arn == test).unwrap();
//! listener.default_actions = vec![Action::Forward(vec![(deployment.blue_target_group_arn(), 1)])];
//! ```

mod arns;
mod around;
mod blue_green;
mod codedeploy;
mod front;
mod tasks;

use std::net::SocketAddr;

pub use self::arns::Arns;
pub(crate) use self::around::LOAD_BALANCING;
pub use self::blue_green::BlueGreen;
pub use self::codedeploy::CodeDeploy;
pub use self::front::{Front, Route};

/// Blue or green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The id of the service revision, or of the task set: the digits after `ecs-svc/`.
    pub id: String,
    /// Where its tasks are reached. Each has a network interface of its own with this address.
    pub tasks: Vec<SocketAddr>,
    /// The digest of its image, without `sha256:`.
    pub image_digest: String,
}

impl Side {
    /// A side with these tasks.
    pub fn new(id: impl Into<String>, tasks: impl Into<Vec<SocketAddr>>) -> Self {
        let id = id.into();
        let image_digest = format!("{:0>64}", id.chars().filter(char::is_ascii_digit).collect::<String>());
        Self { id, tasks: tasks.into(), image_digest }
    }

    /// What its tasks are started by.
    pub fn started_by(&self) -> String {
        format!("ecs-svc/{}", self.id)
    }
}
