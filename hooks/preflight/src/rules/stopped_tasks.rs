//! Why tasks stop, in the words of `stoppedReason` and of a container's `reason`.

use super::Subject;
use crate::{
    pages::{CANNOT_PULL, RESOURCE_INITIALIZATION, STOPPED_TASKS},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject = Subject { title: "Why tasks stop", rules: RULES };

const BASE: Rule = Rule { link: STOPPED_TASKS, ..Rule::BASE };
const PULL: Rule = Rule { link: CANNOT_PULL, ..BASE };
const START: Rule = Rule { link: RESOURCE_INITIALIZATION, ..BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };
const INFO: Rule = Rule { severity: Severity::Info, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "EV-STOPPED-CATEGORY",
        title: "a task stopped, or did not start",
        why: "The word before the colon says at what: TaskFailedToStart and ResourceInitializationError before any container, CannotPullContainerError \
              at the image, CannotStartContainerError at the command, the others while it ran.",
        fix: "Read all of it: `aws ecs describe-tasks --cluster CLUSTER --tasks ARN --query \
              'tasks[].[stopCode,stoppedReason,containers[].[name,exitCode,reason]]'`. What follows the colon is the cause; `greenlight explain` \
              may know it.",
        messages: &[
            "TaskFailedToStart",
            "ResourceInitializationError",
            "ContainerRuntimeError",
            "ContainerRuntimeTimeoutError",
            "CannotPullContainerError",
            "CannotPullContainer",
            "CannotStartContainerError",
            "CannotStopContainerError",
            "CannotInspectContainerError",
            "CannotCreateVolumeError",
            "CannotCreateContainerError",
        ],
        ..BASE
    },
    Rule {
        id: "EV-NO-ROUTE",
        title: "the task cannot reach the service of AWS that it needs to start",
        why: "Image, secrets and log group are fetched from the task's own network. In a private subnet that takes a NAT gateway, or VPC \
              endpoints; in a public one a public address. A security group without outbound HTTPS looks the same.",
        fix: "Private subnets: a route of 0.0.0.0/0 to a NAT gateway, or endpoints for `ecr.api`, `ecr.dkr`, `s3` (gateway), `logs`, and \
              `secretsmanager` or `ssm`, whose security group admits the tasks on 443. Public subnets: `assignPublicIp` ENABLED. Let the tasks' \
              security group out on 443. See the route: `aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET`.",
        messages: &[
            "There is a connection issue between the task and {service}",
            "unable to pull secrets or registry auth: {error}There is a connection issue between the task and {service}",
            "failed to validate logger args: {error}There is a connection issue between the task and {service}",
            "The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch",
            "unable to pull secrets or registry auth: {error}i/o timeout",
            "unable to pull secrets or registry auth: {error}context deadline exceeded",
            "unable to pull secrets or registry auth: {error}RequestError: send request failed",
            "unable to pull secrets or registry auth: pull command failed: : signal: killed",
            "CannotPullContainerError: {error}i/o timeout",
            "CannotPullContainerError: {error}context deadline exceeded",
            "CannotPullContainerError: {error}request canceled while waiting for connection",
            "CannotPullContainerError: context canceled",
            "CannotPullContainerError: pull image manifest has been retried {count} time(s): failed to resolve ref {image}: failed to do request",
            "CannotPullContainerError: ref pull has been retried {count} time(s): {error}i/o timeout",
            "The task can't pull the image. Check your network configuration",
        ],
        not_proven: "That the role lacks a permission. Without a route nobody gets as far as being refused.",
        ..START
    },
    Rule {
        id: "EV-SECRETS",
        title: "a secret of the task, or its login to the registry, could not be had",
        why: "Before the containers start, secrets and the registry's login are fetched with the task execution role. What follows the message says \
              which of them failed.",
        fix: "AccessDenied means the execution role, a timeout the network, ResourceNotFound the name. Read on after `unable to retrieve`.",
        messages: &["unable to pull secrets or registry auth", "unable to pull registry auth"],
        not_proven: "Which of the two it was. The same words stand before every cause.",
        ..START
    },
    Rule {
        id: "EV-SECRET-DENIED",
        title: "the execution role may not read a secret",
        why: "Secrets are read with the task execution role, and not with the task role. With a key of one's own it must decrypt, too.",
        fix: "Allow the `executionRoleArn` `secretsmanager:GetSecretValue` on the secret, or `ssm:GetParameters` on the parameter, and \
              `kms:Decrypt` on the key.",
        messages: &[
            "unable to pull secrets or registry auth: {error}AccessDeniedException",
            "unable to pull secrets or registry auth: {error}is not authorized to perform",
            "is not authorized to perform: secretsmanager:GetSecretValue on resource: {secret}",
            "is not authorized to perform: ssm:GetParameters on resource: {parameter}",
        ],
        ..START
    },
    Rule {
        id: "EV-SECRET-MISSING",
        title: "a secret or parameter of the task definition is not there",
        why: "`valueFrom` names a secret, a version or a parameter that does not exist in this region and account.",
        fix: "Ask for it as the task definition names it: `aws secretsmanager describe-secret --secret-id ARN`, or `aws ssm get-parameter --name \
              NAME`. A secret's ARN ends in six letters of its own, which are others after it was made again.",
        messages: &[
            "unable to pull secrets or registry auth: {error}ResourceNotFoundException",
            "unable to pull secrets or registry auth: {error}invalid ssm parameters: {parameters}",
            "Secrets Manager can't find the specified secret",
            "invalid ssm parameters: {parameters}",
        ],
        ..START
    },
    Rule {
        id: "EV-SECRET-KEY",
        title: "a secret does not have the key that is asked for",
        why: "`valueFrom` may end in `:KEY::`, and the secret's JSON has no such key.",
        fix: "See the keys: `aws secretsmanager get-secret-value --secret-id ARN --query SecretString --output text | jq keys`. Put the key into the \
              secret, or correct `valueFrom`.",
        messages: &[
            "retrieved secret from Secrets Manager did not contain json key {key}",
            "unable to pull secrets or registry auth: {error}retrieved secret from Secrets Manager did not contain json key {key}",
        ],
        ..START
    },
    Rule {
        id: "EV-LOG-GROUP",
        title: "the log group of a container cannot be used",
        why: "The log driver `awslogs` needs a group that exists, in the region of `awslogs-region`, and an execution role that may write to it.",
        fix: "Make it: `aws logs create-log-group --log-group-name NAME`. Or set `awslogs-create-group` to true and allow the execution role \
              `logs:CreateLogGroup`. It needs `logs:CreateLogStream` and `logs:PutLogEvents` in any case.",
        messages: &[
            "failed to validate logger args",
            "failed to initialize logging driver",
            "The specified log group does not exist",
            "failed to validate logger args: {error}The specified log group does not exist",
            "The task cannot find the Amazon CloudWatch log group defined in the task definition",
        ],
        ..START
    },
    Rule {
        id: "EV-ENV-FILE",
        title: "an environment file could not be fetched",
        why: "`environmentFiles` are read from S3 with the task execution role before the containers start.",
        fix: "See that the object exists (`aws s3 ls s3://BUCKET/KEY`), and allow the execution role `s3:GetObject` on it and \
              `s3:GetBucketLocation` on the bucket.",
        messages: &["failed to download env files"],
        ..START
    },
    Rule {
        id: "EV-EFS",
        title: "a file system could not be mounted",
        why: "Mount targets must be in the zones of the tasks, and their security group must admit the tasks on port 2049. With IAM authorization \
              the task role must be allowed to mount, too.",
        fix: "See the mount targets: `aws efs describe-mount-targets --file-system-id ID`. Admit the tasks' security group on 2049, and allow the task \
              role `elasticfilesystem:ClientMount`.",
        messages: &[
            "failed to invoke EFS utils commands to set up EFS volumes",
            "failed to invoke EFS utils commands",
        ],
        ..START
    },
    Rule {
        id: "EV-TASK-ROLE",
        title: "ECS cannot assume a role of the task",
        why: "The task role or the execution role does not exist, or does not trust `ecs-tasks.amazonaws.com`. A role that was just made takes some \
              seconds to be known.",
        fix: "Look at its trust: `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument`. It must allow `sts:AssumeRole` to \
              `ecs-tasks.amazonaws.com`.",
        messages: &[
            "ECS was unable to assume the role {role} that was provided for this task",
            "ECS was unable to assume the role",
        ],
        ..BASE
    },
    Rule {
        id: "EV-IMAGE-MISSING",
        title: "the image is not in the registry",
        why: "There is no such repository, tag or digest. The tag was never pushed, a lifecycle policy deleted it, or the task definition names \
              another region or account.",
        fix: "Ask for it: `aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG`. Push it, or correct the task definition. Let the \
              lifecycle policy keep what is deployed.",
        messages: &[
            "CannotPullContainerError: pull image manifest has been retried {count} time(s): failed to resolve ref",
            "CannotPullContainerError: {error}: not found",
            "CannotPullContainerError: {error}manifest unknown",
            "CannotPullImageManifestError: {error}manifest unknown",
            "CannotPullContainerError: API error (404): repository {repository} not found",
            "manifest unknown",
        ],
        not_proven: "With `failed to resolve ref` alone: that it is the name. Without a route or a permission it reads the same up to there.",
        ..PULL
    },
    Rule {
        id: "EV-IMAGE-PLATFORM",
        title: "the image is for another processor",
        why: "It was built for arm64, as a Mac does by itself, and the tasks run on x86_64, or the other way round.",
        fix: "Build for the platform of the tasks, `docker buildx build --platform linux/amd64,linux/arm64`, or set `runtimePlatform.cpuArchitecture` \
              in the task definition to ARM64.",
        messages: &[
            "image Manifest does not contain descriptor matching platform {platform}",
            "CannotPullContainerError: pull image manifest has been retried {count} time(s): image Manifest does not contain descriptor matching platform {platform}",
            "exec format error",
            "CannotStartContainerError: {error}exec format error",
        ],
        ..PULL
    },
    Rule {
        id: "EV-IMAGE-LIMIT",
        title: "the registry refuses more pulls for now",
        why: "Docker Hub and other public registries allow so many pulls an hour for each address, and all tasks behind a NAT gateway share \
              one.",
        fix: "Copy the image to ECR, or pull it through a cache: `aws ecr create-pull-through-cache-rule`. Or log in with \
              `repositoryCredentials`.",
        messages: &[
            "toomanyrequests",
            "CannotPullContainerError: {error}toomanyrequests",
            "CannotPullImageManifestError: {error}toomanyrequests",
            "You have reached your pull rate limit",
            "You have reached your unauthenticated pull rate limit",
        ],
        ..PULL
    },
    Rule {
        id: "EV-IMAGE-LOGIN",
        title: "the registry wants a login",
        why: "The image is private, and nobody logged in. For a registry other than ECR ECS knows no login but `repositoryCredentials`; for ECR on \
              EC2 it is the instance's role that logs in.",
        fix: "Put name and password into a secret and name it in `repositoryCredentials.credentialsParameter`, with \
              `secretsmanager:GetSecretValue` for the execution role. For ECR give the role the managed policy \
              `AmazonECSTaskExecutionRolePolicy`.",
        messages: &[
            "no basic auth credentials",
            "CannotPullContainerError: {error}no basic auth credentials",
            "CannotPullContainerError: {error}authentication required",
            "CannotPullImageManifestError: {error}authentication required",
        ],
        ..PULL
    },
    Rule {
        id: "EV-NO-SPACE",
        title: "no space left for the image or the containers",
        why: "The disk of the instance is full, of old images or logs, or the image does not fit into the task's ephemeral storage.",
        fix: "On Fargate raise `ephemeralStorage.sizeInGiB` (up to 200). On EC2 let the agent clean up (`ECS_IMAGE_CLEANUP_INTERVAL`), limit logs with \
              `max-size`, or give the instances a larger disk.",
        messages: &["no space left on device", "CannotPullContainerError: {error}no space left on device"],
        ..PULL
    },
    Rule {
        id: "EV-COMMAND",
        title: "the container's command is not in the image",
        why: "`command` or `entryPoint` names a program that the image does not have, or not in its PATH; or a script whose first line names one.",
        fix: "Try the same: `docker run --rm --entrypoint sh IMAGE -c 'command -v PROGRAM'`. Lists are not split: \
              `[\"sh\", \"-c\", \"…\"]` where a shell is wanted. Scripts need Unix line ends and the right to be executed.",
        messages: &[
            "executable file not found in $PATH",
            "CannotStartContainerError: {error}executable file not found in $PATH",
            "CannotStartContainerError: {error}no such file or directory",
            "CannotStartContainerError: {error}permission denied",
        ],
        ..BASE
    },
    Rule {
        id: "EV-OOM",
        title: "a container needed more memory than it has",
        why: "It reached its `memory`, or the task's, and was killed.",
        fix: "Raise `memory`, or let the runtime know its limit (`-XX:MaxRAMPercentage`, `--max-old-space-size`, `GOMEMLIMIT`). Look at \
              `MemoryUtilized` of Container Insights to see whether it leaks.",
        messages: &[
            "OutOfMemoryError: Container killed due to memory usage",
            "OutOfMemoryError",
            "OOMKilled",
        ],
        ..BASE
    },
    Rule {
        id: "EV-EXIT-137",
        title: "a container was killed",
        why: "137 is 128 + 9: SIGKILL. Either it had no memory left, or it did not end within `stopTimeout` after SIGTERM.",
        fix: "With OutOfMemoryError as `reason` raise `memory`. Otherwise end on SIGTERM: a shell as first process does not pass it on, so start the \
              program with `exec` or set `initProcessEnabled`. Or raise `stopTimeout`.",
        messages: &[
            "\"exitCode\": 137",
            "exit code 137",
            "exit code: 137",
            "exited with code 137",
            "ExitCode 137",
        ],
        not_proven: "That memory ran out. ECS kills in the same way what does not stop in time.",
        ..BASE
    },
    Rule {
        id: "EV-EXIT-139",
        title: "a container crashed",
        why: "139 is 128 + 11: a segmentation fault, of native code or of a library for another system.",
        fix: "Run the image as it is in a task, on the same processor. Look for native modules that were built on another base image (glibc and \
              musl).",
        messages: &["\"exitCode\": 139", "exit code 139", "exit code: 139", "exited with code 139"],
        ..BASE
    },
    Rule {
        id: "EV-EXIT-143",
        title: "a container ended because it was told to",
        why: "143 is 128 + 15: SIGTERM. ECS sends it to stop a task: after a deployment, when it scales in, or when health checks failed.",
        fix: "Nothing, where the task was to stop. Otherwise read why: `stoppedReason` of the task.",
        messages: &["\"exitCode\": 143", "exit code 143", "exit code: 143", "exited with code 143"],
        ..INFO
    },
    Rule {
        id: "EV-CONTAINER-EXITED",
        title: "an essential container ended, and the task with it",
        why: "When a container that is `essential` ends, whatever its exit code, ECS stops the task. The cause is in the container's own output.",
        fix: "See which it was, and its code: `aws ecs describe-tasks --cluster CLUSTER --tasks ARN --query \
              'tasks[].containers[].[name,exitCode,reason]'`. Then its log: `aws logs tail GROUP --since 1h`. Code 0 means that the program \
              thinks it is done: it must stay in the foreground.",
        messages: &["Essential container in task exited", "EssentialContainerExited"],
        ..BASE
    },
    Rule {
        id: "EV-NETWORK-INTERFACE",
        title: "the task got no network interface",
        why: "EC2 did not give the task an interface in time: the subnet has no free address, the instance no free interface, or EC2 was slow.",
        fix: "See the free addresses: `aws ec2 describe-subnets --subnet-ids A --query 'Subnets[].AvailableIpAddressCount'`. Add subnets; on EC2 turn on \
              `awsvpcTrunking` or take larger instances.",
        messages: &[
            "Timeout waiting for network interface provisioning to complete",
            "Unexpected EC2 error while attempting to Create Network Interface",
            "Unable to attach network interface to unused device index",
        ],
        ..BASE
    },
    Rule {
        id: "EV-COMPUTE",
        title: "the task definition does not fit what it is to run on",
        why: "Its `requiresCompatibilities`, processor or sizes are not those of the launch type or of the capacity provider.",
        fix: "Take FARGATE into `requiresCompatibilities` for Fargate, with one of its pairs of `cpu` and `memory`, or choose the capacity provider \
              that fits.",
        messages: &["The selected task definition is not compatible with the selected compute strategy"],
        ..BASE
    },
    Rule {
        id: "EV-SPOT",
        title: "AWS took back Spot capacity",
        why: "Fargate Spot and Spot instances are taken away with two minutes' notice. It says nothing of the task.",
        fix: "End on SIGTERM within two minutes. Keep a base on demand: `capacityProvider=FARGATE,base=1` in the service's strategy.",
        messages: &["SpotInterruptionError", "SpotInterruption", "Your Spot Task was interrupted"],
        ..WARNING
    },
    Rule {
        id: "EV-SCALED-IN",
        title: "ECS stopped a task that is no longer wanted",
        why: "The task was of the version before, or the service wants fewer tasks now. This is how every deployment ends.",
        fix: "Nothing. If the task was of the new version, the deployment was rolled back: look at the service's events.",
        messages: &[
            "Scaling activity initiated by (deployment {deployment})",
            "Scaling activity initiated by",
        ],
        ..INFO
    },
    Rule {
        id: "EV-HOST",
        title: "the instance under a task went away",
        why: "The instance was stopped, terminated or taken out of the cluster, by a person, by Auto Scaling, or by EC2.",
        fix: "Nothing if that was meant. Turn on managed draining of the capacity provider, so that tasks move before their instance ends.",
        messages: &["Host EC2 (instance {instance})", "Container instance deregistration forced by user"],
        ..WARNING
    },
    Rule {
        id: "EV-INTERNAL",
        title: "AWS failed to start the task",
        why: "Something went wrong within AWS, mostly while a network interface or storage was attached.",
        fix: "Let ECS try again. If it lasts for more than some minutes, use other subnets, look at the AWS Health Dashboard, and ask AWS with the \
              task's ARN.",
        messages: &["InternalError: {error}", "stoppedReason\": \"InternalError"],
        ..BASE
    },
    Rule {
        id: "EV-NOT-FOUND",
        title: "something that is named does not exist here",
        why: "A secret, a parameter, a log group or a function is named that this account does not have in this region.",
        fix: "Take the name or ARN out of the message and ask for it with `describe` or `get` in the task's own region. In an ARN look at the region \
              and the account.",
        messages: &["ResourceNotFoundException"],
        ..BASE
    },
];
