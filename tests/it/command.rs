//! The command `greenlight`, as people and scripts run it: exit code, standard output, standard error.

mod event;
mod input;
mod invoke;
mod run;
mod validate;
