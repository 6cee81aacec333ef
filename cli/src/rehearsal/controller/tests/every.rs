//! What holds for every deployment, whatever its configuration and its hooks.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::super::configuration::{
    CodeDeploy, Configuration, Ecs, HookTarget, LifecycleHook, RollbackOn, Shift, Strategy as Rollout,
    TimeoutAction,
};
use super::super::{
    Answer, Assumptions, Circumstances, Deployment, Happening, HookDetails, Identity, Input, LoadBalancer,
    RollbackHooks, ShiftHooks, Status,
};
use super::drive::{
    Act, Drive, STAGES, around, codedeploy, ecs, failed, identity, lambda, succeeded, waiting,
};

const EVENTS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

fn rollout() -> impl Strategy<Value = Rollout> {
    let minutes = || (0_u64..1441).prop_map(Duration::from_mins);
    prop_oneof![
        Just(Rollout::Rolling),
        Just(Rollout::BlueGreen),
        (30_u32..=1000, minutes()).prop_map(|(tenths, step_bake)| Rollout::Linear {
            step_percent: f64::from(tenths) / 10.0,
            step_bake
        }),
        (1_u32..=1000, minutes()).prop_map(|(tenths, canary_bake)| Rollout::Canary {
            canary_percent: f64::from(tenths) / 10.0,
            canary_bake
        }),
    ]
}

fn hook() -> impl Strategy<Value = LifecycleHook> {
    let stages = proptest::sample::subsequence(&STAGES[..], 1..=8);
    let on_timeout = prop_oneof![Just(TimeoutAction::Rollback), Just(TimeoutAction::Continue)];
    (stages, 1_u64..1441, on_timeout, any::<bool>()).prop_map(|(stages, minutes, on_timeout, pause)| {
        let target = if pause { HookTarget::Pause } else { lambda(&[]).target };
        LifecycleHook { target, timeout: Duration::from_mins(minutes), on_timeout, ..lambda(&stages) }
    })
}

fn of_ecs() -> impl Strategy<Value = Ecs> {
    let hooks = proptest::collection::vec(hook(), 0..4);
    (rollout(), hooks, 0_u64..1441, any::<bool>()).prop_map(|(strategy, hooks, bake, circuit_breaker)| Ecs {
        bake: Duration::from_mins(bake),
        circuit_breaker,
        ..ecs(strategy, hooks)
    })
}

fn of_codedeploy() -> impl Strategy<Value = CodeDeploy> {
    let shift = prop_oneof![
        Just(Shift::AllAtOnce),
        (1_u32..=1000, 0_u64..100).prop_map(|(tenths, minutes)| Shift::Linear {
            percent: f64::from(tenths) / 10.0,
            every: Duration::from_mins(minutes)
        }),
        (1_u32..=1000, 0_u64..100).prop_map(|(tenths, minutes)| Shift::Canary {
            percent: f64::from(tenths) / 10.0,
            after: Duration::from_mins(minutes)
        }),
    ];
    let hooks = proptest::sample::subsequence(&EVENTS[..], 0..=5);
    let on = (any::<bool>(), any::<bool>(), any::<bool>());
    let on = on.prop_map(|(failure, alarm, request)| RollbackOn { failure, alarm, request });
    (shift, hooks, any::<bool>(), on, 0_u64..100).prop_map(
        |(shift, hooks, test_listener, rollback_on, minutes)| CodeDeploy {
            shift,
            test_listener,
            rollback_on,
            termination_wait: Duration::from_mins(minutes),
            ..codedeploy(&hooks)
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(succeeded()),
        1 => Just(failed()),
        3 => Just(waiting(Some(json!({"seen": true})))),
        1 => Just(Act::Answer(Answer::Errored)),
        1 => Just(Act::Answer(Answer::Returned(Some(json!({"hookStatus": "Succeeded"}))))),
        1 => Just(Act::Silence),
        6 => (0_u64..7200).prop_map(|after| Act::Report(true, after)),
        1 => (0_u64..7200).prop_map(|after| Act::Report(false, after)),
    ]
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(has_load_balancer, has_test_route, is_network, reconcile, red)| Circumstances {
            load_balancer: has_load_balancer.then_some(LoadBalancer { is_network, has_test_route }),
            reconcile,
            red_alarms: if red { vec!["errors".to_owned()] } else { vec![] },
            ..around()
        },
    )
}

fn assumptions() -> impl Strategy<Value = Assumptions> {
    let hook_details = prop_oneof![Just(HookDetails::Merge), Just(HookDetails::Replace)];
    let shift_hooks = prop_oneof![Just(ShiftHooks::Before), Just(ShiftHooks::After)];
    let rollback_hooks = prop_oneof![Just(RollbackHooks::Always), Just(RollbackHooks::Reached)];
    (hook_details, shift_hooks, rollback_hooks).prop_map(|(hook_details, shift_hooks, rollback_hooks)| {
        Assumptions { hook_details, shift_hooks, rollback_hooks }
    })
}

