//! What the documents say: every command in them is run, and prints what they show.
//!
//! A fenced `console` block is a session of a shell: lines that begin with `$ ` are commands, which a `\` at the end continues, and
//! those below one are what it prints. `…` stands for any text, a line of only `…` for any lines. A command that
//! cannot be run here stands in the list of `elsewhere`, with what is done in its place.

mod elsewhere;
mod likeness;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use greenlight_tests::binaries;
use tokio::process::Command;
use tokio::sync::Semaphore;

use self::elsewhere::Elsewhere;
use self::session::{Session, sessions};

/// Rehearsals take seconds, and most of that is waiting.
const AT_ONCE: usize = 4;
const LIMIT: Duration = Duration::from_mins(3);
/// What a document may be told of by the folder that it stands in, and what is nobody's document.
const NOT_OURS: [&str; 4] = ["target", "node_modules", ".git", "cdk.out"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            // Git's worktrees and caches of tools begin with a dot; `.github` has no commands to be read.
            if !NOT_OURS.iter().any(|other| name == *other) && !name.to_string_lossy().starts_with('.') {
                files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

/// The sessions of each document, by its path from the root.
fn documents() -> Vec<(String, Vec<Session>)> {
    let mut found = Vec::new();
    files(&root(), &mut found);
    let mut documents: Vec<_> = found
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, sessions(&fs::read_to_string(path).unwrap()))
        })
        .filter(|(_, sessions)| !sessions.is_empty())
        .collect();
    documents.sort_by(|a, b| a.0.cmp(&b.0));
    documents
}

/// A copy of the repository, in which a document's commands may write.
fn copy() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    files(&root(), &mut found);
    for path in found {
        let to = scratch.path().join(path.strip_prefix(root()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(path, to).unwrap();
    }
    scratch
}

/// What a line of a shell prints, both of its outputs, and its exit code.
async fn run(line: &str, folder: &Path) -> (String, Option<i32>) {
    let programs = binaries::command().unwrap_or_else(|error| panic!("{error}"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs.parent().unwrap().display());
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec 2>&1; {line}")]).current_dir(folder).env_clear().env("PATH", path);
    command.env("USER", "ada").stdin(Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(LIMIT, command.output()).await {
        Ok(output) => {
            let output = output.unwrap();
            (String::from_utf8(output.stdout).expect("the command prints UTF-8"), output.status.code())
        }
        Err(_) => (format!("(nothing within {LIMIT:?})"), None),
    }
}

/// What is wrong with a document's sessions, which share a folder as they do for who reads on.
async fn wrong(name: &str, sessions: &[Session]) -> Vec<String> {
    let folder = copy();
    let mut wrong = Vec::new();
    for session in sessions {
        let here = format!("{name}:{}: $ {}", session.line, session.command);
        match elsewhere::find(&session.command) {
            Some(Elsewhere { instead: Some(instead), .. }) => {
                let (output, code) = run(instead, folder.path()).await;
                if code != Some(0) {
                    wrong.push(format!("{here}\nin its place `{instead}` exits with {code:?}: {output}"));
                }
            }
            Some(_) => {}
            None => {
                let line = session.command.replace("cargo run -- ", "greenlight ");
                let (output, code) = run(&line, folder.path()).await;
                if !matches!(code, Some(0 | 1)) {
                    wrong.push(format!("{here}\nexits with {code:?}; expected 0 or 1:\n{output}"));
                } else if let Err(difference) = likeness::compare(&session.output, &output) {
                    wrong.push(format!("{here}\n{difference}\n--- it printed\n{output}"));
                }
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_documents_prints_what_they_show() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let running: Vec<_> = documents()
        .into_iter()
        .map(|(name, sessions)| {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                wrong(&name, &sessions).await
            })
        })
        .collect();
    let mut all = Vec::new();
    for document in running {
        all.extend(document.await.unwrap());
    }
    assert!(all.is_empty(), "{} commands of the documents are wrong:\n\n{}", all.len(), all.join("\n\n"));
}

/// An entry that no document needs any more is in the way of who looks for what is not run.
#[test]
fn each_exception_is_of_a_command_that_a_document_has() {
    let commands: Vec<String> =
        documents().into_iter().flat_map(|(_, sessions)| sessions).map(|session| session.command).collect();
    for entry in elsewhere::ALL {
        assert!(commands.iter().any(|command| entry.is_of(command)), "no document has `{}`", entry.begins);
    }
}
