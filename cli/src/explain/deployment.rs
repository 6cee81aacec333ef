//! `greenlight explain --service`, `--deployment`, or neither: why a deployment went wrong.

use std::env;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use greenlight::{Ask, Connection};
use serde_json::json;

use super::find::{self, Found, Who};
use super::reader::Reader;
use super::story::Story;
use super::{codedeploy, ecs, follow, show};
use crate::arguments::ExplainOptions;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;
use crate::world::World;

/// As long as somebody who was woken up waits.
pub(super) const WITHIN: Duration = Duration::from_mins(2);

/// Explains the deployment that the options name.
pub(super) async fn run(options: &ExplainOptions) -> Result<ExitCode, Failure> {
    // There is no local world to explain: what is not an endpoint is the account.
    let world = match &options.world.endpoint_url {
        Some(url) => World::endpoint(url)?,
        None => World::Account,
    };
    let service = options.service.as_deref().map(|text| Service::named(options.cluster.as_deref(), text));
    let service = service.transpose()?;
    let named = options.deployment.as_deref().map(find::named).transpose()?;
    let connection = connection(&world, options);
    if options.follow {
        return follow::run(options, &world, connection, service, named).await;
    }
    let mut reader = Reader::new(Ask::over(connection, WITHIN));
    let found = match (named, service) {
        (Some(named), _) => named,
        (None, Some(service)) => find::of_service(&mut reader, &service, options.last.get()).await?,
        (None, None) => match find::in_region(&mut reader).await? {
            Some(found) => found,
            None => return nothing(options, &world, reader),
        },
    };
    explain(options, &world, reader, found).await
}

/// Tells the story of what was found.
pub(super) async fn explain(
    options: &ExplainOptions,
    world: &World,
    reader: Reader,
    found: Found,
) -> Result<ExitCode, Failure> {
    let story = story(reader, found).await?;
    if options.json {
        output::json(&show::json(world, &story))?;
    } else if options.follow {
        output::data(&show::body(&story))?;
    } else {
        output::data(&show::text(world, &story))?;
    }
    Ok(output::exit_code(story.reason.is_some()))
}

async fn story(mut reader: Reader, found: Found) -> Result<Story, Failure> {
    let Found { who, notes } = found;
    let mut story = match &who {
        Who::Ecs(arn) => ecs::story(&mut reader, arn, notes).await?,
        Who::CodeDeploy(id) => codedeploy::story(&mut reader, id, notes).await?,
    };
    story.unread = reader.into_unread();
    Ok(story)
}

/// Nothing in the region went wrong, as far as it could be looked at.
fn nothing(options: &ExplainOptions, world: &World, reader: Reader) -> Result<ExitCode, Failure> {
    let reason =
        "no deployment in this region was rolled back, stopped or has failed, as far as AWS remembers";
    let unread = reader.into_unread();
    if options.json {
        let unread: Vec<_> =
            unread.iter().map(|unread| json!({ "what": unread.what, "why": unread.why })).collect();
        output::json(
            &json!({ "world": world.word(), "id": null, "reason": null, "notes": [reason], "unread": unread }),
        )?;
    } else {
        let mut text = format!("{}\nreason   {reason}", show::line(world));
        for unread in unread {
            let _ = write!(text, "\nunread   could not read: {}, because {}", unread.what, unread.why);
        }
        output::data(&text)?;
    }
    Ok(output::exit_code(false))
}

/// An ARN says which region it is in.
fn connection(world: &World, options: &ExplainOptions) -> Connection {
    let arn = [&options.deployment, &options.service, &options.cluster]
        .into_iter()
        .flatten()
        .find(|text| text.starts_with("arn:"));
    let mut connection = world.connection(arn.map(|arn| json!({ "serviceArn": arn })).as_ref());
    let is_set = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().any(|name| env::var_os(name).is_some());
    if matches!(world, World::Endpoint(_)) && connection.region.is_none() && !is_set {
        // It answers for any, and signatures need one.
        connection.region = Some("us-east-1".to_owned());
    }
    connection
}
