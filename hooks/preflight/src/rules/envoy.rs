//! Envoy as a sidecar: its state, its control plane, its ports, and the image that it is.

use super::Subject;
use crate::{
    facts::Key,
    image::repository,
    look::Look,
    node::Node,
    pages::{APP_MESH_END, CANNOT_PULL, ENVOY_ADMIN, ENVOY_MANAGEMENT_SERVER, MESH_SETUP},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject = Subject { title: "Envoy", rules: RULES };

const BASE: Rule = Rule { link: MESH_SETUP, ..Rule::BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "ENVOY-STATE-INIT",
        title: "Envoy has no configuration yet",
        why: "Envoy is LIVE only after it has got its configuration. PRE_INITIALIZING and INITIALIZING mean that its control plane has not answered, or \
              that a cluster or listener that it names is not warm.",
        fix: "Ask why: `curl -s localhost:9901/stats | grep -e connected_state -e warming -e init_fetch_timeout`. With `connected_state: 0` look at \
              the way to the control plane; otherwise at what is warming, and at the log for `rejected`.",
        link: ENVOY_ADMIN,
        looks_at: "Envoy's /server_info",
        judge: Some(initializing),
        messages: &["\"state\": \"PRE_INITIALIZING\"", "\"state\": \"INITIALIZING\"", "PRE_INITIALIZING"],
        not_proven: "That something is wrong. Some seconds after the start it is as it should be.",
        ..BASE
    },
    Rule {
        id: "ENVOY-STATE-DRAINING",
        title: "Envoy was told to take no more requests",
        why: "Somebody called /healthcheck/fail or /drain_listeners of its admin interface. It answers health checks with 503 until that is taken back.",
        fix: "Replace the task: `aws ecs stop-task --cluster CLUSTER --task TASK`. After /healthcheck/fail `curl -X POST localhost:9901/healthcheck/ok` \
              takes it back; listeners that are drained do not come again.",
        link: ENVOY_ADMIN,
        looks_at: "Envoy's /server_info",
        judge: Some(draining),
        messages: &["\"state\": \"DRAINING\""],
        ..BASE
    },
    Rule {
        id: "ENVOY-EMS-CONNECT",
        title: "Envoy cannot reach its control plane",
        why: "There is no connection: no route, a security group without the port, a name that is not resolved, or a certificate that is not trusted. \
              Envoy keeps the configuration that it has, and one that has just been started has none.",
        fix: "Ask for it from within the task: `curl -v https://CONTROL_PLANE:PORT`. Let the tasks' security group out, and add a NAT gateway or a VPC \
              endpoint. The endpoints appmesh-envoy-management of App Mesh answer no more: it ended on 30 September 2026.",
        looks_at: "Envoy's /stats",
        judge: Some(not_connected),
        messages: &[
            "gRPC config stream closed: 14,",
            "gRPC config stream to {cluster} closed: 14,",
            "gRPC config stream closed since {time} ago: 14,",
            "gRPC config stream to {cluster} closed since {time} ago: 14,",
            "gRPC config stream to {cluster} closed: connection timeout",
            "appmesh-envoy-management.{region}.amazonaws.com",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-GRPC-0",
        severity: Severity::Info,
        title: "the control plane ended a stream in order",
        why: "Control planes do this from time to time, to spread their load. Envoy connects again.",
        fix: "Nothing.",
        messages: &[
            "gRPC config stream closed: 0,",
            "gRPC config stream to {cluster} closed: 0,",
            "gRPC config stream closed since {time} ago: 0,",
            "gRPC config stream to {cluster} closed since {time} ago: 0,",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-GRPC-3",
        title: "the control plane does not know what Envoy asks for",
        why: "3 is INVALID_ARGUMENT: the node's id or cluster names nothing, or something that it refers to (a namespace of Cloud Map, a certificate of \
              ACM) does not exist.",
        fix: "Compare `node` in `curl -s localhost:9901/server_info` with what the control plane has. For App Mesh it was `APPMESH_RESOURCE_ARN`.",
        messages: &[
            "gRPC config stream closed: 3,",
            "gRPC config stream to {cluster} closed: 3,",
            "gRPC config stream closed since {time} ago: 3,",
            "gRPC config stream to {cluster} closed since {time} ago: 3,",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-GRPC-7",
        title: "Envoy may not have its configuration",
        why: "7 is PERMISSION_DENIED: the control plane knows who Envoy is, and does not allow it.",
        fix: "Allow it in the control plane's policy. With IAM that is the task role and not the execution role (for App Mesh \
              `appmesh:StreamAggregatedResources` on the virtual node).",
        messages: &[
            "gRPC config stream closed: 7,",
            "gRPC config stream to {cluster} closed: 7,",
            "gRPC config stream closed since {time} ago: 7,",
            "gRPC config stream to {cluster} closed since {time} ago: 7,",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-GRPC-8",
        title: "too many Envoys for the control plane",
        why: "8 is RESOURCE_EXHAUSTED: so many Envoys are connected already, or it is asked too often. Blue's and green's are connected at the same \
              time.",
        fix: "Raise the control plane's limit, or see why old Envoys are still connected.",
        messages: &[
            "gRPC config stream closed: 8,",
            "gRPC config stream to {cluster} closed: 8,",
            "gRPC config stream closed since {time} ago: 8,",
            "gRPC config stream to {cluster} closed since {time} ago: 8,",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-GRPC-16",
        title: "the control plane does not know who Envoy is",
        why: "16 is UNAUTHENTICATED: Envoy sent no credentials, or some that are not valid.",
        fix: "Give the task a `taskRoleArn`, or Envoy the certificate that the control plane wants. Before v1.25.1.0 AWS's image failed so with more than \
              1024 open files: use a newer one.",
        messages: &[
            "gRPC config stream closed: 16,",
            "gRPC config stream to {cluster} closed: 16,",
            "gRPC config stream closed since {time} ago: 16,",
            "gRPC config stream to {cluster} closed since {time} ago: 16,",
            "A libcurl function was given a bad argument",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-UPDATE-REJECTED",
        title: "Envoy refused a configuration",
        why: "The control plane sent something that this Envoy does not take: a field that it does not know, a port that it may not bind, a cluster that \
              is not there. Envoy goes on with what it had.",
        fix: "Read its log at `rejected:`; that says what and why. Then correct the configuration, or bring Envoy and its control plane to versions that \
              fit.",
        link: ENVOY_MANAGEMENT_SERVER,
        looks_at: "Envoy's /stats",
        judge: Some(rejected),
        messages: &["gRPC config for {kind} rejected: {error}"],
        ..BASE
    },
    Rule {
        id: "ENVOY-PRIV-PORT",
        title: "Envoy may not listen on its port",
        why: "A port below 1024 needs root or the capability NET_BIND_SERVICE, and this Envoy runs as another user. Envoy starts and is LIVE all the \
              same, without that listener.",
        fix: "Listen on a port above 1023, which on Fargate is the only way for another user than root: capabilities cannot be added there. On EC2 add \
              NET_BIND_SERVICE in `linuxParameters.capabilities.add`. Or let Envoy run as root: drop `user`, and set `ENVOY_UID` to 0.",
        looks_at: "the ports and the user of Envoy's container",
        judge: Some(privileged_port),
        messages: &[
            "cannot bind '{address}': Permission denied",
            "gRPC config for {kind} rejected: {error}cannot bind '{address}': Permission denied",
        ],
        ..BASE
    },
    Rule {
        id: "ENVOY-LB-HEALTH",
        title: "Envoy is well, and the load balancer does not find it so",
        why: "The container's own health check asks Envoy from within the task; the load balancer asks through its listener. Between the two are the \
              security group, the port, and a route that leads from Envoy to the application.",
        fix: "Admit the load balancer's security group on the target's port. Let the health check's path lead through Envoy to a path that the application \
              answers, `/ping`; for an Envoy at the edge a Network Load Balancer with a TCP check is enough.",
        looks_at: "the health of the tasks' containers and of their targets",
        judge: Some(unlike_balancer),
        ..BASE
    },
    Rule {
        id: "ENVOY-IMAGE-PULL",
        title: "the execution role may not pull an image",
        why: "An image of ECR is pulled with the task execution role on Fargate, and with the instance's role on EC2. A repository of another account must \
              allow it in its own policy, too.",
        fix: "Attach `arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy`, or allow `ecr:GetAuthorizationToken` on `*`, and \
              `ecr:BatchCheckLayerAvailability`, `ecr:GetDownloadUrlForLayer` and `ecr:BatchGetImage` on the repository.",
        link: CANNOT_PULL,
        looks_at: "what the task execution role may do on ECR",
        judge: Some(may_pull),
        messages: &[
            "pull access denied for {image}, repository does not exist or may require 'docker login'",
            "pull access denied for {image}, repository does not exist or may require authorization",
            "CannotPullContainerError: Error response from daemon: pull access denied",
            "CannotPullContainerError: pull image manifest has been retried {count} time(s): failed to resolve ref {image}: unexpected status code {url}: 403 Forbidden",
            "CannotPullContainerError: {error}403 Forbidden",
            "The task can't pull the image. Check that the role has the permissions to pull images from the registry",
            "is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
            "unable to pull secrets or registry auth: {error}is not authorized to perform: ecr:GetAuthorizationToken",
            "unable to pull secrets or registry auth: {error}AccessDeniedException: {user}is not authorized to perform: ecr:GetAuthorizationToken",
            "is not authorized to perform: ecr:BatchGetImage on resource: {repository}",
            "is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: {repository}",
        ],
        not_proven: "That the role is wrong. ECR answers in the same way where the repository or the region is.",
        ..BASE
    },
    Rule {
        id: "ENVOY-APPMESH-EOL",
        severity: Severity::Warning,
        title: "a proxy of App Mesh, which has ended",
        why: "AWS ended App Mesh on 30 September 2026. An Envoy that asks it for its configuration gets none and never becomes LIVE.",
        fix: "Move to ECS Service Connect, or give Envoy a configuration or a control plane of your own, and take `proxyConfiguration` and the `APPMESH_…` \
              variables away.",
        link: APP_MESH_END,
        looks_at: "the task definition",
        judge: Some(app_mesh),
        ..BASE
    },
];

fn state(look: &Look<'_>, wanted: &[&str], words: &str) {
    // An Envoy's admin interface is asked by hand; nothing is lacking without.
    let Some(info) = look.at_hand(&Key::EnvoyServerInfo) else { return };
    let state = info.get("state");
    if let Some(text) = state.text().filter(|text| wanted.contains(text)) {
        state.wrong(format!("Envoy is {text}: {words}"));
    }
}

fn initializing(look: &Look<'_>) {
    state(look, &["PRE_INITIALIZING", "INITIALIZING"], "it has no configuration yet");
}

fn draining(look: &Look<'_>) {
    state(look, &["DRAINING"], "it was told to take no more requests");
}

fn not_connected(look: &Look<'_>) {
    let Some(stats) = look.at_hand(&Key::EnvoyStats) else { return };
    // The gauge is also there where the configuration is a file; then nobody asks a control plane.
    let asks = |(name, value): &(&str, Node<'_>)| {
        name.ends_with("update_attempt") && value.number().is_some_and(|number| number > 0.0)
    };
    let connected = stats.get("control_plane.connected_state");
    if connected.number() == Some(0.0) && stats.entries().iter().any(asks) {
        connected.wrong("Envoy is not connected to its control plane");
    }
}

fn rejected(look: &Look<'_>) {
    let Some(stats) = look.at_hand(&Key::EnvoyStats) else { return };
    for (name, value) in stats.entries() {
        if name.ends_with("update_rejected")
            && let Some(number) = value.number().filter(|number| *number > 0.0)
        {
            value.wrong(format!("`{name}` is {number}"));
        }
    }
}

fn is_envoy(container: &Node<'_>) -> bool {
    let named = ["image", "name"]
        .map(|key| container.aside().get(key).text().unwrap_or_default().to_ascii_lowercase());
    named.iter().any(|text| text.contains("envoy"))
}

/// The containers of the task definition that are an Envoy.
fn envoys<'a>(look: &'a Look<'a>) -> Vec<Node<'a>> {
    let Some(task) = look.get(&Key::TaskDefinition) else { return Vec::new() };
    task.get("containerDefinitions").items().into_iter().filter(is_envoy).collect()
}

fn privileged_port(look: &Look<'_>) {
    for envoy in envoys(look) {
        let user = envoy.get("user");
        let Some(name) = user.text().and_then(|user| user.split(':').next()) else { continue };
        let added = envoy.at("linuxParameters.capabilities.add");
        let may = added.items().iter().any(|it| matches!(it.text(), Some("NET_BIND_SERVICE" | "ALL")));
        if matches!(name, "0" | "root") || may || !added.is_known() {
            continue;
        }
        for port in envoy.get("portMappings").items().iter().map(|it| it.get("containerPort")) {
            if let Some(number @ 1..1024) = port.whole() {
                port.wrong(format!("the user {name} may not bind port {number}"));
            }
        }
    }
}

/// The private address of a task.
fn address<'a>(task: &Node<'a>) -> Option<&'a str> {
    let attachments = task.get("attachments").items();
    let details = attachments.iter().flat_map(|attachment| attachment.get("details").items());
    let own = |detail: &Node<'_>| detail.get("name").text() == Some("privateIPv4Address");
    details.filter(own).find_map(|detail| detail.get("value").text())
}

fn unlike_balancer(look: &Look<'_>) {
    let Some(service) = look.at_hand(&Key::Service) else { return };
    let names: Vec<&str> = envoys(look).iter().filter_map(|envoy| envoy.get("name").text()).collect();
    if names.is_empty() {
        return;
    }
    let balancers = service.get("loadBalancers").items();
    let behind =
        |balancer: &&Node<'_>| balancer.get("containerName").text().is_some_and(|it| names.contains(&it));
    for balancer in balancers.iter().filter(behind) {
        let Some(group) = balancer.get("targetGroupArn").text() else { continue };
        let (Some(tasks), Some(health)) =
            (look.get(&Key::Tasks), look.get(&Key::TargetHealth(group.to_owned())))
        else {
            continue;
        };
        let well = |task: &Node<'_>| {
            let healthy = |it: &Node<'_>| {
                it.get("name").text().is_some_and(|name| names.contains(&name))
                    && it.get("healthStatus").text() == Some("HEALTHY")
            };
            task.get("containers").items().iter().any(healthy)
        };
        let tasks = tasks.get("tasks").items();
        let well: Vec<&str> = tasks.iter().filter(|task| well(task)).filter_map(address).collect();
        for target in health.get("TargetHealthDescriptions").items() {
            let state = target.at("TargetHealth.State");
            let Some(id) = target.at("Target.Id").text().filter(|id| well.contains(id)) else { continue };
            if state.text() == Some("unhealthy") {
                let reason = target.at("TargetHealth.Reason").text().unwrap_or("no reason");
                state.wrong(format!("Envoy at {id} is HEALTHY, and its target is unhealthy ({reason})"));
            }
        }
    }
}

fn may_pull(look: &Look<'_>) {
    let Some(task) = look.get(&Key::TaskDefinition) else { return };
    let kinds = task.get("requiresCompatibilities").items();
    // On EC2 it is the instance's role that pulls.
    if kinds.is_empty() || kinds.iter().any(|kind| kind.text() != Some("FARGATE")) {
        return;
    }
    let at = task.get("executionRoleArn");
    let Some(role) = at.text().filter(|text| text.starts_with("arn:")) else { return };
    let denied = |action: &str, resource: &str| {
        let (role, action, resource) = (role.to_owned(), action.to_owned(), resource.to_owned());
        let decision = look.get(&Key::Permission { role, action, resource });
        matches!(decision.and_then(|it| it.text()), Some("implicitDeny" | "explicitDeny"))
    };
    for container in task.get("containerDefinitions").items() {
        let image = container.get("image");
        let Some(repository) = image.text().and_then(repository) else { continue };
        if denied("ecr:GetAuthorizationToken", "*") {
            at.wrong("it may not call ecr:GetAuthorizationToken on *");
        }
        for action in ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"] {
            if denied(action, &repository) {
                at.wrong(format!("it may not call {action} on {repository}"));
            }
        }
    }
}

fn app_mesh(look: &Look<'_>) {
    let Some(task) = look.get(&Key::TaskDefinition) else { return };
    let proxy = task.at("proxyConfiguration.type");
    if proxy.text() == Some("APPMESH") {
        proxy.wrong("the task's traffic goes through a proxy of App Mesh");
    }
    for container in task.get("containerDefinitions").items() {
        let image = container.get("image");
        if image.text().is_some_and(|text| text.contains("aws-appmesh-envoy")) {
            image.wrong("the image is App Mesh's Envoy");
        }
        for variable in container.get("environment").items() {
            let name = variable.get("name");
            if let Some(text @ ("APPMESH_RESOURCE_ARN" | "APPMESH_VIRTUAL_NODE_NAME")) = name.text() {
                name.wrong(format!("`{text}` names a resource of App Mesh"));
            }
        }
    }
}
