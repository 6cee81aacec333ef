//! The resources of a plan, and what the expressions of its configuration refer to.

use serde_json::Value;

use super::super::names::{ACCOUNT, REGION};

/// Outputs and variables that lead farther than this lead nowhere.
const MAX_DEPTH: usize = 32;

/// A resource as it is planned, or as it was read.
#[derive(Debug)]
pub(crate) struct Resource<'a> {
    /// `module.web["a"].aws_ecs_service.hello[0]`.
    pub(crate) address: String,
    /// `aws_lb_listener`; its alias `aws_alb_listener` is told no different.
    pub(crate) kind: String,
    /// `hello`.
    pub(crate) name: String,
    /// The module that it is in: `module.web["a"]`, empty for the root.
    pub(crate) module: String,
    /// What is known of it.
    pub(crate) values: &'a Value,
}

/// A plan.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    document: &'a Value,
    resources: Vec<Resource<'a>>,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum Meaning<'p, 'a> {
    /// A text that stands in the configuration.
    Constant(&'a Value),
    /// A resource or one of its attributes.
    Resource(&'p Resource<'a>),
    /// Anything else: what it refers to, or nothing to name.
    Unknown(Option<String>),
}

impl<'a> Plan<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        let mut plan = Self { document, resources: Vec::new() };
        for root in ["/planned_values/root_module", "/prior_state/values/root_module"] {
            if let Some(module) = document.pointer(root) {
                // What was read before goes last, and only data sources are in no plan.
                plan.gather(module, root.starts_with("/prior"));
            }
        }
        plan
    }

    fn gather(&mut self, module: &'a Value, only_data: bool) {
        let address = module.get("address").and_then(Value::as_str).unwrap_or_default();
        for resource in list(module, "resources") {
            let text = |key: &str| resource.get(key).and_then(Value::as_str);
            let (Some(at), Some(kind)) = (text("address"), text("type")) else { continue };
            let is_data = text("mode") == Some("data");
            if (only_data && !is_data) || self.resources.iter().any(|known| known.address == at) {
                continue;
            }
            self.resources.push(Resource {
                address: at.to_owned(),
                kind: kind.replacen("aws_alb", "aws_lb", 1),
                name: text("name").unwrap_or_default().to_owned(),
                module: address.to_owned(),
                values: resource.get("values").unwrap_or(&Value::Null),
            });
        }
        for child in list(module, "child_modules") {
            self.gather(child, only_data);
        }
    }

    /// The managed resources of a type.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter().filter(move |it| it.kind == kind && !within(it).starts_with("data."))
    }

    /// Any resource or data source of a type that satisfies a predicate.
    pub(crate) fn find(
        &self,
        kind: &str,
        predicate: impl Fn(&Resource<'a>) -> bool,
    ) -> Option<&Resource<'a>> {
        self.resources.iter().find(|it| it.kind == kind && predicate(it))
    }

    /// The expressions of a resource in the configuration, by attribute.
    pub(crate) fn expressions(&self, resource: &Resource<'_>) -> &'a Value {
        let address = without_indices(within(resource));
        let module = self.module(&resource.module);
        let found = list(module, "resources")
            .iter()
            .find(|it| it.get("address").and_then(Value::as_str) == Some(&*address));
        found.and_then(|it| it.get("expressions")).unwrap_or(&Value::Null)
    }

    /// The configuration of a module.
    fn module(&self, address: &str) -> &'a Value {
        let root = self.document.pointer("/configuration/root_module").unwrap_or(&Value::Null);
        steps(address).iter().fold(root, |module, step| {
            let name = without_indices(step);
            module.get("module_calls").and_then(|it| it.get(&*name)?.get("module")).unwrap_or(&Value::Null)
        })
    }

    /// What of a resource is known only after the plan is applied: `true` in the place of every such value.
    pub(crate) fn after_apply(&self, address: &str) -> &'a Value {
        let changes = list(self.document, "resource_changes");
        let change = changes.iter().find(|it| it.get("address").and_then(Value::as_str) == Some(address));
        change.and_then(|it| it.pointer("/change/after_unknown")).unwrap_or(&Value::Null)
    }

    /// What an expression in a module is.
    pub(crate) fn meaning(&self, module: &str, expression: &'a Value) -> Meaning<'_, 'a> {
        self.meaning_within(module, expression, 0)
    }

    fn meaning_within(&self, module: &str, expression: &'a Value, depth: usize) -> Meaning<'_, 'a> {
        if let Some(value) = expression.get("constant_value") {
            return Meaning::Constant(value);
        }
        let references: Vec<&str> =
            list(expression, "references").iter().filter_map(Value::as_str).filter(|it| leads(it)).collect();
        // Every reference is followed by what it is a part of: `a.b.arn`, then `a.b`.
        let whole =
            |one: &&&str| !references.iter().any(|other| other.len() > one.len() && is_part(other, one));
        let mut wholes: Vec<&str> = references.iter().filter(whole).copied().collect();
        wholes.dedup();
        match &*wholes {
            [one] if depth < MAX_DEPTH => self.referred(module, one, depth + 1),
            several => Meaning::Unknown(several.first().map(|it| (*it).to_owned())),
        }
    }

    fn referred(&self, module: &str, reference: &str, depth: usize) -> Meaning<'_, 'a> {
        let unknown = || Meaning::Unknown(Some(reference.to_owned()));
        let parts = parts(reference);
        match &*parts {
            ["module", call, output, ..] => {
                let child = join(module, &format!("module.{call}"));
                let outputs = self.module(&child).get("outputs");
                let expression = outputs.and_then(|it| it.get(*output)?.get("expression"));
                expression.map_or_else(unknown, |it| match self.meaning_within(&child, it, depth) {
                    // What the caller's own words are says more than what the module calls it.
                    Meaning::Unknown(_) => unknown(),
                    known => known,
                })
            }
            ["var", name, ..] => match module_and_parent(module) {
                None => {
                    let value = self.document.get("variables").and_then(|it| it.get(*name)?.get("value"));
                    value.map_or_else(unknown, Meaning::Constant)
                }
                Some((parent, call)) => {
                    let call = without_indices(&call).into_owned();
                    let calls = self.module(&parent).get("module_calls");
                    let expression = calls.and_then(|it| it.get(&call)?.get("expressions")?.get(*name));
                    expression.map_or_else(unknown, |it| self.meaning_within(&parent, it, depth))
                }
            },
            ["data", kind, name, ..] => {
                self.at(module, &format!("data.{kind}.{name}")).map_or_else(unknown, Meaning::Resource)
            }
            [kind, name, ..] => {
                self.at(module, &format!("{kind}.{name}")).map_or_else(unknown, Meaning::Resource)
            }
            _ => unknown(),
        }
    }

    /// The one resource that an address in a module may mean: several instances need an index.
    fn at(&self, module: &str, address: &str) -> Option<&Resource<'a>> {
        let full = join(module, address);
        let exact = self.resources.iter().find(|it| it.address == full);
        exact.or_else(|| {
            let mut instances = self
                .resources
                .iter()
                .filter(|it| it.address.strip_prefix(&full).is_some_and(|rest| rest.starts_with('[')));
            let one = instances.next()?;
            instances.next().is_none().then_some(one)
        })
    }

    /// Where the provider works, if the configuration says so.
    pub(crate) fn region(&self) -> &'a str {
        let region = "/configuration/provider_config/aws/expressions/region";
        match self.document.pointer(region).map(|it| self.meaning("", it)) {
            Some(Meaning::Constant(Value::String(region))) => region,
            _ => REGION,
        }
    }

    /// What a resource is called by those who refer to it: its ARN, made up where it is yet to be made.
    pub(crate) fn arn(&self, resource: &Resource<'_>) -> String {
        if let Some(arn) = resource.values.get("arn").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            return arn.to_owned();
        }
        let address = &resource.address;
        let elb =
            |kind: &str| format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:{kind}/{address}", self.region());
        match &*resource.kind {
            "aws_lb_listener_rule" => elb("listener-rule/app"),
            "aws_lb_listener" => {
                let protocol = resource.values.get("protocol").and_then(Value::as_str).unwrap_or_default();
                elb(if protocol.starts_with("HTTP") || protocol.is_empty() {
                    "listener/app"
                } else {
                    "listener/net"
                })
            }
            "aws_lb_target_group" => elb("targetgroup"),
            "aws_lb" => elb("loadbalancer"),
            _ => address.clone(),
        }
    }
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Counters and paths say nothing of where a value comes from.
fn leads(reference: &str) -> bool {
    !["each.", "count.", "path.", "terraform."].iter().any(|prefix| reference.starts_with(prefix))
}

