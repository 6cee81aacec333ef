//! Which world is looked at: the local one, an endpoint that somebody names, or a real account.
//!
//! A world is only ever read. What a hook reports goes to the local endpoint in each of them.

use std::{env, path::PathBuf};

use clap::Args;
use greenlight::{
    Connection,
    settings::{METRICS, REPORT_ENDPOINT_URL},
};
use serde_json::Value;
use url::Url;

use crate::{failure::Failure, rehearsal::aws::Aws};

mod built_in;
mod local;

pub(crate) use self::local::{Local, Purpose, give, make_known, serve};

/// The options that choose a world.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WorldOptions {
    /// Look into your AWS account, read-only, with the credentials and the region of the environment.
    #[arg(long, conflicts_with = "endpoint_url")]
    pub(crate) aws: bool,
    /// Look here in the place of AWS, e.g. at an emulator.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Read the local world from this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["aws", "endpoint_url"])]
    pub(crate) world: Option<PathBuf>,
}

impl WorldOptions {
    /// Whether the local world is looked at.
    pub(crate) fn is_local(&self) -> bool {
        !self.aws && self.endpoint_url.is_none()
    }
}

/// The options that choose a world where there is no local one.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ElsewhereOptions {
    /// Look into your AWS account, read-only, with the credentials and the region of the environment; that is also
    /// meant where a service or a deployment is named.
    #[arg(long, conflicts_with = "endpoint_url")]
    pub(crate) aws: bool,
    /// Look here in the place of AWS, e.g. at a rehearsal that was kept with `--keep`.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
}

/// The world that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum World {
    /// The one that this command serves, at this URL.
    Local(String),
    /// Another endpoint.
    Endpoint(String),
    /// An account.
    Account,
}

impl World {
    pub(crate) fn new(options: &WorldOptions, local: &Aws) -> Result<Self, Failure> {
        let elsewhere = Self::elsewhere(options.endpoint_url.as_deref(), options.aws)?;
        Ok(elsewhere.unwrap_or_else(|| Self::Local(local.endpoint_url())))
    }

    /// The endpoint that somebody names.
    pub(crate) fn endpoint(url: &str) -> Result<Self, Failure> {
        if is_url(url) {
            return Ok(Self::Endpoint(url.to_owned()));
        }
        Err(Failure::wrong(format!("`--endpoint-url {url}` is no URL"))
            .hint("expected one such as `http://127.0.0.1:4566`"))
    }

    /// The world that these options name for a hook's process; none where they name none.
    fn elsewhere(endpoint_url: Option<&str>, aws: bool) -> Result<Option<Self>, Failure> {
        match (endpoint_url, aws) {
            (Some(url), _) => Self::endpoint(url).map(Some),
            (None, true) if env::var_os("AWS_ACCESS_KEY_ID").is_none() => Err(Failure::wrong(
                "`--aws` finds no credentials in the environment",
            )
            .hint(
                "`eval \"$(aws configure export-credentials --format env)\"` puts those of a profile there",
            )),
            (None, true) => Ok(Some(Self::Account)),
            (None, false) => Ok(None),
        }
    }

    /// The first line of output: people must see at once what was looked at.
    pub(crate) fn line(&self) -> String {
        let words = match self {
            Self::Local(_) => "local: no AWS account is asked, reports stay on this machine".to_owned(),
            Self::Endpoint(url) => format!("{url}: read only, reports stay on this machine"),
            Self::Account => "your AWS account: read only, reports stay on this machine".to_owned(),
        };
        format!("world    {words}")
    }

    /// The word for JSON.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Local(_) => "local",
            Self::Endpoint(url) => url,
            Self::Account => "aws",
        }
    }

    /// How this process reaches it.
    pub(crate) fn connection(&self, event: Option<&Value>) -> Connection {
        let region = region(event);
        match self {
            Self::Local(url) => {
                let region = region.or_else(|| Some("us-east-1".to_owned()));
                Connection { endpoint_url: Some(url.clone()), region, unverified: true }
            }
            Self::Endpoint(url) => {
                // An emulator takes any credentials, and most people have none set for it.
                let unverified = env::var_os("AWS_ACCESS_KEY_ID").is_none();
                Connection { endpoint_url: Some(url.clone()), region, unverified }
            }
            Self::Account => Connection { endpoint_url: None, region, unverified: false },
        }
    }

    /// The variables by which a hook's process reaches it. Lambda's own ones are in place already.
    pub(crate) fn variables(&self, local: &Aws) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // Whatever the world: a verdict is reported to nobody but this command.
        let mut variables = vec![pair(REPORT_ENDPOINT_URL, &local.endpoint_url()), pair(METRICS, "off")];
        let own = || {
            env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        };
        match self {
            Self::Local(url) => {
                variables.push(pair("AWS_ENDPOINT_URL", url));
                variables.push(pair("NO_PROXY", "*"));
                variables.push(pair("AWS_EC2_METADATA_DISABLED", "true"));
            }
            Self::Endpoint(url) => {
                variables.push(pair("AWS_ENDPOINT_URL", url));
                variables.extend(own().filter(|(name, _)| is_credential(name)));
            }
            Self::Account => {
                variables.extend(own().filter(|(name, _)| {
                    is_credential(name)
                        || name.starts_with("AWS_ENDPOINT_URL")
                        || matches!(
                            name.as_str(),
                            "AWS_PROFILE"
                                | "AWS_CONFIG_FILE"
                                | "AWS_SHARED_CREDENTIALS_FILE"
                                | "AWS_REGION"
                                | "HOME"
                        )
                }));
            }
        }
        variables
    }
}

fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_credential(name: &str) -> bool {
    matches!(name, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN")
}

/// The region that an event names.
pub(crate) fn region(event: Option<&Value>) -> Option<String> {
    let arn = ["/executionDetails/serviceArn", "/serviceArn", "/detail/serviceArn"]
        .into_iter()
        .find_map(|pointer| event?.pointer(pointer)?.as_str())?;
    let region = arn.split(':').nth(3)?;
    (!region.is_empty()).then(|| region.to_owned())
}
