//! The conditions of a statement.
//!
//! All conditions of a statement must hold; of the values of one condition, one must fit, and of an operator that
//! negates, none. A key whose value is not known fits nothing: then an operator that negates holds.

use std::collections::BTreeMap;

use greenlight::plan::decode::suggest;

use super::{
    Many,
    pattern::{matches, matches_arn},
};

/// The values of condition keys.
type Context = BTreeMap<String, Vec<String>>;

/// A condition: an operator, a key and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    compare: Compare,
    negated: bool,
    if_exists: bool,
    /// Whether every value of the request must fit, not just one.
    all_values: bool,
    /// In lower case, as keys are compared.
    key: String,
    /// As it is written.
    name: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Equals,
    EqualsIgnoringCase,
    Like,
    Arn,
    Bool,
    /// Whether the key is known.
    Null,
}

/// Every operator that is known, without `IfExists` and what may stand before it.
const OPERATORS: [(&str, Compare, bool); 13] = [
    ("StringEquals", Compare::Equals, false),
    ("StringNotEquals", Compare::Equals, true),
    ("StringEqualsIgnoreCase", Compare::EqualsIgnoringCase, false),
    ("StringNotEqualsIgnoreCase", Compare::EqualsIgnoringCase, true),
    ("StringLike", Compare::Like, false),
    ("StringNotLike", Compare::Like, true),
    // The two are the same, says the user guide: both know wildcards.
    ("ArnEquals", Compare::Arn, false),
    ("ArnLike", Compare::Arn, false),
    ("ArnNotEquals", Compare::Arn, true),
    ("ArnNotLike", Compare::Arn, true),
    ("Bool", Compare::Bool, false),
    ("NumericEquals", Compare::Equals, false),
    ("Null", Compare::Null, false),
];

/// Reads the element `Condition`.
pub(super) fn conditions(
    written: BTreeMap<String, BTreeMap<String, Many>>,
) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    for (operator, keys) in written {
        let (all_values, bare) = match operator.split_once(':') {
            Some(("ForAllValues", bare)) => (true, bare),
            Some(("ForAnyValue", bare)) => (false, bare),
            _ => (false, &*operator),
        };
        let (bare, if_exists) = bare.strip_suffix("IfExists").map_or((bare, false), |bare| (bare, true));
        let Some((_, compare, negated)) = OPERATORS.into_iter().find(|(name, ..)| *name == bare) else {
            let known: Vec<_> = OPERATORS.iter().map(|(name, ..)| *name).collect();
            return Err(format!("the operator `{operator}` is not known here; {}", suggest(bare, &known)));
        };
        for (name, Many(values)) in keys {
            if let Some(value) = values.iter().find(|value| value.contains("${")) {
                return Err(format!("`{value}` holds a policy variable, and those are not known here"));
            }
            let key = name.to_ascii_lowercase();
            conditions.push(Condition { compare, negated, if_exists, all_values, key, name, values });
        }
    }
    Ok(conditions)
}

impl Condition {
    pub(super) fn holds(&self, context: &Context) -> bool {
        let known = context.get(&self.key).filter(|values| !values.is_empty());
        if self.compare == Compare::Null {
            return self.values.iter().any(|value| (value == "true") == known.is_none());
        }
        let Some(known) = known else { return self.negated || self.if_exists || self.all_values };
        let fits = |value: &String| self.values.iter().any(|wanted| self.fits(wanted, value));
        if self.all_values {
            known.iter().all(|value| fits(value) != self.negated)
        } else {
            known.iter().any(fits) != self.negated
        }
    }

    /// The key, where its value decides and is not known.
    pub(super) fn unknown(&self, context: &Context) -> Option<String> {
        let known = self.compare == Compare::Null || context.contains_key(&self.key);
        (!known).then(|| self.name.clone())
    }

    fn fits(&self, wanted: &str, value: &str) -> bool {
        match self.compare {
            Compare::Equals => wanted == value,
            Compare::EqualsIgnoringCase | Compare::Bool => wanted.eq_ignore_ascii_case(value),
            Compare::Like => matches(wanted, value),
            Compare::Arn => matches_arn(wanted, value),
            Compare::Null => false,
        }
    }
}
