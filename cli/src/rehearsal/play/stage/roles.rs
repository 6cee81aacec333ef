//! The roles that ECS acts in, and what faults take from them: in the local IAM, so that whoever asks it sees why.

use serde_json::{Value, json};

use super::Stage;
use crate::rehearsal::aws::iam::Role;
use crate::rehearsal::aws::worlds::LOAD_BALANCING;
use crate::rehearsal::controller::configuration::Configuration;
use crate::rehearsal::fault::HookFaultKind;

impl Stage {
    /// The role that ECS moves traffic with.
    pub(super) fn infrastructure_role(&self) -> Option<String> {
        self.aws.look(|world| {
            let balancer = world.ecs.services.first()?.load_balancers.first()?;
            balancer.advanced_configuration.as_ref()?.role_arn.clone()
        })
    }

    /// The role that a function is called with.
    pub(super) fn caller_of(&self, function: &str) -> String {
        let made_up = if self.is_codedeploy() { "codedeploy" } else { "ecs-hooks" };
        let named = self.hooks().into_iter().find(|(named, _)| named == function);
        named
            .map_or_else(|| format!("arn:aws:iam::{}:role/{made_up}", self.subject.account), |(_, role)| role)
    }

    /// Whether ECS cannot assume the role that it calls a function with: a role is the same for all of its hooks.
    pub(super) fn is_not_assumable(&self, role: &str) -> bool {
        let kind = HookFaultKind::RoleNotAssumable;
        self.functions.names().any(|name| self.caller_of(&name) == role && self.has_fault(&name, &kind))
    }

    /// Takes from the roles what the faults say that they lack.
    pub(super) fn withhold(&self) {
        if self.is_codedeploy() {
            return;
        }
        let infrastructure = self.infrastructure_role().filter(|_| self.faults.shift_denied);
        let hooks = self.hooks();
        let denied: Vec<(String, Vec<&str>)> = hooks
            .iter()
            .map(|(_, role)| {
                let denied = |(function, of): &&(String, String)| {
                    of == role && self.has_fault(function, &HookFaultKind::InvokeDenied)
                };
                (role.clone(), hooks.iter().filter(denied).map(|(function, _)| &**function).collect())
            })
            .collect();
        self.aws.change(|world| {
            for role in &mut world.iam.roles {
                let is_it = |arn: &str| arn.rsplit('/').next() == Some(&*role.role_name);
                let trusts = !hooks.iter().any(|(_, arn)| is_it(arn) && self.is_not_assumable(arn));
                let moves = !infrastructure.as_deref().is_some_and(is_it);
                let not_called = denied.iter().find(|(arn, functions)| is_it(arn) && !functions.is_empty());
                if !trusts {
                    role.assume_role_policy_document = json!({"Version": "2012-10-17", "Statement": []});
                }
                if !moves {
                    let kept: Vec<&str> =
                        LOAD_BALANCING.into_iter().filter(|action| !action.contains(":Modify")).collect();
                    allow(role, &json!({"Action": kept, "Resource": "*"}));
                }
                if let Some((_, functions)) = not_called {
                    allow(role, &json!({"Action": "lambda:InvokeFunction", "NotResource": functions}));
                }
            }
        });
    }

    /// The functions that ECS calls, each with the role that it is called with.
    fn hooks(&self) -> Vec<(String, String)> {
        let Configuration::Ecs(ecs) = &self.subject.configuration else { return Vec::new() };
        let hooks = ecs.document.get("lifecycleHooks").and_then(Value::as_array);
        let text = |hook: &Value, key: &str| hook.get(key)?.as_str().map(str::to_owned);
        let named = |hook: &Value| Some((text(hook, "hookTargetArn")?, text(hook, "roleArn")?));
        hooks.into_iter().flatten().filter_map(named).collect()
    }
}

/// Lets a role do this and nothing else.
fn allow(role: &mut Role, what: &Value) {
    let mut statement = what.clone();
    statement["Effect"] = "Allow".into();
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    role.policies.clear();
    role.policies.extend(serde_json::from_value(policy).ok().map(|policy| ("allowed".to_owned(), policy)));
}
