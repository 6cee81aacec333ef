//! The calls of Elastic Load Balancing and Certificate Manager, read into plain data.

use aws_sdk_elasticloadbalancingv2::types::{
    self, ActionTypeEnum, LoadBalancerSchemeEnum, LoadBalancerTypeEnum,
};

use super::load_balancing::{
    Action, Condition, HealthCheck, Listener, LoadBalancer, Patterns, Rule, Target, TargetGroup, Weighted,
};
use crate::{Ask, Fact};

/// Every page of a call: `$call` with the marker of the page before, until a page names none.
macro_rules! every_page {
    ($ask:expr, $action:literal, $call:expr, $entries:ident) => {{
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let page = $ask.ask($action, "*", $call.set_marker(marker.take()).send()).await?;
            found.extend_from_slice(page.$entries());
            marker = page.next_marker().filter(|marker| !marker.is_empty()).map(ToOwned::to_owned);
            if marker.is_none() {
                break found;
            }
        }
    }};
}

/// The rules of a listener, the default one included, in the order in which they are asked.
pub(super) async fn rules(ask: &Ask, listener: &str) -> Fact<Vec<Rule>> {
    let call = ask.aws.elb().await.describe_rules().listener_arn(listener);
    let found = every_page!(ask, "elasticloadbalancing:DescribeRules", call.clone(), rules);
    let mut rules: Vec<_> = found.iter().map(rule).collect();
    rules.sort_by_key(|rule| rule.priority.unwrap_or(u32::MAX));
    Ok(rules)
}

/// The listeners of these ARNs.
pub(super) async fn listeners(ask: &Ask, arns: Vec<String>) -> Fact<Vec<Listener>> {
    let call = ask.aws.elb().await.describe_listeners().set_listener_arns(Some(arns));
    let found = every_page!(ask, "elasticloadbalancing:DescribeListeners", call.clone(), listeners);
    Ok(found.iter().map(listener).collect())
}

/// The load balancers of these ARNs.
pub(super) async fn load_balancers(ask: &Ask, arns: Vec<String>) -> Fact<Vec<LoadBalancer>> {
    let call = ask.aws.elb().await.describe_load_balancers().set_load_balancer_arns(Some(arns));
    let found = every_page!(ask, "elasticloadbalancing:DescribeLoadBalancers", call.clone(), load_balancers);
    let read = |found: &types::LoadBalancer| LoadBalancer {
        arn: found.load_balancer_arn().unwrap_or_default().to_owned(),
        dns_name: found.dns_name().unwrap_or_default().to_owned(),
        internal: found.scheme() == Some(&LoadBalancerSchemeEnum::Internal),
        is_network: found.r#type() == Some(&LoadBalancerTypeEnum::Network),
        zones: found.availability_zones().iter().filter_map(|zone| zone.zone_name.clone()).collect(),
    };
    Ok(found.iter().map(read).collect())
}

/// Target groups, by their ARNs or by the names that CodeDeploy knows them by.
pub(super) async fn target_groups(ask: &Ask, by: Groups) -> Fact<Vec<TargetGroup>> {
    let call = ask.aws.elb().await.describe_target_groups();
    let call = match by {
        Groups::Arns(arns) => call.set_target_group_arns(Some(arns)),
        Groups::Names(names) => call.set_names(Some(names)),
    };
    let found = every_page!(ask, "elasticloadbalancing:DescribeTargetGroups", call.clone(), target_groups);
    Ok(found.iter().map(target_group).collect())
}

/// What target groups are asked for by.
pub(super) enum Groups {
    Arns(Vec<String>),
    Names(Vec<String>),
}

/// The targets of a target group.
pub(super) async fn targets(ask: &Ask, group: &str) -> Fact<Vec<Target>> {
    let call = ask.aws.elb().await.describe_target_health().target_group_arn(group);
    let answer = ask.ask("elasticloadbalancing:DescribeTargetHealth", "*", call.send()).await?;
    Ok(answer.target_health_descriptions().iter().filter_map(target).collect())
}

