//! The reads of Elastic Load Balancing, in AWS Query.

use greenlight_cli::rehearsal::aws::elb::{
    Action, Condition, DESCRIBE_LISTENER_CERTIFICATES, DESCRIBE_LISTENERS, DESCRIBE_LOAD_BALANCERS,
    DESCRIBE_RULES, DESCRIBE_TARGET_GROUP_ATTRIBUTES, DESCRIBE_TARGET_GROUPS, DESCRIBE_TARGET_HEALTH,
};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Front, Route};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, Times};

use super::{SIGNED, send};
use crate::http::Response;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

async fn ask(aws: &Aws, operation: &str, parameters: &[(&str, &str)]) -> Response {
    let mut form = format!("Action={operation}&Version=2015-12-01");
    for (name, value) in parameters {
        form.extend(["&", name, "=", &value.replace('&', "%26")]);
    }
    let response = send(aws, "POST /", &[SIGNED, FORM], form).await.expect("an answer");
    assert_eq!(response.header("content-type"), Some("text/xml"));
    let id = response.header("x-amzn-requestid").expect("an id").to_owned();
    assert_eq!(texts(&body(&response), "RequestId"), [id], "the document repeats it");
    response
}

async fn answer(aws: &Aws, operation: &'static Operation, parameters: &[(&str, &str)]) -> String {
    let name = operation.name();
    let response = ask(aws, name, parameters).await;
    let xml = body(&response);
    assert_eq!(response.status, 200, "{xml}");
    let namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
    assert!(xml.starts_with(&format!("<{name}Response xmlns=\"{namespace}\"><{name}Result>")), "{xml}");
    xml
}

/// The status, the code and the message.
async fn refusal(
    aws: &Aws,
    operation: &'static Operation,
    parameters: &[(&str, &str)],
) -> (u16, String, String) {
    let response = ask(aws, operation.name(), parameters).await;
    let xml = body(&response);
    let [code, message] = ["Code", "Message"].map(|name| texts(&xml, name).concat());
    let side = if response.status < 500 { "Sender" } else { "Receiver" };
    assert!(xml.contains(&format!("<Error><Type>{side}</Type><Code>")), "{xml}");
    (response.status, code, message)
}

fn body(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

/// The inner text of every element of that name, in their order.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts.map(|part| part.split_once(&close).expect("its end").0.to_owned()).collect()
}

/// A production rule and a test rule on one HTTPS listener.
fn with_rules() -> BlueGreen {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let host = Condition::HostHeader(texts(&["orders.example.com"]));
    let production = Route {
        protocol: "HTTPS".into(),
        port: 443,
        certificate: texts(&["orders.example.com"]),
        conditions: vec![host.clone()],
        priority: 20,
        weights: (100, 0),
    };
    let conditions = vec![
        host,
        Condition::PathPattern(texts(&["/api/*"])),
        Condition::HttpHeader("x-green".into(), texts(&["yes & <no>"])),
        Condition::QueryString(vec![(Some("stage".into()), "test".into()), (None, "any".into())]),
    ];
    let test = Route { conditions, priority: 10, weights: (0, 100), ..production.clone() };
    let front = Front { production, test: Some(test), ..Front::default() };
    BlueGreen { front: Some(front), ..BlueGreen::default() }
}

