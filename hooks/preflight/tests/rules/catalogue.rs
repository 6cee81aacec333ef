//! Holds the catalogue to its fixtures: `fixtures/rules/RULE.json` says what breaks a rule and what keeps it.
//!
//! A fixture changes a correct deployment (`fixtures/bases`) in as little as it takes. What breaks a rule must
//! break no other, unless the fixture says which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use greenlight_preflight::{Document, Facts, Key, Rule, Spelling, Unknown, all, explain, find, judge};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

/// A document of a base: null where there is no such thing.
#[derive(Clone, Debug, Deserialize)]
struct Part {
    key: Key,
    value: Value,
}

type Base = BTreeMap<String, Part>;

/// `PART/path/in/it` → value; null takes it away.
type Changes = BTreeMap<String, Value>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    /// The correct deployment that is changed.
    #[serde(default = "ecs")]
    base: String,
    /// Rules that cannot be kept where this one is broken.
    #[serde(default)]
    also: BTreeSet<String>,
    /// How the service is spelt.
    #[serde(default)]
    spelling: Spelled,
    /// What breaks the rule, by a description.
    breaks: BTreeMap<String, Changes>,
    /// What nearly breaks it.
    keeps: BTreeMap<String, Changes>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Spelled {
    #[default]
    Api,
    CloudFormation,
}

