//! The check `images`: what green's tasks really run.
//!
//! # What it checks
//! That every running task of green runs the same image in each of its containers, by digest; that it is the
//! one that ECS resolved for green's revision; and, where `repositories` is set, that it comes from there.
//! Containers that AWS adds by itself (`ecs-service-connect-…`, `aws-guardduty-agent…`) are left out.
//!
//! # Fails when
//! Two tasks of green run different digests of one container, unless each is the revision's or in `digests` (tasks
//! on ARM and x86 run two manifests of one image), an image is of a repository that no pattern of
//! `repositories` allows, or a digest is known to be another's: it is neither the revision's nor in
//! `digests`.
//!
//! # Not proven when
//! All tasks are alike, and unlike the revision, and `digests` is empty. An image for several platforms has
//! an index with a digest, and a manifest with another for each platform; either may be told. Which manifests
//! belong to the index is known to the registry alone, and no permission to ask it is wanted here: the check
//! passes, and `image not proven to be the revision's` begins the reason. A build that pushes the image knows
//! all of its digests; with them in `digests` the question is settled.
//!
//! # Pending when
//! No task of green runs yet.
//!
//! # Inconclusive when
//! A call was denied or failed, or nothing tells green's tasks from blue's.
//!
//! # Skipped when
//! No container tells a digest.
//!
//! # IAM it needs
//! `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`, `ecs:DescribeTasks`;
//! with CodeDeploy `codedeploy:GetDeployment`, `codedeploy:GetDeploymentGroup`,
//! `codedeploy:ListDeploymentTargets`, `codedeploy:GetDeploymentTarget`, `ecs:DescribeTaskSets` and
//! `elasticloadbalancing:DescribeTargetGroups`.
//!
//! # Example
//! ```json
//! { "images": { "repositories": ["123456789012.dkr.ecr.*.amazonaws.com/orders"] } }
//! ```

use futures_util::future::join;
use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Fact, Outcome, Scope,
    deployment::{Asks, UNTOLD, owned},
    plan::{Pattern, Problem, Target},
};
use serde::{Deserialize, Serialize};

mod judge;

/// Settings of the check `images`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Images {
    /// Which repositories images may come from, as the task definition names them, without tag and digest;
    /// `*` stands for anything. Empty for any.
    repositories: Vec<Pattern>,
    /// Digests that may run beside the revision's, e.g. those of an index and of its platforms' manifests.
    /// Where there are any, every other digest fails.
    digests: Vec<String>,
}

impl Check for Images {
    fn problems(&self) -> Vec<Problem> {
        let wrong = self.digests.iter().enumerate().filter(|(_, digest)| !is_digest(digest));
        wrong
            .map(|(index, digest)| {
                Problem::new(format!("digests[{index}]"), format!("`{digest}` is no digest"))
                    .hint("expected `sha256:` and 64 hexadecimal digits, as `docker buildx imagetools inspect` shows them")
            })
            .collect()
    }

    fn asks(&self, _: &Target) -> Vec<Asks> {
        vec![Asks::Sides, Asks::Tasks]
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        self.look(scope).await.unwrap_or_else(|outcome| *outcome)
    }
}

impl Images {
    async fn look(&self, scope: &Scope) -> Fact<Outcome> {
        let deployment = scope.deployment();
        let (sides, tasks) = join(deployment.sides(), deployment.tasks()).await;
        let (sides, tasks) = (sides?, tasks?);
        let Some(owned) = owned(&*tasks, &sides) else {
            return Err(Box::new(Outcome::inconclusive(UNTOLD)));
        };
        Ok(judge::judge(self, &owned.green, &sides.green))
    }
}

/// `sha256:` and 64 hexadecimal digits in lower case, as registries write them.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64
            && digits.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    })
}
