//! The sessions of a document: each command with what it is shown to print.

/// A command, and what follows it up to the next.
#[derive(Debug, PartialEq)]
pub(super) struct Session {
    /// Where the command stands, from 1.
    pub(super) line: usize,
    pub(super) command: String,
    /// Empty where the document shows nothing, and then anything may be printed.
    pub(super) output: Vec<String>,
}

/// Those of all `console` blocks, in order.
pub(super) fn sessions(document: &str) -> Vec<Session> {
    let mut found: Vec<Session> = Vec::new();
    let (mut is_inside, mut is_continued) = (false, false);
    for (index, line) in document.lines().enumerate() {
        if line.starts_with("```") {
            is_inside = line == "```console";
            is_continued = false;
        } else if is_inside {
            match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => {
                    found.push(Session { line: index + 1, command: command.to_owned(), output: Vec::new() });
                }
                (None, Some(last)) if is_continued => {
                    last.command = format!("{} {}", last.command, line.trim_start());
                }
                (None, Some(last)) => last.output.push(line.to_owned()),
                (None, None) => panic!("line {} stands before any command: {line}", index + 1),
            }
            if let Some(last) = found.last_mut().filter(|last| last.output.is_empty()) {
                is_continued = last.command.ends_with('\\');
                last.command = last.command.trim_end_matches('\\').trim_end().to_owned();
            }
        }
    }
    for session in &mut found {
        // Comments are the reader's, and need room before them.
        if let Some((command, _)) = session.command.split_once("  #") {
            session.command = command.trim_end().to_owned();
        }
        while session.output.last().is_some_and(String::is_empty) {
            session.output.pop();
        }
    }
    found
}

#[test]
fn a_command_has_the_lines_below_it() {
    let document = "```text\n$ no\n```\n\n```console\n$ greenlight a \\\n    --b\nout\n\nof it\n\n$ greenlight c   # why\n```\n";
    let session = |line, command: &str, output: &[&str]| Session {
        line,
        command: command.to_owned(),
        output: output.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        sessions(document),
        [session(6, "greenlight a --b", &["out", "", "of it"]), session(12, "greenlight c", &[])]
    );
}
