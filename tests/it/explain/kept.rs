//! A rehearsal that goes on after its end, and the command that looks at it.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use greenlight_tests::binaries;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Far longer than any of it takes.
const LIMIT: Duration = Duration::from_mins(2);

/// The command with these arguments, at the root of the workspace and with nothing of this process's environment
/// but the way to programs.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binaries::command().unwrap_or_else(|error| panic!("{error}")));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A rehearsal with an AWS endpoint. It ends when it is dropped.
pub(super) struct Rehearsal {
    _child: Child,
    pub(super) endpoint: String,
}

impl Rehearsal {
    /// Starts it, and waits until one of its lines has this text.
    pub(super) async fn until(text: &str, arguments: &[&str]) -> Self {
        let mut all = vec!["rehearse", "--keep"];
        all.extend(arguments);
        let mut child = command(&all).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (mut out, mut err) = (BufReader::new(stdout).lines(), BufReader::new(stderr).lines());
        let mut seen = String::new();
        let found = async {
            loop {
                let line = tokio::select! {
                    Ok(Some(line)) = out.next_line() => line,
                    Ok(Some(line)) = err.next_line() => line,
                    else => return None,
                };
                seen += &line;
                seen.push('\n');
                if line.contains(text) {
                    return endpoint(&seen);
                }
            }
        };
        let endpoint = tokio::time::timeout(LIMIT, found).await;
        let endpoint = endpoint.ok().flatten().unwrap_or_else(|| panic!("{arguments:?} never said {text:?}"));
        // Nobody reads on: what it writes must not block it.
        tokio::spawn(async move { while let Ok(Some(_)) = out.next_line().await {} });
        tokio::spawn(async move { while let Ok(Some(_)) = err.next_line().await {} });
        Self { _child: child, endpoint }
    }

    /// Plays it to its end.
    pub(super) async fn kept(arguments: &[&str]) -> Self {
        Self::until("AWS CLI     ", arguments).await
    }

    /// What `greenlight explain` says of it, with its exit code.
    pub(super) async fn explained(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut all = vec!["explain", "--endpoint-url", &self.endpoint];
        all.extend(arguments);
        ran(&all).await
    }

    pub(super) async fn document(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let mut all = arguments.to_vec();
        all.push("--json");
        let (code, text) = self.explained(&all).await;
        (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}

/// What the command writes, and its exit code.
pub(crate) async fn ran(arguments: &[&str]) -> (Option<i32>, String) {
    let output = tokio::time::timeout(LIMIT, command(arguments).output()).await.expect("it does not end");
    let Output { status, stdout, stderr } = output.unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).expect("the command writes UTF-8");
    (status.code(), text)
}

/// The address of the AWS endpoint, which the heading has.
fn endpoint(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("AWS "))?;
    Some(line.split_whitespace().next()?.to_owned())
}
