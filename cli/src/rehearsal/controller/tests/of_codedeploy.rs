//! Single deployments of CodeDeploy, with what they come to and the words of it.

use std::time::Duration;

use super::super::configuration::{CodeDeploy, RollbackOn, Shift};
use super::super::{Answer, Happening, Input, Status};
use super::drive::{Act, Drive, codedeploy, ended, of_codedeploy, succeeded};

#[test]
fn codedeploy_calls_every_hook_once_and_in_order() {
    let hooks =
        ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];
    let linear = Shift::Linear { percent: 10.0, every: Duration::from_mins(3) };
    let deployment = of_codedeploy(CodeDeploy { shift: linear, ..codedeploy(&hooks) });
    let mut stages = Vec::new();
    let script = |stage: &str, _: &str, _: usize| {
        stages.push(stage.to_owned());
        Act::Report(true, 5)
    };
    let drive = Drive::new(deployment, script).play();
    assert_eq!(ended(&drive), (Status::Successful, None));
    let production = drive.shares.iter().filter(|(_, traffic, _)| *traffic == "production");
    let (times, shares): (Vec<_>, Vec<_>) = production.map(|(at, _, share)| (*at, *share)).unzip();
    assert_eq!(shares, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]);
    assert_eq!(times[9], times[0] + Duration::from_mins(27));
    let event = &drive.events[0].1;
    assert_eq!(
        event.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["DeploymentId", "LifecycleEventHookExecutionId"]
    );
    drop(drive);
    assert_eq!(stages, hooks);
}

#[test]
fn codedeploy_skips_the_test_stage_without_a_test_listener() {
    let hooks = ["AfterAllowTestTraffic", "BeforeAllowTraffic"];
    let deployment = of_codedeploy(CodeDeploy { test_listener: false, ..codedeploy(&hooks) });
    let drive = Drive::new(deployment, |_, _, _| Act::Report(true, 5)).play();
    assert_eq!(drive.events.len(), 1);
    assert_eq!(
        drive.stages(),
        "BeforeInstall, Install, AfterInstall, BeforeAllowTraffic, AllowTraffic, AfterAllowTraffic, End"
    );
    let skipped = drive.seen.iter().filter(|(_, happening)| matches!(happening, Happening::Skipped { .. }));
    assert_eq!(skipped.count(), 2);
}

#[test]
fn codedeploy_fails_in_its_own_words() {
    let validation =
        "The deployment failed because one or more of the lifecycle event validation functions failed.";
    let callback = "The deployment timed out while waiting for a status callback. CodeDeploy expects a status callback \
                    within one hour after a deployment hook is invoked.";
    let role = "arn:aws:iam::123456789012:role/codedeploy";
    let denied = format!(
        "The IAM role {role} does not give you permission to perform operations in the following AWS service: AWSLambda."
    );
    let cases = [
        (Act::Report(false, 5), "HOOK_EXECUTION_FAILURE", validation.to_owned()),
        (Act::Silence, "TIMEOUT", callback.to_owned()),
        (Act::Report(true, 3601), "TIMEOUT", callback.to_owned()),
        // What the function returns counts for nothing.
        (succeeded(), "TIMEOUT", callback.to_owned()),
        (Act::Answer(Answer::Errored), "TIMEOUT", callback.to_owned()),
        (Act::Answer(Answer::Denied { role: role.to_owned() }), "IAM_ROLE_PERMISSIONS", denied),
    ];
    for (act, code, message) in cases {
        for (event, automatic_rollback, status) in [
            ("BeforeInstall", true, Status::Failed),
            ("AfterAllowTestTraffic", true, Status::RollbackSuccessful),
            ("AfterAllowTraffic", true, Status::RollbackSuccessful),
            ("AfterAllowTraffic", false, Status::Failed),
        ] {
            let rollback_on = RollbackOn { failure: automatic_rollback, ..RollbackOn::ALL };
            let configuration = CodeDeploy { rollback_on, ..codedeploy(&[event]) };
            let drive = Drive::new(of_codedeploy(configuration), |_, _, _| act.clone()).play();
            assert_eq!(ended(&drive), (status, Some(message.clone())), "{act:?} at {event}");
            let told = drive.seen.iter().find_map(|(_, happening)| match happening {
                Happening::Failed { code, .. } => *code,
                _ => None,
            });
            assert_eq!(told, Some(code), "{act:?} at {event}");
            let expected = if event == "AfterAllowTraffic" && !automatic_rollback { 100.0 } else { 0.0 };
            let share = drive.deployment.production_share();
            assert!((share - expected).abs() < 1e-9, "{act:?} at {event}: {share}");
        }
    }
}

#[test]
fn codedeploy_waits_an_hour_for_green_and_stops_at_alarms() {
    let mut drive = Drive::new(of_codedeploy(codedeploy(&[])), |_, _, _| succeeded());
    drive.scale_up = None;
    let drive = drive.play();
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    assert!(drive.deployment.reason().unwrap().contains("replacement task set to become healthy"));

    let canary = Shift::Canary { percent: 10.0, after: Duration::from_mins(5) };
    let mut drive =
        Drive::new(of_codedeploy(CodeDeploy { shift: canary, ..codedeploy(&[]) }), |_, _, _| succeeded());
    drive.outside.insert(100, Input::Alarm("errors".to_owned()));
    let drive = drive.play();
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    let rollback = drive.seen.iter().find_map(|(_, happening)| match happening {
        Happening::RollingBack { deployment } => deployment.clone(),
        _ => None,
    });
    assert_eq!(rollback.as_deref(), Some("d-ROLLBACK1"));
}

#[test]
fn codedeploy_rolls_back_what_it_was_told_to() {
    let all = RollbackOn::ALL;
    let cases = [
        (all, Input::Alarm("errors".to_owned()), Status::RollbackSuccessful),
        (RollbackOn { alarm: false, ..all }, Input::Alarm("errors".to_owned()), Status::Stopped),
        (all, Input::Stopped { rollback: true }, Status::RollbackSuccessful),
        (RollbackOn { request: false, ..all }, Input::Stopped { rollback: true }, Status::Stopped),
    ];
    for (rollback_on, input, status) in cases {
        let shift = Shift::Canary { percent: 10.0, after: Duration::from_mins(5) };
        let configuration = CodeDeploy { shift, rollback_on, ..codedeploy(&[]) };
        let mut drive = Drive::new(of_codedeploy(configuration), |_, _, _| succeeded());
        drive.outside.insert(100, input);
        let drive = drive.play();
        assert_eq!(drive.deployment.status(), status, "{rollback_on:?}");
        // What is not taken back stays where it was.
        let share = drive.deployment.production_share();
        let expected = if status == Status::Stopped { 10.0 } else { 0.0 };
        assert!((share - expected).abs() < 1e-9, "{rollback_on:?}: {share}");
    }
}
