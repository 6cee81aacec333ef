//! One cell: an event of one protocol, a hook process, what it meets, and what came of it.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::{Aws, Call, Fault, Operation, Times, codedeploy, ecs, lambda};
use greenlight_cli::rehearsal::lambda::{DeadlineHeader, Function, Invocation, Lambda, Post, Retries};
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Received, Target};
use serde_json::{Value, json};

/// What asks for a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ecs,
    CodeDeploy,
    Pause,
}

impl Protocol {
    pub(super) const ALL: [Self; 3] = [Self::Ecs, Self::CodeDeploy, Self::Pause];
    /// Those whose verdict is a call.
    pub(super) const REPORTING: [Self; 2] = [Self::CodeDeploy, Self::Pause];

    /// As evidence names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::CodeDeploy => "codedeploy",
            Self::Pause => "pause",
        }
    }

    /// A sample event. That of a PAUSE hook waits for another hour.
    pub(super) fn event(self) -> Value {
        let sample = match self {
            Self::Ecs => include_str!("../../../events/ecs/post-test-traffic-shift.json"),
            Self::CodeDeploy => include_str!("../../../events/codedeploy/hook.json"),
            Self::Pause => include_str!("../../../events/pause/post-test-traffic-shift.json"),
        };
        let mut event: Value = serde_json::from_str(sample).unwrap();
        if self == Self::Pause {
            let later = greenlight::clock::now().checked_add(Duration::from_hours(1)).unwrap();
            event["detail"]["expiresAt"] = later.to_string().into();
        }
        event
    }

    /// The call that reports.
    pub(super) fn report(self) -> Option<&'static Operation> {
        match self {
            Self::Ecs => None,
            Self::CodeDeploy => Some(&codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS),
            Self::Pause => Some(&ecs::CONTINUE_SERVICE_DEPLOYMENT),
        }
    }
}

/// The hook under test.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hook {
    TestTraffic,
    Faulty,
}

/// What is played. The fields that nothing is said of are as on a day without faults.
pub(super) struct Cell {
    pub(super) protocol: Protocol,
    pub(super) hook: Hook,
    pub(super) event: Value,
    /// `GREENLIGHT_PLAN`, as text because a broken one is no JSON. `TARGET` in it is the target's URL and
    /// `CA` its authority.
    pub(super) plan: String,
    pub(super) target: Option<Kind>,
    pub(super) timeout: Duration,
    pub(super) deadline: DeadlineHeader,
    pub(super) variables: Vec<(&'static str, String)>,
    /// What the report meets.
    pub(super) faults: Vec<(Fault, Times)>,
    /// What an invocation of the function by itself meets.
    pub(super) faults_of_invoke: Vec<(Fault, Times)>,
    /// How often the event is delivered, one after the other, to one function.
    pub(super) deliveries: usize,
}

/// What came of a cell.
pub(super) struct Played {
    pub(super) protocol: Protocol,
    /// The attempts of each delivery.
    pub(super) deliveries: Vec<Vec<Invocation>>,
    /// All that was posted to the Runtime API, refused or not, in time or not.
    pub(super) posts: Vec<Post>,
    /// The reports that counted.
    pub(super) reports: Vec<Reported>,
    /// The invocations that Lambda took at its endpoint.
    pub(super) invokes: Vec<lambda::Invoke>,
    /// All AWS calls.
    pub(super) calls: Vec<Call>,
    /// What the application received.
    pub(super) received: Received,
}

/// A report that counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reported {
    Proceed,
    Stop,
}

impl Cell {
    /// The hook `test-traffic` with this plan, before this application.
    pub(super) fn probing(protocol: Protocol, target: Kind, plan: &Value) -> Self {
        Self { target: Some(target), ..Self::new(protocol, Hook::TestTraffic, plan.to_string()) }
    }

    /// The faulty hook, doing this, without any patience.
    pub(super) fn doing(protocol: Protocol, act: &str) -> Self {
        let plan = json!({"checks": [{"validate": {"do": act}}], "patience": "0s"});
        Self::new(protocol, Hook::Faulty, plan.to_string())
    }

    pub(super) fn new(protocol: Protocol, hook: Hook, plan: String) -> Self {
        Self {
            protocol,
            hook,
            event: protocol.event(),
            plan,
            target: None,
            timeout: Duration::from_secs(30),
            deadline: DeadlineHeader::Real,
            variables: Vec::new(),
            faults: Vec::new(),
            faults_of_invoke: Vec::new(),
            deliveries: 1,
        }
    }

    /// Gives the function so many seconds.
    pub(super) fn within(self, seconds: u64) -> Self {
        Self { timeout: Duration::from_secs(seconds), ..self }
    }

