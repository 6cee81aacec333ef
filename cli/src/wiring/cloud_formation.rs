//! A template of CloudFormation or SAM as facts.

use std::collections::BTreeMap;

use greenlight_preflight::{Document, Key, Spelling};
use serde_json::{Map, Value, json};

use super::parts::Parts;
use crate::rehearsal::subject::{
    File, Problem,
    cloud_formation::{api, each, template::Template},
};

/// Puts the resources of a template among the parts.
pub(super) fn read(
    file: &File<'_>,
    document: &Value,
    parameters: &BTreeMap<String, String>,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let resources = document.get("Resources").and_then(Value::as_object);
    if resources.is_none_or(Map::is_empty) {
        return Err(Problem::of_file(
            file.name,
            "has no `Resources`",
            "a template with resources by their logical ids",
        ));
    }
    let (document, loops) = each::written_out(document.clone());
    let reader = Reader { file: file.name, template: Template::new(&document, parameters) };
    let mut kinds: Vec<&str> = document["Resources"]
        .as_object()
        .into_iter()
        .flat_map(Map::values)
        .filter_map(|it| it.get("Type")?.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        for id in reader.template.of_kind(kind) {
            reader.resource(kind, &id, parts);
        }
    }
    reader.rules(parts);
    parts.roles.read(&reader.template, |id| reader.document(id, Value::Null, Spelling::Api));
    let of_file = |what: String| format!("`{}`: {what}", file.name);
    parts.notes.extend(loops.into_iter().map(|each| {
        of_file(format!("what `Resources.{each}` makes is not looked at: its items are not known"))
    }));
    parts.notes.extend(reader.template.missing().into_iter().map(|id| {
        of_file(format!(
            "`{id}` is referred to, and the template has no resource and no parameter of that name"
        ))
    }));
    Ok(())
}

struct Reader<'a> {
    file: &'a str,
    template: Template<'a>,
}

