//! The registry of faults: one line each.
//!
//! A line says whose fault it is, its name, a value that shows the form, where it may be narrowed to, and who
//! catches it, with the arguments of a rehearsal that shows so; its sentence is what people read.

use std::time::Duration;

use greenlight::plan::units::Share;

use super::caught::{By, Caught, Sign};
use super::{AwsFault, Faults, HookFault, HookFaultKind, TaskFaults};
use crate::rehearsal::Colour;
use crate::rehearsal::aws::{Fault, Operation, Times};

/// A line of the registry.
pub(super) struct Line {
    pub(super) subjects: &'static [&'static str],
    pub(super) name: &'static str,
    /// Empty for a fault without a value.
    pub(super) example: &'static str,
    pub(super) at: &'static [At],
    pub(super) put: Put,
    pub(super) caught: &'static [Caught],
    doc: &'static str,
}

/// What a fault can be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Operation,
    Count,
    Hook,
}

/// What one fault is narrowed to; each fault looks at what concerns it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) side: Colour,
    pub(super) operation: Option<&'static Operation>,
    pub(super) times: Times,
    pub(super) hook: Option<String>,
}

/// The kind of value, and where it goes.
pub(super) enum Put {
    Plain(fn(&mut Faults, &Place)),
    Share(fn(&mut Faults, &Place, Share)),
    Span(fn(&mut Faults, &Place, Duration)),
    Count(fn(&mut Faults, &Place, usize)),
    Text(fn(&mut Faults, &Place, String)),
}

