//! What is counted over all deployments.

use std::collections::BTreeMap;

use crate::drawn::Kind;

/// Counts, each by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Deployments by who deploys, and how they ended.
    pub deployments: BTreeMap<(Kind, &'static str), u64>,
    /// Invocations of functions.
    pub invocations: u64,
    /// Runs of checks.
    pub runs: u64,
    /// Attempts of calls to AWS.
    pub calls: u64,
    /// Self-invocations.
    pub hops: u64,
    /// Verdicts that functions gave, by protocol and kind.
    pub verdicts: BTreeMap<(&'static str, &'static str), u64>,
    /// What came of the executions of hooks, as the controllers have it.
    pub executions: BTreeMap<&'static str, u64>,
    /// Faults that were injected.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often each promise was held to what happened.
    pub promises: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        self.invocations += other.invocations;
        self.runs += other.runs;
        self.calls += other.calls;
        self.hops += other.hops;
        add(&mut self.deployments, &other.deployments);
        add(&mut self.verdicts, &other.verdicts);
        add(&mut self.executions, &other.executions);
        add(&mut self.faults, &other.faults);
        add(&mut self.promises, &other.promises);
    }
}

fn add<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(key.clone()).or_default() += count;
    }
}
