//! One scene: a deployment in a world, its tasks and load balancers on real sockets, and an event.

mod application;
mod authority;
mod seen;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front, Side};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, Times, World};
use greenlight_cli::rehearsal::balancer::{Balancer, Certificate, Options};
use greenlight_cli::rehearsal::lambda::{Function, Lambda, Retries};
use greenlight_tests::binaries;
use serde_json::{Value, json};

pub(crate) use self::application::Applications;
pub(crate) use self::seen::Seen;

use self::authority::Authority;

/// A deployment of one controller.
pub(crate) trait Deployment: Default + Send + 'static {
    /// The deployment between tasks at these addresses.
    fn between(blue: Vec<SocketAddr>, green: Vec<SocketAddr>) -> Self;
    fn world(&self) -> World;
    fn event(&self) -> Value;
    fn region(&self) -> String;
    /// Whether the caller takes the verdict from the answer.
    fn answers(&self) -> bool;
}

impl Deployment for BlueGreen {
    fn between(blue: Vec<SocketAddr>, green: Vec<SocketAddr>) -> Self {
        let standard = Self::default();
        Self {
            container_port: green.first().map_or(standard.container_port, SocketAddr::port),
            blue: Some(Side::new("4980306466373577095", blue)),
            green: Side::new("9313423515462893900", green),
            front: Some(local(Front::default())),
            ..standard
        }
    }

    fn world(&self) -> World {
        self.world()
    }

    fn event(&self) -> Value {
        self.event()
    }

    fn region(&self) -> String {
        self.identity.region.clone()
    }

    fn answers(&self) -> bool {
        true
    }
}

impl Deployment for CodeDeploy {
    fn between(blue: Vec<SocketAddr>, green: Vec<SocketAddr>) -> Self {
        let standard = Self::default();
        Self {
            container_port: green.first().map_or(standard.container_port, SocketAddr::port),
            blue: Side::new("4980306466373577095", blue),
            green: Side::new("9313423515462893900", green),
            front: local(Front::default()),
            ..standard
        }
    }

    fn world(&self) -> World {
        self.world()
    }

    fn event(&self) -> Value {
        self.event()
    }

    fn region(&self) -> String {
        self.identity.region.clone()
    }

    fn answers(&self) -> bool {
        false
    }
}

/// The front, on this machine.
pub(crate) fn local(front: Front) -> Front {
    Front { dns_name: "localhost".to_owned(), ..front }
}

type Alteration<D> = Box<dyn FnOnce(&mut World, &D) + Send>;

/// What is played. What nothing is said of is as on a good day.
pub(crate) struct Scene<D> {
    /// The hook's program.
    pub(crate) program: fn() -> io::Result<PathBuf>,
    /// The world's parameters.
    pub(crate) deployment: D,
    pub(crate) blue: Applications,
    pub(crate) green: Applications,
    pub(crate) authority: Authority,
    /// `GREENLIGHT_PLAN`; none where it is null.
    pub(crate) plan: Value,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Variables that hold the world's endpoint, beside the one of all services.
    pub(crate) also_by_service: Vec<&'static str>,
    /// In the place of the deployment's own event.
    pub(crate) event: Option<Value>,
    pub(crate) timeout: Duration,
    /// How long the load balancers wait for a target.
    pub(crate) idle_timeout: Duration,
    /// Where targets are whose ids are no addresses.
    pub(crate) addresses: HashMap<(String, u16), SocketAddr>,
    /// Where the listeners are, if nothing serves them.
    pub(crate) nothing_listens_at: Option<u16>,
    alterations: Vec<Alteration<D>>,
    faults: Vec<(Vec<&'static Operation>, Fault, Times)>,
}

impl<D: Deployment> Scene<D> {
    /// A blue of one task, a green of two.
    pub(crate) async fn new() -> Self {
        Self::with_tasks(1, 2).await
    }

