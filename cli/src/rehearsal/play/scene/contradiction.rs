//! Whether the world bears out what a deployment says that it came to.

use super::runs::is_of;
use super::{Action, Colour, Parameters, Scene, Side, World};
use crate::rehearsal::aws::elb::Target;
use crate::rehearsal::controller::{Deployment, Status};

impl Scene {
    /// What in the world contradicts the final status of the deployment, in one sentence.
    ///
    /// After a success, green's target group gets all production traffic, and has green's tasks once each and
    /// none of blue's; after a rollback it is the other way round. Nothing else is judged.
    pub(in super::super) fn contradiction(&self, world: &World, deployment: &Deployment) -> Option<String> {
        let (winner, loser) = match deployment.status() {
            Status::Successful => (Colour::Green, Colour::Blue),
            Status::RollbackSuccessful => (Colour::Blue, Colour::Green),
            _ => return None,
        };
        let wrong = self.wrong_traffic(world, winner).or_else(|| self.wrong_targets(world, winner, loser))?;
        let status = match &self.parameters {
            Parameters::Ecs(_) => deployment.status().ecs(),
            Parameters::CodeDeploy(_) if winner == Colour::Blue => "rolled back",
            Parameters::CodeDeploy(_) => deployment.status().codedeploy(),
        };
        Some(format!("the deployment is {status}, but {wrong}"))
    }

    fn wrong_traffic(&self, world: &World, winner: Colour) -> Option<String> {
        let expected = self.target_group(winner)?;
        let rule = match &self.parameters {
            Parameters::Ecs(ecs) => ecs.production_rule_arn()?,
            Parameters::CodeDeploy(codedeploy) => codedeploy.production_rule_arn(),
        };
        let of_rule = world.elb.rules.iter().find(|known| known.arn == rule).map(|known| &known.actions);
        let of_listener = || {
            let mut listeners = world.elb.listeners.iter();
            let known = listeners.find(|known| known.arn == rule || known.default_rule_arn() == rule)?;
            Some(&known.default_actions)
        };
        let Some(actions) = of_rule.or_else(of_listener) else {
            return Some(format!("the production rule {rule} does not exist"));
        };
        let Some(groups) = actions.iter().find_map(|action| match action {
            Action::Forward(groups) => Some(groups),
            _ => None,
        }) else {
            return Some(format!("the production rule {rule} forwards to no target group"));
        };
        let used: Vec<_> = groups.iter().filter(|(_, weight)| *weight > 0).collect();
        let is_right = !used.is_empty() && used.iter().all(|(group, _)| *group == expected);
        (!is_right).then(|| {
            let weights = groups.iter().map(|(group, weight)| format!("{weight} to {}", name(group)));
            let weights = weights.collect::<Vec<_>>().join(" and ");
            format!(
                "the production rule {rule} gives {weights}, and not everything to {}'s target group {}",
                winner.as_str(),
                name(&expected)
            )
        })
    }

    fn wrong_targets(&self, world: &World, winner: Colour, loser: Colour) -> Option<String> {
        let expected = self.target_group(winner)?;
        let Some(group) = world.elb.target_groups.iter().find(|group| group.arn == expected) else {
            return Some(format!("the target group {expected} does not exist"));
        };
        // Those that are draining are no longer registered.
        let targets = || group.targets.iter().filter(|target| target.state != "draining");
        let named = |target: &Target| format!("{}:{}", target.id, target.port);
        let tasks: &[_] = self.side(winner).map_or(&[], |side: &Side| &side.tasks);
        for task in tasks {
            let is_task = |target: &&Target| target.id == task.ip().to_string() && target.port == task.port();
            let times = targets().filter(is_task).count();
            if times != 1 {
                return Some(format!(
                    "the task {task} of {} is registered {times} times in the target group {}, and not once",
                    winner.as_str(),
                    name(&expected)
                ));
            }
        }
        let stray = targets().find(|target| self.side(loser).is_some_and(|side| is_of(side, target)))?;
        Some(format!(
            "the task {} of {} is still registered in the target group {}",
            named(stray),
            loser.as_str(),
            name(&expected)
        ))
    }
}

/// The name of a target group in its ARN.
fn name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}
