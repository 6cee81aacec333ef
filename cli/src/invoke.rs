//! `greenlight invoke`: one event, one hook process, one verdict, shown.
//!
//! The hook's process gets Lambda's own variables, the caller's `GREENLIGHT_…` and what the options
//! say; every AWS endpoint that it can see is local.

use std::process::ExitCode;

use serde_json::Value;

use crate::{
    arguments::InvokeOptions,
    document,
    failure::Failure,
    local::{
        aws::Aws,
        lambda::{Invocation, Lambda, Outcome},
    },
    output, serve_aws,
};

mod process;
mod result;
mod show;

use self::result::Result as Invoked;

pub(crate) async fn run(options: InvokeOptions) -> Result<ExitCode, Failure> {
    let mut body = document::read(&options.event, "event")?;
    let aws = serve_aws::start(&options.secret).await?;
    let event: Option<Value> = serde_json::from_slice(&body).ok();
    if let Some(event) = &event {
        serve_aws::make_known(&aws, event);
    }
    let kind = Kind::of(event.as_ref());
    let prepared = process::prepare(&options, event.as_ref(), &aws)?;
    let lambda = Lambda::new(prepared.function.clone());
    let mut invocations = Vec::new();
    loop {
        invocations.extend(call(&lambda, kind, body.clone()).await);
        let Some(wait) = Wait::of(invocations.last()).filter(|_| options.follow && kind == Kind::Ecs) else {
            break;
        };
        if !options.json {
            output::note(&format!("waiting {} s: {}", wait.seconds, wait.reason));
        }
        tokio::time::sleep(std::time::Duration::from_secs(wait.seconds)).await;
        body = wait.next_event(&body);
    }
    if let Some(Outcome::CouldNotStart { reason }) = invocations.last().map(|invocation| &invocation.outcome)
    {
        return Err(Failure::not_carried_out("the hook's process", &std::io::Error::other(reason.clone())));
    }
    let result = Invoked::new(kind, &invocations, &aws);
    if options.json {
        output::json(&result.to_json(&prepared));
    } else {
        output::data(&show::text(&options, &prepared, &result));
    }
    Ok(output::exit_code(result.proceeds()))
}

/// How an event's kind is called: ECS waits for the answer, the others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ecs,
    CodeDeploy,
    Pause,
}

impl Kind {
    fn of(event: Option<&Value>) -> Self {
        let has = |key: &str| event.is_some_and(|event| event.get(key).is_some());
        if has("DeploymentId") {
            Self::CodeDeploy
        } else if has("detail-type") {
            Self::Pause
        } else {
            Self::Ecs
        }
    }
}

async fn call(lambda: &Lambda, kind: Kind, body: Vec<u8>) -> Vec<Invocation> {
    match kind {
        Kind::Ecs => vec![lambda.invoke(body).await],
        Kind::CodeDeploy | Kind::Pause => lambda.invoke_async(body).await,
    }
}

/// An answer to wait, as ECS reads it.
struct Wait {
    seconds: u64,
    reason: String,
    hook_details: Value,
}

impl Wait {
    fn of(invocation: Option<&Invocation>) -> Option<Self> {
        let Outcome::Answered(answer) = &invocation?.outcome else { return None };
        let answer: Value = serde_json::from_slice(answer).ok()?;
        (answer["hookStatus"] == "IN_PROGRESS").then(|| Self {
            seconds: answer["callBackDelay"].as_u64().unwrap_or(30),
            reason: answer["reason"].as_str().unwrap_or_default().to_owned(),
            hook_details: answer["hookDetails"].clone(),
        })
    }

    /// The event that ECS sends next: the same, with the state that came back.
    fn next_event(self, body: &[u8]) -> Vec<u8> {
        let mut event: Value = serde_json::from_slice(body).unwrap_or_default();
        event["hookDetails"] = self.hook_details;
        event.to_string().into_bytes()
    }
}

/// What the result reads from the local endpoint.
fn reported(aws: &Aws, kind: Kind) -> Option<result::Report> {
    match kind {
        Kind::Ecs => None,
        Kind::CodeDeploy => aws.reports().last().map(|report| result::Report {
            service: "CodeDeploy",
            operation: "PutLifecycleEventHookExecutionStatus",
            subject: report.deployment_id.clone(),
            answer: format!("{:?}", report.status),
            attempt: report.attempt,
        }),
        Kind::Pause => aws.continues().last().map(|answer| result::Report {
            service: "ECS",
            operation: "ContinueServiceDeployment",
            subject: answer.service_deployment_arn.clone(),
            answer: format!("{:?}", answer.action).to_uppercase(),
            attempt: answer.attempt,
        }),
    }
}
