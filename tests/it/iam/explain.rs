//! The policy of who explains, in force: an explanation reads all of it, and nothing beyond it.

use std::collections::BTreeSet;
use std::process::Command;

use greenlight_cli::rehearsal::aws::iam::Policy;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Aws, World};
use greenlight_tests::binaries;
use serde_json::{Value, json};

use super::actions;
use crate::explain::ran;
use crate::table::{Outcome, Table, ensure};

const SERVICE: &str = "arn:aws:ecs:us-east-1:123456789012:service/shop/orders";
const GROUP: [&str; 4] = ["--application", "orders", "--deployment-group", "orders-production"];

/// A world, and what `explain` is asked about it.
type Run = (fn() -> World, &'static [&'static str]);

/// What somebody asks `iam` for, and what they then ask `explain`.
struct Case {
    iam: &'static [&'static str],
    runs: &'static [Run],
}

const NAMED: &[&str] = &["--service", "shop/orders"];

const CASES: &[(&str, Case)] = &[
    ("a service of ECS's", Case { iam: &["--service", SERVICE], runs: &[(of_ecs, NAMED)] }),
    (
        "a service of CodeDeploy's",
        Case {
            iam: &["--service", SERVICE, GROUP[0], GROUP[1], GROUP[2], GROUP[3]],
            runs: &[(of_codedeploy, NAMED)],
        },
    ),
    ("a region", Case { iam: &[], runs: &[(of_ecs, &[]), (of_codedeploy, &[]), (of_codedeploy, NAMED)] }),
];

/// A deployment that was taken back, and a task of green that has stopped.
fn of_ecs() -> World {
    let parameters = BlueGreen { status: "ROLLBACK_SUCCESSFUL".to_owned(), ..BlueGreen::default() };
    stopped(parameters.world())
}

fn of_codedeploy() -> World {
    let mut world = stopped(CodeDeploy::default().world());
    let hooks = json!({ "Hooks": [{ "AfterAllowTestTraffic": "CodeDeployHook_check" }] }).to_string();
    for deployment in &mut world.codedeploy.deployments {
        "Failed".clone_into(&mut deployment.status);
        deployment.revision =
            Some(json!({ "revisionType": "AppSpecContent", "appSpecContent": { "content": hooks } }));
    }
    world
}

fn stopped(mut world: World) -> World {
    let mut task = world.ecs.tasks.last().expect("green has tasks").clone();
    task.task_arn.push('0');
    "STOPPED".clone_into(&mut task.desired_status);
    "STOPPED".clone_into(&mut task.last_status);
    world.ecs.tasks.push(task);
    world
}

fn printed(arguments: &[&str]) -> Value {
    let mut command = Command::new(binaries::command().unwrap());
    let output = command.args(["iam", "--for", "explain"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn holds(case: &Case) -> Outcome {
    let policy = printed(case.iam);
    let mut called = BTreeSet::new();
    for (world, arguments) in case.runs {
        let aws = Aws::serve(world()).await.map_err(|error| error.to_string())?;
        let in_force = Policy::parse(&policy)?;
        aws.change(|world| world.iam.caller = Some(vec![in_force]));
        let url = aws.endpoint_url();
        let (_, text) = ran(&[&["explain", "--endpoint-url", &url], *arguments].concat()).await;
        let calls = aws.calls();
        let denied: Vec<_> = calls.iter().filter(|call| call.denied).map(|call| &call.operation).collect();
        ensure!(denied.is_empty(), "denied: {denied:?}\n{text}");
        ensure!(!text.contains("unread") || text.contains("there is no such log group"), "{text}");
        called.extend(calls.iter().map(|call| format!("{}:{}", call.service, call.operation)));
    }
    let statements = policy["Statement"].as_array().ok_or("no statements")?;
    let allowed: BTreeSet<String> = statements.iter().flat_map(actions).collect();
    let idle: Vec<_> = allowed.difference(&called).collect();
    ensure!(idle.is_empty(), "allowed and never called: {idle:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_explains_may_call_what_an_explanation_calls() {
    let mut table = Table::default();
    for (name, case) in CASES {
        table.add((*name).to_owned(), holds(case));
    }
    table.play().await;
}
