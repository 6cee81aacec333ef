//! Where policies hold: the account, and what in it is named.

use crate::{arguments::IamOptions, failure::Failure};

/// The account and what is deployed there; `*` where nobody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: String,
    pub(super) region: String,
    pub(super) account: String,
    /// Clusters and services by their names.
    pub(super) services: Vec<(String, String)>,
    /// Applications and deployment groups of CodeDeploy by their names.
    pub(super) groups: Vec<(String, String)>,
}

impl Place {
    pub(super) fn of(options: &IamOptions) -> Result<Self, Failure> {
        let any = || "*".to_owned();
        let mut place = Self {
            partition: "aws".to_owned(),
            region: any(),
            account: any(),
            services: vec![(any(), any())],
            groups: vec![(any(), any())],
        };
        place.of_options(options)?;
        let services = options.service.iter().map(|arn| parse(arn)).collect::<Result<Vec<_>, _>>()?;
        if let Some(first) = services.first() {
            (place.partition, place.region, place.account) =
                (first.partition.clone(), first.region.clone(), first.account.clone());
            for (arn, service) in options.service.iter().zip(&services) {
                if (&service.region, &service.account) != (&first.region, &first.account) {
                    return Err(Failure::wrong(format!(
                        "`{arn}` is of another account or region than `{}`",
                        options.service[0]
                    ))
                    .hint("a function is of one account and region: ask for each by itself"));
                }
            }
            place.services = services.into_iter().flat_map(|service| service.services).collect();
        }
        if let (Some(application), Some(group)) = (&options.application, &options.deployment_group) {
            place.groups = vec![(application.clone(), group.clone())];
        }
        Ok(place)
    }

    /// What is known of the account where no service tells it.
    fn of_options(&mut self, options: &IamOptions) -> Result<(), Failure> {
        if let Some(region) = &options.region {
            if !is_plain(region) {
                return Err(Failure::wrong(format!("`--region {region}` is no region"))
                    .hint("expected one such as `eu-west-1`"));
            }
            let partition = match region.split('-').take(2).collect::<Vec<_>>()[..] {
                ["cn", ..] => "aws-cn",
                ["us", "gov"] => "aws-us-gov",
                _ => "aws",
            };
            (self.partition, self.region) = (partition.to_owned(), region.clone());
        }
        if let Some(account) = &options.account {
            if !is_account(account) {
                return Err(Failure::wrong(format!("`--account {account}` is no account"))
                    .hint("expected the 12 digits of its id"));
            }
            self.account.clone_from(account);
        }
        Ok(())
    }

    /// An ARN of the account and region.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// One ARN for each service.
    pub(super) fn of_services(&self, resource: impl Fn(&str, &str) -> String) -> Vec<String> {
        let mut arns: Vec<_> = self
            .services
            .iter()
            .map(|(cluster, service)| self.arn("ecs", &resource(cluster, service)))
            .collect();
        arns.sort();
        arns.dedup();
        arns
    }
}

/// The place of one service.
fn parse(arn: &str) -> Result<Place, Failure> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let names: Vec<_> = parts.get(5).map(|resource| resource.split('/').collect()).unwrap_or_default();
    let ["arn", partition @ ("aws" | "aws-cn" | "aws-us-gov"), "ecs", region, account, _] = parts[..] else {
        return Err(wrong(arn));
    };
    let ["service", cluster, service] = names[..] else { return Err(wrong(arn)) };
    if !is_account(account) || ![region, cluster, service].iter().all(|name| is_plain(name)) {
        return Err(wrong(arn));
    }
    Ok(Place {
        partition: partition.to_owned(),
        region: region.to_owned(),
        account: account.to_owned(),
        services: vec![(cluster.to_owned(), service.to_owned())],
        groups: Vec::new(),
    })
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_digit())
}

fn wrong(arn: &str) -> Failure {
    Failure::wrong(format!("`--service {arn}` is no ARN of an ECS service"))
        .hint("expected `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE` (or `aws-cn`, `aws-us-gov`)")
}
