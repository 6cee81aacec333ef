//! From the event to green and back: the test route is found, proven and asked; where it does not lead to
//! green, nobody is asked and the reason says whose tasks are there.
//!
//! No scene here has a plan, but for the authority of those that speak TLS.

use greenlight_cli::rehearsal::aws::World;
use greenlight_cli::rehearsal::aws::elb::{Action, Condition, HealthCheck, Rule};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front, Route};
use greenlight_cli::rehearsal::balancer::AnsweredBy;

use crate::scene::Seen;
use crate::scene::{Deployment, Scene, local, pause};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop};

/// What the hook asks for when nobody asks for more.
const REQUESTS: usize = 10;
const BLUE: &str = "of blue revision 4980306466373577095";

/// Ways that test traffic comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A rule with four conditions at a plain listener of an Application Load Balancer.
    Conditions,
    /// Rules that differ by host, at the one TLS listener.
    Secure,
    /// A Network Load Balancer's listener, HTTP inside.
    Network,
    /// The same with TLS.
    SecureNetwork,
}

impl Way {
    const ALL: [Self; 4] = [Self::Conditions, Self::Secure, Self::Network, Self::SecureNetwork];

    fn is_secure(self) -> bool {
        matches!(self, Self::Secure | Self::SecureNetwork)
    }

    fn has_rules(self) -> bool {
        matches!(self, Self::Conditions | Self::Secure)
    }

    fn front(self) -> Front {
        let front = match self {
            Self::Conditions | Self::Secure => Front::default(),
            Self::Network | Self::SecureNetwork => Front::network(),
        };
        let health_check = HealthCheck {
            protocol: "HTTP".to_owned(),
            path: Some(if self == Self::Conditions { "/orders/ping" } else { "/ping" }.to_owned()),
            matcher: Some("200".to_owned()),
            ..HealthCheck::default()
        };
        let (production, test) = (front.production.clone(), front.test.clone().unwrap());
        let (production, test) = match self {
            Self::Conditions => (production, Route { conditions: conditions(), ..test }),
            Self::Secure => {
                let route = |host: &str, priority, weights| Route {
                    protocol: "HTTPS".to_owned(),
                    port: 443,
                    certificate: vec!["orders.example.com".to_owned(), "*.orders.example.com".to_owned()],
                    conditions: vec![Condition::HostHeader(vec![host.to_owned()])],
                    priority,
                    weights,
                };
                (route("orders.example.com", 10, (100, 0)), route("green.orders.example.com", 20, (0, 100)))
            }
            Self::Network => (production, test),
            Self::SecureNetwork => {
                let tls = |route: Route| Route {
                    protocol: "TLS".to_owned(),
                    certificate: vec!["green.orders.example.com".to_owned()],
                    ..route
                };
                (tls(production), tls(test))
            }
        };
        local(Front { production, test: Some(test), health_check, ..front })
    }

    async fn scene(self) -> Scene<BlueGreen> {
        let mut scene = Scene::<BlueGreen>::new().await;
        scene.deployment.front = Some(self.front());
        if self.is_secure() {
            scene.trust();
        }
        scene
    }

    /// The host and the path of every request.
    fn asks_for(self) -> (&'static str, &'static str) {
        match self {
            Self::Conditions => ("green.orders.example.com", "/orders/ping?preview=yes"),
            Self::Secure | Self::SecureNetwork => ("green.orders.example.com", "/ping"),
            Self::Network => ("localhost", "/ping"),
        }
    }

    /// Ten requests of this kind reached green, and the reason says so.
    fn reached(self, seen: &Seen) -> Outcome {
        let (host, path) = self.asks_for();
        let scheme = if self.is_secure() { "https" } else { "http" };
        let plain_path = path.split('?').next().unwrap_or_default();
        let url = format!("{scheme}://{host}{plain_path}");
        seen.found(Proceed, "pass", &["check `http` passed: 10 answers from", &url, "status 200"])?;
        seen.only_green_was_asked(REQUESTS)?;
        for got in &seen.green {
            ensure!(got.header("host") == Some(host), "the host was {:?}", got.header("host"));
            ensure!(got.path == path, "the path was {}", got.path);
            ensure!(got.method == "GET", "the method was {}", got.method);
            let told = got.header("x-stage");
            ensure!((self != Self::Conditions) || told == Some("green"), "`x-stage` was {told:?}");
        }
        let through = |entry: &&greenlight_cli::rehearsal::balancer::Entry| {
            entry.answered_by == AnsweredBy::Target
                && entry.target_group.as_deref().is_some_and(|group| group.contains("/orders-2/"))
        };
        let asked = seen.balanced.iter().filter(through).count();
        ensure!(asked == seen.balanced.len() && asked > 0, "the load balancer noted {:?}", seen.balanced);
        Ok(())
    }
}

fn conditions() -> Vec<Condition> {
    vec![
        Condition::HostHeader(vec!["green.orders.example.com".to_owned()]),
        Condition::PathPattern(vec!["/orders/*".to_owned()]),
        Condition::HttpHeader("X-Stage".to_owned(), vec!["green".to_owned()]),
        Condition::QueryString(vec![(Some("preview".to_owned()), "yes".to_owned())]),
    ]
}

