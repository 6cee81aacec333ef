//! What resources of a template are called once they are made, and the load balancers among them.
//!
//! Nothing is made yet, so ARNs are made up from logical ids; they only have to be the same wherever the
//! template refers to the same resource.

use serde_json::{Value, json};

use super::super::functions::{self, Environment};
use super::super::names::{ACCOUNT, REGION};
use super::super::report::Report;
use super::super::topology::{self, Listener, Rule, Topology, kind_of};
use super::api;
use super::template::Template;
use crate::rehearsal::aws::elb::LoadBalancerKind;
use greenlight_preflight::Unknown;

const FUNCTIONS: [&str; 2] = ["AWS::Lambda::Function", "AWS::Serverless::Function"];
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const ROLE: &str = "AWS::IAM::Role";
const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";

impl Template<'_> {
    fn arn(&self, service: &str, resource: &str) -> Value {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.pseudo("AWS::Region"),
            self.pseudo("AWS::AccountId")
        )
        .into()
    }

    fn pseudo(&self, name: &str) -> String {
        let default = if name == "AWS::Region" { REGION } else { ACCOUNT };
        self.known(&json!({"Ref": name})).as_str().unwrap_or(default).to_owned()
    }

    /// What `Ref` is.
    pub(crate) fn physical(&self, id: &str, depth: usize) -> Value {
        if let Some((id, "Alias" | "Version")) = id.split_once('.') {
            // SAM makes those of a function.
            return self.attribute(id, "Arn", depth);
        }
        let elb = |resource: String| self.arn("elasticloadbalancing", &resource);
        match self.kind(id) {
            "AWS::Lambda::Function" | "AWS::Serverless::Function" => self.function_name(id, depth).into(),
            "AWS::Lambda::Alias" | "AWS::Lambda::Version" => {
                let function = self.named(id, "FunctionName", depth).unwrap_or_else(|| id.to_owned());
                if function.starts_with("arn:") {
                    function.into()
                } else {
                    self.arn("lambda", &format!("function:{function}"))
                }
            }
            "AWS::ECS::Cluster" => self.name_or_id(id, "ClusterName", depth).into(),
            "AWS::CloudWatch::Alarm" => self.name_or_id(id, "AlarmName", depth).into(),
            RULE => elb(format!("listener-rule/app/{id}")),
            LISTENER => elb(format!("listener/{}/{id}", self.front(id, depth))),
            TARGET_GROUP => elb(format!("targetgroup/{id}")),
            LOAD_BALANCER => elb(format!("loadbalancer/{id}")),
            CERTIFICATE => self.arn("acm", &format!("certificate/{id}")),
            ROLE => self.name_or_id(id, "RoleName", depth).into(),
            "" => self.no_such(id, id),
            kind => Unknown::new(id, format!("{id} is a {kind} that is yet to be made")).mark(),
        }
    }

    /// What `Fn::GetAtt` is.
    pub(super) fn attribute(&self, id: &str, attribute: &str, depth: usize) -> Value {
        match (self.kind(id), attribute) {
            (kind, "Arn") if FUNCTIONS.contains(&kind) => {
                self.arn("lambda", &format!("function:{}", self.function_name(id, depth)))
            }
            ("AWS::ECS::Cluster", "Arn") => {
                self.arn("ecs", &format!("cluster/{}", self.name_or_id(id, "ClusterName", depth)))
            }
            (ROLE, "Arn") => {
                // IAM has no regions.
                let arn = self.arn("iam", &format!("role/{}", self.name_or_id(id, "RoleName", depth)));
                let region = format!(":iam:{}:", self.pseudo("AWS::Region"));
                arn.as_str().map_or(Value::Null, |arn| arn.replacen(&region, ":iam::", 1).into())
            }
            ("AWS::Lambda::Alias", "AliasArn")
            | ("AWS::Lambda::Version", "FunctionArn" | "FunctionArnWithVersion")
            | (RULE, "RuleArn")
            | (LISTENER, "ListenerArn")
            | (TARGET_GROUP, "TargetGroupArn")
            | (LOAD_BALANCER, "LoadBalancerArn") => self.physical(id, depth),
            ("", _) => self.no_such(&format!("{id}.{attribute}"), id),
            _ => Unknown::new(format!("{id}.{attribute}"), format!("{id}.{attribute} is yet to be made"))
                .mark(),
        }
    }

    /// A name that only the stack will know is the logical id here, for people to refer to.
    fn function_name(&self, id: &str, depth: usize) -> String {
        self.name_or_id(id, "FunctionName", depth)
    }

    fn name_or_id(&self, id: &str, property: &str, depth: usize) -> String {
        self.named(id, property, depth).unwrap_or_else(|| id.to_owned())
    }

    fn front(&self, listener: &str, depth: usize) -> &'static str {
        let protocol = self.named(listener, "Protocol", depth);
        match protocol.as_deref().and_then(kind_of) {
            Some(LoadBalancerKind::Network) => "net",
            Some(LoadBalancerKind::Application) | None => "app",
        }
    }

    /// What the template sets for a function, by its ARN or its name.
    pub(super) fn environment(&self, function: &str) -> Option<Environment> {
        let name = functions::name(function);
        let made = |kind: &str| self.of_kind(kind).into_iter().find(|id| self.function_name(id, 0) == name);
        let id = FUNCTIONS.iter().find_map(|kind| made(kind))?;
        let own = self.properties(&id);
        // Those of SAM have what is global, too.
        let of_all = match self.kind(&id) {
            "AWS::Serverless::Function" => {
                self.known(self.section("Globals").get("Function").unwrap_or(&Value::Null))
            }
            _ => Value::Null,
        };
        let mut environment = Environment::default();
        for properties in [&own, &of_all] {
            let given = properties.get("Environment").unwrap_or(&Value::Null);
            let variables = if Unknown::of(given).is_some() { given } else { &given["Variables"] };
            environment.add(variables);
        }
        let timeout = [&own, &of_all].into_iter().find_map(|properties| properties.get("Timeout"));
        environment.timeout = timeout.map(|timeout| match Unknown::shown(timeout) {
            Value::String(text) => text,
            other => other.to_string(),
        });
        Some(environment)
    }

    /// The resource of a type that has an ARN.
    fn with_arn(&self, kind: &str, arn: &str) -> Option<String> {
        self.of_kind(kind).into_iter().find(|id| self.physical(id, 0).as_str() == Some(arn))
    }
}

