//! What AWS has said, as it documents it or as people have published it; `ours` marks words that nobody has heard yet.

use super::*;

const FUNCTION: &str = "arn:aws:lambda:us-west-2:123456789012:function:myHook";

fn function() -> String {
    FUNCTION.to_owned()
}

fn not_invoked(why: Refusal) -> Cause {
    Cause::NotInvoked { function: function(), why }
}

#[test]
fn ecs_says_who_failed_what() {
    let failed = "Service deployment rolled back because TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. ";
    let invoke = format!("ECS was unable to invoke hook target {FUNCTION} due to ");
    let parse = format!("ECS was unable to parse the response from {FUNCTION} due to");
    let returned = format!("Lifecycle hook target {FUNCTION} returned FAILED status.");
    let null = || Cause::NoAnswer { function: function(), said: "HookStatus must not be null".to_owned() };
    let cases = [
        (
            format!("{returned} Lifecycle hook target b returned FAILED status."),
            Cause::Refused { functions: vec![function(), "b".to_owned()] },
        ),
        (format!("{parse} HookStatus must not be null"), null()),
        (format!("{parse}: HookStatus must not be null"), null()),
        (
            format!("{invoke}User: arn:aws:sts::123456789012:assumed-role/myLambdaRole/ECS-Lambda-Execution is not authorized to perform: lambda:InvokeFunction on resource: {FUNCTION} because no identity-based policy allows the lambda:InvokeFunction action"),
            not_invoked(Refusal::NotAllowed { action: "lambda:InvokeFunction".to_owned() }),
        ),
        // Lambda's own words, in the places that ECS leaves for them.
        (
            format!("{invoke}User: x is not authorized to perform: kms:Decrypt on resource: y"),
            not_invoked(Refusal::NotAllowed { action: "kms:Decrypt".to_owned() }),
        ),
        (format!("{invoke}Function not found: {FUNCTION}"), not_invoked(Refusal::NotFound)),
        (format!("{invoke}Rate Exceeded."), not_invoked(Refusal::Throttled)),
        (
            format!("{invoke}the function being Inactive. ECS was unable to invoke hook target b due to Rate Exceeded."),
            not_invoked(Refusal::Said("the function being Inactive".to_owned())),
        ),
        (
            "ECS was unable to assume role arn:aws:iam::123456789012:role/myLambdaRole".to_owned(),
            Cause::NotAssumed { role: "arn:aws:iam::123456789012:role/myLambdaRole".to_owned() },
        ),
        // Ours.
        (format!("Lifecycle hook target {FUNCTION} timed out."), Cause::TooLate { function: function() }),
        (
            "User: arn:aws:sts::123456789012:assumed-role/myELBRole/ECSNetworkingWithELB is not authorized to perform: elasticloadbalancing:ModifyListener on resource: arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/my-alb/abc123/def456".to_owned(),
            Cause::MayNotBalance { action: "elasticloadbalancing:ModifyListener".to_owned() },
        ),
    ];
    for (words, expected) in cases {
        let words = format!("{failed}{words}");
        assert_eq!(Cause::of_ecs(&words), Some(expected), "{words}");
        assert_eq!(stage(&words).as_deref(), Some("TEST_TRAFFIC_SHIFT"), "{words}");
    }
}

#[test]
fn what_has_no_hook_is_told_apart_too() {
    let alarm =
        |names: &[&str]| Cause::Alarm { names: names.iter().map(|name| (*name).to_owned()).collect() };
    for (words, expected) in [
        (
            "Service deployment rolled back because the circuit breaker threshold was exceeded.",
            Cause::NeverHealthy,
        ),
        (
            "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out.",
            Cause::PauseTimedOut,
        ),
        ("(service a) (deployment ecs-svc/1) deployment failed: tasks failed to start.", Cause::NeverHealthy),
        ("(service a) (deployment ecs-svc/1) deployment failed: alarm detected.", alarm(&[])),
        ("No rollback candidate was found to run the rollback.", Cause::NothingToGoBackTo),
        // Ours.
        (
            "Service deployment rolled back because PRE_SCALE_UP pause hook was answered with ROLLBACK.",
            Cause::PauseRefused,
        ),
        ("Service deployment rolled back because the alarm errors is in ALARM state.", alarm(&["errors"])),
        ("Service deployment rolled back because it was stopped.", Cause::Stopped),
        ("Service deployment was stopped.", Cause::Stopped),
        (
            "Service deployment rolled back because SCALE_UP did not end within 24 hours.",
            Cause::TooLong { what: "SCALE_UP".to_owned() },
        ),
    ] {
        assert_eq!(Cause::of_ecs(words), Some(expected), "{words}");
    }
    for words in
        ["the moon is in the way", "User: x is not authorized to perform: ecs:RunTask on resource: y", ""]
    {
        assert_eq!(Cause::of_ecs(words), None, "{words}");
    }
    let because = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
    assert_eq!(stage(because), None);
    assert_eq!(stage(""), None);
}

#[test]
fn codedeploy_says_it_by_codes_and_words() {
    let lacks = |what: Option<&str>| Cause::RoleLacks {
        role: Some("arn:aws:iam::1:role/x".to_owned()),
        what: what.map(ToOwned::to_owned),
    };
    let alarm =
        |names: &[&str]| Cause::Alarm { names: names.iter().map(|name| (*name).to_owned()).collect() };
    let active = "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected \
                  deployments have been stopped. Activated alarms: ";
    let permission = "The IAM role arn:aws:iam::1:role/x does not give you permission to perform operations in the following AWS service: ";
    for (code, message, expected) in [
        ("ALARM_ACTIVE", format!("{active}<hello-5xx>"), alarm(&["hello-5xx"])),
        ("ALARM_ACTIVE", format!("{active}<hello 5xx>, <slow>"), alarm(&["hello 5xx", "slow"])),
        ("ALARM_ACTIVE", format!("{active}<a, b>"), alarm(&["a", "b"])),
        ("ALARM_ACTIVE", "in other words".to_owned(), alarm(&[])),
        ("IAM_ROLE_PERMISSIONS", format!("{permission}AWSLambda. Contact your AWS administrator if you need help."), lacks(Some("AWSLambda"))),
        ("IAM_ROLE_PERMISSIONS", format!("{permission}AmazonElasticLoadBalancingV2."), lacks(Some("AmazonElasticLoadBalancingV2"))),
        ("IAM_ROLE_PERMISSIONS", "The IAM role arn:aws:iam::1:role/x is not authorized to perform: ecs:UpdateService on resource: y".to_owned(), lacks(Some("ecs:UpdateService"))),
        ("IAM_ROLE_PERMISSIONS", "The IAM role arn:aws:iam::1:role/x is not right".to_owned(), lacks(None)),
        ("MANUAL_STOP", String::new(), Cause::StoppedByHand),
        ("HOOK_EXECUTION_FAILURE", String::new(), Cause::HookRefused),
        ("TIMEOUT", "The deployment timed out while waiting for a status callback.".to_owned(), Cause::NoReport),
        ("TIMEOUT", "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.".to_owned(), Cause::NeverHealthy),
    ] {
        assert_eq!(Cause::of_codedeploy(code, &message), Some(expected), "{code} {message}");
    }
    assert_eq!(Cause::of_codedeploy("INTERNAL_ERROR", "There was an internal error."), None);
}
