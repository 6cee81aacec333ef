//! A wait that outlasts the function's time, where nobody asks again: the function invokes itself.
//!
//! The local Lambda service runs what the function asks for, so these are whole chains: the real process, the real
//! call, the next event. Functions have a few seconds here; what they do near their deadline is the same.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::Times::{Always, Next};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Aws, Fault, World, codedeploy, ecs, lambda, ssm};
use greenlight_cli::rehearsal::lambda::{Function, Invocation, Lambda, Outcome as Invoked};
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Target};
use serde_json::{Value, json};

use super::cell::{Cell, Played, Protocol, Reported, served};
use super::expect::answer;
use crate::table::{Outcome, Table, ensure};

/// The function's time. A third of it is kept back.
const SECONDS: u64 = 6;
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:hook";

/// A function whose check is pending for ever, with this much patience.
fn waiting(protocol: Protocol, patience: &str) -> Cell {
    let cell = Cell::doing(protocol, "pending").within(SECONDS);
    let plan = cell.plan.replace("0s", patience);
    Cell { plan, ..cell }
}

/// The event of a link that this many self-invocations have led to.
fn link(protocol: Protocol, hops: u32) -> Value {
    let mut event = protocol.event();
    let (deployment, stage, hook) = match protocol {
        Protocol::CodeDeploy => (
            event["DeploymentId"].clone(),
            json!("POST_TEST_TRAFFIC_SHIFT"),
            event["LifecycleEventHookExecutionId"].clone(),
        ),
        Protocol::Pause | Protocol::Ecs => (
            event["detail"]["serviceDeploymentArn"].clone(),
            event["detail"]["lifecycleStage"].clone(),
            event["detail"]["hookId"].clone(),
        ),
    };
    event["greenlight"] = json!({
        "v": 1,
        "place": {"deployment": deployment, "stage": stage, "hook": hook},
        "since": greenlight::clock::now().to_string(),
        "hops": hops,
    });
    event
}

/// The answers of all links, each of which was attempted once.
fn answers(played: &Played) -> Result<Vec<Value>, String> {
    played.invocations().map(answer).collect()
}

/// The last link stopped with these words, and that was reported once; all before it handed over.
fn stopped(played: &Played, words: &[&str]) -> Outcome {
    let answers = answers(played)?;
    let (last, before) = answers.split_last().ok_or("no answer")?;
    for (hop, answer) in before.iter().enumerate() {
        let words = format!("; handed over to the next invocation (hop {} of 12)", hop + 1);
        let reason = answer["reason"].as_str().unwrap_or_default();
        ensure!(
            answer["hookStatus"] == "IN_PROGRESS" && reason.ends_with(&words),
            "expected a wait that ends {words:?}; the answer is {answer}"
        );
    }
    ensure!(last["hookStatus"] == "FAILED", "expected FAILED; the answer is {last}");
    let reason = last["reason"].as_str().unwrap_or_default();
    for word in words {
        ensure!(reason.contains(word), "the reason does not say {word:?}: {reason}");
    }
    ensure!(played.reports == [Reported::Stop], "reported {:?}", played.reports);
    ensure!(played.report_calls().len() == 1, "{} calls that report", played.report_calls().len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_ends_when_patience_is_over() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(protocol.name(), async move {
            let played = waiting(protocol, "10s").play().await;
            let outcome = || {
                stopped(
                    &played,
                    &["check `validate` was still pending after waiting 1", "s: still warming up"],
                )?;
                ensure!(played.invokes.len() >= 2, "{} self-invocations; expected 2", played.invokes.len());
                for (hop, invoke) in (1..).zip(&played.invokes) {
                    ensure!(invoke.function == ARN && invoke.names("hook"), "invoked {invoke:?}");
                    let mut event: Value = serde_json::from_str(&invoke.payload).unwrap_or_default();
                    let state = event["greenlight"].take();
                    ensure!(state["hops"] == hop && state["v"] == 1, "the state is {state}");
                    event.as_object_mut().map(|fields| fields.remove("greenlight"));
                    let original = protocol.event();
                    let id = |event: &Value| match protocol {
                        Protocol::CodeDeploy => event["LifecycleEventHookExecutionId"].clone(),
                        Protocol::Pause | Protocol::Ecs => event["detail"]["hookId"].clone(),
                    };
                    ensure!(id(&event) == id(&original), "the event is {event}");
                }
                // The first and the last tell everything; who says the same again says so in a line.
                let evidence = played.evidence();
                let [first, last] = evidence.as_slice() else {
                    return Err(format!("{} documents of evidence; expected 2", evidence.len()));
                };
                ensure!(
                    first["report"] == "handed over to the next invocation (hop 1 of 12)"
                        && first["verdict"] == "wait"
                        && first["aws_calls"].to_string().contains("\"operation\":\"Invoke\""),
                    "the first evidence is {first}"
                );
                ensure!(last["hops"] == played.invokes.len(), "the last evidence is {last}");
                Ok(())
            };
            outcome().map_err(|why| played.with_log(&why))
        });
    }
    table.play().await;
}

