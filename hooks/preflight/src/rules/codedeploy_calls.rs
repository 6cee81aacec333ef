//! What CodeDeploy and those who use it must be allowed to do, and what it says when a deployment ends.

use super::Subject;
use crate::{
    codedeploy::{app_spec, arn_of, function, group, hooks, service},
    facts::Key,
    look::Look,
    node::Node,
    pages::{
        API_REPORT, APP_SPEC_HOOKS, CODEDEPLOY, CODEDEPLOY_ERRORS, CODEDEPLOY_ROLE,
        CODEDEPLOY_TROUBLESHOOTING, SERVICE_LINKED_ROLES,
    },
    permission::{invocation_needed, needed},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject =
    Subject { title: "CodeDeploy: permissions and how deployments end", rules: RULES };

const BASE: Rule = Rule { link: CODEDEPLOY_TROUBLESHOOTING, ..Rule::BASE };
const INFO: Rule = Rule { severity: Severity::Info, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "CD-ROLE-LAMBDA",
        title: "CodeDeploy may not call a function of the AppSpec",
        why: "CodeDeploy calls hooks with the service role of the deployment group. The managed policy AWSCodeDeployRoleForECSLimited allows only \
              functions whose names begin with `CodeDeployHook_`; AWSCodeDeployRoleForECS allows all.",
        fix: "Name the function `CodeDeployHook_…`, or let the role call it: `aws iam attach-role-policy --role-name ROLE --policy-arn \
              arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS`, or a policy with `lambda:InvokeFunction` on just that function.",
        link: CODEDEPLOY_ROLE,
        looks_at: "what the deployment group's service role may call",
        judge: Some(may_call),
        messages: &[
            "The IAM role {role} does not give you permission to perform operations in the following AWS service: AWSLambda",
        ],
        ..BASE
    },
    Rule {
        id: "CD-PUT-DENIED",
        title: "a function may not tell CodeDeploy how it went",
        why: "A hook reports with `codedeploy:PutLifecycleEventHookExecutionStatus`. Where its role may not, CodeDeploy hears nothing, waits an \
              hour and fails the deployment, whatever the function found.",
        fix: "Allow the function's execution role `codedeploy:PutLifecycleEventHookExecutionStatus` on \
              `arn:aws:codedeploy:REGION:ACCOUNT:deploymentgroup:APPLICATION/GROUP`.",
        link: API_REPORT,
        looks_at: "what the roles of the AppSpec's functions may call",
        judge: Some(may_report),
        messages: &[
            "is not authorized to perform: codedeploy:PutLifecycleEventHookExecutionStatus on resource: {group}",
            "is not authorized to perform: codedeploy:PutLifecycleEventHookExecutionStatus",
        ],
        ..BASE
    },
    Rule {
        id: "CD-DEPLOYER-IAM",
        title: "the pipeline may not deploy",
        why: "The pipeline's role registers the task definition and the revision, creates the deployment and waits for it, and must pass on the \
              roles of the tasks.",
        fix: "Give the role of the pipeline, or of the deploy action, what is named here. `iam:PassRole` goes on the task definition's \
              `executionRoleArn` and `taskRoleArn`, with the condition `iam:PassedToService` = `ecs-tasks.amazonaws.com`.",
        link: CODEDEPLOY,
        looks_at: "what the role of the pipeline's deploy action may do",
        judge: Some(may_deploy),
        messages: &[
            "is not authorized to perform: codedeploy:CreateDeployment on resource: {group}",
            "is not authorized to perform: codedeploy:GetDeploymentConfig on resource: {configuration}",
            "is not authorized to perform: codedeploy:GetDeployment on resource: {group}",
            "is not authorized to perform: codedeploy:GetApplicationRevision on resource: {application}",
            "is not authorized to perform: codedeploy:RegisterApplicationRevision on resource: {application}",
            "is not authorized to perform: ecs:RegisterTaskDefinition on resource: {task_definition}",
            "is not authorized to perform: iam:PassRole on resource: {role}",
        ],
        ..BASE
    },
    Rule {
        id: "CD-SLR",
        title: "a service-linked role is missing",
        why: "A service that CodeDeploy deploys has no role of its own: ECS works with its service-linked role, and so does Elastic Load \
              Balancing.",
        fix: "Make it: `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`, or \
              `elasticloadbalancing.amazonaws.com`. Once per account does.",
        link: SERVICE_LINKED_ROLES,
        looks_at: "the service-linked roles of ECS and Elastic Load Balancing",
        judge: Some(linked_roles),
        messages: &[
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists",
        ],
        not_proven: "That the role is missing. It is also said for some seconds after the role was made.",
        ..BASE
    },
    Rule {
        id: "CD-REPLACEMENT-TIMEOUT",
        title: "green was not healthy within an hour",
        why: "Green's tasks did not start, or did not stay healthy. CodeDeploy does not say why; the events of the service and its stopped tasks \
              do.",
        fix: "Look at both: `aws ecs describe-services --cluster CLUSTER --services SERVICE --query 'services[].events[:10].message'`, and \
              `aws ecs list-tasks --cluster CLUSTER --service-name SERVICE --desired-status STOPPED` with `aws ecs describe-tasks`. Stopped tasks \
              are kept for about an hour only. Then `greenlight explain` what they say.",
        messages: &[
            "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is {minutes} minutes",
            "The deployment timed out while waiting for the replacement task set to become healthy",
        ],
        not_proven: "That an hour is too short. Mostly a task never became healthy at all.",
        ..BASE
    },
    Rule {
        id: "CD-CALLBACK-TIMEOUT",
        title: "a hook did not report within an hour",
        why: "CodeDeploy called a function and never heard of it again: it crashed, ran into its timeout, may not report, or reports nothing in \
              one of its branches.",
        fix: "Read the function's log at the time of the event. Report in every case, also after an error, with a deadline before the \
              function's own timeout, and allow its role `codedeploy:PutLifecycleEventHookExecutionStatus`.",
        messages: &[
            "The deployment timed out while waiting for a status callback. CodeDeploy expects a status callback within one hour after a deployment hook is invoked",
        ],
        not_proven: "That green is bad. Nobody said anything of it.",
        ..BASE
    },
    Rule {
        id: "CD-HOOK-FAILED",
        title: "a hook refused the deployment",
        why: "A function reported `Failed`. That is what it is for.",
        fix: "See which: `aws deploy get-deployment-target --deployment-id ID --target-id CLUSTER:SERVICE --query \
              'deploymentTarget.ecsTarget.lifecycleEvents'`. The function's log has the reason; greenlight's hooks write an evidence with what \
              they saw.",
        messages: &[
            "The deployment failed because one or more of the lifecycle event validation functions failed",
            "HOOK_EXECUTION_FAILURE",
        ],
        not_proven: "That a check failed. A function that crashes may report `Failed`, too.",
        ..INFO
    },
    Rule {
        id: "CD-ONE-CALL-STATUS",
        title: "a hook reported something else, or twice",
        why: "A hook reports once, and says `Succeeded` or `Failed`. A second report of the same execution finds the event over already.",
        fix: "Send one of the two, once. Take LifecycleEventAlreadyCompletedException for a report that has arrived: it is what a retry gets.",
        link: API_REPORT,
        messages: &[
            "InvalidLifecycleEventHookExecutionStatusException",
            "LifecycleEventAlreadyCompletedException",
            "The result of a Lambda validation function that verifies a lifecycle event is invalid. It should return Succeeded or Failed",
            "An attempt to return the status of an already completed lifecycle event occurred",
        ],
        not_proven: "With LifecycleEventAlreadyCompletedException: that the report is lost. Mostly it was heard the first time, or the deployment \
                     was over.",
        ..BASE
    },
    Rule {
        id: "CD-ALARM-ROLLBACK",
        title: "an alarm stopped the deployment",
        why: "An alarm of the deployment group was in ALARM while the deployment ran.",
        fix: "Look at the alarm's history: `aws cloudwatch describe-alarm-history --alarm-name NAME`. If it was red before the deployment, wait \
              until it is not: a deployment that starts with a red alarm is stopped at once.",
        messages: &[
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: {alarms}",
            "ALARM_ACTIVE",
        ],
        not_proven: "That green caused it. The alarm may look at blue, or at more than this service.",
        ..INFO
    },
    Rule {
        id: "CD-SERVICE-UPDATE",
        title: "ECS refused what CodeDeploy asked of it",
        why: "CodeDeploy passes on what ECS said: a container or port that the task definition does not have, a role that may not be passed on, a \
              parameter that is not valid.",
        fix: "Read what follows `unexpected error`: that is ECS's own message, and `greenlight explain` may know it by itself. Where a role is \
              named, let the deployment group's service role pass it: `iam:PassRole` on the task's execution and task role.",
        messages: &["ECS service cannot be updated", "ECS_UPDATE_ERROR"],
        ..BASE
    },
    Rule {
        id: "CD-SERVICE-ROLE",
        title: "CodeDeploy may not act for the deployment group",
        why: "The service role of the deployment group does not exist, does not trust `codedeploy.amazonaws.com`, or lacks a permission.",
        fix: "Let its trust policy allow `sts:AssumeRole` to `codedeploy.amazonaws.com`, and attach \
              `arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS`. See which role it is: `aws deploy get-deployment-group --application-name APP \
              --deployment-group-name GROUP --query deploymentGroupInfo.serviceRoleArn`.",
        link: CODEDEPLOY_ROLE,
        messages: &[
            "The IAM role {role} does not give you permission to perform operations in the following AWS service: {service}",
            "IAM_ROLE_PERMISSIONS",
            "IAM_ROLE_MISSING",
        ],
        ..BASE
    },
    Rule {
        id: "CD-LAMBDA-INVALID",
        title: "a function of the AppSpec cannot be called",
        why: "The function that a hook names does not exist in this region and account, or not in this version, or is not active.",
        fix: "Ask for it by the name in the AppSpec: `aws lambda get-function-configuration --function-name NAME`. Correct the name in `Hooks`, \
              or deploy the function first.",
        link: APP_SPEC_HOOKS,
        messages: &["INVALID_LAMBDA_FUNCTION", "INVALID_LAMBDA_CONFIGURATION"],
        ..BASE
    },
    Rule {
        id: "CD-SERVICE-INVALID",
        title: "the deployment group's service is not one for CodeDeploy",
        why: "The service does not exist, is not active, is in another cluster, or has another deployment controller than CODE_DEPLOY. The \
              controller cannot be changed to CODE_DEPLOY later.",
        fix: "Compare `aws ecs describe-services --cluster CLUSTER --services SERVICE --query 'services[].[status,deploymentController.type]'` \
              with the group's `ecsServices`. Make the service again with `--deployment-controller type=CODE_DEPLOY` where that is what is wrong.",
        link: CODEDEPLOY,
        messages: &[
            "INVALID_ECS_SERVICE",
            "InvalidECSServiceException",
            "The Amazon ECS service identifier is not valid",
        ],
        ..BASE
    },
    Rule {
        id: "CD-ELB-INVALID",
        title: "CodeDeploy cannot use a listener or target group",
        why: "A listener or a target group of the deployment group does not exist any more, or cannot take the traffic that CodeDeploy wants to \
              shift.",
        fix: "Ask for each by what the deployment group says: `aws elbv2 describe-target-groups --names A B` and `aws elbv2 describe-rules \
              --listener-arn LISTENER`. Terraform that replaced one of them leaves the group with the old name.",
        messages: &["ELASTIC_LOAD_BALANCING_INVALID", "MISSING_ELB_INFORMATION"],
        ..BASE
    },
    Rule {
        id: "CD-NOT-FOR-ECS",
        title: "an error of deployments to instances",
        why: "CodeDeploy counts healthy instances for EC2 and on-premises servers only. A deployment to ECS does not end with this error.",
        fix: "See what the deployment was for: `aws deploy get-deployment --deployment-id ID --query deploymentInfo.computePlatform`. If it is \
              not ECS, the wrong application or group was deployed.",
        link: CODEDEPLOY_ERRORS,
        messages: &["HEALTH_CONSTRAINTS"],
        ..INFO
    },
    Rule {
        id: "CD-TIMEOUT",
        title: "a step of the deployment took too long",
        why: "CodeDeploy waited for green, for a hook, or for somebody to let traffic be shifted, and gave up. The message beside the code says \
              for what.",
        fix: "Read `deploymentInfo.errorInformation.message`: `aws deploy get-deployment --deployment-id ID`. `greenlight explain` knows each of \
              them.",
        messages: &["\"code\": \"TIMEOUT\""],
        ..BASE
    },
    Rule {
        id: "CD-STOPPED",
        title: "somebody stopped the deployment",
        why: "A person, a pipeline or a script called StopDeployment.",
        fix: "CloudTrail knows who: `aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopDeployment`. \
              Traffic is as it was when it was stopped unless a rollback was asked for.",
        link: CODEDEPLOY_ERRORS,
        messages: &["MANUAL_STOP"],
        ..INFO
    },
];

