//! `greenlight invoke`: one event, one hook process, one verdict.

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Target};
use insta::assert_snapshot;

use super::run::Run;

const ECS: &str = "events/ecs/post-test-traffic-shift.json";
const CODEDEPLOY: &str = "events/codedeploy/hook.json";
const PAUSE: &str = "events/pause/post-test-traffic-shift.json";

/// Invokes `test-traffic` with this event and target.
fn invoke(event: &str, target: &Target) -> Run {
    let address = target.address().to_string();
    Run::new(&["invoke", "test-traffic", "--event", event, "--target", &target.url()])
        .showing(address, "GREEN")
}

#[tokio::test]
async fn an_application_that_works() {
    let green = Target::start(Kind::Good).await.unwrap();
    let ran = invoke(ECS, &green).ran().await;
    assert_snapshot!(ran.shown(), @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/ecs/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    PROCEED  not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)

    answer   {"hookStatus":"SUCCEEDED","reason":"not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)"}
    so       ECS goes on to the next stage

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);
    let row: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with(" http "))
        .flat_map(str::split_whitespace)
        .collect();
    assert!(row.starts_with(&["http", "pass", "10", "answers", "from"]), "{}", ran.stdout);
    assert_eq!(green.received().requests().len(), 10, "the hook's own plan asks ten times");
}

#[tokio::test]
async fn an_application_that_answers_500() {
    let green = Target::start(Kind::Wrong).await.unwrap();
    assert_snapshot!(invoke(ECS, &green).shown().await, @r#"
    exit code 1
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/ecs/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    STOP  check `http` failed: 10 of 10 requests to http://GREEN failed: status 500; expected status 200-299

    answer   {"hookStatus":"FAILED","reason":"check `http` failed: 10 of 10 requests to http://GREEN failed: status 500; expected status 200-299"}
    so       ECS rolls the deployment back

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);
}

#[tokio::test]
async fn codedeploy_receives_a_report() {
    let green = Target::start(Kind::Good).await.unwrap();
    // What the caller's environment says of AWS is not heard: nothing leaves this machine.
    let run = invoke(CODEDEPLOY, &green)
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", "http://127.0.0.1:1")
        .variable("AWS_PROFILE", "production")
        .variable("HTTPS_PROXY", "http://127.0.0.1:1")
        .variable("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic");
    assert_snapshot!(run.shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/codedeploy/hook.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_LIFECYCLE_EVENT=AfterAllowTestTraffic
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    PROCEED  not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)

    answer   {"hookStatus":"SUCCEEDED","reason":"not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)"}
    report   CodeDeploy received PutLifecycleEventHookExecutionStatus of d-82EELWTXI: Succeeded (attempt 1)
    so       CodeDeploy goes on

    deployment  d-82EELWTXI of shop/orders, POST_TEST_TRAFFIC_SHIFT, update (a CodeDeploy deployment always replaces a task set)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);

    let wrong = Target::start(Kind::Wrong).await.unwrap();
    assert_snapshot!(invoke(CODEDEPLOY, &wrong).shown().await, @r#"
    exit code 1
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/codedeploy/hook.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    STOP  check `http` failed: 10 of 10 requests to http://GREEN failed: status 500; expected status 200-299

    answer   {"hookStatus":"FAILED","reason":"check `http` failed: 10 of 10 requests to http://GREEN failed: status 500; expected status 200-299"}
    report   CodeDeploy received PutLifecycleEventHookExecutionStatus of d-82EELWTXI: Failed (attempt 1)
    so       CodeDeploy stops the deployment

    deployment  d-82EELWTXI of shop/orders, POST_TEST_TRAFFIC_SHIFT, update (a CodeDeploy deployment always replaces a task set)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);
}

