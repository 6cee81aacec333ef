//! Where a request goes, whoever found that place, and what every request carries.

use std::collections::BTreeMap;

use greenlight::{
    Outcome, Scope, VERSION,
    plan::{Authority, Text},
};
use greenlight_prober::{Endpoint, Overrides, Speaks};
use url::Url;

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Scheme, host and port; a path is a prefix.
    pub(crate) base: Url,
    /// Where to connect to, where that is not what the URL says.
    pub(crate) connect_to: Option<(String, u16)>,
    /// The `Host` header, where it is another.
    pub(crate) host: Option<String>,
    /// The name that the certificate must carry, where it is another.
    pub(crate) server_name: Option<String>,
    /// What is spoken there.
    pub(crate) speaks: Speaks,
    /// Headers that the listener rule asks for, of each request in order; a plan's come over them.
    pub(crate) headers: Vec<Vec<(String, String)>>,
    /// The URL, for people; of several requests without the paths, which they have themselves.
    pub(crate) shown: String,
}

impl Place {
    /// The plan's own words for a URL: its host and the name of its certificate.
    pub(crate) fn at(scope: &Scope, base: Url, shown: String) -> Self {
        let target = scope.target();
        Self {
            base,
            connect_to: None,
            host: target.host.as_ref().map(ToString::to_string),
            server_name: target.tls.server_name.as_ref().map(|name| name.name().to_owned()),
            speaks: Speaks::default(),
            headers: Vec::new(),
            shown,
        }
    }

    /// What the listener rule asks for of a request, counted from 0.
    pub(crate) fn of_rule(&self, request: usize) -> &[(String, String)] {
        self.headers.get(request).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The place as the prober wants it, with the plan's certificate authority; the error is the check's outcome.
pub(crate) async fn endpoint(scope: &Scope, place: &Place) -> Result<Endpoint, Box<Outcome>> {
    let ca_pem = match &scope.target().tls.ca {
        None => None,
        Some(Authority::Pem(pem)) => Some(pem.clone().into_bytes()),
        Some(Authority::Kept(reference)) => {
            Some(fetched(scope.secrets().fetch(reference).await)?.as_bytes().to_vec())
        }
    };
    let Place { connect_to, host, server_name, .. } = place.clone();
    let endpoint = Endpoint::new(&place.base, &Overrides { connect_to, host, server_name, ca_pem });
    endpoint.map(|endpoint| endpoint.speaking(place.speaks)).map_err(|error| {
        Box::new(Outcome::cannot_tell(error.to_string()).hint("correct the plan's `target`"))
    })
}

/// The headers of the plan and of every probe: what probes always say of themselves ← the target's ← the
/// check's; `null` drops one. What a rule asks for takes the place of the first.
pub(crate) fn laid_over(
    scope: &Scope,
    of_check: &BTreeMap<String, Option<Text>>,
    of_rule: &[(String, String)],
) -> BTreeMap<String, Text> {
    let own = |name: &str, value: String| (name.to_owned(), Some(Text::Literal(value)));
    // A deployment's id comes from the event, so it may hold anything.
    let deployment: String = scope.deployment_id().chars().filter(char::is_ascii_graphic).take(256).collect();
    let mut headers = BTreeMap::from([
        own("user-agent", format!("greenlight/{VERSION}")),
        own("x-greenlight-deployment", deployment),
    ]);
    headers.retain(|name, _| !of_rule.iter().any(|(asked, _)| asked == name));
    for planned in [&scope.target().headers.0, of_check] {
        headers.extend(planned.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    }
    headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The plan's headers, lower-case names: those whose values stand in it, and the names of its secrets.
pub(crate) fn told_and_secret(
    scope: &Scope,
    of_check: &BTreeMap<String, Option<Text>>,
) -> (Vec<(String, String)>, Vec<String>) {
    let mut headers = BTreeMap::new();
    for planned in [&scope.target().headers.0, of_check] {
        headers.extend(planned.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    }
    let (mut literal, mut secret) = (Vec::new(), Vec::new());
    for (name, value) in headers {
        match value {
            Some(Text::Literal(value)) => literal.push((name, value)),
            Some(Text::Secret(_)) => secret.push(name),
            None => {}
        }
    }
    (literal, secret)
}

/// What was fetched of a secret, or the outcome of not having been able to.
pub(crate) fn fetched<T>(result: Result<T, String>) -> Result<T, Box<Outcome>> {
    result.map_err(|error| Box::new(Outcome::inconclusive(error)))
}
