//! What the doctor says to programs.

use std::collections::BTreeSet;

use greenlight_preflight::{Finding, Lack, Rule};
use serde_json::{Value, json};

use super::examined::Examined;

/// One document of all services.
pub(super) fn report(examined: &Examined<'_>) -> Value {
    let finding = |(service, finding, others): &(&str, &Finding, Vec<&str>)| {
        let rule = finding.rule;
        json!({
            "id": rule.id,
            "service": service,
            "also_of": others,
            "severity": rule.severity.to_string(),
            "title": rule.title,
            "source": finding.at.source,
            "path": finding.at.path,
            "line": examined.wirings.line(&finding.at),
            "observed": finding.observed,
            "why": rule.why,
            "fix": finding.fix.as_deref().unwrap_or(rule.fix),
            "link": rule.link,
        })
    };
    let lack = |(rule, lacks): &(&Rule, BTreeSet<&Lack>)| json!({ "id": rule.id, "lacks": lacks.iter().map(|lack| &lack.why).collect::<Vec<_>>() });
    let unread = |(service, why): &(&str, &str)| json!({ "service": service, "why": why });
    let (judged, not_applicable) = examined.counts();
    json!({
        "services": examined.services.iter().map(|service| service.name).collect::<Vec<_>>(),
        "notes": examined.wirings.notes,
        "not_read": examined.unread().iter().map(unread).collect::<Vec<_>>(),
        "findings": examined.findings().iter().map(finding).collect::<Vec<_>>(),
        "judged": judged,
        "not_applicable": not_applicable,
        "not_judged": examined.lacks().iter().map(lack).collect::<Vec<_>>(),
    })
}