/// What the template says of the rules and the target group that a service names.
pub(super) fn topology(
    template: &Template<'_>,
    service: &Value,
    listeners_only: bool,
    report: &Report,
) -> Topology {
    let mut topology = Topology::default();
    let balancer = service.pointer("/loadBalancers/0").unwrap_or(&Value::Null);
    if let Some(arn) = balancer.get("targetGroupArn").and_then(Value::as_str)
        && let Some(id) = template.with_arn(TARGET_GROUP, arn)
    {
        let properties = api(&template.properties(&id));
        let field = report.root(&properties, &path(&id));
        topology.target_groups.insert(arn.to_owned(), topology::target_group(&field));
    }
    for key in ["productionListenerRule", "testListenerRule"] {
        let Some(arn) =
            balancer.get("advancedConfiguration").and_then(|it| it.get(key)).and_then(Value::as_str)
        else {
            continue;
        };
        let listener = match template.with_arn(RULE, arn) {
            Some(id) => {
                let properties = scalars_as_texts(api(&template.properties(&id)));
                let listener = properties.get("listenerArn").and_then(Value::as_str).map(str::to_owned);
                let rule = topology::rule(&report.root(&properties, &path(&id)), listener.clone());
                topology.rules.insert(arn.to_owned(), rule);
                listener
            }
            None => Some(arn.to_owned()),
        };
        if let Some(arn) = listener
            && let Some(id) = template.with_arn(LISTENER, &arn)
        {
            if listeners_only {
                let rule = Rule { listener: Some(arn.clone()), priority: None, conditions: Ok(Vec::new()) };
                topology.rules.insert(arn.clone(), rule);
            }
            topology.listeners.insert(arn, listener_of(template, &id, report));
        }
    }
    topology
}

fn path(id: &str) -> String {
    format!("Resources.{id}.Properties")
}

fn listener_of(template: &Template<'_>, id: &str, report: &Report) -> Listener {
    let properties = api(&template.properties(id));
    let certificate = properties.pointer("/certificates/0/certificateArn").and_then(Value::as_str);
    let names = certificate.and_then(|arn| template.with_arn(CERTIFICATE, arn)).map(|id| {
        let certificate = template.properties(&id);
        let others = certificate.get("SubjectAlternativeNames").and_then(Value::as_array);
        let all = certificate.get("DomainName").into_iter().chain(others.into_iter().flatten());
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    });
    let balancer = properties.get("loadBalancerArn").and_then(Value::as_str);
    let scheme = balancer
        .and_then(|arn| template.with_arn(LOAD_BALANCER, arn))
        .and_then(|id| template.named(&id, "Scheme", 0));
    let field = report.root(&properties, &path(id));
    topology::listener(&field, names.unwrap_or_default(), scheme.as_deref() == Some("internal"))
}

/// Values of conditions are texts, even where YAML reads a number.
fn scalars_as_texts(mut rule: Value) -> Value {
    fn texts(value: &mut Value) {
        match value {
            Value::Number(_) | Value::Bool(_) => *value = value.to_string().into(),
            Value::Array(items) => items.iter_mut().for_each(texts),
            Value::Object(fields) => fields.values_mut().for_each(texts),
            Value::String(_) | Value::Null => {}
        }
    }
    if let Some(conditions) = rule.get_mut("conditions") {
        texts(conditions);
    }
    rule
}
