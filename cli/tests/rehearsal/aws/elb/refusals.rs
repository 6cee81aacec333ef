//! What is missing, what is wrong and what is denied.

use greenlight_cli::rehearsal::aws::elb::{
    DESCRIBE_LISTENER_CERTIFICATES, DESCRIBE_LISTENERS, DESCRIBE_LOAD_BALANCERS, DESCRIBE_RULES,
    DESCRIBE_TARGET_GROUP_ATTRIBUTES, DESCRIBE_TARGET_GROUPS, DESCRIBE_TARGET_HEALTH,
};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times};

use super::{FORM, answer, ask, body, refusal, texts};
use crate::aws::{SIGNED, send};

#[tokio::test]
async fn what_does_not_exist_and_what_is_not_understood_is_refused() {
    let parameters = BlueGreen::default();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let arn = |resource: &str| format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{resource}");
    let balancer = arn("loadbalancer/app/x/1");
    let (listener, rule, group) =
        (arn("listener/app/x/1/2"), arn("listener-rule/app/x/1/2/3"), arn("targetgroup/x/1"));
    let not_found = [
        (&DESCRIBE_LOAD_BALANCERS, ("LoadBalancerArns.member.1", &*balancer), "LoadBalancerNotFound"),
        (&DESCRIBE_LOAD_BALANCERS, ("Names.member.1", "x"), "LoadBalancerNotFound"),
        (&DESCRIBE_LISTENERS, ("LoadBalancerArn", &balancer), "LoadBalancerNotFound"),
        (&DESCRIBE_LISTENERS, ("ListenerArns.member.1", &listener), "ListenerNotFound"),
        (&DESCRIBE_LISTENER_CERTIFICATES, ("ListenerArn", &listener), "ListenerNotFound"),
        (&DESCRIBE_RULES, ("ListenerArn", &listener), "ListenerNotFound"),
        (&DESCRIBE_RULES, ("RuleArns.member.1", &rule), "RuleNotFound"),
        (&DESCRIBE_TARGET_GROUPS, ("LoadBalancerArn", &balancer), "LoadBalancerNotFound"),
        (&DESCRIBE_TARGET_GROUPS, ("TargetGroupArns.member.1", &group), "TargetGroupNotFound"),
        (&DESCRIBE_TARGET_GROUPS, ("Names.member.1", "x"), "TargetGroupNotFound"),
        (&DESCRIBE_TARGET_HEALTH, ("TargetGroupArn", &group), "TargetGroupNotFound"),
        (&DESCRIBE_TARGET_GROUP_ATTRIBUTES, ("TargetGroupArn", &group), "TargetGroupNotFound"),
    ];
    for (operation, parameter, code) in not_found {
        let (status, observed, message) = refusal(&aws, operation, &[parameter]).await;
        assert_eq!((status, &*observed), (400, code), "{} {parameter:?}", operation.name());
        assert!(message.ends_with("not found"), "{message}");
    }
    let green = parameters.green_target_group_arn();
    let invalid = [
        (&DESCRIBE_RULES, vec![], "You must specify either a listener ARN or rule ARNs"),
        (
            &DESCRIBE_RULES,
            vec![("ListenerArn", &*listener), ("RuleArns.member.1", &*rule)],
            "cannot be specified at the same time",
        ),
        (&DESCRIBE_RULES, vec![("RuleArns.member.1", &*listener)], "is not a valid listener rule ARN"),
        (&DESCRIBE_RULES, vec![("ListenerArn", &*rule)], "is not a valid listener ARN"),
        (
            &DESCRIBE_RULES,
            vec![("ListenerArn", &*listener), ("PageSize", "401")],
            "less than or equal to 400",
        ),
        (&DESCRIBE_RULES, vec![("ListenerArn", &*listener), ("PageSize", "0")], "greater than or equal to 1"),
        (&DESCRIBE_RULES, vec![("ListenerArn", &*listener), ("Marker", "x")], "The marker 'x' is not valid"),
        (&DESCRIBE_LISTENERS, vec![], "You must specify either listener ARNs or a load balancer ARN"),
        (&DESCRIBE_LISTENER_CERTIFICATES, vec![], "A listener ARN must be specified"),
        (
            &DESCRIBE_LOAD_BALANCERS,
            vec![("LoadBalancerArns.member.1", &*group)],
            "is not a valid load balancer ARN",
        ),
        (
            &DESCRIBE_TARGET_GROUPS,
            vec![("Names.member.1", "x"), ("TargetGroupArns.member.1", &*group)],
            "cannot be specified at the same time",
        ),
        (&DESCRIBE_TARGET_HEALTH, vec![], "A target group ARN must be specified"),
        (&DESCRIBE_TARGET_HEALTH, vec![("TargetGroupArn", "x")], "'x' is not a valid target group ARN"),
    ];
    for (operation, asked, expected) in invalid {
        let (status, code, message) = refusal(&aws, operation, &asked).await;
        assert_eq!((status, &*code), (400, "ValidationError"), "{} {asked:?}", operation.name());
        assert!(message.contains(expected), "{message}");
    }
    let names: Vec<String> = (1..=21).map(|index| format!("Names.member.{index}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "x")).collect();
    let message = refusal(&aws, &DESCRIBE_TARGET_GROUPS, &many).await.2;
    assert_eq!(message, "You cannot describe more than '20' target groups at a time");
    let targets = [("TargetGroupArn", &*green), ("Targets.member.1.Port", "80")];
    assert_eq!(refusal(&aws, &DESCRIBE_TARGET_HEALTH, &targets).await.1, "InvalidTarget");
    let malformed = [("PageSize", "many")];
    assert_eq!(refusal(&aws, &DESCRIBE_LOAD_BALANCERS, &malformed).await.1, "MalformedInput");
}

#[tokio::test]
async fn faults_come_in_the_protocols_own_words() {
    let aws = Aws::serve(BlueGreen::default().world()).await.unwrap();
    for operation in [
        &DESCRIBE_LOAD_BALANCERS,
        &DESCRIBE_LISTENERS,
        &DESCRIBE_LISTENER_CERTIFICATES,
        &DESCRIBE_RULES,
        &DESCRIBE_TARGET_GROUPS,
        &DESCRIBE_TARGET_GROUP_ATTRIBUTES,
        &DESCRIBE_TARGET_HEALTH,
    ] {
        aws.fault(operation, Fault::Denied, Times::Next(1));
        aws.fault(operation, Fault::Throttled, Times::Next(1));
        aws.fault(operation, Fault::ServerError, Times::Next(1));
        let action = format!("elasticloadbalancing:{}", operation.name());
        let words = format!(
            "User: arn:aws:sts::123456789012:assumed-role/greenlight-hook/greenlight is not authorized to perform: \
             {action} because no identity-based policy allows the {action} action"
        );
        assert_eq!(refusal(&aws, operation, &[]).await, (403, "AccessDenied".into(), words));
        assert_eq!(refusal(&aws, operation, &[]).await, (400, "Throttling".into(), "Rate exceeded".into()));
        let (status, code, _) = refusal(&aws, operation, &[]).await;
        assert_eq!((status, &*code), (500, "InternalFailure"));
    }
    aws.fault(&DESCRIBE_LOAD_BALANCERS, Fault::AnswerLost, Times::Next(1));
    let form = "Action=DescribeLoadBalancers&Version=2015-12-01";
    assert!(send(&aws, "POST /", &[SIGNED, FORM], form).await.is_none(), "not a byte is answered");
    answer(&aws, &DESCRIBE_LOAD_BALANCERS, &[]).await;
    let call = aws.calls().pop().unwrap();
    assert_eq!((call.service, &*call.operation), ("elasticloadbalancing", "DescribeLoadBalancers"));
}

#[tokio::test]
async fn calls_must_be_signed_known_and_of_this_version() {
    let aws = Aws::start().await.unwrap();
    let unsigned = send(&aws, "POST /", &[FORM], "Action=DescribeRules&Version=2015-12-01").await.unwrap();
    assert_eq!(
        (unsigned.status, texts(&body(&unsigned), "Code").concat()),
        (403, "MissingAuthenticationToken".into())
    );
    for (form, message) in [
        (
            "Action=DeleteRule&Version=2015-12-01",
            "Could not find operation DeleteRule for version 2015-12-01",
        ),
        // The older load balancers' operation of the same name.
        (
            "Action=DescribeLoadBalancers&Version=2012-06-01",
            "Could not find operation DescribeLoadBalancers for version 2012-06-01",
        ),
        ("", "Could not find operation  for version "),
    ] {
        let unknown = send(&aws, "POST /", &[SIGNED, FORM], form).await.unwrap();
        let xml = body(&unknown);
        assert_eq!((unknown.status, texts(&xml, "Code").concat()), (400, "InvalidAction".into()), "{form}");
        assert_eq!(texts(&xml, "Message").concat(), message);
    }
    let noted: Vec<_> = aws.calls().into_iter().map(|call| (call.service, call.operation)).collect();
    assert_eq!(noted[1], ("", "DeleteRule".to_owned()), "every call is noted");
    assert_eq!(
        ask(&aws, "DescribeLoadBalancers", &[]).await.status,
        200,
        "an empty world has no load balancer"
    );
}
