//! Single deployments of ECS, with what they come to and the words of it.

use std::time::Duration;

use serde_json::json;

use super::super::configuration::{Configuration, HookTarget, Strategy, TimeoutAction};
use super::super::{
    Answer, Assumptions, Circumstances, Command, Deployment, Happening, HookDetails, Identity, Input,
    LoadBalancer, RollbackHooks, ShiftHooks, Status, Verdict,
};
use super::drive::{
    Act, Drive, HOOK, STAGES, around, ecs, ended, failed, identity, lambda, of_ecs, pause, succeeded, waiting,
};

#[test]
fn a_blue_green_deployment_calls_every_hook_once_and_in_order() {
    let drive =
        Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![lambda(&STAGES)])), |_, _, _| succeeded()).play();
    assert_eq!(ended(&drive), (Status::Successful, None));
    assert_eq!(
        drive.stages(),
        "PRE_SCALE_UP, SCALE_UP, POST_SCALE_UP, TEST_TRAFFIC_SHIFT, POST_TEST_TRAFFIC_SHIFT, \
         PRE_PRODUCTION_TRAFFIC_SHIFT 100, PRODUCTION_TRAFFIC_SHIFT 100, POST_PRODUCTION_TRAFFIC_SHIFT, BAKE_TIME, \
         CLEAN_UP"
    );
    let weights: Vec<_> = drive
        .events
        .iter()
        .map(|(_, event)| {
            let details = &event["executionDetails"];
            (
                event["lifecycleStage"].clone(),
                details["testTrafficWeights"].clone(),
                details["productionTrafficWeights"].clone(),
            )
        })
        .collect();
    let (blue, green) = (identity().blue.unwrap(), identity().green);
    let none = json!({});
    let of = |of_green: u32, of_blue: u32| json!({&green: of_green, &blue: of_blue});
    let expected = [
        ("PRE_SCALE_UP", none.clone(), none.clone()),
        ("POST_SCALE_UP", none.clone(), none.clone()),
        ("TEST_TRAFFIC_SHIFT", of(100, 0), none.clone()),
        ("POST_TEST_TRAFFIC_SHIFT", none.clone(), none.clone()),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", none.clone(), of(0, 100)),
        ("PRODUCTION_TRAFFIC_SHIFT", none.clone(), of(100, 0)),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", none.clone(), none.clone()),
    ];
    assert_eq!(weights, expected.map(|(stage, test, production)| (json!(stage), test, production)));
    let shares: Vec<_> = drive.shares.iter().map(|(_, traffic, share)| (*traffic, *share)).collect();
    assert_eq!(shares, [("test", 100.0), ("production", 100.0)]);
}

#[test]
fn linear_and_canary_deployments_ask_before_every_step() {
    let cases = [
        (
            Strategy::Linear { step_percent: 30.0, step_bake: Duration::from_mins(6) },
            vec![30.0, 60.0, 90.0, 100.0],
        ),
        (Strategy::Linear { step_percent: 100.0, step_bake: Duration::from_mins(6) }, vec![100.0]),
        (Strategy::Linear { step_percent: 33.3, step_bake: Duration::ZERO }, vec![33.3, 66.6, 99.9, 100.0]),
        (Strategy::Canary { canary_percent: 12.5, canary_bake: Duration::from_mins(10) }, vec![12.5, 100.0]),
        (Strategy::Canary { canary_percent: 100.0, canary_bake: Duration::from_mins(10) }, vec![100.0]),
    ];
    for (strategy, expected) in cases {
        let hook = lambda(&["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"]);
        let drive = Drive::new(of_ecs(ecs(strategy, vec![hook])), |_, _, _| succeeded()).play();
        assert_eq!(ended(&drive), (Status::Successful, None), "{strategy:?}");
        let shares = drive.shares.iter().filter(|(_, traffic, _)| *traffic == "production");
        assert_eq!(shares.map(|(_, _, share)| *share).collect::<Vec<_>>(), expected, "{strategy:?}");
        assert_eq!(drive.events.len(), 2 * expected.len(), "{strategy:?}");
        let weight = |event: &serde_json::Value| {
            event["executionDetails"]["productionTrafficWeights"][&identity().green].as_f64()
        };
        let told: Vec<_> = drive.events.iter().map(|(_, event)| weight(event).unwrap()).collect();
        let before = [0.0].into_iter().chain(expected.iter().copied());
        let wanted: Vec<_> = before.zip(&expected).flat_map(|(before, after)| [before, *after]).collect();
        assert_eq!(told, wanted, "{strategy:?}");
    }
    // The bake follows every step but the last.
    let strategy = Strategy::Canary { canary_percent: 10.0, canary_bake: Duration::from_mins(10) };
    let drive = Drive::new(of_ecs(ecs(strategy, vec![])), |_, _, _| succeeded()).play();
    assert_eq!(drive.shares[2].0, drive.shares[1].0 + Duration::from_mins(10));
}

