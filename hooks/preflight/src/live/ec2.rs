//! What EC2 says of networks.
//!
//! Its wire names differ from those that its documentation and the AWS CLI have; here they become the latter.

use greenlight::{Api, Ask, Failure};
use serde_json::{Map, Value, json};

use super::Fetch;
use crate::document::Document;

async fn filtered(
    ask: &Ask,
    operation: &str,
    filters: &[(&str, &str)],
    list: &str,
    resource: &str,
) -> Result<Vec<Value>, Failure> {
    let filters: Vec<Value> =
        filters.iter().map(|(name, value)| json!({"Name": name, "Value": [value]})).collect();
    let pages = ask.try_pages(&Api::EC2, operation, json!({"Filter": filters}), resource).await?;
    let items = pages.iter().filter_map(|page| page.get(list)?.as_array()).flatten();
    Ok(items.map(named).collect())
}

/// `routeSet` is `Routes`, `groups` of a permission `UserIdGroupPairs`.
fn named(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(named).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (name(key), named(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn name(key: &str) -> String {
    match key {
        "routeSet" => "Routes".to_owned(),
        "associationSet" => "Associations".to_owned(),
        "groups" => "UserIdGroupPairs".to_owned(),
        _ => {
            let mut letters = key.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

fn only(items: Vec<Value>, source: &str) -> Option<Document> {
    items.into_iter().next().map(|value| Document::new(source, value))
}

pub(super) async fn subnet(ask: &Ask, id: &str) -> Fetch {
    let found = filtered(ask, "DescribeSubnets", &[("subnet-id", id)], "subnetSet", id).await?;
    Ok(only(found, id))
}

pub(super) async fn security_group(ask: &Ask, id: &str) -> Fetch {
    let found = filtered(ask, "DescribeSecurityGroups", &[("group-id", id)], "securityGroupInfo", id).await?;
    Ok(only(found, id))
}

/// The route table of a subnet: its own, or else the main one of its VPC.
pub(super) async fn route_table(ask: &Ask, subnet: &str) -> Fetch {
    let operation = "DescribeRouteTables";
    let own = [("association.subnet-id", subnet)];
    let found = filtered(ask, operation, &own, "routeTableSet", subnet).await?;
    if !found.is_empty() {
        return Ok(only(found, subnet));
    }
    let Some(known) = self::subnet(ask, subnet).await? else { return Ok(None) };
    let Some(vpc) = known.value.get("VpcId").and_then(Value::as_str) else { return Ok(None) };
    let main = [("vpc-id", vpc), ("association.main", "true")];
    Ok(only(filtered(ask, operation, &main, "routeTableSet", subnet).await?, subnet))
}

pub(super) async fn endpoints(ask: &Ask, vpc: &str) -> Fetch {
    let filters = [("vpc-id", vpc), ("vpc-endpoint-state", "available")];
    let found = filtered(ask, "DescribeVpcEndpoints", &filters, "vpcEndpointSet", vpc).await?;
    Ok(Some(Document::new(vpc, json!({"VpcEndpoints": found}))))
}
