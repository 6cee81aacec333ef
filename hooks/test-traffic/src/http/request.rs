//! From settings and a place to the request that is sent: secrets fetched, headers laid over each other.

use std::collections::BTreeMap;

use greenlight::{
    Outcome, Scope, VERSION,
    plan::{Authority, Problem, Text},
};
use url::Url;

use super::Http;
use greenlight_prober::{Endpoint, Overrides, Request, Scheme};

/// Where a request goes, whoever found it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Scheme, host and port; a path is a prefix.
    pub(super) base: Url,
    /// Where to connect to, where that is not what the URL says.
    pub(super) connect_to: Option<(String, u16)>,
    /// The `Host` header, where it is another.
    pub(super) host: Option<String>,
    /// The name that the certificate must carry, where it is another.
    pub(super) server_name: Option<String>,
    /// Path and query.
    pub(super) path: String,
    /// Headers that the listener rule asks for; a plan's come over them.
    pub(super) headers: Vec<(String, String)>,
    /// The URL, for people.
    pub(super) shown: String,
}

impl Place {
    /// The plan's own target.
    pub(super) fn of_target(http: &Http, scope: &Scope, url: &Url) -> Self {
        let target = scope.target();
        // A check without a path asks for the target URL's own; with one, that is a prefix.
        let (base, path) = if http.path.is_given() {
            (url.clone(), http.path.0.clone())
        } else {
            let mut base = url.clone();
            base.set_path("/");
            (base, url.path().to_owned())
        };
        Self {
            base,
            connect_to: None,
            host: target.host.as_ref().map(ToString::to_string),
            server_name: target.tls.server_name.as_ref().map(|name| name.name().to_owned()),
            path,
            headers: Vec::new(),
            shown: format!("{}{}", url.to_string().trim_end_matches('/'), http.path.0),
        }
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
    let ca_pem = match &scope.target().tls.ca {
        None => None,
        Some(Authority::Pem(pem)) => Some(pem.clone().into_bytes()),
        Some(Authority::Kept(reference)) => {
            Some(fetched(scope.secrets().fetch(reference).await)?.as_bytes().to_vec())
        }
    };
    let overrides =
        Overrides { connect_to: place.connect_to, host: place.host, server_name: place.server_name, ca_pem };
    let endpoint = Endpoint::new(&place.base, &overrides)
        .map_err(|error| cannot(error.to_string(), "correct the plan's `target`"))?;
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
    let planned = headers(http, scope, of_rule);
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

/// The headers of the plan and of every probe: what probes always say of themselves ← the target's ← the
/// check's; `null` drops one. What a rule asks for takes the place of the first.
fn headers(http: &Http, scope: &Scope, of_rule: &[(String, String)]) -> BTreeMap<String, Text> {
    let own = |name: &str, value: String| (name.to_owned(), Some(Text::Literal(value)));
    // A deployment's id comes from the event, so it may hold anything.
    let deployment: String = scope.deployment_id().chars().filter(char::is_ascii_graphic).take(256).collect();
    let mut headers = BTreeMap::from([
        own("user-agent", format!("greenlight/{VERSION}")),
        own("x-greenlight-deployment", deployment),
    ]);
    headers.retain(|name, _| !of_rule.iter().any(|(asked, _)| asked == name));
    for planned in [&scope.target().headers, &http.headers] {
        headers.extend(planned.0.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    }
    headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The plan's headers, lower-case names: those whose values stand in it, and the names of its secrets.
pub(super) fn planned_headers(http: &Http, scope: &Scope) -> (Vec<(String, String)>, Vec<String>) {
    let mut headers = scope.target().headers.0.clone();
    headers.extend(http.headers.0.clone());
    let (mut literal, mut secret) = (Vec::new(), Vec::new());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        match value {
            Some(Text::Literal(value)) => literal.push((name, value)),
            Some(Text::Secret(_)) => secret.push(name),
            None => {}
        }
    }
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
