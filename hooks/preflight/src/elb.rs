//! What listener rules do, in the shape of the Elastic Load Balancing API.

use crate::{facts::Key, look::Look, node::Node};

/// A target group that traffic is forwarded to.
pub(crate) struct Forwarded<'a> {
    /// Where the target group is named.
    pub(crate) at: Node<'a>,
    /// Its ARN.
    pub(crate) arn: &'a str,
    /// Its weight; a rule with one target group needs none.
    pub(crate) weight: f64,
}

/// The target groups that a rule's or a listener's actions forward to; none where not all of them are known.
pub(crate) fn forwarded<'a>(actions: &Node<'a>) -> Option<Vec<Forwarded<'a>>> {
    if !actions.is_known() {
        return None;
    }
    let mut all = Vec::new();
    for action in actions.items() {
        let groups = action.at("ForwardConfig.TargetGroups").items();
        for group in &groups {
            let arn = group.get("TargetGroupArn");
            let weight = group.get("Weight").number().unwrap_or(1.0);
            all.push(Forwarded { arn: arn.text()?, weight, at: group.clone() });
        }
        let single = action.get("TargetGroupArn");
        if groups.is_empty()
            && let Some(arn) = single.text()
        {
            all.push(Forwarded { arn, weight: 1.0, at: single });
        }
    }
    Some(all)
}

/// The listener of a rule, or the listener that was named itself.
///
/// A rule's ARN holds its listener's; a rule that a template is to make says it by itself.
pub(crate) fn listener_of(look: &Look<'_>, arn: &str) -> Option<String> {
    if !arn.contains(":listener-rule/") {
        return Some(arn.to_owned());
    }
    let made = look.at_hand(&Key::ListenerRule(arn.to_owned()));
    if let Some(listener) = made.as_ref().and_then(|rule| rule.get("ListenerArn").text()) {
        return Some(listener.to_owned());
    }
    Some(arn.replacen(":listener-rule/", ":listener/", 1).rsplit_once('/')?.0.to_owned())
}

/// A resource's name for people: `…:targetgroup/green/6d0ecf831eec9f09` → `green`.
pub(crate) fn short(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let parts: Vec<&str> = resource.split('/').collect();
    match *parts {
        ["targetgroup", name, ..] | ["loadbalancer", "app" | "net", name, ..] => name,
        [.., last] => last,
        [] => resource,
    }
}
