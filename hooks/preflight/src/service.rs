//! What rules often ask of a service.

use crate::{facts::Key, look::Look, node::Node};

/// How a service is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Rolling,
    BlueGreen,
    Linear,
    Canary,
}

/// How ECS deploys the service; none where somebody else does, or it is not known.
pub(crate) fn strategy(service: &Node<'_>) -> Option<Strategy> {
    if !is_deployed_by_ecs(service) {
        return None;
    }
    let strategy = service.aside().at("deploymentConfiguration.strategy");
    if strategy.is_absent() {
        return Some(Strategy::Rolling);
    }
    match strategy.text()? {
        "ROLLING" => Some(Strategy::Rolling),
        "BLUE_GREEN" => Some(Strategy::BlueGreen),
        "LINEAR" => Some(Strategy::Linear),
        "CANARY" => Some(Strategy::Canary),
        _ => None,
    }
}

/// Whether green is started beside blue and traffic is shifted by ECS.
pub(crate) fn shifts(service: &Node<'_>) -> bool {
    matches!(strategy(service), Some(Strategy::BlueGreen | Strategy::Linear | Strategy::Canary))
}

/// Whether ECS deploys the service itself: it does where nobody else is named.
pub(crate) fn is_deployed_by_ecs(service: &Node<'_>) -> bool {
    let controller = service.aside().at("deploymentController.type");
    controller.is_absent() || controller.text() == Some("ECS")
}

/// Whether CodeDeploy does.
pub(crate) fn is_deployed_by_codedeploy(service: &Node<'_>) -> bool {
    service.aside().at("deploymentController.type").text() == Some("CODE_DEPLOY")
}

/// A setting of the service's newest revision. `CreateService` takes it beside the others; `DescribeServices` has it in the
/// deployment that is `PRIMARY`.
pub(crate) fn of_revision<'a>(service: &Node<'a>, key: &str) -> Node<'a> {
    let (own, deployments) = (service.get(key), service.get("deployments"));
    if !own.is_absent() {
        return own;
    }
    if deployments.value().is_none() {
        return deployments.get(key);
    }
    for deployment in deployments.items() {
        let status = deployment.get("status");
        match status.text() {
            Some("PRIMARY") => return deployment.get(key),
            // What is not known may be the one, and a field of it is not known either.
            None if !status.is_absent() => return status.get(key),
            _ => {}
        }
    }
    own
}

/// Whether traffic may reach the service by Service Connect or VPC Lattice.
pub(crate) fn may_be_connected(service: &Node<'_>) -> bool {
    let connect = of_revision(service, "serviceConnectConfiguration");
    let lattice = of_revision(service, "vpcLatticeConfigurations");
    let has_lattice = lattice.value().is_none_or(|it| it.as_array().is_none_or(|list| !list.is_empty()));
    !connect.is_absent() && connect.get("enabled").flag() != Some(false)
        || !lattice.is_absent() && has_lattice
}

/// A service whose traffic ECS shifts.
pub(crate) fn shifting<'a>(look: &'a Look<'a>) -> Option<Node<'a>> {
    look.service().filter(shifts)
}

/// The hooks of a service.
pub(crate) fn hooks<'a>(service: &Node<'a>) -> Vec<Node<'a>> {
    service.at("deploymentConfiguration.lifecycleHooks").items()
}

/// Whether a hook waits for a person, and not for a function.
pub(crate) fn is_pause(hook: &Node<'_>) -> bool {
    hook.aside().get("targetType").text() == Some("PAUSE")
}

/// Whether a hook is a function for sure.
pub(crate) fn is_function(hook: &Node<'_>) -> bool {
    let kind = hook.aside().get("targetType");
    kind.is_absent() || kind.text() == Some("AWS_LAMBDA")
}

/// The stages that a hook is called at, as far as they are known.
pub(crate) fn stages<'a>(hook: &Node<'a>) -> Vec<(Node<'a>, &'a str)> {
    let items = hook.get("lifecycleStages").items();
    items.into_iter().filter_map(|item| item.text().map(|text| (item.clone(), text))).collect()
}

/// The containers of the task definition, if it is at hand.
pub(crate) fn containers<'a>(look: &'a Look<'a>) -> Option<Vec<Node<'a>>> {
    Some(look.get(&Key::TaskDefinition)?.get("containerDefinitions").items())
}
