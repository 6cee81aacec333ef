//! The runs: for each hook and protocol, deployments that together need everything that the hook may call.

use greenlight_cli::rehearsal::aws::cloudwatch::DESCRIBE_ALARMS;
use greenlight_cli::rehearsal::aws::elb::DESCRIBE_TARGET_GROUPS;
use greenlight_cli::rehearsal::aws::iam::{Policy, Role};
use greenlight_cli::rehearsal::aws::secrets_manager::Secret;
use greenlight_cli::rehearsal::aws::ssm::Parameter;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front};
use greenlight_cli::rehearsal::aws::{AwsError, Fault, Times, World};
use greenlight_tests::binaries;
use serde_json::{Value, json};
use std::time::Duration;

use super::{Case, Run};
use crate::metrics::{self, Minute};
use crate::scene::{Deployment, Scene, Seen, local, pause};

const SERVICE: &str = "arn:aws:ecs:us-east-1:123456789012:service/shop/orders";
const OF_ECS: &[&str] = &["--service", SERVICE];
const OF_PAUSE: &[&str] = &["--service", SERVICE, "--protocol", "pause"];
const OF_CODEDEPLOY: &[&str] =
    &["--service", SERVICE, "--application", "orders", "--deployment-group", "orders-production"];
/// The plan of `test-traffic` is kept in Parameter Store.
const KEPT: [&str; 2] = ["--plan-parameter", "/greenlight/{service}"];

pub(super) const ECS: &[Case] = &[
    Case { hook: "health", arguments: OF_ECS, plan: None, runs: HEALTH_OF_ECS },
    Case {
        hook: "test-traffic",
        arguments: &[OF_ECS[0], OF_ECS[1], KEPT[0], KEPT[1]],
        plan: Some(with_secrets),
        runs: &[
            ("a good day", |policy| Box::pin(good_traffic::<BlueGreen>(policy, |_| {}))),
            ("TLS", |policy| Box::pin(good_traffic::<BlueGreen>(policy, secure))),
            ("no load balancer", |policy| {
                Box::pin(good_traffic::<BlueGreen>(policy, |scene| scene.deployment.front = None))
            }),
        ],
    },
    Case {
        hook: "metrics",
        arguments: OF_ECS,
        plan: None,
        runs: &[("a good day", |policy| Box::pin(async { metrics_of_ecs(policy, |_| {}).await }))],
    },
    Case {
        hook: "preflight",
        arguments: OF_ECS,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(preflight(policy, |_| {}))),
            ("a Network Load Balancer", |policy| Box::pin(preflight(policy, network))),
            ("a role that may not invoke", |policy| Box::pin(preflight(policy, may_not_invoke))),
        ],
    },
];

pub(super) const PAUSE: &[Case] = &[
    Case {
        hook: "preflight",
        arguments: OF_PAUSE,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(preflight(policy, pause))),
            ("a Network Load Balancer", |policy| {
                Box::pin(preflight(policy, |scene| {
                    network(scene);
                    pause(scene);
                }))
            }),
            ("a role that may not invoke", |policy| {
                Box::pin(preflight(policy, |scene| {
                    may_not_invoke(scene);
                    pause(scene);
                }))
            }),
            ("a wait", |policy| {
                Box::pin(preflight(policy, |scene| {
                    pause(scene);
                    short_of_answers(scene);
                }))
            }),
        ],
    },
    Case {
        hook: "health",
        arguments: OF_PAUSE,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(health::<BlueGreen>(policy, pause))),
            ("trouble", |policy| {
                Box::pin(health::<BlueGreen>(policy, |scene| {
                    trouble(scene, |deployment| deployment.front.as_mut());
                    pause(scene);
                }))
            }),
            ("no load balancer", |policy| {
                Box::pin(health::<BlueGreen>(policy, |scene| {
                    scene.deployment.front = None;
                    pause(scene);
                }))
            }),
            ("a wait", |policy| {
                Box::pin(health::<BlueGreen>(policy, |scene| {
                    pause(scene);
                    waiting(scene);
                }))
            }),
        ],
    },
    Case {
        hook: "metrics",
        arguments: OF_PAUSE,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(async { metrics_of_ecs(policy, paused).await })),
            ("a wait", |policy| {
                Box::pin(async {
                    let arrange = |scene: &mut Scene<BlueGreen>| {
                        pause(scene);
                        no_alarms_told(scene);
                    };
                    metrics_of_ecs(policy, arrange).await
                })
            }),
        ],
    },
    Case {
        hook: "test-traffic",
        arguments: &[OF_PAUSE[0], OF_PAUSE[1], OF_PAUSE[2], OF_PAUSE[3], KEPT[0], KEPT[1]],
        plan: Some(with_secrets),
        runs: &[
            ("a good day", |policy| Box::pin(good_traffic::<BlueGreen>(policy, pause))),
            ("TLS", |policy| {
                Box::pin(good_traffic::<BlueGreen>(policy, |scene| {
                    secure(scene);
                    pause(scene);
                }))
            }),
            ("no load balancer", |policy| {
                Box::pin(good_traffic::<BlueGreen>(policy, |scene| {
                    scene.deployment.front = None;
                    pause(scene);
                }))
            }),
            ("a wait", |policy| {
                Box::pin(traffic::<BlueGreen>(policy, |scene| {
                    pause(scene);
                    waiting(scene);
                }))
            }),
        ],
    },
];

