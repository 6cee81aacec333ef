//! What the documentation of a check promises is what its code has.

/// A check: its name, its source.
const CHECKS: [(&str, &str); 5] = [
    ("tasks", include_str!("tasks.rs")),
    ("targets", include_str!("targets.rs")),
    ("images", include_str!("images.rs")),
    ("envoy", include_str!("envoy.rs")),
    ("isolation", include_str!("../../../shared/src/deployment/isolation/check.rs")),
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
    for (name, source) in CHECKS {
        for heading in headings {
            assert!(section(source, heading).len() > 15, "`{name}` does not say: {heading}");
        }
    }
}
