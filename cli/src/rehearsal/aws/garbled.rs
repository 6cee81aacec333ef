//! Answers that are none of a service's: what broken connections, and proxies in between, make of them.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::{Full, Limited};

/// What JSON and XML may begin with, for as long as one likes.
const SPACES: Bytes = Bytes::from_static(&[b' '; 64 * 1024]);

/// What comes in the place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbled {
    /// Not a byte: the connection is closed.
    Nothing,
    /// A head that tells success, and then a byte of the body each second for an hour.
    Drips,
    /// A head that tells success, and a body that breaks off.
    CutShort,
    /// A head that tells success, and a body without end, as fast as it is taken.
    Endless,
    /// Status 200 and no body.
    Empty,
    /// Status 200 and a page for people, as gateways answer.
    Page,
    /// Status 200 and a body that is no object of any of AWS's protocols.
    OtherShape,
}

impl Garbled {
    /// Every one, once.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Drips,
        Self::CutShort,
        Self::Endless,
        Self::Empty,
        Self::Page,
        Self::OtherShape,
    ];

    /// What a table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "closed without a byte",
            Self::Drips => "drips one byte a second",
            Self::CutShort => "cut short",
            Self::Endless => "without end",
            Self::Empty => "an empty answer",
            Self::Page => "a page of HTML",
            Self::OtherShape => "another shape",
        }
    }

    pub(super) fn response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        match self {
            Self::Nothing => severed(),
            Self::Drips => (json, Body::from_stream(drips())).into_response(),
            Self::CutShort => (json, Body::from_stream(cut_short())).into_response(),
            Self::Endless => {
                (json, Body::from_stream(stream::repeat(SPACES).map(Ok::<_, Infallible>))).into_response()
            }
            Self::Empty => StatusCode::OK.into_response(),
            Self::Page => {
                let page = "<!DOCTYPE html><html><body>Please sign in to the network.</body></html>";
                ([(header::CONTENT_TYPE, "text/html")], page).into_response()
            }
            Self::OtherShape => (json, "[42]").into_response(),
        }
    }
}

/// There is no such answer in HTTP. A body that fails before anything was flushed makes the server
/// drop the connection with the head still unsent; this one has two bytes where one is allowed.
fn severed() -> Response {
    Response::new(Body::new(Limited::new(Full::new(Bytes::from_static(b"no")), 1)))
}

fn drips() -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(0, |sent| async move {
        if sent == 3600 {
            return None;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok(Bytes::from_static(b" ")), sent + 1))
    })
}

/// The first part is on its way before the rest fails, because nothing more is there for a moment.
fn cut_short() -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::unfold(false, |begun| async move {
        if !begun {
            return Some((Ok(Bytes::from_static(b"{\"services")), true));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Err(io::ErrorKind::ConnectionAborted.into()), true))
    })
}
