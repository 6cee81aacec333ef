//! What the doctor says to people.

use std::fmt::Write as _;

use greenlight_preflight::{Finding, Severity};

use super::examined::Examined;
use crate::text::wrapped;

const INDENT: &str = "        ";

/// The findings, the worst first, and what was not judged. Why a rule matters is told once.
pub(super) fn text(examined: &Examined<'_>, verbose: bool) -> String {
    let findings = examined.findings();
    let mut text = String::new();
    for alike in findings.chunk_by(|one, other| one.rule == other.rule && one.fix == other.fix) {
        group(examined, alike, &mut text);
    }
    text.push_str(&summary(examined, &findings));
    let lacks = examined.lacks();
    if !lacks.is_empty() {
        let _ = write!(text, ", {} not for want of facts", lacks.len());
        if !verbose {
            text.push_str(" (--verbose names them)");
        }
    }
    if verbose {
        for (rule, lacks) in lacks {
            let _ = write!(text, "\n  {}", rule.id);
            for lack in lacks {
                let _ = write!(text, "\n    {}", lack.why);
            }
        }
    }
    text
}

fn summary(examined: &Examined<'_>, findings: &[&Finding]) -> String {
    let count = |severity: Severity| findings.iter().filter(|it| it.rule.severity == severity).count();
    let counts: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")]
            .into_iter()
            .map(|(severity, word)| (count(severity), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| {
                format!("{count} {word}{}", if count == 1 || word == "info" { "" } else { "s" })
            })
            .collect();
    let found = if counts.is_empty() { "nothing is wrong".to_owned() } else { counts.join(", ") };
    let services: Vec<&str> = examined.services.iter().map(|(name, _)| *name).collect();
    format!("{}: {found}; {} rules judged", services.join(", "), examined.full())
}

/// Findings of one rule with one way out.
fn group(examined: &Examined<'_>, findings: &[&Finding], text: &mut String) {
    let Some(first) = findings.first() else { return };
    let rule = first.rule;
    let _ = writeln!(text, "{} {}: {}", rule.severity, rule.id, rule.title);
    for finding in findings {
        let line = examined.wirings.line(&finding.at).map_or_else(String::new, |line| format!(":{line}"));
        let _ = writeln!(text, "  at    {}{line} {}", finding.at.source, finding.at.path);
        let _ = writeln!(text, "        {}", finding.observed);
    }
    let _ = writeln!(text, "  why   {}", wrapped(rule.why, INDENT));
    let _ = writeln!(text, "  fix   {}", wrapped(first.fix.as_deref().unwrap_or(rule.fix), INDENT));
    let _ = writeln!(text, "  see   {}\n", rule.link);
}