#[test]
fn a_rolling_deployment_has_one_hook() {
    let drive =
        Drive::new(of_ecs(ecs(Strategy::Rolling, vec![lambda(&STAGES)])), |_, _, _| succeeded()).play();
    assert_eq!(ended(&drive), (Status::Successful, None));
    assert_eq!(drive.stages(), "PRE_SCALE_UP, SCALE_UP, BAKE_TIME, CLEAN_UP");
    assert_eq!(drive.events.len(), 1);
}

#[test]
fn a_reconciliation_comes_first() {
    let around = Circumstances { reconcile: true, ..around() };
    let configuration = Configuration::Ecs(ecs(Strategy::BlueGreen, vec![lambda(&["RECONCILE_SERVICE"])]));
    let deployment = Deployment::new(identity(), configuration, around, Assumptions::default());
    let drive = Drive::new(deployment, |_, _, _| succeeded()).play();
    assert!(drive.stages().starts_with("RECONCILE_SERVICE, PRE_SCALE_UP"), "{}", drive.stages());
    assert_eq!(drive.events.len(), 1);
}

#[test]
fn the_reason_is_aws_own() {
    let role = "arn:aws:iam::123456789012:role/ecs-hooks";
    let prefix = "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. ";
    let null = format!(
        "{prefix}ECS was unable to parse the response from {HOOK} due to HookStatus must not be null"
    );
    let cases = [
        (failed(), format!("{prefix}Lifecycle hook target {HOOK} returned FAILED status.")),
        (Act::Answer(Answer::Errored), null.clone()),
        (Act::Answer(Answer::Returned(Some(json!({"hookStatus": null})))), null),
        (
            Act::Answer(Answer::Denied { role: role.to_owned() }),
            format!(
                "{prefix}ECS was unable to invoke hook target {HOOK} due to User: \
                 arn:aws:sts::123456789012:assumed-role/ecs-hooks/ECS-Lambda-Execution is not authorized to perform: \
                 lambda:InvokeFunction on resource: {HOOK} because no identity-based policy allows the \
                 lambda:InvokeFunction action"
            ),
        ),
        (
            Act::Answer(Answer::RoleNotAssumable { role: role.to_owned() }),
            format!("{prefix}ECS was unable to assume role {role}"),
        ),
        (Act::Silence, format!("{prefix}Lifecycle hook target {HOOK} timed out.")),
    ];
    for (act, expected) in cases {
        let hooks = vec![lambda(&["POST_TEST_TRAFFIC_SHIFT"])];
        let drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, hooks)), |_, _, _| act.clone()).play();
        assert_eq!(ended(&drive), (Status::RollbackSuccessful, Some(expected)), "{act:?}");
        assert_eq!(
            drive.shares.iter().find(|(_, traffic, share)| *traffic == "production" && *share > 0.0),
            None
        );
    }
}

