//! What a rule is, and what it is to break one.

use std::fmt;

use crate::look::Look;

/// How bad it is to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing needs to be done.
    Info,
    /// The deployment may do something else than its owner expects.
    Warning,
    /// The deployment will fail, or ship what nobody looked at.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One way in which the wiring of a deployment can be wrong.
///
/// It is found by looking at the wiring, in files or in an account ([`Rule::judge`]), or by what AWS or Envoy says
/// when it is broken ([`Rule::messages`]), or by both.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name for good: `LB-SAME-RULE`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in a few words without a full stop.
    pub title: &'static str,
    /// Why it matters: the cause of what people see, in whole sentences.
    pub why: &'static str,
    /// What to do about it, in whole sentences.
    pub fix: &'static str,
    /// The page that it rests on.
    pub link: &'static str,
    /// What it looks at, for people: `the service's load balancers`. Empty where it is only found by a message.
    pub looks_at: &'static str,
    /// Looks at the wiring; none where the rule is only found by what somebody says.
    pub judge: Option<fn(&Look<'_>)>,
    /// What AWS or Envoy says when it is broken, word by word; `{name}` stands for what differs each time.
    pub messages: &'static [&'static str],
    /// What such a message does not prove, where people are often misled by it.
    pub not_proven: &'static str,
    /// Whether the hook `preflight` looks at it by default: what can be known before green is started, and what
    /// no emergency fix should be kept from going out by.
    pub gate: bool,
    /// Whether what serves now breaks it, or that a deployment is under way. The hook `preflight` notes that and never stops
    /// for it: an emergency fix must get out.
    pub of_what_serves: bool,
}

impl Rule {
    /// What most rules have in common.
    pub(crate) const BASE: Self = Self {
        id: "",
        severity: Severity::Error,
        title: "",
        why: "",
        fix: "",
        link: "",
        looks_at: "",
        judge: None,
        messages: &[],
        not_proven: "",
        gate: false,
        of_what_serves: false,
    };
}

/// Its id says it all.
impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}

/// There is one of each id.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// Where something stands: a file or a resource, and the place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, or the ARN of what was asked for.
    pub source: String,
    /// Where in it, as its owner spells it: `loadBalancers[0].targetGroupArn`. Empty for all of it.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.source)?;
        if !self.path.is_empty() {
            write!(formatter, ": {}", self.path)?;
        }
        Ok(())
    }
}

/// A rule that the wiring breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where.
    pub at: Place,
    /// What is there, in a sentence without its full stop.
    pub observed: String,
    /// How to mend just this, where more can be said than [`Rule::fix`] does.
    pub fix: Option<String>,
}
