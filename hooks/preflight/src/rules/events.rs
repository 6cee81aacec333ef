//! What the events of a service say while tasks are placed and kept healthy.

use super::Subject;
use crate::{
    pages::{ALARMS, CIRCUIT_BREAKER, HEALTH_CHECKS, SERVICE_EVENTS},
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject = Subject { title: "Events of a service", rules: RULES };

const BASE: Rule = Rule { link: SERVICE_EVENTS, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "EV-START-IMPAIRED",
        title: "tasks fail again and again",
        why: "Tasks of the service failed to start several times in a row. ECS goes on, with ever longer pauses, so the service may \
              look idle.",
        fix: "See why the last ones stopped: `aws ecs list-tasks --cluster CLUSTER --service-name SERVICE --desired-status STOPPED`, then \
              `aws ecs describe-tasks --cluster CLUSTER --tasks ARN --query 'tasks[].[stopCode,stoppedReason,containers[].[name,exitCode,reason]]'`. \
              A new deployment ends the pauses.",
        messages: &["is unable to consistently start tasks successfully"],
        ..BASE
    },
    Rule {
        id: "EV-UNHEALTHY-TARGET",
        title: "the load balancer found a task unhealthy",
        why: "The load balancer's health check of a task failed as often as the target group allows. ECS stops the task and starts another.",
        fix: "Read the reason: `aws elbv2 describe-target-health --target-group-arn GROUP`. Check that the application listens on 0.0.0.0 and the \
              port of the target, that the check's path answers with a code of the target group's `Matcher`, and that the security group of \
              the tasks admits the load balancer's.",
        link: HEALTH_CHECKS,
        messages: &[
            "is unhealthy in (target-group {target_group}) due to (reason",
            "is unhealthy in (elb {balancer}) due to (reason",
            "is unhealthy in target-group {target_group} due to (reason",
            "Task failed ELB health checks in (",
        ],
        not_proven: "That the new version is at fault. A check that is slower than the start, or a grace period that is too short, looks the same.",
        ..BASE
    },
    Rule {
        id: "EV-UNHEALTHY-CODES",
        title: "the health check's path answers with a code that is not taken for healthy",
        why: "The task can be reached and answers. 404 means that the path is not there, 301 and 302 that it redirects, 401 and 403 that it wants a \
              login, 400 often that the application refuses the address as host, and 5xx that the application itself is not well.",
        fix: "Ask the same as the load balancer does: `curl -i http://ADDRESS:PORT/PATH`. Correct the path or the codes: `aws elbv2 \
              modify-target-group --target-group-arn GROUP --health-check-path /ping --matcher HttpCode=200`. A path for health checks should \
              need no login and answer without a redirect.",
        link: HEALTH_CHECKS,
        messages: &[
            "is unhealthy in ({where}) due to (reason Health checks failed with these codes: [{codes}])",
            "due to (reason Health checks failed with these codes: [{codes}])",
            "Health checks failed with these codes: [{codes}]",
        ],
        ..BASE
    },
    Rule {
        id: "EV-UNHEALTHY-TIMEOUT",
        title: "the health check gets no answer",
        why: "Nothing answered within the check's timeout. Mostly a security group does not admit the load balancer, or the application listens on \
              another port or on 127.0.0.1 only; sometimes it is just too slow.",
        fix: "Let the security group of the tasks admit the one of the load balancer on the target's port: `aws ec2 \
              authorize-security-group-ingress --group-id TASKS --protocol tcp --port PORT --source-group BALANCER`. Listen on 0.0.0.0. If the \
              application is slow to start, raise `healthCheckGracePeriodSeconds`.",
        link: HEALTH_CHECKS,
        messages: &[
            "is unhealthy in ({where}) due to (reason Request timed out)",
            "is unhealthy in target-group {target_group} due to (reason Request timed out)",
            "due to (reason Request timed out)",
        ],
        ..BASE
    },
    Rule {
        id: "EV-UNHEALTHY-ZONE",
        title: "a task runs in a zone that the load balancer does not serve",
        why: "The load balancer has no subnet in the Availability Zone of the task, so it never sends it a request nor a health check.",
        fix: "Add a subnet of that zone to the load balancer (`aws elbv2 set-subnets`), or take the zone's subnet out of the service.",
        link: HEALTH_CHECKS,
        messages: &[
            "is unhealthy in ({where}) due to (reason Target is in an Availability Zone that is not enabled for the load balancer)",
            "Target is in an Availability Zone that is not enabled for the load balancer",
        ],
        ..BASE
    },
    Rule {
        id: "EV-UNHEALTHY-CONTAINER",
        title: "a container's own health check failed",
        why: "The command of the container's `healthCheck` failed as often as `retries` says. ECS stops the task, also where the load balancer finds it \
              healthy.",
        fix: "Run the command in the container: `aws ecs execute-command --cluster CLUSTER --task TASK --container NAME --interactive --command \
              /bin/sh`. Often the image has no `curl`, or the start takes longer than `startPeriod`.",
        link: HEALTH_CHECKS,
        messages: &["failed container health checks"],
        ..BASE
    },
    Rule {
        id: "EV-TARGET-MISSING",
        title: "the target group or the target of a task is gone",
        why: "ECS registered the task, and the target group, or the task in it, has been taken away by somebody else since.",
        fix: "See whether the target group exists: `aws elbv2 describe-target-groups --target-group-arns GROUP`. If it was deleted, the service must \
              be made again. If only the target is gone, find who deregisters targets; CloudTrail knows: event `DeregisterTargets`.",
        messages: &[
            "due to TARGET GROUP IS NOT FOUND",
            "due to TARGET IS NOT FOUND",
            "TARGET GROUP IS NOT FOUND",
            "TARGET IS NOT FOUND",
        ],
        ..BASE
    },
    Rule {
        id: "EV-THROTTLED",
        title: "ECS is slowed down by an API's limit",
        why: "ECS calls EC2, Elastic Load Balancing or Cloud Map for the service, and one of them is called too often in this account. It tries again \
              by itself.",
        fix: "Wait. If it lasts, deploy fewer services at once, find who else calls much (CloudTrail, errors `ThrottlingException`), and ask for \
              a higher rate.",
        messages: &[
            "operations are being throttled. Will try again later",
            "operations are being throttled on",
        ],
        ..WARNING
    },
    Rule {
        id: "EV-PLACE",
        title: "no instance has room for a task",
        why: "No container instance has what the task asks for: CPU, memory, a network interface, or an attribute. A deployment needs room for new \
              tasks beside the old ones.",
        fix: "See what is left: `aws ecs describe-container-instances --cluster CLUSTER --container-instances ARN --query \
              'containerInstances[].remainingResources'`. Add instances, use a capacity provider that does, ask for less, or lower \
              `minimumHealthyPercent` so that old tasks make room.",
        messages: &[
            "was unable to place a task because no container instance met all of its requirements",
            "was unable to place a task because no container instance met all of its requirements. {closest} has insufficient CPU units available",
            "was unable to place a task because no container instance met all of its requirements. {closest} has insufficient memory available",
            "was unable to reach steady state. Reason: No Container Instances were found in your capacity provider",
        ],
        ..BASE
    },
    Rule {
        id: "EV-PLACE-AGENT",
        title: "the agent of an instance is not connected",
        why: "The instance that fits best has an ECS agent that ECS does not hear of.",
        fix: "On the instance: `sudo systemctl restart ecs`, and read /var/log/ecs/ecs-agent.log. Or drain and replace the instance: `aws ecs \
              update-container-instances-state --cluster CLUSTER --container-instances ARN --status DRAINING`.",
        messages: &[
            "was unable to place a task because no container instance met all of its requirements. {closest} encountered error \"AGENT\"",
            "encountered error \"AGENT\"",
            "Timed out waiting for Amazon ECS Agent to start",
        ],
        ..BASE
    },
    Rule {
        id: "EV-PLACE-PORT",
        title: "the port of a task is taken on every instance",
        why: "A fixed `hostPort` can be used once per instance, so the new task does not fit beside the old one.",
        fix: "Set `hostPort` to 0 with a target group, which gives each task a port of its own, use the network mode `awsvpc`, or lower \
              `minimumHealthyPercent`.",
        messages: &[
            "was unable to place a task because no container instance met all of its requirements. {closest} is already using a port required by your task",
            "is already using a port required by your task",
        ],
        ..BASE
    },
    Rule {
        id: "EV-PLACE-ATTRIBUTE",
        title: "no instance has an attribute that the task needs",
        why: "The task definition needs something of the instance: a log driver, a version of Docker, an instance in the subnets of the service, the \
              right processor.",
        fix: "See which it is: `aws ecs describe-task-definition --task-definition FAMILY --query taskDefinition.requiresAttributes`, and compare with \
              the `attributes` of `aws ecs describe-container-instances`.",
        messages: &[
            "was unable to place a task because no container instance met all of its requirements. {closest} is missing an attribute required by your task",
            "is missing an attribute required by your task",
        ],
        ..BASE
    },
    Rule {
        id: "EV-QUOTA",
        title: "the account's limit of tasks is reached",
        why: "Fargate counts vCPUs per region. Blue and green run at the same time, so a deployment needs twice what the service has.",
        fix: "Stop what is not needed, deploy services one after the other, or ask for more: `aws service-quotas request-service-quota-increase \
              --service-code fargate --quota-code L-3032A538 --desired-value N` (on demand; Spot has a quota of its own).",
        messages: &[
            "was unable to place a task. Reason: You've reached the limit on the number of {what} you can run concurrently",
            "You've reached the limit on the number of {what} you can run concurrently",
            "was unable to place a task. Reason: The requested CPU configuration is above your limit",
            "was unable to place a task. Reason: The requested MEMORY configuration is above your limit",
        ],
        ..BASE
    },
    Rule {
        id: "EV-AZ",
        title: "a subnet in a zone without Fargate",
        why: "ECS says only that there was an internal error. A frequent cause is a subnet in an Availability Zone that does not have Fargate.",
        fix: "See the zones: `aws ec2 describe-subnets --subnet-ids A B --query 'Subnets[].[SubnetId,AvailabilityZoneId]'`, compare with the zones of \
              Fargate, and give the service subnets in others.",
        messages: &["was unable to place a task. Reason: Internal error"],
        not_proven: "That the zone is the cause. If all zones have Fargate it was an error of AWS; it goes away by itself.",
        ..BASE
    },
    Rule {
        id: "EV-CAPACITY",
        title: "AWS has no room for a task at the moment",
        why: "There is no capacity of that kind in the Availability Zone now. It is most frequent with Fargate Spot.",
        fix: "Wait, add subnets in other zones, or take on-demand Fargate into the strategy: `--capacity-provider-strategy \
              capacityProvider=FARGATE,base=1,weight=1 capacityProvider=FARGATE_SPOT,weight=3`.",
        messages: &[
            "was unable to place a task. Reason: Capacity is unavailable at this time",
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        ],
        ..BASE
    },
    Rule {
        id: "EV-PROVISIONING",
        title: "too many tasks of the cluster wait for capacity",
        why: "No more than 500 tasks of a cluster can be in PROVISIONING at once, whichever services they are of.",
        fix: "Wait, start fewer services at once, or see why the capacity provider does not add instances: `aws ecs describe-capacity-providers`.",
        messages: &[
            "was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded",
        ],
        ..WARNING
    },
    Rule {
        id: "EV-PROTECTED",
        title: "protected tasks keep the service from being steady",
        why: "More tasks have scale-in protection than the service wants, so ECS cannot stop the old ones.",
        fix: "Wait until the protection expires, or end it: `aws ecs update-task-protection --cluster CLUSTER --tasks ARN --no-protection-enabled`.",
        messages: &[
            "was unable to reach steady state because task set {task_set} was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks",
            "The number of protected tasks are more than the desired count of tasks",
        ],
        ..WARNING
    },
    Rule {
        id: "EV-CB",
        title: "the circuit breaker ended the deployment",
        why: "So many of the new tasks failed that ECS gave up. It does not say why they failed; the stopped tasks do.",
        fix: "Look soon, since stopped tasks are kept for about an hour: `aws ecs list-tasks --cluster CLUSTER --service-name SERVICE \
              --desired-status STOPPED`, then `aws ecs describe-tasks`. `greenlight explain` what `stoppedReason` and the containers' `reason` \
              say.",
        link: CIRCUIT_BREAKER,
        messages: &[
            "Service deployment rolled back because the circuit breaker threshold was exceeded",
            "circuit breaker threshold was exceeded",
            "deployment failed: tasks failed to start",
            "ECS deployment circuit breaker: task",
            "ECS Deployment Circuit Breaker was triggered",
            "could not launch {count} tasks for deployment {deployment}",
        ],
        not_proven: "That tasks did not start. Those that started and were found unhealthy count, too.",
        ..BASE
    },
    Rule {
        id: "EV-ALARM",
        title: "an alarm ended the deployment",
        why: "An alarm of the service's `deploymentConfiguration.alarms` went to ALARM while the deployment ran or baked.",
        fix: "See which and why: `aws cloudwatch describe-alarms --alarm-names NAME --query 'MetricAlarms[].[StateValue,StateReason]'`, and \
              `aws cloudwatch describe-alarm-history --alarm-name NAME`.",
        link: ALARMS,
        messages: &["deployment failed: alarm detected"],
        not_proven: "That green caused it. The alarm may look at blue, or at more than this service.",
        ..BASE
    },
    Rule {
        id: "EV-IAM-CHANGED",
        title: "a role that the service works with was changed",
        why: "Somebody took a permission, or the trust in ECS, away from a role of the service or of its tasks. ECS can no longer replace tasks.",
        fix: "Compare the roles of the service and of the task definition with what they were: CloudTrail knows `PutRolePolicy`, `DetachRolePolicy` \
              and `UpdateAssumeRolePolicy`. Task roles must trust `ecs-tasks.amazonaws.com`.",
        messages: &[
            "IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain your service",
            "IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your service",
        ],
        ..BASE
    },
];
