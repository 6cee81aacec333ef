//! What came of judging every wiring.

use std::collections::BTreeMap;

use greenlight_preflight::{Finding, Judged, Lack, Rule, Severity, all, judge, matching, nearest};
use serde_json::{Value, json};

use crate::{failure::Failure, wiring::Wirings};

/// All rules but those that are to be ignored.
pub(super) fn rules(ignore: &[String]) -> Result<Vec<&'static Rule>, Failure> {
    for ignored in ignore {
        if matching(ignored).next().is_none() {
            return Err(
                Failure::wrong(format!("`--ignore {ignored}`: there is no such rule")).hint(nearest(ignored))
            );
        }
    }
    let is_ignored = |rule: &Rule| ignore.iter().any(|ignored| matching(ignored).any(|it| it == rule));
    Ok(all().filter(|rule| !is_ignored(rule)).collect())
}

/// Every wiring, judged.
pub(super) struct Examined<'a> {
    pub(super) wirings: &'a Wirings,
    /// By the names of the wirings.
    pub(super) services: Vec<(&'a str, Judged)>,
}

impl<'a> Examined<'a> {
    /// Judges all wirings.
    pub(super) fn new(wirings: &'a Wirings, rules: &[&'static Rule]) -> Self {
        let services = wirings
            .all
            .iter()
            .map(|wiring| (wiring.name.as_str(), judge(rules.iter().copied(), &wiring.facts)))
            .collect();
        Self { wirings, services }
    }

    /// All findings, the worst first; what stands in one place for several services is told once.
    pub(super) fn findings(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = Vec::new();
        for finding in self.services.iter().flat_map(|(_, judged)| &judged.findings) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        // What one rule finds stands together.
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.rule.severity), finding.rule.id));
        findings
    }

    pub(super) fn worst(&self) -> Option<Severity> {
        self.findings().iter().map(|finding| finding.rule.severity).max()
    }

    /// The rules that could not be judged everywhere, with all that was lacking.
    pub(super) fn lacks(&self) -> Vec<(&'static Rule, Vec<&Lack>)> {
        let mut lacks: BTreeMap<&str, (&'static Rule, Vec<&Lack>)> = BTreeMap::new();
        for (rule, of_rule) in self.services.iter().flat_map(|(_, judged)| &judged.lacks) {
            let entry = lacks.entry(rule.id).or_insert((rule, Vec::new()));
            for lack in of_rule {
                if !entry.1.contains(&lack) {
                    entry.1.push(lack);
                }
            }
        }
        lacks.into_values().collect()
    }

    /// How many rules were judged in full wherever they were.
    pub(super) fn full(&self) -> usize {
        let looking = self.services.first().map_or(0, |(_, judged)| judged.full + judged.lacks.len());
        looking - self.lacks().len()
    }

    pub(super) fn json(&self) -> Value {
        let finding = |finding: &&Finding| {
            json!({
                "id": finding.rule.id,
                "severity": finding.rule.severity.to_string(),
                "title": finding.rule.title,
                "source": finding.at.source,
                "path": finding.at.path,
                "line": self.wirings.line(&finding.at),
                "observed": finding.observed,
                "why": finding.rule.why,
                "fix": finding.fix.as_deref().unwrap_or(finding.rule.fix),
                "link": finding.rule.link,
            })
        };
        let lack = |(rule, lacks): &(&Rule, Vec<&Lack>)| json!({ "id": rule.id, "lacks": lacks.iter().map(|lack| &lack.why).collect::<Vec<_>>() });
        json!({
            "services": self.services.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "findings": self.findings().iter().map(finding).collect::<Vec<_>>(),
            "judged": self.full(),
            "not_judged": self.lacks().iter().map(lack).collect::<Vec<_>>(),
        })
    }
}