impl Reader<'_> {
    fn resource(&self, kind: &str, id: &str, parts: &mut Parts) {
        let own = || self.template.properties(id);
        match kind {
            "AWS::ECS::Service" => {
                let service = api(&own());
                // The transform deploys with task sets, whose service says little.
                parts.service(id, self.document(id, service, Spelling::CloudFormation));
            }
            "AWS::ECS::TaskDefinition" => {
                parts.task(id, self.document(id, api(&own()), Spelling::CloudFormation));
            }
            "AWS::CodeDeploy::DeploymentGroup" => {
                parts.know(Key::DeploymentGroup, self.document(id, api(&own()), Spelling::CloudFormation));
            }
            "AWS::CodePipeline::Pipeline" => {
                parts.know(Key::Pipeline, self.document(id, api(&own()), Spelling::CloudFormation));
            }
            "AWS::Lambda::Function" | "AWS::Serverless::Function" => self.function(kind, id, own(), parts),
            "AWS::IAM::Role" => {
                if let Some(arn) = self.attribute(id, "Arn") {
                    let document = self.document(id, own(), Spelling::Api);
                    // `Ref` of a role is its name.
                    if let Some(name) = self.template.physical(id, 0).as_str() {
                        parts.know(Key::Role(name.to_owned()), document.clone());
                    }
                    parts.know(Key::Role(arn), document);
                }
            }
            "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
                if let Some(name) = self.template.physical(id, 0).as_str() {
                    parts.know(Key::Alarm(name.to_owned()), self.document(id, own(), Spelling::Api));
                }
            }
            _ => self.front(kind, id, own(), parts),
        }
    }

    /// What stands before a service.
    fn front(&self, kind: &str, id: &str, mut own: Value, parts: &mut Parts) {
        let Some(arn) = self.template.physical(id, 0).as_str().map(str::to_owned) else { return };
        let mut name = |key: &str| {
            if let Some(fields) = own.as_object_mut() {
                fields.insert(key.to_owned(), arn.clone().into());
            }
        };
        let key = match kind {
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                name("TargetGroupArn");
                own = target_group(own);
                Key::TargetGroup(arn)
            }
            "AWS::ElasticLoadBalancingV2::Listener" => {
                name("ListenerArn");
                Key::Listener(arn)
            }
            "AWS::ElasticLoadBalancingV2::ListenerRule" => {
                name("RuleArn");
                if let Some(fields) = own.as_object_mut() {
                    fields.insert("IsDefault".to_owned(), false.into());
                }
                Key::ListenerRule(arn)
            }
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                name("LoadBalancerArn");
                Key::LoadBalancer(arn)
            }
            _ => return,
        };
        parts.know(key, self.document(id, own, Spelling::Api));
    }

    /// The rules of each listener, by what the rules say of it.
    fn rules(&self, parts: &mut Parts) {
        let mut of_listeners: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for id in self.template.of_kind("AWS::ElasticLoadBalancingV2::ListenerRule") {
            let mut own = self.template.properties(&id);
            let Some(listener) = own["ListenerArn"].as_str().map(str::to_owned) else { continue };
            if let Some(fields) = own.as_object_mut() {
                fields.insert("RuleArn".to_owned(), self.template.physical(&id, 0));
            }
            of_listeners.entry(listener).or_default().push(own);
        }
        for (listener, rules) in of_listeners {
            let document = Document::new(self.file, json!({ "Rules": rules }));
            parts.know(Key::RulesOf(listener), document);
        }
    }

    fn function(&self, kind: &str, id: &str, mut own: Value, parts: &mut Parts) {
        let globals = self.template.section("Globals").get("Function").unwrap_or(&Value::Null);
        let globals =
            if kind == "AWS::Serverless::Function" { self.template.known(globals) } else { Value::Null };
        if let Some(fields) = own.as_object_mut() {
            for (key, value) in globals.as_object().into_iter().flatten() {
                fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
            // Lambda's own default.
            fields.entry("Timeout").or_insert_with(|| 3.into());
        }
        let Some(arn) = self.attribute(id, "Arn") else { return };
        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        if let Some(fields) = own.as_object_mut() {
            fields.insert("FunctionName".to_owned(), name.clone().into());
        }
        let document = self.document(id, own, Spelling::Api);
        // CodeDeploy calls functions by their names.
        parts.know(Key::Function(name), document.clone());
        for alias in self.template.of_kind("AWS::Lambda::Alias") {
            if let Some(alias) = self.template.physical(&alias, 0).as_str()
                && alias == arn
            {
                parts.know(Key::Function(alias.to_owned()), document.clone());
            }
        }
        // A function that this template makes has the policy that this template gives it.
        if self.template.of_kind("AWS::Lambda::Permission").is_empty() {
            parts.miss(Key::FunctionPolicy(arn.clone()));
        }
        parts.know(Key::Function(arn), document);
    }

    fn attribute(&self, id: &str, attribute: &str) -> Option<String> {
        self.template.known(&json!({"Fn::GetAtt": [id, attribute]})).as_str().map(str::to_owned)
    }

    fn document(&self, id: &str, value: Value, spelling: Spelling) -> Document {
        Document { path: format!("Resources.{id}.Properties"), spelling, ..Document::new(self.file, value) }
    }
}

/// A target group with its attributes by name, and the API's names for the rest.
fn target_group(mut own: Value) -> Value {
    let Some(fields) = own.as_object_mut() else { return own };
    if let Some(Value::Array(attributes)) = fields.remove("TargetGroupAttributes") {
        let pair = |it: &Value| Some((it.get("Key")?.as_str()?.to_owned(), it.get("Value")?.clone()));
        let by_name: Map<String, Value> = attributes.iter().filter_map(pair).collect();
        fields.insert("Attributes".to_owned(), by_name.into());
    }
    if let Some(name) = fields.remove("Name") {
        fields.insert("TargetGroupName".to_owned(), name);
    }
    // What Elastic Load Balancing does where nobody says.
    fields.entry("TargetType").or_insert_with(|| "instance".into());
    own
}
