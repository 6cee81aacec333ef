//! What people get wrong: each mistake has an exit code and words, and none is a panic.

use greenlight_tests::target::{Kind, Target};
use insta::assert_snapshot;

use super::run::Run;

const ECS: &str = "events/ecs/post-test-traffic-shift.json";

#[tokio::test]
async fn arguments_that_are_wrong() {
    let invoke = |rest: &[&str]| Run::new(&[&["invoke", "test-traffic"], rest].concat());
    assert_snapshot!(Run::new(&["invoke", "test-trafic", "--event", ECS]).shown().await, @r"
    exit code 2
    --- stderr
    error: unknown hook `test-trafic`
    hint: did you mean `test-traffic`?
    hint: a hook of your own is given as `--bootstrap test-trafic=PATH`
    ");
    assert_snapshot!(invoke(&["--event", "events/ecs/no-such-file.json"]).shown().await, @r"
    exit code 2
    --- stderr
    error: cannot read the event `events/ecs/no-such-file.json`: No such file or directory (os error 2)
    ");
    assert_snapshot!(invoke(&["--event", "events"]).shown().await, @r"
    exit code 2
    --- stderr
    error: cannot read the event `events`: Is a directory (os error 21)
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--target", "green"]).shown().await, @r"
    exit code 2
    --- stderr
    error: invalid value 'green' for '--target <URL>': `green` is no URL: relative URL without a base; expected a URL such as `https://green.example.com:8443`

    For more information, try '--help'.
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--target", "ftp://green"]).shown().await, @r"
    exit code 2
    --- stderr
    error: invalid value 'ftp://green' for '--target <URL>': URL `ftp://green` has the scheme `ftp`; expected `http`, `https` or `tcp`

    For more information, try '--help'.
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--timeout", "soon"]).shown().await, @r"
    exit code 2
    --- stderr
    error: invalid value 'soon' for '--timeout <DURATION>': `soon` is no duration; expected a duration such as `300ms`, `5s`, `10m` or `1h30m`

    For more information, try '--help'.
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--timeout", "16m"]).shown().await, @r"
    exit code 2
    --- stderr
    error: `--timeout 16m` is no timeout of a function
    hint: Lambda gives a function 15 minutes at the most
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--plan", "no-such-plan.yaml"]).shown().await, @r"
    exit code 2
    --- stderr
    error: cannot read the plan `no-such-plan.yaml`: No such file or directory (os error 2)
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--secret", "probe=hunter2"]).shown().await, @r"
    exit code 2
    --- stderr
    error: a `--secret` has the wrong form
    hint: expected NAME=env:VAR or NAME=file:PATH
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--secret", "probe=env:UNSET"]).shown().await, @r"
    exit code 2
    --- stderr
    error: the variable `UNSET` of the secret `probe` is not set
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--bootstrap", "test-traffic"]).shown().await, @r"
    exit code 2
    --- stderr
    error: `--bootstrap test-traffic` has no path
    hint: expected HOOK=PATH
    ");
    assert_snapshot!(invoke(&["--event", ECS, "--bootstrap", "test-traffic=no-such-file"]).shown().await, @r"
    exit code 2
    --- stderr
    error: cannot run `no-such-file` as the hook: No such file or directory (os error 2)
    ");
}

/// The event, and what the hook says of it. It is the hook that reads it, as it would in Lambda.
#[tokio::test]
async fn events_that_cannot_be_read_are_a_stop() {
    let sample =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../", "events/ecs/post-scale-up.json")).unwrap();
    let mut latin = sample.clone();
    latin.splice(2..2, b"\"caf\xe9\": 1, ".iter().copied());
    let large = format!(r#"{{"x": "{}"}}"#, "x".repeat(10 * 1024 * 1024)).into_bytes();
    for (name, event, words) in [
        ("empty", Vec::new(), "the event is not JSON (0 bytes)"),
        ("truncated", sample[..100].to_vec(), "the event is not JSON (100 bytes)"),
        ("not UTF-8", latin, "the event is not UTF-8 at byte 6"),
        ("10 MiB", large, "the event has none of the three known shapes"),
        ("no object", b"5".to_vec(), "the event is no JSON object"),
    ] {
        let ran = Run::new(&["invoke", "test-traffic", "--event", "-"]).input(event).ran().await;
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{name}: {}", ran.stdout);
        assert!(ran.stdout.contains(&format!("\nSTOP  {words}")), "{name}: {}", ran.stdout);
        assert!(ran.stdout.contains("so       ECS rolls the deployment back"), "{name}: {}", ran.stdout);
    }
}

/// More than Lambda would ever hand over is given by mistake.
#[tokio::test]
async fn an_event_that_is_too_large_for_the_command_is_refused() {
    let event = vec![b' '; 17 * 1024 * 1024];
    assert_snapshot!(Run::new(&["invoke", "test-traffic", "--event", "-"]).input(event).shown().await, @r"
    exit code 2
    --- stderr
    error: the event `-` is larger than 16 MiB
    ");
}

#[tokio::test]
async fn a_plan_that_is_wrong_shows_every_problem() {
    let green = Target::start(Kind::Good).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    std::fs::write(&file, r#"{"checks": [{"http": {"pth": "/ping", "timeout": "5"}}]}"#).unwrap();
    let target = green.url();
    let run = Run::new(&["invoke", "test-traffic", "--event", ECS, "--target", &target, "--plan"]);
    let ran = run.argument(&file).ran().await;
    assert_ne!(ran.code, Some(0), "{}", ran.stdout);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    for words in ["checks[0].http.pth", "did you mean `path`?", "checks[0].http.timeout", "duration `5`"] {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    assert_eq!(green.received().connections(), 0, "nothing is sent with a plan that is wrong");
}
