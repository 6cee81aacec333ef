//! ARNs, and the pages of AWS's console that show what they name.

use greenlight_preflight::{Arn, function_name};

use super::story::Link;

/// What stands behind the kind of the resource: `CLUSTER`, `SERVICE`, `ID`.
pub(super) fn parts<'text>(arn: &Arn<'text>) -> Vec<&'text str> {
    arn.resource.split('/').skip(1).collect()
}

/// The console of the ARN's region and partition.
fn console(arn: &Arn<'_>) -> String {
    let domain = match arn.partition {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{}.{domain}", arn.region)
}

/// The deployment in ECS's console. AWS documents no such address; this is what its console shows.
pub(super) fn ecs_deployment(arn: &Arn<'_>, cluster: &str, service: &str, id: &str) -> Link {
    let (console, region) = (console(arn), arn.region);
    Link {
        name: "deployment",
        url: format!(
            "{console}/ecs/v2/clusters/{cluster}/services/{service}/deployments/{id}?region={region}"
        ),
    }
}

/// The deployment in CodeDeploy's console.
pub(super) fn codedeploy_deployment(arn: &Arn<'_>, id: &str) -> Link {
    let (console, region) = (console(arn), arn.region);
    Link {
        name: "deployment",
        url: format!("{console}/codesuite/codedeploy/deployments/{id}?region={region}"),
    }
}

/// A function's log in CloudWatch's console, which encodes the name of its group twice, with `$` for `%`.
pub(super) fn log(arn: &Arn<'_>, function: &str) -> Link {
    let (console, region) = (console(arn), arn.region);
    let group = log_group(function).replace('/', "$252F");
    Link {
        name: "log",
        url: format!("{console}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}"),
    }
}

/// Where Lambda writes, unless somebody has configured another group.
pub(super) fn log_group(function: &str) -> String {
    format!("/aws/lambda/{}", function_name(function))
}

/// What stands behind the last slash.
pub(super) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The name of a target group: what stands between the slashes of its ARN.
pub(super) fn target_group_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_console_of_the_partition() {
        for (partition, region, host) in [
            ("aws", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/"),
            ("aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
            ("aws-us-gov", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
        ] {
            let text = format!("arn:{partition}:ecs:{region}:123456789012:service-deployment/shop/orders/4");
            let arn = Arn::parse(&text).unwrap();
            assert_eq!(parts(&arn), ["shop", "orders", "4"]);
            for link in [ecs_deployment(&arn, "shop", "orders", "4"), log(&arn, "a")] {
                assert!(link.url.starts_with(host), "{}", link.url);
            }
            assert!(log(&arn, "a").url.ends_with("/$252Faws$252Flambda$252Fa"));
        }
    }

    #[test]
    fn functions_are_called_by_their_names() {
        for function in
            ["arn:aws:lambda:r:1:function:check", "arn:aws:lambda:r:1:function:check:live", "check"]
        {
            assert_eq!(log_group(function), "/aws/lambda/check", "{function}");
        }
    }
}
