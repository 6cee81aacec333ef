//! Which world `route` and `invoke` look into, and that neither changes anything there.

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times, ecs};
use greenlight_tests::target::{Kind, Target};

use super::run::Run;

/// An account of somebody's, with the event of its deployment.
async fn account() -> (Aws, String) {
    let deployment = BlueGreen::default();
    (Aws::serve(deployment.world()).await.unwrap(), deployment.event().to_string())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_somebody_names() {
    let (aws, event) = account().await;
    let run = Run::new(&["route", "--event", "-", "--endpoint-url", &aws.endpoint_url()]);
    let ran = run.input(event).ran().await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let url = aws.endpoint_url();
    assert_eq!(first_line(&ran.stdout), format!("world    {url}: read only, reports stay on this machine"));
    assert!(ran.stdout.contains("green 9313423515462893900, blue 4980306466373577095"), "{}", ran.stdout);
    assert!(
        aws.calls()
            .iter()
            .all(|call| call.operation.starts_with("Describe") || call.operation.starts_with("List"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_reached_as_the_environment_says() {
    let (aws, event) = account().await;
    let run = Run::new(&["route", "--event", "-", "--aws"])
        .variable("AWS_ENDPOINT_URL", &aws.endpoint_url())
        .variable("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "example");
    let ran = run.input(event).ran().await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(first_line(&ran.stdout), "world    your AWS account: read only, reports stay on this machine");
    assert!(!aws.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_reads_there_and_reports_here() {
    let green = Target::start(Kind::Good).await.unwrap();
    let deployment = CodeDeploy::default();
    let aws = Aws::serve(deployment.world()).await.unwrap();
    let url = aws.endpoint_url();
    for world in [vec!["--endpoint-url", &url], vec!["--aws"]] {
        let run = Run::new(&["invoke", "test-traffic", "--event", "-", "--json", "--target", &green.url()]);
        let run = world.iter().fold(run, Run::argument);
        // Wherever the environment sends calls: a verdict goes to nobody but this command.
        let run = run
            .variable("AWS_ENDPOINT_URL", &url)
            .variable("AWS_ENDPOINT_URL_CODEDEPLOY", &url)
            .variable("AWS_REGION", "us-east-1")
            .variable("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .variable("AWS_SECRET_ACCESS_KEY", "example");
        let ran = run.input(deployment.event().to_string()).ran().await;
        let result = ran.json();
        assert_eq!(ran.code, Some(0), "{result:#}{}", ran.stderr);
        assert_eq!(
            result["evidence"]["situation_because"],
            "a CodeDeploy deployment always replaces a task set"
        );
        assert_eq!(result["report"]["answer"], "Succeeded", "{result:#}");
        assert!(aws.calls().iter().any(|call| call.operation == "GetDeployment"));
        assert!(aws.reports().is_empty(), "{world:?}: {:?}", aws.reports());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_asked_is_not_carried_out() {
    let (aws, event) = account().await;
    aws.fault(&ecs::DESCRIBE_SERVICE_REVISIONS, Fault::Denied, Times::Always);
    let ran =
        Run::new(&["route", "--event", "-", "--endpoint-url", &aws.endpoint_url()]).input(event).ran().await;
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    for words in [
        "NO ROUTE",
        "not allowed to call ecs:DescribeServiceRevisions",
        r#""Action":"ecs:DescribeServiceRevisions""#,
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
}

#[tokio::test]
async fn a_program_of_somebody_else_reads_the_local_world_only() {
    for world in [vec!["--aws"], vec!["--endpoint-url", "http://127.0.0.1:1"]] {
        let run = Run::new(&["invoke", "my-hook", "--event", "-", "--bootstrap", "my-hook=/bin/true"]);
        let ran = world.iter().fold(run, Run::argument).input("{}").ran().await;
        assert_eq!(ran.code, Some(2), "{}", ran.stdout);
        assert!(ran.stderr.contains("`--bootstrap` goes with the local world only"), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn what_cannot_be_looked_into_is_said_at_once() {
    for (arguments, words) in [
        (vec!["--aws"], "`--aws` finds no credentials in the environment"),
        (vec!["--endpoint-url", "nonsense"], "`--endpoint-url nonsense` is no URL"),
    ] {
        let run = Run::new(&["invoke", "test-traffic", "--event", "events/ecs/post-scale-up.json"]);
        let ran = arguments.iter().fold(run, Run::argument).ran().await;
        assert_eq!(ran.code, Some(2), "{}", ran.stdout);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    // A local world stays on this machine: what stands in a file is not dialled anywhere else.
    let run = Run::new(&["invoke", "test-traffic", "--event", "events/ecs/post-test-traffic-shift.json"]);
    let ran = run.argument("--world").argument("cli/worlds/ecs-blue-green.json").ran().await;
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("which is not on this machine"), "{}", ran.stderr);
}
