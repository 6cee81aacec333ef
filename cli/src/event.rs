//! `greenlight event`: sample events of every stage and protocol, with ids that belong together.
//!
//! The ids follow from account, region, cluster and service alone, so the events of all stages are of
//! one deployment, and the same command writes the same event.

use std::process::ExitCode;

use greenlight::{plan::decode::suggest, stage::Stage};
use serde_json::{Map, Value, json};

use crate::{
    arguments::{EventOptions, EventProtocol},
    failure::Failure,
    output,
};

pub(crate) fn run(options: &EventOptions) -> Result<ExitCode, Failure> {
    let ecs_only =
        options.weight.is_some() || options.rollback || options.create || options.hook_details.is_some();
    if ecs_only && options.protocol != EventProtocol::Ecs {
        return Err(Failure::wrong("only an ECS event carries weights and `hookDetails`")
            .hint("leave out --weight, --rollback, --create and --hook-details, or ask for an `ecs` event"));
    }
    let event = match options.protocol {
        EventProtocol::Ecs => ecs(options)?,
        EventProtocol::Codedeploy => codedeploy(options)?,
        EventProtocol::Pause => pause(options)?,
    };
    output::json(&event)?;
    Ok(ExitCode::SUCCESS)
}

/// The stage as people write it: `post-test-traffic-shift`, `POST_TEST_TRAFFIC_SHIFT`.
fn stage(options: &EventOptions) -> Result<Stage, Failure> {
    let given = options.stage.as_deref().unwrap_or("post-test-traffic-shift");
    let name = given.to_ascii_uppercase().replace('-', "_");
    Stage::all().find(|stage| stage.ecs_name() == name).ok_or_else(|| {
        let names: Vec<_> =
            Stage::all().map(|stage| stage.ecs_name().to_ascii_lowercase().replace('_', "-")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        Failure::wrong(format!("unknown stage `{given}`")).hint(suggest(given, &names))
    })
}

/// The names and ids of one deployment.
struct Ids<'a> {
    options: &'a EventOptions,
}

