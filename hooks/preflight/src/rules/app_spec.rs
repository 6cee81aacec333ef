//! What CodeDeploy is told to deploy: the AppSpec, the task definition in it, and the pipeline that fills them in.

use super::{Subject, containers::judge_target, hooks::is_ours};
use crate::{
    arn::{Arn, function_name},
    codedeploy::{ROUTES, app_spec, group, hooks, pair, properties, resources, service},
    facts::Key,
    look::Look,
    node::Node,
    pages::{APP_SPEC_HOOKS, APP_SPEC_RESOURCES, CODEPIPELINE_TO_ECS, CODEPIPELINE_TROUBLESHOOTING},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject =
    Subject { title: "CodeDeploy: the AppSpec and the pipeline", rules: RULES };

const SPEC: &str = "the AppSpec";
const BASE: Rule = Rule { link: APP_SPEC_RESOURCES, looks_at: SPEC, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "CD-APPSPEC-HOOKS",
        title: "an AppSpec that CodeDeploy does not take",
        why: "An AppSpec for ECS has `version: 0.0`, one resource of the type AWS::ECS::Service, and in `Hooks` a list of single events with \
              one function each: BeforeInstall, AfterInstall, AfterAllowTestTraffic, BeforeAllowTraffic and AfterAllowTraffic.",
        fix: "Correct the file. A hook is written `- AfterInstall: FUNCTION`, with the name or the ARN of one function; Install, \
              AllowTestTraffic and AllowTraffic are CodeDeploy's own and take none. What needs two functions at one event needs one that \
              does both.",
        link: APP_SPEC_HOOKS,
        judge: Some(shape),
        messages: &["InvalidLifecycleEventHookExecutionIdException", "\"code\": \"INVALID_REVISION\""],
        ..BASE
    },
    Rule {
        id: "CD-PLACEHOLDER-TASKDEF",
        title: "the AppSpec names no task definition",
        why: "`TaskDefinition` is the full ARN of a task definition. Only CodePipeline's action CodeDeployToECS puts one in the place of \
              `<TASK_DEFINITION>`, and only where it is written just so.",
        fix: "With that action write `TaskDefinition: <TASK_DEFINITION>`. Otherwise put the ARN there before `aws deploy create-deployment`: \
              `aws ecs register-task-definition --cli-input-json file://taskdef.json --query taskDefinition.taskDefinitionArn`.",
        looks_at: "the AppSpec's task definition, and whether a pipeline fills it in",
        judge: Some(task_definition),
        ..BASE
    },
    Rule {
        id: "CD-PLACEHOLDER-IMAGE",
        title: "a placeholder stands where an image belongs",
        why: "CodePipeline puts an image in the place of `<NAME>` only where NAME is the action's `Image1ContainerName` (or that of 2 to 4). \
              What is registered with the placeholder in it can never be pulled: tasks stop with CannotPullContainerError.",
        fix: "Write the name in the brackets into `Image1ContainerName`, without the brackets, or register the task definition with a real \
              image.",
        link: CODEPIPELINE_TO_ECS,
        looks_at: "the images of the task definition and the pipeline's deploy action",
        judge: Some(image),
        gate: true,
        ..BASE
    },
    Rule {
        id: "CD-APPSPEC-CONTAINER",
        title: "the AppSpec sends traffic to a container or port that is not there",
        why: "`ContainerName` and `ContainerPort` must be those of a container of the task definition, with that port in its `portMappings`. \
              ECS refuses the green task set otherwise.",
        fix: "Give the container's name and port as the task definition has them: `aws ecs describe-task-definition --task-definition \
              FAMILY --query 'taskDefinition.containerDefinitions[].[name,portMappings[].containerPort]'`.",
        looks_at: "the AppSpec and the task definition's containers",
        judge: Some(container),
        messages: &[
            "The ECS service cannot be updated due to an unexpected error: The container {container} does not exist in the task definition",
            "The ECS service cannot be updated due to an unexpected error: The container {container} did not have a container port {port} \
             defined",
        ],
        ..BASE
    },
    Rule {
        id: "CD-APPSPEC-NETWORK",
        title: "green does not start with the settings that the service has",
        why: "CodeDeploy starts green with what the AppSpec says: without `PlatformVersion` on LATEST, and without `NetworkConfiguration` on \
              the network of before. A change of the service alone reaches green only if the AppSpec repeats it.",
        fix: "Write `PlatformVersion` and `NetworkConfiguration.AwsvpcConfiguration` into the AppSpec, the latter with all of `Subnets`, \
              `SecurityGroups` and `AssignPublicIp`.",
        looks_at: "the AppSpec, the service and its primary task set",
        judge: Some(network),
        ..WARNING
    },
    Rule {
        id: "CD-NO-TEST-LISTENER",
        title: "a hook for test traffic, and no test traffic",
        why: "Without a `testTrafficRoute` CodeDeploy has no test traffic to allow, so nothing is tested at AfterAllowTestTraffic.",
        fix: "Add a test listener to the deployment group, or call the function at AfterInstall.",
        link: APP_SPEC_HOOKS,
        looks_at: "the AppSpec's hooks and the deployment group",
        judge: Some(no_test_traffic),
        ..WARNING
    },
    Rule {
        id: "CD-TEST-TOO-EARLY",
        title: "a test of test traffic before there is any",
        why: "Until AllowTestTraffic the test listener forwards to blue. What asks it at BeforeInstall or AfterInstall tests the version that \
              serves already, and passes.",
        fix: "Call the function at AfterAllowTestTraffic or BeforeAllowTraffic.",
        link: APP_SPEC_HOOKS,
        looks_at: "the AppSpec's hooks, by the names of their functions",
        judge: Some(too_early),
        ..WARNING
    },
    Rule {
        id: "CD-IMAGEDETAIL",
        title: "a deploy action without the files that it needs",
        why: "The action CodeDeployToECS takes an AppSpec, a task definition and, for each image, an `imageDetail.json`, each from an artifact that \
              is among its inputs and smaller than 3 MB. The action for rolling deployments (provider ECS, with `imagedefinitions.json`) cannot \
              deploy a service of CodeDeploy.",
        fix: "Name the artifacts in `AppSpecTemplateArtifact`, `TaskDefinitionTemplateArtifact` and `Image1ArtifactName`, and all of them in \
              `inputArtifacts`. A build must export appspec.yaml, taskdef.json and imageDetail.json, and nothing large beside them; a source \
              action on ECR writes imageDetail.json itself.",
        link: CODEPIPELINE_TROUBLESHOOTING,
        looks_at: "the pipeline's deploy action",
        judge: Some(artifacts),
        messages: &[
            "Exception while trying to read the task definition artifact file from: {artifact}",
            "Exception while trying to read the appspec artifact file from: {artifact}",
            "Exception while trying to read the image artifact file from: {artifact}",
        ],
        not_proven: "That the file is missing. The same is said of an artifact of more than 3 MB.",
        ..WARNING
    },
];