#[test]
fn a_failure_of_ecs_own_has_the_same_words() {
    let around = Circumstances {
        shift_denied: Some("arn:aws:iam::123456789012:role/ecs-infrastructure".to_owned()),
        ..around()
    };
    let configuration = Configuration::Ecs(ecs(Strategy::BlueGreen, vec![]));
    let deployment = Deployment::new(identity(), configuration, around, Assumptions::default());
    let drive = Drive::new(deployment, |_, _, _| succeeded()).play();
    let failed = drive.seen.iter().find_map(|(_, happening)| match happening {
        Happening::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    let expected = "Service deployment rolled back because TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. User: \
                    arn:aws:sts::123456789012:assumed-role/ecs-infrastructure/ECSNetworkingWithELB is not authorized";
    assert!(failed.unwrap().starts_with(expected));
    // What may not shift forward may not shift back either.
    assert_eq!(drive.deployment.status(), Status::RollbackFailed);
}

#[test]
fn a_rollback_calls_the_hooks_of_both_shifts_again_and_users_come_first() {
    let script = |stage: &str, _: &str, _: usize| match stage {
        "POST_PRODUCTION_TRAFFIC_SHIFT" => failed(),
        _ => succeeded(),
    };
    let drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![lambda(&STAGES)])), script).play();
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    assert!(
        drive.stages().ends_with("<PRODUCTION_TRAFFIC_SHIFT, <TEST_TRAFFIC_SHIFT, <CLEAN_UP"),
        "{}",
        drive.stages()
    );
    let [.., production, test] = &drive.events[..] else { panic!() };
    let (blue, green) = (identity().blue.unwrap(), identity().green);
    assert_eq!(production.1["executionDetails"]["productionTrafficWeights"], json!({&green: 0, &blue: 100}));
    assert_eq!(test.1["executionDetails"]["testTrafficWeights"], json!({&green: 0, &blue: 100}));
    assert_ne!(production.1["executionId"], drive.events[4].1["executionId"]);
}

#[test]
fn which_hooks_a_rollback_calls_is_an_assumption() {
    for (rollback_hooks, calls) in [(RollbackHooks::Always, 2), (RollbackHooks::Reached, 0)] {
        let script = |stage: &str, _: &str, _: usize| match stage {
            "POST_SCALE_UP" => failed(),
            _ => succeeded(),
        };
        let configuration = Configuration::Ecs(ecs(Strategy::BlueGreen, vec![lambda(&STAGES)]));
        let assumptions = Assumptions { rollback_hooks, ..Assumptions::default() };
        let drive =
            Drive::new(Deployment::new(identity(), configuration, around(), assumptions), script).play();
        assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
        // PRE_SCALE_UP and POST_SCALE_UP come before.
        assert_eq!(drive.events.len() - 2, calls, "{rollback_hooks:?}");
    }
}

#[test]
fn a_hook_that_fails_in_the_rollback_makes_the_rollback_fail() {
    let script = |stage: &str, _: &str, _: usize| match stage {
        "POST_TEST_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT" => failed(),
        _ => succeeded(),
    };
    let drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![lambda(&STAGES)])), script).play();
    let expected = format!(
        "Service deployment rollback failed because PRODUCTION_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook \
         target {HOOK} returned FAILED status."
    );
    assert_eq!(ended(&drive), (Status::RollbackFailed, Some(expected)));
}

#[test]
fn a_create_has_nothing_to_go_back_to() {
    let configuration = Configuration::Ecs(ecs(Strategy::BlueGreen, vec![lambda(&["PRE_SCALE_UP"])]));
    let identity = Identity { blue: None, ..identity() };
    let deployment = Deployment::new(identity, configuration, around(), Assumptions::default());
    let drive = Drive::new(deployment, |_, _, _| failed()).play();
    let expected = "No rollback candidate was found to run the rollback.";
    assert_eq!(ended(&drive), (Status::RollbackFailed, Some(expected.to_owned())));
}

#[test]
fn a_hook_that_asks_for_time_is_called_again_with_what_it_returned() {
    let mut hook = lambda(&["POST_TEST_TRAFFIC_SHIFT"]);
    hook.target = HookTarget::Lambda { function: HOOK.to_owned(), details: Some(json!({"plan": 1})) };
    let cases = [
        (HookDetails::Merge, vec![], json!({"plan": 1, "seen": 1})),
        (HookDetails::Replace, vec![], json!({"seen": 1})),
        (HookDetails::Merge, vec![HOOK.to_owned()], json!({"plan": 1})),
        (HookDetails::Merge, vec!["another".to_owned()], json!({"plan": 1, "seen": 1})),
    ];
    for (hook_details, forgetful, carried) in cases {
        let script = |_: &str, _: &str, calls: usize| match calls {
            0 => waiting(Some(json!({"seen": 1}))),
            1 => waiting(None),
            _ => succeeded(),
        };
        let configuration = Configuration::Ecs(ecs(Strategy::BlueGreen, vec![hook.clone()]));
        let around = Circumstances { forgetful, ..around() };
        let assumptions = Assumptions { hook_details, ..Assumptions::default() };
        let drive =
            Drive::new(Deployment::new(identity(), configuration, around, assumptions), script).play();
        assert_eq!(drive.deployment.status(), Status::Successful);
        let details: Vec<_> = drive.events.iter().map(|(_, event)| event["hookDetails"].clone()).collect();
        assert_eq!(details, [json!({"plan": 1}), carried.clone(), carried], "{hook_details:?}");
        assert_eq!(drive.events[0].1["executionId"], drive.events[2].1["executionId"]);
        // One second of work, ten of delay.
        assert_eq!(drive.events[2].0, drive.events[0].0 + Duration::from_secs(22));
    }
}

