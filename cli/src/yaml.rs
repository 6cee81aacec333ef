//! YAML that people give: bounded, and with the short tags of CloudFormation.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, json};
use serde_saphyr::Tagged;

/// Reads YAML. How deep it nests is bounded, and what its aliases may make.
pub(crate) fn read(text: &str) -> Result<Value, Box<serde_saphyr::Error>> {
    let options = serde_saphyr::options! {
        // Half of what fits the stack of a thread: what people write is not half as deep.
        budget: serde_saphyr::budget! { max_depth: 32 },
        // `yes` is a good value of a header, and an account may begin with a zero.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Tree>(text, options).map(|Tree(value)| value).map_err(Box::new)
}

/// A value in which `!Ref Name` is `{"Ref": "Name"}`.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Plain(value), tag) = Tagged::deserialize(deserializer)?;
        let Some(name) = tag.and_then(|tag| intrinsic(&tag)) else {
            return Ok(Self(value));
        };
        Ok(Self(match (&*name, &value) {
            // The long form has two arguments.
            ("Fn::GetAtt", Value::String(text)) => match text.split_once('.') {
                Some((resource, attribute)) => json!({name: [resource, attribute]}),
                None => json!({name: [text]}),
            },
            _ => json!({name: value}),
        }))
    }
}

/// What a short tag is in full. The tags of YAML itself are none.
fn intrinsic(tag: &str) -> Option<String> {
    match tag.strip_prefix('!')? {
        "" => None,
        name @ ("Ref" | "Condition") => Some(name.to_owned()),
        name if name.starts_with('!') => None,
        name => Some(format!("Fn::{name}")),
    }
}

struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parts).map(Self)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that JSON has, too")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // JSON has no infinity.
        Ok(Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((key, Tree(value))) = entries.next_entry::<String, Tree>()? {
            fields.insert(key, value);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_their_long_forms() {
        let value = read(
            "a: !Ref Name\nb: !GetAtt Fn.Arn\nc: !Sub\n  - '${x}'\n  - x: !Join ['', [!Ref A, b]]\n\
             d: !If [Test, yes, !Ref AWS::NoValue]\ne: !!str 5\nf: 012345678901\ng: {!Ref x : 1}\nh: !Equals [a, 1.5]",
        );
        assert_eq!(
            value.unwrap(),
            json!({
                "a": {"Ref": "Name"},
                "b": {"Fn::GetAtt": ["Fn", "Arn"]},
                "c": {"Fn::Sub": ["${x}", {"x": {"Fn::Join": ["", [{"Ref": "A"}, "b"]]}}]},
                "d": {"Fn::If": ["Test", "yes", {"Ref": "AWS::NoValue"}]},
                "e": "5",
                "f": "012345678901",
                "g": {"x": 1},
                "h": {"Fn::Equals": ["a", 1.5]},
            })
        );
    }
}