#[tokio::test]
async fn rules_come_by_priority_and_the_default_one_last() {
    let parameters = with_rules();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let listener = parameters.test_listener_arn().unwrap();
    assert_eq!(Some(&listener), parameters.production_listener_arn().as_ref(), "they share it");
    let xml = answer(&aws, &DESCRIBE_RULES, &[("ListenerArn", &listener)]).await;
    assert_eq!(texts(&xml, "Priority"), ["10", "20", "default"]);
    assert_eq!(texts(&xml, "IsDefault"), ["false", "false", "true"]);
    let arns = texts(&xml, "RuleArn");
    assert_eq!(arns[..2], [parameters.test_rule_arn().unwrap(), parameters.production_rule_arn().unwrap()]);
    assert_eq!(texts(&xml, "StatusCode"), ["404"], "the default action");

    let test = answer(&aws, &DESCRIBE_RULES, &[("RuleArns.member.1", &arns[0])]).await;
    assert_eq!(texts(&test, "Field"), ["host-header", "path-pattern", "http-header", "query-string"]);
    for expected in [
        "<HostHeaderConfig><Values><member>orders.example.com</member></Values></HostHeaderConfig>",
        "<PathPatternConfig><Values><member>/api/*</member></Values></PathPatternConfig><Values><member>/api/*</member></Values>",
        "<HttpHeaderName>x-green</HttpHeaderName><Values><member>yes &amp; &lt;no&gt;</member></Values>",
        "<member><Key>stage</Key><Value>test</Value></member><member><Value>any</Value></member>",
    ] {
        assert!(test.contains(expected), "{expected} in {test}");
    }
    assert_eq!(texts(&test, "Weight"), ["0", "100"]);
    assert_eq!(
        texts(&test, "TargetGroupArn"),
        [parameters.blue_target_group_arn(), parameters.green_target_group_arn()]
    );

    // The default rule is a rule, and services may name it.
    let default =
        answer(&aws, &DESCRIBE_RULES, &[("RuleArns.member.1", &arns[2]), ("RuleArns.member.2", &arns[1])])
            .await;
    assert_eq!(texts(&default, "Priority"), ["default", "20"], "in the order of the question");
}

#[tokio::test]
async fn the_way_of_a_request_is_found_from_the_rule() {
    let parameters = with_rules();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let listener = parameters.test_listener_arn().unwrap();
    let xml = answer(&aws, &DESCRIBE_LISTENERS, &[("ListenerArns.member.1", &listener)]).await;
    assert_eq!((texts(&xml, "Protocol"), texts(&xml, "Port")), (vec!["HTTPS".into()], vec!["443".into()]));
    let certificate = aws.look(|world| world.acm.certificates[0].certificate_arn.clone());
    assert_eq!(texts(&xml, "CertificateArn"), *std::slice::from_ref(&certificate));
    assert!(!xml.contains("IsDefault"), "only the list of certificates says so: {xml}");
    let balancer = texts(&xml, "LoadBalancerArn").concat();
    let of_balancer = answer(&aws, &DESCRIBE_LISTENERS, &[("LoadBalancerArn", &balancer)]).await;
    assert_eq!(texts(&of_balancer, "ListenerArn"), *std::slice::from_ref(&listener));

    let certificates = answer(&aws, &DESCRIBE_LISTENER_CERTIFICATES, &[("ListenerArn", &listener)]).await;
    assert_eq!(texts(&certificates, "CertificateArn"), [certificate]);
    assert_eq!(texts(&certificates, "IsDefault"), ["true"]);

    for parameters in [[("LoadBalancerArns.member.1", &*balancer)], [("Names.member.1", "orders")]] {
        let xml = answer(&aws, &DESCRIBE_LOAD_BALANCERS, &parameters).await;
        assert_eq!(texts(&xml, "DNSName"), ["orders-1234567890.us-east-1.elb.amazonaws.com"]);
        assert_eq!(texts(&xml, "Scheme"), ["internet-facing"]);
        assert_eq!(texts(&xml, "Type"), ["application"]);
    }
}

#[tokio::test]
async fn target_groups_are_found_in_every_way() {
    let parameters = with_rules();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let (blue, green) = (parameters.blue_target_group_arn(), parameters.green_target_group_arn());
    let balancer = aws.look(|world| world.elb.load_balancers[0].arn.clone());
    for asked in [
        vec![],
        vec![("LoadBalancerArn", &*balancer)],
        vec![("Names.member.1", "orders-1"), ("Names.member.2", "orders-2")],
        vec![("TargetGroupArns.member.1", &*blue), ("TargetGroupArns.member.2", &*green)],
    ] {
        let xml = answer(&aws, &DESCRIBE_TARGET_GROUPS, &asked).await;
        assert_eq!(texts(&xml, "TargetGroupArn"), [blue.clone(), green.clone()], "{asked:?}");
        assert_eq!(texts(&xml, "LoadBalancerArns"), vec![format!("<member>{balancer}</member>"); 2]);
        assert_eq!(texts(&xml, "HealthCheckPath"), ["/", "/"]);
        assert_eq!(texts(&xml, "HttpCode"), ["200", "200"]);
        assert_eq!(texts(&xml, "TargetType"), ["ip", "ip"]);
    }
    // Whoever sends nothing to it is none of its load balancers.
    aws.change(|world| world.elb.rules.clear());
    let xml = answer(&aws, &DESCRIBE_TARGET_GROUPS, &[("TargetGroupArns.member.1", &green)]).await;
    assert_eq!(texts(&xml, "LoadBalancerArns"), [""]);
    let xml = answer(&aws, &DESCRIBE_TARGET_GROUPS, &[("LoadBalancerArn", &balancer)]).await;
    assert_eq!(texts(&xml, "TargetGroupArn"), Vec::<String>::new());

    let xml = answer(&aws, &DESCRIBE_TARGET_GROUP_ATTRIBUTES, &[("TargetGroupArn", &green)]).await;
    assert!(xml.contains("<Key>deregistration_delay.timeout_seconds</Key><Value>300</Value>"), "{xml}");
    assert!(xml.contains("<Key>stickiness.type</Key><Value>lb_cookie</Value>"), "{xml}");
}

