use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use super::file::{self, Case};
use super::flags::Flags;
use super::*;
use crate::rehearse::expectation::Expectation;
use crate::rehearse::options::{Rate, Speed};
use crate::rehearse::preparation;
use crate::rehearse::rehearsed::samples;
use crate::rehearse::taking_part::Hooks;

fn read(document: &Value) -> Result<Vec<Case>, Vec<String>> {
    file::read(document, Path::new("ci"))
}

fn arguments(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let arguments = Flags::new().arguments(key, value, Path::new("ci"))?;
    Ok(arguments.into_iter().map(|argument| argument.into_string().unwrap()).collect())
}

#[test]
fn values_become_arguments() {
    for (key, value, expected) in [
        ("service", json!("hello"), &["--service=hello"][..]),
        ("service", json!(""), &["--service="]),
        ("speed", json!(60), &["--speed=60"]),
        ("speed", json!(1.5), &["--speed=1.5"]),
        ("green", json!("-x --y"), &["--green=-x --y"]),
        ("hooks", json!("none"), &["--hooks=none"]),
        ("fault", json!("rules:drifted"), &["--fault=rules:drifted"]),
        ("fault", json!(["rules:drifted", "aws:slow=2s"]), &["--fault=rules:drifted", "--fault=aws:slow=2s"]),
        ("fault", json!([]), &[]),
        ("parameter", json!(["Count=3", "Name=a"]), &["--parameter=Count=3", "--parameter=Name=a"]),
        ("tls", json!(true), &["--tls"]),
        ("tls", json!(false), &[]),
        ("tls", json!(null), &[]),
        ("service", json!(false), &[]),
        ("service", json!(null), &[]),
        // Files are where the file of cases is.
        ("appspec", json!("a/appspec.yaml"), &["--appspec=ci/a/appspec.yaml"]),
        ("plan", json!("/etc/plan.json"), &["--plan=/etc/plan.json"]),
        ("plan", json!(["a=b.json", "health=b.json"]), &["--plan=ci/a=b.json", "--plan=health=ci/b.json"]),
        ("path", json!("/hello"), &["--path=/hello"]),
        ("secret", json!("ssm:/token=file:token.txt"), &["--secret=ssm:/token=file:ci/token.txt"]),
        ("secret", json!("token=env:TOKEN"), &["--secret=token=env:TOKEN"]),
        ("bootstrap", json!("test-traffic=target/hook"), &["--bootstrap=test-traffic=ci/target/hook"]),
        ("bootstrap", json!("test-traffic"), &["--bootstrap=test-traffic"]),
    ] {
        let expected: Vec<String> = expected.iter().map(|&argument| argument.to_owned()).collect();
        assert_eq!(arguments(key, &value), Ok(expected), "{key}: {value}");
    }
}

#[test]
fn what_no_flag_says_is_refused() {
    for (key, value, expected) in [
        ("falt", json!("x"), "unknown key `falt` (did you mean `fault`?)"),
        (
            "service_definition",
            json!("x"),
            "unknown key `service_definition` (did you mean `service-definition`?)",
        ),
        (
            "junit",
            json!("x"),
            "`junit` is nothing that a case says (give `--junit FILE` beside the file of cases)",
        ),
        (
            "keep",
            json!(true),
            "`keep` is nothing that a case says (to look at a deployment further, rehearse it alone)",
        ),
        ("tls", json!("yes"), "`tls` is text; expected true or false"),
        ("service", json!(true), "`service` is true; expected text or a number"),
        ("service", json!(["a"]), "`service` is a list; expected text or a number"),
        ("fault", json!(true), "`fault` is true; expected text, a number or a list of them"),
        ("fault", json!({"a": 1}), "`fault` is an object; expected text, a number or a list of them"),
        ("fault", json!(["a", null]), "an item of `fault` is null; expected text or a number"),
        ("appspec", json!("-"), "`appspec` is standard input, which cases do not read (give a file)"),
        (
            "speed",
            json!("fast"),
            "`speed`: invalid value 'fast' for '--speed <FACTOR>': expected a factor from `1x` to `100000x`, e.g. `60x`",
        ),
        (
            "expect",
            json!("rolback"),
            "`expect`: invalid value 'rolback' for '--expect <OUTCOME>' \
             [possible values: success, rollback, rollback-before-users]",
        ),
        ("appspec", json!(""), "`appspec`: a value is required for '--appspec <FILE>' but none was supplied"),
    ] {
        assert_eq!(arguments(key, &value), Err(expected.to_owned()), "{key}: {value}");
    }
}

