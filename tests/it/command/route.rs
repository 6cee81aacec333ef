//! `greenlight route`: how green would be reached, and where each part of that came from.

use insta::assert_snapshot;

use super::run::Run;

const ECS: &str = "events/ecs/post-test-traffic-shift.json";

#[tokio::test]
async fn the_route_of_an_event() {
    assert_snapshot!(Run::new(&["route", "--event", ECS]).shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28, POST_TEST_TRAFFIC_SHIFT
    this is  an update: the service deployment has a source revision
    service  my-cluster/my-service, green 9313423515462893900, blue 4980306466373577095

    ROUTE    my-service, arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/my-service/50dc6c495c0c9188/f2f7dc8efc501f90/9683b2d02a60000a
    isolated proven: the test rule sends all its traffic to `my-service-2`, and its 2 targets are tasks of green revision 9313423515462893900, told by what started them
    connect  localhost:8080          from the load balancer's DNS name and the listener's port (http)
    host     my-service.example.com  from the test rule's host-header
    method   GET                     from the check's method
    path     /ping                   from green's health check
    header   x-test-traffic: green   from the test rule's http-header condition

    curl -sv --globoff --path-as-is --connect-to ::localhost:8080 -H 'Host: my-service.example.com' -H 'x-test-traffic: green' http://my-service.example.com:8080/ping
    (the local world is gone when this command ends: nothing listens there any more)
    "#);
}

#[tokio::test]
async fn each_call_is_shown_with_its_time() {
    let ran = Run::new(&["route", "--event", ECS, "--trace"]).ran().await;
    let calls = ran.stdout.lines().filter_map(|line| line.strip_prefix("call     "));
    let mut calls: Vec<_> = calls
        .map(|call| {
            let (name, rest) = call.split_once("  ").unwrap();
            assert!(rest.trim_start().starts_with("ok ") && rest.ends_with(" ms"), "{call}");
            name
        })
        .collect();
    calls.sort_unstable();
    let expected = [
        "ECS DescribeServiceDeployments",
        "ECS DescribeServiceRevisions",
        "ECS DescribeTasks",
        "ECS ListTasks",
        "Elastic Load Balancing v2 DescribeListeners",
        "Elastic Load Balancing v2 DescribeLoadBalancers",
        "Elastic Load Balancing v2 DescribeRules",
        "Elastic Load Balancing v2 DescribeRules",
        "Elastic Load Balancing v2 DescribeTargetGroups",
        "Elastic Load Balancing v2 DescribeTargetHealth",
    ];
    assert_eq!(calls, expected);
    assert!(ran.stdout.ends_with("10 AWS calls\n"), "{}", ran.stdout);
}

#[tokio::test]
async fn codedeploy_is_asked_for_its_lifecycle_event() {
    assert_snapshot!(Run::new(&["route", "--event", "events/codedeploy/hook.json"]).shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    d-82EELWTXI, POST_TEST_TRAFFIC_SHIFT
    this is  an update: a CodeDeploy deployment always replaces a task set
    service  shop/orders, green 9313423515462893900, blue 4980306466373577095

    ROUTE    orders, arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/orders/50dc6c495c0c9188/f2f7dc8efc501f90
    isolated proven: the test listener sends all its traffic to `orders-2`, and its 2 targets are tasks of green revision 9313423515462893900, told by what started them
    connect  localhost:8080         from the load balancer's DNS name and the listener's port (http)
    host     orders.example.com     from the test rule's host-header
    method   GET                    from the check's method
    path     /ping                  from green's health check
    header   x-test-traffic: green  from the test rule's http-header condition

    curl -sv --globoff --path-as-is --connect-to ::localhost:8080 -H 'Host: orders.example.com' -H 'x-test-traffic: green' http://orders.example.com:8080/ping
    (the local world is gone when this command ends: nothing listens there any more)
    "#);
}

#[tokio::test]
async fn what_the_rule_refuses_is_no_route() {
    let run = Run::new(&["route", "--event", ECS, "--host", "shop.example.org"]);
    assert_snapshot!(run.shown().await, @r#"
    exit code 1
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28, POST_TEST_TRAFFIC_SHIFT
    this is  an update: the service deployment has a source revision
    service  my-cluster/my-service, green 9313423515462893900, blue 4980306466373577095

    NO ROUTE my-service, arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/my-service/50dc6c495c0c9188/f2f7dc8efc501f90/9683b2d02a60000a
    because  host `shop.example.org` cannot match the test rule's host-header `my-service.example.com` (`arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/my-service/50dc6c495c0c9188/f2f7dc8efc501f90/9683b2d02a60000a`) (set `target.host` to a name that it matches, or change the rule)
    isolated proven: the test rule sends all its traffic to `my-service-2`, and its 2 targets are tasks of green revision 9313423515462893900, told by what started them
    (the local world is gone when this command ends: nothing listens there any more)
    "#);
}

#[tokio::test]
async fn before_test_traffic_green_is_reached_at_its_tasks() {
    assert_snapshot!(Run::new(&["route", "--event", "events/ecs/post-scale-up.json"]).shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28, POST_SCALE_UP
    this is  an update: the service deployment has a source revision
    service  my-cluster/my-service, green 9313423515462893900, blue 4980306466373577095

    TASKS    my-service: at POST_SCALE_UP no load balancer sends green any traffic yet
    isolated proven: the addresses are those of tasks of green revision 9313423515462893900, told by what started them
    task     127.0.2.1:8080 (00000002000000000000000000000000)
    task     127.0.2.2:8080 (00000002000000000000000000000001)

    curl --include 'http://127.0.2.1:8080/ping'
    (the local world is gone when this command ends: nothing listens there any more)
    "#);
}

#[tokio::test]
async fn a_world_from_a_file() {
    let run = Run::new(&["route", "--event", ECS, "--world", "cli/worlds/ecs-blue-green.json"]);
    assert_snapshot!(run.shown().await, @r#"
    exit code 0
    --- stdout
    world    local: no AWS account is asked, reports stay on this machine
    event    arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28, POST_TEST_TRAFFIC_SHIFT
    this is  an update: the service deployment has a source revision
    service  my-cluster/my-service, green 9313423515462893900, blue 4980306466373577095

    ROUTE    my-alb, arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/my-alb/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabef
    isolated proven: the test rule sends all its traffic to `my-service-2`, and its 2 targets are tasks of green revision 9313423515462893900, told by what started them
    connect  my-alb-1234567890.us-west-2.elb.amazonaws.com:443  from the load balancer's DNS name and the listener's port (https)
    host     my-service.example.com                             from the test rule's host-header
    TLS name my-service.example.com                             from the test rule's host-header
    method   GET                                                from the check's method
    path     /health?stage=test                                 from green's health check
    header   x-green: yes                                       from the test rule's http-header condition

    curl -sv --globoff --path-as-is --connect-to ::my-alb-1234567890.us-west-2.elb.amazonaws.com:443 -H 'x-green: yes' 'https://my-service.example.com/health?stage=test'
    (the local world is gone when this command ends: nothing listens there any more)
    "#);
    let run = Run::new(&["route", "--event", ECS, "--world", "Cargo.toml"]).ran().await;
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("the world `Cargo.toml`"), "{}", run.stderr);
}

#[tokio::test]
async fn the_same_for_programs() {
    let ran = Run::new(&["route", "--event", ECS, "--path", "/hello/ada?x=1", "--json"]).ran().await;
    let result = ran.json();
    assert_eq!((ran.code, &result["world"]), (Some(0), &"local".into()));
    let route = &result["routes"][0]["route"];
    assert_eq!(route["path"]["value"], "/hello/ada?x=1");
    assert_eq!(route["headers"][0]["name"], "x-test-traffic");
    assert_eq!(result["routes"][0]["isolation"]["is"], "proven");
    assert_eq!(result["status"]["weights"]["test"], 100.0);
    assert_eq!(result["images"][0]["container"], "app");
    assert_eq!(result["aws_calls"].as_array().map(Vec::len), Some(10), "{result:#}");
}

#[tokio::test]
async fn an_event_that_is_none() {
    let ran = Run::new(&["route", "--event", "-"]).input("{}").ran().await;
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("none of the three known shapes"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_stage_where_nothing_is_looked_at_is_no_route() {
    let ran = Run::new(&["route", "--event", "events/ecs/pre-scale-up.json"]).ran().await;
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("NO ROUTE  at PRE_SCALE_UP (BeforeInstall) `test-traffic` has nothing to look at"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn a_rollback_needs_no_route() {
    let event = Run::new(&["event", "ecs", "production-traffic-shift", "--rollback"]).ran().await.stdout;
    let ran = Run::new(&["route", "--event", "-"]).input(event).ran().await;
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("this is  a rollback: `productionTrafficWeights`"), "{}", ran.stdout);
    assert!(ran.stdout.contains("a hook proceeds at once"), "{}", ran.stdout);
}
