//! PAUSE hooks over a whole deployment, and deployments that are stopped.

use greenlight_cli::rehearsal::aws::ecs::{
    Action, DESCRIBE_SERVICE_DEPLOYMENTS, LifecycleHookDetail, STOP_SERVICE_DEPLOYMENT, StopType,
};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times};
use serde_json::{Value, json};

use super::{answer, ask, standard};
use crate::aws::{CONTINUE, DEPLOYMENT, call, refusal};

const NO_LONGER: &str =
    "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN";

fn pause(id: &str, status: &str) -> LifecycleHookDetail {
    LifecycleHookDetail {
        hook_id: id.into(),
        target_type: "PAUSE".into(),
        status: status.into(),
        expires_at: Some("2026-11-22T10:00:00Z".parse().unwrap()),
        timeout_action: Some("ROLLBACK".into()),
        ..LifecycleHookDetail::default()
    }
}

fn show(aws: &Aws, id: &str) {
    aws.change(|world| world.ecs.show_hook(DEPLOYMENT, pause(id, "AWAITING_ACTION")));
}

/// Ids and statuses of the hooks as a caller sees them.
async fn shown(aws: &Aws) -> Vec<(String, String)> {
    let input = json!({"serviceDeploymentArns": [DEPLOYMENT]});
    let found = answer(aws, &DESCRIBE_SERVICE_DEPLOYMENTS, input).await;
    let hooks = found["serviceDeployments"][0]["lifecycleHookDetails"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    hooks.iter().map(|hook| (text(&hook["hookId"]), text(&hook["status"]))).collect()
}

fn input(id: &str, action: &str) -> Value {
    json!({"serviceDeploymentArn": DEPLOYMENT, "hookId": id, "action": action})
}

#[tokio::test]
async fn every_hook_of_a_deployment_has_an_answer_of_its_own() {
    let aws = standard().await;
    show(&aws, "ecs-pause-1");
    show(&aws, "ecs-pause-2");
    // The next step of a canary asks anew.
    assert_eq!(call(&aws, CONTINUE, &input("ecs-pause-2", "CONTINUE")).await.status, 200);
    show(&aws, "ecs-pause-3");
    assert_eq!(call(&aws, CONTINUE, &input("ecs-pause-3", "ROLLBACK")).await.status, 200);
    let statuses = shown(&aws).await;
    let expected =
        [("ecs-pause-1", "AWAITING_ACTION"), ("ecs-pause-2", "SUCCEEDED"), ("ecs-pause-3", "FAILED")];
    assert_eq!(statuses, expected.map(|(id, status)| (id.to_owned(), status.to_owned())));

    aws.look(|world| {
        let action = |id| world.ecs.answer(id).map(|answer| answer.action);
        assert_eq!(action("ecs-pause-1"), None);
        assert_eq!(action("ecs-pause-2"), Some(Action::Continue));
        assert_eq!(action("ecs-pause-3"), Some(Action::Rollback));
    });
    let refused = refusal(&call(&aws, CONTINUE, &input("ecs-pause-2", "ROLLBACK")).await);
    assert_eq!(refused, (400, "InvalidParameterException".into(), NO_LONGER.into()));
    assert_eq!(shown(&aws).await, statuses, "the first answer stands");
}

#[tokio::test]
async fn an_answer_after_the_expiry_is_refused() {
    let aws = standard().await;
    show(&aws, "ecs-pause-1");
    show(&aws, "ecs-pause-2");
    assert_eq!(call(&aws, CONTINUE, &input("ecs-pause-2", "CONTINUE")).await.status, 200);
    // The first has expired; an expiry that comes too late changes nothing.
    aws.change(|world| {
        world.ecs.complete("ecs-pause-1");
        world.ecs.complete("ecs-pause-2");
    });
    let statuses: Vec<_> = shown(&aws).await.into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["TIMED_OUT", "SUCCEEDED"]);
    let late = refusal(&call(&aws, CONTINUE, &input("ecs-pause-1", "CONTINUE")).await);
    assert_eq!(late, (400, "InvalidParameterException".into(), NO_LONGER.into()));
    assert_eq!(aws.continues().len(), 1);
}

