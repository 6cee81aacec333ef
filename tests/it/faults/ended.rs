//! A process that is ended in the midst of an invocation: nothing proceeds by it, and who is asked again decides.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::Times::Next;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, ssm};
use greenlight_cli::rehearsal::lambda::{Function, Invocation, Lambda, Outcome as Invoked};
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Target};
use serde_json::json;

use super::cell::{Protocol, served};
use super::expect::answer;
use crate::table::{Outcome, Table, ensure};

/// How, and what says how many it struck.
type Ends = fn(&Lambda) -> usize;
const SIGNALS: [(&str, Ends); 2] = [("SIGKILL", Lambda::kill), ("SIGTERM", Lambda::terminate)];

/// The hook `test-traffic` before a green that is right, which it can tell once AWS has told it a parameter.
async fn hook(aws: &Aws) -> (Lambda, Target) {
    let green = Target::start(Kind::Good).await.unwrap();
    aws.set_parameter("/probe", ssm::Parameter::SecureString("token".to_owned()));
    let plan = json!({
        "checks": [{"http": {"headers": {"x-token": {"secret": "ssm:/probe"}}, "allow_plaintext": true}}],
        "target": {"url": green.url()},
    });
    let function = Function::new("hook", binaries::test_traffic().unwrap())
        .with_variable("GREENLIGHT_PLAN", plan.to_string());
    (Lambda::new(served(function, aws, Duration::from_mins(1))), green)
}

/// Delivers the event, and ends the process when this operation has been called.
async fn struck(
    hook: &Lambda,
    aws: &Aws,
    protocol: Protocol,
    at: &'static Operation,
    ends: Ends,
) -> Result<Vec<Invocation>, String> {
    let delivered = async {
        let event = protocol.event().to_string();
        if protocol == Protocol::Ecs {
            vec![hook.invoke(event).await]
        } else {
            hook.invoke_async(event).await
        }
    };
    let called = aws.until(|world| world.calls.iter().any(|call| call.operation == at.name()));
    let mut delivered = std::pin::pin!(delivered);
    let attempts = tokio::select! {
        attempts = &mut delivered => return Err(format!("{} was never called: {attempts:?}", at.name())),
        () = called => {
            let struck = ends(hook);
            ensure!(struck == 1, "{struck} processes were struck");
            delivered.await
        }
    };
    let first = attempts.first().ok_or("no attempt")?;
    ensure!(matches!(first.outcome, Invoked::Exited(_)), "it came to {:?}", first.outcome);
    ensure!(first.posts.is_empty(), "it had posted {:?}", first.posts);
    Ok(attempts)
}

/// One more attempt, which answers this.
fn then(attempts: &[Invocation], status: &str) -> Outcome {
    let [_, again] = attempts else { return Err(format!("{} attempts; expected 2", attempts.len())) };
    let answer = answer(again)?;
    ensure!(answer["hookStatus"] == status, "expected {status}; the answer is {answer}");
    Ok(())
}

fn reports(aws: &Aws) -> usize {
    aws.reports().len() + aws.continues().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_validates() {
    let mut table = Table::default();
    for (signal, ends) in SIGNALS {
        for protocol in Protocol::ALL {
            table.add(format!("{} × {signal}", protocol.name()), async move {
                let aws = Aws::start().await.unwrap();
                let (hook, green) = hook(&aws).await;
                aws.fault(&ssm::GET_PARAMETER, Fault::Hangs, Next(1));
                let attempts = struck(&hook, &aws, protocol, &ssm::GET_PARAMETER, ends).await?;
                if protocol == Protocol::Ecs {
                    // ECS has its answer: none. Whatever comes next is served by a new process.
                    ensure!(attempts.len() == 1 && reports(&aws) == 0, "it came to {attempts:?}");
                    let next = hook.invoke(protocol.event().to_string()).await;
                    ensure!(next.process_id != attempts[0].process_id, "the same process went on");
                    ensure!(answer(&next)?["hookStatus"] == "SUCCEEDED", "it came to {next:?}");
                } else {
                    then(&attempts, "SUCCEEDED")?;
                    ensure!(reports(&aws) == 1, "{} reports", reports(&aws));
                }
                ensure!(green.received().requests().len() == 1, "the process that was ended had asked green");
                Ok(())
            });
        }
    }
    table.play().await;
}

/// Whether the report had its effect is what nobody knows then. The next attempt finds out by reporting.
#[tokio::test(flavor = "multi_thread")]
async fn while_it_reports() {
    let mut table = Table::default();
    for (signal, ends) in SIGNALS {
        for protocol in Protocol::REPORTING {
            for (name, fault, words) in [
                ("without an effect", Fault::Hangs, "\"report\":\"accepted"),
                ("with its effect", Fault::NeverAnswered, "\"report\":\"already answered"),
            ] {
                table.add(format!("{} × {signal} × {name}", protocol.name()), async move {
                    let report = protocol.report().ok_or("it reports")?;
                    let aws = Aws::start().await.unwrap();
                    let (hook, _green) = hook(&aws).await;
                    aws.fault(report, fault, Next(1));
                    let attempts = struck(&hook, &aws, protocol, report, ends).await?;
                    then(&attempts, "SUCCEEDED")?;
                    ensure!(reports(&aws) == 1, "{} reports counted", reports(&aws));
                    let log = attempts[1].log.join("\n");
                    ensure!(log.contains(words), "the second attempt does not say {words}: {log}");
                    Ok(())
                });
            }
        }
    }
    table.play().await;
}
