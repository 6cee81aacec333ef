//! The shapes of the documents that AWS's API takes.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::{facts::Key, look::Look, node::Node};

/// The key of an object that stands for all: its keys are free.
const ANY: &str = "*";

/// The shape of each document by its name: an object of its keys, a list of what its elements are, the kind of a value (`text`,
/// `whole`, `number`, `flag`), and null where anything may stand. `tests/conformance/known_keys.py` writes them from botocore's
/// models.
static KNOWN: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../known_keys.json")).unwrap_or_default());

/// What stands under a key of an object; none where the API has no such key.
pub(super) fn under<'a>(known: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    known.get(key).or_else(|| known.get(ANY))
}

/// Looks at each document that is given to AWS's API as it stands, beside what the API takes.
pub(super) fn each(look: &Look<'_>, at: impl Fn(&Node<'_>, &Value)) {
    for (key, name) in [
        (Key::Service, "Service"),
        (Key::TaskDefinition, "TaskDefinition"),
        (Key::DeploymentGroup, "DeploymentGroup"),
    ] {
        if let Some(document) = look.at_hand(&key).filter(Node::is_input) {
            at(&document, &KNOWN[name]);
        }
    }
}