impl Ids<'_> {
    /// A number that stands for `part` of this deployment (FNV-1a).
    fn number(&self, part: &str) -> u64 {
        let EventOptions { account, region, cluster, service, .. } = self.options;
        let text = format!("{account}/{region}/{cluster}/{service}/{part}");
        text.bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    fn arn(&self, kind: &str, id: &str) -> String {
        let EventOptions { account, region, cluster, service, .. } = self.options;
        let partition = match region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let id = if id.is_empty() { String::new() } else { format!("/{id}") };
        format!("arn:{partition}:ecs:{region}:{account}:{kind}/{cluster}/{service}{id}")
    }

    /// A revision's id is a number of 19 digits.
    fn revision(&self, colour: &str) -> String {
        let id = 1_000_000_000_000_000_000 + self.number(colour) % 9_000_000_000_000_000_000;
        self.arn("service-revision", &id.to_string())
    }

    /// A deployment's id has 21 letters and digits.
    fn deployment(&self) -> String {
        self.arn("service-deployment", &self.letters("deployment", 21, ALPHANUMERIC))
    }

    fn letters(&self, part: &str, length: usize, alphabet: &[u8]) -> String {
        (0..length)
            .map(|index| {
                let number = self.number(&format!("{part}{index}"));
                let index = usize::try_from(number % alphabet.len() as u64).unwrap_or_default();
                char::from(alphabet[index])
            })
            .collect()
    }

    fn uuid(&self, part: &str) -> String {
        let hex = self.letters(part, 32, b"0123456789abcdef");
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn ecs(options: &EventOptions) -> Result<Value, Failure> {
    let stage = stage(options)?;
    let ids = Ids { options };
    let weights = weights(options, &stage, &ids)?;
    let (test, production) = match stage {
        Stage::TestTrafficShift => (weights, Map::new()),
        Stage::ReconcileService => (weights.clone(), weights),
        _ => (Map::new(), weights),
    };
    let mut event = json!({
        "executionDetails": {
            "testTrafficWeights": test,
            "productionTrafficWeights": production,
            "serviceArn": ids.arn("service", ""),
            "targetServiceRevisionArn": ids.revision("green"),
        },
        "executionId": ids.uuid(&format!("{stage}{}", options.rollback)),
        "lifecycleStage": stage.ecs_name(),
        "resourceArn": ids.deployment(),
    });
    if let Some(details) = &options.hook_details {
        event["hookDetails"] = serde_json::from_str(details)
            .map_err(|error| Failure::wrong(format!("`--hook-details` is not JSON: {error}")))?;
    }
    Ok(event)
}

/// The weights that ECS sends at `stage`: empty at most stages; *before* the shift at
/// `PRE_PRODUCTION_TRAFFIC_SHIFT`; reversed during a rollback.
fn weights(options: &EventOptions, stage: &Stage, ids: &Ids<'_>) -> Result<Map<String, Value>, Failure> {
    let shifts = matches!(stage, Stage::TestTrafficShift | Stage::ProductionTrafficShift);
    let carries = shifts || matches!(stage, Stage::PreProductionTrafficShift | Stage::ReconcileService);
    if options.rollback && !shifts {
        return Err(Failure::wrong(format!("ECS calls no hook at {stage} during a rollback"))
            .hint("use test-traffic-shift or production-traffic-shift"));
    }
    if !carries {
        return match options.weight {
            Some(_) => Err(Failure::wrong(format!("an event of {stage} carries no weights"))
                .hint("use production-traffic-shift or pre-production-traffic-shift")),
            None => Ok(Map::new()),
        };
    }
    let green = match options.weight {
        Some(weight) if (0.0..=100.0).contains(&weight) => weight,
        Some(weight) => {
            return Err(Failure::wrong(format!("`--weight {weight}` is no percentage; expected 0 to 100")));
        }
        None if options.rollback || *stage == Stage::PreProductionTrafficShift => 0.0,
        None => 100.0,
    };
    let mut weights = Map::from_iter([(ids.revision("green"), number(green))]);
    if !options.create {
        weights.insert(ids.revision("blue"), number(100.0 - green));
    }
    Ok(weights)
}

/// Whole numbers as ECS's examples write them, without a fraction.
fn number(weight: f64) -> Value {
    let tenths = (weight * 10.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1000")]
    let tenths = tenths as i64;
    if tenths % 10 == 0 { json!(tenths / 10) } else { json!(weight) }
}

fn codedeploy(options: &EventOptions) -> Result<Value, Failure> {
    let event = options.stage.as_deref().unwrap_or("AfterAllowTestTraffic");
    if Stage::from_codedeploy(event).is_none() {
        let events: Vec<_> = Stage::codedeploy_events().collect();
        return Err(
            Failure::wrong(format!("unknown CodeDeploy event `{event}`")).hint(suggest(event, &events))
        );
    }
    output::note(&format!(
        "a CodeDeploy event does not name its lifecycle event: set GREENLIGHT_LIFECYCLE_EVENT={event} for the function"
    ));
    let ids = Ids { options };
    // Opaque to everybody but CodeDeploy; real ones have the letters of base64 and about this length.
    Ok(json!({
        "DeploymentId": format!("d-{}", ids.letters("codedeploy", 9, CAPITALS)),
        "LifecycleEventHookExecutionId": format!("eyJlbmNyeXB0ZWREYXRhIjoi{}", ids.letters(event, 264, ALPHANUMERIC)),
    }))
}

fn pause(options: &EventOptions) -> Result<Value, Failure> {
    let stage = stage(options)?;
    if matches!(stage, Stage::TestTrafficShift | Stage::ProductionTrafficShift) {
        return Err(Failure::wrong(format!("ECS takes no PAUSE hook at {stage}"))
            .hint("use post-test-traffic-shift or pre-production-traffic-shift"));
    }
    let ids = Ids { options };
    let now = greenlight::clock::now();
    let later = now.checked_add(std::time::Duration::from_hours(24)).unwrap_or(now);
    let EventOptions { account, region, .. } = options;
    let service = ids.arn("service", "");
    let cluster = service.replace(":service/", ":cluster/");
    let cluster = cluster.rsplit_once('/').map_or(cluster.as_str(), |(cluster, _)| cluster);
    let second = |time: jiff::Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok(json!({
        "version": "0",
        "id": ids.uuid("event"),
        "detail-type": "ECS Hook State Change",
        "source": "aws.ecs",
        "account": account,
        "time": second(now),
        "region": region,
        "resources": [ids.deployment()],
        "detail": {
            "eventType": "INFO",
            "eventName": "HOOK_AWAITING_ACTION",
            "hookId": format!("ecs-pause-{}", ids.letters(stage.ecs_name(), 43, ALPHANUMERIC)),
            "hookType": "PAUSE",
            "expiresAt": second(later),
            "lifecycleStage": stage.ecs_name(),
            "clusterArn": cluster,
            "serviceArn": service,
            "serviceDeploymentArn": ids.deployment(),
            "updatedAt": now.to_string(),
        },
    }))
}
