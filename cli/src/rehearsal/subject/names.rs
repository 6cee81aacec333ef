//! What ARNs say.

use greenlight_preflight::Arn;

/// Where nobody says.
pub(super) const REGION: &str = "us-east-1";
/// Where nobody says: the account of AWS's own examples.
pub(super) const ACCOUNT: &str = "123456789012";

/// The ARN of a target group, a listener or a rule that has been made. What a template or a plan is to make
/// is called by its logical id or its address here, and that is none.
pub(super) fn made(text: &str) -> Option<String> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "elasticloadbalancing")?;
    let parts: Vec<&str> = arn.resource.split('/').collect();
    let expected = match parts[0] {
        "targetgroup" => 3,
        "listener" => 5,
        "listener-rule" => 6,
        _ => return None,
    };
    let is_word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (parts.len() == expected && parts.iter().all(is_word)).then(|| text.to_owned())
}

/// The ARN of a role.
pub(super) fn role(text: &str) -> Option<String> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "iam")?;
    let name = arn.resource.strip_prefix("role/")?.rsplit('/').next()?;
    (!name.is_empty()).then(|| text.to_owned())
}

/// The name in an ARN whose resource is `kind/…/NAME`, or the text itself.
pub(super) fn name_of(text: &str) -> &str {
    Arn::parse(text).and_then(|arn| arn.resource.rsplit('/').next()).unwrap_or(text)
}

/// The region and the account of the first of these texts that is an ARN with both.
pub(super) fn home<'text>(texts: impl IntoIterator<Item = &'text str>) -> Option<(&'text str, &'text str)> {
    let known = |arn: &Arn<'_>| !arn.region.is_empty() && arn.account.bytes().all(|it| it.is_ascii_digit());
    texts
        .into_iter()
        .filter_map(Arn::parse)
        .filter(|arn| known(arn) && !arn.account.is_empty())
        .map(|arn| (arn.region, arn.account))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_say_where_they_are() {
        let texts =
            ["hello", "arn:aws:iam::123456789012:role/x", "arn:aws-cn:ecs:cn-north-1:1:service/demo/x"];
        assert_eq!(home(texts), Some(("cn-north-1", "1")));
        assert_eq!(name_of(texts[2]), "x");
        assert_eq!(name_of("demo"), "demo");
        for text in ["arn:aws:ecs:r:1:", "arn:x:ecs:r:1:y", "arn:aws", ""] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
