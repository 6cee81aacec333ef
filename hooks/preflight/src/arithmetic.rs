//! What ECS and CloudFormation compute from the numbers of a deployment. All of it is pure.

mod circuit_breaker;
mod cloud_formation;
mod health_checks;
mod rolling;
mod steps;

pub use self::{
    circuit_breaker::{Threshold, threshold},
    cloud_formation::{CLOUD_FORMATION_LIMIT, counted_time},
    health_checks::until_healthy,
    rolling::{Room, room},
    steps::{canary, linear},
};
