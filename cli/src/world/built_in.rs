//! The local world that a command looks into where nobody names another: the event's own deployment,
//! behind a load balancer with a test rule, as a service of that name would have it.
//!
//! Where a hook is to reach green there, the load balancer and the applications really run, on addresses
//! of the loopback: green says that it is 2.0, blue that it is 1.0.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use serde_json::Value;

use crate::rehearsal::{
    application::Application,
    aws::{
        World,
        ecs::LifecycleHookDetail,
        elb::{Condition, HealthCheck},
        worlds::{BlueGreen, CodeDeploy, Front, Side},
    },
};

/// Where applications listen that nobody starts.
const NOBODY: u16 = 8080;

/// The tasks of blue and green.
struct Tasks {
    blue: Vec<SocketAddr>,
    green: Vec<SocketAddr>,
}

/// The world of an event; an empty one where the event is of no known shape.
pub(super) fn of_event(event: Option<&Value>, lifecycle_event: Option<&str>) -> World {
    let at = |network: u8| (1..=2).map(|host| SocketAddr::new(address(network, host), NOBODY)).collect();
    of(event, lifecycle_event, &Tasks { blue: at(1), green: at(2) })
}

/// The same, with applications that run for as long as they are kept.
pub(super) async fn running(
    event: Option<&Value>,
    lifecycle_event: Option<&str>,
) -> io::Result<(World, Vec<Application>)> {
    let mut applications = Vec::new();
    let mut tasks = Tasks { blue: Vec::new(), green: Vec::new() };
    for (network, version, addresses) in [(1, "1.0", &mut tasks.blue), (2, "2.0", &mut tasks.green)] {
        for host in 1..=2 {
            let application = Application::start(address(network, host), version).await?;
            addresses.push(application.address());
            applications.push(application);
        }
    }
    Ok((of(event, lifecycle_event, &tasks), applications))
}

/// Tasks have addresses of their own, as on AWS: that is what tells blue's from green's.
fn address(network: u8, host: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, network, host).into()
}

fn of(event: Option<&Value>, lifecycle_event: Option<&str>, tasks: &Tasks) -> World {
    let Some(event) = event else { return World::default() };
    let blue = |side: Option<Side>| side.map(|side| Side::new(side.id, tasks.blue.clone()));
    if let Some(id) = event["DeploymentId"].as_str() {
        let standard = CodeDeploy::default();
        let event = lifecycle_event.unwrap_or("AfterAllowTestTraffic").to_owned();
        let front = front("orders", &event);
        return CodeDeploy {
            deployment: id.to_owned(),
            blue: Side::new(standard.blue.id.clone(), tasks.blue.clone()),
            green: Side::new(standard.green.id.clone(), tasks.green.clone()),
            event,
            front,
            ..standard
        }
        .world();
    }
    let Some(standard) = BlueGreen::of_event(event).or_else(|| of_pause(event)) else {
        return World::default();
    };
    BlueGreen {
        blue: blue(standard.blue.clone()).filter(|_| !is_create(event)),
        green: Side::new(standard.green.id.clone(), tasks.green.clone()),
        front: Some(front(&standard.service, &standard.stage)),
        ..standard
    }
    .world()
}

/// A PAUSE hook's event names the deployment and no revision.
fn of_pause(event: &Value) -> Option<BlueGreen> {
    let detail = &event["detail"];
    let deployment = detail["serviceDeploymentArn"].as_str()?;
    let green = format!(
        "{}/{}",
        deployment.replace(":service-deployment/", ":service-revision/").rsplit_once('/')?.0,
        BlueGreen::default().green.id
    );
    let standard = BlueGreen::of_event(&serde_json::json!({
        "resourceArn": deployment,
        "executionDetails": { "targetServiceRevisionArn": green },
        "lifecycleStage": detail["lifecycleStage"],
    }))?;
    let hook = LifecycleHookDetail {
        hook_id: detail["hookId"].as_str().unwrap_or_default().to_owned(),
        target_type: "PAUSE".to_owned(),
        status: "AWAITING_ACTION".to_owned(),
        expires_at: detail["expiresAt"].as_str().and_then(|time| time.parse().ok()),
        timeout_action: Some("ROLLBACK".to_owned()),
        ..LifecycleHookDetail::default()
    };
    Some(BlueGreen { hooks: vec![hook], ..standard })
}

/// A shift whose weights name green alone is that of a create.
fn is_create(event: &Value) -> bool {
    let weights = &event["executionDetails"]["productionTrafficWeights"];
    weights.as_object().is_some_and(|weights| weights.len() == 1)
}

/// An Application Load Balancer: production takes what comes, tests take what a header asks for.
fn front(service: &str, stage: &str) -> Front {
    let standard = Front::default();
    let shifted = matches!(stage, "POST_PRODUCTION_TRAFFIC_SHIFT" | "AfterAllowTraffic");
    let before_tests = matches!(
        stage,
        "RECONCILE_SERVICE"
            | "PRE_SCALE_UP"
            | "POST_SCALE_UP"
            | "TEST_TRAFFIC_SHIFT"
            | "BeforeInstall"
            | "AfterInstall"
    );
    let mut front = Front {
        dns_name: "localhost".to_owned(),
        health_check: HealthCheck { path: Some("/ping".to_owned()), ..HealthCheck::default() },
        ..standard
    };
    if shifted {
        front.production.weights = (0, 100);
    }
    if let Some(test) = &mut front.test {
        test.weights = if before_tests { (100, 0) } else { (0, 100) };
        test.conditions = vec![
            Condition::HostHeader(vec![format!("{service}.example.com")]),
            Condition::HttpHeader("x-test-traffic".to_owned(), vec!["green".to_owned()]),
        ];
    }
    front
}
