//! Which of the command's hooks a function of the owner's is.
//!
//! A function is a hook if its name is the hook's, or ends with it after a `-` or a `_`:
//! `CodeDeployHook_greenlight-test-traffic`, `prod-test-traffic` and `test-traffic` are the hook
//! `test-traffic`. Where several hooks fit, the longest is meant. Letters count as they are written, and
//! `test_traffic` or `TestTraffic` are nobody's: a wrong guess would rehearse another function than the
//! one that is deployed. The one other way to write a hook is what the hooks' own stack calls it where it exports
//! its ARN, since that is what stands in a template that imports it: `NAME-TestTrafficArn`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::problem::Problem;
use crate::rehearsal::controller::configuration::Configuration;
use greenlight_preflight::Unknown;

/// The hook that a function is, by its ARN, its partial ARN (`ACCOUNT:function:NAME`) or its name, each
/// with or without a version or an alias.
pub fn map<'hook>(function: &str, hooks: &[&'hook str]) -> Option<&'hook str> {
    let name = name(function);
    let is = |hook: &&&str| {
        let before = name.strip_suffix(**hook).or_else(|| name.strip_suffix(&*export(hook)));
        before.is_some_and(|before| before.is_empty() || before.ends_with(['-', '_']))
    };
    hooks.iter().filter(is).max_by_key(|hook| hook.len()).copied()
}

/// What `template.yaml` calls a hook's ARN: `TestTrafficArn`.
fn export(hook: &str) -> String {
    let mut name: String = hook
        .split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect();
    name.push_str("Arn");
    name
}

/// The name of a function: what stands in its ARN before the version or the alias.
pub fn name(function: &str) -> &str {
    let resource = match function.rsplit_once("function:") {
        // `arn:…:function:NAME`, `ACCOUNT:function:NAME` or `function:NAME`.
        Some((before, after)) if before.is_empty() || before.ends_with(':') => after,
        _ => function,
    };
    resource.split_once(':').map_or(resource, |(name, _)| name)
}

/// The version or the alias of a function, where it is named with one.
pub fn qualifier(function: &str) -> Option<&str> {
    let start = function.rfind(name(function))? + name(function).len();
    function.get(start..)?.strip_prefix(':').filter(|qualifier| !qualifier.is_empty())
}

/// What a template or a plan sets for a function that a hook names.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// The names of its variables; what they are may be secret.
    pub(super) variables: Vec<String>,
    /// Whether it has variables whose names are not known.
    pub(super) unknown: bool,
    /// Its timeout as it is written, in seconds.
    pub(super) timeout: Option<String>,
}

impl Environment {
    /// Adds the variables of an object; anything else has names that are not known.
    pub(super) fn add(&mut self, variables: &Value) {
        match variables {
            Value::Null => {}
            Value::Object(fields) if Unknown::of(variables).is_none() => {
                self.variables.extend(fields.keys().cloned());
            }
            _ => self.unknown = true,
        }
    }

    /// What a rehearsal does not take over, if there is anything.
    pub(super) fn note(mut self, function: &str) -> Option<String> {
        self.variables.sort_unstable();
        self.variables.dedup();
        let (mut has, mut flags) = (Vec::new(), Vec::new());
        let unknown = self.unknown.then_some("others that are not known");
        let names: Vec<&str> = self.variables.iter().map(String::as_str).chain(unknown).collect();
        if !names.is_empty() {
            has.push(format!("the variables {}", names.join(", ")));
        }
        if names.contains(&"GREENLIGHT_PLAN") || self.unknown {
            flags.push("GREENLIGHT_PLAN with --plan FILE".to_owned());
        }
        if names.iter().any(|name| name.starts_with("GREENLIGHT_") && *name != "GREENLIGHT_PLAN")
            || self.unknown
        {
            flags.push("variables that begin with GREENLIGHT_ in this command's environment".to_owned());
        }
        if let Some(timeout) = &self.timeout {
            has.push(format!("the timeout {timeout} s"));
            let seconds =
                timeout.parse::<u32>().map_or_else(|_| "DURATION".to_owned(), |it| format!("{it}s"));
            flags.push(format!("the timeout with --timeout {seconds}"));
        }
        if has.is_empty() {
            return None;
        }
        let give = if flags.is_empty() { String::new() } else { format!("; give {}", flags.join(", ")) };
        Some(format!(
            "the function {function} has {}, which are not played, so that its verdict may differ{give}",
            has.join(" and ")
        ))
    }
}

