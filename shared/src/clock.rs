//! The wall clock, read in this one place.
//!
//! Elapsed and remaining time use tokio's monotonic clock; the wall clock is only for what crosses
//! processes: Lambda's deadline, the state's start, an `expiresAt`.

use jiff::Timestamp;

/// The wall clock's time now.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