    pub(crate) async fn with_tasks(blue: u8, green: u8) -> Self {
        let (blue, green) =
            (Applications::start("blue", blue).await, Applications::start("green", green).await);
        Self {
            program: binaries::test_traffic,
            deployment: D::between(blue.addresses.clone(), green.addresses.clone()),
            blue,
            green,
            authority: Authority::new(),
            plan: Value::Null,
            variables: Vec::new(),
            also_by_service: Vec::new(),
            event: None,
            timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(1),
            addresses: HashMap::new(),
            nothing_listens_at: None,
            alterations: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Changes the world before it begins.
    pub(crate) fn alter(&mut self, alteration: impl FnOnce(&mut World, &D) + Send + 'static) {
        self.alterations.push(Box::new(alteration));
    }

    pub(crate) fn fault(&mut self, operation: &'static Operation, fault: Fault, times: Times) {
        self.fault_any(vec![operation], fault, times);
    }

    /// The same for several operations, whose calls are counted together.
    pub(crate) fn fault_any(&mut self, operations: Vec<&'static Operation>, fault: Fault, times: Times) {
        self.faults.push((operations, fault, times));
    }

    /// What cannot be told is decided at once.
    pub(crate) fn without_patience(&mut self) {
        self.plan_key("patience", json!("0s"));
    }

    pub(crate) fn plan_key(&mut self, key: &str, value: Value) {
        self.plan[key] = value;
    }

    /// The plan trusts the scene's own authority.
    pub(crate) fn trust(&mut self) {
        self.plan["target"]["tls"]["ca"] = self.authority.pem().into();
    }

    /// The plan's one check `http`, in the place of the hook's own.
    pub(crate) fn check(&mut self, settings: &Value) {
        self.check_of("http", settings);
    }

    /// The plan's one check, in the place of the hook's own.
    pub(crate) fn check_of(&mut self, kind: &str, settings: &Value) {
        self.plan_key("checks", json!([{ kind: settings }]));
    }

    /// The event brings back the state of a wait that began so many seconds ago.
    pub(crate) fn waited(&mut self, seconds: u64) {
        let mut event = self.deployment.event();
        let since = greenlight::clock::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        let readings = ["http", "wiring"]
            .map(|check| json!({ "check": check, "at": since.to_string(), "value": "first seen" }));
        event["hookDetails"] = json!({"greenlight": {
            "v": 1,
            "place": {"deployment": event["resourceArn"], "stage": event["lifecycleStage"]},
            "since": since.to_string(),
            // What is worth a moment's wait is timed from when it was first seen.
            "readings": readings,
        }});
        self.event = Some(event);
    }

    /// Plays it. The hook's process has ended when this returns.
    pub(crate) async fn play(mut self) -> Seen {
        let mut world = self.deployment.world();
        // The one that is called, which may invoke itself.
        world.lambda.functions.entry("hook".to_owned()).or_default();
        for alteration in std::mem::take(&mut self.alterations) {
            alteration(&mut world, &self.deployment);
        }
        let certificates = self.certificates(&world);
        let aws = Aws::serve(world).await.unwrap();
        let addresses = std::mem::take(&mut self.addresses);
        let options =
            Options { certificates, addresses, idle_timeout: self.idle_timeout, health_checks: None };
        let balancer = match self.nothing_listens_at {
            None => Some(Balancer::start(&aws, options).await.unwrap()),
            Some(port) => {
                aws.change(|world| world.elb.listeners.iter_mut().for_each(|listener| listener.port = port));
                None
            }
        };
        for (operations, fault, times) in std::mem::take(&mut self.faults) {
            aws.fault_any(operations, fault, times);
        }
        let event = self.event.clone().unwrap_or_else(|| self.deployment.event());
        let lambda = Lambda::new(self.function(&aws));
        let answers = self.deployment.answers() && event.get("detail-type").is_none();
        let attempts = if answers {
            vec![lambda.invoke(event.to_string()).await]
        } else {
            lambda.invoke_chain(event.to_string(), &aws).await.into_iter().flatten().collect()
        };
        Seen {
            attempts,
            answers,
            calls: aws.calls(),
            reports: aws.reports(),
            continues: aws.continues(),
            told: aws.events(),
            balanced: balancer.map(|balancer| balancer.log()).unwrap_or_default(),
            blue: self.blue.got(),
            green: self.green.got(),
        }
    }

    fn certificates(&self, world: &World) -> HashMap<String, Certificate> {
        let issue = |known: &greenlight_cli::rehearsal::aws::acm::Certificate| {
            (known.certificate_arn.clone(), self.authority.issue(&known.subject_alternative_names))
        };
        world.acm.certificates.iter().map(issue).collect()
    }

    fn function(&self, aws: &Aws) -> Function {
        let program = (self.program)().unwrap_or_else(|error| panic!("{error}"));
        let mut function =
            Function::new("hook", program).with_variable("AWS_ENDPOINT_URL", aws.endpoint_url());
        if !self.plan.is_null() {
            function = function.with_variable("GREENLIGHT_PLAN", self.plan.to_string());
        }
        for name in &self.also_by_service {
            function = function.with_variable(*name, aws.endpoint_url());
        }
        for (name, value) in &self.variables {
            function = function.with_variable(*name, value);
        }
        function.region = self.deployment.region();
        function.timeout = self.timeout;
        // The time that a busy machine takes to start a process is not what is tested.
        function.initialization_limit = Duration::from_mins(2);
        function.retries = Retries::immediate();
        function
    }
}

/// The event of a PAUSE hook of the deployment's stage, which the world then waits at.
pub(crate) fn pause(scene: &mut Scene<BlueGreen>) {
    let expires_at = greenlight::clock::now().checked_add(Duration::from_hours(1)).unwrap();
    scene.event = Some(scene.deployment.pause(expires_at));
    scene.variables.push(("GREENLIGHT_PAUSE", "shop/orders".to_owned()));
}
