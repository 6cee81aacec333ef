//! How a rule looks at a deployment: it asks, and leaves behind what it found and what it lacked.

use std::cell::{Cell, RefCell};

use crate::{
    catalogue::Lack,
    facts::{Fact, Facts, Key},
    node::Node,
    rule::{Finding, Place, Rule},
};

/// One rule's look at the facts.
#[derive(Debug)]
pub struct Look<'a> {
    facts: &'a Facts,
    rule: &'static Rule,
    findings: RefCell<Vec<Finding>>,
    lacks: RefCell<Vec<Lack>>,
    /// Whether anything that the rule is about was there.
    seen: Cell<bool>,
}

/// What a look leaves behind.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) findings: Vec<Finding>,
    pub(crate) lacks: Vec<Lack>,
    /// Whether anything that the rule is about was there: where nothing was, it does not apply.
    pub(crate) anything: bool,
}

impl<'a> Look<'a> {
    pub(crate) fn new(facts: &'a Facts, rule: &'static Rule) -> Self {
        Self { facts, rule, findings: RefCell::default(), lacks: RefCell::default(), seen: Cell::new(false) }
    }

    /// What was found, and what was lacking for a full answer.
    pub(crate) fn finish(self) -> Seen {
        let findings = self.findings.into_inner();
        // What is wrong for want of something was looked for all the same.
        let anything = self.seen.get() || !findings.is_empty();
        Seen { findings, lacks: self.lacks.into_inner(), anything }
    }

    /// A document; none where it is not known or does not exist. Lacking it is noted.
    pub fn get(&'a self, key: &Key) -> Option<Node<'a>> {
        match self.facts.fact(key) {
            Some(Fact::Known(document)) => Some(Node::root(document, self)),
            Some(Fact::Missing) => None,
            Some(Fact::Unavailable { why, may_heal }) => {
                self.lack(Lack { key: Some(key.clone()), why: why.clone(), may_heal: *may_heal });
                None
            }
            None => {
                self.lack(Lack {
                    key: Some(key.clone()),
                    why: format!("{key} is not known"),
                    may_heal: false,
                });
                None
            }
        }
    }

    /// A document that is only looked at where it is at hand: nothing is lacking without it.
    pub fn at_hand(&'a self, key: &Key) -> Option<Node<'a>> {
        self.facts.document(key).map(|document| Node::root(document, self))
    }

    /// Whether it is known that there is no such thing.
    pub fn is_missing(&'a self, key: &Key) -> bool {
        match self.facts.fact(key) {
            Some(Fact::Missing) => true,
            Some(Fact::Known(_)) => false,
            // Notes that it is lacking.
            _ => self.get(key).is_some(),
        }
    }

    /// Whether a deployment of the service is under way, so that weights are on their way, too.
    pub fn is_being_deployed(&self, service: &Node<'_>) -> bool {
        self.facts.begins().is_none() && service.get("currentServiceDeployment").is_present()
    }

    /// Whether nothing was deployed before.
    pub fn is_first_deployment(&self) -> bool {
        self.facts.begins() == Some(true)
    }

    /// The service.
    pub fn service(&'a self) -> Option<Node<'a>> {
        self.get(&Key::Service)
    }

    /// The documents at hand of a kind.
    pub fn all_at_hand(&'a self, kind: impl Fn(&Key) -> bool) -> Vec<Node<'a>> {
        let of_kind = self.facts.documents().filter(|(key, _)| kind(key));
        of_kind.map(|(_, document)| Node::root(document, self)).collect()
    }

    /// Notes that something that the rule is about is there.
    pub(crate) fn see(&self) {
        self.seen.set(true);
    }

    /// Puts down a finding. One place breaks a rule once, with all that was observed there.
    pub(crate) fn add(&self, at: Place, observed: String, fix: Option<String>) {
        let mut findings = self.findings.borrow_mut();
        let Some(known) = findings.iter_mut().find(|known| known.at == at) else {
            findings.push(Finding { rule: self.rule, at, observed, fix });
            return;
        };
        if !known.observed.split("; ").any(|it| it == observed) {
            known.observed = format!("{}; {observed}", known.observed);
        }
        if known.fix != fix {
            let both: Vec<String> = known.fix.take().into_iter().chain(fix).collect();
            known.fix = Some(both.join(" "));
        }
    }

    pub(crate) fn lack_value(&self, why: String) {
        self.lack(Lack { key: None, why, may_heal: false });
    }

    fn lack(&self, lack: Lack) {
        let mut lacks = self.lacks.borrow_mut();
        if !lacks.contains(&lack) {
            lacks.push(lack);
        }
    }
}
