//! Deployments that are driven without any I/O: transcripts of single ones, and what holds for all.

mod drive;
mod every;
mod of_codedeploy;
mod of_ecs;