/// Somebody's infrastructure code has set the test route back to blue.
fn drift(front: &mut Front) {
    front.test.as_mut().unwrap().weights = (100, 0);
}

/// A rule of another team, before all others of the listener: its ARN.
fn in_the_way(world: &mut World, listener: &str) -> String {
    let arn = format!("{}/00000000000000ff", listener.replacen(":listener/", ":listener-rule/", 1));
    world.elb.rules.push(Rule {
        arn: arn.clone(),
        priority: 3,
        conditions: vec![Condition::PathPattern(vec![
            "/orders/*".to_owned(),
            "/p*".to_owned(),
            "/".to_owned(),
        ])],
        actions: vec![Action::FixedResponse { status: 200, body: "another team".to_owned() }],
        transforms: Vec::new(),
    });
    arn
}

/// The ARN that [`in_the_way`] gives.
fn way_arn(listener: &str) -> String {
    in_the_way(&mut World::default(), listener)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_alone_leads_to_green() {
    let mut table = Table::default();
    for way in Way::ALL {
        table.add(format!("ecs × {way:?}"), async move { way.reached(&way.scene().await.play().await) });
    }
    table.add("a PAUSE event", async {
        let mut scene = Way::Conditions.scene().await;
        pause(&mut scene);
        let seen = scene.play().await;
        ensure!(seen.continues.len() == 1, "{} answers to ECS", seen.continues.len());
        Way::Conditions.reached(&seen)
    });
    table.add("codedeploy", async {
        let mut scene = Scene::<CodeDeploy>::new().await;
        scene.deployment.front.health_check.path = Some("/ping".to_owned());
        let seen = scene.play().await;
        ensure!(seen.evidence()?["stage"] == "POST_TEST_TRAFFIC_SHIFT", "{}", seen.evidence()?["stage"]);
        Way::Network.reached(&seen)
    });
    table.add("codedeploy × TLS", async {
        let mut scene = Scene::<CodeDeploy>::new().await;
        let front = &mut scene.deployment.front;
        front.health_check.path = Some("/ping".to_owned());
        for route in [&mut front.production].into_iter().chain(front.test.as_mut()) {
            route.protocol = "HTTPS".to_owned();
            route.certificate = vec!["green.orders.example.com".to_owned()];
        }
        scene.trust();
        Way::Secure.reached(&scene.play().await)
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_leads_to_blue_stops_and_says_whose_tasks_answer() {
    let mut table = Table::default();
    for way in Way::ALL {
        table.add(format!("ecs × {way:?}"), async move {
            let mut scene = way.scene().await;
            scene.deployment.front.as_mut().map(drift).unwrap();
            let blue = scene.blue.addresses[0].to_string();
            let entrance =
                if way.has_rules() { "the test rule sends 100 % to" } else { "the test listener sends" };
            let seen = scene.play().await;
            seen.found(Stop, "fail", &[entrance, &blue, BLUE, "expected all of it to `orders-2`"])?;
            seen.nothing_was_sent()
        });
    }
    table.add("a PAUSE event", async {
        let mut scene = Way::Conditions.scene().await;
        scene.deployment.front.as_mut().map(drift).unwrap();
        pause(&mut scene);
        let seen = scene.play().await;
        seen.found(Stop, "fail", &["the test rule sends 100 % to", BLUE])?;
        seen.nothing_was_sent()
    });
    table.add("codedeploy", async {
        let mut scene = Scene::<CodeDeploy>::new().await;
        drift(&mut scene.deployment.front);
        let blue = scene.blue.addresses[0].to_string();
        let seen = scene.play().await;
        seen.found(Stop, "fail", &["the test listener sends 100 % to", &blue, BLUE])?;
        seen.nothing_was_sent()
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_in_the_way_stops_at_once_and_is_named() {
    let mut table = Table::default();
    for way in [Way::Conditions, Way::Secure] {
        table.add(format!("ecs × {way:?}"), async move {
            let mut scene = way.scene().await;
            let listener = scene.deployment.test_listener_arn().unwrap();
            blocked(&mut scene, &listener);
            stopped_by(&scene.play().await, &way_arn(&listener))
        });
    }
    table.add("a PAUSE event", async {
        let mut scene = Way::Conditions.scene().await;
        let listener = scene.deployment.test_listener_arn().unwrap();
        blocked(&mut scene, &listener);
        pause(&mut scene);
        stopped_by(&scene.play().await, &way_arn(&listener))
    });
    table.add("codedeploy", async {
        let mut scene = Scene::<CodeDeploy>::new().await;
        let listener = scene.deployment.test_listener_arn().unwrap();
        blocked(&mut scene, &listener);
        stopped_by(&scene.play().await, &way_arn(&listener))
    });
    table.play().await;
}

fn blocked<D: Deployment>(scene: &mut Scene<D>, listener: &str) {
    let listener = listener.to_owned();
    scene.alter(move |world, _| {
        in_the_way(world, &listener);
    });
}

fn stopped_by(seen: &Seen, rule: &str) -> Outcome {
    seen.found(
        Stop,
        "inconclusive",
        &[rule, "takes it first (priority 3: path-pattern", "answers `200` by itself"],
    )?;
    seen.nothing_was_sent()
}