fn ecs() -> String {
    "ecs".to_owned()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn base(name: &str) -> Base {
    let path = folder().join("bases").join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn bases() -> Vec<String> {
    let files = fs::read_dir(folder().join("bases")).unwrap();
    let name = |file: fs::DirEntry| file.path().file_stem().unwrap().to_string_lossy().into_owned();
    files.map(|file| name(file.unwrap())).collect()
}

fn facts(base: &Base) -> Facts {
    let mut facts = Facts::default();
    for (name, part) in base {
        match &part.value {
            Value::Null => facts.miss(part.key.clone()),
            value => {
                let document = Document { is_input: true, ..Document::new(name, value.clone()) };
                facts.know(part.key.clone(), document);
            }
        }
    }
    facts
}

fn changed(base: &Base, changes: &Changes) -> Facts {
    let mut base = base.clone();
    for (path, value) in changes {
        let (name, pointer) = path.split_once('/').unwrap_or((path, ""));
        if let (Some(key), "") = (value.get("$key"), pointer) {
            let key = serde_json::from_value(key.clone()).unwrap();
            base.insert(name.to_owned(), Part { key, value: value["value"].clone() });
            continue;
        }
        let part = base.get_mut(name).unwrap_or_else(|| panic!("the base has no `{name}`"));
        put(&mut part.value, pointer, value);
    }
    facts(&base)
}

fn spelt(mut facts: Facts, spelling: Spelled) -> Facts {
    if let (Spelled::CloudFormation, Some(service)) = (spelling, facts.document(&Key::Service).cloned()) {
        // A template is not given to AWS's API as it stands.
        let template = Document { spelling: Spelling::CloudFormation, is_input: false, ..service };
        facts.know(Key::Service, template);
    }
    facts
}

fn put(at: &mut Value, pointer: &str, value: &Value) {
    if pointer.is_empty() {
        *at = value.clone();
        return;
    }
    let (key, rest) = pointer.split_once('/').unwrap_or((pointer, ""));
    if let Value::Array(items) = at {
        let index = key.parse().unwrap_or(items.len());
        if rest.is_empty() && value.is_null() {
            items.remove(index);
            return;
        }
        while items.len() <= index {
            items.push(Value::Null);
        }
        put(&mut items[index], rest, value);
        return;
    }
    if !at.is_object() {
        *at = serde_json::json!({});
    }
    let fields = at.as_object_mut().unwrap();
    // A `~1` in a pointer is a slash in a key.
    let key = key.replace("~1", "/");
    if rest.is_empty() && value.is_null() {
        fields.remove(&key);
    } else {
        put(fields.entry(key).or_insert(Value::Null), rest, value);
    }
}

fn fixture(rule: &Rule) -> Option<Fixture> {
    let path = folder().join("rules").join(format!("{}.json", rule.id));
    let text = fs::read_to_string(&path).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn broken(facts: &Facts) -> BTreeSet<String> {
    judge(all(), facts).findings.iter().map(|finding| finding.rule.id.to_owned()).collect()
}

#[test]
fn nothing_is_wrong_with_a_correct_deployment() {
    for name in bases() {
        let judged = judge(all(), &facts(&base(&name)));
        assert_eq!(judged.findings, [], "{name}");
        if name == "ecs" {
            assert_eq!(judged.lacks, [], "{name}");
        }
    }
}

#[test]
fn every_rule_that_looks_is_broken_and_kept_by_its_fixture() {
    let mut wrong = Vec::new();
    for rule in all().filter(|rule| rule.judge.is_some()) {
        let Some(fixture) = fixture(rule) else {
            wrong.push(format!("{}: there is no fixtures/rules/{}.json", rule.id, rule.id));
            continue;
        };
        let base = base(&fixture.base);
        if fixture.breaks.is_empty() || fixture.keeps.is_empty() {
            wrong.push(format!("{}: nothing breaks it, or nothing keeps it", rule.id));
        }
        let expected: BTreeSet<String> = fixture.also.iter().cloned().chain([rule.id.to_owned()]).collect();
        for (what, changes) in &fixture.breaks {
            let found = broken(&spelt(changed(&base, changes), fixture.spelling));
            if found != expected {
                wrong.push(format!("{}: {what}: {found:?} instead of {expected:?}", rule.id));
            }
        }
        for (what, changes) in &fixture.keeps {
            let facts = spelt(changed(&base, changes), fixture.spelling);
            let found = judge([rule], &facts).findings;
            if !found.is_empty() {
                wrong.push(format!("{}: {what}: {found:#?}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A name that nobody knows is mended by the one that it is most like.
#[test]
fn misspelt_names_lead_to_the_known_ones() {
    let hook = "service/deploymentConfiguration/lifecycleHooks/0";
    for (place, written, fix) in [
        (
            format!("{hook}/timeoutConfiguration/action"),
            "rollback",
            Some("Write `ROLLBACK`, if that is what is meant."),
        ),
        (
            format!("{hook}/lifecycleStages/0"),
            "POST_SCALEUP",
            Some("Write `POST_SCALE_UP`, if that is what is meant."),
        ),
        (format!("{hook}/lifecycleStages/0"), "AfterInstall", Some("Write `POST_SCALE_UP`.")),
        (format!("{hook}/lifecycleStages/0"), "SCALE_UP", None),
        (format!("{hook}/targetType"), "aws-lambda", Some("Write `AWS_LAMBDA`, if that is what is meant.")),
        (
            "service/deploymentConfiguration/strategy".to_owned(),
            "blue-green",
            Some("Write `BLUE_GREEN`, if that is what is meant."),
        ),
        ("service/deploymentConfiguration/strategy".to_owned(), "RECREATE", None),
    ] {
        let facts = changed(&base("ecs"), &Changes::from([(place.clone(), written.into())]));
        let findings = judge(all(), &facts).findings;
        let found = findings.iter().find(|it| it.observed.contains(written)).map(|it| it.fix.as_deref());
        assert_eq!(found, Some(fix), "{place}: {written}: {findings:?}");
    }
}

#[test]
fn every_fixture_is_of_a_rule() {
    for file in fs::read_dir(folder().join("rules")).unwrap() {
        let path = file.unwrap().path();
        let Some("json") = path.extension().and_then(|it| it.to_str()) else { continue };
        let id = path.file_stem().unwrap().to_str().unwrap();
        assert!(find(id).is_some_and(|rule| rule.judge.is_some()), "{id}");
    }
}

#[test]
fn every_rule_can_be_found_and_is_told_in_full() {
    let mut ids = BTreeSet::new();
    for rule in all() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.judge.is_some() || !rule.messages.is_empty(), "{} cannot be found", rule.id);
        assert_eq!(rule.judge.is_some(), !rule.looks_at.is_empty(), "{}: what it looks at", rule.id);
        assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{}: title", rule.id);
        for text in [rule.why, rule.fix] {
            assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", rule.id);
        }
        assert!(rule.link.starts_with("https://"), "{}: link", rule.id);
        assert!(!rule.gate || rule.judge.is_some(), "{}: the hook cannot look", rule.id);
    }
}

/// A message with other words in the places of its names, within a longer line.
fn said(pattern: &str, inside: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap();
        text.push_str(before);
        text.push_str(if name == "count" { "2" } else { inside });
        rest = behind;
    }
    text + rest
}

#[test]
fn every_message_leads_to_its_rule() {
    for rule in all() {
        for pattern in rule.messages {
            let message = said(pattern, "arn:aws-cn:x:cn-north-1:998877665544:thing/other-1");
            for message in [message.clone(), format!("2026-11-22 [error] said: {message} (request 1)")] {
                let found = explain(&message);
                assert_eq!(found.first().map(|it| it.rule.id), Some(rule.id), "{message}");
            }
        }
    }
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                self::places(item, &format!("{at}/{index}"), places);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                self::places(field, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        _ => {}
    }
}

/// Nothing is guessed: a correct deployment of which something is not known breaks no rule.
#[test]
fn what_is_not_known_breaks_no_rule() {
    let mark = Unknown::new("Parameter", "the parameter has no default").mark();
    for name in bases() {
        let base = base(&name);
        for (part, Part { key, value }) in &base {
            let mut all_places = Vec::new();
            places(value, "", &mut all_places);
            for place in all_places {
                let mut facts = facts(&base);
                let Some(value) = facts.value_mut(key) else { continue };
                *value.pointer_mut(&place).unwrap() = mark.clone();
                let found = judge(all(), &facts).findings;
                assert_eq!(found, [], "{name}: {part}{place}");
            }
            let mut facts = facts(&base);
            facts.give_up(key.clone(), "not allowed");
            assert_eq!(judge(all(), &facts).findings, [], "{name}: {part} could not be had");
        }
    }
}

/// Anything at all in the place of anything is judged, not panicked at.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::from("arn:aws:elasticloadbalancing:::")),
        Just(Value::from("é:function:é")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn whatever_stands_anywhere_is_judged(name in prop::sample::select(bases()), pick in any::<prop::sample::Index>(),
        spot in any::<prop::sample::Index>(), value in anything()) {
        let base = base(&name);
        let parts: Vec<_> = base.values().filter(|part| !part.value.is_null()).collect();
        let part = pick.get(&parts);
        let mut all_places = Vec::new();
        places(&part.value, "", &mut all_places);
        let mut facts = facts(&base);
        *facts.value_mut(&part.key).unwrap().pointer_mut(&spot.get(&all_places[..])[..]).unwrap() = value;
        judge(all(), &facts);
    }
}

/// What a deployment has nothing of is neither kept nor broken.
#[test]
fn a_rule_applies_where_there_is_something_to_judge() {
    let count = all().filter(|rule| rule.judge.is_some()).count();
    let shifted = ["LB-SAME-RULE", "PERM-ELB-MODIFY", "HOOK-COUNT", "HOOK-ROLE-INVOKE", "DEPLOY-BAKE-RANGE"];
    let rolled = ["ROLL-STUCK", "ROLL-CB-ROLLBACK", "ROLL-DIGEST-ZERO"];
    let of_envoy = ["ENVOY-STATE-INIT", "ENVOY-PRIV-PORT", "ENVOY-LB-HEALTH"];
    let of_codedeploy = ["CD-TG-PAIR", "CD-APPSPEC-HOOKS", "CD-ONE-GROUP"];
    let never_there = ["HOOK-PAUSE-STAGE", "LB-ADV-ON-V1", "DEPLOY-CANARY-RANGE"];
    for (name, applying) in [
        ("ecs", &[&shifted[..]][..]),
        ("rolling", &[&rolled]),
        ("envoy", &[&rolled, &of_envoy]),
        ("codedeploy", &[&of_codedeploy]),
    ] {
        let judged = judge(all(), &facts(&base(name)));
        let states = judged.full.len() + judged.lacks.len() + judged.not_applicable.len();
        assert_eq!(states, count, "{name}");
        for ids in [&shifted[..], &rolled, &of_envoy, &of_codedeploy, &never_there] {
            let applies = applying.contains(&ids);
            for id in ids {
                assert_eq!(judged.full.iter().any(|rule| rule.id == *id), applies, "{name}: {id}");
                assert_eq!(judged.not_applicable.iter().any(|rule| rule.id == *id), !applies, "{name}: {id}");
            }
        }
    }
}

#[test]
fn a_place_breaks_a_rule_once() {
    for rule in all().filter(|rule| rule.judge.is_some()) {
        let Some(fixture) = fixture(rule) else { continue };
        let base = base(&fixture.base);
        for changes in fixture.breaks.values() {
            let findings = judge([rule], &spelt(changed(&base, changes), fixture.spelling)).findings;
            let places: BTreeSet<_> = findings.iter().map(|finding| &finding.at).collect();
            assert_eq!(places.len(), findings.len(), "{findings:#?}");
        }
    }
}

/// What is of another kind is there all the same: that it is missing would be untrue.
#[test]
fn a_text_where_a_list_belongs_is_not_missing() {
    let configuration = "service/deploymentConfiguration";
    for (place, rule) in [
        (format!("{configuration}/lifecycleHooks/0/lifecycleStages"), "HOOK-LAMBDA-FIELDS"),
        (format!("{configuration}/alarms/alarmNames"), "DEPLOY-ALARM-MISSING"),
        ("service/loadBalancers".to_owned(), "DEPLOY-NO-SHIFT"),
    ] {
        let found = |value: Value| broken(&changed(&base("ecs"), &Changes::from([(place.clone(), value)])));
        assert!(found(serde_json::json!([])).contains(rule), "{place}");
        let of_text = found("POST_SCALE_UP".into());
        assert!(of_text.contains("VALUE-KIND") && !of_text.contains(rule), "{place}: {of_text:?}");
    }
}
