//! The policies that `greenlight iam` prints, in force: with them the hooks come to the same verdicts as without
//! any, and without a single action of them, or with what another service has in its place, some call is denied.

mod explain;
mod runs;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::process::Command;
use std::sync::{Arc, Mutex};

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

/// What is allowed though no run calls it. The rules of `preflight` do not say which calls they take for whom, so what only
/// services that ECS deploys are judged by is allowed for those of CodeDeploy, too.
const IDLE: [(&str, &str, &[&str]); 1] = [(
    "preflight",
    "codedeploy",
    &[
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeListeners",
        "iam:GetRole",
        "iam:SimulatePrincipalPolicy",
        "lambda:GetFunctionConfiguration",
        "lambda:GetPolicy",
    ],
)];

/// What names no service, because AWS lets nobody name one there, or because it is the function's or the plan's own.
const OF_EVERY_SERVICE: [&str; 11] = [
    "ReadTheTaskDefinition",
    "ReadTheAlarms",
    "FindTheRoute",
    "ReadCertificateNames",
    "ReadTheLifecycleEvents",
    "ReadTheRoles",
    "ReadTheFunctions",
    "InvokeItself",
    "ReadTheMetrics",
    "ReadTheParameters",
    "ReadTheSecrets",
];

/// The policy that the command prints for a case.
fn printed(case: &Case) -> Value {
    printed_with(case, case.arguments.iter().map(ToString::to_string))
}

/// The same for another service in another cluster, and another application and deployment group.
fn printed_for_another(case: &Case) -> Value {
    let other =
        |argument: &&str| argument.replace("shop/orders", "mall/billing").replace("orders", "billing");
    printed_with(case, case.arguments.iter().map(other))
}

fn printed_with(case: &Case, arguments: impl Iterator<Item = String>) -> Value {
    let mut command = Command::new(binaries::command().unwrap());
    command.args(["iam", "--hooks", case.hook, "--function", "hook"]).args(arguments);
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

/// A case whose policy is enough, which is to be held for the least.
struct Enough {
    case: &'static Case,
    protocol: &'static str,
    policy: Value,
    /// A run that calls each action.
    used: BTreeMap<String, Run>,
}

impl Enough {
    fn name(&self) -> String {
        format!("{} × {}", self.case.hook, self.protocol)
    }

    /// The statements that a call of the local world may need, with their places.
    fn statements(&self) -> impl Iterator<Item = (usize, &Value)> {
        let statements = self.policy["Statement"].as_array().into_iter().flatten().enumerate();
        statements.filter(|(_, statement)| !OUT_OF_REACH.iter().any(|known| statement["Sid"] == *known))
    }

    /// And the least: without any action of it, a call is denied.
    fn least(&self, table: &mut Table) {
        let mut unused = Vec::new();
        for (_, statement) in self.statements() {
            let sid = &statement["Sid"];
            for action in actions(statement) {
                let Some(run) = self.used.get(&action).copied() else {
                    unused.push(action);
                    continue;
                };
                let name = format!("{} without {action} of {sid}", self.name());
                table.add(name, is_denied(run, without(&self.policy, sid, &action)));
            }
        }
        let known = IDLE.into_iter().find(|(hook, of, _)| (self.case.hook, self.protocol) == (*hook, *of));
        let (.., idle) = known.unwrap_or_default();
        assert_eq!(unused, idle, "{}: allowed, and no run calls it; known as such", self.name());
    }

    /// And of this service alone: with a statement as another service has it, a call is denied.
    fn of_one_service(&self, table: &mut Table) {
        let other = printed_for_another(self.case);
        assert_eq!(
            self.policy["Statement"].as_array().map(Vec::len),
            other["Statement"].as_array().map(Vec::len)
        );
        for (place, own) in self.statements() {
            let (sid, foreign) = (&own["Sid"], &other["Statement"][place]);
            assert_eq!(*sid, foreign["Sid"], "{}: for another service it stands elsewhere", self.name());
            if own == foreign {
                let is_known = OF_EVERY_SERVICE.iter().any(|known| *sid == *known);
                assert!(is_known, "{}: {sid} is the same for every service", self.name());
                continue;
            }
            let mut mixed = self.policy.clone();
            mixed["Statement"][place] = foreign.clone();
            for action in actions(own) {
                let Some(run) = self.used.get(&action).copied() else { continue };
                let name = format!("{} with another service's {sid}, for {action}", self.name());
                table.add(name, is_denied(run, mixed.clone()));
            }
        }
    }
}

/// A call of the run is denied behind this policy.
async fn is_denied(run: Run, policy: Value) -> Outcome {
    let seen = run(Some(Policy::parse(&policy)?)).await;
    ensure!(!denied(&seen).is_empty(), "nothing is denied");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn printed_policies_are_enough_and_the_least() {
    let found = Arc::new(Mutex::new(Vec::new()));
    let mut table = Table::default();
    for (protocol, cases) in [("ecs", ECS), ("codedeploy", CODEDEPLOY), ("pause", PAUSE)] {
        for case in cases {
            let found = found.clone();
            table.add(format!("{} × {protocol}", case.hook), async move {
                let policy = printed(case);
                let used = enough(&policy, case.runs).await?;
                found.lock().map_err(|error| error.to_string())?.push(Enough {
                    case,
                    protocol,
                    policy,
                    used,
                });
                Ok(())
            });
        }
    }
    table.play().await;
    let mut table = Table::default();
    for enough in found.lock().unwrap().iter() {
        enough.least(&mut table);
        enough.of_one_service(&mut table);
    }
    table.play().await;
}
