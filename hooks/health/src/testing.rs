//! Facts for tests: a service of which green runs two tasks and blue one.

use greenlight::{
    Situation,
    deployment::{Container, Image, Revision, Sides, Status, Task, Weights},
};
use jiff::Timestamp;

/// When the deployment of the tests began.
pub(crate) const BEGAN: Timestamp = Timestamp::constant(1_795_255_200, 0);
/// The tests' time: ten minutes later.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_255_800, 0);

pub(crate) fn at(seconds_before_now: i64) -> Option<Timestamp> {
    Timestamp::from_second(NOW.as_second() - seconds_before_now).ok()
}

pub(crate) fn digest(letter: char) -> String {
    format!("sha256:{}", letter.to_string().repeat(64))
}

pub(crate) fn revision(id: &str) -> Revision {
    Revision {
        id: id.to_owned(),
        started_by: format!("ecs-svc/{id}"),
        task_definition: None,
        requested: Some(2),
        images: vec![Image {
            container: "app".to_owned(),
            image: "registry.example.com/orders:2".to_owned(),
            digest: Some(digest('a')),
        }],
    }
}

pub(crate) fn sides() -> Sides {
    Sides {
        cluster: "shop".to_owned(),
        service: "orders".to_owned(),
        green: revision("222"),
        blue: vec![revision("111")],
        ways: Vec::new(),
        service_connect: false,
        security_groups: Vec::new(),
    }
}

pub(crate) fn status() -> Status {
    Status {
        situation: Situation::Update,
        state: None,
        because: String::new(),
        stage: None,
        stage_unknown: None,
        started_at: Some(BEGAN),
        expires_at: None,
        group: None,
        service: None,
        weights: Weights::default(),
        alarms: None,
        shift: None,
        circuit_breaker: None,
    }
}

/// A running task of green, five minutes old, at `10.0.2.N`.
pub(crate) fn task(number: u8) -> Task {
    Task {
        arn: format!("arn:aws:ecs:r:1:task/shop/g{number}"),
        started_by: Some("ecs-svc/222".to_owned()),
        last_status: "RUNNING".to_owned(),
        desired_status: "RUNNING".to_owned(),
        health: "UNKNOWN".to_owned(),
        addresses: vec![[10, 0, 2, number].into()],
        zone: Some(if number % 2 == 1 { "r-1a" } else { "r-1b" }.to_owned()),
        started_at: at(300),
        containers: vec![Container {
            name: "app".to_owned(),
            image: Some("registry.example.com/orders:2".to_owned()),
            digest: Some(digest('a')),
            health: "UNKNOWN".to_owned(),
            ..Container::default()
        }],
        ..Task::default()
    }
}

/// A task of blue at `10.0.1.1`.
pub(crate) fn blue() -> Task {
    Task {
        arn: "arn:aws:ecs:r:1:task/shop/b1".to_owned(),
        started_by: Some("ecs-svc/111".to_owned()),
        addresses: vec![[10, 0, 1, 1].into()],
        ..task(9)
    }
}

/// A task of green that crashed a minute ago.
pub(crate) fn crashed(number: u8) -> Task {
    let mut task = Task {
        last_status: "STOPPED".to_owned(),
        desired_status: "STOPPED".to_owned(),
        stop_code: Some("EssentialContainerExited".to_owned()),
        stopped_reason: Some("Essential container in task exited".to_owned()),
        stopped_at: at(60),
        addresses: Vec::new(),
        ..task(number)
    };
    task.containers[0].exit_code = Some(1);
    task
}
