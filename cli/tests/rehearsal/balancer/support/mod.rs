//! Worlds, applications and clients.

pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod target;
pub(crate) mod world;

use std::time::Duration;

/// Waits for what must happen soon; a test that waits longer has failed.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it to happen within 20 s")
}