#[tokio::test]
async fn targets_have_a_health_even_those_that_are_not_registered() {
    let parameters = BlueGreen::default();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let green = parameters.green_target_group_arn();
    aws.change(|world| {
        let group = world.elb.target_groups.iter_mut().find(|group| group.arn == green).unwrap();
        group.targets[1].state = "initial".into();
        group.targets[1].reason = Some("Elb.RegistrationInProgress".into());
    });
    let group = ("TargetGroupArn", &*green);
    let xml = answer(&aws, &DESCRIBE_TARGET_HEALTH, &[group]).await;
    assert_eq!(texts(&xml, "Id"), ["10.0.0.21", "10.0.0.22"]);
    assert_eq!(texts(&xml, "Port"), ["8080", "8080"]);
    let health = texts(&xml, "TargetHealth");
    assert_eq!(health[0], "<State>healthy</State>");
    assert_eq!(
        health[1],
        "<Description>Target registration is in progress</Description><Reason>Elb.RegistrationInProgress</Reason>\
         <State>initial</State>"
    );
    assert!(!xml.contains("AnomalyDetection"), "{xml}");

    let asked = [
        group,
        ("Targets.member.1.Id", "10.0.0.22"),
        ("Targets.member.1.Port", "8080"),
        ("Targets.member.2.Id", "10.0.0.11"),
        ("Targets.member.3.Id", "10.0.0.21"),
        ("Targets.member.3.Port", "9090"),
        ("Include.member.1", "AnomalyDetection"),
    ];
    let xml = answer(&aws, &DESCRIBE_TARGET_HEALTH, &asked).await;
    let health = texts(&xml, "TargetHealth");
    assert!(health[0].contains("initial"), "{xml}");
    for (place, health) in health.iter().enumerate().skip(1) {
        assert!(
            health.contains("<Reason>Target.NotRegistered</Reason><State>unused</State>"),
            "{place}: {health}"
        );
    }
    assert_eq!(texts(&xml, "Port"), ["8080", "8080", "9090"], "the group's port unless another is asked for");
    assert_eq!(texts(&xml, "AnomalyDetection").len(), 3);

    aws.change(|world| {
        for group in &mut world.elb.target_groups {
            group.health_check.port = "9000".into();
        }
    });
    let xml = answer(&aws, &DESCRIBE_TARGET_HEALTH, &[group]).await;
    assert_eq!(texts(&xml, "HealthCheckPort"), ["9000", "9000"]);
}

