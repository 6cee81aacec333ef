//! `greenlight override`: the line that opens a gate in an emergency, for a while and with a reason.

use std::{env, process::ExitCode};

use greenlight::overrides::{Override, Overrides};
use greenlight::plan::Mode;
use jiff::{Timestamp, Unit};
use serde_json::json;

use crate::{arguments::OverrideOptions, document, failure::Failure, output};

pub(crate) fn run(options: &OverrideOptions) -> Result<ExitCode, Failure> {
    let now = Timestamp::now().round(Unit::Second).unwrap_or_else(|_| Timestamp::now());
    let current = options.current.as_deref().map(|path| document::read(path, "the list")).transpose()?;
    let current = current.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let (list, notes) = list(options, current.as_deref(), now)?;
    for note in notes {
        output::note(&note);
    }
    let list = json!(list);
    if options.json {
        output::json(&list)?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = &options.parameter;
    let value = quoted(&list.to_string());
    output::data(&format!(
        "aws ssm put-parameter --name {} --type String --overwrite --value {value}",
        quoted(name)
    ))?;
    if options.current.is_none() {
        output::note(&format!(
            "the line replaces the whole list; `aws ssm get-parameter --name {name} --query Parameter.Value --output text | greenlight \
             override --current - …` keeps what still holds"
        ));
    }
    output::note(&"it ends by itself; to end it earlier set the value to '[]'");
    Ok(ExitCode::SUCCESS)
}

/// The list with the new entry, which replaces the service's own, and what there is to say about the old ones.
fn list(
    options: &OverrideOptions,
    current: Option<&str>,
    now: Timestamp,
) -> Result<(Vec<Override>, Vec<String>), Failure> {
    let Some(by) = options.by.clone().or_else(user) else {
        return Err(Failure::wrong(
            "nobody is named who wants it, and the environment names no user (`USER`)",
        )
        .hint("say who with `--by ada`: each hook that is let through logs it"));
    };
    let until = now.checked_add(options.duration.0).unwrap_or(now);
    let entry = Override {
        service: options.service.clone(),
        mode: Mode::Shadow,
        until,
        by,
        reason: options.reason.clone(),
    };
    // Read as a hook will read it: what that would leave aside is not worth printing.
    let read = Overrides::read(&json!([entry]).to_string(), now).unwrap_or_default();
    if read.in_force.is_empty() {
        let why = read.malformed.first().map_or("it is over before it begins", |problem| {
            problem.trim_start_matches("the override [0] does not hold: ")
        });
        return Err(Failure::wrong(why.to_owned())
            .hint("`greenlight override --service shop/orders --for 2h --reason INC-123 --by ada`"));
    }
    let Overrides { in_force: mut list, over, malformed } = match current {
        None => Overrides::default(),
        // Others' overrides hang on this list: what cannot be read must not be written over.
        Some(text) => Overrides::read(text, now).map_err(|why| {
            Failure::wrong(format!("the current list cannot be kept: {why}"))
                .hint("expected the parameter's value, a JSON list; `[]` is an empty one")
        })?,
    };
    if let Some(problem) = malformed.first() {
        return Err(Failure::wrong(format!("the current list cannot be kept whole: {problem}"))
            .hint("mend that entry, or take it out of the list that `--current` is given"));
    }
    let notes = over.iter().map(|entry| {
        format!("the override of `{}` is over since {} and left out", entry.service, entry.until)
    });
    list.retain(|known| known.service != entry.service);
    list.push(entry);
    Ok((list, notes.collect()))
}

fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|name| !name.is_empty()))
}

/// A word of a shell's, whatever it holds.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/_.-".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn options(more: &[&str]) -> OverrideOptions {
        let arguments = ["greenlight", "override", "--reason", "INC-123", "--by", "ada"].iter().chain(more);
        match Arguments::try_parse_from(arguments).unwrap().command {
            Command::Override(options) => options,
            _ => panic!("another command"),
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_service_is_in_shadow_mode_for_a_while() {
        let (list, notes) =
            list(&options(&["--service", "shop/orders", "--for", "2h"]), None, now()).unwrap();
        let expected = r#"[{"service":"shop/orders","mode":"shadow","until":"2026-11-22T14:00:00Z","by":"ada","reason":"INC-123"}]"#;
        assert_eq!(serde_json::to_string(&list).unwrap(), expected);
        assert!(notes.is_empty());
    }

    #[test]
    fn what_still_holds_is_kept_and_the_service_s_own_replaced() {
        let entry = |service: &str, until: &str| json!({ "service": service, "mode": "shadow", "until": until, "by": "b", "reason": "r" });
        let current = json!([
            entry("shop/carts", "2026-11-22T13:00:00Z"),
            entry("shop/orders", "2026-11-22T13:00:00Z"),
            entry("shop/old", "2026-11-22T11:00:00Z"),
        ]);
        let made = |current: &str| {
            list(&options(&["--service", "shop/orders", "--for", "30m"]), Some(current), now())
        };
        let (kept, notes) = made(&current.to_string()).unwrap();
        let listed: Vec<_> = kept.iter().map(|entry| (&*entry.service, &*entry.by)).collect();
        assert_eq!(listed, [("shop/carts", "b"), ("shop/orders", "ada")]);
        assert_eq!(notes.len(), 1, "{notes:?}");
        for current in ["", "{}", r#"{"Parameter":{"Value":"[]"}}"#, r#"[{"service":"x"}]"#] {
            assert!(made(current).unwrap_err().to_string().contains("cannot be kept"), "{current}");
        }
    }

    #[test]
    fn what_no_hook_would_heed_is_an_error() {
        for (more, why) in [
            (["--service", "orders", "--for", "2h"], "`orders` names no service; expected `CLUSTER/SERVICE`"),
            (["--service", "shop/orders", "--for", "0s"], "it is over before it begins"),
        ] {
            let error = list(&options(&more), None, now()).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_shell_reads_the_value_as_it_is() {
        assert_eq!(quoted("/greenlight/overrides"), "/greenlight/overrides");
        assert_eq!(quoted(r#"[{"reason":"it's"}]"#), r#"'[{"reason":"it'\''s"}]'"#);
        assert_eq!(quoted(""), "''");
    }
}
