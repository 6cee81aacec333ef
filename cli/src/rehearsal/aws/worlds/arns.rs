//! Names that a front's owner has given to its parts.
//!
//! What is no ARN of the kind counts as not given: a file may hold a placeholder where a template is not
//! filled in yet, and a rehearsal of it makes a name up.

use crate::rehearsal::aws::elb::LoadBalancerKind;

/// What the parts of a front are called in its owner's files. What is not given there, or is not what it
/// should be, is made up from the service's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arns {
    /// The pair of target groups, in its order: their ARNs, or their names alone, as CodeDeploy has them.
    pub target_groups: [Option<String>; 2],
    /// The rule of the production route, or its listener alone, as Network Load Balancers and CodeDeploy
    /// have it.
    pub production: Option<String>,
    /// That of the test route.
    pub test: Option<String>,
    /// The role that moves traffic.
    pub role: Option<String>,
}

/// A listener that is known, with the rule if that is, too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KnownRoute {
    pub(super) load_balancer: String,
    pub(super) listener: String,
    pub(super) rule: Option<String>,
}

impl KnownRoute {
    /// From the ARN of a listener or of a rule of this kind of load balancer.
    pub(super) fn parse(arn: &str, kind: LoadBalancerKind) -> Option<Self> {
        let (prefix, resource) = resource(arn)?;
        let parts: Vec<&str> = resource.split('/').collect();
        let is_rule = match (parts[0], kind, parts.len()) {
            ("listener", _, 5) => false,
            ("listener-rule", LoadBalancerKind::Application, 6) => true,
            _ => return None,
        };
        let expected = match kind {
            LoadBalancerKind::Application => "app",
            LoadBalancerKind::Network => "net",
        };
        if parts[1] != expected || !parts.iter().all(|part| is_word(part)) {
            return None;
        }
        let load_balancer = parts[1..4].join("/");
        Some(Self {
            listener: format!("{prefix}:listener/{load_balancer}/{}", parts[4]),
            load_balancer: format!("{prefix}:loadbalancer/{load_balancer}"),
            rule: is_rule.then(|| arn.to_owned()),
        })
    }
}

/// The name of a target group that is named by its ARN.
pub(super) fn target_group(arn: &str) -> Option<&str> {
    let mut parts = resource(arn)?.1.split('/');
    let (kind, name, id) = (parts.next()?, parts.next()?, parts.next()?);
    (kind == "targetgroup" && is_target_group_name(name) && is_word(id) && parts.next().is_none())
        .then_some(name)
}

/// Up to 32 letters, digits and hyphens.
pub(super) fn is_target_group_name(name: &str) -> bool {
    is_word(name) && name.len() <= 32
}

/// An ARN of Elastic Load Balancing in two: up to the account, and the resource.
fn resource(arn: &str) -> Option<(&str, &str)> {
    let [scheme, partition, service, region, account, resource] =
        arn.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
    let well_formed = scheme == "arn"
        && is_word(partition)
        && service == "elasticloadbalancing"
        && is_word(region)
        && account.len() == 12
        && account.bytes().all(|digit| digit.is_ascii_digit());
    well_formed.then(|| (&arn[..arn.len() - resource.len() - 1], resource))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELB: &str = "arn:aws:elasticloadbalancing:eu-central-1:210987654321";

    #[test]
    fn a_rule_leads_to_its_listener_and_that_to_its_load_balancer() {
        let rule = format!("{ELB}:listener-rule/app/shop/50dc/f2f7/9683");
        let listener = format!("{ELB}:listener/app/shop/50dc/f2f7");
        let known = KnownRoute {
            load_balancer: format!("{ELB}:loadbalancer/app/shop/50dc"),
            listener: listener.clone(),
            rule: Some(rule.clone()),
        };
        assert_eq!(KnownRoute::parse(&rule, LoadBalancerKind::Application), Some(known));
        let known = KnownRoute::parse(&listener, LoadBalancerKind::Application).unwrap();
        assert_eq!((known.listener, known.rule), (listener, None));
    }

    #[test]
    fn what_is_no_arn_of_the_kind_is_not_known() {
        for wrong in [
            String::new(),
            "TEST_RULE_ARN".to_owned(),
            "arn:aws:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:listener/app/shop/50dc/f2f7"
                .to_owned(),
            format!("{ELB}:listener/net/shop/50dc/f2f7"),
            format!("{ELB}:listener/app/shop/50dc"),
            format!("{ELB}:listener/app//50dc/f2f7"),
            format!("{ELB}:listener-rule/app/shop/50dc/f2f7"),
            format!("{ELB}:loadbalancer/app/shop/50dc"),
            "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/shop/50dc/f2f7".to_owned(),
        ] {
            assert_eq!(KnownRoute::parse(&wrong, LoadBalancerKind::Application), None, "{wrong}");
        }
        let rule = format!("{ELB}:listener-rule/net/shop/50dc/f2f7/9683");
        assert_eq!(KnownRoute::parse(&rule, LoadBalancerKind::Network), None, "it has no rules");
    }

    #[test]
    fn target_groups_have_their_names_in_their_arns() {
        assert_eq!(target_group(&format!("{ELB}:targetgroup/orders-blue/73e2")), Some("orders-blue"));
        for wrong in [
            "orders-blue".to_owned(),
            format!("{ELB}:targetgroup/orders-blue"),
            format!("{ELB}:targetgroup/orders/blue/73e2"),
            format!("{ELB}:targetgroup/{}/73e2", "x".repeat(33)),
        ] {
            assert_eq!(target_group(&wrong), None, "{wrong}");
        }
    }
}
