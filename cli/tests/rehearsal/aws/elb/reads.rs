//! What is found, and that the resources bear each other out.

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::aws::elb::{
    Action, DESCRIBE_LISTENER_CERTIFICATES, DESCRIBE_LISTENERS, DESCRIBE_LOAD_BALANCERS, DESCRIBE_RULES,
    DESCRIBE_TARGET_GROUP_ATTRIBUTES, DESCRIBE_TARGET_GROUPS, DESCRIBE_TARGET_HEALTH,
};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Front};

use super::{answer, texts, with_rules};

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
