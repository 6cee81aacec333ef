//! Many services in one table.

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use greenlight_preflight::Severity;

use super::examined::{Examined, Service};

/// A line for each service: how it would fare, and why.
pub(super) fn table(examined: &Examined<'_>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "service",
        "a deployment",
        "errors",
        "warnings",
        "infos",
        "judged",
        "not applicable",
        "not judged",
        "rules",
    ]);
    for service in &examined.services {
        if service.unread.is_some() {
            table.add_row([service.name, "could not be read"]);
            continue;
        }
        let mut row = vec![service.name.to_owned(), fares(service).to_owned()];
        let severities = [Severity::Error, Severity::Warning, Severity::Info];
        row.extend(severities.map(|severity| service.count(severity).to_string()));
        let rules = [service.full.len(), service.not_applicable.len(), service.lacks.len()];
        row.extend(rules.map(|count| count.to_string()));
        row.push(broken(service));
        table.add_row(row);
    }
    table.to_string()
}

fn fares(service: &Service<'_>) -> &'static str {
    match service.worst() {
        Some(Severity::Error) => "would fail",
        Some(Severity::Warning) => "may surprise",
        Some(Severity::Info) | None if service.lacks.is_empty() => "would go through",
        Some(Severity::Info) | None => "nothing found, not all read",
    }
}

/// The rules that are broken, with the number of places where that is more than one.
fn broken(service: &Service<'_>) -> String {
    let of_rules = service.findings.chunk_by(|one, other| one.rule == other.rule);
    let named = of_rules.map(|findings| match findings {
        [one] => one.rule.id.to_owned(),
        [first, ..] => format!("{} ({})", first.rule.id, findings.len()),
        [] => String::new(),
    });
    named.collect::<Vec<_>>().join(", ")
}
