//! An application listener's connections: HTTP/1.1, and HTTP/2 where TLS agrees on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::certificates::Inside;
use super::exchange;
use super::listener::Front;
use super::log::{AnsweredBy, Entry};
use super::malformed::WithPage;
use super::target::Connection;

pub(super) async fn serve(front: Front, mut connection: TcpStream) {
    if !front.secure {
        return serve_http1(front, connection).await;
    }
    if front.site.handshakes.hang(&front.listener, &mut connection).await {
        return;
    }
    let certificates = front.certificates();
    // A client that cannot or will not shake hands is gone.
    let Ok(connection) = front.site.certificates.accept(connection, &certificates, Inside::Http).await else {
        return;
    };
    if connection.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(front, connection).await;
    } else {
        serve_http1(front, connection).await;
    }
}

async fn serve_http1(front: Front, connection: impl Connection) {
    let (at, started) = (greenlight::clock::now(), Instant::now());
    let asked = Arc::new(AtomicBool::new(false));
    let unread = front.clone();
    let connection = WithPage::new(TokioIo::new(connection), asked.clone(), move |status: StatusCode| {
        unread.site.log.add(Entry {
            listener: unread.listener.to_string(),
            client: unread.peer,
            trace: None,
            asked: None,
            rule: None,
            target_group: None,
            target: None,
            connected: false,
            status: Some(status.as_u16()),
            answered_by: AnsweredBy::LoadBalancer,
            at,
            duration: started.elapsed(),
        });
    });
    let service = service_fn(move |request| {
        asked.store(true, Ordering::Release);
        exchange::answer(front.clone(), request)
    });
    // However it ends, it is the client's affair.
    let _ = http1::Builder::new()
        .header_read_timeout(None)
        .preserve_header_case(true)
        .serve_connection(connection, service)
        .await;
}

async fn serve_http2(front: Front, connection: impl Connection + 'static) {
    let tasks = front.site.tasks.clone();
    let service = service_fn(move |request| exchange::answer(front.clone(), request));
    let _ = http2::Builder::new(tasks).serve_connection(TokioIo::new(connection), service).await;
}
