//! What came of judging every wiring.

use std::collections::BTreeSet;

use greenlight_preflight::{Finding, Judged, Key, Lack, Rule, Severity, all, judge, matching, nearest};

use crate::{
    failure::Failure,
    wiring::{Wiring, Wirings},
};

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
    pub(super) services: Vec<Service<'a>>,
}

/// One service, judged.
pub(super) struct Service<'a> {
    pub(super) name: &'a str,
    /// Why there is nothing to judge.
    pub(super) unread: Option<&'a str>,
    /// The worst first. What one rule finds stands together.
    pub(super) findings: Vec<Finding>,
    pub(super) lacks: Vec<(&'static Rule, Vec<Lack>)>,
    pub(super) full: Vec<&'static Rule>,
    pub(super) not_applicable: Vec<&'static Rule>,
}

impl<'a> Service<'a> {
    fn new(wiring: &'a Wiring, rules: &[&'static Rule]) -> Self {
        let unread = wiring.facts.unavailable(&Key::Service);
        let rules = if unread.is_some() { &[] } else { rules };
        let Judged { mut findings, lacks, full, not_applicable } =
            judge(rules.iter().copied(), &wiring.facts);
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.rule.severity), finding.rule.id));
        Self { name: &wiring.name, unread, findings, lacks, full, not_applicable }
    }

    pub(super) fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.rule.severity).max()
    }

    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }
}

impl<'a> Examined<'a> {
    /// Judges all wirings.
    pub(super) fn new(wirings: &'a Wirings, rules: &[&'static Rule]) -> Self {
        let services = wirings.all.iter().map(|wiring| Service::new(wiring, rules)).collect();
        Self { wirings, services }
    }

    /// All findings, each once: with the service that it is told of first, and the others that it is as true of.
    pub(super) fn findings(&self) -> Vec<(&'a str, &Finding, Vec<&'a str>)> {
        let mut findings: Vec<(&str, &Finding, Vec<&str>)> = Vec::new();
        for service in &self.services {
            for finding in &service.findings {
                match findings.iter_mut().find(|(_, known, _)| *known == finding) {
                    Some((_, _, others)) => others.push(service.name),
                    None => findings.push((service.name, finding, Vec::new())),
                }
            }
        }
        findings.sort_by_key(|(_, finding, _)| (std::cmp::Reverse(finding.rule.severity), finding.rule.id));
        findings
    }

    /// The services that could not be read, with the reasons.
    pub(super) fn unread(&self) -> Vec<(&'a str, &'a str)> {
        self.services.iter().filter_map(|service| Some((service.name, service.unread?))).collect()
    }

    pub(super) fn worst(&self) -> Option<Severity> {
        self.services.iter().filter_map(Service::worst).max()
    }

    /// The rules that could not be judged everywhere, with all that was lacking.
    pub(super) fn lacks(&self) -> Vec<(&'static Rule, BTreeSet<&Lack>)> {
        let mut lacks: Vec<(&'static Rule, BTreeSet<&Lack>)> = Vec::new();
        for (rule, of_rule) in self.services.iter().flat_map(|service| &service.lacks) {
            match lacks.iter_mut().find(|(known, _)| known == rule) {
                Some((_, known)) => known.extend(of_rule),
                None => lacks.push((rule, of_rule.iter().collect())),
            }
        }
        lacks.sort_by_key(|(rule, _)| rule.id);
        lacks
    }

    /// How many rules were judged somewhere and lacked nothing anywhere, and how many applied nowhere.
    pub(super) fn counts(&self) -> (usize, usize) {
        let lacking: BTreeSet<&str> = self.lacks().iter().map(|(rule, _)| rule.id).collect();
        let full = self.services.iter().flat_map(|service| &service.full);
        let judged: BTreeSet<&str> = full.map(|rule| rule.id).filter(|id| !lacking.contains(id)).collect();
        let applying = |id: &&str| judged.contains(id) || lacking.contains(id);
        let nowhere = self.services.iter().flat_map(|service| &service.not_applicable);
        let not_applicable: BTreeSet<&str> = nowhere.map(|rule| rule.id).filter(|id| !applying(id)).collect();
        (judged.len(), not_applicable.len())
    }
}
