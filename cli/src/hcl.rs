//! Terraform's language, as `terraform fmt` writes it.

use serde_json::Value;

/// Attributes at a depth: neighbours of one line have their values in one column.
pub(crate) fn aligned(depth: usize, attributes: &[(&str, String)]) -> String {
    let is_short = |(_, value): &(&str, String)| !value.contains('\n');
    let mut lines = Vec::new();
    for group in attributes.chunk_by(|one, other| is_short(one) && is_short(other)) {
        let width = group.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        lines.extend(group.iter().map(|(name, value)| format!("{:depth$}{name:<width$} = {value}", "")));
    }
    lines.join("\n")
}

/// A list of texts whose attribute stands at a depth: one on the same line, more on a line each.
pub(crate) fn list(depth: usize, values: &[String]) -> String {
    match values {
        [one] => format!("[{}]", quoted(one)),
        many => {
            let quoted: Vec<_> =
                many.iter().map(|value| format!("{:depth$}  {},", "", quoted(value))).collect();
            format!("[\n{}\n{:depth$}]", quoted.join("\n"), "")
        }
    }
}

/// A text, in which `${` and `%{` begin something else.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}
