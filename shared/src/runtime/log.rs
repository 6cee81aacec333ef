//! The function's log: one JSON document per line on standard output.
//!
//! It writes through a descriptor of its own, past the lock of `std::io::stdout`: a check that holds
//! that lock for good must not hold up a verdict.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    sync::{Mutex, PoisonError},
};

/// Where lines go.
pub(crate) struct Log(Mutex<Box<dyn Write + Send>>);

impl Log {
    /// The process's standard output.
    pub(crate) fn stdout() -> Self {
        let sink: Box<dyn Write + Send> = match io::stdout().as_fd().try_clone_to_owned() {
            Ok(descriptor) => Box::new(File::from(descriptor)),
            Err(_) => Box::new(io::stdout()),
        };
        Self(Mutex::new(sink))
    }

    /// Writes one line, in one piece. A log that cannot be written must not cost the verdict.
    pub(crate) fn line(&self, text: &str) {
        let line = format!("{text}\n");
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}