#[test]
fn every_flag_is_a_key_or_is_refused_by_name() {
    let flags = Flags::new();
    let keys = flags.keys();
    for key in ["appspec", "fault", "expect", "green", "hooks", "speed", "assume"] {
        assert!(keys.contains(&key), "{key}");
    }
    for key in ["file", "junit", "json", "keep", "list-faults", "help", "version"] {
        assert!(!keys.contains(&key), "{key}");
        assert!(arguments(key, &json!(null)).is_err(), "{key}");
    }
}

#[test]
fn a_case_says_what_flags_say_and_goes_before_the_defaults() {
    let cases = read(&json!({
        "defaults": { "speed": "600x", "fault": ["green:errors=20%"], "tls": true, "appspec": "a.yaml" },
        "cases": [
            { "name": " as they are " },
            { "name": "others", "speed": 30, "fault": "rules:drifted", "tls": false, "appspec": null,
              "template": "t.yaml", "expect": "rollback", "hooks": "none", "users": 2 },
        ],
    }))
    .unwrap();
    let (first, second) = (&cases[0], &cases[1]);
    assert_eq!((&*first.name, &*second.name), ("as they are", "others"));
    assert_eq!((first.options.speed, second.options.speed), (Speed(600.0), Speed(30.0)));
    assert_eq!(first.options.fault, ["green:errors=20%"]);
    assert_eq!(second.options.fault, ["rules:drifted"]);
    assert_eq!((first.options.tls, second.options.tls), (true, false));
    assert_eq!(first.options.appspec, Some(PathBuf::from("ci/a.yaml")));
    assert_eq!((&second.options.appspec, &second.options.template), (&None, &Some("ci/t.yaml".into())));
    assert_eq!((first.options.expect, second.options.expect), (None, Some(Expectation::Rollback)));
    assert_eq!((&first.options.hooks, &second.options.hooks), (&Hooks::All, &Hooks::None));
    assert_eq!((first.options.users, second.options.users), (Rate(5.0), Rate(2.0)));
}

