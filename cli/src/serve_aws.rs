//! `greenlight serve-aws`: the local AWS endpoint on its own, for clients that others wrote.
//!
//! The first line of output is its URL; it serves until standard input ends.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::{
    arguments::ServeAwsOptions,
    document::{self, GivenSecret},
    failure::Failure,
    output,
    rehearsal::aws::{Aws, World, secrets_manager, ssm},
};

pub(crate) async fn run(options: ServeAwsOptions) -> Result<ExitCode, Failure> {
    let world = match &options.world {
        Some(path) => read_world(path)?,
        None => World::default(),
    };
    let aws = start_with(world, &options.secret).await?;
    for path in &options.event {
        let event = read_event(path)?;
        make_known(&aws, &event);
    }
    output::data(&aws.endpoint_url())?;
    let mut rest = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    Ok(ExitCode::SUCCESS)
}

/// The endpoint of an empty world with these secrets.
pub(crate) async fn start(secrets: &[String]) -> Result<Aws, Failure> {
    start_with(World::default(), secrets).await
}

/// The endpoint of a world with these secrets, each under both services: a plan says which one it asks.
async fn start_with(world: World, secrets: &[String]) -> Result<Aws, Failure> {
    let aws = Aws::serve(world)
        .await
        .map_err(|error| Failure::not_carried_out("cannot serve the AWS calls on 127.0.0.1", &error))?;
    let mut with_keys: BTreeMap<String, Value> = BTreeMap::new();
    for argument in secrets {
        match document::secret(argument)? {
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
    Ok(aws)
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

fn read_world(path: &Path) -> Result<World, Failure> {
    let bytes = document::read(path, "world")?;
    World::from_json(&bytes).map_err(|why| Failure::wrong(format!("the world `{}`: {why}", path.display())))
}

fn read_event(path: &Path) -> Result<Value, Failure> {
    let bytes = document::read(path, "event")?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::wrong(format!("the event `{}` is not JSON: {error}", path.display())))
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