/// The functions of the AppSpec: where they are named, and their ARNs.
fn functions<'a>(look: &'a Look<'a>) -> Vec<(Node<'a>, String)> {
    let hooks = app_spec(look).map(|spec| hooks(&spec)).unwrap_or_default();
    hooks.into_iter().filter_map(|(_, hook)| Some((hook.clone(), function(look, hook.text()?)))).collect()
}

fn may_call(look: &Look<'_>) {
    let Some(group) = group(look) else { return };
    let Some(role) = group.get("serviceRoleArn").text() else { return };
    for (at, function) in functions(look) {
        if function.starts_with("arn:") {
            invocation_needed(look, &at, role, &function);
        }
    }
}

fn may_report(look: &Look<'_>) {
    let Some(group) = group(look) else { return };
    let (app, name) = (group.get("applicationName"), group.get("deploymentGroupName"));
    let (Some(app), Some(name)) = (app.text(), name.text()) else { return };
    let Some(resource) = arn_of(look, "codedeploy", &format!("deploymentgroup:{app}/{name}")) else { return };
    for (at, function) in functions(look) {
        let Some(function) = look.get(&Key::Function(function)) else { continue };
        let Some(role) = function.get("Role").text() else { continue };
        needed(look, &at, role, "codedeploy:PutLifecycleEventHookExecutionStatus", &resource);
    }
}