/// Faults of the call; how many calls are made; and the words of the reason.
fn faults() -> [(&'static str, Fault, usize, Vec<&'static str>); 4] {
    let unknown = "when the function's own time was over and nobody said whether it had invoked itself (";
    [
        (
            "denied",
            Fault::Denied,
            1,
            vec![
                "when the function's own time was over and it could not invoke itself (not allowed to call \
                 lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:hook: add this action for \
                 this resource to the function's role",
                "): still warming up",
            ],
        ),
        (
            "hangs",
            Fault::Hangs,
            1,
            vec![unknown, "cannot reach lambda.us-east-1: no answer to InvokeFunction"],
        ),
        ("is never answered", Fault::NeverAnswered, 1, vec![unknown, "cannot reach lambda.us-east-1"]),
        ("the answer is lost", Fault::AnswerLost, 1, vec![unknown]),
    ]
}

/// A call that fails, or that may or may not have had its effect: what is undecided is decided now and reported. Where
/// the next link runs nevertheless, nothing that it finds counts.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_undecided_is_decided_where_the_function_cannot_invoke_itself_for_certain() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        for (name, fault, calls, words) in faults() {
            table.add(format!("{} × {name}", protocol.name()), async move {
                let cell = waiting(protocol, "8s");
                let cell = Cell { faults_of_invoke: vec![(fault, Always)], ..cell };
                let played = cell.play().await;
                let outcome = || {
                    let first = answers(&played)?.into_iter().next().ok_or("no answer")?;
                    let reason = first["reason"].as_str().unwrap_or_default();
                    ensure!(first["hookStatus"] == "FAILED", "the answer is {first}");
                    for word in &words {
                        ensure!(reason.contains(word), "the reason does not say {word:?}: {reason}");
                    }
                    ensure!(played.reports == [Reported::Stop], "reported {:?}", played.reports);
                    let made = played.calls.iter().filter(|call| call.operation == "Invoke").count();
                    let links = played.invocations().count();
                    ensure!(
                        made <= calls * links,
                        "{made} calls of {links} links: an unknown one is not repeated"
                    );
                    Ok(())
                };
                outcome().map_err(|why| played.with_log(&why))
            });
        }
        table.add(format!("{} × throttled twice", protocol.name()), async move {
            let cell = waiting(protocol, "5s");
            let cell = Cell { faults_of_invoke: vec![(Fault::Throttled, Next(2))], ..cell };
            let played = cell.play().await;
            let made = || played.calls.iter().filter(|call| call.operation == "Invoke").count();
            let outcome = || {
                stopped(&played, &["was still pending after waiting"])?;
                ensure!(made() == played.invokes.len() + 2, "{} calls", made());
                Ok(())
            };
            outcome().map_err(|why| played.with_log(&why))
        });
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twelfth_hop_is_the_last() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(protocol.name(), async move {
            let played = Cell { event: link(protocol, 11), ..waiting(protocol, "1h") }.play().await;
            let outcome = || {
                let answers = answers(&played)?;
                let [eleventh, twelfth] = answers.as_slice() else {
                    return Err(format!("{} links; expected 2", answers.len()));
                };
                let reason = eleventh["reason"].as_str().unwrap_or_default();
                ensure!(reason.ends_with("(hop 12 of 12)"), "the reason is {reason}");
                let reason = twelfth["reason"].as_str().unwrap_or_default();
                let words = "when the function's own time was over and it had invoked itself 12 times, the most that \
                             it does (raise the function's timeout): still warming up";
                ensure!(twelfth["hookStatus"] == "FAILED" && reason.ends_with(words), "the reason is {reason}");
                ensure!(played.reports == [Reported::Stop], "reported {:?}", played.reports);
                Ok(())
            };
            outcome().map_err(|why| played.with_log(&why))
        });
    }
    table.play().await;
}

