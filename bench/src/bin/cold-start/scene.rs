//! The deployment that is judged: green and blue on loopback, the AWS endpoint that knows them, and the event.
//!
//! Every run has an endpoint of its own, so that no hook has been answered before.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::{Router, routing::any};
use greenlight_cli::rehearsal::aws::{
    Aws, World,
    codedeploy::Status,
    ecs::Action,
    worlds::{BlueGreen, CodeDeploy, Front, Side},
};
use greenlight_cli::rehearsal::balancer::{Balancer, Options};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;

/// How the verdict is asked for, and given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Ecs,
    CodeDeploy,
    Pause,
}

/// Green's and blue's one task each, which answer at once.
#[derive(Clone, Copy)]
pub(super) struct Application {
    green: SocketAddr,
    blue: SocketAddr,
}

/// One run's surroundings.
pub(super) struct Scene {
    pub(super) aws: Aws,
    pub(super) event: String,
    protocol: Protocol,
    /// The load balancer, which lasts as long as the scene.
    _balancer: Balancer,
}

impl Protocol {
    pub(super) const ALL: [Self; 3] = [Self::Ecs, Self::CodeDeploy, Self::Pause];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::CodeDeploy => "codedeploy",
            Self::Pause => "pause",
        }
    }
}

impl Application {
    pub(super) async fn serve() -> io::Result<Self> {
        // As the tasks of a service, both at one port.
        let green = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let blue = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), green.local_addr()?.port())).await?;
        let addresses = Self { green: green.local_addr()?, blue: blue.local_addr()? };
        for listener in [green, blue] {
            let router = Router::new().fallback(any(async || "hello"));
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        Ok(addresses)
    }

    /// Where green is, for those who are told.
    pub(super) fn url(self) -> String {
        format!("http://{}/", self.green)
    }

    /// The target group that green is in, for those who are told.
    pub(super) fn target_group(self, protocol: Protocol) -> String {
        match protocol {
            Protocol::Ecs | Protocol::Pause => self.blue_green().green_target_group_arn(),
            Protocol::CodeDeploy => self.codedeploy().green_target_group_arn(),
        }
    }

    fn sides(self) -> (Side, Side) {
        (Side::new("4980306466373577095", [self.blue]), Side::new("9313423515462893900", [self.green]))
    }

    fn blue_green(self) -> BlueGreen {
        let (blue, green) = self.sides();
        BlueGreen {
            blue: Some(blue),
            green,
            container_port: self.green.port(),
            front: Some(local()),
            ..BlueGreen::default()
        }
    }

    fn codedeploy(self) -> CodeDeploy {
        let (blue, green) = self.sides();
        CodeDeploy { blue, green, container_port: self.green.port(), front: local(), ..CodeDeploy::default() }
    }

    fn world(self, protocol: Protocol) -> (World, Value) {
        match protocol {
            Protocol::Ecs => {
                let deployment = self.blue_green();
                (deployment.world(), deployment.event())
            }
            Protocol::CodeDeploy => {
                let deployment = self.codedeploy();
                (deployment.world(), deployment.event())
            }
            Protocol::Pause => {
                let mut deployment = self.blue_green();
                let expires_at =
                    Timestamp::now().checked_add(Duration::from_hours(1)).unwrap_or(Timestamp::MAX);
                let event = deployment.pause(expires_at);
                (deployment.world(), event)
            }
        }
    }
}

fn local() -> Front {
    Front { dns_name: "localhost".to_owned(), ..Front::default() }
}

impl Scene {
    pub(super) async fn start(application: Application, protocol: Protocol) -> io::Result<Self> {
        let (world, event) = application.world(protocol);
        let aws = Aws::serve(world).await?;
        let balancer = Balancer::start(&aws, Options { health_checks: None, ..Options::default() }).await?;
        Ok(Self { aws, event: event.to_string(), protocol, _balancer: balancer })
    }

    /// Waits for the call that reports the verdict, and says whether it was to go on. Never ends where the verdict is
    /// the return value.
    pub(super) async fn report(&self) -> bool {
        match self.protocol {
            Protocol::Ecs => std::future::pending().await,
            Protocol::CodeDeploy => {
                self.aws.until(|world| !world.codedeploy.reports.is_empty()).await;
                self.aws.reports().iter().all(|report| report.status == Status::Succeeded)
            }
            Protocol::Pause => {
                self.aws.until(|world| !world.ecs.continues.is_empty()).await;
                self.aws.continues().iter().all(|taken| taken.action == Action::Continue)
            }
        }
    }

    /// The calls of AWS, in order.
    pub(super) fn calls(&self) -> Vec<String> {
        self.aws.calls().into_iter().map(|call| call.operation).collect()
    }
}