#[tokio::test]
async fn a_pause_hook_is_answered() {
    let green = Target::start(Kind::Good).await.unwrap();
    assert_snapshot!(invoke(PAUSE, &green).shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/pause/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_PAUSE=my-cluster/my-service@POST_TEST_TRAFFIC_SHIFT
    setting  GREENLIGHT_TARGET_URL=http://GREEN/
    note     GREENLIGHT_PAUSE is set to `my-cluster/my-service@POST_TEST_TRAFFIC_SHIFT` from the event; on AWS you set it

    PROCEED  not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)

    answer   {"hookStatus":"SUCCEEDED","reason":"not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)"}
    report   ECS received ContinueServiceDeployment of arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/0EYSiB0qap8xf0N76FsbE: CONTINUE (attempt 1)
    so       ECS goes on to the next stage

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)
    warning  the event expires at 2026-03-05T16:04:41Z, which leaves no time to wait: patience is over

    took     N ms in 1 invocation, first event asked after N ms
    "#);

    let wrong = Target::start(Kind::Wrong).await.unwrap();
    assert_snapshot!(invoke(PAUSE, &wrong).shown().await, @r#"
    exit code 1
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/pause/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_PAUSE=my-cluster/my-service@POST_TEST_TRAFFIC_SHIFT
    setting  GREENLIGHT_TARGET_URL=http://GREEN/
    note     GREENLIGHT_PAUSE is set to `my-cluster/my-service@POST_TEST_TRAFFIC_SHIFT` from the event; on AWS you set it

    STOP  check `http` failed: 10 of 10 requests to http://GREEN failed: status 500; expected status 200-299

    answer   {"hookStatus":"FAILED","reason":"check `http` failed: 10 of 10 requests to http://GREEN failed: status 500; expected status 200-299"}
    report   ECS received ContinueServiceDeployment of arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/0EYSiB0qap8xf0N76FsbE: ROLLBACK (attempt 1)
    so       ECS rolls the deployment back

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)
    warning  the event expires at 2026-03-05T16:04:41Z, which leaves no time to wait: patience is over

    took     N ms in 1 invocation, first event asked after N ms
    "#);

    // The caller's own gate is kept, and this hook is not in it.
    let other = invoke(PAUSE, &green).variable("GREENLIGHT_PAUSE", "another/service");
    assert_snapshot!(other.shown().await, @r#"
    exit code 1
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/pause/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_PAUSE=another/service
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    LEFT ALONE  the PAUSE hook of my-cluster/my-service at POST_TEST_TRAFFIC_SHIFT is not in GREENLIGHT_PAUSE: it may be a person's gate; left alone

    answer   {"acknowledged":"the PAUSE hook of my-cluster/my-service at POST_TEST_TRAFFIC_SHIFT is not in GREENLIGHT_PAUSE: it may be a person's gate; left alone"}
    so       ECS keeps waiting until the PAUSE hook expires
    log      {"hook":"test-traffic","level":"INFO","message":"the PAUSE hook of my-cluster/my-service at POST_TEST_TRAFFIC_SHIFT is not in GREENLIGHT_PAUSE: it may be a person's gate; left alone"}

    took     N ms in 1 invocation, first event asked after N ms
    "#);
}