fn may_deploy(look: &Look<'_>) {
    let Some(pipeline) = look.at_hand(&Key::Pipeline) else { return };
    let Some(group) = group(look) else { return };
    let stages = pipeline.get("stages").items();
    let actions = stages.iter().flat_map(|stage| stage.get("actions").items());
    for action in actions.filter(|it| it.at("actionTypeId.provider").text() == Some("CodeDeployToECS")) {
        let own = action.get("roleArn");
        let Some(role) = (if own.is_absent() { pipeline.get("roleArn") } else { own }).text() else {
            continue;
        };
        let of_codedeploy = |resource: String| arn_of(look, "codedeploy", &resource);
        let text = |key: &str| group.get(key).text();
        if let (Some(app), Some(name)) = (text("applicationName"), text("deploymentGroupName"))
            && let Some(deployment) = of_codedeploy(format!("deploymentgroup:{app}/{name}"))
            && let Some(application) = of_codedeploy(format!("application:{app}"))
        {
            for (call, resource) in [
                ("CreateDeployment", &deployment),
                ("GetDeployment", &deployment),
                ("GetApplicationRevision", &application),
                ("RegisterApplicationRevision", &application),
            ] {
                needed(look, &action, role, &format!("codedeploy:{call}"), resource);
            }
        }
        if let Some(name) = text("deploymentConfigName")
            && let Some(configuration) = of_codedeploy(format!("deploymentconfig:{name}"))
        {
            needed(look, &action, role, "codedeploy:GetDeploymentConfig", &configuration);
        }
        needed(look, &action, role, "ecs:RegisterTaskDefinition", "*");
        let Some(task) = look.get(&Key::TaskDefinition) else { continue };
        for passed in ["executionRoleArn", "taskRoleArn"] {
            if let Some(passed) = task.get(passed).text() {
                needed(look, &action, role, "iam:PassRole", passed);
            }
        }
    }
}

fn linked_roles(look: &Look<'_>) {
    let Some(service) = service(look) else { return };
    for role in ["AWSServiceRoleForECS", "AWSServiceRoleForElasticLoadBalancing"] {
        if look.is_missing(&Key::Role(role.to_owned())) {
            service.wrong(format!("the account has no role `{role}`"));
        }
    }
}
