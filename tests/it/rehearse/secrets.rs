//! A whole rehearsal, and everything that it says: nothing of a secret.

use super::transcript::command;
use crate::table::{Outcome, Table, ensure};
use crate::unseen::unseen;

/// What must be seen nowhere, in whole or in part.
const KEY: &str = "Pq5Wd8Ju3Xe1Gf0Ya";
const PLAN: &str = "tests/rehearsals/secret.json";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_rehearsal_says_has_a_secret() {
    let mut table = Table::default();
    for (name, more, words) in [
        ("a good green", &[][..], "check `http` passed"),
        ("a green that errs", &["--fault", "green:errors=100%"][..], "status 500 from"),
        ("as JSON", &["--json", "--fault", "green:errors=100%"][..], "status 500 from"),
        // The hook says what it was answered in the place of the secret.
        ("denied", &["--fault", "aws:denied@ssm:GetParameter"][..], "not allowed to call ssm:GetParameter"),
    ] {
        table.add(name, async move { rehearsed(more, words).await });
    }
    table.play().await;
}

async fn rehearsed(more: &[&str], words: &str) -> Outcome {
    let options = ["--hooks", "test-traffic", "--plan", PLAN, "--secret", "/orders/key=env:KEY"];
    let mut command = command(&[&options, more].concat());
    let output = command.env("KEY", KEY).output().await.map_err(|error| error.to_string())?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(said.contains(words), "it does not say {words:?}: {said}{errors}");
    unseen(KEY, &said)?;
    unseen(KEY, &errors)
}
