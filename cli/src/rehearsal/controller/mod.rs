//! The deployment controllers: what ECS and CodeDeploy decide, as stage machines without any I/O.

pub mod configuration;
