//! What the doctor says to people.

use std::fmt::Write as _;

use greenlight_preflight::{Finding, Severity};

use super::examined::{Examined, Service};
use crate::text::wrapped;

const INDENT: &str = "        ";

/// A block for each service: its findings, the worst first, and what was not judged. What was told of one service is
/// named again for the next, and not explained again.
pub(super) fn text(examined: &Examined<'_>, verbose: bool) -> String {
    let mut told: Vec<(&str, &Finding)> = Vec::new();
    let blocks: Vec<String> = examined
        .services
        .iter()
        .map(|service| {
            let block = block(examined, service, &told, verbose);
            for finding in &service.findings {
                if !told.iter().any(|(_, known)| *known == finding) {
                    told.push((service.name, finding));
                }
            }
            block
        })
        .collect();
    blocks.join("\n\n")
}

fn block(examined: &Examined<'_>, service: &Service<'_>, told: &[(&str, &Finding)], verbose: bool) -> String {
    if let Some(why) = service.unread {
        return format!("{}: could not be read: {why}", service.name);
    }
    let mut text = String::new();
    for alike in service.findings.chunk_by(|one, other| one.rule == other.rule && one.fix == other.fix) {
        let before = |finding: &&Finding| told.iter().find(|(_, known)| known == finding);
        let new: Vec<&Finding> = alike.iter().filter(|finding| before(finding).is_none()).collect();
        group(examined, &new, &mut text);
        for finding in alike {
            let Some((first, _)) = before(&finding) else { continue };
            let rule = finding.rule;
            let _ = writeln!(text, "{} {}: {}", rule.severity, rule.id, rule.title);
            let _ = writeln!(text, "  at    {}, as told of {first}\n", place(examined, finding));
        }
    }
    text.push_str(&summary(service));
    if !service.lacks.is_empty() {
        let _ = write!(text, ", {} not judged for want of facts", service.lacks.len());
        if !verbose {
            text.push_str(" (--verbose names them)");
        }
    }
    if verbose {
        for (rule, lacks) in &service.lacks {
            let _ = write!(text, "\n  {}", rule.id);
            for lack in lacks {
                let _ = write!(text, "\n    {}", lack.why);
            }
        }
    }
    text
}

fn summary(service: &Service<'_>) -> String {
    let counts: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")]
            .into_iter()
            .map(|(severity, word)| (service.count(severity), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| {
                format!("{count} {word}{}", if count == 1 || word == "info" { "" } else { "s" })
            })
            .collect();
    let found = match counts.as_slice() {
        // Who gives too little must not take it for a good answer.
        [] if service.full.is_empty() => "nothing could be judged".to_owned(),
        [] => "nothing is wrong".to_owned(),
        counts => counts.join(", "),
    };
    format!(
        "{}: {found}; {} rules judged, {} not applicable",
        service.name,
        service.full.len(),
        service.not_applicable.len(),
    )
}

/// Findings of one rule with one way out. Why the rule matters is told once.
fn group(examined: &Examined<'_>, findings: &[&Finding], text: &mut String) {
    let Some(first) = findings.first() else { return };
    let rule = first.rule;
    let _ = writeln!(text, "{} {}: {}", rule.severity, rule.id, rule.title);
    for finding in findings {
        let _ = writeln!(text, "  at    {}", place(examined, finding));
        let _ = writeln!(text, "        {}", finding.observed);
    }
    let _ = writeln!(text, "  why   {}", wrapped(rule.why, INDENT));
    let _ = writeln!(text, "  fix   {}", wrapped(first.fix.as_deref().unwrap_or(rule.fix), INDENT));
    let _ = writeln!(text, "  see   {}\n", rule.link);
}

fn place(examined: &Examined<'_>, finding: &Finding) -> String {
    let line = examined.wirings.line(&finding.at).map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line} {}", finding.at.source, finding.at.path).trim_end().to_owned()
}
