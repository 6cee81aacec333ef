//! Which of the command's hooks a function of the owner's is.
//!
//! A function is a hook if its name is the hook's, or ends with it after a `-` or a `_`:
//! `CodeDeployHook_greenlight-test-traffic`, `prod-test-traffic` and `test-traffic` are the hook
//! `test-traffic`. Where several hooks fit, the longest is meant. Letters count as they are written, and
//! `test_traffic` or `TestTraffic` are nobody's: a wrong guess would rehearse another function than the
//! one that is deployed.

use super::problem::Problem;

/// The hook that a function is, by its ARN, its partial ARN (`ACCOUNT:function:NAME`) or its name, each
/// with or without a version or an alias.
pub fn map<'hook>(function: &str, hooks: &[&'hook str]) -> Option<&'hook str> {
    let name = name(function);
    let is = |hook: &&&str| {
        name.strip_suffix(**hook).is_some_and(|before| before.is_empty() || before.ends_with(['-', '_']))
    };
    hooks.iter().filter(is).max_by_key(|hook| hook.len()).copied()
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
