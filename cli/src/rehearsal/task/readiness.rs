//! When a task is ready: its health check passes, asked of the application itself and not of its front.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use http::header::{HOST, USER_AGENT};
use tokio::time::{sleep, timeout};

use super::upstream::Upstream;
use crate::rehearsal::balancer::{HEALTH_CHECKER, is_good};

/// From one attempt to the next.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long an answer may take, as load balancers have it by default.
const PATIENCE: Duration = Duration::from_secs(5);

/// What makes a task ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It takes a connection.
    Connects,
    /// It answers a GET.
    Answers {
        /// The path, and the query if there is one.
        path: String,
        /// The statuses that are good, in the words of target groups: `200`, `200,202`, `200-299`.
        matcher: String,
    },
}

impl Readiness {
    /// An answer of such a status at this path.
    pub fn of(path: impl Into<String>, matcher: impl Into<String>) -> Self {
        Self::Answers { path: path.into(), matcher: matcher.into() }
    }

    /// The path without its query.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Connects => None,
            Self::Answers { path, matcher: _ } => Some(path.split_once('?').map_or(path, |(path, _)| path)),
        }
    }
}

/// What came of one attempt.
enum Found {
    Ready,
    /// Somebody is there.
    NotYet,
    Nobody,
}

/// Waits until the application is ready at one of the places where it may be, and returns that one. What
/// was last observed is written down for those who wait no longer.
pub(super) async fn wait(places: Vec<Upstream>, readiness: &Readiness, observed: &mut String) -> Upstream {
    loop {
        for (number, place) in places.iter().enumerate() {
            let mut here = String::new();
            let found = timeout(PATIENCE, attempt(place, readiness, &mut here)).await;
            match found.unwrap_or(Found::NotYet) {
                Found::Ready => return place.clone(),
                Found::NotYet => {
                    *observed = here;
                    break;
                }
                // The first place is where it was asked to be.
                Found::Nobody if number == 0 => *observed = here,
                Found::Nobody => {}
            }
        }
        sleep(INTERVAL).await;
    }
}

async fn attempt(place: &Upstream, readiness: &Readiness, observed: &mut String) -> Found {
    let connection = match place.connect().await {
        Ok(connection) => connection,
        Err(error) => {
            *observed = format!("no connection to {}: {error}", place.authority());
            return Found::Nobody;
        }
    };
    let Readiness::Answers { path, matcher } = readiness else { return Found::Ready };
    let asked = format!("GET {path} at {}", place.authority());
    *observed = format!("`{asked}` had no answer within {} s", PATIENCE.as_secs());
    let request = Request::get(path)
        .header(HOST, place.authority())
        .header(USER_AGENT, HEALTH_CHECKER)
        .body(Body::empty());
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            *observed = format!("`{path}` is no path: {error}");
            return Found::NotYet;
        }
    };
    match place.ask_over(connection, request).await {
        Ok(response) if is_good(matcher, response.status().as_u16()) => Found::Ready,
        Ok(response) => {
            *observed = format!(
                "`{asked}` was answered with {} where {matcher} was expected",
                response.status().as_u16()
            );
            Found::NotYet
        }
        Err(error) => {
            *observed = format!("`{asked}` failed: {error}");
            Found::NotYet
        }
    }
}
