//! Whose turn it is: target groups by their weights, the targets of a group one after the other.
//!
//! AWS draws lots. Here the turns are dealt out evenly (smooth weighted round robin), so that of any
//! hundred requests to a rule with weights 90 and 10 exactly ninety and ten go to each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Shares {
    /// By the ARN of the rule, or of the listener for its default actions.
    groups: Mutex<HashMap<String, Turns>>,
    /// By the ARN of the target group.
    targets: Mutex<HashMap<String, usize>>,
}

#[derive(Debug)]
struct Turns {
    weights: Vec<(String, u32)>,
    /// What each group is owed, in the order of the weights. It adds up to zero.
    owed: Vec<i64>,
}

impl Shares {
    /// The target group that is next at this rule; none if no group has a weight.
    pub(super) fn next_group<'a>(&self, rule: &str, weights: &'a [(String, u32)]) -> Option<&'a str> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = groups.entry(rule.to_owned()).or_insert_with(|| Turns::new(weights));
        if turns.weights != weights {
            // A changed rule starts afresh: what was owed under other weights is forgotten.
            *turns = Turns::new(weights);
        }
        turns.next().and_then(|next| weights.get(next)).map(|(group, _)| group.as_str())
    }

    /// Which of `count` targets is next in this group.
    pub(super) fn next_target(&self, group: &str, count: usize) -> usize {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = targets.entry(group.to_owned()).or_default();
        let next = turn.checked_rem(count).unwrap_or(0);
        *turn = next + 1;
        next
    }
}

impl Turns {
    fn new(weights: &[(String, u32)]) -> Self {
        Self { weights: weights.to_vec(), owed: vec![0; weights.len()] }
    }

    fn next(&mut self) -> Option<usize> {
        let mut next: Option<usize> = None;
        let mut total = 0;
        for (index, (_, weight)) in self.weights.iter().enumerate() {
            total += i64::from(*weight);
            self.owed[index] += i64::from(*weight);
            if *weight > 0 && next.is_none_or(|best| self.owed[index] > self.owed[best]) {
                next = Some(index);
            }
        }
        self.owed[next?] -= total;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(weights: &[u32]) -> Vec<(String, u32)> {
        weights.iter().enumerate().map(|(index, weight)| (index.to_string(), *weight)).collect()
    }

    fn deal(shares: &Shares, weights: &[(String, u32)], times: usize) -> Vec<usize> {
        let mut counts = vec![0; weights.len()];
        for _ in 0..times {
            let next: usize = shares.next_group("rule", weights).unwrap().parse().unwrap();
            counts[next] += 1;
        }
        counts
    }

    #[test]
    fn every_round_has_exactly_its_shares() {
        let cases: [&[u32]; 5] = [&[1], &[50, 50], &[90, 10], &[999, 1], &[3, 0, 4]];
        for case in cases {
            let shares = Shares::default();
            let round: usize = case.iter().sum::<u32>().try_into().unwrap();
            let expected: Vec<usize> = case.iter().map(|weight| usize::try_from(*weight).unwrap()).collect();
            for _ in 0..3 {
                assert_eq!(deal(&shares, &weights(case), round), expected);
            }
        }
    }

    #[test]
    fn a_change_starts_afresh() {
        let shares = Shares::default();
        deal(&shares, &weights(&[90, 10]), 7);
        assert_eq!(deal(&shares, &weights(&[10, 90]), 100), [10, 90]);
    }

    #[test]
    fn no_weight_is_no_turn() {
        let shares = Shares::default();
        assert_eq!(shares.next_group("rule", &weights(&[0, 0])), None);
        assert_eq!(shares.next_group("rule", &[]), None);
    }

    #[test]
    fn targets_take_turns_when_their_number_changes() {
        let shares = Shares::default();
        let turns: Vec<usize> =
            [3, 3, 3, 3, 2, 2, 1, 3].into_iter().map(|count| shares.next_target("group", count)).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 0, 0, 1]);
    }
}
