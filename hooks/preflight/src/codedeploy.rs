//! What CodeDeploy deploys a service by: its deployment group, and the AppSpec of a deployment.

use crate::{
    arn::Arn,
    facts::Key,
    look::Look,
    node::Node,
    service::{is_deployed_by_codedeploy, is_deployed_by_ecs},
};

/// The service, if CodeDeploy deploys it.
pub(crate) fn service<'a>(look: &'a Look<'a>) -> Option<Node<'a>> {
    look.service().filter(is_deployed_by_codedeploy)
}

/// A document of CodeDeploy's: asked for where CodeDeploy deploys the service. A service that ECS deploys has none, even
/// where somebody else's is at hand; without a service it is looked at where it is at hand.
fn document<'a>(look: &'a Look<'a>, key: &Key) -> Option<Node<'a>> {
    match look.service() {
        Some(service) if is_deployed_by_codedeploy(&service) => look.get(key),
        Some(service) if is_deployed_by_ecs(&service) => None,
        _ => look.at_hand(key),
    }
}

/// The deployment group, if it is one for ECS.
pub(crate) fn group<'a>(look: &'a Look<'a>) -> Option<Node<'a>> {
    document(look, &Key::DeploymentGroup).filter(|group| {
        let platform = group.aside().get("computePlatform");
        platform.text() == Some("ECS") || platform.is_absent() && !services(group).is_empty()
    })
}

/// The services that a deployment group is for.
pub(crate) fn services<'a>(group: &Node<'a>) -> Vec<Node<'a>> {
    // The second is what becomes of CloudFormation's `ECSServices`.
    ["ecsServices", "eCSServices"].iter().flat_map(|key| group.get(key).items()).collect()
}

/// The AppSpec, if it is one for ECS.
pub(crate) fn app_spec<'a>(look: &'a Look<'a>) -> Option<Node<'a>> {
    let of_lambda =
        |resource: &Node<'_>| resource.aside().get("Type").text() == Some("AWS::Lambda::Function");
    document(look, &Key::AppSpec).filter(|spec| !resources(spec).iter().any(of_lambda))
}

/// What an AppSpec deploys.
pub(crate) fn resources<'a>(spec: &Node<'a>) -> Vec<Node<'a>> {
    let items = spec.get("Resources").items();
    items.iter().flat_map(Node::entries).map(|(_, resource)| resource).collect()
}

/// What an AppSpec says of the service.
pub(crate) fn properties<'a>(spec: &Node<'a>) -> Option<Node<'a>> {
    resources(spec).first().map(|resource| resource.get("Properties"))
}

/// The functions of an AppSpec, by the events that they are called at.
pub(crate) fn hooks<'a>(spec: &Node<'a>) -> Vec<(&'a str, Node<'a>)> {
    spec.get("Hooks").items().iter().flat_map(Node::entries).collect()
}

/// The two target groups and their listeners.
pub(crate) fn pair<'a>(group: &Node<'a>) -> Option<Node<'a>> {
    group.at("loadBalancerInfo.targetGroupPairInfoList").items().into_iter().next()
}

/// The target groups of a pair, by name.
pub(crate) fn target_groups<'a>(pair: &Node<'a>) -> Vec<(Node<'a>, &'a str)> {
    let names = pair.get("targetGroups").items().into_iter().map(|group| group.get("name"));
    names.filter_map(|name| Some((name.clone(), name.text()?))).collect()
}

/// The two routes of a pair, by their keys.
pub(crate) const ROUTES: [&str; 2] = ["prodTrafficRoute", "testTrafficRoute"];

/// The listener of a route.
pub(crate) fn listener<'a>(pair: &Node<'a>, route: &str) -> Option<(Node<'a>, &'a str)> {
    let listener = pair.get(route).get("listenerArns").items().into_iter().next()?;
    Some((listener.clone(), listener.text()?))
}

/// The ARN of the load balancer that a listener is one of.
pub(crate) fn balancer_of(listener: &str) -> Option<String> {
    let (balancer, _) = listener.rsplit_once('/')?;
    Arn::parse(listener).filter(|arn| arn.is("listener"))?;
    Some(balancer.replacen(":listener/", ":loadbalancer/", 1))
}

/// Where the deployment takes place, as the beginning of ARNs is written: a service of AWS is put in.
pub(crate) fn arn_of(look: &Look<'_>, service_of_aws: &str, resource: &str) -> Option<String> {
    let listener = group(look).and_then(|group| pair(&group)).and_then(|pair| listener(&pair, ROUTES[0]));
    let named = listener.map(|(_, arn)| arn);
    let own = service(look).and_then(|service| service.get("serviceArn").text());
    let Arn { partition, region, account, .. } = named.or(own).and_then(Arn::parse)?;
    Some(format!("arn:{partition}:{service_of_aws}:{region}:{account}:{resource}"))
}

/// The ARN of a function that an AppSpec names; its name where nobody knows more.
pub(crate) fn function(look: &Look<'_>, named: &str) -> String {
    if named.starts_with("arn:") {
        return named.to_owned();
    }
    arn_of(look, "lambda", &format!("function:{named}")).unwrap_or_else(|| named.to_owned())
}
