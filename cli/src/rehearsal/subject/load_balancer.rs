//! `loadBalancers` of a service: the container, the pair of target groups, the rules.

use super::problem::Problem;
use super::report::Field;
use greenlight_preflight::Arn;
use greenlight_preflight::Unknown;

/// What stands where an ARN is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// An ARN, or what a template or a plan knows the resource by.
    Known(String),
    /// A value that only the deployment knows.
    Unknown(Unknown),
}

impl Reference {
    fn read(field: &Field<'_>) -> Option<Self> {
        match field.unknown() {
            Some(unknown) => Some(Self::Unknown(unknown)),
            None => field.text().map(|text| Self::Known(text.to_owned())),
        }
    }

    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(arn) => Some(arn),
            Self::Unknown(_) => None,
        }
    }
}

/// An element of `loadBalancers`.
#[derive(Clone, Debug, Default)]
pub(super) struct LoadBalancer {
    pub(super) container: Option<String>,
    pub(super) container_port: Option<u16>,
    pub(super) target_group: Option<Reference>,
    pub(super) alternate: Option<Reference>,
    pub(super) production: Option<Reference>,
    pub(super) test: Option<Reference>,
    pub(super) role: Option<Reference>,
    /// Where the test rule is named, for people.
    pub(super) test_path: String,
}

/// Reads the load balancers as AWS validates them; the first one is rehearsed.
pub(super) fn read(balancers: &Field<'_>, shifts: bool) -> Option<LoadBalancer> {
    let items = balancers.items();
    let advanced = items.iter().filter(|item| !item.get("advancedConfiguration").is_absent()).count();
    if shifts && advanced < items.len() {
        let expected = "advancedConfiguration in every one, which AWS requires with a non-ROLLING strategy";
        let observed = format!("has {advanced} of {} with an advancedConfiguration", items.len());
        balancers
            .report()
            .add(Problem { observed, ..balancers.problem(expected) }.fix(
                "add alternateTargetGroupArn, productionListenerRule and roleArn, and testListenerRule",
            ));
        return None;
    }
    let read: Vec<LoadBalancer> = items.iter().map(|item| one(item, shifts)).collect();
    if read.len() > 1 {
        let note = format!("of {} load balancers, the first is rehearsed", read.len());
        balancers.report().note(note);
    }
    read.into_iter().next()
}

fn one(item: &Field<'_>, shifts: bool) -> LoadBalancer {
    let advanced = item.section("advancedConfiguration");
    let (group, alternate) = (item.get("targetGroupArn"), advanced.get("alternateTargetGroupArn"));
    if shifts && group.is_absent() {
        group.wrong("the ARN of a target group: classic load balancers cannot shift traffic");
    }
    let target_group = Reference::read(&group);
    let of_alternate = Reference::read(&alternate);
    if shifts && alternate.is_absent() {
        alternate.wrong("the ARN of the other target group of the pair");
    } else if target_group.as_ref().and_then(Reference::known).is_some() && of_alternate == target_group {
        alternate.wrong("another target group than targetGroupArn");
    }
    let (production, test) = (advanced.get("productionListenerRule"), advanced.get("testListenerRule"));
    if shifts && production.is_absent() {
        production.wrong("the ARN of a listener rule, or of a listener of a Network Load Balancer");
    }
    let (of_production, of_test) = (rule(&production, shifts), rule(&test, shifts));
    if of_test.as_ref().and_then(Reference::known).is_some() && of_test == of_production {
        test.wrong("another rule than productionListenerRule");
    }
    LoadBalancer {
        container: item.get("containerName").text().map(str::to_owned),
        container_port: item.get("containerPort").port(),
        target_group,
        alternate: of_alternate,
        production: of_production,
        test: of_test,
        role: Reference::read(&advanced.get("roleArn")),
        test_path: test.path().to_owned(),
    }
}

/// Where ECS shifts, it takes rules of Application Load Balancers and listeners of Network ones.
fn rule(field: &Field<'_>, shifts: bool) -> Option<Reference> {
    let reference = Reference::read(field)?;
    if let Some(text) = reference.known().filter(|_| shifts) {
        let resource = Arn::parse(text).map(|arn| arn.resource);
        if !resource.is_some_and(|it| it.starts_with("listener-rule/app/") || it.starts_with("listener/net/"))
        {
            field.report().add(
                field
                    .problem("the ARN of a rule (Application Load Balancer) or of a listener (Network)")
                    .fix("the default rule has an ARN, too: aws elbv2 describe-rules --listener-arn ARN"),
            );
        }
    }
    Some(reference)
}
