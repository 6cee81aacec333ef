//! Rules in the words that operators know from the console.

use super::{
    super::load_balancing::{Action, Condition, Patterns, Rule, Weighted},
    text::quoted,
};

/// A rule's conditions: ``path-pattern `/a/*` or `/b` and http-request-method `GET` ``.
pub(super) fn conditions(conditions: &[Condition]) -> String {
    if conditions.is_empty() {
        return "no conditions".to_owned();
    }
    let words: Vec<_> = conditions.iter().map(condition).collect();
    words.join(" and ")
}

/// One condition: ``host-header `*.example.com` ``.
pub(super) fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Host(patterns) => format!("host-header {}", any_pattern(patterns)),
        Condition::Path(patterns) => format!("path-pattern {}", any_pattern(patterns)),
        Condition::Header { name, values } => {
            format!("http-header {} = {}", quoted(name), any_pattern(values))
        }
        Condition::Query(pairs) => {
            let pair = |(key, value): &(Option<String>, String)| {
                let key = key.as_deref().unwrap_or("(any key)");
                quoted(&format!("{key}={value}"))
            };
            format!("query-string {}", any(pairs.iter().map(pair)))
        }
        Condition::Method(methods) => {
            format!("http-request-method {}", any(methods.iter().map(|method| quoted(method))))
        }
        Condition::SourceIp(blocks) => format!("source-ip {}", any(blocks.iter().map(|block| quoted(block)))),
        Condition::Unknown(kind) => format!("a condition {} that this version does not know", quoted(kind)),
    }
}

/// A rule by its place: ``priority 5: path-pattern `/a/*` ``.
pub(super) fn place(rule: &Rule) -> String {
    match rule.priority {
        Some(priority) => format!("priority {priority}: {}", conditions(&rule.conditions)),
        None => "the default rule".to_owned(),
    }
}

/// Target groups with their weights: `` `blue` (100), `green` (0)``.
pub(super) fn groups(groups: &[Weighted]) -> String {
    let group = |group: &Weighted| format!("{} ({})", quoted(group_name(&group.target_group)), group.weight);
    let words: Vec<_> = groups.iter().map(group).collect();
    words.join(", ")
}

/// What a rule does with a request.
pub(super) fn actions(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "does nothing".to_owned();
    }
    let words: Vec<_> = actions.iter().map(action).collect();
    words.join(", then ")
}

/// What one action does with a request.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Forward(targets) if targets.is_empty() => "forwards to no target group".to_owned(),
        Action::Forward(targets) => format!("forwards to {}", groups(targets)),
        Action::FixedResponse(status) => format!("answers {} by itself", quoted(status)),
        Action::Redirect(status, to) => format!("redirects to {} ({})", quoted(to), quoted(status)),
        Action::Authenticate(kind) => format!("asks for authentication ({})", quoted(kind)),
        Action::Unknown(kind) => format!("has an action {} that this version does not know", quoted(kind)),
    }
}

/// The name in a target group's ARN: `…:targetgroup/NAME/ID`.
pub(super) fn group_name(arn: &str) -> &str {
    arn.split_once(":targetgroup/")
        .and_then(|(_, rest)| rest.split('/').next())
        .filter(|name| !name.is_empty())
        .unwrap_or(arn)
}

fn any_pattern(patterns: &Patterns) -> String {
    let wildcards = patterns.wildcards.iter().map(|text| quoted(text));
    any(wildcards.chain(patterns.regexes.iter().map(|text| format!("regex {}", quoted(text)))))
}

fn any(words: impl Iterator<Item = String>) -> String {
    let words: Vec<_> = words.collect();
    if words.is_empty() { "without values".to_owned() } else { words.join(" or ") }
}
