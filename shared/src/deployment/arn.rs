//! ARNs, parsed once: the names in them lead from one resource to the next without a call.
//!
//! Every partition is kept as it came (`aws`, `aws-cn`, `aws-us-gov`, …).
//! Source: IAM user guide, *Amazon Resource Names*; the service authorization references of ECS and
//! Elastic Load Balancing v2.

use std::fmt;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arn(String);

impl Arn {
    /// Reads an ARN that names a resource of `service`.
    pub fn of(service: &str, text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let well_formed = parts.next() == Some("arn")
            && parts.next().is_some_and(|partition| partition.starts_with("aws"))
            && parts.next() == Some(service)
            && parts.nth(2).is_some_and(|resource| !resource.is_empty());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// What stands after the account, e.g. `service-revision/prod/orders/42`.
    pub fn resource(&self) -> &str {
        self.0.splitn(6, ':').nth(5).unwrap_or_default()
    }

    /// The ARN of another resource of the same service, region and account.
    fn beside(&self, resource: &str) -> String {
        format!("{}{resource}", &self.0[..self.0.len() - self.resource().len()])
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What belongs to a service: `…:service-revision/CLUSTER/SERVICE/ID`, `…:service-deployment/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfService {
    /// The whole.
    pub arn: Arn,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// What tells it from others of its kind in the service.
    pub id: String,
}

impl OfService {
    /// Reads an ARN of this kind, e.g. `service-revision`.
    pub fn parse(kind: &str, text: &str) -> Option<Self> {
        let arn = Arn::of("ecs", text)?;
        let parts: Vec<_> = arn.resource().split('/').collect();
        let [found, cluster, service, id] = parts[..] else { return None };
        (found == kind && ![cluster, service, id].contains(&"")).then(|| Self {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
            id: id.to_owned(),
            arn: arn.clone(),
        })
    }
}

/// Where a load balancer takes traffic for a service: a rule of an Application Load Balancer's listener,
/// or a listener itself (of a Network Load Balancer, and everywhere with CodeDeploy).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entrance {
    /// The rule's ARN, or the listener's.
    pub arn: String,
    /// Whether that is a rule.
    pub is_rule: bool,
    /// The listener's ARN.
    pub listener: String,
    /// The load balancer's ARN.
    pub load_balancer: String,
    /// Whether that is a Network Load Balancer.
    pub is_network: bool,
}

impl Entrance {
    /// Reads `…:listener-rule/app/NAME/ID/LISTENER/RULE` or `…:listener/net/NAME/ID/LISTENER`.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::of("elasticloadbalancing", text)?;
        let parts: Vec<_> = arn.resource().split('/').collect();
        let (is_rule, kind, name, id, listener) = match parts[..] {
            ["listener-rule", kind, name, id, listener, _rule] => (true, kind, name, id, listener),
            ["listener", kind, name, id, listener] => (false, kind, name, id, listener),
            _ => return None,
        };
        Some(Self {
            is_rule,
            listener: arn.beside(&format!("listener/{kind}/{name}/{id}/{listener}")),
            load_balancer: arn.beside(&format!("loadbalancer/{kind}/{name}/{id}")),
            is_network: kind == "net",
            arn: text.to_owned(),
        })
    }
}

/// A resource's name for people: `targetgroup/green/6d0ecf831eec9f09` → `green`.
pub(crate) fn short(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    match resource.split('/').collect::<Vec<_>>()[..] {
        ["targetgroup", name, _] | ["loadbalancer", _, name, _] => name,
        [.., last] => last,
        [] => resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_leads_to_its_listener_and_load_balancer_in_every_partition() {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let arn =
                |resource: &str| format!("arn:{partition}:elasticloadbalancing:r-1:123456789012:{resource}");
            let rule = Entrance::parse(&arn(
                "listener-rule/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee",
            ))
            .unwrap();
            assert!(rule.is_rule && !rule.is_network);
            assert_eq!(rule.listener, arn("listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"));
            assert_eq!(rule.load_balancer, arn("loadbalancer/app/web/50dc6c495c0c9188"));
            let listener = Entrance::parse(&arn("listener/net/web/1/2")).unwrap();
            assert!(!listener.is_rule && listener.is_network);
            assert_eq!(listener.listener, listener.arn);
        }
    }

    #[test]
    fn what_belongs_to_a_service() {
        let text = "arn:aws-cn:ecs:cn-north-1:123456789012:service-revision/prod/orders/42";
        let revision = OfService::parse("service-revision", text).unwrap();
        assert_eq!(
            (revision.cluster.as_str(), revision.service.as_str(), revision.id.as_str()),
            ("prod", "orders", "42")
        );
        assert_eq!(OfService::parse("service-deployment", text), None);
    }

    #[test]
    fn what_is_no_such_arn() {
        for text in [
            "",
            "arn",
            "arn:aws:ecs",
            "arn:aws:s3:::bucket",
            "arn:aws:elasticloadbalancing:r:a:",
            "listener/app/a/b/c",
        ] {
            assert_eq!(Entrance::parse(text), None, "{text}");
            assert_eq!(OfService::parse("service-revision", text), None, "{text}");
        }
        assert_eq!(Entrance::parse("arn:aws:elasticloadbalancing:r:a:listener/app/name/id"), None);
        assert_eq!(OfService::parse("service", "arn:aws:ecs:r:a:service/c//x"), None);
    }

    #[test]
    fn names_for_people() {
        assert_eq!(short("arn:aws:elasticloadbalancing:r:a:targetgroup/green/6d0ecf831eec9f09"), "green");
        assert_eq!(short("arn:aws:elasticloadbalancing:r:a:loadbalancer/app/web/1"), "web");
        assert_eq!(short("arn:aws:ecs:r:a:service-revision/c/s/42"), "42");
        assert_eq!(short("odd"), "odd");
    }
}
