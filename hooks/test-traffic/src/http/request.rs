//! From settings and a place to the request that is sent: secrets fetched, headers laid over each other.

use std::collections::BTreeMap;

use greenlight::{
    Outcome, Scope,
    plan::{Problem, Text},
};
use url::Url;

use super::{Http, version};
use crate::reach::{Place, endpoint, fetched, laid_over, told_and_secret};
use greenlight_prober::{Endpoint, Request, Scheme};

impl Place {
    /// The plan's own target.
    pub(in crate::http) fn of_target(http: &Http, scope: &Scope, url: &Url) -> Self {
        // A check without a path asks for the target URL's own; with one, that is a prefix.
        let (base, path) = if http.path.is_given() {
            (url.clone(), http.path.0.clone())
        } else {
            let mut base = url.clone();
            base.set_path("/");
            (base, url.path().to_owned())
        };
        let shown = format!("{}{}", url.to_string().trim_end_matches('/'), http.path.0);
        Self { path, speaks: version::speaks(http.version, false), ..Self::at(scope, base, shown) }
    }
}

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
pub(super) async fn prepare(http: &Http, scope: &Scope, place: Place) -> Result<Prepared, Obstacle> {
    let cannot = |cause: String, hint: &str| Box::new(Outcome::cannot_tell(cause).hint(hint));
    let endpoint = endpoint(scope, &place).await?;
    if carries_secrets(http, scope) && endpoint.scheme() == Scheme::Http && !http.allow_plaintext {
        return Err(cannot(
            format!("a secret would be sent to {} in plain text", place.shown),
            "use https, or add `\"allow_plaintext\": true` to the check",
        ));
    }
    let request = request(http, scope, &endpoint, &place.path, &place.headers).await?;
    Ok(Prepared { endpoint, request, url: place.shown })
}

fn carries_secrets(http: &Http, scope: &Scope) -> bool {
    http.headers.has_secret()
        || scope.target().headers.has_secret()
        || http.cookies.values().chain(&http.body).any(Text::is_secret)
}

async fn request(
    http: &Http,
    scope: &Scope,
    endpoint: &Endpoint,
    path: &str,
    of_rule: &[(String, String)],
) -> Result<Request, Obstacle> {
    let refused = |error: &dyn std::fmt::Display| {
        Box::new(Outcome::cannot_tell(format!("the request cannot be made: {error}")))
    };
    let mut request = endpoint.request(http.method.0.clone(), path).map_err(|error| refused(&error))?;
    let planned = laid_over(scope, &http.headers, of_rule);
    for (name, value) in &planned {
        let value = fetched(scope.secrets().text(value).await)?;
        request = request.with_header(name, &value).map_err(|error| refused(&error))?;
    }
    // A rule may ask for two values of one header, so these are added and not laid over each other.
    let planned_cookies = !http.cookies.is_empty();
    let of_rule = of_rule.iter().filter(|(name, _)| !planned.contains_key(name));
    for (name, value) in of_rule.filter(|(name, _)| !(planned_cookies && name == "cookie")) {
        request = request.with_header(name, value).map_err(|error| refused(&error))?;
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

/// The plan's headers, lower-case names: those whose values stand in it, and the names of its secrets.
pub(super) fn planned_headers(http: &Http, scope: &Scope) -> (Vec<(String, String)>, Vec<String>) {
    let (mut literal, mut secret) = told_and_secret(scope, &http.headers);
    // A rule may look at cookies as at any other header.
    let pairs: Option<Vec<_>> = http
        .cookies
        .iter()
        .map(|(name, value)| match value {
            Text::Literal(value) => Some(format!("{name}={value}")),
            Text::Secret(_) => None,
        })
        .collect();
    match pairs {
        Some(pairs) if pairs.is_empty() => {}
        Some(pairs) => literal.push(("cookie".to_owned(), pairs.join("; "))),
        None => secret.push("cookie".to_owned()),
    }
    (literal, secret)
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
