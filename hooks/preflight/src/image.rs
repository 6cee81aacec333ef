//! What the name of an image says of where it is.

/// The ARN of the repository of an image of ECR.
pub(crate) fn repository(image: &str) -> Option<String> {
    let (host, path) = image.split_once('/')?;
    let (account, rest) = host.split_once(".dkr.ecr.")?;
    let (region, domain) = rest.split_once('.')?;
    let partition = match domain {
        "amazonaws.com" if region.starts_with("us-gov-") => "aws-us-gov",
        "amazonaws.com" => "aws",
        "amazonaws.com.cn" => "aws-cn",
        _ => return None,
    };
    let name = path.split(['@', ':']).next()?;
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_of_images() {
        for (image, arn) in [
            ("1.dkr.ecr.us-east-1.amazonaws.com/a/b:1", Some("arn:aws:ecr:us-east-1:1:repository/a/b")),
            (
                "1.dkr.ecr.cn-north-1.amazonaws.com.cn/a@sha256:0",
                Some("arn:aws-cn:ecr:cn-north-1:1:repository/a"),
            ),
            (
                "1.dkr.ecr.us-gov-west-1.amazonaws.com/a",
                Some("arn:aws-us-gov:ecr:us-gov-west-1:1:repository/a"),
            ),
            ("public.ecr.aws/a/b:1", None),
            ("nginx", None),
        ] {
            assert_eq!(repository(image).as_deref(), arn, "{image}");
        }
    }
}
