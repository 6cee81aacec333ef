//! `greenlight event`: what it writes is what the hooks read.

use greenlight::Stage;
use greenlight_tests::target::{Kind, Target};
use insta::assert_snapshot;
use serde_json::Value;

use super::run::Run;

async fn event(arguments: &[&str]) -> String {
    let ran = Run::new(&[&["event"], arguments].concat()).ran().await;
    assert_eq!(ran.code, Some(0), "{arguments:?}");
    // Only a CodeDeploy event leaves something to say: that it does not name its lifecycle event.
    let says = ran.stderr.contains("set GREENLIGHT_LIFECYCLE_EVENT=");
    assert_eq!(
        (says, ran.stderr.is_empty()),
        (arguments[0] == "codedeploy", arguments[0] != "codedeploy"),
        "{}",
        ran.stderr
    );
    ran.stdout
}

/// The evidence of the hook that was given this event.
async fn judged(event: String, lifecycle_event: &str, green: &Target) -> Value {
    let run = Run::new(&["invoke", "test-traffic", "--event", "-", "--json", "--target", &green.url()]);
    let run = if lifecycle_event.is_empty() {
        run
    } else {
        run.variable("GREENLIGHT_LIFECYCLE_EVENT", lifecycle_event)
    };
    let ran = run.input(event).ran().await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let result = ran.json();
    assert_eq!(result["verdict"], "proceed", "{result:#}");
    result["evidence"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_every_stage_are_read_by_the_hook() {
    let green = Target::start(Kind::Good).await.unwrap();
    for stage in Stage::all() {
        let name = stage.ecs_name().to_ascii_lowercase().replace('_', "-");
        let evidence =
            judged(event(&["ecs", &name, "--cluster", "c", "--service", "s"]).await, "", &green).await;
        assert_eq!(evidence["stage"], stage.ecs_name());
        assert_eq!((&evidence["protocol"], &evidence["service"]), (&"ecs".into(), &"c/s".into()));
        assert_eq!(evidence["warnings"], Value::Null, "{name}");

        if matches!(stage, Stage::TestTrafficShift | Stage::ProductionTrafficShift) {
            continue;
        }
        let evidence =
            judged(event(&["pause", &name, "--cluster", "c", "--service", "s"]).await, "", &green).await;
        assert_eq!(evidence["stage"], stage.ecs_name());
        assert_eq!((&evidence["protocol"], &evidence["service"]), (&"pause".into(), &"c/s".into()));
        assert_eq!(evidence["warnings"], Value::Null, "{name}");
    }
    for name in Stage::codedeploy_events() {
        let evidence = judged(event(&["codedeploy", name]).await, name, &green).await;
        assert_eq!(evidence["protocol"], "codedeploy");
        assert_eq!(evidence["stage"], Stage::from_codedeploy(name).unwrap().ecs_name());
        assert_eq!(evidence["warnings"], Value::Null, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn situations_and_steps_are_recognised() {
    let green = Target::start(Kind::Good).await.unwrap();
    for (arguments, situation, step) in [
        (&["production-traffic-shift", "--weight", "12.5"][..], "update", Some("12.5")),
        (&["production-traffic-shift", "--create"], "create", Some("100")),
        (&["production-traffic-shift", "--rollback"], "rollback", Some("0")),
        (&["test-traffic-shift", "--rollback"], "rollback", Some("0")),
        (&["pre-production-traffic-shift", "--weight", "10"], "update", Some("10")),
        (&["post-scale-up", "--hook-details", r#"{"plan": {}, "mine": 1}"#], "update", None),
    ] {
        let event = event(&[&["ecs"], arguments].concat()).await;
        let evidence = judged(event, "", &green).await;
        assert_eq!(evidence["situation"], situation, "{arguments:?}");
        assert_eq!(evidence["step"].as_str(), step, "{arguments:?}");
    }
}

/// The events of one deployment belong together, and the same command writes the same event.
#[tokio::test]
async fn ids_are_of_one_deployment() {
    let arguments = ["--cluster", "c", "--service", "s"];
    let of = async |stage: &str| event(&[&["ecs", stage], &arguments[..]].concat()).await;
    let json = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let (first, second) = (json(of("pre-scale-up").await), json(of("production-traffic-shift").await));
    assert_eq!(first["resourceArn"], second["resourceArn"]);
    assert_eq!(
        first["executionDetails"]["targetServiceRevisionArn"],
        second["executionDetails"]["targetServiceRevisionArn"]
    );
    assert_ne!(first["executionId"], second["executionId"]);
    assert_eq!(of("pre-scale-up").await, of("pre-scale-up").await);
    assert_snapshot!(of("production-traffic-shift").await, @r#"
    {
      "executionDetails": {
        "productionTrafficWeights": {
          "arn:aws:ecs:us-west-2:123456789012:service-revision/c/s/2934332556828593292": 0,
          "arn:aws:ecs:us-west-2:123456789012:service-revision/c/s/4293093988977885699": 100
        },
        "serviceArn": "arn:aws:ecs:us-west-2:123456789012:service/c/s",
        "targetServiceRevisionArn": "arn:aws:ecs:us-west-2:123456789012:service-revision/c/s/4293093988977885699",
        "testTrafficWeights": {}
      },
      "executionId": "fc523096-7447-4d8b-a1cf-fc5230967469",
      "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT",
      "resourceArn": "arn:aws:ecs:us-west-2:123456789012:service-deployment/c/s/RuNqJmFihAc9Y5kHgDsPZ"
    }
    "#);
}

#[tokio::test]
async fn what_no_event_can_be() {
    let run = |arguments: &[&str]| Run::new(&[&["event"], arguments].concat());
    assert_snapshot!(run(&["ecs", "post-test-trafic-shift"]).shown().await, @r"
    exit code 2
    --- stderr
    error: unknown stage `post-test-trafic-shift`
    hint: did you mean `post-test-traffic-shift`?
    ");
    assert_snapshot!(run(&["ecs", "bake-time"]).shown().await, @r"
    exit code 2
    --- stderr
    error: unknown stage `bake-time`
    hint: known here: `reconcile-service`, `pre-scale-up`, `post-scale-up`, `test-traffic-shift`, `post-test-traffic-shift`, `pre-production-traffic-shift`, `production-traffic-shift`, `post-production-traffic-shift`
    ");
    assert_snapshot!(run(&["codedeploy", "AfterAllowTestTrafic"]).shown().await, @r"
    exit code 2
    --- stderr
    error: unknown CodeDeploy event `AfterAllowTestTrafic`
    hint: did you mean `AfterAllowTestTraffic`?
    ");
    assert_snapshot!(run(&["pause", "test-traffic-shift"]).shown().await, @r"
    exit code 2
    --- stderr
    error: ECS takes no PAUSE hook at TEST_TRAFFIC_SHIFT
    hint: use post-test-traffic-shift or pre-production-traffic-shift
    ");
    assert_snapshot!(run(&["ecs", "post-scale-up", "--rollback"]).shown().await, @r"
    exit code 2
    --- stderr
    error: ECS calls no hook at POST_SCALE_UP during a rollback
    hint: use test-traffic-shift or production-traffic-shift
    ");
    assert_snapshot!(run(&["ecs", "post-scale-up", "--weight", "5"]).shown().await, @r"
    exit code 2
    --- stderr
    error: an event of POST_SCALE_UP carries no weights
    hint: use production-traffic-shift or pre-production-traffic-shift
    ");
    assert_snapshot!(run(&["ecs", "production-traffic-shift", "--weight", "101"]).shown().await, @r"
    exit code 2
    --- stderr
    error: `--weight 101` is no percentage; expected 0 to 100
    ");
    assert_snapshot!(run(&["ecs", "post-scale-up", "--hook-details", "{"]).shown().await, @r"
    exit code 2
    --- stderr
    error: `--hook-details` is not JSON: EOF while parsing an object at line 1 column 1
    ");
    assert_snapshot!(run(&["eks"]).shown().await, @r"
    exit code 2
    --- stderr
    error: invalid value 'eks' for '<PROTOCOL>'
      [possible values: ecs, codedeploy, pause]

      tip: a similar value exists: 'ecs'

    For more information, try '--help'.
    ");
}
