//! What a rehearsal came to.

use serde::Serialize;

use crate::rehearsal::controller::Status;
use crate::rehearsal::users::{Seen, Side};

/// What a rehearsal came to.
#[derive(Debug, Serialize)]
pub struct Played {
    /// The cluster and the service: `demo/hello`.
    pub service: String,
    /// The deployment's status, in ECS's words.
    pub status: Status,
    /// CodeDeploy's names of the deployment, where it is the one who deploys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codedeploy: Option<OfCodeDeploy>,
    /// AWS's reason for it.
    pub reason: Option<String>,
    /// The check or the person that decided, in the function's own words; what went wrong with the function, if it
    /// gave none.
    pub decided_by: Option<String>,
    /// What users saw.
    pub users: Seen,
    /// Whether green had production traffic at any time.
    pub green_served: bool,
    /// How long it would have taken on AWS, in seconds.
    pub simulated_seconds: f64,
    /// How long it took here, in seconds.
    pub real_seconds: f64,
    /// What people should know of it.
    pub notes: Vec<String>,
}

/// What CodeDeploy calls a deployment.
#[derive(Debug, Serialize)]
pub struct OfCodeDeploy {
    /// The deployment.
    pub deployment: String,
    /// The one that takes it back.
    pub rollback: String,
}

impl Played {
    /// How many requests of users green spoilt: errors, and answers with 4xx that blue does not give.
    pub fn errors_of_green(&self) -> u64 {
        let of = |side| self.users.by_colour.get(&side);
        let blue_rejects = of(Side::Blue).is_some_and(|blue| blue.rejected > 0);
        of(Side::Green).map_or(0, |green| green.errors + if blue_rejects { 0 } else { green.rejected })
    }

    /// Whether green had production traffic, and no user was there to see what it makes of it, or all asked for what is not there.
    pub fn is_unseen(&self) -> bool {
        let asked = self.users.by_colour.get(&Side::Green).is_some_and(|green| green.requests > 0);
        self.green_served && (!asked || self.users.find_nothing())
    }
}