#[tokio::test]
async fn a_network_load_balancer_has_weights_on_its_listeners() {
    let front = Front { green_is_alternate: false, ..Front::network() };
    let parameters = BlueGreen { front: Some(front), ..BlueGreen::default() };
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let listener = parameters.test_rule_arn().unwrap();
    assert!(listener.contains(":listener/net/"), "{listener}");
    let xml = answer(&aws, &DESCRIBE_LISTENERS, &[("ListenerArns.member.1", &listener)]).await;
    assert_eq!(texts(&xml, "Protocol"), ["TCP"]);
    assert_eq!(
        texts(&xml, "TargetGroupArn"),
        [parameters.green_target_group_arn(), parameters.blue_target_group_arn()]
    );
    assert_eq!(texts(&xml, "Weight"), ["100", "0"], "green is the first of the pair here");
    let rules = answer(&aws, &DESCRIBE_RULES, &[("ListenerArn", &listener)]).await;
    assert_eq!(texts(&rules, "Priority"), ["default"]);
    let xml = answer(&aws, &DESCRIBE_LOAD_BALANCERS, &[]).await;
    assert_eq!(texts(&xml, "Type"), ["network"]);
    let attributes = answer(
        &aws,
        &DESCRIBE_TARGET_GROUP_ATTRIBUTES,
        &[("TargetGroupArn", &parameters.green_target_group_arn())],
    )
    .await;
    assert!(attributes.contains("<Key>stickiness.type</Key><Value>source_ip</Value>"), "{attributes}");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let parameters = with_rules();
    let aws = Aws::serve(parameters.world()).await.unwrap();
    let listener = parameters.test_listener_arn().unwrap();
    aws.change(|world| {
        let arn = listener.clone();
        let listener = world.elb.listeners.iter_mut().find(|known| known.arn == arn).unwrap();
        listener.certificates.push("arn:aws:acm:us-east-1:123456789012:certificate/more".into());
        let mut other = listener.clone();
        other.arn = other.arn.replace("/f2f7", "/0000");
        world.elb.listeners.push(other);
        let mut other = world.elb.load_balancers[0].clone();
        other.arn = other.arn.replace("/orders/", "/others/");
        world.elb.load_balancers.push(other);
    });
    let balancer = aws.look(|world| world.elb.load_balancers[0].arn.clone());
    for (operation, parameter, expected) in [
        (&DESCRIBE_LOAD_BALANCERS, None, 2),
        (&DESCRIBE_LISTENERS, Some(("LoadBalancerArn", &*balancer)), 2),
        (&DESCRIBE_RULES, Some(("ListenerArn", &*listener)), 3),
        (&DESCRIBE_TARGET_GROUPS, None, 2),
        (&DESCRIBE_LISTENER_CERTIFICATES, Some(("ListenerArn", &*listener)), 2),
    ] {
        let (mut pages, mut marker) = (0, String::new());
        loop {
            let mut asked = vec![("PageSize", "1")];
            asked.extend(parameter);
            asked.push(("Marker", &marker));
            let xml = answer(&aws, operation, &asked).await;
            pages += 1;
            match texts(&xml, "NextMarker").pop() {
                Some(next) => marker = next,
                None => break,
            }
        }
        assert_eq!(pages, expected, "{}", operation.name());
    }
    // Nobody asked for a small page, and it is small all the same.
    aws.change(|world| world.page_size = Some(2));
    let xml = answer(&aws, &DESCRIBE_RULES, &[("ListenerArn", &listener)]).await;
    assert_eq!(
        (texts(&xml, "Priority"), texts(&xml, "NextMarker").len()),
        (vec!["10".into(), "20".into()], 1)
    );
}

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

#[tokio::test]
async fn actions_of_every_type_are_told() {
    let parameters = with_rules();
    let mut world = parameters.world();
    let green = parameters.green_target_group_arn();
    world.elb.rules[0].actions =
        vec![Action::Authenticate("authenticate-oidc".into()), Action::Forward(vec![(green.clone(), 1)])];
    world.elb.rules[0].transforms = vec!["url-rewrite".into()];
    world.elb.rules[1].actions =
        vec![Action::Redirect { status: 301, location: "https://#{host}:443/#{path}?#{query}".into() }];
    let aws = Aws::serve(world).await.unwrap();
    let xml =
        answer(&aws, &DESCRIBE_RULES, &[("ListenerArn", &parameters.test_listener_arn().unwrap())]).await;
    for expected in [
        "<Order>1</Order><Type>authenticate-oidc</Type>",
        &format!("<Order>2</Order><TargetGroupArn>{green}</TargetGroupArn><Type>forward</Type>"),
        "<Transforms><member><Type>url-rewrite</Type></member></Transforms>",
        "<Host>#{host}</Host><Path>/#{path}</Path><Port>443</Port><Protocol>HTTPS</Protocol><Query>#{query}</Query>\
         <StatusCode>HTTP_301</StatusCode>",
    ] {
        assert!(xml.contains(expected), "{expected} in {xml}");
    }
}
