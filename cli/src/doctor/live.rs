//! Facts from an account, for services that somebody names.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use greenlight::{Ask, Cause, Connection};
use greenlight_preflight::{Facts, Key, Rule, Spelling, live};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    arguments::AccountOptions,
    document,
    failure::Failure,
    rehearsal::aws::Aws,
    wiring::{Wiring, Wirings},
};

/// As long as anybody waits for an answer on one service.
const WITHIN: Duration = Duration::from_mins(2);
/// And on all services of a cluster.
const ALL_WITHIN: Duration = Duration::from_mins(10);
/// How many services are looked at side by side. Their calls have a bound of their own.
const SIDE_BY_SIDE: usize = 8;
/// More services than this have a table that nobody reads.
const MOST_SERVICES: usize = 200;

/// What is looked at, as the flags say.
pub(super) struct Account {
    /// For people: the first line.
    pub(super) line: String,
    ask: Ask,
    /// The endpoint that is served for a world from a file, for as long as it is looked at.
    _served: Option<Aws>,
}

/// Whether the flags ask for an account at all.
pub(super) fn is_asked(options: &AccountOptions) -> bool {
    options.world.aws
        || options.world.endpoint_url.is_some()
        || options.world.world.is_some()
        || options.cluster.is_some()
        || options.application.is_some()
}

impl Account {
    pub(super) async fn new(options: &AccountOptions) -> Result<Self, Failure> {
        let chosen = &options.world;
        let mut served = None;
        let (line, connection) = match (&chosen.world, &chosen.endpoint_url) {
            (Some(path), _) => {
                let aws = Aws::serve(document::world(path)?).await.map_err(|error| {
                    Failure::not_carried_out("cannot start the local AWS endpoint", &error)
                })?;
                let region = aws.look(|world| world.identity.region.clone());
                let connection = Connection {
                    endpoint_url: Some(aws.endpoint_url()),
                    region: Some(region),
                    unverified: true,
                };
                served = Some(aws);
                (format!("the world `{}`: no AWS account is asked", path.display()), connection)
            }
            (None, Some(url)) => {
                // An emulator takes any credentials, and most people have none set for it.
                let unverified = std::env::var_os("AWS_ACCESS_KEY_ID").is_none();
                let region = region(options).or_else(|| Some("us-east-1".to_owned()).filter(|_| unverified));
                let connection = Connection { endpoint_url: Some(url.clone()), region, unverified };
                (format!("{url}: read only"), connection)
            }
            (None, None) => {
                let connection =
                    Connection { endpoint_url: None, region: region(options), unverified: false };
                ("your AWS account: read only".to_owned(), connection)
            }
        };
        Ok(Self { line, ask: Ask::over(connection, WITHIN), _served: served })
    }

