//! The function's own binary, started by hand. Cargo builds it for integration tests alone, so this
//! test is also what puts it where the end-to-end tests look for it.

use std::process::Command;

#[test]
fn started_by_hand_it_says_what_it_is_and_fails() {
    let ended =
        Command::new(env!("CARGO_BIN_EXE_preflight")).env_remove("AWS_LAMBDA_RUNTIME_API").output().unwrap();
    assert!(!ended.status.success(), "{ended:?}");
    let text = String::from_utf8(ended.stdout).unwrap();
    for words in ["AWS_LAMBDA_RUNTIME_API is not set", "is a Lambda function", "greenlight invoke"] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}