/// The events that a function can be called at.
const EVENTS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

fn shape(look: &Look<'_>) {
    let Some(spec) = app_spec(look) else { return };
    let version = spec.get("version");
    if version.number().is_some_and(|number| number != 0.0) || version.is_absent() {
        version.wrong(format!("the version is {version}, and not 0.0"));
    }
    let all = resources(&spec);
    let deployed = spec.get("Resources");
    if deployed.is_known() && all.len() != 1 {
        deployed.wrong(format!("there are {} resources", all.len()));
    }
    for kind in all.iter().map(|resource| resource.get("Type")) {
        if kind.is_absent() || kind.text().is_some_and(|text| text != "AWS::ECS::Service") {
            kind.wrong(format!("the type is {kind}, and not AWS::ECS::Service"));
        }
    }
    let list = spec.get("Hooks");
    if list.value().is_some_and(|value| !value.is_array()) {
        list.wrong("the hooks are no list");
    }
    let mut seen: Vec<&str> = Vec::new();
    for item in list.items() {
        let events = item.entries();
        if item.value().is_some() && events.len() != 1 {
            item.wrong(format!("there are {} events in one item", events.len()));
        }
        for (event, function) in events {
            if !EVENTS.contains(&event) {
                function.wrong(format!("there is no event `{event}` for functions"));
            } else if seen.contains(&event) {
                function.wrong(format!("`{event}` is there twice"));
            } else if function.value().is_some_and(|value| !value.is_string()) {
                function.wrong(format!("`{event}` has {function}, and not the name of one function"));
            }
            seen.push(event);
        }
    }
}