#[test]
fn every_problem_is_said_at_once() {
    let problems = read(&json!({
        "case": [],
        "defaults": { "name": "x", "speed": "0x" },
        "cases": [
            { "name": "twice", "falt": "x", "users": "many" },
            { "name": "twice" },
            { "tls": "on" },
            { "name": "" },
            { "name": 5 },
            "text",
            { "name": "both", "appspec": "a.yaml", "template": "t.yaml" },
        ],
    }))
    .unwrap_err();
    insta::assert_snapshot!(problems.join("\n"), @r"
    unknown key `case` (did you mean `cases`?)
    `defaults`: `name` is of a case: every one has its own
    `defaults`: `speed`: invalid value '0x' for '--speed <FACTOR>': expected a factor from `1x` to `100000x`, e.g. `60x`
    case `twice`: unknown key `falt` (did you mean `fault`?)
    case `twice`: `users`: invalid value 'many' for '--users <RATE>': expected requests per second such as `5/s`
    `cases[1]`: the name `twice` is given to two cases
    `cases[2]` has no `name`
    `cases[2]`: `tls` is text; expected true or false
    `cases[3]`: `name` is empty; expected what people call the case
    `cases[4]`: `name` is 5; expected text (put it in quotes)
    `cases[5]` is text; expected an object with a `name`
    case `both`: the argument '--appspec <FILE>' cannot be used with '--template <FILE>'
    ");
}

#[test]
fn a_document_has_a_list_of_cases() {
    for (document, expected) in [
        (json!({ "cases": [] }), "`cases` is an empty list; expected a list of cases"),
        (json!({ "cases": null }), "`cases` is null; expected a list of cases"),
        (json!({ "cases": { "name": "a" } }), "`cases` is an object; expected a list of cases"),
        (
            json!({ "cases": [{ "name": "a" }], "defaults": [] }),
            "`defaults` is an empty list; expected an object",
        ),
    ] {
        assert_eq!(read(&document).unwrap_err(), [expected], "{document}");
    }
}

#[test]
fn a_file_of_cases_is_known_by_its_key() {
    for (text, expected) in [
        ("cases: []", true),
        ("{\"cases\": 5}", true),
        ("serviceName: hello", false),
        ("cases: [", false),
        ("", false),
    ] {
        assert_eq!(document(&("a.yaml".to_owned(), text.to_owned())).is_some(), expected, "{text}");
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    given: Given<RehearseOptions>,
}

fn given(arguments: &[&str]) -> Given<RehearseOptions> {
    Line::try_parse_from([&["rehearse"], arguments].concat()).unwrap().given
}

#[test]
fn flags_of_one_rehearsal_are_refused_beside_a_file_of_cases() {
    let refused = |arguments: &[&str]| {
        alone("r.yaml", &given(arguments).flags).map_err(|failure| failure.to_string()).err()
    };
    assert_eq!(refused(&["r.yaml", "--json", "--junit", "r.xml", "--speed", "9x"]), None);
    assert_eq!(
        refused(&["r.yaml", "--green", "./app", "--tls", "--json"]).unwrap(),
        "`--tls`, `--green` cannot stand beside `r.yaml`, which is a file of cases\n\
         hint: say it in the file: in a case, or under `defaults` for all of them"
    );
    assert_eq!(
        refused(&["r.yaml", "--keep"]).unwrap(),
        "`--keep` cannot stand beside `r.yaml`, which is a file of cases\n\
         hint: to look at a deployment further, rehearse it alone, with the flags of its case"
    );
}

#[test]
fn every_file_of_every_case_is_read_before_anything_is_played() {
    let document = json!({ "cases": [
        { "name": "a", "appspec": "missing.yaml" },
        { "name": "b", "fault": "green:eror=5%" },
        { "name": "c" },
    ] });
    let failure = prepare(Path::new("ci/r.yaml"), &document, &given(&[])).err().unwrap();
    insta::assert_snapshot!(failure.to_string(), @r"
    `ci/r.yaml`: case `a`: cannot read the AppSpec `ci/missing.yaml`: No such file or directory (os error 2)
    `ci/r.yaml`: case `b`: `green:eror=5%`: `green` has no fault `eror` (did you mean `errors`?)
      hint: `--list-faults` lists what can go wrong
    ");
}

#[test]
fn a_speed_beside_the_file_goes_before_those_in_it() {
    let document =
        json!({ "defaults": { "speed": 300 }, "cases": [{ "name": "a" }, { "name": "b", "speed": 600 }] });
    for (arguments, expected) in [
        (&["r.yaml"][..], [300.0, 600.0]),
        (&["r.yaml", "--speed", "60x"], [60.0, 60.0]),
        (&["r.yaml", "--json"], [300.0, 600.0]),
    ] {
        let prepared = prepare(Path::new("r.yaml"), &document, &given(arguments)).unwrap();
        let speeds: Vec<_> = prepared.iter().map(|case| Speed(case.settings.speed)).collect();
        assert_eq!(speeds, expected.map(Speed), "{arguments:?}");
    }
}

#[test]
fn what_could_not_be_played_decides_the_exit_code() {
    let code = |rehearsals: &[Rehearsed]| format!("{:?}", exit_code(rehearsals));
    let expected = |code: u8| format!("{:?}", ExitCode::from(code));
    assert_eq!(code(&[samples::holds(), samples::holds()]), expected(0));
    assert_eq!(code(&[samples::fails(), samples::holds()]), expected(1));
    assert_eq!(code(&[samples::fails(), samples::not_played(), samples::holds()]), expected(3));
}

#[test]
fn the_example_can_be_rehearsed_from_anywhere() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/rehearsal.yaml");
    let document = document(&preparation::text(&path, "file").unwrap()).unwrap();
    assert_eq!(prepare(&path, &document, &given(&[])).unwrap().len(), 5);
    let cases = file::read(&document, path.parent().unwrap()).unwrap();
    let expected: Vec<_> = cases.iter().map(|case| case.options.expect.map(|it| it.to_string())).collect();
    let before = Expectation::RollbackBeforeUsers.to_string();
    let rollback = Expectation::Rollback.to_string();
    assert_eq!(expected, [None, Some(before.clone()), Some(before.clone()), Some(rollback), Some(before)]);
    let outcomes = Expectation::value_variants();
    for outcome in outcomes {
        assert!(cases.iter().any(|case| case.options.expect.unwrap_or(Expectation::Success) == *outcome));
    }
}
