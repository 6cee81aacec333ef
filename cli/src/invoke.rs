//! `greenlight invoke`: one event, one hook process, one verdict, shown.
//!
//! The hook's process gets Lambda's own variables, the caller's `GREENLIGHT_…` and what the options
//! say. It reads the world that was chosen; its reports reach this command and nobody else.

use std::process::ExitCode;

use greenlight::{
    Protocol,
    settings::{LIFECYCLE_EVENT, TARGET_URL},
};
use serde_json::Value;

use crate::{
    arguments::InvokeOptions,
    document,
    failure::Failure,
    output,
    rehearsal::{
        aws::Aws,
        lambda::{Invocation, Lambda, Outcome},
    },
    world::{Local, Purpose},
};

mod process;
mod result;
mod show;

use self::result::Result as Invoked;

pub(crate) async fn run(options: InvokeOptions) -> Result<ExitCode, Failure> {
    let mut body = document::read(&options.event, "event")?;
    let event: Option<Value> = serde_json::from_slice(&body).ok();
    let lifecycle_event = std::env::var(LIFECYCLE_EVENT).ok();
    let purpose = Purpose {
        event: event.as_ref(),
        lifecycle_event: lifecycle_event.as_deref(),
        green_is_asked: options.target.is_none() && std::env::var_os(TARGET_URL).is_none(),
    };
    let local = Local::start(&options.world, &options.secret, purpose).await?;
    let aws = &local.aws;
    // What has no known shape is ECS's to answer: its verdict is what the function returns.
    let protocol = event.as_ref().and_then(Protocol::of).unwrap_or(Protocol::Ecs);
    let prepared = process::prepare(&options, event.as_ref(), aws)?;
    let lambda = Lambda::new(prepared.function.clone());
    let mut invocations = Vec::new();
    loop {
        invocations.extend(call(&lambda, protocol, body.clone(), aws).await);
        let Some(wait) = Wait::of(invocations.last()).filter(|_| options.follow && protocol == Protocol::Ecs)
        else {
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
    let result = Invoked::new(protocol, &invocations, aws);
    if options.json {
        output::json(&result.to_json(&prepared))?;
    } else {
        output::data(&show::text(&options, &prepared, &result))?;
    }
    Ok(output::exit_code(result.proceeds()))
}

/// All attempts. Where the function itself waits it may invoke itself, and then the last one is the chain's end.
async fn call(lambda: &Lambda, protocol: Protocol, body: Vec<u8>, aws: &Aws) -> Vec<Invocation> {
    match protocol {
        Protocol::Ecs => vec![lambda.invoke(body).await],
        Protocol::CodeDeploy | Protocol::Pause => {
            lambda.invoke_chain(body, aws).await.into_iter().flatten().collect()
        }
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
fn reported(aws: &Aws, protocol: Protocol) -> Option<result::Report> {
    match protocol {
        Protocol::Ecs => None,
        Protocol::CodeDeploy => aws.reports().last().map(|report| result::Report {
            service: "CodeDeploy",
            operation: "PutLifecycleEventHookExecutionStatus",
            subject: report.deployment_id.clone(),
            answer: format!("{:?}", report.status),
            attempt: report.attempt,
        }),
        Protocol::Pause => aws.continues().last().map(|answer| result::Report {
            service: "ECS",
            operation: "ContinueServiceDeployment",
            subject: answer.service_deployment_arn.clone(),
            answer: format!("{:?}", answer.action).to_uppercase(),
            attempt: answer.attempt,
        }),
    }
}