/// What comes from outside, at which second.
fn outside() -> impl Strategy<Value = BTreeMap<u64, Input>> {
    let input = prop_oneof![
        Just(Input::Alarm("errors".to_owned())),
        any::<bool>().prop_map(|rollback| Input::Stopped { rollback }),
        (0_usize..3).prop_map(|errand| Input::Broke { errand }),
        (0_usize..3).prop_map(|errand| Input::Done { errand })
    ];
    proptest::collection::btree_map(0_u64..100_000, input, 0..3)
}

fn played(
    deployment: Deployment,
    acts: &[Act],
    outside: BTreeMap<u64, Input>,
    scale_up: Option<u64>,
) -> Drive<'_> {
    let mut acts = acts.iter().cycle();
    let mut drive = Drive::new(deployment, move |_, _, _| acts.next().cloned().unwrap_or(Act::Silence));
    drive.outside = outside;
    drive.scale_up = scale_up;
    drive.play()
}

/// Every gate that was called before green got more production traffic had let it pass.
fn gates_hold(drive: &Drive<'_>) {
    let mut open: BTreeMap<usize, bool> = BTreeMap::new();
    let mut share = 0.0;
    for (_, happening) in &drive.seen {
        match happening {
            Happening::HookStarted { execution, .. } => {
                open.insert(*execution, false);
            }
            Happening::HookEnded { execution, verdict, .. } => {
                open.insert(*execution, verdict.proceeds());
            }
            Happening::Shifted { traffic: "production", green, .. } => {
                if *green > share {
                    assert!(
                        open.values().all(|proceeded| *proceeded),
                        "green got {green} % past a gate: {:?}",
                        drive.seen
                    );
                }
                share = *green;
            }
            _ => {}
        }
    }
}

/// Each execution has one verdict, and nothing is said of it afterwards.
fn one_verdict_each(drive: &Drive<'_>) {
    for execution in drive.deployment.executions() {
        let verdicts = drive.verdicts.get(&execution.number).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(verdicts.len(), 1, "{execution:?} has {verdicts:?}");
        assert_eq!(execution.verdict, Some(verdicts[0]));
    }
}

fn ends_well(drive: &Drive<'_>, has_load_balancer: bool, rolling: bool) {
    let shares = (drive.deployment.test_share(), drive.deployment.production_share());
    match drive.deployment.status() {
        Status::RollbackSuccessful => {
            assert_eq!(shares, (0.0, 0.0), "blue has not all traffic back");
        }
        Status::Successful if has_load_balancer && !rolling => {
            assert!((shares.1 - 100.0).abs() < 1e-9, "green does not serve");
        }

        Status::Successful | Status::RollbackFailed | Status::Stopped | Status::Failed => {}
        Status::InProgress | Status::RollbackInProgress => panic!("it is not over"),
    }
    let ends = drive.seen.iter().filter(|(_, happening)| matches!(happening, Happening::Ended { .. }));
    assert_eq!(ends.count(), 1);
    let success = drive.deployment.status() == Status::Successful;
    assert_eq!(drive.deployment.reason().is_none(), success, "a reason for anything but success");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn deployments_of_ecs_end_well(
        ecs in of_ecs(),
        around in circumstances(),
        assumptions in assumptions(),
        acts in proptest::collection::vec(act(), 1..8),
        outside in outside(),
        scale_up in proptest::option::weighted(0.9, 0_u64..600),
        create in any::<bool>(),
    ) {
        let (has_load_balancer, rolling) = (around.load_balancer.is_some(), ecs.strategy == Rollout::Rolling);
        let identity = Identity { blue: identity().blue.filter(|_| !create), ..identity() };
        let deployment = Deployment::new(identity, Configuration::Ecs(ecs), around, assumptions);
        let drive = played(deployment, &acts, outside, scale_up);
        gates_hold(&drive);
        one_verdict_each(&drive);
        ends_well(&drive, has_load_balancer, rolling);
        if create {
            prop_assert!(!drive.stages().contains('<'), "a create has nothing to go back to");
        }
    }

    #[test]
    fn deployments_of_codedeploy_end_well(
        codedeploy in of_codedeploy(),
        acts in proptest::collection::vec(act(), 1..8),
        outside in outside(),
        scale_up in proptest::option::weighted(0.9, 0_u64..4000),
    ) {
        let identity = Identity { deployment: "d-82EELWTXI".to_owned(), ..identity() };
        let configuration = Configuration::CodeDeploy(codedeploy);
        let deployment = Deployment::new(identity, configuration, around(), Assumptions::default());
        let drive = played(deployment, &acts, outside, scale_up);
        gates_hold(&drive);
        one_verdict_each(&drive);
        ends_well(&drive, true, false);
    }
}
