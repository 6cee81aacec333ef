//! The plan of one invocation: its layers, read where they are kept, merged and decoded.

use super::validation::Validation;
use crate::{
    aws::Cause,
    plan::{Layer, Layered, Plan, Problem, Source, layers::object},
    secrets, settings,
};

/// Why there is no plan.
pub(super) enum NoPlan {
    /// It is wrong, and stays so.
    Broken(Vec<Problem>),
    /// It could not be read this time.
    Unread(String),
}

/// The plan: the layers, read where they are kept, merged and decoded.
pub(super) async fn plan(validation: &Validation) -> Result<Plan, NoPlan> {
    let details = Source::from_hook_details(&validation.invocation.hook_details);
    let sources = [(Layer::Environment, Ok(validation.settings.plan.clone())), (Layer::Event, details)];
    let mut layered = validation.hook.layered();
    let mut problems = validation.settings.problems.clone();
    for (layer, source) in sources {
        match source {
            Ok(Source::None) => {}
            Ok(Source::Inline(keys)) => layered.put(layer, keys),
            Ok(Source::Parameter(names)) => match parameter(validation, layer, &names, &mut layered).await {
                Ok(()) => {}
                Err(NoPlan::Broken(found)) => problems.extend(found),
                Err(unread @ NoPlan::Unread(_)) => return Err(unread),
            },
            Err(problem) => problems.push(problem),
        }
        if layered.shadow {
            validation.board.shadow();
        }
    }
    let mut plan = match Plan::decode(layered, &validation.hook.kinds) {
        Ok(plan) if problems.is_empty() => plan,
        Ok(_) => return Err(NoPlan::Broken(problems)),
        Err(found) => {
            problems.extend(found);
            return Err(NoPlan::Broken(problems));
        }
    };
    if plan.target.url.is_none() {
        plan.target.url.clone_from(&validation.settings.target_url);
    }
    Ok(plan)
}

/// Reads a layer from Parameter Store: "not found" falls through to the next name, "denied" does not.
async fn parameter(
    validation: &Validation,
    layer: Layer,
    names: &[String],
    layered: &mut Layered,
) -> Result<(), NoPlan> {
    let mut missing = Vec::new();
    for name in names {
        let name = fill_in(validation, layer, name).map_err(|problem| NoPlan::Broken(vec![problem]))?;
        match secrets::parameter(&validation.aws, &name).await {
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
    Err(NoPlan::Broken(vec![problem.hint("create one of them, or name another: `ssm:NAME|FALLBACK`")]))
}

/// Puts the deployment's names into a parameter's name.
fn fill_in(validation: &Validation, layer: Layer, name: &str) -> Result<String, Problem> {
    let service = validation.invocation.service.as_ref();
    let known = [
        ("{cluster}", service.map(|service| &service.cluster)),
        ("{service}", service.map(|service| &service.name)),
    ];
    let mut filled = name.to_owned();
    for (placeholder, value) in known {
        if let Some(value) = value {
            filled = filled.replace(placeholder, value);
        }
    }
    match filled.find('{') {
        None => Ok(filled),
        Some(at) => Err(Problem::new(
            layer.name(),
            format!("`{}` in `ssm:{name}` is not known from this event", &filled[at..]),
        )
        .hint(format!(
            "an ECS or PAUSE event tells {{cluster}} and {{service}}; set {} to a full name",
            settings::PLAN
        ))),
    }
}
