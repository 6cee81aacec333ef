//! Where a service is reached, and which region a call of it is signed for.
//!
//! What the caller or the environment says wins, as in the SDKs. Otherwise the name follows from the
//! region, in the partitions whose names are known; nothing is guessed for others, nor for FIPS and
//! dual-stack endpoints, whose names differ from service to service.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::{Api, Host};

/// An endpoint and the region that is signed for there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aws) struct Endpoint {
    pub(in crate::aws) url: String,
    pub(in crate::aws) region: String,
}

/// The endpoint of a service; the error says why there is none and what to do.
pub(in crate::aws) fn find(api: &Api, sdk: &SdkConfig) -> Result<Endpoint, String> {
    let region = sdk.region().map(AsRef::as_ref);
    if let Some(url) = said(api, sdk) {
        let region = known(api, region).map(|known| known.region).ok();
        let region = region.or_else(|| sdk.region().map(ToString::to_string));
        return region.map(|region| Endpoint { url, region }).ok_or_else(|| NO_REGION.to_owned());
    }
    for (special, variable) in
        [(sdk.use_fips(), "AWS_USE_FIPS_ENDPOINT"), (sdk.use_dual_stack(), "AWS_USE_DUALSTACK_ENDPOINT")]
    {
        if special == Some(true) {
            return Err(format!(
                "{variable} is set, and the name of such an endpoint of {} is not known here: set {} to its URL",
                api.service_id,
                variable_of(api)
            ));
        }
    }
    known(api, region)
}

const NO_REGION: &str = "no region is set: set AWS_REGION";

/// The URL that the caller or the environment gives. The caller's wins over a service's own variable, and
/// that one over the variable for all services.
fn said(api: &Api, sdk: &SdkConfig) -> Option<String> {
    let for_all = sdk.endpoint_url().map(ToOwned::to_owned);
    if for_all.is_some() && sdk.get_origin("endpoint_url").is_client_config() {
        return for_all;
    }
    let own = sdk.service_config().and_then(|environment| {
        let key = ServiceConfigKey::builder()
            .service_id(api.service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        environment.load_config(key.ok()?)
    });
    own.or(for_all)
}

/// The variable that names the endpoint of this service alone.
fn variable_of(api: &Api) -> String {
    format!("AWS_ENDPOINT_URL_{}", api.service_id.to_uppercase().replace(' ', "_"))
}

/// The endpoint that follows from the region.
///
/// Source: botocore's `endpoints.json`.
fn known(api: &Api, region: Option<&str>) -> Result<Endpoint, String> {
    let endpoint =
        |host: String, region: &str| Endpoint { url: format!("https://{host}"), region: region.to_owned() };
    let Some(region) = region else {
        return match api.host {
            Host::Global(name) => Ok(endpoint(format!("{name}.amazonaws.com"), "us-east-1")),
            Host::Regional(_) => Err(NO_REGION.to_owned()),
        };
    };
    let partition = Partition::of(region).ok_or_else(|| {
        format!(
            "the host names in the region `{region}` are not known here, expected one of the partitions aws, \
             aws-cn and aws-us-gov: set {} to the URL of {} there",
            variable_of(api),
            api.service_id
        )
    })?;
    Ok(match (api.host, partition) {
        (Host::Regional(name), Partition::Aws | Partition::AwsUsGov) => {
            endpoint(format!("{name}.{region}.amazonaws.com"), region)
        }
        (Host::Regional(name), Partition::AwsCn) => {
            endpoint(format!("{name}.{region}.amazonaws.com.cn"), region)
        }
        (Host::Global(name), Partition::Aws) => endpoint(format!("{name}.amazonaws.com"), "us-east-1"),
        (Host::Global(name), Partition::AwsCn) => {
            endpoint(format!("{name}.cn-north-1.amazonaws.com.cn"), "cn-north-1")
        }
        (Host::Global(name), Partition::AwsUsGov) => {
            endpoint(format!("{name}.us-gov.amazonaws.com"), "us-gov-west-1")
        }
    })
}

/// The partitions whose host names are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Partition {
    Aws,
    AwsCn,
    AwsUsGov,
}

