//! Emergencies: services whose hooks are in shadow mode for a while, with who said so and why.
//!
//! The list stands in a parameter of Parameter Store that `GREENLIGHT_OVERRIDES` names. It takes effect with the next
//! invocation and ends by itself:
//!
//! ```json
//! [{ "service": "shop/orders", "mode": "shadow", "until": "2026-11-22T14:00:00Z", "by": "ada", "reason": "INC-123" }]
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{plan::Mode, wildcard::Wildcard};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// `CLUSTER/SERVICE`, with `*` as wildcard.
    pub service: String,
    /// What holds meanwhile: `shadow`, always.
    pub mode: Mode,
    /// When it ends.
    pub until: Timestamp,
    /// Who wants it.
    pub by: String,
    /// Why: an incident's number, say.
    pub reason: String,
}

impl Override {
    /// Whether it means this service.
    pub fn is_of(&self, cluster: &str, service: &str) -> bool {
        let (own_cluster, own_service) = self.service.split_once('/').unwrap_or_default();
        Wildcard::stars(own_cluster).matches(cluster) && Wildcard::stars(own_service).matches(service)
    }

    /// What is wrong with it, where it reads well.
    fn problem(&self) -> Option<String> {
        let names: Vec<_> = self.service.split('/').collect();
        if names.len() != 2 || names.iter().any(|name| name.is_empty()) {
            return Some(format!("`{}` names no service; expected `CLUSTER/SERVICE`", self.service));
        }
        if self.mode != Mode::Shadow {
            return Some("its mode is not `shadow`, the only one that an override may have".to_owned());
        }
        let said = [("by", &self.by), ("reason", &self.reason)];
        let unsaid = said.iter().find(|(_, text)| text.trim().is_empty());
        unsaid.map(|(key, _)| format!("`{key}` is empty; expected who wants it and why"))
    }
}

/// A list, as it is at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The entries that hold.
    pub in_force: Vec<Override>,
    /// The entries that have ended.
    pub over: Vec<Override>,
    /// What is wrong with the others, which are none.
    pub malformed: Vec<String>,
}

impl Overrides {
    /// Reads a list; the error says why it is none.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, String> {
        let entries = match serde_json::from_str(text) {
            Ok(Value::Array(entries)) => entries,
            Ok(_) => return Err("the overrides are no list".to_owned()),
            Err(error) => return Err(format!("the overrides are no JSON ({error})")),
        };
        let mut list = Self::default();
        for (index, entry) in entries.into_iter().enumerate() {
            let read: Result<Override, String> =
                serde_json::from_value(entry).map_err(|error| error.to_string());
            match read.and_then(|entry: Override| entry.problem().map_or(Ok(entry), Err)) {
                Ok(entry) if entry.until > now => list.in_force.push(entry),
                Ok(entry) => list.over.push(entry),
                Err(why) => list.malformed.push(format!("the override [{index}] does not hold: {why}")),
            }
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn read(text: &str) -> Overrides {
        Overrides::read(text, NOW.parse().unwrap()).unwrap()
    }

    #[test]
    fn an_entry_holds_until_its_time() {
        let entry =
            r#"{"service": "shop/*", "mode": "shadow", "until": "UNTIL", "by": "ada", "reason": "INC-123"}"#;
        for (until, holds) in [
            ("2026-11-22T12:00:01Z", true),
            ("2026-11-22T13:00:01+01:00", true),
            (NOW, false),
            ("2026-11-22T11:59:59Z", false),
        ] {
            let list = read(&format!("[{}]", entry.replace("UNTIL", until)));
            assert_eq!(
                (list.in_force.len(), list.over.len()),
                (usize::from(holds), usize::from(!holds)),
                "{until}"
            );
            if let Some(found) = list.in_force.first() {
                assert!(found.is_of("shop", "orders") && !found.is_of("shops", "orders"));
            }
        }
    }

    #[test]
    fn a_malformed_entry_is_none_and_leaves_the_others_alone() {
        let good = r#"{"service": "shop/orders", "mode": "shadow", "until": "2026-11-23T00:00:00Z", "by": "ada", "reason": "INC-123"}"#;
        for (was, becomes, why) in [
            ("shop/orders", "orders", "`orders` names no service"),
            ("shop/orders", "*", "`*` names no service"),
            (r#""shadow""#, r#""enforce""#, "its mode is not `shadow`"),
            (r#""shadow""#, r#""off""#, "unknown variant `off`"),
            ("2026-11-23T00:00:00Z", "tomorrow", "the override [0]"),
            ("2026-11-23T00:00:00Z", "2026-11-23", "the override [0]"),
            (r#""ada""#, r#"" ""#, "`by` is empty"),
            ("INC-123", "", "`reason` is empty"),
            (r#""by""#, r#""from""#, "unknown field `from`"),
        ] {
            let list = read(&format!("[{}, {good}]", good.replace(was, becomes)));
            assert_eq!((list.in_force.len(), list.malformed.len()), (1, 1), "{becomes}");
            assert!(list.malformed[0].contains(why), "{becomes}: {}", list.malformed[0]);
        }
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for text in ["", "{}", "null", "[", "\u{0}", &"[".repeat(10_000)] {
            Overrides::read(text, NOW.parse().unwrap()).unwrap_err();
        }
        assert_eq!(read("[]"), Overrides::default());
    }
}
