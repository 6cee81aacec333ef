//! The service that a command is asked about, in each way that people name it.

use greenlight_preflight::Arn;

use crate::failure::Failure;

/// A service, by its cluster and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) cluster: String,
    pub(crate) name: String,
}

impl Service {
    /// Reads `--service CLUSTER/SERVICE`, `--cluster CLUSTER --service SERVICE`, and ARNs in either place.
    pub(crate) fn named(cluster: Option<&str>, text: &str) -> Result<Self, Failure> {
        let wrong = || {
            Failure::wrong(format!("`--service {text}` names no service"))
                .hint("expected CLUSTER/SERVICE, e.g. `shop/orders`, or the service's ARN")
        };
        let cluster = cluster.map(last);
        let path = if text.starts_with("arn:") { of_arn(text).ok_or_else(wrong)? } else { text };
        let (named, name) = match path.split('/').collect::<Vec<_>>()[..] {
            [name] => (cluster, name),
            [named, name] => (Some(named), name),
            _ => return Err(wrong()),
        };
        let Some(named) = named else {
            return Err(Failure::wrong(format!("`--service {text}` does not say in which cluster"))
                .hint(format!("add `--cluster CLUSTER`, or write `--service CLUSTER/{name}`")));
        };
        if named.is_empty() || name.is_empty() {
            return Err(wrong());
        }
        match cluster {
            Some(cluster) if cluster != named => Err(Failure::wrong(format!(
                "`--service {text}` is in the cluster {named}, and `--cluster` says {cluster}"
            ))
            .hint("leave out `--cluster`, or correct one of them")),
            _ => Ok(Self { cluster: named.to_owned(), name: name.to_owned() }),
        }
    }

    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }
}

/// `CLUSTER/SERVICE` of a service's ARN; `SERVICE` alone in its old form.
fn of_arn(text: &str) -> Option<&str> {
    Arn::parse(text)?;
    text.split_once(":service/").map(|(_, path)| path)
}

fn last(cluster: &str) -> &str {
    cluster.rsplit('/').next().unwrap_or(cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_in_each_way() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/shop/orders";
        let old = "arn:aws:ecs:eu-west-1:123456789012:service/orders";
        let of_cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/shop";
        for (cluster, text) in [
            (None, "shop/orders"),
            (None, arn),
            (Some("shop"), "orders"),
            (Some("shop"), "shop/orders"),
            (Some("shop"), arn),
            (Some("shop"), old),
            (Some(of_cluster), "orders"),
            (Some(of_cluster), arn),
        ] {
            let service = Service::named(cluster, text).unwrap_or_else(|failure| panic!("{text}: {failure}"));
            assert_eq!(service.path(), "shop/orders", "{cluster:?} {text}");
        }
        for (cluster, text, says) in [
            (None, "orders", "`--service orders` does not say in which cluster"),
            (None, old, "does not say in which cluster"),
            (Some("other"), "shop/orders", "is in the cluster shop, and `--cluster` says other"),
            (None, "", "does not say in which cluster"),
            (Some("shop"), "", "names no service"),
            (None, "shop/", "names no service"),
            (None, "/orders", "names no service"),
            (None, "a/b/c", "names no service"),
            (None, "arn:aws:ecs:r", "names no service"),
            (None, of_cluster, "names no service"),
        ] {
            let failure = Service::named(cluster, text).unwrap_err().to_string();
            assert!(failure.contains(says), "{cluster:?} {text}: {failure}");
        }
    }
}
