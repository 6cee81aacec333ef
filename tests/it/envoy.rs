//! The check `envoy` end to end: the real hook `health`, green's tasks at addresses of their own, and beside
//! each the answers that a real Envoy gave.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_tests::binaries;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::scene::{Deployment, Scene, Seen};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict;

const SERVER_INFO: &str = include_str!("../../hooks/health/fixtures/envoy/server_info-1.40.0.json");
const LIVE: &str = include_str!("../../hooks/health/fixtures/envoy/stats-live-1.40.0.json");
const REJECTED: &str = include_str!("../../hooks/health/fixtures/envoy/stats-rejected-1.40.0.json");

/// When each of the Envoys started, in seconds since 1970.
const STARTED: i64 = 1_700_000_000;

/// What an Envoy says: its state and its stats.
type Says = (&'static str, &'static str);

/// The admin interfaces beside green's tasks, all on one port.
struct Envoys {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    running: Vec<JoinHandle<()>>,
}

impl Drop for Envoys {
    fn drop(&mut self) {
        for running in &self.running {
            running.abort();
        }
    }
}

impl Envoys {
    /// One at each address; the last says something of its own.
    async fn start(addresses: &[SocketAddr], says: Says, last_says: Says) -> Self {
        let listeners = listen(addresses).await;
        let port = listeners[0].local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let last = listeners.len() - 1;
        let running = listeners.into_iter().enumerate().map(|(index, listener)| {
            let (asked, says) = (Arc::clone(&asked), if index == last { last_says } else { says });
            let answer = async move |request: Request| {
                asked.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
                answer(request.uri().path(), says)
            };
            let router = Router::new().fallback(answer);
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
        });
        let running = running.collect();
        Self { port, asked, running }
    }

    /// How often they were asked; by GET alone.
    fn asked(&self) -> Result<usize, String> {
        let asked = self.asked.lock().unwrap();
        ensure_gets(&asked)?;
        Ok(asked.len())
    }
}

fn ensure_gets(asked: &[String]) -> Outcome {
    ensure!(asked.iter().all(|line| line.starts_with("GET ")), "asked {asked:?}");
    Ok(())
}