pub(super) const CODEDEPLOY: &[Case] = &[
    Case {
        hook: "preflight",
        arguments: OF_CODEDEPLOY,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(preflight_of_codedeploy(policy, |_| {}))),
            ("a wait", |policy| Box::pin(preflight_of_codedeploy(policy, short_of_answers))),
        ],
    },
    Case {
        hook: "health",
        arguments: OF_CODEDEPLOY,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(health::<CodeDeploy>(policy, |_| {}))),
            ("trouble", |policy| {
                Box::pin(health::<CodeDeploy>(policy, |scene| {
                    trouble(scene, |deployment| Some(&mut deployment.front));
                }))
            }),
            ("a wait", |policy| Box::pin(health::<CodeDeploy>(policy, waiting))),
        ],
    },
    Case {
        hook: "metrics",
        arguments: OF_CODEDEPLOY,
        plan: None,
        runs: &[
            ("a good day", |policy| Box::pin(async { metrics_of_codedeploy(policy, |_| {}).await })),
            ("a wait", |policy| Box::pin(async { metrics_of_codedeploy(policy, no_alarms_told).await })),
        ],
    },
    Case {
        hook: "test-traffic",
        arguments: &[
            OF_CODEDEPLOY[0],
            OF_CODEDEPLOY[1],
            OF_CODEDEPLOY[2],
            OF_CODEDEPLOY[3],
            OF_CODEDEPLOY[4],
            OF_CODEDEPLOY[5],
            KEPT[0],
            KEPT[1],
        ],
        plan: Some(with_secrets),
        runs: &[
            ("a good day", |policy| Box::pin(good_traffic::<CodeDeploy>(policy, |_| {}))),
            ("TLS", |policy| {
                Box::pin(good_traffic::<CodeDeploy>(policy, |scene| {
                    let front = &mut scene.deployment.front;
                    for route in [&mut front.production].into_iter().chain(front.test.as_mut()) {
                        "HTTPS".clone_into(&mut route.protocol);
                        route.certificate = vec!["green.orders.example.com".to_owned()];
                    }
                }))
            }),
            ("a wait", |policy| Box::pin(traffic::<CodeDeploy>(policy, waiting))),
        ],
    },
];

const HEALTH_OF_ECS: &[(&str, Run)] = &[
    ("a good day", |policy| Box::pin(health::<BlueGreen>(policy, |_| {}))),
    ("trouble", |policy| {
        Box::pin(health::<BlueGreen>(policy, |scene| trouble(scene, |deployment| deployment.front.as_mut())))
    }),
    ("no load balancer", |policy| {
        Box::pin(health::<BlueGreen>(policy, |scene| scene.deployment.front = None))
    }),
];

/// Puts the policy in force.
fn behind<D: Deployment>(scene: &mut Scene<D>, policy: Option<Policy>) {
    scene.alter(|world, _| world.iam.caller = policy.map(|policy| vec![policy]));
    // A report that is denied is tried for as long as there is time.
    scene.timeout = scene.timeout.min(Duration::from_secs(6));
}

