//! How a rehearsal is set up.

use std::collections::BTreeMap;
use std::time::Duration;

use http::uri::PathAndQuery;

use super::functions::{FunctionSettings, Runs};
use crate::rehearsal::controller::Assumptions;
use crate::rehearsal::fault::Faults;
use crate::rehearsal::subject::Subject;
use crate::rehearsal::task::Program;
use crate::rehearsal::users::Alarm;

/// What is played, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is deployed.
    pub subject: Subject,
    /// What runs as each function that its hooks name.
    pub functions: BTreeMap<String, Runs>,
    /// How functions are set up.
    pub function_settings: FunctionSettings,
    /// What blue runs; none while the service is being created.
    pub blue: Option<Program>,
    /// What green runs.
    pub green: Program,
    /// How long a task may take until it is ready, in real time.
    pub ready_timeout: Duration,
    /// What goes wrong.
    pub faults: Faults,
    /// What is taken for AWS's behaviour where it is not known.
    pub assumptions: Assumptions,
    /// Whether more than one revision was active when the deployment began.
    pub reconcile: bool,
    /// How many simulated seconds a second has.
    pub speed: f64,
    /// The users' requests per simulated second.
    pub rate: f64,
    /// What users ask for, one after the other; the built-in application's greeting where there is none.
    pub paths: Vec<PathAndQuery>,
    /// The alarms that can go off.
    pub alarms: Vec<Alarm>,
    /// Alarms that were red when the deployment began.
    pub red_alarms: Vec<String>,
    /// Who answers PAUSE hooks.
    pub pause: Answerer,
}

/// Who answers a PAUSE hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// A person, so much simulated time later.
    Person {
        /// When.
        after: Duration,
        /// Whether they let the deployment go on.
        proceed: bool,
    },
    /// Whoever calls `ContinueServiceDeployment` at the local endpoint.
    Caller {
        /// Whether that is a person, who needs the wall's time.
        in_person: bool,
    },
    /// A function, which EventBridge hands the event.
    Function(String),
}
