//! The policies that `greenlight iam` prints, in force: with them the hooks come to the same verdicts as without
//! any, and without a single action of them some call is denied.

mod explain;
mod runs;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::process::Command;

use greenlight_cli::rehearsal::aws::iam::Policy;
use greenlight_tests::binaries;
use serde_json::Value;

use self::runs::{CODEDEPLOY, ECS, PAUSE};
use crate::scene::Seen;
use crate::table::{Outcome, Table, ensure};

/// A deployment that a hook is called for, behind these policies.
type Run = fn(Option<Policy>) -> Pin<Box<dyn Future<Output = Seen> + Send>>;

/// A hook and a protocol: what the command is asked for, and runs that together need all of it.
struct Case {
    hook: &'static str,
    arguments: &'static [&'static str],
    /// A plan that the hook is given, in the place of its own.
    plan: Option<fn() -> Value>,
    runs: &'static [(&'static str, Run)],
}

/// What no call of the local world needs: Lambda writes the logs, attaches functions to VPCs, and the other
/// services ask KMS.
const OUT_OF_REACH: [&str; 4] = ["WriteLogs", "AttachToTheVpc", "DecryptTheParameters", "DecryptTheSecrets"];

/// The policy that the command prints for a case.
fn printed(case: &Case) -> Value {
    let mut command = Command::new(binaries::command().unwrap());
    command.args(["iam", "--hooks", case.hook, "--function", "hook"]).args(case.arguments);
    let folder = tempfile::tempdir().unwrap();
    if let Some(plan) = case.plan {
        let file = folder.path().join("plan.json");
        std::fs::write(&file, plan().to_string()).unwrap();
        command.arg("--plan").arg(file);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let roles: Value = serde_json::from_slice(&output.stdout).unwrap();
    roles[case.hook]["policy"].clone()
}

/// The actions of a statement.
fn actions(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::Array(actions) => actions.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        action => action.as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}

/// The policy without one action, and without the statement where that was its only one.
fn without(policy: &Value, sid: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut().filter(|statement| statement["Sid"] == *sid) {
        let mut rest = actions(statement);
        rest.retain(|other| other != action);
        statement["Action"] = rest.into();
    }
    statements.retain(|statement| !actions(statement).is_empty());
    policy
}

/// What the last invocation answered, which is what was reported.
fn verdict(seen: &Seen) -> Result<String, String> {
    use greenlight_cli::rehearsal::lambda::Outcome::Answered;
    let answers = seen.attempts.iter().filter_map(|attempt| match &attempt.outcome {
        Answered(answer) => serde_json::from_slice::<Value>(answer).ok(),
        _ => None,
    });
    let answer = answers.last().ok_or_else(|| format!("no answer: {:?}", seen.attempts))?;
    Ok(format!(
        "{} by {} reports and {} answers",
        answer["hookStatus"],
        seen.reports.len(),
        seen.continues.len()
    ))
}

fn denied(seen: &Seen) -> Vec<String> {
    let denied = seen.calls.iter().filter(|call| call.denied);
    denied.map(|call| format!("{}:{}", call.service, call.operation)).collect()
}

/// The action of a call.
fn action(service: &str, operation: &str) -> String {
    match (service, operation) {
        ("lambda", "Invoke") => "lambda:InvokeFunction".to_owned(),
        _ => format!("{service}:{operation}"),
    }
}

/// The policy is enough: each run ends as it does without any.
async fn enough(policy: &Value, runs: &[(&'static str, Run)]) -> Result<BTreeMap<String, Run>, String> {
    let mut used = BTreeMap::new();
    for (name, run) in runs {
        let free = verdict(&run(None).await)?;
        let seen = run(Some(Policy::parse(policy)?)).await;
        let denied = denied(&seen);
        ensure!(denied.is_empty(), "{name}: denied: {denied:?}");
        let bound = verdict(&seen)?;
        ensure!(*name != "a good day" || free.contains("SUCCEEDED"), "{name} is none: {free}");
        ensure!(free == bound, "{name}: {free} without policies, {bound} with them");
        for call in &seen.calls {
            used.entry(action(call.service, &call.operation)).or_insert(*run);
        }
    }
    Ok(used)
}

/// And the least: without any action of it, a call is denied.
async fn least(policy: &Value, used: &BTreeMap<String, Run>) -> Outcome {
    for statement in policy["Statement"].as_array().ok_or("no statements")? {
        let sid = &statement["Sid"];
        if OUT_OF_REACH.iter().any(|known| *sid == *known) {
            continue;
        }
        for action in actions(statement) {
            let Some(run) = used.get(&action) else {
                return Err(format!("{sid} allows {action}, which no run calls"));
            };
            let seen = run(Some(Policy::parse(&without(policy, sid, &action))?)).await;
            ensure!(!denied(&seen).is_empty(), "nothing is denied without {action} of {sid}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn printed_policies_are_enough_and_the_least() {
    let mut table = Table::default();
    for (protocol, cases) in [("ecs", ECS), ("codedeploy", CODEDEPLOY), ("pause", PAUSE)] {
        for case in cases {
            table.add(format!("{} × {protocol}", case.hook), async move {
                let policy = printed(case);
                let used = enough(&policy, case.runs).await?;
                least(&policy, &used).await
            });
        }
    }
    table.play().await;
}
