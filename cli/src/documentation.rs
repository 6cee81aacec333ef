//! `docs/checks.md` and `docs/plan.schema.json`, made from the doc comments of the checks and from the types
//! of their settings. The tests hold the files to them.
//!
//! `GREENLIGHT_WRITE_DOCS=1 cargo test -p greenlight-cli --lib documentation` writes them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use greenlight::{Hook, Protocol, deployment::Asks};
use serde_json::Value;

use crate::hooks;

/// What every check's documentation says, in this order; others may stand between.
const HEADINGS: [&str; 5] = ["What it checks", "Fails when", "Inconclusive when", "IAM it needs", "Example"];

const ABOUT: &str = "\
# Checks

What each check asks about green, and its settings. They stand in a [plan](plan.md); beside its own keys every check
takes `name`, `advisory` (recorded, never decides), `patience` and `on_inconclusive`.

A check passes, fails (green is wrong), is inconclusive (we could not tell), pending (not yet), or is skipped with a
cause. `greenlight schema` writes the JSON Schema of plans ([plan.schema.json](plan.schema.json)), with which editors
complete them.

";

/// The page.
fn checks() -> String {
    let mut seen = BTreeSet::new();
    let (mut rows, mut sections) = (Vec::new(), Vec::new());
    for hook in hooks::all() {
        let schema = hook.schema();
        for (kind, type_name) in hook.check_types().filter(|(kind, _)| seen.insert(*kind)) {
            let comments = doc_comments(type_name);
            let (title, text) = comments.split_once('\n').unwrap_or((&comments, ""));
            let asks = title.split_once(": ").map_or(title, |(_, asks)| asks).trim_end_matches('.');
            let of: Vec<_> = knowing(kind).iter().map(|hook| format!("`{hook}`")).collect();
            rows.push(format!("| [`{kind}`](#{kind}) | {} | {asks} |\n", of.join(", ")));
            let text = text.replace("\n# ", "\n### ");
            sections.push(format!("## {kind}\n\n{title}\n{text}\n{}\n", settings(&schema, kind)));
        }
    }
    format!(
        "{ABOUT}| check | hooks | what it asks |\n|---|---|---|\n{}\n{}This page is made from the doc comments of the checks.\n",
        rows.concat(),
        sections.concat()
    )
}

/// The hooks that know a check.
fn knowing(kind: &str) -> Vec<&'static str> {
    hooks::all()
        .filter(|hook| hook.check_names().any(|known| known == kind))
        .map(|hook| hook.name())
        .collect()
}

/// The `//!` comments of the file that has a type, found by the type's path.
fn doc_comments(type_name: &str) -> String {
    let mut parts: Vec<_> = type_name.split("::").collect();
    parts.pop();
    let folder = match parts.remove(0) {
        "greenlight" => "shared".to_owned(),
        name => format!("hooks/{}", name.trim_start_matches("greenlight_").replace('_', "-")),
    };
    let path = root().join(folder).join("src").join(parts.join("/")).with_extension("rs");
    let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// The table of a check's own settings.
fn settings(schema: &Value, kind: &str) -> String {
    let checks = schema["properties"]["checks"]["items"]["oneOf"].as_array().unwrap();
    let check = checks.iter().find_map(|check| check["properties"].get(kind)).unwrap();
    let mut rows = Vec::new();
    let common = ["name", "advisory", "patience", "on_inconclusive"];
    collect(schema, check, "", &mut rows);
    rows.retain(|(key, ..)| !common.contains(&key.as_str()));
    if rows.is_empty() {
        return "\nIt has no settings of its own.\n".to_owned();
    }
    let line = |(key, description, default): &(String, String, String)| {
        format!("| `{key}` | {} | {default} |\n", description.replace('|', "\\|"))
    };
    format!("\n| key | meaning | default |\n|---|---|---|\n{}", rows.iter().map(line).collect::<String>())
}

/// A schema in the place of a reference to it; an optional value as the value.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        return resolved(root, &root["$defs"][name]);
    }
    let optional = schema["anyOf"].as_array().filter(|any| any.iter().any(|one| one["type"] == "null"));
    match optional.and_then(|any| any.iter().find(|one| one["type"] != "null")) {
        Some(value) => resolved(root, value),
        None => schema,
    }
}