    pub(super) fn with_variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Plays it. The processes have ended when this returns.
    pub(super) async fn play(self) -> Played {
        let target = match self.target {
            Some(kind) => Some(Target::start(kind).await.unwrap()),
            None => None,
        };
        let aws = Aws::start().await.unwrap();
        if let Some(operation) = self.protocol.report() {
            for (fault, times) in &self.faults {
                aws.fault(operation, fault.clone(), *times);
            }
        }
        for (fault, times) in &self.faults_of_invoke {
            aws.fault(&lambda::INVOKE, fault.clone(), *times);
        }
        let lambda = Lambda::new(self.function(target.as_ref(), &aws));
        let mut deliveries = Vec::new();
        for _ in 0..self.deliveries {
            let event = self.event.to_string();
            deliveries.push(match self.protocol {
                Protocol::Ecs => vec![lambda.invoke(event).await],
                Protocol::CodeDeploy | Protocol::Pause => {
                    lambda.invoke_chain(event, &aws).await.into_iter().flatten().collect()
                }
            });
        }
        Played {
            protocol: self.protocol,
            deliveries,
            posts: lambda.posts(),
            reports: reports(&aws),
            invokes: aws.invokes(),
            calls: aws.calls(),
            received: target.map(|target| target.received().clone()).unwrap_or_default(),
        }
    }

    fn function(&self, target: Option<&Target>, aws: &Aws) -> Function {
        let program = match self.hook {
            Hook::TestTraffic => binaries::test_traffic(),
            Hook::Faulty => binaries::faulty_hook(),
        };
        let mut function = Function::new("hook", program.unwrap_or_else(|error| panic!("{error}")))
            .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
            .with_variable("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic")
            .with_variable("GREENLIGHT_PAUSE", "my-cluster/my-service");
        let mut plan = self.plan.clone();
        if let Some(target) = target {
            let ca = json!(target.authority_pem().unwrap_or_default()).to_string();
            plan = plan.replace("TARGET", &target.url()).replace(r#""CA""#, &ca);
        }
        if !plan.is_empty() {
            function = function.with_variable("GREENLIGHT_PLAN", plan);
        }
        for (name, value) in &self.variables {
            function = function.with_variable(*name, value);
        }
        function.timeout = self.timeout;
        // The time that a busy machine takes to start a process is not what is tested.
        function.initialization_limit = Duration::from_mins(2);
        function.deadline = self.deadline.clone();
        function.retries = Retries::immediate();
        function
    }
}

/// A function at this AWS that any PAUSE hook may ask, and that Lambda tries again at once.
pub(super) fn served(function: Function, aws: &Aws, timeout: Duration) -> Function {
    let mut function = function
        .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
        .with_variable("GREENLIGHT_PAUSE", "*/*");
    function.timeout = timeout;
    // The time that a busy machine takes to start a process is not what is tested.
    function.initialization_limit = Duration::from_mins(2);
    function.retries = Retries::immediate();
    function
}

fn reports(aws: &Aws) -> Vec<Reported> {
    let codedeploy = aws.reports().into_iter().map(|report| match report.status {
        codedeploy::Status::Succeeded => Reported::Proceed,
        codedeploy::Status::Failed => Reported::Stop,
    });
    let pause = aws.continues().into_iter().map(|answer| match answer.action {
        ecs::Action::Continue => Reported::Proceed,
        ecs::Action::Rollback => Reported::Stop,
    });
    codedeploy.chain(pause).collect()
}

impl Played {
    /// The calls that change anything: reports, whatever came of them.
    pub(super) fn report_calls(&self) -> Vec<&Call> {
        let reports = |call: &&Call| {
            let operations =
                [&codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, &ecs::CONTINUE_SERVICE_DEPLOYMENT];
            operations.iter().any(|operation| operation.name() == call.operation)
        };
        self.calls.iter().filter(reports).collect()
    }

    /// Every attempt of every delivery.
    pub(super) fn invocations(&self) -> impl Iterator<Item = &Invocation> {
        self.deliveries.iter().flatten()
    }

    /// The evidence, in the order of the log.
    pub(super) fn evidence(&self) -> Vec<Value> {
        self.invocations()
            .flat_map(|invocation| &invocation.log)
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|document| document.get("greenlight").is_some())
            .collect()
    }

    /// The log, for the words of a failure.
    pub(super) fn log(&self) -> String {
        let shorten = |line: &String| line.chars().take(1000).chain(['\n']).collect::<String>();
        self.invocations().flat_map(|invocation| &invocation.log).map(shorten).collect()
    }
}
