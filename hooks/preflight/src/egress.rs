//! Whether a function in a VPC may reach AWS: the routes of its subnets, and the endpoints of its VPC.

use crate::node::Node;

/// The services of AWS that one of greenlight's hooks calls in a deployment by ECS with the plan that it has by default, as
/// their endpoints are named. A test holds them to what the hooks' checks ask for.
pub fn services_called(hook: &str) -> &'static [&'static str] {
    match hook {
        "health" | "test-traffic" => &["ecs", "elasticloadbalancing"],
        "metrics" => &["ecs", "monitoring"],
        "preflight" => &["ecs", "elasticloadbalancing", "iam", "lambda"],
        _ => EVERY,
    }
}

/// What a hook calls whatever its plan: it asks ECS what the deployment is doing.
pub(crate) const EVERY: &[&str] = &["ecs"];

/// Whether a route table, all of which is known, leads nowhere that a function could go. It has no public address, and an
/// address of IPv6 only where its configuration says so.
pub(crate) fn has_no_way_out(table: &Node<'_>, function: &Node<'_>) -> bool {
    let dual = function.at("VpcConfig.Ipv6AllowedForDualStack");
    let has_ipv6 = !dual.is_absent() && dual.flag() != Some(false);
    let routes = table.get("Routes");
    routes.is_known() && !routes.items().iter().any(|route| may_lead_out(route, has_ipv6))
}

/// Whether a route may lead to AWS. Where a gateway to other networks leads is not looked at: it may.
fn may_lead_out(route: &Node<'_>, has_ipv6: bool) -> bool {
    if route.get("State").text() == Some("blackhole") {
        return false;
    }
    let is_ipv6 = route.get("DestinationIpv6CidrBlock").is_present();
    if is_ipv6 && !has_ipv6 {
        return false;
    }
    match route.get("GatewayId").text() {
        Some("local") => false,
        // It serves those with a public address.
        Some(gateway) if gateway.starts_with("igw-") => is_ipv6,
        // To a list of addresses: the gateway endpoint of S3 or of DynamoDB.
        Some(gateway) if gateway.starts_with("vpce-") => route.get("DestinationPrefixListId").is_absent(),
        _ => true,
    }
}

/// Whether an endpoint takes the calls to a service by the name that everybody calls it by.
pub(crate) fn serves(endpoint: &Node<'_>, service: &str) -> bool {
    let named = endpoint.get("ServiceName").text().and_then(|name| name.rsplit('.').next());
    named == Some(service) && endpoint.get("PrivateDnsEnabled").flag() != Some(false)
}
