//! Facts from an account: read-only calls for what rules ask for, each made once.
//!
//! Rules are judged, name what they lack, and are judged again when that is there, until nothing is left to ask for.
//! So no rule says which calls it needs, and none is made that no rule needs.

mod codedeploy;
mod common;
mod ec2;
mod ecs;
mod elb;
mod iam;
mod others;

use std::collections::BTreeSet;
use std::fmt;

use futures_util::future::join_all;
use greenlight::{Ask, Cause, Failure};
use serde_json::Value;

pub use self::{
    common::Common,
    ecs::{described as described_services, listed as listed_services},
};
use crate::{
    catalogue::{Judged, judge},
    document::Document,
    facts::{Fact, Facts, Key},
    rule::Rule,
};

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An ECS service.
    Service {
        /// The cluster's name or ARN.
        cluster: String,
        /// The service's name or ARN.
        service: String,
    },
    /// What a deployment group of CodeDeploy deploys.
    Group {
        /// The application's name.
        application: String,
        /// The deployment group's name.
        group: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { cluster, service } => write!(formatter, "the service {cluster}/{service}"),
            Self::Group { application, group } => {
                write!(formatter, "the service of the deployment group {application}/{group}")
            }
        }
    }
}

/// More rounds than facts lead from one to the next: a service names a rule, that a listener, that a load balancer,
/// that a security group.
const MAX_ROUNDS: usize = 12;
/// The calls that the rules marked *gate* take, by their actions, beside those that every hook makes to know whom it is called
/// for: on ECS `ecs:DescribeServiceDeployments` is one of them, and CodeDeploy's services have no such deployments.
pub(crate) const GATE_CALLS: &[&str] = &[
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
];

/// The calls that all rules together take, by their actions.
pub const CALLS: &[&str] = &[
    "ecs:DescribeServices",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "cloudwatch:DescribeAlarms",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeRouteTables",
    "ec2:DescribeVpcEndpoints",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:ListDeploymentGroups",
    "codedeploy:BatchGetDeploymentGroups",
];

type Fetch = Result<Option<Document>, Failure>;

