//! Waiting: what cannot be told yet is not decided while there is patience.
//!
//! ECS is told to ask again and gets everything back that it sent; for the others the function itself
//! waits, as long as it has time.

use greenlight_cli::rehearsal::aws::Times::Next;
use greenlight_cli::rehearsal::aws::{Aws, Fault, ssm};
use greenlight_cli::rehearsal::lambda::{Function, Lambda};
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Target};
use serde_json::json;

use super::cell::{Cell, Protocol};
use super::expect::Verdict::{Stop, Wait};
use super::expect::answer;
use super::targets::plan;
use crate::table::{Table, ensure};

/// Targets that do not let us tell.
const UNREACHABLE: [Kind; 3] = [Kind::Refused, Kind::BacklogFull, Kind::TlsHangs];

#[tokio::test(flavor = "multi_thread")]
async fn ecs_is_told_to_ask_again_and_gets_back_what_it_sent() {
    let mut table = Table::default();
    for kind in UNREACHABLE {
        table.add(format!("ecs × {}", kind.name()), async move {
            let mut cell = Cell::probing(Protocol::Ecs, kind, &plan(kind, "20s", "500ms", "1h"));
            cell.event["hookDetails"] =
                json!({"plan": {}, "S3_BUCKET_NAME": "my-approval-bucket", "n": [1, null]});
            let played = cell.play().await;
            played
                .decided(Wait, &["waiting: check `http` could not be told yet", "cannot reach 127.0.0.1"])?;
            let answer = answer(&played.deliveries[0][0])?;
            let delay = answer["callBackDelay"].as_u64().unwrap_or_default();
            ensure!((1..=30).contains(&delay), "the delay is {delay} s");
            let details = &answer["hookDetails"];
            for (key, value) in [
                ("plan", json!({})),
                ("S3_BUCKET_NAME", json!("my-approval-bucket")),
                ("n", json!([1, null])),
            ] {
                ensure!(details[key] == value, "`{key}` came back as {}", details[key]);
            }
            let state = &details["greenlight"];
            ensure!(
                state["v"] == 1 && state["place"]["stage"] == "POST_TEST_TRAFFIC_SHIFT",
                "the state is {state}"
            );
            Ok(())
        });
    }
    for act in ["hang", "block", "spin", "panic", "error", "pending"] {
        table.add(format!("ecs × {act}"), async move {
            let cell = Cell::doing(Protocol::Ecs, act).within(4);
            let plan = cell.plan.replace("0s", "1h");
            Cell { plan, ..cell }.play().await.decided(Wait, &["waiting: check `validate`"])
        });
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_itself_waits_and_then_decides() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        for kind in UNREACHABLE {
            table.add(format!("{} × {}", protocol.name(), kind.name()), async move {
                let cell = Cell::probing(protocol, kind, &plan(kind, "20s", "500ms", "8s")).within(120);
                let played = cell.play().await;
                played.decided(Stop, &["check `http` could not be told after waiting"])?;
                ensure!(played.invokes.is_empty(), "invoked itself though there was time");
                Ok(())
            });
        }
    }
    table.play().await;
}

/// A permission that takes AWS a moment to spread: the first pass cannot tell, the second one can.
#[tokio::test(flavor = "multi_thread")]
async fn what_heals_while_the_function_waits_lets_the_deployment_proceed() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(protocol.name(), async move {
            let (aws, green) = (Aws::start().await.unwrap(), Target::start(Kind::Good).await.unwrap());
            aws.set_parameter("/probe", ssm::Parameter::SecureString("token".to_owned()));
            aws.fault(&ssm::GET_PARAMETER, Fault::Denied, Next(1));
            let plan = json!({
                "checks": [{"http": {"headers": {"x-token": {"secret": "ssm:/probe"}}, "allow_plaintext": true}}],
                "target": {"url": green.url()},
            });
            let mut function = Function::new("hook", binaries::test_traffic().unwrap())
                .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
                .with_variable("GREENLIGHT_PAUSE", "*/*")
                .with_variable("GREENLIGHT_PLAN", plan.to_string());
            function.timeout = std::time::Duration::from_mins(1);
            function.initialization_limit = function.timeout;
            let lambda = Lambda::new(function);
            let attempts = lambda.invoke_async(protocol.event().to_string()).await;
            let answer = answer(&attempts[0])?;
            ensure!(answer["hookStatus"] == "SUCCEEDED", "the answer is {answer}");
            let reports = aws.reports().len() + aws.continues().len();
            ensure!(reports == 1, "{reports} reports");
            ensure!(green.received().requests().len() == 1, "green received {:?}", green.received().requests());
            Ok(())
        });
    }
    table.play().await;
}
