//! Calls of AWS by the names of their operations, with answers in JSON as AWS sends them.
//!
//! The SDK's clients read an answer into types and drop what those do not know. What judges a document that
//! may as well come from a file needs the document itself, and a crate of a whole service for one call of it
//! costs more than the call. Here are only the wire formats; signing, retries, timeouts and connections are
//! the SDK's, set as for every other call.

mod answer;
mod endpoint;
mod form;
mod pages;
mod request;
mod send;
mod xml;

pub(super) use self::{endpoint::find as endpoint, pages::follow, send::send};

/// A service of AWS: where it is, how it is signed for and how it speaks.
///
/// Source: the `metadata` of the services in botocore's models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// Its prefix in IAM actions, e.g. `elasticloadbalancing`.
    prefix: &'static str,
    /// The first label of its host name, and where it is reached.
    host: Host,
    /// What it is signed for as.
    signing_name: &'static str,
    /// Its name in the SDKs, which `AWS_ENDPOINT_URL_…` and the record of calls go by.
    service_id: &'static str,
    wire: Wire,
}

/// Where a service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    /// At a host of this name in every region.
    Regional(&'static str),
    /// At one host for each partition.
    Global(&'static str),
}

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// JSON in and out; the operation is in `X-Amz-Target`.
    Json { content_type: &'static str, target: &'static str },
    /// A form in, XML out; lists are `Names.member.1`.
    Query { version: &'static str },
    /// The same as EC2 has it: lists are `Name.1`, and nothing is wrapped.
    Ec2 { version: &'static str },
    /// A path for each operation, of which only those that look are known here.
    Rest { operations: &'static [Get] },
}

/// An operation that is a `GET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Get {
    operation: &'static str,
    /// With the names of members in braces.
    path: &'static str,
    /// The members that stand in the query.
    query: &'static [&'static str],
}

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";

impl Api {
    /// Application Auto Scaling.
    pub const APPLICATION_AUTOSCALING: Self = Self {
        prefix: "application-autoscaling",
        host: Host::Regional("application-autoscaling"),
        signing_name: "application-autoscaling",
        service_id: "Application Auto Scaling",
        wire: Wire::Json { content_type: JSON_1_1, target: "AnyScaleFrontendService" },
    };
    /// CloudWatch.
    pub const CLOUDWATCH: Self = Self {
        prefix: "cloudwatch",
        host: Host::Regional("monitoring"),
        signing_name: "monitoring",
        service_id: "CloudWatch",
        wire: Wire::Json { content_type: JSON_1_0, target: "GraniteServiceVersion20100801" },
    };
    /// CodeDeploy.
    pub const CODEDEPLOY: Self = Self {
        prefix: "codedeploy",
        host: Host::Regional("codedeploy"),
        signing_name: "codedeploy",
        service_id: "CodeDeploy",
        wire: Wire::Json { content_type: JSON_1_1, target: "CodeDeploy_20141006" },
    };
    /// EC2. Its members go by their names on the wire, both ways: `Filter` with `Value` in a call,
    /// `subnetSet` in an answer.
    pub const EC2: Self = Self {
        prefix: "ec2",
        host: Host::Regional("ec2"),
        signing_name: "ec2",
        service_id: "EC2",
        wire: Wire::Ec2 { version: "2016-11-15" },
    };
    /// Amazon ECS.
    pub const ECS: Self = Self {
        prefix: "ecs",
        host: Host::Regional("ecs"),
        signing_name: "ecs",
        service_id: "ECS",
        wire: Wire::Json { content_type: JSON_1_1, target: "AmazonEC2ContainerServiceV20141113" },
    };
    /// Elastic Load Balancing, version 2.
    pub const ELB: Self = Self {
        prefix: "elasticloadbalancing",
        host: Host::Regional("elasticloadbalancing"),
        signing_name: "elasticloadbalancing",
        service_id: "Elastic Load Balancing v2",
        wire: Wire::Query { version: "2015-12-01" },
    };
    /// EventBridge.
    pub const EVENTS: Self = Self {
        prefix: "events",
        host: Host::Regional("events"),
        signing_name: "events",
        service_id: "EventBridge",
        wire: Wire::Json { content_type: JSON_1_1, target: "AWSEvents" },
    };
    /// IAM, which is one for all regions of a partition.
    pub const IAM: Self = Self {
        prefix: "iam",
        host: Host::Global("iam"),
        signing_name: "iam",
        service_id: "IAM",
        wire: Wire::Query { version: "2010-05-08" },
    };
    /// Lambda, of which only `GetFunctionConfiguration` and `GetPolicy` are known.
    pub const LAMBDA: Self = Self {
        prefix: "lambda",
        host: Host::Regional("lambda"),
        signing_name: "lambda",
        service_id: "Lambda",
        wire: Wire::Rest {
            operations: &[
                Get {
                    operation: "GetFunctionConfiguration",
                    path: "/2015-03-31/functions/{FunctionName}/configuration",
                    query: &["Qualifier"],
                },
                Get {
                    operation: "GetPolicy",
                    path: "/2015-03-31/functions/{FunctionName}/policy",
                    query: &["Qualifier"],
                },
            ],
        },
    };
    /// CloudWatch Logs.
    pub const LOGS: Self = Self {
        prefix: "logs",
        host: Host::Regional("logs"),
        signing_name: "logs",
        service_id: "CloudWatch Logs",
        wire: Wire::Json { content_type: JSON_1_1, target: "Logs_20140328" },
    };
    /// The Security Token Service, in the region.
    pub const STS: Self = Self {
        prefix: "sts",
        host: Host::Regional("sts"),
        signing_name: "sts",
        service_id: "STS",
        wire: Wire::Query { version: "2011-06-15" },
    };

    /// The action of an operation, as a policy names it: `ecs:DescribeTasks`.
    pub fn action(&self, operation: &str) -> String {
        format!("{}:{operation}", self.prefix)
    }

    pub(super) fn is_ec2(&self) -> bool {
        matches!(self.wire, Wire::Ec2 { .. })
    }
}
