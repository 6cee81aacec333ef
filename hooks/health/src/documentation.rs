//! What the documentation of a check promises is what its code has.

use std::collections::BTreeSet;

use greenlight::deployment::IsolationCheck;

use crate::{Envoy, Images, Targets, Tasks};

/// A check: its name, its source, the actions of its calls.
const CHECKS: [(&str, &str, &[&str]); 5] = [
    ("tasks", include_str!("tasks.rs"), Tasks::IAM),
    ("targets", include_str!("targets.rs"), Targets::IAM),
    ("images", include_str!("images.rs"), Images::IAM),
    ("envoy", include_str!("envoy.rs"), Envoy::IAM),
    ("isolation", include_str!("../../../shared/src/deployment/isolation/check.rs"), IsolationCheck::IAM),
];

/// The text below a heading of the documentation, without the comment's marks.
fn section(source: &str, heading: &str) -> String {
    let heading = format!("# {heading}");
    let text = |line: &str| Some(line.strip_prefix("//!").or(line.strip_prefix("///"))?.trim().to_owned());
    let below = source.lines().map(text).skip_while(|line| line.as_ref() != Some(&heading)).skip(1);
    let lines = below.map_while(|line| line.filter(|line| !line.starts_with("# ")));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_check_says_what_decides() {
    let headings = ["What it checks", "Fails when", "Pending when", "Inconclusive when", "Skipped when"];
    for (name, source, _) in CHECKS {
        for heading in headings {
            assert!(section(source, heading).len() > 15, "`{name}` does not say: {heading}");
        }
    }
}

#[test]
fn the_permissions_that_are_documented_are_those_of_the_calls() {
    for (name, source, iam) in CHECKS {
        let text = section(source, "IAM it needs");
        let documented: BTreeSet<_> = text.split('`').filter(|word| is_action(word)).collect();
        assert_eq!(documented, iam.iter().copied().collect(), "{name}");
        let once = iam.len();
        assert_eq!(documented.len(), once, "{name} has an action twice");
    }
}

fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        !service.is_empty() && action.starts_with(|first: char| first.is_ascii_uppercase())
    })
}