/// A check that never ends costs each link its time, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_hangs_or_blocks_is_handed_over_too() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        for act in ["hang", "block"] {
            table.add(format!("{} × {act}", protocol.name()), async move {
                let cell = Cell::doing(protocol, act).within(SECONDS);
                let plan = cell.plan.replace("0s", "5s");
                let played = Cell { plan, ..cell }.play().await;
                stopped(&played, &["could not be told after waiting", "did not finish in the time"])
                    .and_then(|()| {
                        ensure!(!played.invokes.is_empty(), "it did not invoke itself");
                        Ok(())
                    })
                    .map_err(|why| played.with_log(&why))
            });
        }
    }
    table.play().await;
}

/// The hook `test-traffic` before this target; its one check needs a parameter that it may not read yet.
fn before(aws: &Aws, green: &Target) -> Lambda {
    aws.set_parameter("/probe", ssm::Parameter::SecureString("token".to_owned()));
    aws.fault(&ssm::GET_PARAMETER, Fault::Denied, Always);
    let plan = json!({
        "checks": [{"http": {"headers": {"x-token": {"secret": "ssm:/probe"}}, "allow_plaintext": true}}],
        "target": {"url": green.url()},
        "patience": "1h",
    });
    let function = Function::new("hook", binaries::test_traffic().unwrap())
        .with_variable("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic")
        .with_variable("GREENLIGHT_PLAN", plan.to_string());
    Lambda::new(served(function, aws, Duration::from_secs(SECONDS)))
}

fn reports(aws: &Aws) -> usize {
    aws.reports().len() + aws.continues().len()
}

fn status(invocation: &Invocation) -> Result<String, String> {
    Ok(answer(invocation)?["hookStatus"].as_str().unwrap_or_default().to_owned())
}

/// Every link judges anew: what heals between two of them lets the deployment proceed.
#[tokio::test(flavor = "multi_thread")]
async fn what_heals_during_a_chain_lets_the_deployment_proceed() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(protocol.name(), async move {
            let (aws, green) = (Aws::start().await.unwrap(), Target::start(Kind::Good).await.unwrap());
            let lambda = before(&aws, &green);
            let heals = async {
                aws.until(|world| world.lambda.invokes.len() == 2).await;
                aws.clear_faults();
            };
            let (links, ()) = tokio::join!(lambda.invoke_chain(protocol.event().to_string(), &aws), heals);
            let statuses: Vec<_> = links.iter().flatten().map(status).collect::<Result<_, _>>()?;
            let (last, before) = statuses.split_last().ok_or("no links")?;
            ensure!(
                last == "SUCCEEDED"
                    && before.len() >= 2
                    && before.iter().all(|status| status == "IN_PROGRESS"),
                "the links came to {statuses:?}"
            );
            ensure!(reports(&aws) == 1, "{} reports", reports(&aws));
            Ok(())
        });
    }
    table.play().await;
}

/// The process dies when Lambda has taken its invocation of itself. Lambda delivers its event again, so that there are
/// two chains; the first verdict counts, and the other link is told so.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_right_after_it_invoked_itself_changes_no_verdict() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(protocol.name(), async move {
            let (aws, green) = (Aws::start().await.unwrap(), Target::start(Kind::Good).await.unwrap());
            let hook = before(&aws, &green);
            aws.fault(&lambda::INVOKE, Fault::NeverAnswered, Next(1));
            let dies = async {
                aws.until(|world| world.lambda.invokes.len() == 1).await;
                hook.kill()
            };
            let (attempts, killed) = tokio::join!(hook.invoke_async(protocol.event().to_string()), dies);
            let [died, again] = attempts.as_slice() else { return Err(format!("attempts: {attempts:?}")) };
            ensure!(
                killed == 1 && matches!(died.outcome, Invoked::Exited(_)),
                "it came to {:?}",
                died.outcome
            );
            ensure!(status(again)? == "IN_PROGRESS" && reports(&aws) == 0, "it came to {:?}", again.outcome);

            let links = aws.invokes();
            let [first, second] = links.as_slice() else { return Err(format!("{} links", links.len())) };
            aws.clear_faults();
            let (first, second) = tokio::join!(
                hook.invoke_async(first.payload.clone()),
                hook.invoke_async(second.payload.clone())
            );
            ensure!(reports(&aws) == 1, "{} reports counted; expected 1", reports(&aws));
            for link in [&first, &second] {
                ensure!(link.len() == 1 && status(&link[0])? == "SUCCEEDED", "a link came to {link:?}");
            }
            let log: Vec<_> = first.iter().chain(&second).flat_map(|attempt| &attempt.log).collect();
            let late = log.iter().filter(|line| line.contains("\"report\":\"already answered: ")).count();
            ensure!(late == 1, "{late} links say that their report was late: {log:#?}");
            Ok(())
        });
    }
    table.play().await;
}

