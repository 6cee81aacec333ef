//! `--test-rule`: the conditions of a listener rule on one line.
//!
//! ```text
//! RULE      = CONDITION ("," CONDITION)*
//! CONDITION = "host="       VALUES      host-header
//!           | "path="       VALUES      path-pattern
//!           | "header:NAME=" VALUES     http-header
//!           | "query:KEY="  VALUES      query-string
//!           | "query="      VALUES      query-string without a key
//!           | "method="     VALUES      http-request-method
//!           | "source-ip="  VALUES      source-ip, CIDR blocks
//! VALUES    = VALUE ("|" VALUE)*
//! ```
//!
//! A backslash takes the meaning from the `,`, `|` or `\` after it. `*` and `?` are wildcards, as in a
//! rule. All conditions must hold, and one value of each, as in a rule.

use crate::rehearsal::aws::elb::Condition;

use super::problem::Problem;

const FLAG: &str = "--test-rule";

/// Reads the value of a `--test-rule`.
pub fn conditions(text: &str) -> Result<Vec<Condition>, Problem> {
    let conditions: Vec<_> = split(text, ',').iter().map(|it| condition(it)).collect::<Result<_, _>>()?;
    let values = conditions.iter().map(values).sum::<usize>();
    if values > 5 {
        let observed = format!("has {values} values");
        return Err(Problem::of_file(FLAG, observed, "5 or fewer, as AWS takes in one rule"));
    }
    Ok(conditions)
}

fn condition(text: &str) -> Result<Condition, Problem> {
    let form = |observed: String| {
        Problem::of_file(
            FLAG,
            observed,
            "host=…, path=…, header:NAME=…, query:KEY=…, method=… or source-ip=…, separated by commas",
        )
        .fix("for example `--test-rule 'host=green.example.com,header:x-stage=green|blue'`")
    };
    let (key, text_of_values) =
        text.split_once('=').ok_or_else(|| form(format!("has the condition `{text}`")))?;
    let values: Vec<String> = split(text_of_values, '|').iter().map(|value| unescaped(value)).collect();
    if values.iter().any(String::is_empty) {
        return Err(form(format!("has the condition `{text}` with an empty value")));
    }
    match key.trim().split_once(':').map_or((key.trim(), None), |(kind, name)| (kind, Some(name))) {
        ("host", None) => Ok(Condition::HostHeader(values)),
        ("path", None) => Ok(Condition::PathPattern(values)),
        ("header", Some(name)) if http::HeaderName::try_from(name).is_ok() => {
            Ok(Condition::HttpHeader(name.to_owned(), values))
        }
        ("query", name) if name != Some("") => {
            Ok(Condition::QueryString(values.into_iter().map(|value| (name.map(unescaped), value)).collect()))
        }
        ("method", None) => Ok(Condition::HttpRequestMethod(values)),
        ("source-ip", None) => Ok(Condition::SourceIp(values)),
        _ => Err(form(format!("has the condition `{text}`"))),
    }
}

fn values(condition: &Condition) -> usize {
    match condition {
        Condition::HostHeader(values)
        | Condition::HostHeaderRegex(values)
        | Condition::PathPattern(values)
        | Condition::PathPatternRegex(values)
        | Condition::HttpHeader(_, values)
        | Condition::HttpHeaderRegex(_, values)
        | Condition::HttpRequestMethod(values)
        | Condition::SourceIp(values) => values.len(),
        Condition::QueryString(pairs) => pairs.len(),
    }
}

/// Splits where no backslash stands before the separator.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, letter) in text.char_indices() {
        if letter == separator && !escaped {
            parts.push(&text[start..at]);
            start = at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn unescaped(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let mut plain = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let escape = letter == '\\' && letters.peek().is_some_and(|next| matches!(next, ',' | '|' | '\\'));
        plain.extend(if escape { letters.next() } else { Some(letter) });
    }
    plain
}

/// Reads the value of a `--health-check`: a path.
pub fn health_check(text: &str) -> Result<String, Problem> {
    if text.starts_with('/') && text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Problem::of_file("--health-check", format!("is `{text}`"), "a path that begins with `/`")
        .fix("for example `--health-check /ping`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn every_condition_has_a_form() {
        for (text, expected) in [
            ("host=a.example.com|*.b.com", Condition::HostHeader(texts(&["a.example.com", "*.b.com"]))),
            ("path=/ping*", Condition::PathPattern(texts(&["/ping*"]))),
            ("header:x-stage=green", Condition::HttpHeader("x-stage".into(), texts(&["green"]))),
            (r"header:x=a\,b\|c\\d\e", Condition::HttpHeader("x".into(), texts(&[r"a,b|c\d\e"]))),
            (
                "query:preview=yes|no",
                Condition::QueryString(vec![
                    (Some("preview".into()), "yes".into()),
                    (Some("preview".into()), "no".into()),
                ]),
            ),
            ("query=a=b", Condition::QueryString(vec![(None, "a=b".into())])),
            ("method=GET", Condition::HttpRequestMethod(texts(&["GET"]))),
            ("source-ip=10.0.0.0/8", Condition::SourceIp(texts(&["10.0.0.0/8"]))),
        ] {
            assert_eq!(conditions(text), Ok(vec![expected]), "{text}");
        }
        assert_eq!(conditions("host=a,path=/b").unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_condition_is_told_how_they_look() {
        for text in
            ["", "host", "host=", "host=a,", "port=80", "header=x", "header:=x", "header:a b=x", "host:x=y"]
        {
            let problem = conditions(text).unwrap_err();
            assert!(problem.to_string().contains("expected host=…, path=…"), "{problem}");
        }
        assert_eq!(
            conditions("host=a|b|c,path=d|e|f").unwrap_err().to_string(),
            "`--test-rule` has 6 values, expected 5 or fewer, as AWS takes in one rule"
        );
    }

    #[test]
    fn a_health_check_is_a_path() {
        assert_eq!(health_check("/ping?deep=1"), Ok("/ping?deep=1".to_owned()));
        for text in ["", "ping", "/a b", "http://x/"] {
            assert!(health_check(text).is_err(), "{text}");
        }
    }
}
