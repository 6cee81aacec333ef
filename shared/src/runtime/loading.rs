//! The plan of one invocation: its layers, read where they are kept, merged and decoded.

use tokio::time::Instant;

use super::validation::Validation;
use crate::{
    aws::{self, Cause, Fact},
    deployment::Deployment,
    plan::{Layer, Layered, Plan, Problem, Source, layers::object},
};

/// Why there is no plan.
pub(super) enum NoPlan {
    /// It is wrong, and stays so.
    Broken(Vec<Problem>),
    /// It could not be read this time.
    Unread(String),
}

/// The plan: the layers, read where they are kept, merged and decoded.
pub(super) async fn plan(validation: &Validation, deployment: &Deployment) -> Result<Plan, NoPlan> {
    let details = Source::from_hook_details(&validation.invocation.hook_details);
    let sources = [(Layer::Environment, Ok(validation.settings.plan.clone())), (Layer::Event, details)];
    let mut layered = validation.hook.layered();
    let mut problems = validation.settings.problems.clone();
    for (layer, source) in sources {
        match source {
            Ok(Source::None) => {}
            Ok(Source::Inline(keys)) => layered.put(layer, keys),
            Ok(Source::Parameter(names)) => {
                match parameter(validation, deployment, layer, &names, &mut layered).await {
                    Ok(()) => {}
                    Err(NoPlan::Broken(found)) => problems.extend(found),
                    // What is broken already does not heal by reading the rest.
                    Err(NoPlan::Unread(_)) if !problems.is_empty() => {}
                    Err(unread @ NoPlan::Unread(_)) => return Err(unread),
                }
            }
            Err(problem) => problems.push(problem),
        }
        if layered.shadow {
            validation.board.shadow();
        }
    }
    let plan = match Plan::decode(layered, &validation.hook.kinds) {
        Ok(plan) if problems.is_empty() => plan,
        Ok(_) => return Err(NoPlan::Broken(problems)),
        Err(found) => {
            problems.extend(found);
            return Err(NoPlan::Broken(problems));
        }
    };
    plan.at_url(validation.settings.target_url.as_ref()).map_err(NoPlan::Broken)
}

/// Reads a layer from Parameter Store: "not found" falls through to the next name, "denied" does not.
async fn parameter(
    validation: &Validation,
    deployment: &Deployment,
    layer: Layer,
    names: &[String],
    layered: &mut Layered,
) -> Result<(), NoPlan> {
    let mut missing = Vec::new();
    for name in names {
        // Like a parameter that is denied, a name that could not be asked for does not fall through: the next plan
        // may be a laxer one.
        let filled = fill_in(validation, deployment, name).await.map_err(|outcome| {
            let why = outcome.words();
            NoPlan::Unread(format!(
                "the names in `{name}`, the plan of {layer}, could not be asked for: {why}"
            ))
        })?;
        let name = match filled {
            Ok(name) => name,
            Err(unknown) => {
                missing.push(format!("`{name}` (`{unknown}` is not known from this event)"));
                continue;
            }
        };
        // The rest of the time is for the checks, and for saying why there was no plan.
        let within = validation.due.saturating_duration_since(Instant::now()).mul_f64(0.8);
        match aws::parameter(&validation.aws, &name, within).await {
            Ok(text) => {
                let at = format!("{} (ssm:{name})", layer.name());
                let keys = object(&text, &at).map_err(|problem| NoPlan::Broken(vec![problem]))?;
                layered.put(layer, keys);
                return Ok(());
            }
            Err(failure) if failure.cause == Cause::NotFound => missing.push(format!("`{name}`")),
            Err(failure) if failure.cause == Cause::Denied => {
                return Err(NoPlan::Broken(vec![Problem::new(layer.name(), failure.to_string())]));
            }
            Err(failure) => {
                return Err(NoPlan::Unread(format!("the plan of {layer} could not be read: {failure}")));
            }
        }
    }
    let problem = Problem::new(layer.name(), format!("no such parameter: {}", missing.join(", ")));
    Err(NoPlan::Broken(vec![problem.hint(
        "create one of them, or name another: `ssm:NAME|FALLBACK`; ECS and PAUSE events tell {cluster} and {service}",
    )]))
}

/// Puts the deployment's names into a parameter's name; the inner error is a placeholder that nothing tells.
async fn fill_in(
    validation: &Validation,
    deployment: &Deployment,
    name: &str,
) -> Fact<Result<String, String>> {
    let mut filled = name.to_owned();
    // The names of CodeDeploy stand in no event: the deployment is asked, for whoever wants them.
    if (filled.contains("{application}") || filled.contains("{deployment_group}"))
        && let Some((application, group)) = validation.group(deployment).await?
    {
        filled = filled.replace("{application}", &application).replace("{deployment_group}", &group);
    }
    if (filled.contains("{cluster}") || filled.contains("{service}"))
        && let Some((cluster, service)) = validation.service(deployment).await?
    {
        filled = filled.replace("{cluster}", &cluster).replace("{service}", &service);
    }
    Ok(match (filled.find('{'), filled.find('}')) {
        (Some(from), Some(to)) if from < to => Err(filled[from..=to].to_owned()),
        _ => Ok(filled),
    })
}