fn answer(path: &str, (state, stats): Says) -> Response {
    match path {
        "/server_info" => {
            let uptime = greenlight::clock::wall().as_second() - STARTED;
            let info = SERVER_INFO.replace("\"5s\"", &format!("\"{uptime}s\""));
            info.replace("\"LIVE\"", &format!("\"{state}\"")).into_response()
        }
        "/ready" if state == "LIVE" => "LIVE\n".into_response(),
        "/ready" => (StatusCode::SERVICE_UNAVAILABLE, format!("{state}\n")).into_response(),
        "/stats" => stats.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A listener at each address, on one port that none of them uses yet.
async fn listen(addresses: &[SocketAddr]) -> Vec<TcpListener> {
    loop {
        let mut listeners: Vec<TcpListener> = Vec::new();
        for address in addresses {
            let port = listeners.first().map_or(0, |first| first.local_addr().unwrap().port());
            let Ok(listener) = TcpListener::bind((address.ip(), port)).await else { break };
            listeners.push(listener);
        }
        if listeners.len() == addresses.len() {
            return listeners;
        }
    }
}

/// Changes a scene before it is played.
type Arrange<D> = Box<dyn FnOnce(&mut Scene<D>) + Send>;

/// What is different from a good day.
struct Row<D> {
    says: Says,
    last_says: Says,
    arrange: Arrange<D>,
}

impl<D: Deployment> Row<D> {
    fn saying(says: Says, last_says: Says) -> Self {
        Self { says, last_says, arrange: Box::new(|_| {}) }
    }

    fn arranged(arrange: impl FnOnce(&mut Scene<D>) + Send + 'static) -> Self {
        Self { arrange: Box::new(arrange), ..Self::saying(GOOD, GOOD) }
    }

    /// Plays it; `asked` requests reach the Envoys of green.
    async fn play(
        self,
        verdict: Verdict,
        outcome: &str,
        words: &[&str],
        asked: usize,
    ) -> Result<Seen, String> {
        let mut scene = Scene::<D>::new().await;
        scene.program = binaries::health;
        let envoys = Envoys::start(&scene.green.addresses, self.says, self.last_says).await;
        scene.check_of("envoy", &json!({ "port": envoys.port, "interval": "20ms" }));
        (self.arrange)(&mut scene);
        let seen = scene.play().await;
        seen.found(verdict, outcome, words)?;
        seen.nothing_was_sent()?;
        let were = envoys.asked()?;
        ensure!(were == asked, "the Envoys were asked {were} times; expected {asked}");
        Ok(seen)
    }
}

const GOOD: Says = ("LIVE", LIVE);

#[tokio::test(flavor = "multi_thread")]
async fn the_envoys_of_green_decide() {
    let mut table = Table::default();
    let good = &[
        "all 2 tasks of green are well, e.g.",
        "Envoy 1.40.0 is LIVE with 1 listener, and rejected no update",
    ];
    table.add("live", async {
        // Each is looked at twice, with three requests.
        let seen = Row::<BlueGreen>::saying(GOOD, GOOD).play(Verdict::Proceed, "pass", good, 12).await?;
        let envoys = &seen.evidence()?["checks"][0]["measured"]["envoys"];
        ensure!(envoys.as_object().is_some_and(|envoys| envoys.len() == 2), "the evidence has {envoys}");
        // Whose tasks they are is all that must be known.
        let calls: Vec<_> = seen.calls.iter().map(|call| call.operation.clone()).collect();
        ensure!(!calls.iter().any(|call| call.contains("Rules")), "asked for {calls:?}");
        Ok(())
    });
    table.add("live, deployed by CodeDeploy", async {
        Row::<CodeDeploy>::saying(GOOD, GOOD).play(Verdict::Proceed, "pass", good, 12).await.map(drop)
    });
    table.add("one is draining", async {
        let words = &["task ", "Envoy 1.40.0 is DRAINING", "expected LIVE", "POST /healthcheck/ok"];
        let row = Row::<BlueGreen>::saying(GOOD, ("DRAINING", LIVE));
        row.play(Verdict::Stop, "fail", words, 6).await.map(drop)
    });
    table.add("one is starting", async {
        let words = &["Envoy 1.40.0 is INITIALIZING: it waits for listeners, routes or secrets"];
        let row = Row::<BlueGreen>::saying(GOOD, ("INITIALIZING", LIVE));
        row.play(Verdict::Wait, "pending", words, 6).await.map(drop)
    });
    table.add("an update was rejected before", async {
        let words = &["rejected 1 update of listener_manager.lds before the first reading", "old_rejections"];
        let row = Row::<BlueGreen>::saying(GOOD, ("LIVE", REJECTED));
        row.play(Verdict::Wait, "inconclusive", words, 12).await.map(drop)
    });
    table.add("an update was rejected since an earlier invocation", async {
        let words = &["listener_manager.lds.update_rejected from 0 to 1"];
        let row = Row::<BlueGreen> {
            says: ("LIVE", REJECTED),
            last_says: ("LIVE", REJECTED),
            arrange: Box::new(|scene| read_before(scene, STARTED)),
        };
        // One look is enough: the first lies in that invocation.
        row.play(Verdict::Stop, "fail", words, 6).await.map(drop)
    });
    table.add("restarted since an earlier invocation, and up for longer than it was then", async {
        let words = &["Envoy 1.40.0 was looked at only once since it started"];
        let row = Row::<BlueGreen> {
            says: ("LIVE", REJECTED),
            last_says: ("LIVE", REJECTED),
            arrange: Box::new(|scene| read_before(scene, STARTED - 60)),
        };
        row.play(Verdict::Wait, "inconclusive", words, 6).await.map(drop)
    });
    table.add("nothing listens there", async {
        let row = Row::<BlueGreen>::arranged(|scene| {
            scene.check_of("envoy", &json!({ "port": 1, "interval": "20ms" }));
            scene.without_patience();
        });
        let words = &["(and 1 more of 2): cannot reach 127.", "the connection was refused"];
        row.play(Verdict::Stop, "inconclusive", words, 0).await.map(drop)
    });
    table.add("no task runs yet", async {
        let row = Row::<BlueGreen>::arranged(|scene| {
            scene.alter(|world, _| {
                world.ecs.tasks.iter_mut().for_each(|task| "PENDING".clone_into(&mut task.last_status));
            });
        });
        let words = &["no task of green revision 9313423515462893900 runs yet"];
        row.play(Verdict::Wait, "pending", words, 0).await.map(drop)
    });
    table.play().await;
}

/// The event brings back a reading of a minute ago, in which nothing had been rejected, of Envoys that started then.
fn read_before(scene: &mut Scene<BlueGreen>, started: i64) {
    let at = greenlight::clock::now().checked_sub(Duration::from_mins(1)).unwrap().to_string();
    let green = Some(scene.deployment.green.started_by());
    let tasks = scene.deployment.world().ecs.tasks;
    let ids = tasks.iter().filter(|task| task.started_by == green);
    let ids = ids.filter_map(|task| Some(task.task_arn.rsplit_once('/')?.1.to_owned()));
    let value: Value =
        ids.map(|id| (id, json!({ "u": 1, "s": started }))).collect::<serde_json::Map<_, _>>().into();
    let mut event = scene.deployment.event();
    event["hookDetails"] = json!({"greenlight": {
        "v": 1,
        "place": {"deployment": event["resourceArn"], "stage": event["lifecycleStage"]},
        "since": at,
        "readings": [{ "check": "envoy", "at": at, "value": value }],
    }});
    scene.event = Some(event);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_aws_are_skipped() {
    let mut table = Table::default();
    table.add("App Mesh", async {
        let row = Row::<BlueGreen>::arranged(|scene| {
            scene.alter(|world, _| {
                for revision in &mut world.ecs.service_revisions {
                    "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.12.1-prod"
                        .clone_into(&mut revision.container_images[0].image);
                }
            });
        });
        let words = &["container `app` of green is the Envoy of AWS App Mesh, which ended on 2026-09-30"];
        row.play(Verdict::Stop, "skip", words, 0).await.map(drop)
    });
    table.add("App Mesh, deployed by CodeDeploy", async {
        // No revision tells the images there, but the tasks do.
        let row = Row::<CodeDeploy>::arranged(|scene| {
            scene.alter(|world, _| {
                for container in world.ecs.tasks.iter_mut().flat_map(|task| &mut task.containers) {
                    container.image = Some("mirror/aws-appmesh-envoy:v1.29.12.1-prod".to_owned());
                }
            });
        });
        row.play(Verdict::Stop, "skip", &["the Envoy of AWS App Mesh"], 0).await.map(drop)
    });
    table.add("Service Connect", async {
        let row = Row::<BlueGreen>::arranged(|scene| {
            in_service_connect(scene);
            scene.check_of("envoy", &json!({ "port": 1, "interval": "20ms" }));
        });
        let words = &[
            "green's only proxy is the one that Service Connect manages",
            "the check `tasks` judges its health",
        ];
        row.play(Verdict::Stop, "skip", words, 0).await.map(drop)
    });
    table.add("Service Connect, with an Envoy of their own", async {
        let words = &["all 2 tasks of green are well"];
        Row::<BlueGreen>::arranged(in_service_connect)
            .play(Verdict::Proceed, "pass", words, 12)
            .await
            .map(drop)
    });
    table.play().await;
}

fn in_service_connect(scene: &mut Scene<BlueGreen>) {
    scene.alter(|world, _| {
        for revision in &mut world.ecs.service_revisions {
            revision.service_connect_configuration = Some(json!({ "enabled": true, "namespace": "shop" }));
        }
    });
}
