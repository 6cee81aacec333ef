//! Traces that users begin and recognise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use jiff::Timestamp;

use crate::rehearsal::identifier;

const RUN_DIGITS: usize = 10;

/// Numbers the requests of these users. The identifier of a root has 24 digits: ten say whose requests
/// they are, the others count them. Clones number the same requests.
#[derive(Clone, Debug)]
pub(in crate::rehearsal) struct Traces {
    run: String,
    next: Arc<AtomicU64>,
}

impl Traces {
    pub(in crate::rehearsal) fn new() -> Self {
        let digits = identifier::hexadecimal();
        Self { run: digits.get(..RUN_DIGITS).unwrap_or_default().to_owned(), next: Arc::default() }
    }

    /// The number of the next request, and the `X-Amzn-Trace-Id` that it is sent with.
    pub(in crate::rehearsal) fn begin(&self, now: Timestamp) -> (u64, HeaderValue) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let root = format!("Root=1-{:08x}-{}{number:014x}", now.as_second(), self.run);
        // It is made of letters, digits and dashes.
        (number, HeaderValue::try_from(root).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// Whether the request that came with this trace was one of these users'.
    pub(in crate::rehearsal) fn has(&self, trace: &str) -> bool {
        self.number(trace).is_some()
    }

    /// The number of the request that came with this trace; none if it was not one of these users'.
    pub(super) fn number(&self, trace: &str) -> Option<u64> {
        let root = trace.split(';').find_map(|field| field.strip_prefix("Root=1-"))?;
        let (_, identifier) = root.split_once('-')?;
        u64::from_str_radix(identifier.strip_prefix(&self.run)?, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_recognised_by_those_who_began_them() {
        let (traces, others) = (Traces::new(), Traces::new());
        let now = Timestamp::from_second(0x6789_1233).unwrap();
        for expected in 0..3 {
            let (number, header) = traces.begin(now);
            let header = header.to_str().unwrap();
            assert_eq!((number, header.len()), (expected, "Root=1-67891233-".len() + 24), "{header}");
            for trace in [header.to_owned(), format!("Self=1-a-b;{header};CalledFrom=app")] {
                assert_eq!(traces.number(&trace), Some(expected), "{trace}");
                assert_eq!(others.number(&trace), None, "{trace}");
            }
        }
        for other in ["", "Root=1-67891233", "Root=1-67891233-", "Self=1-67891233-abc", "Root=2-a-b"] {
            assert_eq!(traces.number(other), None, "{other}");
        }
    }
}
