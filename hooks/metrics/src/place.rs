//! Where green and blue are, in the words of CloudWatch's dimensions; pure.

use greenlight::{Outcome, SkipCause, deployment::Sides, deployment::Way};

/// One way to the service: a load balancer with the target groups of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The load balancer's name, for people.
    pub(crate) name: String,
    /// `app/NAME/ID` or `net/NAME/ID`.
    pub(crate) load_balancer: String,
    /// Whether that is a Network Load Balancer.
    pub(crate) is_network: bool,
    /// `targetgroup/NAME/ID`.
    pub(crate) green: String,
    /// The same; none while the service is being created.
    pub(crate) blue: Option<String>,
}

/// One way, or what a check makes of it.
pub(crate) type Found = Result<Place, Box<Outcome>>;

/// Every way to the service.
pub(crate) fn places(sides: &Sides) -> Vec<(String, Found)> {
    let is_create = sides.blue.is_empty();
    sides.ways.iter().map(|way| (way.name().to_owned(), place(way, is_create))).collect()
}

/// What is said of a service without any.
pub(crate) fn nowhere() -> Outcome {
    Outcome::skip(
        SkipCause::NotConfigured,
        "the service has no load balancer, whose metrics could tell green from blue",
    )
}

fn place(way: &Way, is_create: bool) -> Found {
    let Some(entrance) = &way.production else {
        let why = "the service names no production listener or rule, so that its load balancer is not known";
        return Err(Box::new(Outcome::cannot_tell(why)));
    };
    let green = match (&way.green_group, way.groups.as_slice()) {
        (Some(green), _) => green,
        (None, [only]) if is_create => only,
        (None, [_]) => {
            let why = "blue and green share one target group, whose metrics do not tell them apart";
            return Err(Box::new(Outcome::cannot_tell(why)));
        }
        (None, _) => {
            let why = "ECS has not said yet which target group is green's (the revision's resolved configuration is empty)";
            return Err(Box::new(Outcome::pending(why)));
        }
    };
    let blue = way.groups.iter().find(|group| *group != green).filter(|_| !is_create);
    Ok(Place {
        name: way.name().to_owned(),
        load_balancer: after(&entrance.load_balancer, ":loadbalancer/"),
        is_network: entrance.is_network,
        green: format!("targetgroup/{}", after(green, ":targetgroup/")),
        blue: blue.map(|blue| format!("targetgroup/{}", after(blue, ":targetgroup/"))),
    })
}

/// What stands in an ARN behind the kind of its resource.
fn after(arn: &str, kind: &str) -> String {
    arn.split_once(kind).map_or(arn, |(_, rest)| rest).to_owned()
}
