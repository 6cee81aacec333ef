//! The report of `--junit`: what CI systems read of tests, for rehearsals.

use std::fs;
use std::io;
use std::path::Path;

use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;

use super::rehearsed::{Held, Rehearsed};
use crate::failure::Failure;

/// What all of it is called.
const COMMAND: &str = "greenlight rehearse";

/// Writes the report. `source` is the file of the cases, or of what was rehearsed.
pub(super) fn write(path: &Path, source: &str, rehearsals: &[Rehearsed]) -> Result<(), Failure> {
    let written = xml(source, rehearsals).and_then(|report| fs::write(path, report));
    written.map_err(|error| {
        Failure::not_carried_out(&format!("cannot write the JUnit report `{}`", path.display()), &error)
    })
}

/// The report: a suite with a test case for each rehearsal.
fn xml(source: &str, rehearsals: &[Rehearsed]) -> io::Result<Vec<u8>> {
    let count = |wanted: fn(&Held<'_>) -> bool| {
        rehearsals.iter().filter(|rehearsed| wanted(&rehearsed.held())).count().to_string()
    };
    let (tests, skipped) = (rehearsals.len().to_string(), "0");
    let failures = count(|held| matches!(held, Held::No(..)));
    let errors = count(|held| matches!(held, Held::NotPlayed(_)));
    let time = seconds(rehearsals.iter().map(|rehearsed| rehearsed.real.as_secs_f64()).sum());
    let source = allowed(source);
    let totals = [
        ("tests", &*tests),
        ("failures", &failures),
        ("errors", &errors),
        ("skipped", skipped),
        ("time", &time),
    ];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites =
        writer.create_element("testsuites").with_attribute(("name", COMMAND)).with_attributes(totals);
    suites.write_inner_content(|writer| {
        let suite =
            writer.create_element("testsuite").with_attribute(("name", &*source)).with_attributes(totals);
        suite.write_inner_content(|writer| {
            rehearsals.iter().try_for_each(|rehearsed| test_case(writer, &source, rehearsed))
        })?;
        Ok(())
    })?;
    let mut report = writer.into_inner();
    report.push(b'\n');
    Ok(report)
}

fn test_case(writer: &mut Writer<Vec<u8>>, source: &str, rehearsed: &Rehearsed) -> io::Result<()> {
    let (name, time) = (allowed(&rehearsed.name), seconds(rehearsed.real.as_secs_f64()));
    let attributes = [("classname", source), ("name", &*name), ("time", &*time)];
    let case = writer.create_element("testcase").with_attributes(attributes);
    case.write_inner_content(|writer| {
        let body = allowed(&rehearsed.reasons().join("\n"));
        let problem = match rehearsed.held() {
            Held::Yes(_) => None,
            Held::No(played, why) => {
                let message = played.reason.iter().fold(why, |why, reason| format!("{why}: {reason}"));
                Some(("failure", message, played.status.ecs()))
            }
            Held::NotPlayed(failure) => Some(("error", failure.to_string(), "NOT_PLAYED")),
        };
        if let Some((element, message, kind)) = problem {
            let element = writer.create_element(element);
            let element =
                element.with_attribute(("message", &*allowed(&message))).with_attribute(("type", kind));
            element.write_text_content(BytesText::new(&body))?;
        }
        let transcript = allowed(&rehearsed.transcript());
        if !transcript.is_empty() {
            writer.create_element("system-out").write_text_content(BytesText::new(&transcript))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// A text without the characters that XML cannot hold, not even escaped.
fn allowed(text: &str) -> String {
    let forbidden = |character: char| match character {
        '\t' | '\n' | '\r' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other < ' ',
    };
    text.chars().filter(|character| !forbidden(*character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::rehearsed::samples;

    #[test]
    fn a_report_has_a_test_case_for_each_rehearsal() {
        let rehearsals = [samples::holds(), samples::fails(), samples::not_played()];
        let report = String::from_utf8(xml("a & b.yaml", &rehearsals).unwrap()).unwrap();
        insta::assert_snapshot!(report, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="greenlight rehearse" tests="3" failures="1" errors="1" skipped="0" time="3.420">
          <testsuite name="a &amp; b.yaml" tests="3" failures="1" errors="1" skipped="0" time="3.420">
            <testcase classname="a &amp; b.yaml" name="a good release" time="1.140">
              <system-out>rehearsal  hello

           1:05  SCALE_UP

        SUCCESSFUL
        users    saw 0 errors in 100 requests (asked 100)
        so       green serves; no user saw an error of green
        took     1.1 s here; about 1 min 12 s on AWS</system-out>
            </testcase>
            <testcase classname="a &amp; b.yaml" name="a bad one: is, stopped" time="1.140">
              <failure message="expected a rollback before users, and users saw 12 errors of green before: The hook &lt;test-traffic&gt; said FAILED." type="ROLLBACK_SUCCESSFUL">expected a rollback before users, and users saw 12 errors of green before
        The hook &lt;test-traffic&gt; said FAILED.
        check `http` &lt;b&gt;failed&lt;/b&gt;:
        100% | [31mred &amp; &quot;bad&quot;</failure>
              <system-out>rehearsal  hello

           1:05  SCALE_UP

        ROLLBACK_SUCCESSFUL
        reason   The hook &lt;test-traffic&gt; said FAILED.
        because  check `http` &lt;b&gt;failed&lt;/b&gt;:
        100% | [31mred &amp; &quot;bad&quot;
        users    saw 12 errors in 100 requests (asked 100)
                 green    100 requests, 12 errors
        so       blue serves again; users saw 12 errors of green before
        took     1.1 s here; about 1 min 12 s on AWS</system-out>
            </testcase>
            <testcase classname="a &amp; b.yaml" name="a third" time="1.140">
              <error message="the rehearsal could not run: no port is free&#10;hint: free one" type="NOT_PLAYED">the rehearsal could not run: no port is free
        hint: free one</error>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        for (text, expected) in [
            ("a\u{1b}[31mb\u{0}\u{8}", "a[31mb"),
            ("tab\tline\r\n", "tab\tline\r\n"),
            ("\u{fffe}\u{ffff}\u{fffd}\u{7f}", "\u{fffd}\u{7f}"),
            ("ü … \u{1f600}", "ü … \u{1f600}"),
        ] {
            assert_eq!(allowed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_report_that_cannot_be_written_names_its_path_and_the_cause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("report.xml");
        let failure = write(&path, "a", &[samples::holds()]).unwrap_err().to_string();
        let expected = format!("cannot write the JUnit report `{}`: No such file", path.display());
        assert!(failure.starts_with(&expected), "{failure}");

        let path = folder.path().join("report.xml");
        write(&path, "a", &[samples::holds()]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), xml("a", &[samples::holds()]).unwrap());
    }
}