/// The functions that the hooks of a configuration name, each once.
pub(super) fn named(configuration: &Configuration) -> Vec<&str> {
    let mut named = configuration.functions();
    let mut seen = BTreeSet::new();
    named.retain(|function| seen.insert(name(function)));
    named
}

/// The problem that some functions are no hooks, all of them at once.
pub fn unmapped(file: &str, functions: &[&str], hooks: &[&str]) -> Problem {
    let quoted = |texts: &[&str]| texts.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let mut names: Vec<&str> = functions.iter().map(|function| name(function)).collect();
    names.sort_unstable();
    names.dedup();
    let flags: Vec<String> = names.iter().map(|name| format!("--function '{name}=HOOK|COMMAND'")).collect();
    Problem::of_file(
        file,
        format!("names functions that are no hooks of this command: {}", quoted(&names)),
        format!("names that are, or end with, {}", quoted(hooks)),
    )
    .fix(format!("say what each one runs: {}", flags.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOOKS: [&str; 3] = ["test-traffic", "health", "deep-health"];

    #[test]
    fn a_name_is_a_hook_or_ends_with_one() {
        for (function, expected) in [
            ("test-traffic", Some("test-traffic")),
            ("greenlight-test-traffic", Some("test-traffic")),
            ("CodeDeployHook_greenlight-test-traffic", Some("test-traffic")),
            ("CodeDeployHook_test-traffic:live", Some("test-traffic")),
            ("arn:aws:lambda:us-east-1:123456789012:function:prod-health", Some("health")),
            ("arn:aws-cn:lambda:cn-north-1:123456789012:function:prod-health:7", Some("health")),
            ("123456789012:function:health", Some("health")),
            ("function:health:$LATEST", Some("health")),
            ("my-deep-health", Some("deep-health")),
            ("test_traffic", None),
            ("TestTraffic", None),
            ("greenlight-TestTrafficArn", Some("test-traffic")),
            ("greenlight-HealthArn", Some("health")),
            ("stealthHealthArn", None),
            ("latest-traffic", None),
            ("contest-traffic", None),
            ("stealth", None),
            ("test-traffic-", None),
            ("Test-Traffic", None),
            ("health.arn", None),
            ("", None),
        ] {
            assert_eq!(map(function, &HOOKS), expected, "{function}");
        }
    }

    #[test]
    fn a_version_or_an_alias_stands_behind_the_name() {
        for (function, expected) in [
            ("arn:aws:lambda:us-east-1:123456789012:function:health:live", Some("live")),
            ("123456789012:function:health:$LATEST", Some("$LATEST")),
            ("health:7", Some("7")),
            ("arn:aws:lambda:us-east-1:123456789012:function:health", None),
            ("health", None),
            ("", None),
        ] {
            assert_eq!(qualifier(function), expected, "{function}");
        }
    }

    #[test]
    fn unmapped_functions_are_named_once_with_their_flags() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:smoke:live";
        let problem = unmapped("service.json", &["smoke", "approve", arn], &["test-traffic"]);
        assert_eq!(
            problem.to_string(),
            "`service.json` names functions that are no hooks of this command: `approve`, `smoke`, \
             expected names that are, or end with, `test-traffic`"
        );
        assert_eq!(
            problem.fix.unwrap(),
            "say what each one runs: --function 'approve=HOOK|COMMAND' --function 'smoke=HOOK|COMMAND'"
        );
    }
}
