//! The load balancers before the service, as far as its traffic goes: everything that a route is made of.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    arn::Entrance,
    elb::{self, Groups},
    load_balancing::{Action, Listener, LoadBalancer, Rule, TargetGroup, Weighted},
    overview::Way,
    route,
};
use crate::{Ask, Fact, Outcome};

/// Load balancers, listeners, rules and target groups.
#[derive(Debug, Clone, Default)]
pub struct Network {
    load_balancers: Vec<LoadBalancer>,
    listeners: Vec<Listener>,
    /// By the listener's ARN; a Network Load Balancer's listener has none.
    rules: BTreeMap<String, Vec<Rule>>,
    groups: Vec<TargetGroup>,
}

impl Network {
    /// Asks for all of it side by side. Target groups that are known already are not asked for again.
    pub(super) async fn ask(ask: &Ask, ways: &[Way], known: &[TargetGroup]) -> Fact<Self> {
        let entrances = || ways.iter().flat_map(|way| way.test.iter().chain(&way.production));
        let set = |arns: &mut dyn Iterator<Item = String>| {
            arns.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        let listeners = set(&mut entrances().map(|entrance| entrance.listener.clone()));
        let load_balancers = set(&mut entrances().map(|entrance| entrance.load_balancer.clone()));
        let with_rules = set(&mut entrances()
            .filter(|entrance| !entrance.is_network)
            .map(|entrance| entrance.listener.clone()));
        let groups = set(&mut ways.iter().flat_map(|way| way.groups.iter().cloned()));
        let unknown: Vec<_> =
            groups.into_iter().filter(|arn| !known.iter().any(|group| group.arn == *arn)).collect();
        let rules = join_all(with_rules.iter().map(|listener| elb::rules(ask, listener)));
        // Without ARNs these calls would give the whole account.
        let (rules, found, balancers, groups) = tokio::join!(
            rules,
            async {
                if listeners.is_empty() { Ok(Vec::new()) } else { elb::listeners(ask, listeners).await }
            },
            async {
                if load_balancers.is_empty() {
                    Ok(Vec::new())
                } else {
                    elb::load_balancers(ask, load_balancers).await
                }
            },
            async {
                if unknown.is_empty() {
                    Ok(Vec::new())
                } else {
                    elb::target_groups(ask, Groups::Arns(unknown)).await
                }
            },
        );
        let rules = with_rules.iter().cloned().zip(rules).map(|(listener, rules)| Ok((listener, rules?)));
        Ok(Self {
            rules: rules.collect::<Fact<_>>()?,
            listeners: found?,
            load_balancers: balancers?,
            groups: known.iter().cloned().chain(groups?).collect(),
        })
    }

    /// The target group of an ARN.
    pub fn group(&self, arn: &str) -> Option<&TargetGroup> {
        self.groups.iter().find(|group| group.arn == arn)
    }

    /// The listener and the load balancer of an entrance.
    pub fn at(&self, entrance: &Entrance) -> Fact<(&LoadBalancer, &Listener)> {
        let listener = self.listeners.iter().find(|listener| listener.arn == entrance.listener);
        self.load_balancer(entrance).zip(listener).ok_or_else(|| {
            Box::new(Outcome::inconclusive(format!(
                "Elastic Load Balancing did not tell of the listener {} and its load balancer",
                entrance.listener
            )))
        })
    }

    /// The load balancer of an entrance, where it was told of.
    pub(super) fn load_balancer(&self, entrance: &Entrance) -> Option<&LoadBalancer> {
        self.load_balancers.iter().find(|found| found.arn == entrance.load_balancer)
    }

    /// The rules of an entrance's listener, in the order in which they are asked.
    pub fn rules(&self, entrance: &Entrance) -> &[Rule] {
        self.rules.get(&entrance.listener).map(Vec::as_slice).unwrap_or_default()
    }

    /// What an entrance does that forwards nothing, in words.
    pub(super) fn instead(&self, entrance: &Entrance) -> Option<String> {
        let rule = self.rules(entrance).iter().find(|rule| rule.arn == entrance.arn);
        let actions = match rule {
            Some(rule) => &rule.actions,
            None => &self.at(entrance).ok()?.1.default_actions,
        };
        let forwards = actions.iter().any(|action| matches!(action, Action::Forward(_)));
        (!forwards).then(|| route::actions_in_words(actions))
    }

    /// Where an entrance sends the traffic of the service that has these target groups. A listener of
    /// CodeDeploy's sends it where all of its rules do that forward to one of them.
    pub fn live(&self, entrance: &Entrance, groups: &[String]) -> Fact<Vec<Weighted>> {
        let rules = self.rules(entrance);
        if entrance.is_rule {
            let rule = rules.iter().find(|rule| rule.arn == entrance.arn).ok_or_else(|| {
                Box::new(
                    Outcome::inconclusive(format!("the listener has no rule {}", entrance.arn))
                        .hint("it was there when the service was configured: was it deleted or made anew?"),
                )
            })?;
            return Ok(forwarded(&rule.actions));
        }
        let (_, listener) = self.at(entrance)?;
        let mut live: Vec<Weighted> = Vec::new();
        for actions in rules.iter().map(|rule| &rule.actions).chain([&listener.default_actions]) {
            let forwarded = forwarded(actions);
            if entrance.is_network || forwarded.iter().any(|group| groups.contains(&group.target_group)) {
                for group in forwarded {
                    match live.iter_mut().find(|known| known.target_group == group.target_group) {
                        Some(known) => known.weight = known.weight.max(group.weight),
                        None => live.push(group),
                    }
                }
            }
        }
        Ok(live)
    }
}

/// The target groups of the action that answers.
fn forwarded(actions: &[Action]) -> Vec<Weighted> {
    let forward = actions.iter().rev().find_map(|action| match action {
        Action::Forward(groups) => Some(groups.clone()),
        Action::FixedResponse(_) | Action::Redirect(..) | Action::Authenticate(_) | Action::Unknown(_) => {
            None
        }
    });
    forward.unwrap_or_default()
}