async fn health<D: Deployment>(policy: Option<Policy>, arrange: impl FnOnce(&mut Scene<D>)) -> Seen {
    let mut scene = Scene::<D>::new().await;
    scene.program = binaries::health;
    scene.without_patience();
    arrange(&mut scene);
    behind(&mut scene, policy);
    scene.play().await
}

/// Before anything is started.
async fn preflight(policy: Option<Policy>, arrange: fn(&mut Scene<BlueGreen>)) -> Seen {
    let mut scene = Scene::<BlueGreen>::new().await;
    scene.program = binaries::preflight;
    scene.without_patience();
    scene.deployment.stage = "PRE_SCALE_UP".to_owned();
    if let Some(front) = &mut scene.deployment.front {
        front.production.weights = (100, 0);
    }
    arrange(&mut scene);
    behind(&mut scene, policy);
    scene.play().await
}

async fn preflight_of_codedeploy(policy: Option<Policy>, arrange: fn(&mut Scene<CodeDeploy>)) -> Seen {
    let mut scene = Scene::<CodeDeploy>::new().await;
    scene.program = binaries::preflight;
    scene.without_patience();
    arrange(&mut scene);
    behind(&mut scene, policy);
    scene.play().await
}

fn network(scene: &mut Scene<BlueGreen>) {
    let mut front = local(Front::network());
    front.production.weights = (100, 0);
    scene.deployment.front = Some(front);
}

fn may_not_invoke(scene: &mut Scene<BlueGreen>) {
    scene.alter(|world, _| {
        let is_it = |role: &&mut Role| role.role_name == "ecs-hooks";
        world.iam.roles.iter_mut().filter(is_it).for_each(|role| role.policies.clear());
    });
}

/// Nobody tells of target groups, for a reason that may pass.
fn short_of_answers<D: Deployment>(scene: &mut Scene<D>) {
    let error = AwsError::client("InternalFailure", "try again");
    scene.fault(&DESCRIBE_TARGET_GROUPS, Fault::Error(error), Times::Always);
    short_of_time(scene);
}

/// Everything that makes a check ask for more than usual.
fn trouble<D: Deployment>(scene: &mut Scene<D>, front: fn(&mut D) -> Option<&mut Front>) {
    if let Some(test) = front(&mut scene.deployment).and_then(|front| front.test.as_mut()) {
        "HTTPS".clone_into(&mut test.protocol);
        test.certificate = vec!["orders.example.com".to_owned()];
    }
    scene.alter(|world, _| {
        world.ecs.tasks.iter_mut().for_each(|task| "UNHEALTHY".clone_into(&mut task.health_status));
        for target in world.elb.target_groups.iter_mut().flat_map(|group| &mut group.targets) {
            "unhealthy".clone_into(&mut target.state);
        }
    });
}

/// Nothing is registered yet, and the function's time is short: it invokes itself.
fn waiting<D: Deployment>(scene: &mut Scene<D>) {
    scene.alter(|world, _| world.elb.target_groups.iter_mut().for_each(|group| group.targets.clear()));
    short_of_time(scene);
}

fn short_of_time<D: Deployment>(scene: &mut Scene<D>) {
    scene.plan_key("patience", json!("4s"));
    scene.timeout = Duration::from_secs(3);
    scene.variables.push(("GREENLIGHT_RESERVE_MS", "500".to_owned()));
}

/// A plan whose headers are secrets.
fn with_secrets() -> Value {
    let header = |reference: &str| json!({"secret": reference});
    json!({"checks": [{"http": {
        "path": "/ping",
        "headers": {"x-token": header("ssm:/orders/token"), "x-probe": header("secretsmanager:orders/probe#key")},
        "allow_plaintext": true,
    }}]})
}

async fn good_traffic<D: Deployment>(policy: Option<Policy>, arrange: impl FnOnce(&mut Scene<D>)) -> Seen {
    let without_patience = |scene: &mut Scene<D>| {
        scene.without_patience();
        arrange(scene);
    };
    traffic(policy, without_patience).await
}