#[test]
fn a_hook_that_waits_for_ever_is_ended_by_its_timeout() {
    for (on_timeout, status, verdict) in [
        (TimeoutAction::Rollback, Status::RollbackSuccessful, Verdict::TimedOut),
        (TimeoutAction::Continue, Status::Successful, Verdict::TimedOutAndContinued),
    ] {
        let mut hook = lambda(&["POST_TEST_TRAFFIC_SHIFT"]);
        (hook.timeout, hook.on_timeout) = (Duration::from_mins(3), on_timeout);
        let drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![hook])), |_, _, _| waiting(None)).play();
        assert_eq!((drive.deployment.status(), drive.verdicts[&0].clone()), (status, vec![verdict]));
        assert!(drive.forgotten.contains(&0));
    }
}

#[test]
fn a_pause_is_ended_by_its_answer_or_its_timeout() {
    let refused = "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook was answered with ROLLBACK.";
    let timed_out = "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out.";
    let cases = [
        (Act::Report(true, 60), TimeoutAction::Rollback, Status::Successful, None),
        (Act::Report(false, 60), TimeoutAction::Rollback, Status::RollbackSuccessful, Some(refused)),
        (Act::Silence, TimeoutAction::Rollback, Status::RollbackSuccessful, Some(timed_out)),
        (Act::Silence, TimeoutAction::Continue, Status::Successful, None),
        // It comes too late.
        (Act::Report(true, 601), TimeoutAction::Rollback, Status::RollbackSuccessful, Some(timed_out)),
    ];
    for (act, on_timeout, status, reason) in cases {
        let hook = pause(&["POST_TEST_TRAFFIC_SHIFT"], 10, on_timeout);
        let drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![hook])), |_, _, _| act.clone()).play();
        assert_eq!(ended(&drive), (status, reason.map(ToOwned::to_owned)), "{act:?}");
        let detail = &drive.events[0].1["detail"];
        assert_eq!(detail["eventName"], "HOOK_AWAITING_ACTION");
        assert!(detail["hookId"].as_str().unwrap().starts_with("ecs-pause-"));
    }
}

#[test]
fn the_first_hook_that_stops_decides_for_all_of_its_stage() {
    let hooks = vec![
        lambda(&["POST_TEST_TRAFFIC_SHIFT"]),
        pause(&["POST_TEST_TRAFFIC_SHIFT"], 60, TimeoutAction::Rollback),
    ];
    let script =
        |_: &str, function: &str, _: usize| if function == "PAUSE" { Act::Silence } else { failed() };
    let drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, hooks)), script).play();
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    assert_eq!(drive.verdicts[&0], [Verdict::Stop]);
    assert_eq!(drive.verdicts[&1], [Verdict::Cancelled]);
}

#[test]
fn hooks_of_a_shift_come_before_it_unless_it_is_assumed_otherwise() {
    for (shift_hooks, before) in [(ShiftHooks::Before, true), (ShiftHooks::After, false)] {
        let configuration =
            Configuration::Ecs(ecs(Strategy::BlueGreen, vec![lambda(&["PRODUCTION_TRAFFIC_SHIFT"])]));
        let assumptions = Assumptions { shift_hooks, ..Assumptions::default() };
        let drive =
            Drive::new(Deployment::new(identity(), configuration, around(), assumptions), |_, _, _| {
                succeeded()
            })
            .play();
        let shifted = drive.shares.iter().find(|(_, traffic, _)| *traffic == "production").unwrap().0;
        assert_eq!(drive.events[0].0 < shifted, before, "{shift_hooks:?}");
    }
}

