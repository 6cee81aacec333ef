//! One look at a deployment that is followed: how far it is, and everything that there is to tell of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::told::Told;
use crate::explain::events::seconds;
use crate::explain::find::Who;
use crate::explain::reader::Reader;
use crate::explain::story::{Evidence, Times};
use crate::explain::{codedeploy, ecs, logs};
use crate::failure::Failure;
use greenlight_preflight::function_name;

/// What a look has found.
pub(super) struct Look {
    pub(super) outcome: Outcome,
    /// In the words of who deploys.
    pub(super) status: String,
    /// When it was over, as far as that is told.
    pub(super) ended: Option<Timestamp>,
    pub(super) told: Vec<Told>,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    UnderWay,
    Succeeded,
    /// It was taken back, stopped, or has failed.
    Failed,
}

impl Outcome {
    /// By the words of ECS and of CodeDeploy.
    fn of(status: &str) -> Self {
        match status {
            "SUCCESSFUL" | "Succeeded" => Self::Succeeded,
            "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" | "FAILED" | "Failed" | "Stopped" => {
                Self::Failed
            }
            _ => Self::UnderWay,
        }
    }
}

impl Who {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Ecs(id) | Self::CodeDeploy(id) => id,
        }
    }
}

/// Lines of a log come in late, and not in their order.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// Looks once, at logs as far back as to the latest verdict that was told.
pub(super) async fn look(reader: &mut Reader, who: &Who, since: Option<Timestamp>) -> Result<Look, Failure> {
    let (status, mut told, functions, began, ended) = match who {
        Who::Ecs(arn) => {
            let told = ecs::describe(reader, arn).await?;
            let status = told["status"].as_str().unwrap_or_default().to_owned();
            let Times { began, ended } = ecs::times(&told);
            (status, of_ecs(arn, &told), ecs::functions(&told, None), began, ended)
        }
        Who::CodeDeploy(id) => {
            let info = codedeploy::describe(reader, id).await?;
            let target = codedeploy::target(reader, id).await.unwrap_or_default();
            let status = info["status"].as_str().unwrap_or_default().to_owned();
            let functions = codedeploy::hooks(&info).into_iter().map(|(_, function)| function).collect();
            let Times { began, ended } = codedeploy::times(&info);
            (status, of_codedeploy(id, &info, &target), functions, began, ended)
        }
    };
    // A function may still write after the end.
    let mut times = Times { began, ended: None };
    if let Some(since) = since.and_then(|since| since.checked_sub(LATE).ok()) {
        times.began = times.began.max(Some(since));
    }
    let mut verdicts = Vec::new();
    for (place, function) in functions.iter().enumerate() {
        if !functions.iter().take(place).any(|earlier| earlier == function) {
            // That a function has no log yet, or nobody may read it, is told by the explanation.
            verdicts.extend(logs::evidence(reader, function, who.id(), times).await);
        }
    }
    verdicts.sort_by_key(|verdict| verdict.at);
    // The end is the last line.
    let end = told
        .split_off(told.len() - usize::from(Outcome::of(&status) != Outcome::UnderWay && !told.is_empty()));
    told.extend(verdicts.into_iter().map(verdict));
    told.extend(end);
    Ok(Look { outcome: Outcome::of(&status), status, ended, told })
}

/// What ECS tells; its status comes last.
fn of_ecs(arn: &str, told: &Value) -> Vec<Told> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let at = seconds(&told["updatedAt"]).or_else(|| seconds(&told["startedAt"]));
    let status = text(&told["status"]).unwrap_or_default();
    let is_back = status.starts_with("ROLLBACK");
    let began = seconds(&told["startedAt"]).or_else(|| seconds(&told["createdAt"]));
    let mut all = vec![Told { at: began, kind: "follows", what: arn.to_owned(), reason: None }];
    let mut tell = |kind, what: String, reason| all.push(Told { at, kind, what, reason });
    if let Some(stage) = text(&told["lifecycleStage"]) {
        tell("stage", if is_back { format!("{stage}, going back") } else { stage }, None);
    }
    let share = &told["targetServiceRevision"]["requestedProductionTrafficWeight"];
    if let Some(share) = share.as_f64().filter(|share| *share > 0.0) {
        tell("traffic", format!("{share}% of production traffic to green"), None);
    }
    for hook in told["lifecycleHookDetails"].as_array().into_iter().flatten() {
        let id = text(&hook["hookId"]).unwrap_or_default();
        let name = text(&hook["targetArn"])
            .map_or_else(|| format!("PAUSE {id}"), |arn| function_name(&arn).to_owned());
        let stage = text(&told["lifecycleStage"]).unwrap_or_default();
        tell("hook", format!("{name} at {stage}: {}", text(&hook["status"]).unwrap_or_default()), None);
    }
    tell("status", status, text(&told["statusReason"]));
    all
}

/// What CodeDeploy tells; its status comes last.
fn of_codedeploy(id: &str, info: &Value, target: &Value) -> Vec<Told> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let began = seconds(&info["startTime"]).or_else(|| seconds(&info["createTime"]));
    let mut all = vec![Told { at: began, kind: "follows", what: id.to_owned(), reason: None }];
    for event in target["lifecycleEvents"].as_array().into_iter().flatten() {
        let status = text(&event["status"]).unwrap_or_default();
        if matches!(&*status, "Pending" | "Skipped" | "Unknown") {
            continue;
        }
        let at = seconds(&event["endTime"]).or_else(|| seconds(&event["startTime"]));
        let name = text(&event["lifecycleEventName"]).unwrap_or_default();
        all.push(Told { at, kind: "stage", what: format!("{name}: {status}"), reason: None });
    }
    all.push(Told {
        at: seconds(&info["completeTime"]).or(began),
        kind: "status",
        what: text(&info["status"]).unwrap_or_default(),
        reason: text(&info["errorInformation"]["message"]),
    });
    all
}

fn verdict(told: Evidence) -> Told {
    let stage = told.stage.map(|stage| format!(" at {stage}")).unwrap_or_default();
    Told {
        at: Some(told.at),
        kind: "verdict",
        what: format!("{}{stage}: {}", told.function, told.verdict),
        reason: Some(told.reason),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stage_is_told_once_on_the_way_there_and_once_on_the_way_back() {
        let look = |status: &str| {
            let told = json!({ "status": status, "lifecycleStage": "SCALE_UP", "updatedAt": 1.0 });
            of_ecs("arn", &told).iter().map(Told::key).collect::<Vec<_>>()
        };
        assert_eq!(look("IN_PROGRESS"), look("IN_PROGRESS"));
        assert_ne!(look("IN_PROGRESS")[1], look("ROLLBACK_IN_PROGRESS")[1]);
        assert_eq!(Outcome::of("ROLLBACK_IN_PROGRESS"), Outcome::UnderWay);
        assert_eq!(Outcome::of("a status of next year"), Outcome::UnderWay);
    }
}