fn collect(root: &Value, schema: &Value, before: &str, rows: &mut Vec<(String, String, String)>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let key = format!("{before}{name}");
        let value = resolved(root, property);
        let description =
            property["description"].as_str().or(value["description"].as_str()).unwrap_or_default();
        let description = description.replace('\n', " ");
        if value["properties"].is_object() {
            rows.push((key.clone(), description, String::new()));
            collect(root, value, &format!("{key}."), rows);
            continue;
        }
        let default = match &property["default"] {
            Value::Null => String::new(),
            Value::String(text) if text.is_empty() => String::new(),
            Value::String(text) => format!("`{text}`"),
            Value::Array(items) if items.is_empty() => String::new(),
            Value::Object(fields) if fields.is_empty() => String::new(),
            other => format!("`{other}`"),
        };
        rows.push((key, description, default));
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Holds a file of the documentation to what it is made from, or writes it.
fn current(name: &str, made: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
        fs::write(&path, made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/{name} is not current: run `GREENLIGHT_WRITE_DOCS=1 cargo test -p greenlight-cli --lib documentation`"
    );
}

#[test]
fn the_page_of_checks_is_current() {
    current("checks.md", &checks());
}

#[test]
fn the_schema_of_plans_is_current() {
    let schema = serde_json::to_string_pretty(&hooks::any().schema()).unwrap();
    current("plan.schema.json", &format!("{schema}\n"));
}

/// Every check says the same things of itself, and its example is a plan's.
#[test]
fn every_check_is_documented() {
    for hook in hooks::all() {
        for (kind, type_name) in hook.check_types() {
            let comments = doc_comments(type_name);
            let mut rest = comments.as_str();
            for heading in HEADINGS {
                let found = rest.split_once(&format!("\n# {heading}\n"));
                rest = found
                    .unwrap_or_else(|| panic!("`{kind}` has no heading `# {heading}`, or in another order"))
                    .1;
            }
            for example in examples(rest) {
                decodes(&hook, kind, example);
            }
        }
    }
}

/// The blocks of JSON under the last heading; there is one at least.
fn examples(text: &str) -> Vec<&str> {
    let blocks: Vec<_> =
        text.split("```json\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(!blocks.is_empty(), "no example in {text:?}");
    blocks
}

fn decodes(hook: &Hook, kind: &str, example: &str) {
    let example: Value =
        serde_json::from_str(example).unwrap_or_else(|error| panic!("{kind}: {error}: {example}"));
    assert!(example.get(kind).is_some(), "{kind}: {example}");
    let Value::Object(plan) = serde_json::json!({ "checks": [example] }) else { unreachable!() };
    if let Err(problems) = hook.plan(plan) {
        panic!("the example of `{kind}` has problems: {problems:?}");
    }
}

/// What a check says that it needs of IAM is what its examples ask for, whoever runs the deployment.
#[test]
fn the_permissions_that_are_documented_are_those_of_the_calls() {
    for hook in hooks::all() {
        for (kind, type_name) in hook.check_types() {
            let comments = doc_comments(type_name);
            let section = |heading: &str| {
                let (_, rest) = comments.split_once(&format!("\n# {heading}\n")).unwrap();
                rest.split("\n# ").next().unwrap()
            };
            let (iam, example) = (section("IAM it needs"), section("Example"));
            let mut documented: BTreeSet<_> = iam.split('`').filter(|word| is_action(word)).collect();
            let discovery = iam.contains("docs/discovery.md");
            let mut asked = BTreeSet::new();
            let protocols = [Protocol::Ecs, Protocol::CodeDeploy, Protocol::Pause];
            let actions = |asks: Asks| protocols.into_iter().flat_map(move |protocol| asks.actions(protocol));
            if discovery {
                documented.extend(actions(Asks::Approaches));
            }
            let bare = serde_json::json!({ kind: {} });
            let examples = examples(example).into_iter().map(|text| serde_json::from_str(text).unwrap());
            for check in examples.chain([bare]) {
                let Value::Object(plan) = serde_json::json!({ "checks": [check] }) else { unreachable!() };
                let asks = hook.plan(plan).map(|plan| plan.asks()).unwrap_or_default();
                asked.extend(asks.into_iter().flat_map(actions));
            }
            // A check without a call of its own says nothing of what every hook asks.
            assert_eq!(documented, asked, "{kind}");
        }
    }
}

/// `service:Action`; what secrets need stands with the secrets.
fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        !["ssm", "secretsmanager", ""].contains(&service)
            && action.starts_with(|first: char| first.is_ascii_uppercase())
    })
}
