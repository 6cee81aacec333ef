//! Facts about the deployment, found lazily: blue and green, target groups, tasks, and how to reach them.

pub mod load_balancing;
pub mod route;