impl Partition {
    fn of(region: &str) -> Option<Self> {
        let letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match region.split('-').collect::<Vec<_>>()[..] {
            ["us", "gov", place, digit] if letters(place) && number(digit) => Some(Self::AwsUsGov),
            ["cn", place, digit] if letters(place) && number(digit) => Some(Self::AwsCn),
            [area, place, digit] if area.len() == 2 && letters(area) && letters(place) && number(digit) => {
                Some(Self::Aws)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

    fn at(region: &str) -> SdkConfig {
        SdkConfig::builder().region(Region::new(region.to_owned())).build()
    }

    #[test]
    fn endpoints_follow_from_the_region() {
        for (api, region, url, signed) in [
            (Api::ECS, "eu-west-1", "https://ecs.eu-west-1.amazonaws.com", "eu-west-1"),
            (
                Api::CLOUDWATCH,
                "mx-central-1",
                "https://monitoring.mx-central-1.amazonaws.com",
                "mx-central-1",
            ),
            (
                Api::ELB,
                "cn-north-1",
                "https://elasticloadbalancing.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            (Api::EC2, "us-gov-west-1", "https://ec2.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            (Api::STS, "ap-southeast-2", "https://sts.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
            (Api::IAM, "eu-west-1", "https://iam.amazonaws.com", "us-east-1"),
            (Api::IAM, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (Api::IAM, "us-gov-east-1", "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
        ] {
            let expected = Endpoint { url: url.into(), region: signed.into() };
            assert_eq!(find(&api, &at(region)), Ok(expected), "{} in {region}", api.prefix);
        }
    }

    #[test]
    fn what_is_not_known_says_so() {
        for region in ["us-iso-east-1", "us-isob-east-1", "eusc-de-east-1", "eu-west-1.example.com/", ""] {
            let error = find(&Api::APPLICATION_AUTOSCALING, &at(region)).unwrap_err();
            assert!(error.contains(&format!("`{region}`")), "{error}");
            assert!(error.contains("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"), "{error}");
        }
        let nowhere = SdkConfig::builder().build();
        assert_eq!(find(&Api::ECS, &nowhere), Err(NO_REGION.to_owned()));
        let fips = SdkConfig::builder().region(Region::from_static("us-east-1")).use_fips(true).build();
        let error = find(&Api::ELB, &fips).unwrap_err();
        assert!(
            error.starts_with("AWS_USE_FIPS_ENDPOINT is set") && error.contains("_ELASTIC_LOAD_BALANCING_V2")
        );
    }

    #[test]
    fn what_is_said_wins_and_the_region_is_still_signed_for() {
        let local = "http://127.0.0.1:4566";
        let said = |region| SdkConfig::builder().region(Region::new(region)).endpoint_url(local).build();
        for (api, region, signed) in [
            (Api::ECS, "eu-west-1", "eu-west-1"),
            (Api::ECS, "eusc-de-east-1", "eusc-de-east-1"),
            (Api::IAM, "eu-west-1", "us-east-1"),
        ] {
            let expected = Endpoint { url: local.into(), region: signed.into() };
            assert_eq!(find(&api, &said(region)), Ok(expected), "{}", api.prefix);
        }
    }

    /// The variables of `AWS_ENDPOINT_URL_…`, by the services that they are for.
    #[derive(Debug)]
    struct Variables(&'static [(&'static str, &'static str)]);

    impl LoadServiceConfig for Variables {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            assert_eq!(key.env(), "AWS_ENDPOINT_URL");
            self.0.iter().find(|(service, _)| *service == key.service_id()).map(|(_, url)| (*url).to_owned())
        }
    }

    #[test]
    fn a_services_own_variable_is_its_alone() {
        const OWN: &str = "http://127.0.0.1:1";
        let sdk = SdkConfig::builder()
            .region(Region::from_static("eu-west-1"))
            .service_config(Variables(&[("Application Auto Scaling", OWN)]))
            .build();
        let found = |api| find(&api, &sdk).map(|endpoint| endpoint.url);
        assert_eq!(found(Api::APPLICATION_AUTOSCALING), Ok(OWN.to_owned()));
        assert_eq!(found(Api::ECS), Ok("https://ecs.eu-west-1.amazonaws.com".to_owned()));
    }
}
