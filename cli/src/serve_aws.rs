//! `greenlight serve-aws`: the local AWS endpoint on its own, for clients that others wrote.
//!
//! The first line of output is its URL; it serves until standard input ends.

use std::{path::Path, process::ExitCode};

use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::{
    arguments::ServeAwsOptions,
    document,
    failure::Failure,
    output,
    rehearsal::aws::World,
    world::{make_known, serve},
};

pub(crate) async fn run(options: ServeAwsOptions) -> Result<ExitCode, Failure> {
    let world = match &options.world {
        Some(path) => document::world(path)?,
        None => World::default(),
    };
    let aws = serve(world, &options.secret).await?;
    for path in &options.event {
        let event = read_event(path)?;
        make_known(&aws, &event);
    }
    output::data(&aws.endpoint_url())?;
    let mut rest = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    Ok(ExitCode::SUCCESS)
}

fn read_event(path: &Path) -> Result<Value, Failure> {
    let bytes = document::read(path, "event")?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::wrong(format!("the event `{}` is not JSON: {error}", path.display())))
}
