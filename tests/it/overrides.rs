//! Emergencies: what a list of overrides opens, and all that it must not open.

use greenlight_cli::rehearsal::aws::ssm::{GET_PARAMETER, Parameter};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{AwsError, Fault, Times};
use serde_json::{Value, json};

use crate::scene::{Deployment, Scene, Seen, pause};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict;

const NAME: &str = "/greenlight/overrides";

/// A list that holds for the scenes' service, an hour long.
fn list(service: &str, seconds: i64) -> Value {
    let until = greenlight::clock::now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    json!([{ "service": service, "mode": "shadow", "until": until, "by": "ada", "reason": "INC-123" }])
}

/// A green that fails, with this list in its parameter.
async fn scene<D: Deployment>(list: Option<String>) -> Scene<D> {
    let mut scene = Scene::<D>::new().await;
    scene.check(&json!({ "path": "/", "expect": { "status": 204 } }));
    scene.variables.push(("GREENLIGHT_OVERRIDES", format!("ssm:{NAME}")));
    scene.alter(|world, _| {
        let parameters = &mut world.ssm.parameters;
        parameters.extend(list.map(|list| (NAME.to_owned(), Parameter::String(list))));
    });
    scene
}

/// Nothing was enforced, and one line says who wanted that.
fn opened(seen: &Seen) -> Outcome {
    seen.decided(Verdict::Proceed, &["shadow: would have stopped: "])?;
    ensure!(seen.evidence()?["override"]["reason"] == "INC-123", "the evidence names no override");
    let audit: Vec<_> = seen.lines().into_iter().filter(|line| line["level"] == "WARN").collect();
    ensure!(audit.len() == 1, "{} lines of audit; expected 1: {audit:?}", audit.len());
    ensure!(audit[0]["override"]["by"] == "ada" && audit[0]["verdict"] == "proceed", "{}", audit[0]);
    Ok(())
}

/// Green was judged, and a warning says why the list did not hold, where there is something to say.
fn shut(seen: &Seen, warning: Option<&str>) -> Outcome {
    seen.decided(Verdict::Stop, &["status 200"])?;
    let evidence = seen.evidence()?;
    let warnings = evidence["warnings"].to_string();
    ensure!(evidence["override"].is_null(), "an override holds: {evidence}");
    match warning {
        Some(words) => ensure!(warnings.contains(words), "no warning says `{words}`: {warnings}"),
        None => ensure!(!warnings.contains("override"), "there was nothing to warn of: {warnings}"),
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_opens_the_gate_whatever_the_protocol() {
    let mut table = Table::default();
    for service in ["shop/orders", "shop/*", "*/*"] {
        let list = list(service, 3600).to_string();
        let (of_codedeploy, of_pause) = (list.clone(), list.clone());
        table.add(format!("ecs × {service}"), async move {
            opened(&scene::<BlueGreen>(Some(list)).await.play().await)
        });
        table.add(format!("codedeploy × {service}"), async move {
            opened(&scene::<CodeDeploy>(Some(of_codedeploy)).await.play().await)
        });
        table.add(format!("pause × {service}"), async move {
            let mut scene = scene::<BlueGreen>(Some(of_pause)).await;
            pause(&mut scene);
            opened(&scene.play().await)
        });
    }
    let list = list("shop/orders", 3600).to_string();
    table.add("a plan that is broken", async move {
        let mut scene = scene::<BlueGreen>(Some(list)).await;
        scene.plan = json!({ "checks": [{ "htp": {} }] });
        let seen = scene.play().await;
        seen.decided(Verdict::Proceed, &["shadow: would have stopped: the plan cannot be used"])
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_opens_it() {
    let entry = |key: &str, value: Value| {
        let mut list = list("shop/orders", 3600);
        list[0][key] = value;
        Some(list.to_string())
    };
    let mut table = Table::default();
    for (name, list, warning) in [
        ("no parameter", None, None),
        ("an empty list", Some("[]".to_owned()), None),
        ("another service", Some(list("shop/carts", 3600).to_string()), None),
        (
            "over",
            Some(list("shop/orders", -1).to_string()),
            Some("the override of `shop/orders` is over since"),
        ),
        ("no list", Some("shadow".to_owned()), Some("the overrides are no JSON")),
        ("another mode", entry("mode", json!("enforce")), Some("its mode is not `shadow`")),
        ("without an end", entry("until", Value::Null), Some("the override [0] does not hold")),
        ("without who", entry("by", json!("")), Some("`by` is empty")),
    ] {
        table.add(name, async move { shut(&scene::<BlueGreen>(list).await.play().await, warning) });
    }
    let denied = AwsError::client("AccessDeniedException", "no");
    for (name, fault, warning) in [
        ("denied", Fault::Denied, "ssm:GetParameter"),
        ("refused", Fault::Error(denied), "the overrides could not be read, so none holds"),
        ("throttled", Fault::Throttled, "the overrides could not be read, so none holds"),
        ("never answered", Fault::Hangs, "none holds"),
    ] {
        let list = list("shop/orders", 3600).to_string();
        table.add(name, async move {
            let mut scene = scene::<BlueGreen>(Some(list)).await;
            scene.fault(&GET_PARAMETER, fault, Times::Always);
            shut(&scene.play().await, Some(warning))
        });
    }
    table.add("a setting that names no parameter", async move {
        let mut scene = scene::<BlueGreen>(None).await;
        scene.variables = vec![("GREENLIGHT_OVERRIDES", "greenlight/overrides".to_owned())];
        shut(&scene.play().await, Some("GREENLIGHT_OVERRIDES is left aside"))
    });
    table.play().await;
}
