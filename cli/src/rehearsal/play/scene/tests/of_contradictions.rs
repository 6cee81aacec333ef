//! Worlds that do not bear out what a deployment says.

use super::super::World;
use super::drive::{self, BLUE, Drive, GREEN};
use crate::rehearsal::aws::elb::{Action, Target};
use crate::rehearsal::controller::configuration::{RollbackOn, Shift, Strategy};

async fn over(mut drive: Drive, rolled_back: bool) -> Drive {
    if rolled_back {
        drive.alarm();
    }
    drive.finish().await;
    assert_eq!(drive.contradiction(), None);
    drive
}

fn forwards(world: &mut World) -> impl Iterator<Item = &mut Vec<(String, u32)>> {
    let actions = world.elb.rules.iter_mut().map(|rule| &mut rule.actions);
    let actions = actions.chain(world.elb.listeners.iter_mut().map(|known| &mut known.default_actions));
    actions.flatten().filter_map(|action| match action {
        Action::Forward(groups) => Some(groups),
        _ => None,
    })
}

fn register(drive: &mut Drive, task: std::net::SocketAddr, winner: std::net::SocketAddr) {
    let ip = winner.ip().to_string();
    let mut groups = drive.world.elb.target_groups.iter_mut();
    let group = groups.find(|group| group.targets.iter().any(|target| target.id == ip)).unwrap();
    group.targets.push(Target {
        id: task.ip().to_string(),
        port: task.port(),
        state: "healthy".to_owned(),
        reason: None,
    });
}

#[tokio::test(start_paused = true)]
async fn a_world_that_differs_from_the_status_contradicts_it() {
    for rolled_back in [false, true] {
        for is_codedeploy in [false, true] {
            let make = || async {
                let mut drive = if is_codedeploy {
                    drive::codedeploy(Shift::AllAtOnce, RollbackOn::ALL).start().scale_up()
                } else {
                    drive::ecs(Strategy::BlueGreen).start().scale_up()
                };
                if is_codedeploy && !rolled_back {
                    drive.report(true);
                }
                over(drive, rolled_back).await
            };
            let (winner, loser) = if rolled_back { (BLUE, GREEN) } else { (GREEN, BLUE) };

            let mut drive = make().await;
            for groups in forwards(&mut drive.world) {
                for (_, weight) in groups {
                    *weight = 50;
                }
            }
            let said = drive.contradiction().unwrap();
            assert!(said.contains("and not everything to"), "{said}");

            let mut drive = make().await;
            register(&mut drive, winner[1], winner[0]);
            let said = drive.contradiction().unwrap();
            assert!(said.contains("registered 2 times"), "{said}");

            let mut drive = make().await;
            register(&mut drive, loser[1], winner[0]);
            let said = drive.contradiction().unwrap();
            assert!(said.contains("is still registered"), "{said}");

            let mut drive = make().await;
            drive.world.elb.target_groups.iter_mut().for_each(|group| group.targets.clear());
            let said = drive.contradiction().unwrap();
            assert!(said.contains("registered 0 times"), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_while_the_deployment_is_under_way() {
    let drive = drive::ecs(Strategy::BlueGreen).start().scale_up();
    assert_eq!(drive.contradiction(), None);
}
