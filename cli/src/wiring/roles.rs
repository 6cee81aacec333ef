//! What the roles of a template may do, where the template says all of it.

use std::collections::BTreeMap;

use greenlight_preflight::{Document, Facts, Key, Rule, Unknown, all, judge};
use serde_json::{Value, json};

use crate::rehearsal::aws::iam::{Decision, Policy, foresee};
use crate::rehearsal::aws::worlds::LOAD_BALANCING;
use crate::rehearsal::subject::cloud_formation::template::Template;

const ROLE: &str = "AWS::IAM::Role";
/// What is attached to roles from beside them, with where it names them.
const ATTACHED: [(&str, &str); 3] = [
    ("AWS::IAM::Policy", "Roles"),
    ("AWS::IAM::ManagedPolicy", "Roles"),
    ("AWS::IAM::RolePolicy", "RoleName"),
];
const MANAGED: &str = "AWS::IAM::ManagedPolicy";
/// The one managed policy of AWS's that the rules speak of.
const FOR_LOAD_BALANCERS: &str = "policy/AmazonECSInfrastructureRolePolicyForLoadBalancers";

/// Roles by their ARNs, with all their policies, or with why not all are known.
#[derive(Debug, Default)]
pub(super) struct Roles(BTreeMap<String, Granted>);

#[derive(Debug)]
struct Granted {
    /// Where the role stands.
    place: Document,
    policies: Result<Vec<Policy>, String>,
    /// Functions that have versions or aliases, which are not told apart before they are made.
    versioned: Vec<String>,
}

impl Roles {
    /// Puts the roles of a template among them. `place` is where a resource stands.
    pub(super) fn read(&mut self, template: &Template<'_>, place: impl Fn(&str) -> Document) {
        let versions = ["AWS::Lambda::Alias", "AWS::Lambda::Version"];
        let made = versions.iter().flat_map(|kind| template.of_kind(kind));
        let with_alias = |id: &String| !template.properties(id)["AutoPublishAlias"].is_null();
        let of_sam = template.of_kind("AWS::Serverless::Function").into_iter().filter(with_alias);
        let arns = made.map(|id| template.physical(&id, 0));
        let arns = arns.chain(of_sam.map(|id| template.known(&json!({"Fn::GetAtt": [id, "Arn"]}))));
        let versioned: Vec<String> = arns.filter_map(|arn| arn.as_str().map(str::to_owned)).collect();
        for id in template.of_kind(ROLE) {
            let arn = template.known(&json!({"Fn::GetAtt": [id, "Arn"]}));
            let Some(arn) = arn.as_str().map(str::to_owned) else { continue };
            let policies = policies(template, &id);
            self.0.insert(arn, Granted { place: place(&id), policies, versioned: versioned.clone() });
        }
    }

    /// Answers what rules ask of these roles, as IAM's simulator would.
    pub(super) fn answer(&self, facts: &mut Facts) {
        if self.0.is_empty() {
            return;
        }
        let rules: Vec<&'static Rule> = all().collect();
        loop {
            let wanted = judge(rules.iter().copied(), facts).wanted(facts);
            let mut is_new = false;
            for key in wanted {
                let Key::Permission { role, action, resource } = &key else { continue };
                let Some(granted) = self.0.get(role) else { continue };
                is_new = true;
                match granted.decide(action, resource) {
                    Ok(decision) => {
                        let value = serde_json::to_value(decision).unwrap_or_default();
                        facts.know(key.clone(), Document { value, ..granted.place.clone() });
                    }
                    Err(why) => {
                        facts.give_up(
                            key.clone(),
                            format!("whether {role} may call {action} is not known: {why}"),
                        );
                    }
                }
            }
            if !is_new {
                return;
            }
        }
    }
}

impl Granted {
    fn decide(&self, action: &str, resource: &str) -> Result<Decision, String> {
        let policies = self.policies.as_ref().map_err(Clone::clone)?;
        let foreseen = |resource: &str| {
            foresee(policies, action, resource).ok_or_else(|| {
                "its policies go by conditions or by names that only the account has".to_owned()
            })
        };
        let decision = foreseen(resource)?;
        if self.versioned.iter().any(|it| it == resource) && foreseen(&format!("{resource}:1"))? != decision {
            return Err("its policies tell the function from its versions and aliases".to_owned());
        }
        Ok(decision)
    }
}

/// All policies of a role.
fn policies(template: &Template<'_>, id: &str) -> Result<Vec<Policy>, String> {
    let own = template.properties(id);
    if let Some(unknown) = Unknown::of(&own) {
        return Err(unknown.why);
    }
    if !own["PermissionsBoundary"].is_null() {
        return Err("it has a permissions boundary".to_owned());
    }
    let mut all = Vec::new();
    for policy in items(&own["Policies"])? {
        all.push(read(&policy["PolicyDocument"])?);
    }
    for policy in items(&own["ManagedPolicyArns"])? {
        all.push(managed(template, policy)?);
    }
    let name = template.physical(id, 0);
    for (kind, roles) in ATTACHED {
        for policy in template.of_kind(kind) {
            let properties = template.properties(&policy);
            let named = match &properties[roles] {
                one @ Value::String(_) => vec![one],
                several => items(several)?,
            };
            if let Some(unknown) = named.iter().find_map(|it| Unknown::within(it)) {
                return Err(format!("{policy} may be attached to it: {}", unknown.why));
            }
            if named.contains(&&name) {
                all.push(read(&properties["PolicyDocument"])?);
            }
        }
    }
    Ok(all)
}

fn items(list: &Value) -> Result<Vec<&Value>, String> {
    match (Unknown::of(list), list) {
        (Some(unknown), _) => Err(unknown.why),
        (None, Value::Array(items)) => Ok(items.iter().collect()),
        (None, _) => Ok(Vec::new()),
    }
}

fn read(document: &Value) -> Result<Policy, String> {
    match Unknown::within(document) {
        Some(unknown) => Err(unknown.why),
        None => {
            Policy::parse(document).map_err(|why| format!("one of its policies could not be read: {why}"))
        }
    }
}

fn managed(template: &Template<'_>, arn: &Value) -> Result<Policy, String> {
    // What it is called when it is made is not known, but which one it is.
    let made = Unknown::of(arn).map(|unknown| unknown.reference).filter(|id| template.kind(id) == MANAGED);
    if let Some(id) = made {
        return read(&template.properties(&id)["PolicyDocument"]);
    }
    if arn.as_str().is_some_and(|arn| arn.ends_with(FOR_LOAD_BALANCERS)) {
        return read(&json!({"Statement": {"Effect": "Allow", "Action": LOAD_BALANCING, "Resource": "*"}}));
    }
    let named = Unknown::shown(arn);
    Err(format!(
        "what {} allows does not stand in the template",
        named.as_str().unwrap_or("a managed policy")
    ))
}
