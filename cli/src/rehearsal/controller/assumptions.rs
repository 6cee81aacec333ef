//! What is played where AWS's behaviour is not known. The defaults are what AWS documents, or, where it
//! documents nothing, what people have seen.

use serde_json::{Map, Value};

/// What is taken for AWS's behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// What becomes of `hookDetails` that a hook returns with `IN_PROGRESS`.
    pub hook_details: HookDetails,
    /// When hooks of the two SHIFT stages are called.
    pub shift_hooks: ShiftHooks,
    /// Which hooks a rollback calls.
    pub rollback_hooks: RollbackHooks,
}

/// What becomes of `hookDetails` that a hook returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookDetails {
    /// They are merged into the configured ones, key by key: what the hooks' page says.
    #[default]
    Merge,
    /// They take the place of the configured ones: what AWS's own sample had to work around in 2025.
    Replace,
}

/// When hooks of `TEST_TRAFFIC_SHIFT` and `PRODUCTION_TRAFFIC_SHIFT` are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShiftHooks {
    /// Before traffic shifts, as AWS's guide for those who come from CodeDeploy maps them.
    #[default]
    Before,
    /// After it has.
    After,
}

/// Which hooks of the two SHIFT stages a rollback calls again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RollbackHooks {
    /// Both stages', whatever the deployment had reached: what people have seen.
    #[default]
    Always,
    /// Those of stages that the deployment had reached.
    Reached,
}

impl HookDetails {
    /// What the next event carries when this was carried and that was returned.
    pub(super) fn next(self, carried: Option<Value>, returned: Option<Value>) -> Option<Value> {
        match (self, carried, returned) {
            // Without details in the answer nothing changes.
            (_, carried, None) => carried,
            (Self::Merge, Some(Value::Object(carried)), Some(Value::Object(returned))) => {
                Some(Value::Object(carried.into_iter().chain(returned).collect::<Map<_, _>>()))
            }
            (Self::Merge | Self::Replace, _, returned) => returned,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_merged_or_replaced() {
        let configured = Some(json!({"plan": 1, "kept": true}));
        let returned = Some(json!({"plan": 2}));
        let cases = [
            (HookDetails::Merge, &configured, &returned, Some(json!({"plan": 2, "kept": true}))),
            (HookDetails::Replace, &configured, &returned, Some(json!({"plan": 2}))),
            (HookDetails::Merge, &configured, &None, configured.clone()),
            (HookDetails::Replace, &configured, &None, configured.clone()),
            (HookDetails::Merge, &Some(json!("text")), &returned, Some(json!({"plan": 2}))),
            (HookDetails::Merge, &None, &returned, Some(json!({"plan": 2}))),
        ];
        for (rule, carried, returned, expected) in cases {
            assert_eq!(rule.next(carried.clone(), returned.clone()), expected, "{rule:?}");
        }
    }
}