    /// Judges what the flags name, beside what files say.
    pub(super) async fn look(
        &self,
        options: &AccountOptions,
        files: Wirings,
        rules: &[&'static Rule],
    ) -> Result<Wirings, Failure> {
        let mut all = Vec::new();
        if options.all_services {
            let cluster = options.cluster.as_deref().unwrap_or_default();
            all = self.services(cluster, rules).await?;
        } else if let Some((subject, name)) = subject(options) {
            let seed = files.all.first().map(|wiring| wiring.facts.without_service()).unwrap_or_default();
            let (facts, _) = live::look(&self.ask, &subject, rules, seed).await;
            Self::exists(&facts, &name)?;
            all.push(Wiring { name, facts });
        } else {
            for wiring in &files.all {
                all.push(self.beside(wiring, rules).await?);
            }
        }
        Ok(Wirings { all, ..files })
    }

    /// A service that was named must be there, or nothing was looked at.
    fn exists(facts: &Facts, name: &str) -> Result<(), Failure> {
        if facts.document(&Key::Service).is_some() {
            return Ok(());
        }
        Err(match facts.unavailable(&Key::Service) {
            Some(why) => Failure::unanswered(format!("{name} could not be read: {why}")),
            None => Failure::wrong(format!("there is no {name}"))
                .hint("check the names, the region and the account: `aws ecs list-services`, `aws deploy list-deployment-groups`"),
        })
    }

    /// What a file is about to deploy, judged by what it will meet.
    async fn beside(&self, wiring: &Wiring, rules: &[&'static Rule]) -> Result<Wiring, Failure> {
        let Some(service) = wiring.facts.document(&Key::Service) else {
            return Err(Failure::wrong(format!(
                "{}: an account is looked at for a service, and there is none in the file",
                wiring.name
            ))
            .hint("name the service: --cluster CLUSTER --service SERVICE"));
        };
        if service.spelling != Spelling::Api {
            return Err(Failure::wrong(format!("`{}` is a template or a plan, whose resources are yet to be made", service.source))
                .hint("leave out --aws and --endpoint-url, or name the service that was made: --cluster CLUSTER --service SERVICE"));
        }
        let text = |key: &str| service.value.get(key).and_then(Value::as_str).unwrap_or("default").to_owned();
        let subject = live::Subject::Service { cluster: text("cluster"), service: wiring.name.clone() };
        let (facts, _) = live::look(&self.ask, &subject, rules, wiring.facts.clone()).await;
        Ok(Wiring { name: wiring.name.clone(), facts })
    }

    /// The services of a cluster. Each has its own time, so that a slow one does not use up that of the others.
    async fn services(&self, cluster: &str, rules: &[&'static Rule]) -> Result<Vec<Wiring>, Failure> {
        let until = Instant::now() + ALL_WITHIN;
        let left = || until.saturating_duration_since(Instant::now());
        let names = self.names(cluster).await?;
        let services = live::described_services(&self.ask.anew(left()), cluster, &names).await;
        let common = live::Common::default();
        let looks = names.into_iter().zip(services).map(|(name, facts)| {
            let common = &common;
            async move {
                let ask = self.ask.anew(WITHIN.min(left()));
                let subject = live::Subject::Service { cluster: cluster.to_owned(), service: name.clone() };
                if facts.document(&Key::Service).is_none() {
                    return Wiring { name, facts };
                }
                let (facts, _) = live::look_among(common, &ask, &subject, rules, facts).await;
                Wiring { name, facts }
            }
        });
        Ok(stream::iter(looks).buffered(SIDE_BY_SIDE).collect().await)
    }

    /// The names of a cluster's services.
    async fn names(&self, cluster: &str) -> Result<Vec<String>, Failure> {
        let mut names =
            live::listed_services(&self.ask, cluster).await.map_err(|failure| match failure.cause {
                Cause::NotFound => Failure::wrong(format!("there is no cluster `{cluster}`"))
                    .hint("check the name, the region and the account: aws ecs list-clusters"),
                _ => Failure::unanswered(failure.to_string()),
            })?;
        if names.len() > MOST_SERVICES {
            crate::output::note(&format!(
                "the first {MOST_SERVICES} of {} services are looked at",
                names.len()
            ));
            names.truncate(MOST_SERVICES);
        }
        Ok(names)
    }
}

fn subject(options: &AccountOptions) -> Option<(live::Subject, String)> {
    if let Some((application, group)) = options.application.clone().zip(options.deployment_group.clone()) {
        let name = format!("deployment group {application}/{group}");
        return Some((live::Subject::Group { application, group }, name));
    }
    let service = options.service.clone()?;
    let cluster = options.cluster.clone().unwrap_or_else(|| "default".to_owned());
    let name = format!("service {cluster}/{service}");
    Some((live::Subject::Service { cluster, service }, name))
}

/// The region in the ARN of the cluster or the service, where one is given.
fn region(options: &AccountOptions) -> Option<String> {
    let arns = [&options.service, &options.cluster];
    let arn = arns.into_iter().flatten().find(|text| text.starts_with("arn:"))?;
    arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned)
}
