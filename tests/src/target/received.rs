//! What an application received, for tests to assert and to wait for.

use std::sync::Arc;

use tokio::sync::watch;

/// A shared record of what has reached an application; clones see the same record.
#[derive(Clone, Debug)]
pub struct Received(Arc<watch::Sender<Log>>);

#[derive(Debug, Default)]
struct Log {
    connections: usize,
    requests: Vec<Request>,
}

/// One request as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request line and the headers, without the blank line that ends them.
    pub head: String,
    /// As many bytes as `content-length` announced.
    pub body: Vec<u8>,
}

impl Default for Received {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Log::default())))
    }
}

impl Received {
    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.0.borrow().connections
    }

    /// Every request that was read whole, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.0.borrow().requests.clone()
    }

    /// Returns once this many connections have been accepted.
    pub async fn wait_for_connections(&self, count: usize) {
        self.wait_until(|log| log.connections >= count).await;
    }

    /// Returns once this many requests have been read.
    pub async fn wait_for_requests(&self, count: usize) {
        self.wait_until(|log| log.requests.len() >= count).await;
    }

    async fn wait_until(&self, reached: impl FnMut(&Log) -> bool) {
        // The sender lives as long as this value, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(reached).await;
    }

    /// Records a connection and returns its place in the order of arrival, from 0.
    pub(super) fn connected(&self) -> usize {
        let mut place = 0;
        self.0.send_modify(|log| {
            place = log.connections;
            log.connections += 1;
        });
        place
    }

    pub(super) fn requested(&self, request: Request) {
        self.0.send_modify(|log| log.requests.push(request));
    }
}

impl Request {
    /// The method, as sent.
    pub fn method(&self) -> &str {
        self.request_line_word(0)
    }

    /// The request target: path and query.
    pub fn path(&self) -> &str {
        self.request_line_word(1)
    }

    /// The first value of a header, its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn request_line_word(&self, place: usize) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.split(' ').nth(place).unwrap_or_default()
    }
}