/// The world of an event, and how somebody else answers the hook in it.
fn answered_by_somebody(protocol: Protocol) -> (World, Value, fn(&mut World), &'static str) {
    match protocol {
        Protocol::CodeDeploy => {
            let deployment = CodeDeploy::default();
            let answer = |world: &mut World| {
                for target in world.codedeploy.deployments.iter_mut().flat_map(|known| &mut known.targets) {
                    let codedeploy::DeploymentTarget::EcsTarget(target) = target else { continue };
                    for event in &mut target.lifecycle_events {
                        "Succeeded".clone_into(&mut event.status);
                    }
                }
            };
            let why = "the lifecycle event AfterAllowTestTraffic is Succeeded";
            (deployment.world(), deployment.event(), answer, why)
        }
        Protocol::Pause | Protocol::Ecs => {
            let mut deployment = BlueGreen::default();
            let id = "ecs-pause-e7tK9G_WRJqNF_EOMjztDXfKenlJuEUVjsNStf4WLKw";
            deployment.hooks.push(ecs::LifecycleHookDetail {
                hook_id: id.to_owned(),
                target_type: "PAUSE".to_owned(),
                status: "AWAITING_ACTION".to_owned(),
                ..ecs::LifecycleHookDetail::default()
            });
            let of_ecs = deployment.event();
            let mut event = protocol.event();
            event["detail"]["hookId"] = id.into();
            event["detail"]["serviceArn"] = of_ecs["executionDetails"]["serviceArn"].clone();
            event["detail"]["serviceDeploymentArn"] = of_ecs["resourceArn"].clone();
            let answer = |world: &mut World| {
                for deployment in &mut world.ecs.service_deployments {
                    for hook in &mut deployment.lifecycle_hook_details {
                        "SUCCEEDED".clone_into(&mut hook.status);
                    }
                }
            };
            (deployment.world(), event, answer, "the PAUSE hook is SUCCEEDED")
        }
    }
}

/// Somebody else answers between two links: the next one ends, and reports nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_whose_event_no_longer_waits_ends() {
    let mut table = Table::default();
    for protocol in Protocol::REPORTING {
        table.add(protocol.name(), async move {
            let (mut world, event, answer_it, why) = answered_by_somebody(protocol);
            world.lambda.functions.entry("hook".to_owned()).or_default();
            let region = world.identity.region.clone();
            let aws = Aws::serve(world).await.unwrap();
            let plan = json!({"checks": [{"validate": {"do": "pending"}}], "patience": "1h"});
            let function = Function::new("hook", binaries::faulty_hook().unwrap())
                .with_variable("GREENLIGHT_PLAN", plan.to_string());
            let mut function = served(function, &aws, Duration::from_secs(SECONDS));
            function.region = region;
            let hook = Lambda::new(function);

            let first = hook.invoke_async(event.to_string()).await;
            ensure!(status(&first[0])? == "IN_PROGRESS", "it came to {first:?}");
            let taken = aws.invokes();
            let [link] = taken.as_slice() else { return Err(format!("{} links", taken.len())) };
            aws.change(answer_it);
            let second = hook.invoke_async(link.payload.clone()).await;
            let said = answer(&second[0])?;
            let words = format!("nobody waits for a verdict any more: {why}; nothing was reported");
            ensure!(said == json!({ "acknowledged": words }), "the answer is {said}");
            ensure!(
                second[0].log.iter().any(|line| line.contains("\"level\":\"INFO\"")),
                "{:?}",
                second[0].log
            );
            ensure!(aws.invokes().len() == 1 && reports(&aws) == 0, "it went on");
            let reported = |operation: &str| aws.calls().iter().any(|call| call.operation == operation);
            ensure!(
                !reported("PutLifecycleEventHookExecutionStatus") && !reported("ContinueServiceDeployment"),
                "it reported"
            );
            Ok(())
        });
    }
    table.play().await;
}
