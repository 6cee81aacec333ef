//! What the service says of the task definition's containers, its network and the roles: whether each is what it has to be.

use super::Subject;
use crate::{
    arn::Arn,
    facts::Key,
    look::Look,
    node::Node,
    pages::{API_CREATE_SERVICE, API_LIFECYCLE_HOOK},
    rule::Rule,
    service::{hooks, of_revision},
};

pub(super) const SUBJECT: Subject = Subject { title: "The service and its task definition", rules: RULES };

static RULES: &[Rule] = &[
    Rule {
        id: "LB-CONTAINER",
        title: "the load balancer sends traffic to a container or port that is not there",
        why: "`containerName` and `containerPort` must be those of a container of the task definition, with that port in its `portMappings`. \
              ECS refuses the service otherwise.",
        fix: "Give the container's name and port as the task definition has them: `aws ecs describe-task-definition --task-definition \
              FAMILY --query 'taskDefinition.containerDefinitions[].[name,portMappings[].containerPort]'`.",
        link: API_CREATE_SERVICE,
        looks_at: "the service's load balancers and the task definition's containers",
        judge: Some(balanced),
        messages: &[
            "The container {container} does not exist in the task definition",
            "The container does not exist in the task definition",
            "The container {container} did not have a container port {port} defined",
        ],
        gate: true,
        ..Rule::BASE
    },
    Rule {
        id: "DEPLOY-NETWORK-MISSING",
        title: "tasks with a network of their own, and nothing said of it",
        why: "Tasks in `awsvpc` mode, as all on Fargate are, get an address in subnets of the service's `networkConfiguration`. Without one ECS \
              refuses the service.",
        fix: "Add `networkConfiguration.awsvpcConfiguration` with `subnets` and `securityGroups`.",
        link: API_CREATE_SERVICE,
        looks_at: "the service's network configuration, its launch type and the task definition's network mode",
        judge: Some(network),
        messages: &["Network Configuration must be provided when networkMode 'awsvpc' is specified"],
        ..Rule::BASE
    },
    Rule {
        id: "ROLE-ARN-FORMAT",
        title: "something else stands where a role's ARN belongs",
        why: "ECS assumes these roles. The ARN of a user, a policy or a function cannot be assumed.",
        fix: "Give the ARN of the role: `aws iam get-role --role-name NAME --query Role.Arn`.",
        link: API_LIFECYCLE_HOOK,
        looks_at: "the roles of the hooks and of the load balancers",
        judge: Some(roles),
        gate: true,
        ..Rule::BASE
    },
];

/// Says where the container of that name, or its port, is not among those of the task definition.
pub(super) fn judge_target(task: &Node<'_>, name: &Node<'_>, port: &Node<'_>) {
    let containers = task.get("containerDefinitions");
    let all = containers.items();
    // Where none is known, there is nothing to compare with; what a container is made of, its image for one, need not be.
    let Some(wanted) = name.text().filter(|_| !all.is_empty()) else { return };
    let Some(container) = all.iter().find(|it| it.get("name").text() == Some(wanted)) else {
        // One whose name is not known may be it.
        if all.iter().all(|it| it.get("name").text().is_some()) {
            let names: Vec<&str> = all.iter().filter_map(|it| it.get("name").text()).collect();
            name.wrong(format!("there is no container `{wanted}`; there is {}", names.join(", ")));
        }
        return;
    };
    let mappings = container.get("portMappings");
    let Some(wanted_port) = port.whole().filter(|_| mappings.is_known()) else { return };
    let is_open = |it: &Node<'_>| {
        let single = it.get("containerPort");
        // A range, or a port that is not known, may have it in it.
        single
            .whole()
            .map_or(!single.is_absent() || it.get("containerPortRange").is_present(), |it| it == wanted_port)
    };
    if !mappings.items().iter().any(is_open) {
        port.wrong(format!("`{wanted}` has no port {wanted_port} in its `portMappings`"));
    }
}

fn balanced(look: &Look<'_>) {
    let (Some(service), Some(task)) = (look.service(), look.get(&Key::TaskDefinition)) else { return };
    for balancer in of_revision(&service, "loadBalancers").items() {
        judge_target(&task, &balancer.get("containerName"), &balancer.get("containerPort"));
    }
}

fn network(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let own = of_revision(&service, "networkConfiguration");
    // There each task set says it for itself.
    let is_external = service.at("deploymentController.type").text() == Some("EXTERNAL");
    if !own.is_absent() || is_external {
        return;
    }
    let launch = of_revision(&service, "launchType");
    let mode = look.get(&Key::TaskDefinition).map(|task| task.get("networkMode"));
    if launch.text() == Some("FARGATE") {
        own.wrong("there is no `networkConfiguration`, and the tasks run on Fargate");
    } else if mode.is_some_and(|mode| mode.text() == Some("awsvpc")) {
        own.wrong("there is no `networkConfiguration`, and the task definition's network mode is `awsvpc`");
    }
}

fn roles(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let balancers = service.get("loadBalancers").items();
    let of_balancers = balancers.iter().map(|balancer| balancer.at("advancedConfiguration.roleArn"));
    for role in of_balancers.chain(hooks(&service).iter().map(|hook| hook.get("roleArn"))) {
        let Some(text) = role.text() else { continue };
        if !Arn::parse(text).is_some_and(|arn| arn.is_role()) {
            role.wrong(format!("`{text}` is not the ARN of a role"));
        }
    }
}
