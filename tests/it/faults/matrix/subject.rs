//! What is struck: a hook at a stage where it has something to judge, before a green that is right or wrong.

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Operation, World};
use greenlight_tests::binaries;
use serde_json::{Value, json};

use super::struck::Struck;
use crate::faults::cell::Protocol;
use crate::health::targets::set;
use crate::metrics::{self, Sided};
use crate::preflight;
use crate::scene::{Deployment, Scene, Seen, pause};

#[derive(Clone, Copy, Debug)]
pub(super) enum Hook {
    TestTraffic,
    Health,
    Metrics,
    Preflight,
}

impl Hook {
    pub(super) const ALL: [Self; 4] = [Self::TestTraffic, Self::Health, Self::Metrics, Self::Preflight];
}

/// What green, or what it is wired to, truly is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Green {
    Right,
    Wrong,
}

impl Green {
    pub(super) const ALL: [Self; 2] = [Self::Right, Self::Wrong];
}

pub(super) struct Subject {
    pub(super) hook: Hook,
    pub(super) protocol: Protocol,
    pub(super) green: Green,
}

impl Subject {
    pub(super) async fn play(self, struck: Struck) -> Seen {
        match self.protocol {
            Protocol::Ecs => self.at::<BlueGreen>().await.under(struck).await,
            Protocol::CodeDeploy => self.at::<CodeDeploy>().await.under(struck).await,
            Protocol::Pause => {
                let mut scene = self.at::<BlueGreen>().await;
                pause(&mut scene);
                scene.under(struck).await
            }
        }
    }

    /// One check of the hook's, and no patience: what cannot be told is decided at once.
    async fn at<D: Deployment + Sided + Staged>(&self) -> Scene<D> {
        let mut scene = Scene::<D>::new().await;
        let is_right = self.green == Green::Right;
        let check = match self.hook {
            Hook::TestTraffic => {
                json!({"http": {"path": "/", "expect": {"status": if is_right { 200 } else { 204 }}}})
            }
            Hook::Health => {
                scene.program = binaries::health;
                if !is_right {
                    scene.alter(|world, deployment| {
                        set(world, &deployment.green(), 2, "unhealthy", "Target.ResponseCodeMismatch");
                    });
                }
                json!({"targets": {}})
            }
            Hook::Metrics => {
                scene.program = binaries::metrics;
                scene.deployment.after();
                let (state, minutes) = if is_right { ("OK", 90) } else { ("ALARM", 1) };
                scene.alter(move |world, _| {
                    world.cloudwatch.metric_alarms = vec![metrics::alarm("orders-errors", state, minutes)];
                });
                json!({"alarms": {"names": ["orders-errors"]}})
            }
            Hook::Preflight => {
                scene.program = binaries::preflight;
                scene.deployment.before();
                if !is_right {
                    scene.alter(|world, _| D::miswire(world));
                }
                json!({"wiring": {}})
            }
        };
        scene.plan = plan(&check);
        scene
    }
}

fn plan(check: &Value) -> Value {
    json!({"checks": [check], "patience": "0s"})
}

/// A deployment at the stages where hooks belong.
trait Staged {
    /// Nothing of green is started.
    fn before(&mut self);
    /// All traffic is green's.
    fn after(&mut self);
    /// Breaks a rule of the wiring.
    fn miswire(world: &mut World);
}

impl Staged for BlueGreen {
    fn before(&mut self) {
        preflight::nothing_is_started(self);
    }

    fn after(&mut self) {
        "POST_PRODUCTION_TRAFFIC_SHIFT".clone_into(&mut self.stage);
        if let Some(front) = &mut self.front {
            front.production.weights = (0, 100);
        }
    }

    fn miswire(world: &mut World) {
        for role in &mut world.iam.roles {
            role.assume_role_policy_document = json!({"Version": "2012-10-17", "Statement": []});
        }
    }
}

impl Staged for CodeDeploy {
    /// CodeDeploy's hooks look at the same wiring at every event.
    fn before(&mut self) {}

    fn after(&mut self) {
        "AfterAllowTraffic".clone_into(&mut self.event);
    }

    fn miswire(world: &mut World) {
        let groups = world.codedeploy.deployment_groups.iter_mut();
        for pair in groups
            .flat_map(|group| &mut group.load_balancer_info)
            .flat_map(|info| &mut info.target_group_pair_info_list)
        {
            pair.target_groups.truncate(1);
        }
    }
}

impl<D: Deployment> Scene<D> {
    async fn under(mut self, struck: Struck) -> Seen {
        self.timeout = struck.time();
        // What reports is another's subject (`faults::reports`).
        self.fault_any(Operation::that_look(), struck.fault, struck.times);
        self.play().await
    }
}
