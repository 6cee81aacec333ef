//! What became of green: its stopped tasks, and its targets.

use std::fmt::Write as _;

use greenlight::Api;
use serde_json::{Value, json};

use super::arn;
use super::reader::{Call, Reader};
use super::story::Group;

/// Which tasks are green's.
pub(super) struct Green<'a> {
    pub(super) cluster: &'a str,
    pub(super) service: &'a str,
    /// What green's tasks were started by.
    pub(super) started_by: Option<String>,
    pub(super) task_definition: Option<String>,
    /// When the deployment began, in seconds.
    pub(super) began: Option<f64>,
}

/// The latest stopped tasks are enough to see why they do.
const MOST: usize = 100;

/// Stopped tasks of green, those that are alike counted.
pub(super) async fn stopped_tasks(reader: &mut Reader, green: &Green<'_>) -> Option<Vec<Group>> {
    const WHAT: &str = "green's stopped tasks";
    let resource = format!("{}/{}", green.cluster, green.service);
    let call = Call {
        api: &Api::ECS,
        operation: "ListTasks",
        input: json!({
            "cluster": green.cluster, "serviceName": green.service, "desiredStatus": "STOPPED", "maxResults": MOST,
        }),
        resource: &resource,
    };
    let listed = reader.read(WHAT, call).await?;
    let arns = listed["taskArns"].as_array().filter(|arns| !arns.is_empty());
    let Some(arns) = arns else { return Some(Vec::new()) };
    let call = Call {
        api: &Api::ECS,
        operation: "DescribeTasks",
        input: json!({ "cluster": green.cluster, "tasks": arns }),
        resource: &resource,
    };
    let described = reader.read(WHAT, call).await?;
    let tasks = described["tasks"].as_array().into_iter().flatten();
    Some(Group::count(tasks.filter(|task| green.owns(task)).map(words)))
}

impl Green<'_> {
    /// That tasks are started by the revision's id is not documented, so a task of green's task definition that is
    /// not older than the deployment counts, too.
    fn owns(&self, task: &Value) -> bool {
        let started_by = task["startedBy"].as_str();
        if self.started_by.is_some() && started_by == self.started_by.as_deref() {
            return true;
        }
        let is_young =
            self.began.is_some_and(|began| task["createdAt"].as_f64().is_some_and(|at| at >= began));
        is_young
            && self.task_definition.is_some()
            && task["taskDefinitionArn"].as_str() == self.task_definition.as_deref()
    }
}

/// Why a task has stopped.
fn words(task: &Value) -> String {
    let mut words = match (task["stoppedReason"].as_str(), task["stopCode"].as_str()) {
        (Some(reason), _) => short(reason),
        (None, Some(code)) => code.to_owned(),
        (None, None) => "no reason is told".to_owned(),
    };
    for container in task["containers"].as_array().into_iter().flatten() {
        let name = container["name"].as_str().unwrap_or("container");
        let exit = container["exitCode"].as_i64().map(|code| format!("exit code {code}{}", meaning(code)));
        let reason = container["reason"].as_str().map(short);
        let said: Vec<_> = exit.into_iter().chain(reason).collect();
        if !said.is_empty() {
            let _ = write!(words, "; {name}: {}", said.join(", "));
        }
    }
    words
}

/// What an exit code usually means.
fn meaning(code: i64) -> &'static str {
    match code {
        137 => " (killed, perhaps out of memory)",
        139 => " (segmentation fault)",
        143 => " (told to end)",
        _ => "",
    }
}

/// A reason without what differs from task to task, and ARNs by their names.
fn short(reason: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(['(', ')', '.', ',']);
        match bare {
            _ if bare.contains(":targetgroup/") => word.replace(bare, arn::target_group_name(bare)),
            _ if bare.len() == 32 && bare.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                word.replace(bare, "…")
            }
            _ => word.to_owned(),
        }
    };
    reason.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The targets of a target group, those that are alike counted.
pub(super) async fn targets(reader: &mut Reader, group: &str) -> Option<Vec<Group>> {
    let call = Call {
        api: &Api::ELB,
        operation: "DescribeTargetHealth",
        input: json!({ "TargetGroupArn": group }),
        resource: group,
    };
    let answer = reader.read("green's targets", call).await?;
    let state = |target: &Value| {
        let health = &target["TargetHealth"];
        let state = health["State"].as_str().unwrap_or("unknown");
        let why: Vec<_> =
            ["Reason", "Description"].into_iter().filter_map(|key| health[key].as_str()).collect();
        if why.is_empty() { state.to_owned() } else { format!("{state}: {}", why.join(", ")) }
    };
    Some(Group::count(answer["TargetHealthDescriptions"].as_array().into_iter().flatten().map(state)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_task_says_why_without_its_own_id() {
        let id = "0123456789abcdef0123456789abcdef";
        let task = json!({
            "stoppedReason": format!("Task {id} failed ELB health checks in (target-group arn:aws:elasticloadbalancing:r:1:targetgroup/orders-2/73e2)"),
            "containers": [{"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: killed"}, {"name": "idle"}],
        });
        assert_eq!(
            words(&task),
            "Task … failed ELB health checks in (target-group orders-2); app: exit code 137 (killed, perhaps out of memory), \
             OutOfMemoryError: killed"
        );
        assert_eq!(words(&json!({})), "no reason is told");
    }

    #[test]
    fn tasks_of_another_revision_are_not_greens() {
        let green = Green {
            cluster: "c",
            service: "s",
            started_by: Some("ecs-svc/2".to_owned()),
            task_definition: Some("t:2".to_owned()),
            began: Some(10.0),
        };
        for (task, expected) in [
            (json!({"startedBy": "ecs-svc/2"}), true),
            (json!({"startedBy": "ecs-svc/9", "taskDefinitionArn": "t:2", "createdAt": 11.0}), true),
            (json!({"startedBy": "ecs-svc/1", "taskDefinitionArn": "t:1", "createdAt": 11.0}), false),
            (json!({"startedBy": "ecs-svc/9", "taskDefinitionArn": "t:2", "createdAt": 9.0}), false),
            (json!({}), false),
        ] {
            assert_eq!(green.owns(&task), expected, "{task}");
        }
    }
}
