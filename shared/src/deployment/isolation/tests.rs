//! Pools: whose targets, which weights, and what follows.

use super::*;
use crate::{Kind, deployment::overview::Revision};

const GREEN_GROUP: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/green/2";
const BLUE_GROUP: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blue/1";

fn revision(id: &str, definition: &str) -> Revision {
    Revision {
        id: id.to_owned(),
        started_by: format!("ecs-svc/{id}"),
        task_definition: Some(definition.to_owned()),
        requested: Some(2),
        images: Vec::new(),
    }
}

fn sides() -> Sides {
    Sides {
        cluster: "prod".to_owned(),
        service: "orders".to_owned(),
        green: revision("222", "orders:2"),
        blue: vec![revision("111", "orders:1")],
        ways: Vec::new(),
        service_connect: false,
        security_groups: Vec::new(),
    }
}

fn task(id: &str, revision: &str, address: &str, status: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:r:1:task/prod/{id}"),
        started_by: Some(format!("ecs-svc/{revision}")),
        task_definition: None,
        last_status: status.to_owned(),
        addresses: vec![address.parse().unwrap()],
        ..Task::default()
    }
}

fn target(address: &str, state: &str) -> Target {
    Target { id: address.to_owned(), port: 8080, state: state.to_owned(), ..Target::default() }
}

fn weighted(groups: &[(&str, u32)]) -> Vec<Weighted> {
    groups
        .iter()
        .map(|(group, weight)| Weighted { target_group: (*group).to_owned(), weight: *weight })
        .collect()
}

/// Two tasks of each side, each registered in its own group, and a rule that sends everything to green.
struct World {
    live: Vec<Weighted>,
    target_type: &'static str,
    targets: BTreeMap<String, Vec<Target>>,
    sides: Sides,
    tasks: Vec<Task>,
}

impl World {
    fn new() -> Self {
        let group = |addresses: &[&str]| addresses.iter().map(|address| target(address, "healthy")).collect();
        Self {
            live: weighted(&[(BLUE_GROUP, 0), (GREEN_GROUP, 100)]),
            target_type: "ip",
            targets: BTreeMap::from([
                (GREEN_GROUP.to_owned(), group(&["10.0.2.1", "10.0.2.2"])),
                (BLUE_GROUP.to_owned(), group(&["10.0.1.1", "10.0.1.2"])),
            ]),
            sides: sides(),
            tasks: vec![
                task("g1", "222", "10.0.2.1", "RUNNING"),
                task("g2", "222", "10.0.2.2", "RUNNING"),
                task("b1", "111", "10.0.1.1", "RUNNING"),
                task("b2", "111", "10.0.1.2", "RUNNING"),
            ],
        }
    }

    fn judge(&self) -> Isolation {
        judge(&Pool {
            entrance: "the test rule",
            live: &self.live,
            green_group: GREEN_GROUP,
            target_type: self.target_type,
            targets: &self.targets,
            sides: &self.sides,
            tasks: &self.tasks,
        })
    }

    fn green(&mut self) -> &mut Vec<Target> {
        self.targets.entry(GREEN_GROUP.to_owned()).or_default()
    }
}

#[track_caller]
fn assert_open(isolation: Isolation, kind: Kind, words: &str) {
    let Isolation::Open(outcome) = isolation else { panic!("{isolation:?}") };
    assert_eq!((outcome.kind, outcome.words().as_str()), (kind, words));
}

const DRIFT: &str = "(infrastructure code that resets the rule does this: in Terraform, put `lifecycle { ignore_changes = [action] }` on the production and the test rule)";
const SHARED: &str = "(a verdict would be a coin flip: two revisions share a target group; look for infrastructure code that resets listener rules)";

#[test]
fn a_pool_of_greens_tasks_alone_is_proven() {
    let proven = World::new().judge();
    assert_eq!(
        proven,
        Isolation::Proven(
            "the test rule sends all its traffic to `green`, and its 2 targets are tasks of green revision 222, told by what started them".to_owned()
        )
    );
}

#[test]
fn a_rule_that_drifted_to_blue_says_whose_tasks_answer() {
    let mut world = World::new();
    world.live = weighted(&[(BLUE_GROUP, 100), (GREEN_GROUP, 0)]);
    assert_open(
        world.judge(),
        Kind::Fail,
        &format!(
            "the test rule sends 100 % to `blue` (10.0.1.1:8080, 10.0.1.2:8080 of blue revision 111), and nothing to `green` (10.0.2.1:8080, 10.0.2.2:8080 of green revision 222); expected all of it to `green`, the target group of green revision 222 {DRIFT}"
        ),
    );
}

#[test]
fn weights_that_are_split_or_all_zero_fail() {
    let mut world = World::new();
    world.live = weighted(&[(BLUE_GROUP, 1), (GREEN_GROUP, 2)]);
    assert_open(
        world.judge(),
        Kind::Fail,
        &format!(
            "the test rule sends 33.3 % to `blue` (10.0.1.1:8080, 10.0.1.2:8080 of blue revision 111), and only the rest to `green` (10.0.2.1:8080, 10.0.2.2:8080 of green revision 222); expected all of it to `green`, the target group of green revision 222 {DRIFT}"
        ),
    );
    for live in [weighted(&[(BLUE_GROUP, 0), (GREEN_GROUP, 0)]), Vec::new()] {
        world.live = live;
        assert_open(
            world.judge(),
            Kind::Fail,
            &format!(
                "the test rule sends no traffic anywhere, and nothing to `green` (10.0.2.1:8080, 10.0.2.2:8080 of green revision 222); expected all of it to `green`, the target group of green revision 222 {DRIFT}"
            ),
        );
    }
}

