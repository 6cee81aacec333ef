//! The front of a task: the listener at the task's address, which balancers and hooks speak to.
//!
//! Without a fault that concerns requests it passes bytes through, so that what is behind it may speak
//! whatever it likes. With one it is a reverse proxy for HTTP/1.1.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::faults::{Asked, Fate, InForce, Requests};
use super::upstream::Upstream;
use crate::rehearsal::balancer::HEALTH_CHECKER;

/// What a front stands before.
#[derive(Clone, Debug)]
pub(super) enum Behind {
    /// The built-in application, in this process.
    BuiltIn(Router),
    /// What must be connected to.
    Upstream(Upstream),
}

#[derive(Debug)]
pub(super) struct Front {
    behind: Behind,
    faults: Arc<InForce>,
    requests: Requests,
}

impl Front {
    pub(super) fn new(behind: Behind, faults: Arc<InForce>) -> Self {
        Self { behind, faults, requests: Requests::default() }
    }

    /// Serves until it is dropped, and every connection with it.
    pub(super) async fn serve(self, listener: TcpListener) -> Infallible {
        let front = Arc::new(self);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((connection, _)) => {
                        drop(connection.set_nodelay(true));
                        connections.spawn(front.clone().connected(connection));
                    }
                    // Out of descriptors, most likely; some come back when connections end.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn connected(self: Arc<Self>, connection: TcpStream) {
        match &self.behind {
            Behind::Upstream(upstream) if upstream.takes_bytes() && !self.faults.concern_requests() => {
                pass(upstream, connection).await;
            }
            Behind::Upstream(_) | Behind::BuiltIn(_) => self.serve_http(connection).await,
        }
    }

    async fn serve_http(self: Arc<Self>, connection: TcpStream) {
        let service = service_fn(move |request| {
            let front = self.clone();
            async move { front.answer(request).await }
        });
        // However it ends, it is the client's affair.
        let _ = http1::Builder::new()
            .header_read_timeout(None)
            .preserve_header_case(true)
            .serve_connection(TokioIo::new(connection), service)
            .await;
    }

    /// An error is a connection that is broken off, as the application's own would be.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let asked =
            Asked { path: request.uri().path(), by_health_checker: is_health_checker(request.headers()) };
        match self.faults.meet(asked, &self.requests).await {
            Fate::Served => {}
            Fate::Answered(status) => return Ok(page(status)),
            Fate::NeverAnswered => std::future::pending().await,
        }
        match &self.behind {
            Behind::BuiltIn(router) => TowerToHyperService::new(router.clone())
                .call(request)
                .await
                .map_err(|never: Infallible| match never {}),
            Behind::Upstream(upstream) => upstream.ask(request.map(Body::new)).await,
        }
    }
}

async fn pass(upstream: &Upstream, mut connection: TcpStream) {
    match upstream.connect().await {
        // Whichever side breaks it off, both ends are gone then, which is all there is to tell either.
        Ok(mut upstream) => drop(copy_bidirectional(&mut connection, &mut upstream).await),
        // What a client gets from an address where nobody is.
        Err(_) => drop(connection.set_zero_linger()),
    }
}

fn is_health_checker(headers: &HeaderMap) -> bool {
    headers.get(USER_AGENT).is_some_and(|agent| agent == HEALTH_CHECKER)
}

fn page(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from("a fault of the rehearsal\n"));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
