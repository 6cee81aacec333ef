//! `docs/rules.md`, made from the catalogue. The tests hold the file to it.
//!
//! `GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --lib documentation` writes it.

use std::{env, fmt::Write as _, fs, path::Path};

use crate::{
    catalogue::all,
    rule::Rule,
    rules::{left_out, subjects},
};

const ABOUT: &str = "\
# Rules

What can be wrong with the wiring of a deployment. `greenlight doctor` looks at it, in files; `greenlight explain` tells which rule a
message of ECS, CodeDeploy or Envoy speaks of; the hook `preflight` looks at the rules marked *gate* before anything is
started. A rule that cannot be judged, because a value is not known or may not be read, is neither broken nor kept, and both say so.

An **error** will fail the deployment, or ship what nobody looked at; a **warning** may do something else than its owner expects; an
**info** is worth knowing.

";

fn page() -> String {
    let mut page = ABOUT.to_owned();
    for subject in subjects() {
        let count = match subject.rules.len() {
            1 => "1 rule".to_owned(),
            count => format!("{count} rules"),
        };
        let _ = writeln!(page, "- [{}](#{}): {count}", subject.title, anchor(subject.title));
    }
    let _ = writeln!(page, "\n{} rules in all. This page is made from the catalogue.", all().count());
    for subject in subjects() {
        let _ = write!(page, "\n## {}\n", subject.title);
        for rule in subject.rules {
            section(rule, &mut page);
        }
    }
    page.push_str(
        "\n## Left out\n\nKnown, and no rule, with the reason.\n\n| what | why it is no rule |\n|---|---|\n",
    );
    for (id, why) in left_out() {
        let _ = writeln!(page, "| {id} | {why} |");
    }
    page
}

fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .replace(' ', "-")
        .replace(|letter: char| !letter.is_alphanumeric() && letter != '-', "")
}

fn section(rule: &Rule, page: &mut String) {
    let gate = if rule.gate { ", gate" } else { "" };
    let _ =
        write!(page, "\n### {}\n\n*{}{gate}*: {}.\n\n{}\n\n", rule.id, rule.severity, rule.title, rule.why);
    let _ = writeln!(page, "- **Fix**: {}", rule.fix);
    if rule.judge.is_some() {
        let _ = writeln!(page, "- **Looks at**: {}", rule.looks_at);
    }
    if rule.of_what_serves {
        page.push_str("- **In `preflight`**: noted; it never stops a deployment, which may be the fix\n");
    }
    for message in rule.messages {
        let _ = writeln!(page, "- **Said**: `{message}`");
    }
    if !rule.not_proven.is_empty() {
        let _ = writeln!(page, "- **Not proven by it**: {}", rule.not_proven);
    }
    let _ = writeln!(page, "- <{}>", rule.link);
}

#[test]
fn the_page_of_rules_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    let page = page();
    if env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/rules.md is not current: GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --lib documentation"
    );
}
