//! The result for people.

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use greenlight::AwsCall;
use serde_json::Value;

use super::{process::Prepared, result::Result};
use crate::{arguments::InvokeOptions, trace};

/// As many of the last lines of the hook's log are shown.
const MAX_LOG_LINES: usize = 20;

/// Everything, top down: what was asked, the verdict, what AWS received, the evidence.
pub(crate) fn text(options: &InvokeOptions, prepared: &Prepared, result: &Result) -> String {
    let mut lines = vec![
        prepared.world.line(),
        format!("event    {}", options.event.display()),
        format!("hook     {} ({}), timeout {}", options.hook, prepared.program, options.timeout),
    ];
    lines.extend(prepared.settings.iter().map(|(name, value)| format!("setting  {name}={value}")));
    lines.extend(prepared.notes.iter().map(|note| format!("note     {note}")));
    lines.push(String::new());
    lines.push(format!("{}  {}", result.word(), result.reason()));
    lines.push(String::new());
    if let Some(answer) = &result.answer {
        lines.push(format!("answer   {answer}"));
    }
    if let Some(report) = &result.report {
        lines.push(format!(
            "report   {} received {} of {}: {} (attempt {})",
            report.service, report.operation, report.subject, report.answer, report.attempt
        ));
    }
    lines.push(format!("so       {}", result.consequence()));
    if let Some(evidence) = &result.evidence {
        lines.push(String::new());
        lines.extend(deployment(evidence));
        lines.extend(checks(evidence));
        if options.trace {
            let calls =
                serde_json::from_value::<Vec<AwsCall>>(evidence["aws_calls"].clone()).unwrap_or_default();
            lines.push(trace::text(&calls));
        }
        lines.extend(texts(evidence, "warnings").map(|warning| format!("warning  {warning}")));
    }
    lines.extend(result.failures.iter().map(|failure| format!("failure  {failure}")));
    let skipped = result.log.len().saturating_sub(MAX_LOG_LINES);
    if skipped > 0 {
        lines.push(format!("log      … {skipped} lines before these (`--json` has them)"));
    }
    lines.extend(result.log.iter().skip(skipped).map(|line| format!("log      {line}")));
    lines.push(String::new());
    let cold = result
        .initialization_ms
        .map(|took| format!(", first event asked after {took} ms"))
        .unwrap_or_default();
    let times = if result.invocations == 1 {
        "1 invocation".to_owned()
    } else {
        format!("{} invocations", result.invocations)
    };
    lines.push(format!("took     {} ms in {times}{cold}", result.duration_ms));
    lines.join("\n")
}

fn deployment(evidence: &Value) -> Option<String> {
    let text = |key: &str| evidence[key].as_str();
    // The ARN of a deployment of ECS names the service itself.
    let service = match (text("service"), text("deployment")) {
        (Some(service), Some(id)) if !id.starts_with("arn:") => format!("{id} of {service}"),
        (service, id) => service.or(id)?.to_owned(),
    };
    let stage = text("stage").unwrap_or("an unknown stage");
    let step = text("step").map(|step| format!(" at {step} %")).unwrap_or_default();
    Some(format!(
        "deployment  {service}, {stage}{step}, {} ({})",
        text("situation").unwrap_or("update"),
        text("situation_because").unwrap_or_default()
    ))
}

fn checks(evidence: &Value) -> Option<String> {
    let checks = evidence["checks"].as_array().filter(|checks| !checks.is_empty())?;
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["check", "outcome", "observed", "expected", "took"]);
    table.set_width(120);
    for check in checks {
        let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
        let advisory = if check["advisory"] == true { " (advisory)" } else { "" };
        table.add_row([
            text("name"),
            format!("{}{advisory}", text("outcome")),
            [text("observed"), text("hint")]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("\n"),
            text("expected"),
            format!("{} ms", check["duration_ms"]),
        ]);
    }
    Some(table.to_string())
}

fn texts<'a>(evidence: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    evidence[key].as_array().into_iter().flatten().filter_map(Value::as_str)
}
