//! The Lambda service, with functions that behave and functions that do not.

mod ends;
mod invocations;
mod kills;
mod programs;

use std::net::SocketAddr;

use bytes::Bytes;
use greenlight_cli::rehearsal::lambda::{Invocation, Lambda, Outcome, Post, PostKind};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::function::function;

async fn invoke(behaviour: &str, event: &'static str) -> Invocation {
    Lambda::new(function(behaviour)).invoke(event).await
}

fn answered(body: impl Into<Bytes>) -> Outcome {
    Outcome::Answered(body.into())
}

fn kinds(posts: &[Post]) -> Vec<(PostKind, bool)> {
    posts.iter().map(|post| (post.kind, post.accepted)).collect()
}

/// Functions connect here to show that they live, and by the end of the connection that they do not.
async fn witness() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn seen(listener: &TcpListener) -> TcpStream {
    let (mut function, _) = listener.accept().await.unwrap();
    function.read_exact(&mut [0]).await.unwrap();
    function
}