macro_rules! registry {
    ($(
        $(#[doc = $doc:literal])+
        [$($subject:literal),+] $name:literal $(= $example:literal)? $(@ $at:ident)* => $put:ident($set:expr);
        $(caught $by:expr, $how:literal, [$($argument:literal),*];)+
    )+) => {
        pub(super) static REGISTRY: &[Line] = &[$(Line {
            subjects: &[$($subject),+],
            name: $name,
            example: concat!($($example)?),
            at: &[$(At::$at),*],
            put: Put::$put($set),
            caught: &[$(Caught { by: $by, how: $how, arguments: &[$($argument),*] }),+],
            doc: concat!($($doc),+),
        }),+];
    };
}

const HTTP: By = By::Check { hook: "test-traffic", check: "http" };
const TASKS: By = By::Check { hook: "health", check: "tasks" };
const WIRING: By = By::Check { hook: "preflight", check: "wiring" };
const METRIC: By = By::Check { hook: "metrics", check: "metric" };
const ERROR_RATE: By = By::Check { hook: "metrics", check: "error_rate" };
const CIRCUIT_BREAKER: By = By::Aws("the circuit breaker threshold was exceeded");
/// A call fails when it was throttled as often as the AWS SDK makes it; fewer times leave no trace.
const THROTTLED: By = By::Nobody(Sign::Text("failed: ThrottlingException: Rate exceeded"));
/// A hook that is quick enough never comes near its deadline: a call holds it up.
const OUT_OF_TIME: By = By::Nobody(Sign::Text("was not answered in the time that the function had"));

registry! {
    /// Every request takes so much longer, in real time.
    ["green", "blue"] "slow" = "500ms" => Span(|faults, at, delay| faults.task(at).slow = Some(delay));
        caught HTTP, "with `expect.latency`", ["--plan", "tests/rehearsals/latency.json"];
        caught METRIC, "with `\"of\": \"response_time\"`", ["--plan", "tests/rehearsals/response-time.json"];
    /// This share of the requests is answered with 500, but for those of health checks.
    ["green", "blue"] "errors" = "20%" => Share(|faults, at, share| faults.task(at).errors = Some(share));
        caught HTTP, "before users see it", [];
        caught ERROR_RATE, "from the requests of users", ["--alarm", "hello-errors=errors>90%/1m"];
    /// Nothing fails until the tasks have run for so much simulated time; then the share of `errors`, or everything.
    ["green", "blue"] "errors-after" = "2m" => Span(|faults, at, time| faults.task(at).errors_after = Some(time));
        caught ERROR_RATE, "at the next step of the shift", ["tests/rehearsals/linear-judged.json"];
        caught By::Aws("alarm hello-errors is in ALARM"), "the deployment's alarms, for as long as it bakes", ["--hooks", "none", "--fault", "green:errors-after=1m"];
    /// Every task crashes after so much simulated time: its process is killed, its address refuses.
    ["green", "blue"] "crash-after" = "30s" => Span(|faults, at, time| faults.task(at).crash_after = Some(time));
        caught TASKS, "once green was healthy", ["examples/ecs-native/canary.json", "--fault", "green:crash-after=3m"];
        caught CIRCUIT_BREAKER, "ECS's circuit breaker, before", ["--fault", "green:crash-after=1ms"];
    /// The health check is answered with 503, everything else works.
    ["green", "blue"] "never-healthy" => Plain(|faults, at| faults.task(at).never_healthy = true);
        caught CIRCUIT_BREAKER, "ECS's circuit breaker", [];
    /// The built-in application says that it is this version.
    ["green", "blue"] "version" = "1.0" => Text(|faults, at, version| faults.task(at).version = Some(version));
        caught HTTP, "with `expect.body_contains`", ["--plan", "tests/rehearsals/version.json"];
    /// A task has no connection left after so many requests: further ones are taken and never answered.
    ["green", "blue"] "leak" = "100" => Count(|faults, at, requests| faults.task(at).leak = Some(requests));
        caught HTTP, "with more `requests` than that", ["--plan", "tests/rehearsals/many-requests.json"];
    /// Somebody's infrastructure code sets the test rule back to blue as soon as it was shifted.
    ["rules"] "drifted" => Plain(|faults, _| faults.rules_drifted = true);
        caught HTTP, "which looks where the test rule leads before it probes", [];
    /// ECS may not shift traffic: its infrastructure role lacks the permission.
    ["rules"] "denied" => Plain(|faults, _| faults.shift_denied = true);
        caught By::Aws("is not authorized to perform: elasticloadbalancing:ModifyListener"), "ECS cannot go on", [];
        caught WIRING, "before anything is started: PERM-ELB-MODIFY", ["tests/rehearsals/preflight.json"];
    /// The first TLS handshake at the test listener is never answered.
    ["tls"] "hang-once" => Plain(|faults, _| faults.tls_hang_once = true);
        caught By::Nobody(Sign::Text("\"failed_attempts\":1")), "hooks connect once more", ["--tls"];
    /// Calls are answered with `Rate exceeded`.
    ["aws"] "throttled" @Operation @Count => Plain(|faults, at| faults.call(at, Fault::Throttled));
        caught THROTTLED, "where it is few calls, which hooks make again", ["--fault", "aws:throttled@ecs:DescribeServiceDeployments@6", "--hooks", "test-traffic"];
        caught By::Undecided, "", [];
    /// The role is not allowed to make the call.
    ["aws"] "denied" @Operation @Count => Plain(|faults, at| faults.call(at, Fault::Denied));
        caught By::Undecided, "", [];
    /// The answer to a call comes so much later, in real time.
    ["aws"] "slow" = "2s" @Operation @Count => Span(|faults, at, delay| faults.call(at, Fault::Slow(delay)));
        caught By::Nobody(Sign::CallOf(2000)), "hooks wait for it", ["--fault", "aws:slow=2s@2"];
    /// Its process is killed in the midst of the first invocation.
    ["hook"] "killed" @Hook => Plain(|faults, at| faults.hook(at, HookFaultKind::Killed));
        caught By::Aws("HookStatus must not be null"), "ECS takes no answer for a stop", [];
    /// The function's timeout is so short, in real time.
    ["hook"] "timeout" = "1s" @Hook => Span(|faults, at, time| faults.hook(at, HookFaultKind::Timeout(time)));
        caught OUT_OF_TIME, "hooks answer before their deadline and ask to be called again", ["--fault", "hook:timeout=1s,aws:slow=2s@ecs:DescribeServiceDeployments@3", "--hooks", "test-traffic"];
    /// The role may not report to CodeDeploy or answer a PAUSE hook; hooks of ECS report by what they return.
    ["hook"] "report-denied" => Plain(|faults, at| faults.hook(at, HookFaultKind::ReportDenied));
        caught By::Aws("timed out while waiting for a status callback"), "CodeDeploy, after an hour", ["--appspec", "examples/codedeploy/appspec.yaml"];
    /// ECS or CodeDeploy may not call the function.
    ["hook"] "invoke-denied" @Hook => Plain(|faults, at| faults.hook(at, HookFaultKind::InvokeDenied));
        caught By::Aws("not authorized to perform: lambda:InvokeFunction"), "ECS or CodeDeploy says so", [];
        caught WIRING, "before anything is started: HOOK-ROLE-INVOKE", ["tests/rehearsals/preflight.json", "--fault", "hook:invoke-denied@test-traffic", "--hooks", "preflight,test-traffic"];
    /// ECS cannot assume the role that it calls the function with, nor call any other with it.
    ["hook"] "role-not-assumable" @Hook => Plain(|faults, at| faults.hook(at, HookFaultKind::RoleNotAssumable));
        caught By::Aws("unable to assume role"), "ECS says so", [];
        caught WIRING, "where the role is not its own, before anything is started: HOOK-ROLE-TRUST", ["tests/rehearsals/preflight.json", "--fault", "hook:role-not-assumable@test-traffic", "--hooks", "preflight,test-traffic"];
    /// The event is delivered twice.
    ["hook"] "twice" @Hook => Plain(|faults, at| faults.hook(at, HookFaultKind::Twice));
        caught By::Nobody(Sign::Text("\"twice\":true")), "both are answered, and the first answer counts", [];
    /// What it returned as `hookDetails` does not come back with the next event.
    ["hook"] "state-dropped" @Hook => Plain(|faults, at| faults.hook(at, HookFaultKind::StateDropped));
        caught By::Nobody(Sign::ToldTwice), "a wait is counted from the stage's beginning then", [];
}

impl Line {
    /// What it does, in a sentence.
    pub(super) fn doc(&self) -> &'static str {
        self.doc.trim()
    }

    /// How it is written, e.g. `aws:slow=2s[@OPERATION][@N]`.
    pub(super) fn form(&self, subject: &str) -> String {
        let narrowed = self.at.iter().map(|at| match at {
            At::Operation => "[@OPERATION]",
            At::Count => "[@N]",
            At::Hook => "[@HOOK]",
        });
        format!("{}{}", self.example(subject), narrowed.collect::<String>())
    }

    /// An example of it, e.g. `aws:slow=2s`.
    pub(super) fn example(&self, subject: &str) -> String {
        let value = if self.example.is_empty() { "" } else { "=" };
        format!("{subject}:{}{value}{}", self.name, self.example)
    }
}

impl Faults {
    fn task(&mut self, at: &Place) -> &mut TaskFaults {
        self.tasks.entry(at.side).or_default()
    }

    fn call(&mut self, at: &Place, fault: Fault) {
        self.aws.push(AwsFault { operation: at.operation, fault, times: at.times });
    }

    fn hook(&mut self, at: &Place, kind: HookFaultKind) {
        self.hooks.push(HookFault { hook: at.hook.clone(), kind });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_can_be_told_from_every_other_and_says_what_it_does() {
        let mut seen = HashSet::new();
        for line in REGISTRY {
            for subject in line.subjects {
                assert!(seen.insert((subject, line.name)), "{subject}:{} is there twice", line.name);
            }
            let doc = line.doc();
            assert!(doc.ends_with('.') && !doc.contains('\n'), "{doc}");
            assert_eq!(matches!(line.put, Put::Plain(_)), line.example.is_empty(), "{}", line.name);
        }
    }

    #[test]
    fn every_duration_says_whose_time_it_is() {
        for line in REGISTRY.iter().filter(|line| matches!(line.put, Put::Span(_))) {
            let says = ["real time", "simulated time"].iter().any(|time| line.doc().contains(time));
            assert!(says, "{}: {}", line.name, line.doc());
        }
    }
}
