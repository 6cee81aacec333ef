//! Findings as SARIF 2.1.0, the format in which code hosts take them.
//!
//! Source: OASIS, *Static Analysis Results Interchange Format (SARIF) Version 2.1.0*; GitHub's *SARIF support for code
//! scanning*, which shows a result beside its line only where it has a file and a region, and looks for the file by a
//! path relative to the repository (`%SRCROOT%`).

use std::path::{Component, Path, PathBuf};

use greenlight_preflight::{Finding, Rule, Severity};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{STANDARD_INPUT, examined::Examined};

/// What the paths of files are relative to: the working directory, which pipelines have at the repository's root.
const ROOT: &str = "%SRCROOT%";
/// What stands as it is in a segment of a path (RFC 3986).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The report.
pub(super) fn report(examined: &Examined<'_>) -> Value {
    let findings: Vec<&Finding> = examined.findings().into_iter().map(|(_, finding, _)| finding).collect();
    let mut rules: Vec<&Rule> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_by_key(|rule| rule.id);
    rules.dedup();
    let results: Vec<Value> = findings.iter().map(|finding| result(examined, finding, &rules)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "greenlight",
                "version": greenlight::VERSION,
                "rules": rules.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
            } },
            "originalUriBaseIds": { ROOT: {
                "description": { "text": "the directory that the command was run in" },
            } },
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": rule.fix },
        "helpUri": rule.link,
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(examined: &Examined<'_>, finding: &Finding, rules: &[&Rule]) -> Value {
    let rule = finding.rule;
    let fix = finding.fix.as_deref().unwrap_or(rule.fix);
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": finding.at.to_string() }] });
    let folder = std::env::current_dir().unwrap_or_default();
    if examined.wirings.is_file(&finding.at)
        && let Some(uri) = relative(Path::new(&finding.at.source), &folder)
    {
        let line = examined.wirings.line(&finding.at).unwrap_or(1);
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": uri, "uriBaseId": ROOT },
            "region": { "startLine": line },
        });
    }
    json!({
        "ruleId": rule.id,
        "ruleIndex": rules.iter().position(|it| *it == rule),
        "level": level(rule.severity),
        "message": { "text": format!("{}: {}. {fix}", rule.title, finding.observed) },
        "locations": [location],
    })
}

/// The URI of a file within a folder; none for what is elsewhere, and for standard input.
fn relative(path: &Path, folder: &Path) -> Option<String> {
    if path == Path::new(STANDARD_INPUT) {
        return None;
    }
    let mut within = PathBuf::new();
    for component in folder.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(within.pop()),
            other => within.push(other),
        }
    }
    let segments = within.strip_prefix(folder).ok()?.components();
    let encoded = |segment: Component<'_>| {
        let text = segment.as_os_str().to_str()?;
        Some(utf8_percent_encode(text, SEGMENT).to_string())
    };
    Some(segments.map(encoded).collect::<Option<Vec<_>>>()?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_working_directory() {
        for (path, expected) in [
            ("service.json", Some("service.json")),
            ("./deploy/../stacks/a b#1.yaml", Some("stacks/a%20b%231.yaml")),
            ("/home/shop/stacks/shop.yaml", Some("stacks/shop.yaml")),
            ("../shop/x.yaml", Some("x.yaml")),
            ("../other/x.yaml", None),
            ("/elsewhere/x.yaml", None),
            (STANDARD_INPUT, None),
        ] {
            assert_eq!(relative(Path::new(path), Path::new("/home/shop")).as_deref(), expected, "{path}");
        }
    }
}
