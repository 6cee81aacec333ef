//! An input in JSON as the form that AWS Query and EC2 take.
//!
//! A member of a structure is `Outer.Inner`; an entry of a list is `Names.member.1`, in EC2 `Name.1`.
//!
//! Source: Smithy 2.0, *AWS Query protocol* and *AWS EC2 Query protocol*.

use serde_json::Value;
use url::form_urlencoded::Serializer;

/// How the entries of a list are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// `Names.member.1`, and an empty list is an empty value.
    Member,
    /// `Name.1`, and an empty list is none.
    Plain,
}

/// The body of a call.
pub(super) fn encode(operation: &str, version: &str, input: &Value, lists: Lists) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", version);
    flatten(input, "", lists, &mut |name, value| {
        form.append_pair(name, value);
    });
    form.finish()
}

fn flatten(value: &Value, name: &str, lists: Lists, append: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Null => {}
        Value::Bool(true) => append(name, "true"),
        Value::Bool(false) => append(name, "false"),
        Value::Number(number) => append(name, &number.to_string()),
        Value::String(text) => append(name, text),
        Value::Array(entries) if entries.is_empty() => {
            if lists == Lists::Member {
                append(name, "");
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                let place = index + 1;
                let name = match lists {
                    Lists::Member => format!("{name}.member.{place}"),
                    Lists::Plain => format!("{name}.{place}"),
                };
                flatten(entry, &name, lists, append);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                flatten(member, &name, lists, append);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pairs(input: &Value, lists: Lists) -> Vec<String> {
        let mut pairs = Vec::new();
        flatten(input, "", lists, &mut |name, value| pairs.push(format!("{name}={value}")));
        pairs.sort();
        pairs
    }

    #[test]
    fn inputs_become_names_and_values() {
        let input = json!({
            "RuleArns": ["a", "b"], "PageSize": 10, "Marker": null, "Names": [],
            "Targets": [{"Id": "10.0.0.1", "Port": 80, "Draining": false}],
        });
        let expected = [
            "Names=",
            "PageSize=10",
            "RuleArns.member.1=a",
            "RuleArns.member.2=b",
            "Targets.member.1.Draining=false",
            "Targets.member.1.Id=10.0.0.1",
            "Targets.member.1.Port=80",
        ];
        assert_eq!(pairs(&input, Lists::Member), expected);
        let input = json!({"Filter": [{"Name": "vpc-id", "Value": ["vpc-1", "vpc-2"]}], "SubnetId": [], "DryRun": true});
        let expected =
            ["DryRun=true", "Filter.1.Name=vpc-id", "Filter.1.Value.1=vpc-1", "Filter.1.Value.2=vpc-2"];
        assert_eq!(pairs(&input, Lists::Plain), expected);
    }

    #[test]
    fn a_form_names_its_operation_and_is_encoded() {
        let form = encode("GetRole", "2010-05-08", &json!({"RoleName": "a b&c"}), Lists::Member);
        assert_eq!(form, "Action=GetRole&Version=2010-05-08&RoleName=a+b%26c");
    }
}
