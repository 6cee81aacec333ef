//! What is known of one service's deployment.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::Document;

/// What a rule can ask for.
///
/// Each names one document in the shape of an API. Where that is not at hand a live look fetches it by its key,
/// and a static one says that it was not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key {
    /// The service: the input of `CreateService`, or a service of `DescribeServices`.
    Service,
    /// The task definition of the service, as `RegisterTaskDefinition` takes it.
    TaskDefinition,
    /// A target group: `DescribeTargetGroups`, with its attributes by name under `Attributes`.
    TargetGroup(String),
    /// A target group by its name, which is all that `CodeDeploy` says of it: as [`Key::TargetGroup`].
    TargetGroupNamed(String),
    /// The health of the targets of a target group: `DescribeTargetHealth`.
    TargetHealth(String),
    /// A listener rule: `DescribeRules`.
    ListenerRule(String),
    /// All rules of a listener: `DescribeRules`.
    RulesOf(String),
    /// A listener: `DescribeListeners`.
    Listener(String),
    /// A load balancer: `DescribeLoadBalancers`.
    LoadBalancer(String),
    /// A role: `GetRole`, with the trust policy decoded; by ARN, a service-linked one by its name.
    Role(String),
    /// Whether a role may do something: a text, `allowed` or what else IAM's simulator says.
    Permission {
        /// The role's ARN.
        role: String,
        /// The action: `lambda:InvokeFunction`.
        action: String,
        /// The resource's ARN, or `*`.
        resource: String,
    },
    /// A function: `GetFunctionConfiguration`, by ARN as it was configured.
    Function(String),
    /// The policy that is attached to a function, or to its version or alias: `GetPolicy`, decoded; by ARN as it was configured.
    FunctionPolicy(String),
    /// An alarm: `DescribeAlarms`.
    Alarm(String),
    /// The scalable target of the service: `DescribeScalableTargets`.
    Scaling,
    /// The scaling policies of the service: `DescribeScalingPolicies`.
    ScalingPolicies,
    /// The deployment that is under way: `DescribeServiceDeployments`.
    Deployment,
    /// The running tasks of the service: `DescribeTasks`.
    Tasks,
    /// Subnets: `DescribeSubnets`, by id.
    Subnet(String),
    /// Security groups: `DescribeSecurityGroups`, by id.
    SecurityGroup(String),
    /// The route table that holds for a subnet: `DescribeRouteTables`.
    RouteTable(String),
    /// The endpoints of a VPC: `DescribeVpcEndpoints`.
    Endpoints(String),
    /// The `AppSpec` that CodeDeploy deploys.
    AppSpec,
    /// The deployment group that deploys the service: `GetDeploymentGroup`.
    DeploymentGroup,
    /// All deployment groups of the service's application: `BatchGetDeploymentGroups`.
    DeploymentGroups,
    /// A deployment configuration of `CodeDeploy` by its name: `GetDeploymentConfig`.
    DeploymentConfig(String),
    /// The pipeline that deploys the service: `GetPipeline`.
    Pipeline,
    /// What Envoy says of itself: `/server_info` of its admin interface.
    EnvoyServerInfo,
    /// The counters of Envoy: `/stats` of its admin interface, by name.
    EnvoyStats,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service => formatter.write_str("the service"),
            Self::TaskDefinition => formatter.write_str("the task definition"),
            Self::TargetGroup(arn) => write!(formatter, "the target group {arn}"),
            Self::TargetGroupNamed(name) => write!(formatter, "the target group {name}"),
            Self::TargetHealth(arn) => write!(formatter, "the health of the targets of {arn}"),
            Self::ListenerRule(arn) => write!(formatter, "the listener rule {arn}"),
            Self::RulesOf(arn) => write!(formatter, "the rules of the listener {arn}"),
            Self::Listener(arn) => write!(formatter, "the listener {arn}"),
            Self::LoadBalancer(arn) => write!(formatter, "the load balancer {arn}"),
            Self::Role(arn) => write!(formatter, "the role {arn}"),
            Self::Permission { role, action, resource } => {
                write!(formatter, "whether {role} may call {action} on {resource}")
            }
            Self::Function(arn) => write!(formatter, "the function {arn}"),
            Self::FunctionPolicy(arn) => write!(formatter, "the policy of the function {arn}"),
            Self::Alarm(name) => write!(formatter, "the alarm {name}"),
            Self::Scaling => formatter.write_str("the service's scaling"),
            Self::ScalingPolicies => formatter.write_str("the service's scaling policies"),
            Self::Deployment => formatter.write_str("the deployment under way"),
            Self::Tasks => formatter.write_str("the service's tasks"),
            Self::Subnet(id) => write!(formatter, "the subnet {id}"),
            Self::SecurityGroup(id) => write!(formatter, "the security group {id}"),
            Self::RouteTable(subnet) => write!(formatter, "the route table of {subnet}"),
            Self::Endpoints(vpc) => write!(formatter, "the endpoints of {vpc}"),
            Self::AppSpec => formatter.write_str("the AppSpec"),
            Self::DeploymentGroup => formatter.write_str("the deployment group"),
            Self::DeploymentGroups => formatter.write_str("the deployment groups of the application"),
            Self::DeploymentConfig(name) => write!(formatter, "the deployment configuration {name}"),
            Self::Pipeline => formatter.write_str("the pipeline"),
            Self::EnvoyServerInfo => formatter.write_str("Envoy's /server_info"),
            Self::EnvoyStats => formatter.write_str("Envoy's /stats"),
        }
    }
}