/// The task definition of an AppSpec's.
fn named_task(spec: &Node<'_>) -> Option<String> {
    let arn = properties(spec)?.get("TaskDefinition").text()?.to_owned();
    Arn::parse(&arn).is_some_and(|arn| arn.service == "ecs" && arn.is("task-definition")).then_some(arn)
}

fn task_definition(look: &Look<'_>) {
    let Some(spec) = app_spec(look) else { return };
    let Some(task) = properties(&spec).map(|properties| properties.get("TaskDefinition")) else { return };
    if task.is_absent() {
        task.wrong("there is no `TaskDefinition`");
    } else if task.text() == Some("<TASK_DEFINITION>") {
        if look.is_missing(&Key::Pipeline) {
            task.wrong("it is `<TASK_DEFINITION>`, and no pipeline puts an ARN there");
        }
    } else if let Some(text) = task.text()
        && named_task(&spec).is_none()
    {
        task.wrong(format!("`{text}` is neither the ARN of a task definition nor `<TASK_DEFINITION>`"));
    }
}

/// The placeholder in an image.
fn placeholder(image: &str) -> Option<&str> {
    let (_, rest) = image.split_once('<')?;
    rest.split_once('>').map(|(name, _)| name)
}

fn image(look: &Look<'_>) {
    let Some(task) = look.get(&Key::TaskDefinition) else { return };
    for container in task.get("containerDefinitions").items() {
        let image = container.get("image");
        let Some(name) = image.text().and_then(placeholder) else { continue };
        // One that exists is what the pipeline made of it already.
        if task.get("taskDefinitionArn").text().is_some() {
            image.wrong(format!("`{image}` is registered, with the placeholder in it"));
        } else if look.is_missing(&Key::Pipeline) {
            image.wrong(format!("`{image}` is a placeholder, and no pipeline puts an image there"));
        } else if let Some(pipeline) = look.get(&Key::Pipeline) {
            fills_in(&pipeline, name, &image);
        }
    }
}

/// Says where no deploy action of a pipeline puts an image in the place of a name.
fn fills_in(pipeline: &Node<'_>, name: &str, image: &Node<'_>) {
    let actions = actions(pipeline, "CodeDeployToECS");
    let keys = (1..=4).map(|number| format!("Image{number}ContainerName"));
    let names: Vec<Node<'_>> =
        keys.flat_map(|key| actions.iter().map(|action| own(action, &key)).collect::<Vec<_>>()).collect();
    let known = names.iter().filter_map(Node::text).collect::<Vec<_>>();
    if pipeline.is_known() && !known.contains(&name) {
        let has = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        image.wrong(format!("the pipeline does not put an image in the place of `{name}`: it has {has}"));
    }
}

/// The actions of a provider.
fn actions<'a>(pipeline: &Node<'a>, provider: &str) -> Vec<Node<'a>> {
    let stages = pipeline.get("stages").items();
    let all = stages.iter().flat_map(|stage| stage.get("actions").items());
    all.filter(|action| action.at("actionTypeId.provider").text() == Some(provider)).collect()
}

/// What an action is configured with; templates may have it with a small letter.
fn own<'a>(action: &Node<'a>, key: &str) -> Node<'a> {
    let configuration = action.get("configuration");
    let written = configuration.get(key);
    if !written.is_absent() {
        return written;
    }
    let mut letters = key.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    let small = configuration.get(&first.into_iter().chain(letters).collect::<String>());
    if small.is_absent() { written } else { small }
}

