//! Processor time, as the scheduler counts it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// What was used by the thread of a folder below `/proc`, e.g. `/proc/PID` for a process's first: to the nanosecond, where
/// `stat` counts hundredths of a second.
pub fn used(thread: &Path) -> io::Result<Duration> {
    let told = fs::read_to_string(thread.join("schedstat"))?;
    let nanoseconds = told.split_whitespace().next().and_then(|first| first.parse().ok());
    let nanoseconds = nanoseconds.ok_or_else(|| io::Error::other(format!("schedstat says `{told}`")))?;
    Ok(Duration::from_nanos(nanoseconds))
}
