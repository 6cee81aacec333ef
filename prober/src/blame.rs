//! Why a connection broke, read from hyper's error.
//!
//! hyper's kinds are private and its words may change, so this looks at what is stable: its `is_…` methods and
//! the I/O and TLS errors among the causes. How far the exchange had come is not asked here; the meter knows.

use std::error::Error as StdError;
use std::io;

use tokio_rustls::rustls::{AlertDescription, Error as TlsError};

use super::tls;

/// Why a connection broke.
#[derive(Debug, PartialEq)]
pub(super) enum Break {
    Closed,
    Reset,
    NotHttp(String),
    Alert(AlertDescription),
    Other(String),
}

/// Why an exchange broke: what the exchange was told, or else how the connection ended.
pub(super) fn cause(told: &hyper::Error, ended: Option<&hyper::Error>) -> Break {
    match (of(told), ended) {
        (Break::Other(_), Some(ended)) => of(ended),
        // The request was never taken: whatever ended the connection says more.
        (_, Some(ended)) if told.is_canceled() => of(ended),
        (found, _) => found,
    }
}

fn of(error: &hyper::Error) -> Break {
    if error.is_parse() {
        return Break::NotHttp(error.to_string());
    }
    if let Some(alert) = tls::tls_error(error) {
        return match alert {
            TlsError::AlertReceived(alert) => Break::Alert(*alert),
            other => Break::Other(other.to_string()),
        };
    }
    if let Some(broken) = io_error(error) {
        return match broken.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::WriteZero => {
                Break::Closed
            }
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Break::Reset,
            // What hyper says of chunks that are none.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Break::NotHttp(broken.to_string()),
            _ => Break::Other(broken.to_string()),
        };
    }
    if error.is_incomplete_message() || error.is_closed() {
        return Break::Closed;
    }
    match error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>()) {
        // Why a request was never taken.
        Some(cause) => of(cause),
        None if error.is_canceled() => Break::Closed,
        None => Break::Other(words(error)),
    }
}

fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

fn words(error: &hyper::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Words for something that is not HTTP, with a look at how it began unless that must not be quoted.
pub(super) fn not_http(problem: &str, opening: Option<&[u8]>) -> String {
    match opening {
        // A TLS record: a type from 20 to 23, then major version 3.
        Some([20..=23, 3, ..]) => {
            "it began with a TLS record; the port speaks TLS, so use `https://`".to_owned()
        }
        // The settings frame that opens HTTP/2.
        Some([0, 0, _, 4, ..]) => {
            "it began with an HTTP/2 frame; use `\"version\": \"2\"`, for gRPC the check `grpc`".to_owned()
        }
        Some(opening) if !opening.is_empty() => {
            let line = opening.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
            format!("{problem}; it began with `{}`", line.escape_ascii())
        }
        _ => problem.to_owned(),
    }
}

/// Words for something that is not HTTP/2, with a look at how it began unless that must not be quoted.
pub(super) fn not_http2(problem: &str, opening: Option<&[u8]>) -> String {
    match opening {
        Some([20..=23, 3, ..]) => {
            "it began with a TLS record; the port speaks TLS, so use `https://`".to_owned()
        }
        Some(opening) if opening.starts_with(b"HTTP/1.") => {
            let line = opening.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
            format!("the port speaks HTTP/1.1, it answered `{}`", line.escape_ascii())
        }
        _ => problem.to_owned(),
    }
}