impl Key {
    /// Whether services may have it in common: it has a name of its own, which means the same whoever asks.
    pub(crate) fn is_common(&self) -> bool {
        matches!(
            self,
            Self::TargetGroup(_)
                | Self::TargetGroupNamed(_)
                | Self::TargetHealth(_)
                | Self::ListenerRule(_)
                | Self::RulesOf(_)
                | Self::Listener(_)
                | Self::LoadBalancer(_)
                | Self::Role(_)
                | Self::Permission { .. }
                | Self::Function(_)
                | Self::FunctionPolicy(_)
                | Self::Alarm(_)
                | Self::Subnet(_)
                | Self::SecurityGroup(_)
                | Self::RouteTable(_)
                | Self::Endpoints(_)
                | Self::DeploymentConfig(_)
        )
    }

    /// Whether it is one service's alone.
    fn is_own(&self) -> bool {
        matches!(
            self,
            Self::Service
                | Self::TaskDefinition
                | Self::Tasks
                | Self::Deployment
                | Self::Scaling
                | Self::ScalingPolicies
        )
    }
}

impl Fact {
    /// Whether asking again may help.
    pub(crate) fn may_heal(&self) -> bool {
        matches!(self, Self::Unavailable { may_heal: true, .. })
    }
}

/// What came of asking for a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    Known(Document),
    /// It does not exist, which is something to know.
    Missing,
    /// It could not be had: why, and whether it may be by asking again.
    Unavailable {
        why: String,
        may_heal: bool,
    },
}

/// What is known of one service's deployment: documents by what they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    known: BTreeMap<Key, Fact>,
    /// What is known beside it, and shared with other services: there may be hundreds.
    common: Option<Arc<Facts>>,
    /// A deployment is about to begin, and whether it is the first one.
    begins: Option<bool>,
}

impl Facts {
    /// No facts but those that others have, too.
    #[must_use]
    pub fn beside(common: Arc<Self>) -> Self {
        Self { common: Some(common), ..Self::default() }
    }

    /// Says that a deployment of the service is about to begin: weights are as they were left, even if the service says
    /// that it is being deployed. A first deployment finds nothing that an earlier one would have left.
    pub fn begin_deployment(&mut self, is_first: bool) {
        self.begins = Some(is_first);
    }

    /// Whether a deployment is about to begin, and whether it is the first one.
    pub(crate) fn begins(&self) -> Option<bool> {
        self.begins
    }

    /// Puts down a document.
    pub fn know(&mut self, key: Key, document: Document) {
        self.put(key, Fact::Known(document));
    }

    /// Puts down that there is no such thing.
    pub fn miss(&mut self, key: Key) {
        self.put(key, Fact::Missing);
    }

    /// Puts down why it could not be had.
    pub fn give_up(&mut self, key: Key, why: impl Into<String>) {
        self.put(key, Fact::Unavailable { why: why.into(), may_heal: false });
    }

    pub(crate) fn put(&mut self, key: Key, fact: Fact) {
        self.known.insert(key, fact);
    }

    /// Everything but what is the service's own: what several services may have in common.
    #[must_use]
    pub fn without_service(&self) -> Self {
        let known = self.known.iter().filter(|(key, _)| !key.is_own());
        let known = known.map(|(key, fact)| (key.clone(), fact.clone())).collect();
        Self { known, common: self.common.clone(), begins: self.begins }
    }

    /// Why something could not be had, if it could not.
    pub fn unavailable(&self, key: &Key) -> Option<&str> {
        match self.fact(key) {
            Some(Fact::Unavailable { why, .. }) => Some(why),
            _ => None,
        }
    }

    /// Whether something that could not be had may be had by asking again.
    pub(crate) fn may_heal(&self, key: &Key) -> bool {
        self.fact(key).is_some_and(Fact::may_heal)
    }

    /// Whether somebody asked for it already.
    pub fn has(&self, key: &Key) -> bool {
        self.fact(key).is_some()
    }

    /// The document, if it is known.
    pub fn document(&self, key: &Key) -> Option<&Document> {
        match self.fact(key) {
            Some(Fact::Known(document)) => Some(document),
            _ => None,
        }
    }

    /// The documents that are known.
    pub fn documents(&self) -> impl Iterator<Item = (&Key, &Document)> {
        let common = self.common.iter().flat_map(|common| &common.known);
        let common = common.filter(|(key, _)| !self.known.contains_key(key));
        self.known.iter().chain(common).filter_map(|(key, fact)| match fact {
            Fact::Known(document) => Some((key, document)),
            _ => None,
        })
    }

    /// The value of a document that is this service's own, to change it.
    pub fn value_mut(&mut self, key: &Key) -> Option<&mut Value> {
        match self.known.get_mut(key) {
            Some(Fact::Known(document)) => Some(&mut document.value),
            _ => None,
        }
    }

    pub(crate) fn fact(&self, key: &Key) -> Option<&Fact> {
        self.known.get(key).or_else(|| self.common.as_ref()?.fact(key))
    }
}
