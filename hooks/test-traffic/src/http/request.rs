//! From settings and target to the request that is sent: secrets fetched, headers laid over each other.

use std::collections::BTreeMap;

use greenlight::{
    Outcome, Scope, VERSION,
    plan::{Authority, Isolation, Problem, Text},
};

use url::Url;

use super::Http;
use crate::prober::{Endpoint, Overrides, Request, Scheme};

/// What is sent, and where.
pub(super) struct Prepared {
    pub(super) endpoint: Endpoint,
    pub(super) request: Request,
    /// The URL for people.
    pub(super) url: String,
}

/// Why nothing can be sent.
type Obstacle = Box<Outcome>;

/// Prepares the request; the error is the check's outcome.
pub(super) async fn prepare(http: &Http, scope: &Scope) -> Result<Prepared, Obstacle> {
    let target = scope.target();
    let cannot = |cause: String, hint: &str| Box::new(Outcome::cannot_tell(cause).hint(hint));
    let Some(url) = &target.url else {
        return Err(cannot(
            "there is no target".to_owned(),
            "say where green is: set `target.url` in the plan, or GREENLIGHT_TARGET_URL (`--target` of `greenlight invoke`)",
        ));
    };
    if scope.isolation() == Isolation::Required {
        return Err(cannot(
            format!("`isolation` is `required`, and nothing can prove that {url} is green"),
            "use `\"isolation\": \"auto\"` with a target URL",
        ));
    }
    let ca_pem = match &target.tls.ca {
        None => None,
        Some(Authority::Pem(pem)) => Some(pem.clone().into_bytes()),
        Some(Authority::Kept(reference)) => {
            Some(fetched(scope.secrets().fetch(reference).await)?.as_bytes().to_vec())
        }
    };
    let overrides = Overrides {
        connect_to: None,
        host: target.host.as_ref().map(ToString::to_string),
        server_name: target.tls.server_name.as_ref().map(|name| name.name().to_owned()),
        ca_pem,
    };
    let (base, path) = base_and_path(url.url(), &http.path.0);
    let endpoint = Endpoint::new(&base, &overrides)
        .map_err(|error| cannot(error.to_string(), "correct the plan's `target`"))?;
    if carries_secrets(http, scope) && endpoint.scheme() == Scheme::Http && !http.allow_plaintext {
        return Err(cannot(
            format!("a secret would be sent to {url} in plain text"),
            "use https, or add `\"allow_plaintext\": true` to the check",
        ));
    }
    let request = request(http, scope, &endpoint, &path).await?;
    let joined = format!("{}{}", url.to_string().trim_end_matches('/'), http.path.0);
    Ok(Prepared { endpoint, request, url: joined })
}

fn carries_secrets(http: &Http, scope: &Scope) -> bool {
    http.headers.has_secret()
        || scope.target().headers.has_secret()
        || http.cookies.values().chain(&http.body).any(Text::is_secret)
}

/// A check without a path asks for the target URL's own; with one, that is a prefix.
fn base_and_path(url: &Url, path: &str) -> (Url, String) {
    if !path.is_empty() {
        return (url.clone(), path.to_owned());
    }
    let mut base = url.clone();
    base.set_path("/");
    (base, url.path().to_owned())
}

async fn request(http: &Http, scope: &Scope, endpoint: &Endpoint, path: &str) -> Result<Request, Obstacle> {
    let refused = |error: &dyn std::fmt::Display| {
        Box::new(Outcome::cannot_tell(format!("the request cannot be made: {error}")))
    };
    let mut request = endpoint.request(http.method.0.clone(), path).map_err(|error| refused(&error))?;
    for (name, value) in headers(http, scope) {
        let value = fetched(scope.secrets().text(&value).await)?;
        request = request.with_header(&name, &value).map_err(|error| refused(&error))?;
    }
    if !http.cookies.is_empty() {
        let mut pairs = Vec::new();
        for (name, value) in &http.cookies {
            pairs.push(format!("{name}={}", fetched(scope.secrets().text(value).await)?));
        }
        request = request.with_header("cookie", &pairs.join("; ")).map_err(|error| refused(&error))?;
    }
    if let Some(body) = &http.body {
        request = request.with_body(fetched(scope.secrets().text(body).await)?);
    }
    Ok(if carries_secrets(http, scope) { request.carrying_secrets() } else { request })
}

/// The headers: what probes always say of themselves ← the target's ← the check's; `null` drops one.
fn headers(http: &Http, scope: &Scope) -> BTreeMap<String, Text> {
    let own = |name: &str, value: String| (name.to_owned(), Some(Text::Literal(value)));
    // A deployment's id comes from the event, so it may hold anything.
    let deployment: String = scope.deployment().chars().filter(char::is_ascii_graphic).take(256).collect();
    let mut headers = BTreeMap::from([
        own("user-agent", format!("greenlight/{VERSION}")),
        own("x-greenlight-deployment", deployment),
    ]);
    headers.extend(scope.target().headers.0.clone());
    headers.extend(http.headers.0.clone());
    headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn fetched<T>(result: Result<T, String>) -> Result<T, Obstacle> {
    result.map_err(|error| Box::new(Outcome::inconclusive(error)))
}

/// Cookies that would break the header that they stand in.
pub(super) fn cookie_problems(cookies: &BTreeMap<String, Text>) -> Vec<Problem> {
    let forbidden =
        |text: &str| text.bytes().any(|byte| byte.is_ascii_control() || b";, \"\\".contains(&byte));
    let mut problems = Vec::new();
    for (name, value) in cookies {
        if name.is_empty() || name.contains('=') || forbidden(name) {
            problems.push(Problem::new(format!("cookies.{}", name.escape_debug()), "is no cookie name"));
        }
        if matches!(value, Text::Literal(value) if forbidden(value)) {
            problems.push(Problem::new(
                format!("cookies.{}", name.escape_debug()),
                "holds a blank, a quote, a comma, a semicolon or a control character; expected a cookie value",
            ));
        }
    }
    problems
}
