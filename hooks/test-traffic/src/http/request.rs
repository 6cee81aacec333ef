//! From steps and a place to the requests that are sent: secrets fetched, headers laid over each other.

use std::collections::BTreeMap;

use greenlight::{
    Outcome, Scope,
    plan::{Problem, Target, Text},
};
use greenlight_prober::{Endpoint, Scheme};
use url::Url;

use super::{Http, course::Prepared, draft::Draft, steps::Step, template::Template, version};
use crate::reach::{Place, endpoint, fetched, laid_over, told_and_secret};

impl Place {
    /// The plan's own target, and the steps as they are asked for there.
    pub(in crate::http) fn of_target(http: &Http, scope: &Scope, url: &Url) -> (Self, Vec<Step>) {
        let mut steps = http.sequence();
        let mut base = url.clone();
        // A check without a path asks for the target URL's own; with one, that is a prefix.
        if let [alone] = steps.as_mut_slice()
            && !alone.path.is_given()
        {
            url.path().clone_into(&mut alone.path.0);
            base.set_path("/");
        }
        let shown = format!("{}{}", url.to_string().trim_end_matches('/'), http.path.0);
        let place = Self { speaks: version::speaks(http.version, false), ..Self::at(scope, base, shown) };
        (place, steps)
    }
}

/// Why nothing can be sent.
type Obstacle = Box<Outcome>;

/// Prepares the requests; the error is the check's outcome.
pub(super) async fn prepare(
    http: &Http,
    scope: &Scope,
    place: Place,
    steps: Vec<Step>,
) -> Result<(Endpoint, Vec<Prepared>), Obstacle> {
    let cannot = |cause: String, hint: &str| Box::new(Outcome::cannot_tell(cause).hint(hint));
    let endpoint = endpoint(scope, &place).await?;
    let is_plain = endpoint.scheme() == Scheme::Http;
    if is_plain && !http.allow_plaintext && steps.iter().any(|step| names_secret(step, scope.target())) {
        return Err(cannot(
            format!("a secret would be sent to {} in plain text", place.shown),
            "use https, or add `\"allow_plaintext\": true` to the check",
        ));
    }
    if is_plain && steps.iter().any(|step| step.expect.needs_certificate()) {
        return Err(cannot(
            format!("`expires_in` is about a certificate, and {} is plain HTTP, which has none", place.shown),
            "give the listener or the tasks TLS, or take `expires_in` out",
        ));
    }
    let mut prepared = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        let draft = draft(http, &step, scope, place.of_rule(index)).await?;
        let request = if step.has_references() && http.is_sequence() {
            None
        } else {
            let filled = draft.fill(&endpoint, &BTreeMap::new());
            Some(filled.map_err(|error| {
                Box::new(Outcome::cannot_tell(format!("the request cannot be made: {error}")))
            })?)
        };
        prepared.push(Prepared { step, draft, request });
    }
    Ok((endpoint, prepared))
}

fn names_secret(step: &Step, target: &Target) -> bool {
    target.headers.has_secret()
        || step.headers.values().flatten().any(Text::is_secret)
        || step.cookies.values().chain(&step.body).any(Text::is_secret)
}

/// One step's request, but for what earlier answers give.
async fn draft(
    http: &Http,
    step: &Step,
    scope: &Scope,
    of_rule: &[(String, String)],
) -> Result<Draft, Obstacle> {
    let planned = laid_over(scope, &step.headers, of_rule);
    let mut headers = Vec::new();
    for (name, value) in &planned {
        headers.push((name.clone(), template(http, scope, value).await?));
    }
    // A rule may ask for two values of one header, so these are added and not laid over each other.
    let of_rule = of_rule.iter().filter(|(name, _)| !planned.contains_key(name));
    let of_rule = of_rule.filter(|(name, _)| step.cookies.is_empty() || name != "cookie");
    headers.extend(of_rule.map(|(name, value)| (name.clone(), Template::literal(value))));
    let mut cookies = Vec::new();
    for (name, value) in &step.cookies {
        cookies.push((name.clone(), template(http, scope, value).await?));
    }
    let body = match &step.body {
        Some(body) => Some((template(http, scope, body).await?, step.body_encoding())),
        None => None,
    };
    let path = read(http, &step.path.0)?;
    let hides = names_secret(step, scope.target())
        || (http.is_sequence() && (step.has_references() || !step.capture.is_empty()));
    Ok(Draft { method: step.method.0.clone(), path, headers, cookies, body, hides })
}

/// A text of the plan with its secret; its references are read where there are some.
async fn template(http: &Http, scope: &Scope, text: &Text) -> Result<Template, Obstacle> {
    match text {
        Text::Literal(literal) => read(http, literal),
        secret @ Text::Secret(_) => Ok(Template::literal(fetched(scope.secrets().text(secret).await)?)),
    }
}

fn read(http: &Http, text: &str) -> Result<Template, Obstacle> {
    if !http.is_sequence() {
        return Ok(Template::literal(text));
    }
    Template::parse(text)
        .map_err(|message| Box::new(Outcome::cannot_tell(format!("a text of the plan {message}"))))
}

/// Whether a text of a step holds what earlier answers give.
fn refers(text: &str, is_sequence: bool) -> bool {
    is_sequence && Template::parse(text).is_ok_and(|template| template.names().next().is_some())
}

/// A step's headers, lower-case names: those whose values stand in the plan, and the names of those whose
/// values do not: secrets, and what earlier answers give.
pub(super) fn planned_headers(
    step: &Step,
    scope: &Scope,
    is_sequence: bool,
) -> (Vec<(String, String)>, Vec<String>) {
    let (told, mut secret) = told_and_secret(scope, &step.headers);
    let (refer, mut literal): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|(_, value)| refers(value, is_sequence));
    secret.extend(refer.into_iter().map(|(name, _)| name));
    // A rule may look at cookies as at any other header.
    let pairs: Option<Vec<_>> = step
        .cookies
        .iter()
        .map(|(name, value)| match value {
            Text::Literal(value) if !refers(value, is_sequence) => Some(format!("{name}={value}")),
            Text::Literal(_) | Text::Secret(_) => None,
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