/// The DNS names of a certificate, the main one first.
pub(super) async fn certificate_names(ask: &Ask, arn: &str) -> Fact<Vec<String>> {
    let call = ask.aws.acm().await.describe_certificate().certificate_arn(arn);
    let answer = ask.ask("acm:DescribeCertificate", arn, call.send()).await?;
    let Some(certificate) = answer.certificate() else { return Ok(Vec::new()) };
    let mut names: Vec<_> = certificate.domain_name().into_iter().map(ToOwned::to_owned).collect();
    for name in certificate.subject_alternative_names() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

fn rule(found: &types::Rule) -> Rule {
    Rule {
        arn: found.rule_arn().unwrap_or_default().to_owned(),
        priority: found.priority().and_then(|priority| priority.parse().ok()),
        conditions: found.conditions().iter().map(condition).collect(),
        actions: actions(found.actions()),
        transforms: found.transforms().iter().filter_map(|found| Some(found.r#type()?.to_string())).collect(),
    }
}

/// A condition's values stand in its own configuration, and for some kinds in `Values`, too.
fn condition(found: &types::RuleCondition) -> Condition {
    let patterns = |values: Option<&[String]>, regexes: Option<&[String]>| Patterns {
        wildcards: values.filter(|values| !values.is_empty()).unwrap_or(found.values()).to_vec(),
        regexes: regexes.filter(|regexes| !regexes.is_empty()).unwrap_or(found.regex_values()).to_vec(),
    };
    match found.field().unwrap_or_default() {
        "host-header" => {
            let config = found.host_header_config();
            Condition::Host(patterns(
                config.map(types::HostHeaderConditionConfig::values),
                config.map(types::HostHeaderConditionConfig::regex_values),
            ))
        }
        "path-pattern" => {
            let config = found.path_pattern_config();
            Condition::Path(patterns(
                config.map(types::PathPatternConditionConfig::values),
                config.map(types::PathPatternConditionConfig::regex_values),
            ))
        }
        "http-header" => {
            let config = found.http_header_config();
            Condition::Header {
                name: config.and_then(|config| config.http_header_name()).unwrap_or_default().to_owned(),
                values: patterns(
                    config.map(types::HttpHeaderConditionConfig::values),
                    config.map(types::HttpHeaderConditionConfig::regex_values),
                ),
            }
        }
        "query-string" => Condition::Query(
            found
                .query_string_config()
                .map(types::QueryStringConditionConfig::values)
                .unwrap_or_default()
                .iter()
                .map(|pair| (pair.key().map(ToOwned::to_owned), pair.value().unwrap_or_default().to_owned()))
                .collect(),
        ),
        "http-request-method" => Condition::Method(
            found
                .http_request_method_config()
                .map_or(found.values(), types::HttpRequestMethodConditionConfig::values)
                .to_vec(),
        ),
        "source-ip" => Condition::SourceIp(
            found.source_ip_config().map_or(found.values(), types::SourceIpConditionConfig::values).to_vec(),
        ),
        other => Condition::Unknown(other.to_owned()),
    }
}

fn actions(found: &[types::Action]) -> Vec<Action> {
    let mut ordered: Vec<_> = found.iter().collect();
    ordered.sort_by_key(|action| action.order().unwrap_or(i32::MAX));
    ordered.into_iter().map(action).collect()
}

fn action(found: &types::Action) -> Action {
    let kind = found.r#type();
    match kind {
        Some(ActionTypeEnum::Forward) => Action::Forward(forward(found)),
        Some(ActionTypeEnum::FixedResponse) => Action::FixedResponse(
            found.fixed_response_config().and_then(|config| config.status_code()).unwrap_or("?").to_owned(),
        ),
        Some(ActionTypeEnum::Redirect) => redirect(found),
        Some(
            kind @ (ActionTypeEnum::AuthenticateCognito
            | ActionTypeEnum::AuthenticateOidc
            | ActionTypeEnum::JwtValidation),
        ) => Action::Authenticate(kind.to_string()),
        other => Action::Unknown(other.map(ToString::to_string).unwrap_or_default()),
    }
}

/// The weighted target groups of a forward action; one that stands alone gets everything.
fn forward(found: &types::Action) -> Vec<Weighted> {
    let weighted: Vec<_> = found
        .forward_config()
        .map(types::ForwardActionConfig::target_groups)
        .unwrap_or_default()
        .iter()
        .filter_map(|group| {
            let weight = group.weight().unwrap_or(1);
            Some(Weighted {
                target_group: group.target_group_arn()?.to_owned(),
                weight: u32::try_from(weight).unwrap_or(0),
            })
        })
        .collect();
    match (weighted.as_slice(), found.target_group_arn.as_deref()) {
        ([], Some(only)) => vec![Weighted { target_group: only.to_owned(), weight: 1 }],
        _ => weighted,
    }
}

fn redirect(found: &types::Action) -> Action {
    let config = found.redirect_config();
    let part = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    let location = format!(
        "{}://{}:{}{}?{}",
        part(config.and_then(|config| config.protocol()), "#{protocol}"),
        part(config.and_then(|config| config.host()), "#{host}"),
        part(config.and_then(|config| config.port()), "#{port}"),
        part(config.and_then(|config| config.path()), "/#{path}"),
        part(config.and_then(|config| config.query()), "#{query}"),
    );
    let status = config.and_then(|config| config.status_code()).map(ToString::to_string).unwrap_or_default();
    Action::Redirect(status, location)
}

fn listener(found: &types::Listener) -> Listener {
    let certificates = found.certificates();
    Listener {
        arn: found.listener_arn().unwrap_or_default().to_owned(),
        protocol: found.protocol().map(ToString::to_string).unwrap_or_default(),
        port: found.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        mutual_tls: found.mutual_authentication().is_some_and(|mutual| mutual.mode() == Some("verify")),
        certificate: certificates.first().and_then(|certificate| certificate.certificate_arn.clone()),
        default_actions: actions(found.default_actions()),
    }
}

fn target_group(found: &types::TargetGroup) -> TargetGroup {
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let matcher = found.matcher();
    TargetGroup {
        arn: text(found.target_group_arn.as_ref()),
        name: text(found.target_group_name.as_ref()),
        protocol: found.protocol().map(ToString::to_string).unwrap_or_default(),
        protocol_version: found.protocol_version().map(ToOwned::to_owned),
        target_type: found.target_type.as_ref().map(ToString::to_string).unwrap_or_default(),
        health_check: HealthCheck {
            protocol: found.health_check_protocol().map(ToString::to_string).unwrap_or_default(),
            // `traffic-port` is no number.
            port: found.health_check_port().and_then(|port| port.parse().ok()),
            path: found.health_check_path().map(ToOwned::to_owned),
            statuses: matcher.and_then(|matcher| matcher.http_code()).map(ToOwned::to_owned),
            grpc: found.protocol_version() == Some("GRPC"),
        },
    }
}

fn target(found: &types::TargetHealthDescription) -> Option<Target> {
    let described = found.target()?;
    let health = found.target_health.as_ref();
    Some(Target {
        id: described.id()?.to_owned(),
        port: described.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        state: health.and_then(|health| Some(health.state()?.to_string())).unwrap_or_default(),
        reason: health.and_then(|health| Some(health.reason()?.to_string())),
        description: health.and_then(|health| health.description().map(ToOwned::to_owned)),
        overridden: found
            .administrative_override()
            .and_then(types::AdministrativeOverride::state)
            .filter(|state| state.as_str().starts_with("zonal_shift"))
            .map(ToString::to_string),
    })
}
