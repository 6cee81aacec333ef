//! `greenlight validate PLAN`: every problem of a plan at once.

use std::process::ExitCode;

use greenlight::plan::{Plan, Problem};
use serde_json::{Map, Value, json};

use crate::{arguments::ValidateOptions, document, failure::Failure, hooks, output};

/// What Lambda gives all variables of a function together, in bytes.
const ENVIRONMENT_BYTES: usize = 4096;

pub(crate) fn run(options: &ValidateOptions) -> Result<ExitCode, Failure> {
    let keys = document::plan(&options.plan)?;
    let hook = match &options.hook {
        Some(hook) => hooks::find(hook)?,
        None => hooks::find(hooks::with_checks_of(&keys).first().copied().unwrap_or("test-traffic"))?,
    };
    let name = hook.name();
    let bytes = Value::Object(keys.clone()).to_string().len();
    match hook.plan(keys) {
        Ok(plan) => {
            if options.json {
                output::json(&json!({ "valid": true, "problems": [], "effective": effective(&plan) }))?;
            } else if options.effective {
                output::json(&effective(&plan))?;
            } else {
                output::data(&format!("{} is a valid plan for {}", options.plan.display(), name))?;
            }
            if bytes > ENVIRONMENT_BYTES * 3 / 4 {
                output::note(&format!(
                    "the plan takes {bytes} bytes, and Lambda gives all variables of a function {ENVIRONMENT_BYTES}: \
                     keep it in Parameter Store and set GREENLIGHT_PLAN=ssm:NAME"
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            if options.json {
                output::json(&json!({ "valid": false, "problems": problems }))?;
            } else {
                output::data(&listed(&problems))?;
            }
            let count = if problems.len() == 1 {
                "1 problem".to_owned()
            } else {
                format!("{} problems", problems.len())
            };
            Err(Failure::wrong(format!("the plan `{}` has {count}", options.plan.display())))
        }
    }
}

/// The effective plan, with the layer of each key.
fn effective(plan: &Plan) -> Value {
    let plan_keys = plan.effective();
    let keys =
        plan_keys.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let layers: Map<_, _> = keys
        .into_iter()
        .map(|key| {
            let layer = plan.origin(&key);
            (
                key,
                if layer == greenlight::plan::Layer::Defaults { "the hook's defaults" } else { "the plan" }
                    .into(),
            )
        })
        .collect();
    json!({ "plan": plan_keys, "layers": layers })
}

fn listed(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        let path = if problem.path.is_empty() { "the plan" } else { &problem.path };
        let hint = problem.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        format!("{path}: {}{hint}", problem.message)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
