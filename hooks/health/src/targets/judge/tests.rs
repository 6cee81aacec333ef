use std::time::Duration;

use greenlight::{
    Kind,
    deployment::load_balancing::{HealthCheck, TargetGroup},
};

use super::*;
use crate::testing::{NOW, at, task};

fn target(address: &str, state: &str, reason: &str) -> Target {
    Target {
        id: address.to_owned(),
        port: 8080,
        state: state.to_owned(),
        reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        ..Target::default()
    }
}

/// Two tasks of green, each healthy in green's target group, in both zones of the load balancer.
struct World {
    green: Vec<Task>,
    way: Registered,
    stage: Stage,
    zones: usize,
    grace: Grace,
}

impl World {
    fn but(change: impl FnOnce(&mut Self)) -> Self {
        let health_check = HealthCheck {
            protocol: "HTTP".to_owned(),
            port: None,
            path: Some("/ping".to_owned()),
            statuses: Some("200".to_owned()),
            grpc: false,
        };
        let group = TargetGroup {
            arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/orders-2/7".to_owned(),
            name: "orders-2".to_owned(),
            protocol: "HTTP".to_owned(),
            protocol_version: None,
            target_type: "ip".to_owned(),
            health_check,
        };
        let way = Registered {
            name: "shop".to_owned(),
            group,
            targets: vec![target("10.0.2.1", "healthy", ""), target("10.0.2.2", "healthy", "")],
            zones: vec!["r-1a".to_owned(), "r-1b".to_owned()],
            has_test_route: true,
        };
        let mut world = Self {
            green: vec![task(1), task(2)],
            way,
            stage: Stage::PostTestTrafficShift,
            zones: 0,
            grace: Grace::For(Duration::from_mins(1)),
        };
        change(&mut world);
        world
    }

    fn all(&mut self, state: &str, reason: &str) {
        for target in &mut self.way.targets {
            state.clone_into(&mut target.state);
            target.reason = Some(reason.to_owned());
        }
    }

    fn judge(&self) -> Outcome {
        let green: Vec<_> = self.green.iter().collect();
        let pool = Pool { way: &self.way, green: &green, revision: "222", stage: &self.stage, now: NOW };
        judge(&pool, self.zones, &self.grace)
    }
}

const WELL: &str =
    "all 2 targets of green in `orders-2` are healthy, in 2 zones of the load balancer's 2 (r-1a, r-1b)";
const SLOW: &str = Grace::HINT;

