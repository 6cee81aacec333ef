//! The local endpoint, with the world that it serves and what runs in it.

use std::{collections::BTreeMap, net::IpAddr};

use serde_json::Value;

use super::{WorldOptions, built_in};
use crate::{
    document::{self, GivenSecret},
    failure::Failure,
    rehearsal::{
        application::Application,
        aws::{Aws, World, secrets_manager, ssm},
        balancer::{Balancer, Options},
    },
};

/// The local endpoint, for as long as it is kept.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) aws: Aws,
    _balancer: Option<Balancer>,
    _applications: Vec<Application>,
}

/// What the local world is made for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Purpose<'a> {
    /// The event that it is the world of.
    pub(crate) event: Option<&'a Value>,
    /// CodeDeploy's lifecycle event, which its events do not name.
    pub(crate) lifecycle_event: Option<&'a str>,
    /// Whether a hook is to reach green in it.
    pub(crate) green_is_asked: bool,
}

impl Local {
    /// Starts the endpoint: with a world from a file, with the event's own, or, where another world is
    /// looked at, with an empty one that only receives reports.
    pub(crate) async fn start(
        options: &WorldOptions,
        secrets: &[String],
        purpose: Purpose<'_>,
    ) -> Result<Self, Failure> {
        let Purpose { event, lifecycle_event, green_is_asked } = purpose;
        let mut applications = Vec::new();
        let world = match &options.world {
            Some(path) => {
                let world = document::world(path)?;
                if green_is_asked {
                    on_this_machine(&world)?;
                }
                world
            }
            None if !options.is_local() => World::default(),
            None if green_is_asked => {
                let (world, running) = built_in::running(event, lifecycle_event).await.map_err(|error| {
                    Failure::not_carried_out("cannot start the built-in application", &error)
                })?;
                applications = running;
                world
            }
            None => built_in::of_event(event, lifecycle_event),
        };
        let aws = serve(world, secrets).await?;
        if let Some(event) = event {
            make_known(&aws, event);
        }
        let balancer =
            if applications.is_empty() {
                None
            } else {
                let started = Balancer::start(&aws, Options::default()).await;
                Some(started.map_err(|error| {
                    Failure::not_carried_out("cannot start the local load balancer", &error)
                })?)
            };
        Ok(Self { aws, _balancer: balancer, _applications: applications })
    }
}

/// A local world stays on this machine: nobody's network is asked for addresses that stand in a file.
fn on_this_machine(world: &World) -> Result<(), Failure> {
    let is_here =
        |host: &str| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let tasks = world.ecs.tasks.iter().flat_map(|task| &task.attachments).flat_map(|found| &found.details);
    let tasks = tasks.filter(|detail| detail.name.ends_with("Address")).map(|detail| detail.value.as_str());
    let targets =
        world.elb.target_groups.iter().flat_map(|group| &group.targets).map(|found| found.id.as_str());
    let balancers = world.elb.load_balancers.iter().map(|balancer| balancer.dns_name.as_str());
    match tasks.chain(targets).chain(balancers).find(|host| !is_here(host)) {
        None => Ok(()),
        Some(host) => Err(Failure::wrong(format!("the world names `{host}`, which is not on this machine"))
            .hint("use 127.0.x.y and `localhost` where the hook is to reach green, or say where green is with `--target`; `route` takes any world")),
    }
}

/// The endpoint of a world with these secrets.
pub(crate) async fn serve(world: World, secrets: &[String]) -> Result<Aws, Failure> {
    let aws = Aws::serve(world)
        .await
        .map_err(|error| Failure::not_carried_out("cannot serve the AWS calls on 127.0.0.1", &error))?;
    let secrets = secrets.iter().map(|argument| document::secret(argument)).collect::<Result<Vec<_>, _>>()?;
    give(&aws, secrets);
    Ok(aws)
}

/// Gives a world secrets, each under both services: a plan says which one it asks.
pub(crate) fn give(aws: &Aws, secrets: Vec<GivenSecret>) {
    let mut with_keys: BTreeMap<String, Value> = BTreeMap::new();
    for secret in secrets {
        match secret {
            GivenSecret { name, key: None, value } => {
                aws.set_parameter(name.clone(), ssm::Parameter::SecureString(value.clone()));
                aws.set_secret(name, secrets_manager::Secret::String(value));
            }
            GivenSecret { name, key: Some(key), value } => {
                put(with_keys.entry(name).or_default(), &key, value);
            }
        }
    }
    for (name, json) in with_keys {
        aws.set_secret(name, secrets_manager::Secret::String(json.to_string()));
    }
}

/// Puts a value at a dotted key of a JSON secret.
fn put(json: &mut Value, key: &str, value: String) {
    let mut place = json;
    for part in key.split('.') {
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        place = &mut place[part];
    }
    *place = Value::String(value);
}

/// Makes the ids of an event known, so that only they are accepted.
pub(crate) fn make_known(aws: &Aws, event: &Value) {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
    if let (Some(deployment), Some(hook)) = (text("/DeploymentId"), text("/LifecycleEventHookExecutionId")) {
        aws.change(|world| world.codedeploy.await_report(deployment, hook));
    }
    if let (Some(deployment), Some(hook)) = (text("/detail/serviceDeploymentArn"), text("/detail/hookId")) {
        aws.change(|world| world.ecs.await_action(deployment, hook));
    }
}