/// Judges rules with facts from an account, beside those that are known already.
pub async fn look(ask: &Ask, subject: &Subject, rules: &[&'static Rule], facts: Facts) -> (Facts, Judged) {
    look_among(&Common::default(), ask, subject, rules, facts).await
}

/// The same for one of several, which ask for what they have in common once.
pub async fn look_among(
    common: &Common,
    ask: &Ask,
    subject: &Subject,
    rules: &[&'static Rule],
    mut facts: Facts,
) -> (Facts, Judged) {
    let mut rounds = 1..MAX_ROUNDS;
    loop {
        let judged = judge(rules.iter().copied(), &facts);
        let wanted = judged.wanted(&facts);
        if (wanted.is_empty() && facts.has(&Key::Service)) || rounds.next().is_none() {
            return (facts, judged);
        }
        // What is found by another fact waits for that.
        let first = |mut key: Key| {
            while let Some(other) = needed(&key).filter(|other| !facts.has(other)) {
                key = other;
            }
            key
        };
        let mut wanted: BTreeSet<Key> = wanted.into_iter().map(first).collect();
        // Whatever the rules, it is what is looked at.
        if !facts.has(&Key::Service) {
            wanted.insert(Key::Service);
        }
        let asked = common::together(wanted).into_iter().map(|keys| common.ask(ask, subject, &facts, keys));
        for (key, fact) in join_all(asked).await.into_iter().flatten() {
            facts.put(key, fact);
        }
    }
}

/// The facts of keys that stand together, each with whether there was no time left to ask.
async fn asked(ask: &Ask, subject: &Subject, facts: &Facts, keys: Vec<Key>) -> Vec<(Key, Fact, bool)> {
    let mut answers = Vec::new();
    let mut permissions = Vec::new();
    for key in keys {
        match key {
            Key::Permission { role, action, resource } => {
                permissions.push(iam::Permission { role, action, resource });
            }
            key => {
                let fetched = fetch(ask, subject, facts, &key).await;
                answers.push((key, fetched));
            }
        }
    }
    answers.extend(iam::permissions(ask, permissions).await);
    answers
        .into_iter()
        .map(|(key, fetched)| {
            let is_out_of_time =
                matches!(&fetched, Err(Lacking::Call(failure)) if failure.cause == Cause::OutOfTime);
            (key, fact(fetched), is_out_of_time)
        })
        .collect()
}

fn fact(fetch: Result<Option<Document>, Lacking>) -> Fact {
    match fetch {
        Ok(Some(document)) => Fact::Known(document),
        Ok(None) => Fact::Missing,
        Err(Lacking::Call(failure)) if failure.cause == Cause::NotFound => Fact::Missing,
        Err(Lacking::Call(failure)) => {
            Fact::Unavailable { why: failure.to_string(), may_heal: failure.cause != Cause::Denied }
        }
        Err(Lacking::Said(why)) => Fact::Unavailable { why, may_heal: false },
    }
}

/// Why there is nothing to fetch.
#[derive(Clone)]
enum Lacking {
    Call(Failure),
    Said(String),
}

impl From<Failure> for Lacking {
    fn from(failure: Failure) -> Self {
        Self::Call(failure)
    }
}

/// The fact by which another is found.
fn needed(key: &Key) -> Option<Key> {
    match key {
        Key::TaskDefinition
        | Key::Tasks
        | Key::Deployment
        | Key::Scaling
        | Key::ScalingPolicies
        | Key::DeploymentGroup => Some(Key::Service),
        Key::DeploymentGroups => Some(Key::DeploymentGroup),
        _ => None,
    }
}

/// One line for each kind of fact.
async fn fetch(ask: &Ask, subject: &Subject, facts: &Facts, key: &Key) -> Result<Option<Document>, Lacking> {
    Ok(match key {
        Key::Service => ecs::service(ask, subject).await?,
        Key::TaskDefinition => ecs::task_definition(ask, facts).await?,
        Key::Tasks => ecs::tasks(ask, facts).await?,
        Key::Deployment => ecs::deployment(ask, facts).await?,
        Key::TargetGroup(arn) => elb::target_group(ask, arn).await?,
        Key::TargetGroupNamed(name) => elb::target_group_named(ask, name).await?,
        Key::TargetHealth(arn) => elb::target_health(ask, arn).await?,
        Key::ListenerRule(arn) => elb::rule(ask, arn).await?,
        Key::RulesOf(arn) => elb::rules_of(ask, arn).await?,
        Key::Listener(arn) => elb::listener(ask, arn).await?,
        Key::LoadBalancer(arn) => elb::load_balancer(ask, arn).await?,
        Key::Role(role) => iam::role(ask, role).await?,
        Key::Function(function) => others::function(ask, function).await?,
        Key::FunctionPolicy(function) => others::function_policy(ask, function).await?,
        Key::Alarm(name) => others::alarm(ask, name).await?,
        Key::Scaling => others::scaling(ask, facts).await?,
        Key::ScalingPolicies => others::scaling_policies(ask, facts).await?,
        Key::Subnet(id) => ec2::subnet(ask, id).await?,
        Key::SecurityGroup(id) => ec2::security_group(ask, id).await?,
        Key::RouteTable(subnet) => ec2::route_table(ask, subnet).await?,
        Key::Endpoints(vpc) => ec2::endpoints(ask, vpc).await?,
        Key::DeploymentGroup => codedeploy::group(ask, subject, facts).await?,
        Key::DeploymentGroups => codedeploy::groups(ask, facts).await?,
        Key::DeploymentConfig(name) => codedeploy::configuration(ask, name).await?,
        // Permissions are asked for together, and the others of nobody.
        Key::Permission { .. } | Key::AppSpec | Key::Pipeline | Key::EnvoyServerInfo | Key::EnvoyStats => {
            return Err(Lacking::Said(format!(
                "{key} is in no account: give its file to `greenlight doctor`"
            )));
        }
    })
}

/// The first element of a list in an answer, as a document.
fn first(answer: &Value, list: &str, source: &str) -> Option<Document> {
    let found = answer.get(list)?.as_array()?.first()?;
    Some(Document::new(source, found.clone()))
}

/// The cluster and the name of the service that is known, for calls.
fn service_of(facts: &Facts) -> Option<(String, String)> {
    let service = &facts.document(&Key::Service)?.value;
    let text = |key: &str| service.get(key).and_then(Value::as_str);
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    Some((name(text("clusterArn")?), name(text("serviceName")?)))
}