#[tokio::test]
async fn json_has_everything() {
    let green = Target::start(Kind::Good).await.unwrap();
    let ran = invoke(CODEDEPLOY, &green).argument("--json").ran().await;
    let result = ran.json();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(result["world"], "local");
    assert_eq!(result["verdict"], "proceed");
    assert_eq!(result["reason"], result["answer"]["reason"]);
    assert_eq!(result["evidence"]["reason"], result["reason"]);
    assert_eq!(result["evidence"]["checks"][0]["measured"]["good"], 10);
    assert_eq!(result["report"]["operation"], "PutLifecycleEventHookExecutionStatus");
    assert_eq!(result["report"]["answer"], "Succeeded");
    assert_eq!(result["invocations"], 1);

    let wrong = Target::start(Kind::Wrong).await.unwrap();
    let ran = invoke(ECS, &wrong).argument("--json").ran().await;
    let result = ran.json();
    assert_eq!(ran.code, Some(1));
    assert_eq!((&result["verdict"], &result["report"]), (&"stop".into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn a_built_artefact_takes_the_place_of_the_hook() {
    let green = Target::start(Kind::Good).await.unwrap();
    let hook = binaries::test_traffic().unwrap().display().to_string();
    let run = invoke(ECS, &green).argument("--bootstrap").argument(format!("test-traffic={hook}"));
    assert_snapshot!(run.showing(hook, "PATH").shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/ecs/post-test-traffic-shift.json
    hook     test-traffic (PATH), timeout 1m
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    PROCEED  not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)

    answer   {"hookStatus":"SUCCEEDED","reason":"not proven to be green: check `http` passed: 10 answers from http://GREEN as expected (status 200-299, p95 Nms)"}
    so       ECS goes on to the next stage

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);

    // What is no hook gives no verdict, and that is no yes.
    let ran = invoke(ECS, &green).argument("--bootstrap").argument("test-traffic=/bin/true").ran().await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("NO VERDICT  Runtime.ExitError"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_wait_is_followed_until_it_is_over() {
    let dead = Target::start(Kind::Refused).await.unwrap();
    let plan = r#"{"checks": [{"http": {}}], "patience": "1s"}"#;
    let run = invoke(ECS, &dead).variable("GREENLIGHT_PLAN", plan);
    assert_snapshot!(run.shown().await, @r#"
    exit code 1
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/ecs/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_PLAN={"checks": [{"http": {}}], "patience": "1s"}
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    WAIT  waiting: check `http` could not be told yet: cannot reach GREEN (connect phase, 3 attempts): the connection was refused; usually nothing listens on that port, or green is not registered yet

    answer   {"callBackDelay":1,"hookDetails":{"greenlight":{"hops":0,"place":{"deployment":"arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28","stage":"POST_TEST_TRAFFIC_SHIFT"},"said":"wait http","since":"TIME","v":1}},"hookStatus":"IN_PROGRESS","reason":"waiting: check `http` could not be told yet: cannot reach GREEN (connect phase, 3 attempts): the connection was refused; usually nothing listens on that port, or green is not registered yet"}
    so       ECS asks again in 1 s (`--follow` plays that here)

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);

    let ran = invoke(ECS, &dead).variable("GREENLIGHT_PLAN", plan).argument("--follow").ran().await;
    assert_eq!(ran.code, Some(1));
    let waits = ran.stderr.lines().filter(|line| line.starts_with("note: waiting 1 s: ")).count();
    assert_eq!(waits, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("STOP  check `http` could not be told after waiting "), "{}", ran.stdout);
    assert!(ran.stdout.contains(" in 2 invocations"), "{}", ran.stdout);
}

/// What is shown is the end of the chain. It is played here, whatever the environment says of Lambda's endpoint.
#[tokio::test]
async fn a_hook_that_invokes_itself_is_followed_on_this_machine() {
    let dead = Target::start(Kind::Refused).await.unwrap();
    let looked_at = Aws::start().await.unwrap();
    let plan = r#"{"checks": [{"http": {}}], "patience": "5s"}"#;
    for elsewhere in [false, true] {
        let mut run = invoke(CODEDEPLOY, &dead)
            .variable("GREENLIGHT_PLAN", plan)
            .variable("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic")
            .variable("AWS_ENDPOINT_URL_LAMBDA", &looked_at.endpoint_url())
            .argument("--timeout")
            .argument("6s");
        if elsewhere {
            run = run.argument("--endpoint-url").argument(looked_at.endpoint_url());
        }
        let ran = run.ran().await;
        assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("STOP  check `http` could not be told after waiting "), "{}", ran.stdout);
        assert!(ran.stdout.contains(": Failed (attempt 1)"), "{}", ran.stdout);
        assert!(ran.stdout.contains(" invocations, first event asked"), "{}", ran.stdout);
    }
    let reported = |operation: &str| looked_at.calls().iter().any(|call| call.operation == operation);
    assert!(reported("GetDeployment"), "it was not looked at");
    for operation in ["Invoke", "PutLifecycleEventHookExecutionStatus"] {
        assert!(!reported(operation), "{operation} was called where the hook only reads");
    }
}

#[tokio::test]
async fn a_secret_comes_from_a_variable_or_a_file_and_is_not_shown() {
    const SECRET: &str = "kT9vQ2mZx7LwR4bN8cHsY6";
    let green = Target::start(Kind::Tls).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let plan = serde_json::json!({
        "checks": [{"http": {"headers": {
            "authorization": {"secret": "secretsmanager:orders/probe", "prefix": "Bearer "},
            "x-api-key": {"secret": "ssm:/orders/key"},
        }}}],
        "target": {"tls": {"ca": green.authority_pem().unwrap()}},
    });
    let ran = invoke(ECS, &green)
        .variable("TOKEN", SECRET)
        .variable("GREENLIGHT_PLAN", &plan.to_string())
        .argument("--secret")
        .argument("orders/probe=env:TOKEN")
        .argument("--secret")
        .argument(format!("/orders/key=file:{}", file.display()))
        .ran()
        .await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{}", ran.stdout);
    let request = green.received().requests().remove(0);
    assert_eq!(request.header("authorization"), Some(format!("Bearer {SECRET}").as_str()));
    assert_eq!(request.header("x-api-key"), Some(SECRET));
}

#[tokio::test]
async fn a_plan_in_yaml_is_a_plan() {
    let green = Target::start(Kind::Good).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.yaml");
    let plan = "checks:\n  - http:\n      name: versions\n      path: /version\n      expect:\n        json: { /version: '2.0' }\n";
    std::fs::write(&file, plan).unwrap();
    let run = invoke(ECS, &green).argument("--plan").argument(&file);
    assert_snapshot!(run.shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    events/ecs/post-test-traffic-shift.json
    hook     test-traffic (this program, as a process of its own), timeout 1m
    setting  GREENLIGHT_PLAN={"checks":[{"http":{"expect":{"json":{"/version":"2.0"}},"name":"versions","path":"/version"}}]}
    setting  GREENLIGHT_TARGET_URL=http://GREEN/

    PROCEED  not proven to be green: check `versions` passed: 1 answer from http://GREEN/version as expected (status 200-299, p95 Nms)

    answer   {"hookStatus":"SUCCEEDED","reason":"not proven to be green: check `versions` passed: 1 answer from http://GREEN/version as expected (status 200-299, p95 Nms)"}
    so       ECS goes on to the next stage

    deployment  my-cluster/my-service, POST_TEST_TRAFFIC_SHIFT, update (the service deployment has a source revision)
    (table of checks)

    took     N ms in 1 invocation, first event asked after N ms
    "#);
    assert_eq!(green.received().requests()[0].path(), "/version");
}
