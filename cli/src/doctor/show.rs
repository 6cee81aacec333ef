//! What the doctor says to people.

use std::fmt::Write as _;

use greenlight_preflight::{Finding, Severity};

use super::examined::Examined;

/// The findings, the worst first, and what was not judged.
pub(super) fn text(examined: &Examined<'_>, verbose: bool) -> String {
    let findings = examined.findings();
    let mut text = String::new();
    for finding in &findings {
        one(examined, finding, &mut text);
    }
    let count = |severity: Severity| findings.iter().filter(|it| it.rule.severity == severity).count();
    let services: Vec<&str> = examined.services.iter().map(|(name, _)| *name).collect();
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
    let _ = write!(text, "{}: {found}; {} rules judged", services.join(", "), examined.full());
    let lacks = examined.lacks();
    if !lacks.is_empty() {
        let _ = write!(text, ", {} not: ", lacks.len());
        text.push_str(if verbose {
            "what they ask for is not in the files"
        } else {
            "--verbose says what they lack"
        });
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

fn one(examined: &Examined<'_>, finding: &Finding, text: &mut String) {
    let line = examined.wirings.line(&finding.at).map_or_else(String::new, |line| format!(":{line}"));
    let rule = finding.rule;
    let _ = writeln!(text, "{} {}: {}", rule.severity, rule.id, rule.title);
    let _ = writeln!(text, "  at    {}{line}  {}", finding.at.source, finding.at.path);
    let _ = writeln!(text, "  found {}", finding.observed);
    let _ = writeln!(text, "  why   {}", wrapped(rule.why));
    let _ = writeln!(text, "  fix   {}", wrapped(finding.fix.as_deref().unwrap_or(rule.fix)));
    let _ = writeln!(text, "  see   {}\n", rule.link);
}

/// Words in lines of a width that terminals have, indented as the first one is.
fn wrapped(words: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n        ")
}
