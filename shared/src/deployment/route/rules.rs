//! The rules of a listener in the order in which they are asked.

use std::borrow::Cow;

use super::{
    super::load_balancing::{Action, Rule},
    Listening, Through,
    matching::Conditions,
    words,
};

/// The rules of a listener: the lowest priority first, the default one last.
#[derive(Debug)]
pub(super) struct Rules<'a>(Vec<Ruled<'a>>);

/// A rule, its conditions taken apart.
#[derive(Debug)]
pub(super) struct Ruled<'a> {
    pub(super) rule: Cow<'a, Rule>,
    pub(super) conditions: Conditions,
    /// Whether it stands for what the listener itself does.
    pub(super) is_listener: bool,
}

impl<'a> Rules<'a> {
    pub(super) fn new(listening: &Listening<'a>) -> Self {
        let ruled = |rule: Cow<'a, Rule>, is_listener| Ruled {
            conditions: Conditions::new(&rule.conditions),
            rule,
            is_listener,
        };
        let mut rules: Vec<_> =
            listening.rules.iter().map(|rule| ruled(Cow::Borrowed(rule), false)).collect();
        if listening.rules.iter().all(|rule| rule.priority.is_some()) {
            let listener = listening.listener;
            let default = Rule {
                arn: listener.arn.clone(),
                priority: None,
                conditions: Vec::new(),
                actions: listener.default_actions.clone(),
                transforms: Vec::new(),
            };
            rules.push(ruled(Cow::Owned(default), true));
        }
        rules.sort_by_key(|ruled| (ruled.rule.priority.is_none(), ruled.rule.priority));
        Self(rules)
    }

    /// Where the rules stand that are meant, in their order.
    pub(super) fn wanted(&self, through: Through<'_>) -> Vec<usize> {
        let is_wanted = |rule: &Rule| match through {
            Through::Rule(arn) => rule.arn == arn,
            Through::Listener => rule.priority.is_none(),
            Through::ForwardingTo(group) => rule.actions.iter().any(|action| match action {
                Action::Forward(targets) => {
                    targets.iter().any(|target| target.target_group == group && target.weight > 0)
                }
                _ => false,
            }),
        };
        (0..self.0.len()).filter(|at| is_wanted(&self.0[*at].rule)).collect()
    }

    pub(super) fn at(&self, at: usize) -> &Ruled<'a> {
        &self.0[at]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Ruled<'a>> {
        self.0.iter()
    }

    /// What they do, in words, for whoever looked for something else.
    pub(super) fn summary(&self) -> String {
        const SHOWN: usize = 5;
        let words: Vec<_> = self
            .0
            .iter()
            .take(SHOWN)
            .map(|ruled| {
                let place = match ruled.rule.priority {
                    Some(priority) => format!("priority {priority}"),
                    None => "by default it".to_owned(),
                };
                format!("{place} {}", words::actions(&ruled.rule.actions))
            })
            .collect();
        let more = self.0.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("; and {more} rules more") } else { String::new() };
        format!("{}{more}", words.join("; "))
    }
}
