//! `DescribeListeners` and `DescribeListenerCertificates`.

use serde_json::{Value, json};

use super::input::{expect_arn, given, no_resource, page, texts, validation_error};
use super::{Listener, SERVICE, State, action, load_balancer};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// `DescribeListeners`.
pub static DESCRIBE_LISTENERS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeListeners",
    action: "DescribeListeners",
    resource: no_resource,
    run: describe_listeners,
};

/// `DescribeListenerCertificates`.
pub static DESCRIBE_LISTENER_CERTIFICATES: Operation = Operation {
    service: &SERVICE,
    name: "DescribeListenerCertificates",
    action: "DescribeListenerCertificates",
    resource: no_resource,
    run: describe_listener_certificates,
};

fn describe_listeners(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let page = page(world, DESCRIBE_LISTENERS.name, input)?;
    let (balancer, arns) = (given(input, "LoadBalancerArn"), texts(input, "ListenerArns"));
    let state = &world.elb;
    let found: Vec<&Listener> = match (balancer, arns.is_empty()) {
        (None, true) => {
            return Err(validation_error("You must specify either listener ARNs or a load balancer ARN"));
        }
        (Some(_), false) => {
            return Err(validation_error(
                "Listener ARNs and a load balancer ARN cannot be specified at the same time",
            ));
        }
        (Some(arn), true) => {
            expect_arn(arn, "loadbalancer", "load balancer")?;
            if !state.load_balancers.iter().any(|known| known.arn == arn) {
                return Err(load_balancer::not_found(format!("Load balancer '{arn}' not found")));
            }
            state.listeners_of(arn).collect()
        }
        (None, false) => arns.into_iter().map(|arn| state.listener(arn)).collect::<Result<_, _>>()?,
    };
    let (page, next) = page.take(found.into_iter().map(Listener::rendered));
    Ok(render(&json!({"Listeners": page, "NextMarker": next})))
}

fn describe_listener_certificates(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let page = page(world, DESCRIBE_LISTENER_CERTIFICATES.name, input)?;
    let arn =
        given(input, "ListenerArn").ok_or_else(|| validation_error("A listener ARN must be specified"))?;
    let listener = world.elb.listener(arn)?;
    let all = listener.certificates.iter().enumerate();
    let (page, next) =
        page.take(all.map(|(index, arn)| json!({"CertificateArn": arn, "IsDefault": index == 0})));
    Ok(render(&json!({"Certificates": page, "NextMarker": next})))
}

impl State {
    pub(super) fn listener(&self, arn: &str) -> Result<&Listener, AwsError> {
        expect_arn(arn, "listener", "listener")?;
        self.listeners
            .iter()
            .find(|known| known.arn == arn)
            .ok_or_else(|| AwsError::client("ListenerNotFound", "One or more listeners not found"))
    }
}

impl Listener {
    fn rendered(&self) -> Value {
        let secure = matches!(&*self.protocol, "HTTPS" | "TLS");
        // Only the default certificate stands here, and it does not say that it is the default.
        let certificates: Vec<Value> =
            self.certificates.iter().take(1).map(|arn| json!({"CertificateArn": arn})).collect();
        json!({
            "ListenerArn": self.arn,
            "LoadBalancerArn": self.load_balancer_arn(),
            "Port": self.port,
            "Protocol": self.protocol,
            "Certificates": secure.then_some(certificates),
            "SslPolicy": secure.then_some("ELBSecurityPolicy-TLS13-1-2-2021-06"),
            "DefaultActions": action::Shape::all(&self.default_actions),
            "MutualAuthentication": (self.protocol == "HTTPS").then(|| json!({"Mode": "off"})),
        })
    }
}