fn is_part(longer: &str, shorter: &str) -> bool {
    longer.strip_prefix(shorter).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// The address of a resource in its module.
fn within<'r>(resource: &'r Resource<'_>) -> &'r str {
    let rest = resource.address.strip_prefix(&resource.module).unwrap_or(&resource.address);
    rest.strip_prefix('.').unwrap_or(rest)
}

fn join(module: &str, address: &str) -> String {
    if module.is_empty() { address.to_owned() } else { format!("{module}.{address}") }
}

/// The parts between dots; those in an index are none.
fn parts(reference: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut depth) = (Vec::new(), 0, false, 0_u32);
    for (at, letter) in reference.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if !quoted && depth == 0 => {
                parts.push(&reference[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&reference[start..]);
    parts
}

/// The calls of a module's address: `module.a["x"].module.b` is `a["x"]`, `b`.
fn steps(address: &str) -> Vec<&str> {
    parts(address).into_iter().skip(1).step_by(2).collect()
}

fn module_and_parent(module: &str) -> Option<(String, String)> {
    let parts = parts(module);
    let (call, front) = parts.split_last().filter(|(_, front)| !front.is_empty())?;
    let parent = front.split_last().map(|(_, parent)| parent.join("."))?;
    Some((parent, (*call).to_owned()))
}

fn without_indices(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('[') {
        return text.into();
    }
    let bare = |part: &str| part.split_once('[').map_or(part, |(name, _)| name).to_owned();
    parts(text).into_iter().map(bare).collect::<Vec<_>>().join(".").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_apart_at_the_dots_outside_of_indices() {
        assert_eq!(
            parts(r#"module.a["x.y"].aws_lb.b[0].arn"#),
            ["module", r#"a["x.y"]"#, "aws_lb", "b[0]", "arn"]
        );
        assert_eq!(steps(r#"module.a["x.y"].module.b"#), [r#"a["x.y"]"#, "b"]);
        assert_eq!(module_and_parent("module.a.module.b[1]"), Some(("module.a".into(), "b[1]".into())));
        assert_eq!(module_and_parent("module.a"), Some((String::new(), "a".into())));
        assert_eq!(module_and_parent(""), None);
        assert_eq!(without_indices(r#"data.aws_lb.b["x.y"]"#), "data.aws_lb.b");
    }
}
