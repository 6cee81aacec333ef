//! One request: which rule takes it, what it is answered and by whom.

use std::convert::Infallible;
use std::time::Duration;

use http::header::HOST;
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};

use super::answers::{self, Body};
use super::conditions::{self, Subject};
use super::forwarding::{self, Way};
use super::listener::Front;
use super::log::{AnsweredBy, Asked, Entry};
use super::record::Record;
use super::redirect::{self, Original};
use super::routing::{self, Route, Step};
use super::target::{self, Connection, Unreachable};

pub(super) async fn answer(front: Front, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (at, started) = (greenlight::clock::now(), Instant::now());
    let authority = authority(&front, &request);
    let trace = forwarding::trace(request.headers(), at);
    let mut record = Record::new(
        &front.site.log,
        started,
        Entry {
            listener: front.listener.to_string(),
            client: front.peer,
            trace: Some(trace.clone()),
            asked: Some(Asked {
                method: request.method().to_string(),
                host: authority.as_deref().map(host).unwrap_or_default().to_owned(),
                path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            }),
            rule: None,
            target_group: None,
            target: None,
            connected: false,
            status: None,
            answered_by: AnsweredBy::LoadBalancer,
            at,
            duration: Duration::ZERO,
        },
    );
    let response = match authority {
        None => answers::last_page(StatusCode::BAD_REQUEST),
        Some(_) if request.method() == Method::TRACE => answers::page(StatusCode::METHOD_NOT_ALLOWED),
        Some(authority) => act(&front, request, &authority, &trace, &mut record).await,
    };
    record.answered(response.status());
    Ok(response)
}

/// The answer; what is known of its way there is in the record as soon as it is.
async fn act(
    front: &Front,
    request: Request<Incoming>,
    authority: &str,
    trace: &str,
    record: &mut Record<'_>,
) -> Response<Body> {
    let uri = request.uri();
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let subject = Subject {
        peer: front.peer.ip(),
        request: Some(conditions::Request {
            method: request.method().as_str(),
            host: host(authority),
            path,
            query,
            headers: request.headers(),
        }),
    };
    let site = &front.site;
    let Route { rule, step } =
        site.world.look(|world| routing::route(&world.elb, &site.shares, &front.listener, &subject));
    let original = Original {
        protocol: front.protocol(),
        host: host(authority),
        port: front.address.port(),
        path,
        query,
    };
    record.entry.rule = rule;
    match step {
        Step::Forward { target_group, secure, target } => {
            record.entry.target_group = Some(target_group);
            record.entry.target = Some(target.clone());
            let connection = match target::connect(&front.site.addresses, &target, secure).await {
                Ok(connection) => connection,
                Err(Unreachable::Refused) => return answers::page(StatusCode::BAD_GATEWAY),
                Err(Unreachable::TimedOut) => return answers::page(StatusCode::GATEWAY_TIMEOUT),
            };
            record.entry.connected = true;
            match forward(front, request, authority, trace, connection).await {
                Ok(response) => {
                    record.entry.answered_by = AnsweredBy::Target;
                    response
                }
                Err(status) => answers::page(status),
            }
        }
        Step::NoTarget { target_group } => {
            record.entry.target_group = target_group;
            answers::page(StatusCode::SERVICE_UNAVAILABLE)
        }
        Step::FixedResponse { status, body } => answers::fixed(status, body),
        Step::Redirect { permanent, location } => {
            let status = if permanent { StatusCode::MOVED_PERMANENTLY } else { StatusCode::FOUND };
            answers::redirect(status, &redirect::location(&location, &original))
        }
        Step::Authenticate(kind) if kind == "jwt-validation" => answers::page(StatusCode::UNAUTHORIZED),
        Step::Authenticate(_) => answers::redirect(StatusCode::FOUND, &redirect::sign_in(&original)),
    }
}

/// The answer of the target, or the status of the page that stands for it.
async fn forward(
    front: &Front,
    request: Request<Incoming>,
    authority: &str,
    trace: &str,
    connection: Box<dyn Connection>,
) -> Result<Response<Body>, StatusCode> {
    let site = &front.site;
    let (mut sender, connection) = http1::Builder::new()
        .preserve_header_case(true)
        .handshake(TokioIo::new(connection))
        .await
        .map_err(|_| StatusCode::BAD_GATEWAY)?;
    site.tasks.spawn(connection);

    let (mut head, body) = request.into_parts();
    let way = Way {
        peer: front.peer.ip(),
        protocol: front.protocol(),
        port: front.address.port(),
        authority,
        trace,
    };
    forwarding::request(&mut head, &way);
    let answered = timeout(site.idle_timeout, sender.send_request(Request::from_parts(head, body)));
    let response = match answered.await {
        Err(_) => return Err(StatusCode::GATEWAY_TIMEOUT),
        Ok(Err(_)) => return Err(StatusCode::BAD_GATEWAY),
        // A change of protocols that nobody asked for.
        Ok(Ok(response)) if response.status().is_informational() => return Err(StatusCode::BAD_GATEWAY),
        Ok(Ok(response)) => response,
    };
    let (mut head, body) = response.into_parts();
    forwarding::response(&mut head);
    Ok(Response::from_parts(head, body.boxed()))
}

/// Whom the request is for, with the port if the client wrote one; none if it does not say, or says it
/// twice, which makes it malformed.
fn authority(front: &Front, request: &Request<Incoming>) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.to_string());
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().map(ToOwned::to_owned),
        // The last version that could do without.
        (None, None) if request.version() == Version::HTTP_10 => Some(front.address.to_string()),
        _ => None,
    }
}

/// `orders.example.com:8080` is the host `orders.example.com`.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_no_port() {
        let cases = [
            ("orders.example.com", "orders.example.com"),
            ("orders.example.com:8080", "orders.example.com"),
            ("orders.example.com:", "orders.example.com"),
            ("[::1]", "[::1]"),
            ("[::1]:8080", "[::1]"),
            ("", ""),
        ];
        for (authority, expected) in cases {
            assert_eq!(host(authority), expected, "{authority}");
        }
    }
}