/// A name, a world, and what it comes to.
type Row = (&'static str, World, Kind, String);

#[track_caller]
fn hold(table: Vec<Row>) {
    for (name, world, kind, words) in table {
        let outcome = world.judge();
        assert_eq!((outcome.kind, outcome.words()), (kind, words), "{name}");
    }
}

#[test]
fn healthy_and_unhealthy_targets() {
    hold(vec![
        ("all healthy", World::but(|_| {}), Kind::Pass, WELL.to_owned()),
        (
            "a stranger is unhealthy, and one of green's drains",
            World::but(|world| world.way.targets.extend([
                target("10.0.1.1", "unhealthy", "Target.Timeout"),
                Target { port: 9090, ..target("10.0.2.1", "draining", "Target.DeregistrationInProgress") },
            ])),
            Kind::Pass,
            WELL.to_owned(),
        ),
        (
            "one is unhealthy",
            World::but(|world| {
                world.way.targets[1] = target("10.0.2.2", "unhealthy", "Target.ResponseCodeMismatch");
                world.way.targets[1].description = Some("Health checks failed with these codes: [503]".to_owned());
            }),
            Kind::Fail,
            format!("in `orders-2`, green's target group, 10.0.2.2:8080 is unhealthy (Target.ResponseCodeMismatch: its health check is answered with another status than expected; Health checks failed with these codes: [503]); expected healthy, after a grace period of 1m (compare what green answers on the health check's path with the target group's success codes; {SLOW})"),
        ),
        (
            "all are unhealthy: fail-open",
            World::but(|world| world.all("unhealthy", "Target.Timeout")),
            Kind::Fail,
            format!("in `orders-2`, green's target group, 10.0.2.1:8080 is unhealthy (Target.Timeout: its health check is not answered in time); 10.0.2.2:8080 is unhealthy (Target.Timeout: its health check is not answered in time); as no target is healthy, the load balancer fails open: it sends requests to all of them, and an answer proves nothing; expected healthy, after a grace period of 1m (let the load balancer's security group through to the tasks, or give the health check more time; {SLOW})"),
        ),
        (
            "one is unhealthy within its grace period",
            World::but(|world| {
                world.way.targets[1] = target("10.0.2.2", "unhealthy", "Target.Timeout");
                world.green[1].started_at = at(59);
            }),
            Kind::Pending,
            "1 of 2 targets in `orders-2`, green's target group, healthy; within the grace period 10.0.2.2:8080 is unhealthy (Target.Timeout: its health check is not answered in time)".to_owned(),
        ),
        (
            "one is unhealthy, and the grace period is not known",
            World::but(|world| {
                world.way.targets[1] = target("10.0.2.2", "unhealthy", "Target.Timeout");
                world.grace = Grace::Unknown(Box::new(Outcome::inconclusive("denied")));
            }),
            Kind::Inconclusive,
            "in `orders-2`, green's target group, 10.0.2.2:8080 is unhealthy (Target.Timeout: its health check is not answered in time), and whether that may still change could not be asked: denied (or set the check's `grace`)".to_owned(),
        ),
    ]);
}

#[test]
fn what_is_still_to_come_is_pending() {
    hold(vec![
        (
            "one is initial",
            World::but(|world| world.way.targets[1] = target("10.0.2.2", "initial", "Elb.InitialHealthChecking")),
            Kind::Pending,
            "1 of 2 targets in `orders-2`, green's target group, healthy; not yet: 10.0.2.2:8080 is initial (Elb.InitialHealthChecking: its first health checks are under way)".to_owned(),
        ),
        (
            "one is not registered",
            World::but(|world| drop(world.way.targets.pop())),
            Kind::Pending,
            "1 of 2 running tasks of green registered in `orders-2`, green's target group, not yet: g2".to_owned(),
        ),
        (
            "one only drains",
            World::but(|world| world.way.targets[1] = target("10.0.2.2", "draining", "Target.DeregistrationInProgress")),
            Kind::Pending,
            "1 of 2 running tasks of green registered in `orders-2`, green's target group, not yet: g2".to_owned(),
        ),
        (
            "none is registered",
            World::but(|world| world.way.targets.clear()),
            Kind::Pending,
            "0 of 2 running tasks of green registered in `orders-2`, green's target group, not yet: g1, g2".to_owned(),
        ),
        (
            "no task runs",
            World::but(|world| world.green.clear()),
            Kind::Pending,
            "no task of green revision 222 runs yet".to_owned(),
        ),
    ]);
}

#[test]
fn targets_that_get_no_traffic() {
    hold(vec![
        (
            "its zone is not enabled",
            World::but(|world| world.way.targets[1] = target("10.0.2.2", "unused", "Target.NotInUse")),
            Kind::Pending,
            "in `orders-2`, green's target group, 10.0.2.2:8080 is unused (Target.NotInUse: no load balancer sends its target group traffic, or its zone is not enabled); expected targets that get traffic".to_owned(),
        ),
        (
            "no listener leads there, and should",
            World::but(|world| world.all("unused", "Target.NotInUse")),
            Kind::Pending,
            "in `orders-2`, green's target group, 10.0.2.1:8080 is unused (Target.NotInUse: no load balancer sends its target group traffic, or its zone is not enabled); 10.0.2.2:8080 is unused (Target.NotInUse: no load balancer sends its target group traffic, or its zone is not enabled); expected targets that get traffic".to_owned(),
        ),
        (
            "no listener leads there yet",
            World::but(|world| {
                world.all("unused", "Target.NotInUse");
                world.stage = Stage::PostScaleUp;
            }),
            Kind::Skip(SkipCause::WrongStage),
            "at POST_SCALE_UP no listener sends `orders-2`, green's target group, any traffic yet, so that nobody checks its targets (the check belongs where the test route, or production, leads to green)".to_owned(),
        ),
        (
            "no listener leads there yet, as there is no test route",
            World::but(|world| {
                world.all("unused", "Target.NotInUse");
                world.way.has_test_route = false;
            }),
            Kind::Skip(SkipCause::WrongStage),
            "at POST_TEST_TRAFFIC_SHIFT no listener sends `orders-2`, green's target group, any traffic yet, so that nobody checks its targets (the check belongs where the test route, or production, leads to green)".to_owned(),
        ),
        (
            "its address is a load balancer's",
            World::but(|world| world.way.targets[1] = target("10.0.2.2", "unused", "Target.IpUnusable")),
            Kind::Fail,
            "in `orders-2`, green's target group, 10.0.2.2:8080 is unused (Target.IpUnusable: its address belongs to a load balancer); expected targets that get traffic (look at what registers them)".to_owned(),
        ),
    ]);
}

/// A rule was changed, and one target is in use already: the others are a matter of seconds, or of a zone.
#[test]
fn targets_come_into_use_one_by_one() {
    for stage in [Stage::PostScaleUp, Stage::TestTrafficShift, Stage::PostTestTrafficShift] {
        for (name, other, kind, words) in [
            ("healthy", target("10.0.2.1", "healthy", ""), Kind::Pending, "10.0.2.2:8080 is unused"),
            (
                "initial",
                target("10.0.2.1", "initial", "Elb.InitialHealthChecking"),
                Kind::Pending,
                "10.0.2.2:8080 is unused",
            ),
            (
                "unhealthy",
                target("10.0.2.1", "unhealthy", "Target.Timeout"),
                Kind::Fail,
                "10.0.2.1:8080 is unhealthy",
            ),
            (
                "unusable",
                target("10.0.2.1", "unused", "Target.IpUnusable"),
                Kind::Fail,
                "10.0.2.1:8080 is unused",
            ),
        ] {
            let world = World::but(|world| {
                world.stage = stage.clone();
                world.way.targets = vec![other, target("10.0.2.2", "unused", "Target.NotInUse")];
            });
            let outcome = world.judge();
            assert_eq!(outcome.kind, kind, "{stage} {name}: {}", outcome.words());
            assert!(outcome.words().contains(words), "{stage} {name}: {}", outcome.words());
            if kind == Kind::Pending {
                let decided = outcome.after_patience.unwrap();
                assert_eq!(
                    (decided.kind, decided.words().as_str()),
                    (
                        Kind::Fail,
                        "in `orders-2`, green's target group, 10.0.2.2:8080 is unused (Target.NotInUse: no load balancer sends its target group traffic, or its zone is not enabled); expected targets that get traffic (enable the zones of the tasks for the load balancer, and let a rule forward to the group)"
                    )
                );
            }
        }
    }
}

#[test]
fn what_load_balancers_cannot_tell_and_which_zones_they_cover() {
    hold(vec![
        (
            "nobody checks",
            World::but(|world| world.all("unavailable", "Target.HealthCheckDisabled")),
            Kind::Inconclusive,
            "in `orders-2`, green's target group, 10.0.2.1:8080 is unavailable (Target.HealthCheckDisabled: health checks are disabled for its target group); 10.0.2.2:8080 is unavailable (Target.HealthCheckDisabled: health checks are disabled for its target group) (enable health checks for the target group, or leave this check out)".to_owned(),
        ),
        (
            "the load balancer fails",
            World::but(|world| world.way.targets[1] = target("10.0.2.2", "unhealthy", "Elb.InternalError")),
            Kind::Inconclusive,
            "in `orders-2`, green's target group, 10.0.2.2:8080 is unhealthy (Elb.InternalError: the load balancer has an internal error)".to_owned(),
        ),
        (
            "both zones are asked for",
            World::but(|world| world.zones = 2),
            Kind::Pass,
            WELL.to_owned(),
        ),
        (
            "one zone of two",
            World::but(|world| {
                world.zones = 2;
                world.green[1].zone = world.green[0].zone.clone();
            }),
            Kind::Fail,
            "all 2 targets of green in `orders-2` are healthy, in 1 zone of the load balancer's 2 (r-1a); expected healthy targets in at least 2 zones (place tasks in the subnets of more zones)".to_owned(),
        ),
        (
            "more zones than there are",
            World::but(|world| world.zones = 3),
            Kind::Inconclusive,
            "`zones` is 3, and the load balancer is enabled for 2 zones: r-1a, r-1b (enable more zones for the load balancer, or lower `zones`)".to_owned(),
        ),
        (
            "a zone is shifted away",
            World::but(|world| world.way.targets[0].overridden = Some("zonal_shift_active".to_owned())),
            Kind::Pass,
            format!("{WELL}; 1 target shifted away (zonal_shift_active)"),
        ),
    ]);
}

/// Instances in the place of addresses: the number alone can be compared.
#[test]
fn targets_that_do_not_tell_their_tasks() {
    let instances = |change: fn(&mut World)| {
        World::but(|world| {
            "instance".clone_into(&mut world.way.group.target_type);
            for (index, target) in world.way.targets.iter_mut().enumerate() {
                target.id = format!("i-{index}");
            }
            change(world);
        })
    };
    for (name, world, kind, words) in [
        ("all healthy", instances(|_| {}), Kind::Pass, "all 2 targets of green in `orders-2` are healthy"),
        (
            "fewer than tasks",
            instances(|world| drop(world.way.targets.pop())),
            Kind::Pending,
            "1 of 1 target in `orders-2`, green's target group, healthy; expected one for each of 2 running tasks",
        ),
        (
            "unhealthy, and the youngest task is within its grace period",
            instances(|world| {
                world.way.targets[0] = target("i-0", "unhealthy", "Target.Timeout");
                world.green[1].started_at = at(10);
            }),
            Kind::Pending,
            "1 of 2 targets in `orders-2`, green's target group, healthy; within the grace period i-0:8080 is unhealthy (Target.Timeout: its health check is not answered in time)",
        ),
        (
            "zones are asked for",
            instances(|world| world.zones = 1),
            Kind::Inconclusive,
            "the zones of the targets of `orders-2` are not told (targets of the type `ip` tell them; leave `zones` out)",
        ),
    ] {
        let outcome = world.judge();
        assert_eq!((outcome.kind, outcome.words().as_str()), (kind, words), "{name}");
    }
}

#[test]
fn what_was_seen_is_measured() {
    let outcome = World::but(|world| world.way.targets.push(target("10.0.1.1", "healthy", ""))).judge();
    let state =
        |id: &str| json!({ "id": id, "port": 8080, "state": "healthy", "reason": null, "override": null });
    assert_eq!(
        serde_json::Value::Object(outcome.measured),
        json!({
            "target_group": "orders-2",
            "targets": [state("10.0.2.1"), state("10.0.2.2")],
            "others": 1,
            "running_tasks": 2,
            "zones": { "healthy": ["r-1a", "r-1b"], "load_balancer": ["r-1a", "r-1b"] },
        })
    );
}
