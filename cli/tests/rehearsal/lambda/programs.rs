//! Functions that are no bootstrap: commands as people write them.

use std::env;
use std::os::unix::fs::symlink;

use greenlight_cli::rehearsal::lambda::{Function, Lambda, Outcome};
use serde_json::Value;

use crate::function::function;

async fn environment(function: Function) -> (Value, Vec<String>) {
    let invocation = Lambda::new(function).invoke("{}").await;
    let Outcome::Answered(body) = &invocation.outcome else { panic!("{invocation:?}") };
    (serde_json::from_slice(body).unwrap(), invocation.log)
}

#[tokio::test]
async fn a_program_is_found_in_the_path_that_is_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    symlink(env::current_exe().unwrap(), directory.path().join("python-of-mine")).unwrap();
    let mut function = function("environment");
    function.program = "python-of-mine".into();
    let invocation = Lambda::new(function.clone()).invoke("{}").await;
    assert!(matches!(invocation.outcome, Outcome::CouldNotStart { .. }), "{:?}", invocation.outcome);

    let caller = env::join_paths([directory.path()]).unwrap();
    let (variables, _) = environment(function.with_variable("PATH", &caller)).await;
    assert_eq!(variables["PATH"], caller.to_str().unwrap());
    assert_eq!(variables["LAMBDA_TASK_ROOT"], "/var/task", "a bare name is nowhere");
}

#[tokio::test]
async fn a_shell_command_runs_in_its_directory_which_is_the_task_root() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    let root = root.to_str().unwrap();
    let mut function = function("environment")
        .with_variable("_HANDLER", "app.handler")
        .with_variable("PROGRAM", env::current_exe().unwrap());
    function.program = "sh".into();
    function.arguments = ["-c", r#"echo "in $(pwd -P)"; "$PROGRAM" --exact function::program --nocapture"#]
        .map(Into::into)
        .to_vec();
    function.directory = Some(root.into());
    let (variables, log) = environment(function).await;
    assert!(log.contains(&format!("in {root}")), "{log:?}");
    assert_eq!(variables["LAMBDA_TASK_ROOT"], root);
    assert_eq!(variables["_HANDLER"], "app.handler");
    assert!(variables["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn a_relative_program_is_meant_from_where_the_caller_is() {
    let directory = tempfile::tempdir().unwrap();
    let here = env::current_dir().unwrap();
    // As many steps up as it takes, then down again: a relative path to this program.
    let up = "../".repeat(here.components().count() - 1);
    let program = env::current_exe().unwrap();
    let mut function = function("environment");
    function.program = format!("{up}{}", program.strip_prefix("/").unwrap().display()).into();
    function.directory = Some(directory.path().to_owned());
    let (variables, _) = environment(function).await;
    assert_eq!(variables["LAMBDA_TASK_ROOT"], directory.path().canonicalize().unwrap().to_str().unwrap());
}