fn container(look: &Look<'_>) {
    let Some(spec) = app_spec(look) else { return };
    let Some(balancer) = properties(&spec).map(|properties| properties.get("LoadBalancerInfo")) else {
        return;
    };
    let Some(task) = look.get(&Key::TaskDefinition) else { return };
    // The service's own may be blue's.
    if let (Some(named), Some(known)) = (named_task(&spec), task.get("taskDefinitionArn").text())
        && named != known
    {
        return;
    }
    judge_target(&task, &balancer.get("ContainerName"), &balancer.get("ContainerPort"));
}

fn network(look: &Look<'_>) {
    let Some(spec) = app_spec(look) else { return };
    let Some(properties) = properties(&spec) else { return };
    let own = properties.at("NetworkConfiguration.AwsvpcConfiguration");
    if own.is_present() {
        for key in ["Subnets", "SecurityGroups", "AssignPublicIp"] {
            if own.get(key).is_absent() {
                own.wrong(format!("there is no `{key}`; all three are needed"));
            }
        }
    }
    let Some(service) = service(look) else { return };
    let version = service.get("platformVersion");
    if let Some(pinned) = version.text().filter(|version| *version != "LATEST")
        && properties.get("PlatformVersion").is_absent()
    {
        properties
            .wrong(format!("the service is on platform version {pinned}, and green would start on LATEST"));
    }
    let wanted = service.get("networkConfiguration");
    let sets = service.get("taskSets").items();
    let primary = sets.iter().find(|set| set.get("status").text() == Some("PRIMARY"));
    let Some(running) = primary.map(|set| set.get("networkConfiguration")) else { return };
    if own.is_absent()
        && wanted.is_known()
        && running.is_known()
        && let (Some(wanted), Some(running)) = (wanted.value(), running.value())
        && wanted != running
    {
        properties.wrong(
            "the service's network is not that of the tasks that run, and the AppSpec does not say it",
        );
    }
}

fn no_test_traffic(look: &Look<'_>) {
    let Some(spec) = app_spec(look) else { return };
    let hooks = hooks(&spec);
    let Some((_, hook)) = hooks.iter().find(|(event, _)| *event == "AfterAllowTestTraffic") else { return };
    if let Some(pair) = group(look).and_then(|group| pair(&group))
        && pair.get(ROUTES[1]).is_absent()
    {
        hook.wrong(format!("the deployment group has no `{}`", pair.spelt(ROUTES[1])));
    }
}

fn too_early(look: &Look<'_>) {
    let Some(spec) = app_spec(look) else { return };
    for (event, hook) in hooks(&spec) {
        let Some(function) = hook.text().filter(|_| matches!(event, "BeforeInstall" | "AfterInstall")) else {
            continue;
        };
        if is_ours(function) && function_name(function).to_ascii_lowercase().contains("test-traffic") {
            hook.wrong(format!("`{}` is called at {event}", function_name(function)));
        }
    }
}

fn artifacts(look: &Look<'_>) {
    let Some(pipeline) = look.at_hand(&Key::Pipeline) else { return };
    for action in actions(&pipeline, "CodeDeployToECS") {
        let inputs = action.get("inputArtifacts");
        let names: Vec<&str> = inputs.items().iter().filter_map(|input| input.get("name").text()).collect();
        let must = ["AppSpecTemplateArtifact", "TaskDefinitionTemplateArtifact"].map(str::to_owned);
        for key in &must {
            if own(&action, key).is_absent() {
                action.get("configuration").wrong(format!("there is no `{key}`"));
            }
        }
        let images = (1..=4).map(|number| format!("Image{number}ArtifactName"));
        for artifact in must.into_iter().chain(images).map(|key| own(&action, &key)) {
            if let Some(text) = artifact.text()
                && inputs.is_known()
                && !names.contains(&text)
            {
                artifact.wrong(format!("`{text}` is not among the action's inputs"));
            }
        }
    }
    if service(look).is_some() {
        for action in actions(&pipeline, "ECS") {
            action.wrong("the action deploys by ECS, and the service is deployed by CodeDeploy");
        }
    }
}