#[tokio::test]
async fn what_is_shown_of_a_hook_replaces_what_was() {
    let aws = standard().await;
    let lambda = |status: &str| LifecycleHookDetail {
        target_type: "AWS_LAMBDA".into(),
        ..pause("ecs-lambda-1", status)
    };
    for status in ["IN_PROGRESS", "SUCCEEDED"] {
        aws.change(|world| world.ecs.show_hook(DEPLOYMENT, lambda(status)));
        assert_eq!(shown(&aws).await, [("ecs-lambda-1".to_owned(), status.to_owned())]);
    }
    let refused = refusal(&call(&aws, CONTINUE, &input("ecs-lambda-1", "CONTINUE")).await);
    assert_eq!(refused.2, NO_LONGER, "a function's hook takes no answer");
    aws.change(|world| world.ecs.show_hook("arn:of-another", lambda("FAILED")));
    assert_eq!(shown(&aws).await[0].1, "SUCCEEDED");
}

#[tokio::test]
async fn a_request_to_stop_is_seen_and_ends_the_wait_of_hooks() {
    for (asked, stop_type, status) in [
        (json!({}), StopType::Rollback, "ROLLBACK_REQUESTED"),
        (json!({"stopType": "ROLLBACK"}), StopType::Rollback, "ROLLBACK_REQUESTED"),
        (json!({"stopType": "ABORT"}), StopType::Abort, "STOP_REQUESTED"),
    ] {
        let aws = standard().await;
        show(&aws, "ecs-pause-1");
        let mut input_of_stop = asked.clone();
        input_of_stop["serviceDeploymentArn"] = DEPLOYMENT.into();
        let stop = async { answer(&aws, &STOP_SERVICE_DEPLOYMENT, input_of_stop.clone()).await };
        let (output, ()) = tokio::join!(stop, aws.until(|world| !world.ecs.stops.is_empty()));
        assert_eq!(output, json!({"serviceDeploymentArn": DEPLOYMENT}));
        aws.look(|world| {
            assert_eq!(world.ecs.stops[0].stop_type, stop_type, "{asked}");
            assert_eq!(world.ecs.service_deployments[0].status, status, "{asked}");
        });
        let late = refusal(&call(&aws, CONTINUE, &input("ecs-pause-1", "CONTINUE")).await);
        assert_eq!(late.2, NO_LONGER);
        // A second one changes nothing.
        let second = json!({"serviceDeploymentArn": DEPLOYMENT, "stopType": "ABORT"});
        assert_eq!(ask(&aws, &STOP_SERVICE_DEPLOYMENT, second).await.status, 200);
        aws.look(|world| assert_eq!(world.ecs.service_deployments[0].status, status));
    }
}

#[tokio::test]
async fn what_cannot_be_stopped_is_refused() {
    let aws =
        Aws::serve(BlueGreen { status: "SUCCESSFUL".into(), ..BlueGreen::default() }.world()).await.unwrap();
    let of = |arn: &str| json!({"serviceDeploymentArn": arn});
    for (input, code) in [
        (json!({}), "InvalidParameterException"),
        (json!({"serviceDeploymentArn": DEPLOYMENT, "stopType": "KILL"}), "InvalidParameterException"),
        (of(&DEPLOYMENT.replace("TFX5", "NONE")), "ServiceDeploymentNotFoundException"),
        (of(DEPLOYMENT), "ConflictException"),
    ] {
        let (status, observed, message) = refusal(&ask(&aws, &STOP_SERVICE_DEPLOYMENT, input.clone()).await);
        assert_eq!((status, &*observed), (400, code), "{input}");
        assert!(!message.is_empty(), "{input}");
    }
    aws.fault(&STOP_SERVICE_DEPLOYMENT, Fault::Denied, Times::Next(1));
    let denied = refusal(&ask(&aws, &STOP_SERVICE_DEPLOYMENT, of(DEPLOYMENT)).await).2;
    assert!(denied.contains(&format!("ecs:StopServiceDeployment on resource: {DEPLOYMENT} ")), "{denied}");
    aws.look(|world| assert_eq!(world.ecs.stops, []));
}
