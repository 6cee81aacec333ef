//! The AWS calls of a hook, for people.

use greenlight::AwsCall;

/// One line for each call: what, how it ended, how long it took.
pub(crate) fn text(calls: &[AwsCall]) -> String {
    let mut lines: Vec<_> = calls.iter().map(line).collect();
    lines.push(match calls.len() {
        1 => "         1 AWS call".to_owned(),
        count => format!("         {count} AWS calls"),
    });
    lines.join("\n")
}

fn line(call: &AwsCall) -> String {
    let ended = match call.ok {
        Some(true) => "ok",
        Some(false) => "failed",
        None => "no answer",
    };
    let took = call.duration_ms.map(|millis| format!("{millis} ms")).unwrap_or_default();
    let name = format!("{} {}", call.service, call.operation);
    format!("call     {name:<58} {ended:<10} {took:>8}")
}
