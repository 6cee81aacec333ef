//! Findings as SARIF 2.1.0, the format in which code hosts take them.
//!
//! Source: OASIS, *Static Analysis Results Interchange Format (SARIF) Version 2.1.0*; GitHub's *SARIF support for code
//! scanning*, which shows a result beside its line only where it has a file and a region.

use greenlight_preflight::{Finding, Rule, Severity};
use serde_json::{Value, json};

use super::examined::Examined;

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
    if examined.wirings.is_file(&finding.at) {
        let line = examined.wirings.line(&finding.at).unwrap_or(1);
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": finding.at.source },
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
