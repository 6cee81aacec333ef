//! Runs the command, and shows what came of it without what differs from run to run.

use std::path::Path;
use std::process::{Output, Stdio};

use greenlight_tests::binaries;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// One run of the command, at the root of the workspace and with nothing of this process's environment.
pub(super) struct Run {
    command: Command,
    input: Vec<u8>,
    /// What is shown in place of what.
    shown: Vec<(String, &'static str)>,
}

/// What came of a run.
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    shown: Vec<(String, &'static str)>,
}

impl Run {
    pub(super) fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(binaries::command().unwrap_or_else(|error| panic!("{error}")));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).env_clear().args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Self { command, input: Vec::new(), shown: vec![(env!("CARGO_PKG_VERSION").to_owned(), "VERSION")] }
    }

    pub(super) fn argument(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What standard input has.
    pub(super) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Shows one text as another.
    pub(super) fn showing(mut self, text: impl Into<String>, name: &'static str) -> Self {
        self.shown.push((text.into(), name));
        self
    }

    pub(super) async fn ran(mut self) -> Ran {
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // A command that does not read its input may be gone before it is written.
        let (_, output) = tokio::join!(
            async move { stdin.write_all(&input).await.map(|()| drop(stdin)) },
            child.wait_with_output()
        );
        let Output { status, stdout, stderr } = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr), shown: self.shown }
    }

    /// Everything about the run, for a snapshot.
    pub(super) async fn shown(self) -> String {
        self.ran().await.shown()
    }
}

impl Ran {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    pub(super) fn shown(&self) -> String {
        let code = self.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let mut text = format!("exit code {code}\n");
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !output.is_empty() {
                text = format!("{text}--- {name}\n{}", output.trim_end());
                text.push('\n');
            }
        }
        for (from, to) in &self.shown {
            text = text.replace(from.as_str(), to);
        }
        without_numbers(&without_tables(&text).replace("p95 under 1ms", "p95 0ms"))
    }
}

/// A table is as wide as what is in it, so only its place is shown.
fn without_tables(text: &str) -> String {
    let mut lines = Vec::new();
    let mut borders = 0;
    for line in text.lines() {
        let border = line.starts_with(['─', '═']);
        borders += usize::from(border);
        if border && borders == 3 {
            lines.push("(table of checks)");
            borders = 0;
        } else if borders == 0 {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// What was measured is shown without its numbers, and so is when a wait began.
fn without_numbers(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (number, after) = number.split_at(end.unwrap_or(number.len()));
        shown.push_str(before);
        if shown.ends_with("\"since\":\"") {
            shown.push_str("TIME");
            rest = after.trim_start_matches(|letter: char| letter != '"');
        } else {
            let measured = after.starts_with(" ms") || shown.ends_with("p95 ");
            shown.push_str(if measured { "N" } else { number });
            rest = after;
        }
    }
    shown.push_str(rest);
    shown
}
