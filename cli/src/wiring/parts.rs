//! Documents from several files become one set of facts for each service.

use std::sync::Arc;

use greenlight_preflight::{Document, Facts, Key, Unknown};
use serde_json::Value;

use super::{Wiring, roles::Roles};

/// What was found in files, before it is known what belongs together.
#[derive(Debug, Default)]
pub(super) struct Parts {
    services: Vec<(String, Document)>,
    tasks: Vec<(String, Document)>,
    /// What any service may refer to.
    common: Facts,
    /// What roles may do.
    pub(super) roles: Roles,
    /// What of the files is not looked at, or is wrong with them whatever the rules say.
    pub(super) notes: Vec<String>,
}

impl Parts {
    pub(super) fn service(&mut self, name: impl Into<String>, document: Document) {
        self.services.push((name.into(), document));
    }

    /// A task definition, by what a service refers to it with beside its family.
    pub(super) fn task(&mut self, reference: impl Into<String>, document: Document) {
        self.tasks.push((reference.into(), document));
    }

    pub(super) fn know(&mut self, key: Key, document: Document) {
        self.common.know(key, document);
    }

    /// Something that does not exist.
    pub(super) fn miss(&mut self, key: Key) {
        self.common.miss(key);
    }

    /// The facts of each service; task definitions that no service refers to stand for themselves.
    pub(super) fn wirings(self) -> (Vec<Wiring>, Vec<String>) {
        let Self { services, tasks, common, roles, notes } = self;
        let common = Arc::new(common);
        let mut taken = vec![false; tasks.len()];
        let mut all = Vec::new();
        for (name, document) in &services {
            let mut facts = Facts::beside(Arc::clone(&common));
            let fits =
                |(reference, task): &(String, Document)| refers(&document.value, reference, &task.value);
            // One task definition beside one service belongs to it, whatever revision the service names.
            let only = (tasks.len() == 1 && services.len() == 1).then_some(0);
            if let Some(index) = tasks.iter().position(fits).or(only) {
                taken[index] = true;
                facts.know(Key::TaskDefinition, tasks[index].1.clone());
            }
            facts.know(Key::Service, document.clone());
            all.push(Wiring { name: name.clone(), facts });
        }
        for ((reference, document), taken) in tasks.into_iter().zip(taken) {
            if taken {
                continue;
            }
            // What stands beside several is nobody's.
            let is_common = services.is_empty();
            let mut facts = if is_common { Facts::beside(Arc::clone(&common)) } else { Facts::default() };
            facts.know(Key::TaskDefinition, document);
            all.push(Wiring { name: reference, facts });
        }
        if all.is_empty() && common.documents().next().is_some() {
            all.push(Wiring { name: "deployment".to_owned(), facts: Facts::beside(common) });
        }
        for wiring in &mut all {
            roles.answer(&mut wiring.facts);
        }
        (all, notes)
    }
}

/// Whether a service is to run a task definition.
fn refers(service: &Value, reference: &str, task: &Value) -> bool {
    let named = &service["taskDefinition"];
    if let Some(unknown) = Unknown::of(named) {
        return unknown.reference == reference;
    }
    let Some(named) = named.as_str() else { return false };
    let family = named.rsplit('/').next().unwrap_or(named);
    let family = family.split_once(':').map_or(family, |(family, _)| family);
    named == reference || task["family"].as_str() == Some(family)
}
