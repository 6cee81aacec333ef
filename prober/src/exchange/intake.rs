//! What has come of an answer: how much is read of it, and of which part.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, response};
use tokio::time::{Instant, Sleep};

use super::{Received, Stop};

/// How much of an answer has been read.
#[derive(Debug)]
pub(super) struct Intake {
    limit: u64,
    status: Option<StatusCode>,
    body: u64,
    frames: u64,
    collected: Collected,
}

impl Intake {
    /// Reads so many bytes of a body at most.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, status: None, body: 0, frames: 0, collected: Collected::default() }
    }

    /// The status, once the head is there.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Bytes of the body.
    pub(super) fn body(&self) -> u64 {
        self.body
    }

    /// Takes note of a head. The length that it announces is worth a look, never an allocation.
    pub(super) fn head<E>(&mut self, status: StatusCode, announced: Option<u64>) -> Result<(), Stop<E>> {
        self.status = Some(status);
        match announced {
            Some(announced) if announced > self.limit => Err(Stop::TooLarge { announced: Some(announced) }),
            _ => Ok(()),
        }
    }

    /// Takes one piece of the body.
    pub(super) fn data<E>(&mut self, data: Bytes, timer: Pin<&Sleep>) -> Result<(), Stop<E>> {
        self.body += data.len() as u64;
        self.frames += 1;
        if self.body > self.limit {
            return Err(Stop::TooLarge { announced: None });
        }
        self.collected.push(data);
        // A body that is always ready never lets the timer be asked.
        if self.frames.is_multiple_of(64) && Instant::now() >= timer.deadline() {
            return Err(Stop::TimeUp);
        }
        Ok(())
    }

    /// The whole answer.
    pub(super) fn whole(&mut self, head: response::Parts, trailers: HeaderMap) -> Received {
        Received {
            status: head.status,
            version: head.version,
            headers: head.headers,
            body: std::mem::take(&mut self.collected).whole(),
            trailers: Some(trailers).filter(|trailers| !trailers.is_empty()).map(Box::new),
        }
    }
}

/// A body's chunks; a body of one chunk, the usual case, is never copied.
#[derive(Debug, Default)]
struct Collected {
    first: Bytes,
    all: BytesMut,
}

impl Collected {
    fn push(&mut self, chunk: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = chunk;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&chunk);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_together_in_order() {
        for chunks in [&[][..], &["a"], &["a", "b"], &["a", "bc", "d"]] {
            let mut collected = Collected::default();
            for chunk in chunks {
                collected.push(Bytes::copy_from_slice(chunk.as_bytes()));
            }
            assert_eq!(collected.whole(), chunks.concat());
        }
    }
}
