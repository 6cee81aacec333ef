//! What GitHub shows of rehearsals: an annotation for each that does not hold, and a summary of the step.
//!
//! Commands to the runner are lines of the log that begin with `::`; the summary is a file that the runner
//! names, which several commands of one step may write to.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::rehearsed::{Held, Rehearsed, total};
use crate::failure::Failure;
use crate::output;

/// Set to `true` wherever a runner of GitHub's runs commands.
const ACTIONS: &str = "GITHUB_ACTIONS";
/// The file that the step's summary is appended to.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// A summary may have 1 MiB in all, and is lost as a whole if it has more; other commands write to it, too.
const MAX_BYTES: usize = 512 * 1024;

/// The runner that this command runs on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Runner {
    annotates: bool,
    summary: Option<PathBuf>,
}

impl Runner {
    /// The runner that the variables tell of.
    pub(super) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            annotates: variable(ACTIONS).is_some_and(|value| value == "true"),
            summary: variable(STEP_SUMMARY).filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }

    /// Tells it of rehearsals. A summary that cannot be written changes nothing about them.
    pub(super) fn tell(&self, source: &str, rehearsals: &[Rehearsed], json: bool) -> Result<(), Failure> {
        if self.annotates {
            for command in rehearsals.iter().filter_map(annotation) {
                if json {
                    // Standard output is one document; runners read both.
                    let _ = writeln!(io::stderr().lock(), "{command}");
                } else {
                    output::data(&command)?;
                }
            }
        }
        if let Some(path) = &self.summary
            && let Err(error) = append(path, &summary(source, rehearsals))
        {
            output::note(&format!("cannot write the summary of the step to `{}`: {error}", path.display()));
        }
        Ok(())
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// The command that annotates a rehearsal; none where it holds.
fn annotation(rehearsed: &Rehearsed) -> Option<String> {
    if rehearsed.holds() {
        return None;
    }
    let (title, message) = (format!("rehearsal: {}", rehearsed.name), rehearsed.reasons().join("\n"));
    Some(format!("::error title={}::{}", of_property(&title), of_message(&message)))
}

/// A command ends with its line.
fn of_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// And a property of it with a comma or a colon.
fn of_property(text: &str) -> String {
    of_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// The summary: a table, and the timeline of what does not hold.
fn summary(source: &str, rehearsals: &[Rehearsed]) -> String {
    let mut text = format!("### Rehearsal of {}: {}\n\n", in_cell(source), total(rehearsals));
    text.push_str("| case | outcome | users' errors | took | reason |\n|---|---|---:|---|---|\n");
    for rehearsed in rehearsals {
        text.push_str(&row(rehearsed));
    }
    text.push('\n');
    for rehearsed in rehearsals.iter().filter(|rehearsed| !rehearsed.holds()) {
        let details = details(rehearsed);
        if text.len() + details.len() <= MAX_BYTES {
            text.push_str(&details);
        } else {
            let name = in_cell(&rehearsed.name);
            text.extend(["The timeline of ", &name, " is too long for a summary.\n\n"]);
        }
    }
    text
}

fn row(rehearsed: &Rehearsed) -> String {
    let (outcome, errors) = match rehearsed.held() {
        Held::Yes(played) => {
            (format!("holds: {}", played.status.ecs()), played.users.total.errors.to_string())
        }
        Held::No(played, _) => {
            (format!("**does not hold**: {}", played.status.ecs()), played.users.total.errors.to_string())
        }
        Held::NotPlayed(_) => ("**could not be played**".to_owned(), String::new()),
    };
    let reasons: Vec<String> = rehearsed.reasons().iter().map(|reason| in_cell(reason)).collect();
    format!(
        "| {} | {outcome} | {errors} | {} | {} |\n",
        in_cell(&rehearsed.name),
        rehearsed.took(),
        reasons.join("<br>")
    )
}

fn details(rehearsed: &Rehearsed) -> String {
    let transcript = rehearsed.transcript();
    if transcript.is_empty() {
        return String::new();
    }
    format!(
        "<details><summary>{}</summary>\n\n<pre>\n{}\n</pre>\n\n</details>\n\n",
        in_cell(&rehearsed.name),
        escaped(&transcript, "&<>")
    )
}

/// Text in a cell of a table: as it is, whatever Markdown would make of it.
fn in_cell(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| escaped(line, "&<>|`*_[]~\\")).collect::<Vec<_>>().join("<br>")
}

/// Text with some of its characters as HTML's references, which Markdown takes for nothing but text.
fn escaped(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(character) {
            escaped.extend(["&#", &u32::from(character).to_string(), ";"]);
        } else if !character.is_control() || character == '\n' || character == '\t' {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::rehearse::rehearsed::samples;

    #[test]
    fn a_runner_is_known_by_its_variables() {
        for (actions, summary, expected) in [
            (None, None, Runner::default()),
            (Some("1"), Some(""), Runner::default()),
            (Some("true"), None, Runner { annotates: true, summary: None }),
            (None, Some("/s.md"), Runner { annotates: false, summary: Some("/s.md".into()) }),
        ] {
            let found = Runner::of(|name| match name {
                ACTIONS => actions.map(OsString::from),
                STEP_SUMMARY => summary.map(OsString::from),
                _ => None,
            });
            assert_eq!(found, expected, "{actions:?} {summary:?}");
        }
    }

    #[test]
    fn what_holds_is_not_annotated() {
        assert_eq!(annotation(&samples::holds()), None);
    }

    #[test]
    fn an_annotation_is_one_line_whatever_the_reason() {
        insta::assert_snapshot!(annotation(&samples::fails()).unwrap().replace('\u{1b}', "ESC"), @r#"::error title=rehearsal%3A a bad one%3A is%2C stopped::expected a rollback before users, and users saw 12 errors of green before%0AThe hook <test-traffic> said FAILED.%0Acheck `http` <b>failed</b>:%0A100%25 | ESC[31mred & "bad""#);
        insta::assert_snapshot!(annotation(&samples::not_played()).unwrap(), @"::error title=rehearsal%3A a third::the rehearsal could not run: no port is free%0Ahint: free one");
    }

    #[test]
    fn commands_are_escaped_as_github_reads_them() {
        for (text, message, property) in [
            ("plain", "plain", "plain"),
            ("100%25", "100%2525", "100%2525"),
            ("a: b, c", "a: b, c", "a%3A b%2C c"),
            ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ] {
            assert_eq!((of_message(text), of_property(text)), (message.to_owned(), property.to_owned()));
        }
    }

    #[test]
    fn a_summary_has_a_row_for_each_and_the_timeline_of_what_does_not_hold() {
        let rehearsals = [samples::holds(), samples::fails(), samples::not_played()];
        insta::assert_snapshot!(summary("a_b.yaml", &rehearsals), @r#"
        ### Rehearsal of a&#95;b.yaml: 1 of 3 cases hold

        | case | outcome | users' errors | took | reason |
        |---|---|---:|---|---|
        | a good release | holds: SUCCESSFUL | 0 | 1 min 12 s on AWS, 1.1 s here |  |
        | a bad one: is, stopped | **does not hold**: ROLLBACK_SUCCESSFUL | 12 | 1 min 12 s on AWS, 1.1 s here | expected a rollback before users, and users saw 12 errors of green before<br>The hook &#60;test-traffic&#62; said FAILED.<br>check &#96;http&#96; &#60;b&#62;failed&#60;/b&#62;:<br>100% &#124; &#91;31mred &#38; "bad" |
        | a third | **could not be played** |  | 1.1 s here | the rehearsal could not run: no port is free<br>hint: free one |

        <details><summary>a bad one: is, stopped</summary>

        <pre>
        rehearsal  hello

           1:05  SCALE_UP

        ROLLBACK_SUCCESSFUL
        reason   The hook &#60;test-traffic&#62; said FAILED.
        because  check `http` &#60;b&#62;failed&#60;/b&#62;:
        100% | [31mred &#38; "bad"
        users    saw 12 errors in 100 requests (asked 100)
                 green    100 requests, 12 errors
        so       blue serves again; users saw 12 errors of green before
        took     1.1 s here; about 1 min 12 s on AWS
        </pre>

        </details>
        "#);
    }

    #[test]
    fn a_cell_holds_any_text() {
        for (text, expected) in [
            ("a | b", "a &#124; b"),
            ("`x` <b>&", "&#96;x&#96; &#60;b&#62;&#38;"),
            ("one\n\n  two\r\n", "one<br>two"),
            ("\u{1b}[1m_x_", "&#91;1m&#95;x&#95;"),
        ] {
            assert_eq!(in_cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_summary_leaves_out_what_would_lose_all_of_it() {
        let long = || Rehearsed { heading: "x".repeat(MAX_BYTES * 2 / 3), ..samples::fails() };
        let text = summary("a.yaml", &[long(), long()]);
        assert!(text.len() < MAX_BYTES + 1024);
        assert_eq!(text.matches("<details>").count(), 1);
        assert!(text.ends_with("The timeline of a bad one: is, stopped is too long for a summary.\n\n"));
    }

    #[test]
    fn a_summary_is_appended_and_one_that_cannot_be_written_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        fs::write(&path, "before\n").unwrap();
        for path in [path.clone(), folder.path().join("missing").join("summary.md")] {
            let runner = Runner { annotates: false, summary: Some(path) };
            runner.tell("a.yaml", &[samples::holds()], false).unwrap();
        }
        let expected = format!("before\n{}", summary("a.yaml", &[samples::holds()]));
        assert_eq!(fs::read_to_string(path).unwrap(), expected);
    }
}
