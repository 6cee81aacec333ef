//! What ECS refuses before it starts anything, in its own words.

use super::Subject;
use crate::{
    pages::{BALANCING, EXECUTION_ROLE, TASK_SIZE, TROUBLESHOOTING},
    rule::Rule,
};

pub(super) const SUBJECT: Subject = Subject { title: "What ECS refuses", rules: RULES };

const BASE: Rule = Rule::BASE;

static RULES: &[Rule] = &[
    Rule {
        id: "LB-TG-UNUSED",
        title: "no listener forwards to the service's target group",
        why: "ECS registers tasks only with target groups that belong to a load balancer, which they do from the first listener or rule that \
              forwards to them. A template often makes the service before that listener.",
        fix: "Let a listener or a rule forward to the target group, and the service depend on it (`depends_on`, `DependsOn`).",
        link: BALANCING,
        messages: &[
            "The target group with targetGroupArn {group} does not have an associated load balancer",
            "does not have an associated load balancer",
        ],
        ..BASE
    },
    Rule {
        id: "LB-RULE-MISSING",
        title: "a listener rule of the service does not exist",
        why: "`productionListenerRule` or `testListenerRule` names a rule that is gone: whoever makes a rule anew, or its listener, gives it \
              another ARN.",
        fix: "Put the ARNs of today into the service: `aws elbv2 describe-rules --listener-arn ARN` lists them.",
        link: TROUBLESHOOTING,
        messages: &[
            "rolled back because of invalid networking configuration. One or more rules not found",
            "One or more rules not found",
        ],
        ..BASE
    },
    Rule {
        id: "TASK-EXECUTION-ROLE",
        title: "a task on Fargate has no execution role",
        why: "On Fargate ECS itself pulls private images, writes logs and reads secrets for a task, with the role `executionRoleArn`.",
        fix: "Give the task definition an `executionRoleArn` with the policy `AmazonECSTaskExecutionRolePolicy`, and what its secrets take.",
        link: EXECUTION_ROLE,
        messages: &["Fargate requires task definition to have execution role ARN to support {what}."],
        ..BASE
    },
    Rule {
        id: "TASK-SIZE",
        title: "a task's `cpu` and `memory` do not go together",
        why: "Fargate has a list of sizes: to each `cpu` belong some values of `memory`, and no others. On EC2 a task's `cpu` has bounds.",
        fix: "Choose a pair of the list on the page: 256 with 512, 1024 or 2048 is the smallest.",
        link: TASK_SIZE,
        messages: &[
            "No Fargate configuration exists for given values",
            "Invalid 'cpu' setting for task",
            "Invalid 'memory' setting for task",
        ],
        ..BASE
    },
];
