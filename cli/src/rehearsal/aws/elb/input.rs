//! What the calls of this service have in common: how they name things, and pages.

use serde_json::Value;

use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::text;
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

/// The largest page, and the usual one.
const PAGE: usize = 400;

pub(super) fn validation_error(message: impl Into<std::borrow::Cow<'static, str>>) -> AwsError {
    AwsError::client("ValidationError", message)
}

/// A text of the input that is there.
pub(super) fn given<'input>(input: &'input Value, key: &str) -> Option<&'input str> {
    Some(text(input, key)).filter(|text| !text.is_empty())
}

/// The texts of a list of the input.
pub(super) fn texts<'input>(input: &'input Value, key: &str) -> Vec<&'input str> {
    input[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Refuses what is no ARN of the kind, e.g. `listener` for `arn:…:listener/…`.
pub(super) fn expect_arn(arn: &str, kind: &str, words: &str) -> Result<(), AwsError> {
    let resource = arn.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
    if resource.and_then(|resource| resource.strip_prefix(kind)).is_some_and(|rest| rest.starts_with('/')) {
        Ok(())
    } else {
        Err(validation_error(format!("'{arn}' is not a valid {words} ARN")))
    }
}

/// The page that an input asks for.
pub(super) fn page(world: &World, list: &'static str, input: &Value) -> Result<Page, AwsError> {
    let size = match given(input, "PageSize") {
        None => PAGE,
        Some(asked) => {
            let size: usize = asked.parse().map_err(|_| {
                AwsError::client("MalformedInput", format!("PageSize '{asked}' is not an integer"))
            })?;
            let refused = |bound: &str| {
                validation_error(format!(
                    "1 validation error detected: Value '{size}' at 'pageSize' failed to satisfy constraint: Member \
                     must have value {bound}"
                ))
            };
            match size {
                0 => return Err(refused("greater than or equal to 1")),
                1..=PAGE => size,
                _ => return Err(refused("less than or equal to 400")),
            }
        }
    };
    Page::of(world, list, given(input, "Marker"), size)
        .ok_or_else(|| validation_error(format!("The marker '{}' is not valid", text(input, "Marker"))))
}

/// Describing needs a permission that no resource can be named in, and denials name none.
pub(super) fn no_resource(_: &World, _: &Value) -> String {
    String::new()
}
