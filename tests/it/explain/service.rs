//! Why a deployment went wrong: each way to fail that a rehearsal plays, told in the first line.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::kept::{Rehearsal, ran};

/// More at a time would be slower than the simulated clock allows for.
const AT_A_TIME: usize = 2;

/// A way to fail: the rehearsal, and what the explanation has to say.
struct Way {
    arguments: &'static [&'static str],
    /// What the reason begins with, and what else is in it.
    reason: (&'static str, &'static str),
    /// The rule, where the catalogue has one.
    id: Option<&'static str>,
    stage: Option<&'static str>,
}

const WAYS: &[Way] = &[
    Way {
        arguments: &["--fault", "green:errors=20%"],
        reason: (
            "the hook greenlight-test-traffic stopped it at POST_SCALE_UP: check `http` failed: ",
            "status 500",
        ),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["--fault", "rules:drifted", "--hooks", "test-traffic"],
        reason: ("the hook greenlight-test-traffic stopped it at POST_TEST_TRAFFIC_SHIFT: ", ""),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("POST_TEST_TRAFFIC_SHIFT"),
    },
    Way {
        arguments: &["--fault", "aws:denied@ecs:DescribeServiceRevisions", "--hooks", "test-traffic"],
        reason: ("the hook greenlight-test-traffic stopped it at POST_SCALE_UP: ", "could not be told"),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["--fault", "hook:killed@test-traffic"],
        reason: (
            "the hook greenlight-test-traffic gave no answer that ECS can read at POST_SCALE_UP: ",
            "signal: killed",
        ),
        id: Some("HOOK-NULL-STATUS"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["--fault", "hook:role-not-assumable"],
        reason: ("ECS could not assume the role arn:aws:iam::123456789012:role/ecs-hooks", ""),
        id: Some("HOOK-ROLE-TRUST"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["--fault", "hook:invoke-denied@health"],
        reason: ("ECS may not call the hook greenlight-health at POST_SCALE_UP", ""),
        id: Some("HOOK-ROLE-INVOKE"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["--fault", "rules:denied"],
        reason: ("ECS may not shift traffic", "elasticloadbalancing:ModifyListener"),
        id: Some("PERM-ELB-MODIFY"),
        stage: None,
    },
    Way {
        arguments: &["--fault", "green:never-healthy", "--speed", "600x"],
        reason: (
            "green's tasks did not become healthy: 3 × Task failed ELB health checks in (target-group hello-2)",
            "",
        ),
        id: Some("EV-CB"),
        stage: None,
    },
    Way {
        arguments: &["--hooks", "none", "--fault", "green:errors-after=1m", "--speed", "120x"],
        reason: ("the alarm hello-errors went off", ""),
        id: None,
        stage: None,
    },
    Way {
        arguments: &["--fault", "green:crash-after=1ms", "--speed", "600x"],
        reason: (
            "green's tasks did not become healthy: 3 × Essential container in task exited",
            "exit code 137",
        ),
        id: Some("EV-CB"),
        stage: None,
    },
    Way {
        arguments: &[
            "examples/ecs-native/canary.json",
            "--fault",
            "green:crash-after=3m",
            "--hooks",
            "health",
        ],
        reason: (
            "the hook greenlight-health stopped it at PRE_PRODUCTION_TRAFFIC_SHIFT: check `tasks` failed: ",
            "EssentialContainerExited",
        ),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("PRE_PRODUCTION_TRAFFIC_SHIFT"),
    },
    Way {
        arguments: &[
            "--plan",
            "tests/rehearsals/version.json",
            "--fault",
            "green:version=1.0",
            "--hooks",
            "test-traffic",
        ],
        reason: ("the hook greenlight-test-traffic stopped it at POST_SCALE_UP: check `http` failed: ", ""),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["tests/rehearsals/wrong-stage.json"],
        reason: (
            "the hook greenlight-test-traffic stopped it at PRE_SCALE_UP: nothing was validated: ",
            "it belongs at",
        ),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("PRE_SCALE_UP"),
    },
    Way {
        arguments: &["--create", "--fault", "green:errors=20%"],
        reason: (
            "the hook greenlight-test-traffic stopped it at POST_SCALE_UP: check `http` failed: ",
            "; there was nothing to go back to",
        ),
        id: Some("DEPLOY-NO-ROLLBACK"),
        stage: Some("POST_SCALE_UP"),
    },
    Way {
        arguments: &["--create", "--fault", "green:never-healthy", "--speed", "600x"],
        reason: ("green's tasks did not become healthy: ", "; there was nothing to go back to"),
        id: Some("DEPLOY-NO-ROLLBACK"),
        stage: None,
    },
    Way {
        arguments: &[
            "tests/rehearsals/pause.json",
            "--pause",
            "test-traffic",
            "--fault",
            "hook:report-denied",
            "--speed",
            "600x",
        ],
        reason: ("nobody answered the PAUSE hook at POST_TEST_TRAFFIC_SHIFT before its time was over", ""),
        id: Some("HOOK-PAUSE-TIMEOUT"),
        stage: Some("POST_TEST_TRAFFIC_SHIFT"),
    },
    Way {
        arguments: &["tests/rehearsals/pause-and-hook.json", "--fault", "green:errors=20%"],
        reason: (
            "the hook greenlight-test-traffic stopped it at POST_TEST_TRAFFIC_SHIFT: check `http` failed: ",
            "status 500",
        ),
        id: Some("HOOK-RETURNED-FAILED"),
        stage: Some("POST_TEST_TRAFFIC_SHIFT"),
    },
    Way {
        arguments: &[
            "--appspec",
            "examples/codedeploy/appspec.yaml",
            "--fault",
            "green:never-healthy",
            "--speed",
            "600x",
        ],
        reason: ("green's tasks did not become healthy: 3 × Task failed ELB health checks", ""),
        id: Some("CD-REPLACEMENT-TIMEOUT"),
        stage: Some("Install"),
    },
    Way {
        arguments: &[
            "--appspec",
            "examples/codedeploy/appspec.yaml",
            "--deployment-group",
            "tests/rehearsals/codedeploy-alarms.json",
            "--hooks",
            "none",
            "--fault",
            "green:errors-after=1m",
            "--speed",
            "120x",
        ],
        reason: ("the alarm hello-errors went off", ""),
        id: Some("CD-ALARM-ROLLBACK"),
        stage: None,
    },
    Way {
        arguments: &[
            "--appspec",
            "examples/codedeploy/appspec.yaml",
            "--deployment-group",
            "tests/rehearsals/no-rollback.json",
            "--fault",
            "green:errors=20%",
        ],
        reason: (
            "the hook CodeDeployHook_greenlight-test-traffic stopped it at AfterAllowTestTraffic: check `http` failed: ",
            "status 500",
        ),
        id: Some("CD-HOOK-FAILED"),
        stage: Some("AfterAllowTestTraffic"),
    },
    Way {
        arguments: &["tests/rehearsals/pause.json", "--pause", "rollback"],
        reason: ("the PAUSE hook at ", "was answered with ROLLBACK"),
        id: None,
        stage: None,
    },
    Way {
        arguments: &["--appspec", "examples/codedeploy/appspec.yaml", "--fault", "green:errors=20%"],
        reason: (
            "the hook CodeDeployHook_greenlight-test-traffic stopped it at AfterAllowTestTraffic: ",
            "status 500",
        ),
        id: None,
        stage: Some("AfterAllowTestTraffic"),
    },
    Way {
        arguments: &["--appspec", "examples/codedeploy/appspec.yaml", "--fault", "hook:report-denied"],
        reason: ("the hook CodeDeployHook_greenlight-", " did not report to CodeDeploy within an hour"),
        id: None,
        stage: None,
    },
    Way {
        arguments: &["--appspec", "examples/codedeploy/appspec.yaml", "--fault", "hook:invoke-denied"],
        reason: (
            "CodeDeploy may not call the hook CodeDeployHook_greenlight-",
            "does not permit operations in AWSLambda",
        ),
        id: None,
        stage: None,
    },
];

/// What is wrong with the explanation.
async fn wrong(way: &Way) -> Option<String> {
    let mut arguments = way.arguments.to_vec();
    if !arguments.contains(&"--speed") {
        arguments.extend(["--speed", "200x"]);
    }
    let rehearsal = Rehearsal::kept(&arguments).await;
    // Nothing but the region is named, and there is one deployment in it.
    let (code, document) = rehearsal.document(&[]).await;
    let (begins, has) = way.reason;
    let reason = document["reason"].as_str().unwrap_or_default();
    let holds = code == Some(0) && reason.starts_with(begins) && reason.contains(has);
    let rule = way.id.is_none() || document["id"] == json!(way.id);
    let stage = way.stage.is_none() || document["stage"] == json!(way.stage);
    if !(holds && rule && stage) {
        return Some(format!("exit code {code:?}\n{document:#}"));
    }
    let service = document["service"].as_str()?;
    let (code, text) = rehearsal.explained(&["--service", service]).await;
    let mut lines = text.lines();
    let world = lines.next().unwrap_or_default();
    let first = lines.next().unwrap_or_default();
    let fits = text.lines().count() <= 40;
    let is_first = first.strip_prefix("reason   ").is_some_and(|first| reason.starts_with(first));
    let is_whole = code == Some(0) && world.starts_with("world    http://127.0.0.1:") && is_first && fits;
    if !is_whole {
        return Some(format!("exit code {code:?}\n{text}"));
    }
    // Who follows comes late, and is told the same.
    let follow = ["--follow", "--service", service, "--wait", "100ms", "--interval", "50ms"];
    let (code, text) = rehearsal.explained(&follow).await;
    let is_told = code == Some(1)
        && text.contains(&format!("\nreason   {first}", first = first.trim_start_matches("reason   ")));
    (!is_told).then(|| format!("exit code {code:?} of --follow\n{text}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_fail_is_explained_in_the_first_line() {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut ways = JoinSet::new();
    for way in WAYS {
        let turns = Arc::clone(&turns);
        ways.spawn(async move {
            let _turn = turns.acquire().await.expect("nobody closes it");
            wrong(way).await.map(|wrong| format!("{:?}\n{wrong}\n", way.arguments))
        });
    }
    let wrong: Vec<String> = ways.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), WAYS.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_evidence_of_the_deployment_is_shown_with_where_it_is() {
    let rehearsal = Rehearsal::kept(&["--fault", "green:errors=20%", "--speed", "200x"]).await;
    let (code, document) = rehearsal.document(&["--service", "demo/hello"]).await;
    assert_eq!(code, Some(0), "{document:#}");
    assert_eq!(document["hook"]["log_group"], "/aws/lambda/greenlight-test-traffic");
    let told = &document["evidence"][0];
    assert_eq!((&told["verdict"], &told["check"]), (&json!("stop"), &json!("http")), "{document:#}");
    assert_eq!(told["expected"], "status 200");
    assert_eq!(document["tasks"][0]["count"], 3, "{document:#}");
    assert_eq!(document["targets"], json!([]), "{document:#}");
    assert_eq!(document["unread"], json!([]), "{document:#}");
    let links = document["links"].as_array().unwrap();
    assert!(links.iter().any(|link| link["url"].as_str().unwrap().contains("$252Faws$252Flambda$252F")));
    // One by its name, and one that nobody has.
    let arn = document["deployment"].as_str().unwrap();
    assert_eq!(rehearsal.document(&["--deployment", arn]).await.1["reason"], document["reason"]);
    let apart = rehearsal.document(&["--cluster", "demo", "--service", "hello"]).await;
    assert_eq!(apart.1["reason"], document["reason"]);
    let (code, text) = rehearsal.explained(&["--service", "hello"]).await;
    assert!(code == Some(2) && text.contains("does not say in which cluster"), "{text}");
    let (code, text) = rehearsal.explained(&["--cluster", "demo"]).await;
    assert!(code == Some(2) && text.contains("--service <CLUSTER/SERVICE>"), "{text}");
    let (code, text) = rehearsal.explained(&["--service", "demo/hello", "--last", "2"]).await;
    assert!(code == Some(2) && text.contains("1 deployments of demo/hello went wrong"), "{text}");
    let (code, text) = rehearsal.explained(&["--service", "demo/nobody"]).await;
    assert!(code == Some(2) && text.contains("there is no service demo/nobody"), "{text}");
}

#[tokio::test]
async fn a_deployment_that_succeeded_is_explained_as_one() {
    let rehearsal = Rehearsal::kept(&["--speed", "200x"]).await;
    let (code, text) = rehearsal.explained(&["--service", "demo/hello"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\nreason   nothing went wrong: the deployment succeeded\n"), "{text}");
    assert!(text.contains("no deployment of demo/hello went wrong: this is the newest"), "{text}");
    let (code, text) = rehearsal.explained(&[]).await;
    assert!(code == Some(1) && text.contains("no deployment in this region was rolled back"), "{text}");
}

#[tokio::test]
async fn it_is_said_where_aws_does_not_answer() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let (code, text) = ran(&["explain", "--endpoint-url", &url, "--service", "demo/hello"]).await;
    assert!(code == Some(3) && text.contains("AWS did not answer"), "{code:?} {text}");
    let refused = format!("cannot reach {url}: the connection was refused, so nothing listens there");
    assert!(text.contains(&refused) && !text.contains("NAT"), "{text}");
    // The account of the environment, which here has none.
    for arguments in [&["--service", "demo/hello"][..], &["--deployment", "d-ABC"], &[], &["--aws"]] {
        let (code, text) = ran(&[&["explain"], arguments].concat()).await;
        assert!(code == Some(3) && text.contains("AWS_REGION"), "{code:?} {text}");
    }
    let (code, text) = ran(&["explain", "--endpoint-url", &url, "--deployment", "hello"]).await;
    assert!(code == Some(2) && text.contains("names no deployment"), "{text}");
}
