//! What services of one account have in common, asked for once however many of them are looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use greenlight::Ask;
use tokio::sync::Semaphore;

use super::{Subject, asked};
use crate::facts::{Fact, Facts, Key};

/// How many calls are made at once, so that nobody's quota is used up.
const AT_ONCE: usize = 8;

/// What is known of one thing of the account, for one asker after the other.
type Kept = Arc<tokio::sync::Mutex<BTreeMap<Key, Fact>>>;

/// What several looks have in common: answers, and a bound on the calls under way.
#[derive(Debug)]
pub struct Common {
    kept: Mutex<BTreeMap<Key, Kept>>,
    calls: Semaphore,
}

impl Default for Common {
    fn default() -> Self {
        Self { kept: Mutex::default(), calls: Semaphore::new(AT_ONCE) }
    }
}

/// Keys whose answers stand together: what is asked of one role is asked in as few calls as it takes.
pub(super) fn together(keys: impl IntoIterator<Item = Key>) -> Vec<(Key, Vec<Key>)> {
    let mut groups: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    for key in keys {
        let place = match &key {
            Key::Permission { role, .. } => Key::Role(role.clone()),
            other => other.clone(),
        };
        groups.entry(place).or_default().push(key);
    }
    groups.into_iter().collect()
}

impl Common {
    /// The facts of keys that stand together. Who asks for the same waits for that answer.
    pub(super) async fn ask(
        &self,
        ask: &Ask,
        subject: &Subject,
        facts: &Facts,
        (place, keys): (Key, Vec<Key>),
    ) -> Vec<(Key, Fact)> {
        if !place.is_common() {
            let _call = self.calls.acquire().await;
            return fresh(asked(ask, subject, facts, keys).await);
        }
        let kept = {
            let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(place).or_default())
        };
        let mut kept = kept.lock().await;
        let missing: Vec<Key> = keys.iter().filter(|key| !kept.contains_key(key)).cloned().collect();
        let mut answers = Vec::new();
        if !missing.is_empty() {
            let _call = self.calls.acquire().await;
            answers = asked(ask, subject, facts, missing).await;
        }
        // Another may have more time, or better luck.
        let (passing, lasting): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(_, fact, is_out_of_time)| *is_out_of_time || fact.may_heal());
        kept.extend(fresh(lasting));
        let known = keys.iter().filter_map(|key| Some((key.clone(), kept.get(key)?.clone()))).collect();
        [known, fresh(passing)].concat()
    }
}

fn fresh(answers: Vec<(Key, Fact, bool)>) -> Vec<(Key, Fact)> {
    answers.into_iter().map(|(key, fact, _)| (key, fact)).collect()
}