#[test]
fn an_alarm_takes_the_deployment_back_unless_it_was_red_before() {
    let expected = "Service deployment rolled back because the alarm errors is in ALARM state.";
    let cases = [
        (vec![], 200, (Status::RollbackSuccessful, Some(expected.to_owned()))),
        (vec!["errors".to_owned()], 200, (Status::Successful, None)),
        // Nothing of green runs yet.
        (vec![], 10, (Status::Successful, None)),
    ];
    for (red_alarms, second, outcome) in cases {
        let around = Circumstances { red_alarms, ..around() };
        let configuration = Configuration::Ecs(ecs(
            Strategy::BlueGreen,
            vec![pause(&["PRE_SCALE_UP"], 1, TimeoutAction::Continue)],
        ));
        let deployment = Deployment::new(identity(), configuration, around, Assumptions::default());
        let mut drive = Drive::new(deployment, |_, _, _| Act::Silence);
        drive.outside.insert(second, Input::Alarm("errors".to_owned()));
        drive.outside.insert(150, Input::Alarm("somebody else's".to_owned()));
        assert_eq!(ended(&drive.play()), outcome, "at {second} s");
    }
}

#[test]
fn green_that_does_not_come_up_is_ended_by_the_circuit_breaker_or_after_a_day() {
    let mut drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![])), |_, _, _| succeeded());
    drive.scale_up = None;
    drive.outside.insert(300, Input::Broke { errand: 1 });
    let expected = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
    assert_eq!(ended(&drive.play()), (Status::RollbackSuccessful, Some(expected.to_owned())));

    let mut without = ecs(Strategy::BlueGreen, vec![]);
    without.circuit_breaker = false;
    let mut drive = Drive::new(of_ecs(without), |_, _, _| succeeded());
    drive.scale_up = None;
    drive.outside.insert(300, Input::Broke { errand: 1 });
    let expected = "Service deployment rolled back because SCALE_UP did not end within 24 hours.";
    assert_eq!(ended(&drive.play()), (Status::RollbackSuccessful, Some(expected.to_owned())));
}

#[test]
fn a_network_load_balancer_takes_ten_minutes_to_shift() {
    let around = Circumstances {
        load_balancer: Some(LoadBalancer { is_network: true, has_test_route: true }),
        ..around()
    };
    let configuration =
        Configuration::Ecs(ecs(Strategy::BlueGreen, vec![lambda(&["POST_TEST_TRAFFIC_SHIFT"])]));
    let deployment = Deployment::new(identity(), configuration, around, Assumptions::default());
    let drive = Drive::new(deployment, |_, _, _| succeeded()).play();
    assert_eq!(drive.events[0].0, drive.shares[0].0 + Duration::from_mins(10));
}

#[test]
fn somebody_who_stops_it_gets_a_rollback() {
    let mut drive = Drive::new(of_ecs(ecs(Strategy::BlueGreen, vec![])), |_, _, _| succeeded());
    drive.outside.insert(60, Input::Stopped { rollback: true });
    let drive = drive.play();
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    assert_eq!((drive.deployment.production_share(), drive.deployment.test_share()), (0.0, 0.0));
}

#[test]
fn what_is_done_too_late_is_not_what_is_awaited() {
    let mut drive = Drive::new(of_ecs(ecs(Strategy::Rolling, vec![])), |_, _, _| succeeded());
    drive.scale_up = Some(600);
    drive.outside.insert(10, Input::Alarm("errors".to_owned()));
    let drive = drive.play();
    // Green was replaced by nobody yet when blue was to be restored.
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    let mut deployment = of_ecs(ecs(Strategy::Rolling, vec![]));
    let mut errands = Vec::new();
    let mut note = |commands: Vec<Command>| {
        errands.extend(commands.iter().filter_map(|command| match command {
            Command::Replace { errand } | Command::Restore { errand } => Some(*errand),
            _ => None,
        }));
    };
    note(deployment.start(Duration::ZERO));
    note(deployment.handle(Duration::from_secs(10), Input::Alarm("errors".to_owned())));
    assert_eq!(errands, [1, 2]);
    deployment.handle(Duration::from_secs(11), Input::Done { errand: 1 });
    assert_eq!(deployment.status(), Status::RollbackInProgress);
    deployment.handle(Duration::from_secs(12), Input::Done { errand: 2 });
    assert_eq!(deployment.status(), Status::RollbackSuccessful);
}
