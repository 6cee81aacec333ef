//! What a load balancer answers by itself.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, LOCATION, SERVER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};

pub(super) type Body = BoxBody<Bytes, hyper::Error>;

const NAME: HeaderValue = HeaderValue::from_static("awselb/2.0");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// One of the service's own pages.
pub(super) fn page(status: StatusCode) -> Response<Body> {
    answer(status, HTML, html(status))
}

/// A page, after which the connection ends.
pub(super) fn last_page(status: StatusCode) -> Response<Body> {
    with(page(status), CONNECTION, HeaderValue::from_static("close"))
}

/// A page that sends the client elsewhere.
pub(super) fn redirect(status: StatusCode, location: &str) -> Response<Body> {
    match HeaderValue::from_str(location) {
        Ok(location) => with(page(status), LOCATION, location),
        // The host or the path that stands in it cannot stand in a header.
        Err(_) => page(StatusCode::BAD_REQUEST),
    }
}

pub(super) fn fixed(status: u16, body: String) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    answer(status, HeaderValue::from_static("text/plain; charset=utf-8"), body)
}

/// A page as it goes over the wire, for a client that did not get as far as a request.
pub(super) fn bytes(status: StatusCode) -> Vec<u8> {
    let page = html(status);
    format!(
        "HTTP/1.1 {} {}\r\nserver: awselb/2.0\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        page.len(),
    )
    .into_bytes()
}

/// The page's words are not always those of the standard.
fn html(status: StatusCode) -> String {
    let words = match status {
        StatusCode::FOUND => "Found",
        StatusCode::UNAUTHORIZED => "Authorization Required",
        StatusCode::METHOD_NOT_ALLOWED => "Not Allowed",
        StatusCode::URI_TOO_LONG => "Request-URI Too Large",
        StatusCode::SERVICE_UNAVAILABLE => "Service Temporarily Unavailable",
        StatusCode::GATEWAY_TIMEOUT => "Gateway Time-out",
        other => other.canonical_reason().unwrap_or_default(),
    };
    let title = format!("{} {words}", status.as_u16());
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

fn answer(status: StatusCode, content_type: HeaderValue, body: String) -> Response<Body> {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    with(with(response, SERVER, NAME), CONTENT_TYPE, content_type)
}

fn with(mut response: Response<Body>, name: HeaderName, value: HeaderValue) -> Response<Body> {
    response.headers_mut().insert(name, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_lengths_that_are_seen_in_the_field() {
        let lengths = [(301, 134), (400, 122), (502, 122), (503, 162), (504, 132)];
        for (status, length) in lengths {
            assert_eq!(html(StatusCode::from_u16(status).unwrap()).len(), length, "{status}");
        }
    }
}
