//! Whether what answers is green, and what becomes of that.

use std::future::Future;

use greenlight::{
    Outcome, Scope,
    deployment::{Approach, Isolation as Proof},
    plan::{Isolation, TargetUrl},
};
use serde_json::json;

/// Asks where somebody said that green is; nothing here can prove that it is.
pub(crate) async fn at_target(
    scope: &Scope,
    url: &TargetUrl,
    asked: impl Future<Output = Outcome>,
) -> Outcome {
    match scope.isolation() {
        Isolation::Required => Outcome::cannot_tell(format!(
            "`isolation` is `required`, and nothing can prove that {url} is green"
        ))
        .hint("use `\"isolation\": \"auto\"` with a target URL"),
        Isolation::Auto => asked.await.caveat("not proven to be green"),
        Isolation::Off => asked.await,
    }
}

/// Asks green where it is shown that green is what answers, or cannot be shown by nature; otherwise says
/// what was found instead.
pub(crate) async fn proven(
    scope: &Scope,
    approach: &Approach,
    isolation: &Proof,
    asked: impl Future<Output = Outcome>,
) -> Outcome {
    // Without an address of green's there is nobody to ask, whatever the plan says.
    let off = scope.isolation() == Isolation::Off && approach.entrance.is_some();
    let outcome = match isolation {
        Proof::Open(outcome) if !off => (**outcome).clone(),
        Proof::NotProven(why) if scope.isolation() == Isolation::Required => Outcome::cannot_tell(format!(
            "`isolation` is `required`, and it cannot be proven that what answers is green: {why}"
        ))
        .hint("use `\"isolation\": \"auto\"`, or network mode `awsvpc` with targets of type `ip`"),
        Proof::NotProven(_) if !off => asked.await.caveat("not proven to be green"),
        Proof::Open(_) | Proof::NotProven(_) | Proof::Proven(_) => asked.await,
    };
    measured(outcome, scope, approach, isolation)
}

/// Adds what shows that it was green that was asked.
pub(crate) fn measured(outcome: Outcome, scope: &Scope, approach: &Approach, isolation: &Proof) -> Outcome {
    let off = scope.isolation() == Isolation::Off;
    outcome.measured(
        "isolation",
        json!({ "asked_for": if off { "off" } else { "on" }, "is": isolation.word(),
                "because": isolation.words(), "weights": approach.live,
                "green_target_group": approach.group.as_ref().map(|group| group.arn.clone()) }),
    )
}
