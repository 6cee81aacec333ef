//! The command `greenlight`, as people and scripts run it: exit code, standard output, standard error.

mod doctor;
mod event;
mod explain;
mod input;
mod invoke;
mod live_doctor;
mod route;
mod run;
mod validate;
mod worlds;
