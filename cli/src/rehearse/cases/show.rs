//! What came of cases, for people and for machines.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::rehearse::rehearsed::{Held, Rehearsed};

/// A line for a case that holds; all there is to see of one that does not.
pub(super) fn case(rehearsed: &Rehearsed) -> String {
    let line = |word: &str| format!("{word:<5} {}  {}", rehearsed.name, rehearsed.took());
    let (line, why) = match rehearsed.held() {
        Held::Yes(_) => return line("ok"),
        Held::No(_, why) => (line("fail"), why),
        Held::NotPlayed(failure) => (line("error"), failure.to_string()),
    };
    let transcript = rehearsed.transcript();
    let mut lines = vec![line];
    lines.extend(why.lines().map(indented));
    if !transcript.is_empty() {
        lines.push(String::new());
        lines.extend(transcript.lines().map(indented));
        lines.push(String::new());
    }
    lines.join("\n")
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("      {line}") }
}

/// Everything, for machines.
pub(super) fn document(rehearsals: &[Rehearsed]) -> Value {
    let cases: Vec<Value> = rehearsals.iter().map(of_case).collect();
    json!({ "cases": cases })
}

fn of_case(rehearsed: &Rehearsed) -> Value {
    let mut document = rehearsed.document();
    document["name"] = json!(rehearsed.name);
    document["expect"] = json!(rehearsed.expect.to_possible_value().map(|value| value.get_name().to_owned()));
    document["holds"] = json!(rehearsed.holds());
    document["why"] = match rehearsed.held() {
        Held::No(_, why) => json!(why),
        Held::Yes(_) | Held::NotPlayed(_) => Value::Null,
    };
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::rehearsed::samples;

    #[test]
    fn a_case_that_holds_is_one_line() {
        assert_eq!(case(&samples::holds()), "ok    a good release  1 min 12 s on AWS, 1.1 s here");
    }

    #[test]
    fn a_case_that_does_not_hold_is_shown_whole() {
        insta::assert_snapshot!(case(&samples::fails()).replace('\u{1b}', "ESC"), @r#"
        fail  a bad one: is, stopped  1 min 12 s on AWS, 1.1 s here
              expected a rollback before users, and users saw 12 errors of green before

              rehearsal  hello

                 1:05  SCALE_UP

              ROLLBACK_SUCCESSFUL
              reason   The hook <test-traffic> said FAILED.
              because  check `http` <b>failed</b>:
              100% | ESC[31mred & "bad"
              users    saw 12 errors in 100 requests (asked 100)
                       green    100 requests, 12 errors
              so       blue serves again; users saw 12 errors of green before
              took     1.1 s here; about 1 min 12 s on AWS
        "#);
    }

    #[test]
    fn a_case_that_could_not_be_played_says_why() {
        insta::assert_snapshot!(case(&samples::not_played()), @r"
        error a third  1.1 s here
              the rehearsal could not run: no port is free
              hint: free one
        ");
    }

    #[test]
    fn machines_read_the_cases_in_one_document() {
        let document = document(&[samples::holds(), samples::fails(), samples::not_played()]);
        let cases = document["cases"].as_array().unwrap();
        let of = |key: &str| cases.iter().map(|case| case[key].clone()).collect::<Vec<_>>();
        assert_eq!(of("name"), [json!("a good release"), json!("a bad one: is, stopped"), json!("a third")]);
        assert_eq!(of("expect"), [json!("success"), json!("rollback-before-users"), json!("rollback")]);
        assert_eq!(of("holds"), [json!(true), json!(false), json!(false)]);
        assert_eq!(of("status"), [json!("SUCCESSFUL"), json!("ROLLBACK_SUCCESSFUL"), Value::Null]);
        let why = "expected a rollback before users, and users saw 12 errors of green before";
        assert_eq!(of("why"), [Value::Null, json!(why), Value::Null]);
        let error = "the rehearsal could not run: no port is free\nhint: free one";
        assert_eq!(of("error"), [Value::Null, Value::Null, json!(error)]);
        assert_eq!(cases[0]["events"][0]["event"], "stage");
        assert_eq!(cases[2]["events"], json!([]));
    }
}