/// The plan is kept in Parameter Store, with what the scene says besides.
async fn traffic<D: Deployment>(policy: Option<Policy>, arrange: impl FnOnce(&mut Scene<D>)) -> Seen {
    let mut scene = Scene::<D>::new().await;
    scene.plan = with_secrets();
    arrange(&mut scene);
    scene.trust();
    let plan = std::mem::take(&mut scene.plan).to_string();
    scene.variables.push(("GREENLIGHT_PLAN", "ssm:/greenlight/{service}".to_owned()));
    scene.alter(move |world: &mut World, _| {
        let mut keep = |name: &str, value: String| {
            world.ssm.parameters.insert(name.to_owned(), Parameter::String(value));
        };
        keep("/greenlight/orders", plan);
        keep("/orders/token", "tok".to_owned());
        let secret = Secret::String(json!({"key": "value"}).to_string());
        world.secrets_manager.secrets.insert("orders/probe".to_owned(), secret);
    });
    behind(&mut scene, policy);
    scene.play().await
}

/// The test listener speaks TLS, and no rule tells its host.
fn secure(scene: &mut Scene<BlueGreen>) {
    if let Some(front) = &mut scene.deployment.front {
        for route in [&mut front.production].into_iter().chain(front.test.as_mut()) {
            "HTTPS".clone_into(&mut route.protocol);
            route.certificate = vec!["orders.example.com".to_owned()];
        }
    }
}

async fn metrics_of_ecs(policy: Option<Policy>, arrange: impl FnOnce(&mut Scene<BlueGreen>)) -> Seen {
    let mut scene = metrics::shifted().await;
    metrics::green(&mut scene, 5, Minute { requests: 1000, ..Minute::default() });
    metrics::own_alarms(&mut scene, vec![metrics::alarm("a", "OK", 90)]);
    impatient(&mut scene);
    arrange(&mut scene);
    behind(&mut scene, policy);
    scene.play().await
}

/// The checks of the hook's own plan, without the patience that one of them has there.
fn impatient<D: Deployment>(scene: &mut Scene<D>) {
    scene.without_patience();
    scene.plan_key("checks", json!([{"alarms": {}}, {"metric": {"of": "error_rate", "max": "1%"}}]));
}

async fn metrics_of_codedeploy(policy: Option<Policy>, arrange: impl FnOnce(&mut Scene<CodeDeploy>)) -> Seen {
    use greenlight_cli::rehearsal::aws::codedeploy::{AlarmConfiguration, Named};
    let mut scene = metrics::shifted_by_codedeploy().await;
    metrics::green(&mut scene, 5, Minute { requests: 1000, ..Minute::default() });
    scene.alter(|world, _| {
        world.cloudwatch.metric_alarms = vec![metrics::alarm("a", "OK", 90)];
        for group in &mut world.codedeploy.deployment_groups {
            group.alarm_configuration = Some(AlarmConfiguration {
                enabled: true,
                alarms: vec![Named { name: "a".to_owned() }],
                ..AlarmConfiguration::default()
            });
        }
    });
    impatient(&mut scene);
    arrange(&mut scene);
    behind(&mut scene, policy);
    scene.play().await
}

/// A PAUSE hook that has been waited at for ten minutes, as the event of a link tells.
fn paused(scene: &mut Scene<BlueGreen>) {
    pause(scene);
    let since = greenlight::clock::now().checked_sub(Duration::from_mins(10)).unwrap();
    let event = scene.event.as_mut().unwrap();
    let detail = &event["detail"];
    let place = json!({
        "deployment": detail["serviceDeploymentArn"], "stage": detail["lifecycleStage"], "hook": detail["hookId"],
    });
    event["greenlight"] = json!({"v": 1, "place": place, "since": since.to_string(), "hops": 1});
}

/// CloudWatch tells nothing of alarms, for a reason that may pass.
fn no_alarms_told<D: Deployment>(scene: &mut Scene<D>) {
    let error = AwsError::client("InternalServiceFault", "try again");
    scene.fault(&DESCRIBE_ALARMS, Fault::Error(error), Times::Always);
    short_of_time(scene);
}
