//! What an `aws_lambda_function` sets for itself.

use serde_json::Value;

use super::super::functions::{self, Environment};
use super::plan::{Plan, list};

/// What the provider plans where nobody says: Lambda's own default, which says nothing of its owner's.
const DEFAULT_TIMEOUT: u64 = 3;

impl Plan<'_> {
    /// What the plan sets for a function, by its ARN, its name or its address.
    pub(super) fn environment(&self, function: &str) -> Option<Environment> {
        let name = functions::name(function);
        let resource = self.find("aws_lambda_function", |it| {
            let named = it.values.get("function_name").and_then(Value::as_str);
            it.address == function || named.is_some_and(|named| named == name)
        })?;
        let mut environment = Environment::default();
        let later = self.after_apply(&resource.address);
        environment.unknown = later.get("environment") == Some(&Value::Bool(true));
        for values in [resource.values, later] {
            for block in list(values, "environment") {
                environment.add(match block.get("variables") {
                    // Nothing of it is left to be known.
                    Some(Value::Bool(false)) | None => &Value::Null,
                    Some(variables) => variables,
                });
            }
        }
        let timeout = resource.values.get("timeout").filter(|it| it.as_u64() != Some(DEFAULT_TIMEOUT));
        environment.timeout = timeout
            .filter(|it| !it.is_null())
            .map(|timeout| timeout.as_str().map_or_else(|| timeout.to_string(), str::to_owned));
        Some(environment)
    }
}
