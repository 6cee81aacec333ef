//! Every sample event, and everything that is no event.

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn settings(pairs: &'static [(&'static str, &'static str)]) -> Settings {
    Settings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn verdict_asked(body: &[u8], settings: &Settings) -> Invocation {
    match parse(body, settings) {
        Ok(Asked::Verdict(invocation)) => *invocation,
        other => panic!("{other:?}"),
    }
}

fn ecs(event: &Value) -> Invocation {
    verdict_asked(event.to_string().as_bytes(), &settings(&[]))
}

#[test]
fn every_sample_event_is_read_as_what_it_is() {
    let settings = settings(&[("GREENLIGHT_PAUSE", "*/*"), ("GREENLIGHT_LIFECYCLE_EVENT", "AfterInstall")]);
    let mut seen = 0;
    for (folder, protocol) in
        [("ecs", Protocol::Ecs), ("codedeploy", Protocol::CodeDeploy), ("pause", Protocol::Pause)]
    {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events").join(folder);
        for entry in fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            let invocation = verdict_asked(&fs::read(&path).unwrap(), &settings);
            assert_eq!(invocation.protocol, protocol, "{}", path.display());
            let known = !matches!(invocation.stage, Stage::Unknown(_));
            assert!(known || path.ends_with("flat-legacy-doc-only.json"), "{}", path.display());
            let rollback = path.to_string_lossy().contains("rollback");
            assert_eq!(invocation.situation == Situation::Rollback, rollback, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 18, "{seen} sample events");
}

#[test]
fn the_situation_is_read_from_the_weights_at_the_two_shift_stages_only() {
    for (file, situation, step) in [
        ("ecs/production-traffic-shift.json", Situation::Update, Some("100")),
        ("ecs/production-traffic-shift-rollback.json", Situation::Rollback, Some("0")),
        ("ecs/test-traffic-shift-rollback.inferred.json", Situation::Rollback, Some("0")),
        ("ecs/production-traffic-shift-create.inferred.json", Situation::Create, Some("100")),
        ("ecs/production-traffic-shift-canary-step1.inferred.json", Situation::Update, Some("10")),
        // The trap: a normal deployment's first PRE_PRODUCTION_TRAFFIC_SHIFT has a rollback's weights.
        ("ecs/pre-production-traffic-shift.json", Situation::Update, Some("0")),
        ("ecs/post-test-traffic-shift.json", Situation::Update, None),
    ] {
        let invocation = verdict_asked(&sample(file), &settings(&[]));
        assert_eq!((invocation.situation, invocation.step.as_deref()), (situation, step), "{file}");
    }
}

#[test]
fn only_the_documented_weights_are_a_rollback() {
    let event = |weights: Value| {
        json!({"lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT", "resourceArn": "d", "executionDetails": {
            "serviceArn": "arn:aws:ecs:r:1:service/c/s", "targetServiceRevisionArn": "green", "productionTrafficWeights": weights,
        }})
    };
    for (weights, situation) in [
        (json!({"green": 0, "blue": 100}), Situation::Rollback),
        (json!({"green": 0.0, "blue": 100.0}), Situation::Rollback),
        (json!({"green": "0", "blue": "100"}), Situation::Rollback),
        (json!({"green": 0, "blue": 60, "older": 40}), Situation::Rollback),
        (json!({"green": 0.1, "blue": 99.9}), Situation::Update),
        (json!({"green": 0, "blue": 0}), Situation::Update),
        (json!({"green": 0}), Situation::Update),
        (json!({"blue": 100}), Situation::Update),
        (json!({"green": -1, "blue": 100}), Situation::Update),
        (json!({"green": null, "blue": 100}), Situation::Update),
        (json!({"green": 100}), Situation::Create),
        (json!({"green": 10}), Situation::Update),
        (json!({"green": 100, "blue": null}), Situation::Update),
        (json!({"green": 100, "blue": -1e-14}), Situation::Update),
        (json!({}), Situation::Update),
        (json!(null), Situation::Update),
        (json!([0, 100]), Situation::Update),
    ] {
        assert_eq!(ecs(&event(weights.clone())).situation, situation, "{weights}");
    }
}

#[test]
fn odd_events_are_read_with_warnings() {
    let flat = verdict_asked(&sample("ecs/flat-legacy-doc-only.json"), &settings(&[]));
    assert!(flat.warnings[0].contains("flat form"), "{:?}", flat.warnings);
    assert_eq!(flat.service.unwrap().to_string(), "my-cluster/my-service");
    let event = ecs(
        &json!({"lifecycleStage": "POST_BAKE_TIME", "executionDetails": 5, "resourceArn": ["x"], "new": {}}),
    );
    assert_eq!(event.stage, Stage::Unknown("POST_BAKE_TIME".to_owned()));
    assert_eq!(event.deployment, "unknown");
    assert_eq!(event.warnings.len(), 4, "{:?}", event.warnings);
}

#[test]
fn services_of_both_arn_forms() {
    let service = |arn| Service::from_arn(arn).map(|service| service.to_string());
    assert_eq!(service("arn:aws-cn:ecs:cn-north-1:1:service/c/s").as_deref(), Some("c/s"));
    assert_eq!(service("arn:aws:ecs:r:1:service/s").as_deref(), Some("default/s"));
    for arn in ["", "s", "arn:aws:ecs:r:1:cluster/c", "arn:aws:ecs:r:1:service"] {
        assert_eq!(service(arn), None, "{arn}");
    }
}

#[test]
fn codedeploy_needs_both_ids() {
    let invocation = verdict_asked(&sample("codedeploy/hook.json"), &settings(&[]));
    assert_eq!(invocation.deployment, "d-82EELWTXI");
    assert!(invocation.stage.is_unnamed(), "the deployment is asked");
    let set = settings(&[("GREENLIGHT_LIFECYCLE_EVENT", "BeforeAllowTraffic")]);
    assert_eq!(verdict_asked(&sample("codedeploy/hook.json"), &set).stage, Stage::PreProductionTrafficShift);
    for event in [
        json!({"DeploymentId": "d-1"}),
        json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": 5}),
        json!({"DeploymentId": "", "LifecycleEventHookExecutionId": "x"}),
    ] {
        let error = parse(event.to_string().as_bytes(), &settings(&[])).unwrap_err();
        assert!(error.contains("nothing can be reported"), "{error}");
    }
}

#[test]
fn pause_events_are_answered_only_where_the_setting_names_them() {
    let event = sample("pause/post-test-traffic-shift.json");
    let invocation =
        verdict_asked(&event, &settings(&[("GREENLIGHT_PAUSE", "my-cluster/my-*@POST_TEST_TRAFFIC_SHIFT")]));
    assert_eq!(invocation.expires_at.unwrap().to_string(), "2026-03-05T16:04:41Z");
    for (gates, words) in
        [("", "person's gate"), ("other/*", "person's gate"), ("*/*@POST_SCALE_UP", "person's gate")]
    {
        let read = Settings::read(|name| (name == "GREENLIGHT_PAUSE").then(|| gates.to_owned()));
        assert!(
            matches!(parse(&event, &read), Ok(Asked::Nothing { why, .. }) if why.contains(words)),
            "{gates}"
        );
    }
    let broken = settings(&[("GREENLIGHT_PAUSE", "my-cluster")]);
    assert!(
        matches!(parse(&event, &broken), Ok(Asked::Nothing { why, level: "ERROR" }) if why.contains("names no PAUSE hooks"))
    );
}

#[test]
fn other_hook_events_ask_nothing_and_other_events_are_none() {
    let mut event: Value = serde_json::from_slice(&sample("pause/post-test-traffic-shift.json")).unwrap();
    let all = settings(&[("GREENLIGHT_PAUSE", "*/*")]);
    event["detail"]["eventName"] = "HOOK_SUCCEEDED".into();
    assert!(matches!(parse(event.to_string().as_bytes(), &all), Ok(Asked::Nothing { .. })));
    event["detail-type"] = "ECS Task State Change".into();
    assert!(
        parse(event.to_string().as_bytes(), &all).unwrap_err().contains("expected `ECS Hook State Change`")
    );
    event["detail-type"] = "ECS Hook State Change".into();
    event["detail"] = "x".into();
    assert!(parse(event.to_string().as_bytes(), &all).is_err());
}

#[test]
fn what_is_no_event_is_refused_with_what_was_expected_and_what_came() {
    for (body, words) in [
        (&b""[..], "not JSON (0 bytes)"),
        (b"{\"executionDetails\": {", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8 at byte 0 of 4"),
        (b"[1]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{}", "the keys []"),
        (b"{\"Records\": [], \"x\": 1}", "the keys [\"Records\", \"x\"]"),
    ] {
        let error = parse(body, &settings(&[])).unwrap_err();
        assert!(error.contains(words) && error.contains("expected an ECS hook event"), "{error}");
    }
    let deep = "[".repeat(100_000);
    assert!(parse(deep.as_bytes(), &settings(&[])).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body, &settings(&[("GREENLIGHT_PAUSE", "*/*")]));
    }

    #[test]
    fn no_types_make_the_parser_panic(at in 0_usize..12, value in prop_oneof![
        Just(json!(null)), Just(json!(true)), Just(json!(-1e300)), Just(json!("")), Just(json!([[]])), Just(json!({"": {}})),
    ]) {
        let paths = [
            "/executionDetails", "/executionDetails/serviceArn", "/executionDetails/targetServiceRevisionArn",
            "/executionDetails/testTrafficWeights", "/executionDetails/productionTrafficWeights", "/executionId",
            "/lifecycleStage", "/resourceArn", "/hookDetails", "/detail", "/detail/serviceArn", "/detail/expiresAt",
        ];
        for file in ["ecs/with-hook-details-first.json", "pause/post-test-traffic-shift.json"] {
            let mut event: Value = serde_json::from_slice(&sample(file)).unwrap();
            if let Some(place) = event.pointer_mut(paths[at]) {
                *place = value.clone();
            }
            let _ = parse(event.to_string().as_bytes(), &settings(&[("GREENLIGHT_PAUSE", "*/*")]));
        }
    }
}
