//! Long lists come in pages, whose tokens every service names in its own way.

use serde_json::Value;

/// The names of a token in an answer and in the next call.
const TOKENS: [(&str, &str); 4] = [
    ("nextToken", "nextToken"),
    ("NextToken", "NextToken"),
    // Elastic Load Balancing and Lambda.
    ("NextMarker", "Marker"),
    // IAM, which sends it only where `IsTruncated` is true.
    ("Marker", "Marker"),
];

/// The input that asks for the page after this one; none where it was the last.
pub(in crate::aws) fn follow(input: &Value, page: &Value, is_ec2: bool) -> Option<Value> {
    let (mut name, token) = TOKENS.iter().find_map(|(out, back)| {
        let token = page[*out].as_str().filter(|token| !token.is_empty())?;
        Some((*back, token))
    })?;
    if is_ec2 {
        // Its members start with a small letter only in answers.
        name = "NextToken";
    }
    let mut input = input.as_object().cloned().unwrap_or_default();
    input.insert(name.to_owned(), token.into());
    Some(Value::Object(input))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_services_token_leads_on() {
        let asked = json!({"a": 1});
        for (page, is_ec2, expected) in [
            (json!({"nextToken": "x"}), false, Some(json!({"a": 1, "nextToken": "x"}))),
            (json!({"nextToken": "x"}), true, Some(json!({"a": 1, "NextToken": "x"}))),
            (json!({"NextToken": "x"}), false, Some(json!({"a": 1, "NextToken": "x"}))),
            (json!({"NextMarker": "x"}), false, Some(json!({"a": 1, "Marker": "x"}))),
            (json!({"Marker": "x", "IsTruncated": "true"}), false, Some(json!({"a": 1, "Marker": "x"}))),
            (json!({"nextToken": ""}), false, None),
            (json!({"nextToken": null, "things": []}), false, None),
            (json!({}), false, None),
        ] {
            assert_eq!(follow(&asked, &page, is_ec2), expected, "{page}");
        }
        assert_eq!(follow(&Value::Null, &json!({"NextToken": "x"}), false), Some(json!({"NextToken": "x"})));
    }
}
