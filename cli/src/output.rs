//! What the command writes: data to standard output, everything about it to standard error.

use std::{
    fmt,
    io::{ErrorKind, Write},
    process::ExitCode,
};

use crate::failure::Failure;

/// Writes text to standard output. A reader that has gone (`| head`) is no failure of ours.
pub(crate) fn data(text: &dyn fmt::Display) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::not_carried_out("cannot write to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Writes JSON to standard output, in lines that people can read.
pub(crate) fn json(value: &serde_json::Value) -> Result<(), Failure> {
    data(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Writes a failure to standard error.
pub(crate) fn error(error: &dyn fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "error: {error}");
}

/// Writes a remark to standard error.
pub(crate) fn note(note: &dyn fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "note: {note}");
}

/// The exit code of an answer.
pub(crate) fn exit_code(yes: bool) -> ExitCode {
    if yes { ExitCode::SUCCESS } else { ExitCode::from(crate::failure::NO) }
}
