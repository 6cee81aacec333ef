//! What ARNs say of where a thing is.

/// The parts of an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'text> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'text str,
    /// The service of AWS: `lambda`.
    pub service: &'text str,
    /// The region; empty for what is in none.
    pub region: &'text str,
    /// The account; empty for what is in none.
    pub account: &'text str,
    /// What stands behind the account: `function:hook:live`.
    pub resource: &'text str,
}

impl<'text> Arn<'text> {
    /// Reads an ARN of any partition.
    pub fn parse(text: &'text str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let arn = parts.next() == Some("arn");
        let partition = parts.next().filter(|it| it.starts_with("aws"))?;
        let (service, region) = (parts.next()?, parts.next()?);
        let (account, resource) = (parts.next()?, parts.next()?);
        (arn && !resource.is_empty()).then_some(Self { partition, service, region, account, resource })
    }

    /// Whether the resource is one of this kind: `listener-rule/app`.
    pub fn is(&self, kind: &str) -> bool {
        self.resource.strip_prefix(kind).is_some_and(|rest| rest.starts_with(['/', ':']))
    }

    /// Whether it is that of a role of IAM's.
    pub fn is_role(&self) -> bool {
        self.service == "iam" && self.is("role")
    }
}

/// The name of a function in its ARN, with or without a qualifier.
pub fn function_name(text: &str) -> &str {
    let named = text.rsplit_once("function:").map_or(text, |(_, name)| name);
    named.split_once(':').map_or(named, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_every_partition_are_read() {
        let arn = Arn::parse("arn:aws-cn:lambda:cn-north-1:1:function:hook:live").unwrap();
        assert_eq!(
            (arn.partition, arn.service, arn.region, arn.account),
            ("aws-cn", "lambda", "cn-north-1", "1")
        );
        assert!(arn.is("function") && !arn.is("func"));
        for text in ["", "arn:aws:ecs", "arn:x:ecs:r:1:y", "arn:aws:ecs:r:1:"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
        assert_eq!(function_name("arn:aws:lambda:r:1:function:hook:live"), "hook");
        assert_eq!(function_name("hook"), "hook");
    }
}
