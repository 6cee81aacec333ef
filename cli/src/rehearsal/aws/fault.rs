//! Faults of AWS, on request, per operation.
//!
//! Faults of one operation add up: each call meets the first one that is not used up, and delays
//! come on top of whatever else it meets. Two throttlings and one server error are thus two calls
//! throttled, a third that fails, and a fourth that succeeds.

use std::time::Duration;

use super::error::AwsError;
use super::garbled::Garbled;
use super::operation::Operation;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `Rate exceeded`, as the operation's service words it.
    Throttled,
    /// A server error, status 500.
    ServerError,
    /// The role is not allowed to do it.
    Denied,
    /// This error, for example [`codedeploy::already_completed`](super::codedeploy::already_completed).
    Error(AwsError),
    /// The call has no effect, and this comes in the place of its answer.
    Garbled(Garbled),
    /// The call is accepted and never answered, and it has no effect.
    Hangs,
    /// The call has its effect, then the connection is closed without an answer: the caller cannot know.
    AnswerLost,
    /// The call has its effect, and is never answered.
    NeverAnswered,
    /// The answer, whatever it is, comes so much later.
    Slow(Duration),
}

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// With the next so many calls that meet it.
    Next(usize),
    /// With every call.
    Always,
}

/// The faults to come.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Planned>);

#[derive(Debug)]
struct Planned {
    operations: Vec<&'static Operation>,
    fault: Fault,
    times: Times,
}

/// What one call meets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Encounter {
    pub(super) delay: Duration,
    pub(super) fault: Option<Fault>,
}

impl Faults {
    /// Plans a fault of these operations, whose calls are counted together.
    pub(super) fn plan(&mut self, operations: Vec<&'static Operation>, fault: Fault, times: Times) {
        self.0.push(Planned { operations, fault, times });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts one call of the operation.
    pub(super) fn meet(&mut self, operation: &'static Operation) -> Encounter {
        let mut encounter = Encounter::default();
        for planned in &mut self.0 {
            if !planned.operations.contains(&operation) || planned.times == Times::Next(0) {
                continue;
            }
            match &planned.fault {
                Fault::Slow(delay) => encounter.delay += *delay,
                _ if encounter.fault.is_some() => continue,
                fault => encounter.fault = Some(fault.clone()),
            }
            if let Times::Next(left) = &mut planned.times {
                *left -= 1;
            }
        }
        encounter
    }
}

#[cfg(test)]
mod tests {
    use super::super::{codedeploy, ecs};
    use super::*;

    #[test]
    fn faults_come_one_after_another_and_delays_on_top() {
        let operation = &codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS;
        let mut faults = Faults::default();
        let mut plan = |fault, times| faults.plan(vec![operation], fault, times);
        plan(Fault::Throttled, Times::Next(2));
        plan(Fault::ServerError, Times::Next(1));
        plan(Fault::Slow(Duration::from_secs(1)), Times::Always);
        plan(Fault::Slow(Duration::from_secs(2)), Times::Next(1));

        let untouched = faults.meet(&ecs::CONTINUE_SERVICE_DEPLOYMENT);
        assert_eq!(untouched, Encounter::default());
        let met: Vec<_> =
            (0..4).map(|_| faults.meet(operation)).map(|met| (met.fault, met.delay.as_secs())).collect();
        let expected = [
            (Some(Fault::Throttled), 3),
            (Some(Fault::Throttled), 1),
            (Some(Fault::ServerError), 1),
            (None, 1),
        ];
        assert_eq!(met, expected);

        faults.clear();
        assert_eq!(faults.meet(operation), Encounter::default());
    }

    #[test]
    fn calls_of_several_operations_are_counted_together() {
        let mut faults = Faults::default();
        let operations = vec![&ecs::DESCRIBE_TASKS, &ecs::LIST_TASKS];
        faults.plan(operations, Fault::Throttled, Times::Next(2));
        let mut met = |operation| faults.meet(operation).fault.is_some();
        assert!(!met(&ecs::DESCRIBE_SERVICES), "it is none of them");
        assert!(met(&ecs::LIST_TASKS) && met(&ecs::DESCRIBE_TASKS));
        assert!(!met(&ecs::LIST_TASKS) && !met(&ecs::DESCRIBE_TASKS), "both have been used up");
    }
}
