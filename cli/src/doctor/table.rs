//! Many services in one table.

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use greenlight_preflight::{Judged, Severity};

use super::examined::Examined;

/// A line for each service: how it would fare, and why.
pub(super) fn table(examined: &Examined<'_>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["service", "a deployment", "errors", "warnings", "rules"]);
    for (name, judged) in &examined.services {
        let count = |severity: Severity| {
            judged.findings.iter().filter(|finding| finding.rule.severity == severity).count().to_string()
        };
        table.add_row([
            (*name).to_owned(),
            fares(judged).to_owned(),
            count(Severity::Error),
            count(Severity::Warning),
            broken(judged),
        ]);
    }
    table.to_string()
}

fn fares(judged: &Judged) -> &'static str {
    let worst = judged.findings.iter().map(|finding| finding.rule.severity).max();
    match worst {
        Some(Severity::Error) => "would fail",
        Some(Severity::Warning) => "may surprise",
        Some(Severity::Info) | None if judged.lacks.is_empty() => "would go through",
        Some(Severity::Info) | None => "nothing found, not all read",
    }
}

fn broken(judged: &Judged) -> String {
    let mut ids: Vec<&str> = judged
        .findings
        .iter()
        .filter(|finding| finding.rule.severity > Severity::Info)
        .map(|finding| finding.rule.id)
        .collect();
    ids.dedup();
    ids.join(", ")
}