#[test]
fn blue_in_greens_group_fails_with_both_lists() {
    let mut world = World::new();
    world.green().push(target("10.0.1.2", "healthy"));
    assert_open(
        world.judge(),
        Kind::Fail,
        &format!(
            "`green`, green's target group, holds 10.0.1.2:8080 of blue revision 111 beside 10.0.2.1:8080, 10.0.2.2:8080 of green revision 222; expected only tasks of green revision 222 {SHARED}"
        ),
    );
}

#[test]
fn swapped_pools_fail() {
    let mut world = World::new();
    *world.green() = vec![target("10.0.1.1", "healthy"), target("10.0.1.2", "healthy")];
    assert_open(
        world.judge(),
        Kind::Fail,
        &format!(
            "`green`, green's target group, holds 10.0.1.1:8080, 10.0.1.2:8080 of blue revision 111 beside no task of green; expected only tasks of green revision 222 {SHARED}"
        ),
    );
}

#[test]
fn strangers_may_be_leaving_and_what_drains_is_no_member() {
    let mut world = World::new();
    world.green().push(target("10.0.9.9", "healthy"));
    let Isolation::Open(outcome) = world.judge() else { panic!("proven") };
    assert_eq!((outcome.kind, outcome.at_most), (Kind::Pending, Some(Duration::from_mins(1))));
    assert!(outcome.words().contains("10.0.9.9:8080 (no task of this service)"), "{}", outcome.words());
    // Beside a task of blue there is nothing to wait for.
    world.green().push(target("10.0.1.1", "healthy"));
    assert_eq!(world.judge().word(), "fail");
    let mut world = World::new();
    world.green().push(target("10.0.1.1", "draining"));
    assert_eq!(world.judge().word(), "proven");
}

#[test]
fn what_is_still_to_come_is_pending() {
    let mut world = World::new();
    world.green().clear();
    assert_open(
        world.judge(),
        Kind::Pending,
        "no target is registered in `green`, green's target group, yet",
    );
    let mut world = World::new();
    world.green().pop();
    assert_open(
        world.judge(),
        Kind::Pending,
        "1 of 2 running tasks of green are registered in `green`; not yet: g2",
    );
    // A task that does not run yet is not expected there.
    world.tasks[1].last_status = "PENDING".to_owned();
    assert_eq!(world.judge().word(), "proven");
}

#[test]
fn what_tells_nothing_is_not_proven_unless_it_is_wrong() {
    let mut world = World::new();
    world.target_type = "instance";
    assert!(matches!(world.judge(), Isolation::NotProven(words) if words.contains("of type `instance`")));
    world.live = weighted(&[(BLUE_GROUP, 1)]);
    assert_eq!(world.judge().word(), "fail");

    let mut world = World::new();
    for task in &mut world.tasks {
        task.started_by = None;
        task.task_definition = Some("orders:2".to_owned());
    }
    world.sides.blue[0].task_definition = Some("orders:2".to_owned());
    assert_open(world.judge(), Kind::Inconclusive, UNTOLD);
    // A blue that nobody can describe any more tells nothing either.
    world.sides.blue[0].task_definition = None;
    assert_open(world.judge(), Kind::Inconclusive, UNTOLD);
}

#[test]
fn task_definitions_tell_where_nothing_says_what_started_the_tasks() {
    let mut world = World::new();
    for task in &mut world.tasks {
        let revision = if task.id().starts_with('g') { "orders:2" } else { "orders:1" };
        task.started_by = None;
        task.task_definition = Some(revision.to_owned());
    }
    assert!(
        matches!(world.judge(), Isolation::Proven(words) if words.ends_with("told by their task definitions"))
    );
    // A task that does not say whose it is counts for nobody where others do.
    let mut world = World::new();
    world.tasks[1].started_by = None;
    assert_eq!(world.judge().word(), "fail", "it is a task of the service, and not green's");
}

#[test]
fn the_first_deployment_has_no_blue() {
    let mut world = World::new();
    world.sides.blue.clear();
    world.tasks.truncate(2);
    assert_eq!(world.judge().word(), "proven");
}

#[test]
fn ipv6_and_long_lists() {
    let mut world = World::new();
    world.green().clear();
    world.tasks.clear();
    for index in 1..=8 {
        let address = format!("2001:db8::{index}");
        world.green().push(target(&address, "initial"));
        world.tasks.push(task("b", "111", &address, "RUNNING"));
    }
    assert!(
        world.judge().words().contains("[2001:db8::5]:8080 and 3 more of blue revision 111"),
        "{}",
        world.judge().words()
    );
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever else holds: a pool with a target that is no task of green, or a rule that sends
        /// traffic elsewhere, is never proven.
        #[test]
        fn nothing_but_green_is_ever_proven(
            members in proptest::collection::vec(0_u8..8, 0..6),
            greens in proptest::collection::vec(0_u8..8, 0..6),
            weights in (0_u32..3, 0_u32..3),
        ) {
            let mut world = World::new();
            let address = |index: &u8| format!("10.0.0.{index}");
            world.live = weighted(&[(BLUE_GROUP, weights.0), (GREEN_GROUP, weights.1)]);
            *world.green() = members.iter().map(|index| target(&address(index), "healthy")).collect();
            world.tasks = (0..8)
                .map(|index| {
                    let revision = if greens.contains(&index) { "222" } else { "111" };
                    task(&index.to_string(), revision, &address(&index), "RUNNING")
                })
                .collect();
            if let Isolation::Proven(_) = world.judge() {
                prop_assert!(weights.0 == 0 && weights.1 > 0);
                prop_assert!(!members.is_empty() && members.iter().all(|member| greens.contains(member)));
            }
        }
    }
}
