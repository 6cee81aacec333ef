//! `GetMetricData`: values of several metrics over one window.
//!
//! Periods are counted from the start of the window, rounded down to the minute. Of metric math and
//! Metrics Insights nothing is computed here: an expression is refused, never guessed.
//!
//! Source: API reference of CloudWatch, `GetMetricData`; that periods begin with the window:
//! <https://github.com/boto/boto3/issues/3457>. Messages for what is missing are guesses.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::statistic::Statistic;
use super::{Metric, SERVICE};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode};
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

/// `GetMetricData`.
pub static GET_METRIC_DATA: Operation = Operation {
    service: &SERVICE,
    name: "GetMetricData",
    action: "GetMetricData",
    // It has no permissions on resources.
    resource: |_, _| String::new(),
    run: get_metric_data,
};

/// The most queries of a call, and the most data points of an answer.
const MOST_QUERIES: usize = 500;
const MOST_DATAPOINTS: usize = 100_800;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetMetricData {
    metric_data_queries: Option<Vec<MetricDataQuery>>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    next_token: Option<String>,
    scan_by: Option<String>,
    max_datapoints: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataQuery {
    id: String,
    metric_stat: Option<MetricStat>,
    expression: Option<String>,
    label: Option<String>,
    return_data: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Named,
    period: u64,
    stat: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

/// The answer to one query.
struct Series {
    id: String,
    label: String,
    points: Vec<(Timestamp, f64)>,
}

fn get_metric_data(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: GetMetricData = decode(input)?;
    let required = |name: &str| invalid(format!("The parameter {name} is required."));
    let queries = asked.metric_data_queries.ok_or_else(|| required("MetricDataQueries"))?;
    if queries.len() > MOST_QUERIES {
        return Err(invalid(
            "The collection MetricDataQueries must not have a size greater than 500.".to_owned(),
        ));
    }
    let start = minute(asked.start_time.ok_or_else(|| required("StartTime"))?)?;
    let end = minute(asked.end_time.ok_or_else(|| required("EndTime"))?)?;
    if start >= end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime.".to_owned()));
    }
    let ascending = asked.scan_by.as_deref() == Some("TimestampAscending");
    let mut all = Vec::new();
    for query in queries {
        let returned = query.return_data != Some(false);
        let mut series = series(&world.cloudwatch.metrics, query, start, end)?;
        if !ascending {
            series.points.reverse();
        }
        if returned {
            all.push(series);
        }
    }
    let size = asked.max_datapoints.unwrap_or(MOST_DATAPOINTS).min(MOST_DATAPOINTS);
    let page = Page::of(world, GET_METRIC_DATA.name, asked.next_token.as_deref(), size)
        .ok_or_else(|| AwsError::client("InvalidNextToken", "The next token specified is invalid."))?;
    Ok(paged(&all, page, asked.next_token.is_none()))
}

fn invalid(message: String) -> AwsError {
    AwsError::client("ValidationError", message)
}

/// A time of the input, rounded down to the minute.
fn minute(seconds: f64) -> Result<Timestamp, AwsError> {
    #[expect(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest time")]
    Timestamp::from_second((seconds / 60.0).floor() as i64 * 60)
        .map_err(|_| invalid("a time is out of range".to_owned()))
}

fn series(
    known: &[Metric],
    query: MetricDataQuery,
    start: Timestamp,
    end: Timestamp,
) -> Result<Series, AwsError> {
    let MetricDataQuery { id, metric_stat, expression, label, .. } = query;
    if !id.starts_with(|first: char| first.is_ascii_lowercase())
        || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(invalid(format!(
            "The value {id} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$"
        )));
    }
    let stat = match (metric_stat, expression) {
        (Some(stat), None) => stat,
        (None, Some(expression)) => {
            return Err(invalid(format!(
                "Error in expression '{id}': the local endpoint computes no expressions: {expression}"
            )));
        }
        _ => return Err(invalid(format!("The query {id} must have either MetricStat or Expression."))),
    };
    if !(matches!(stat.period, 1 | 5 | 10 | 20 | 30) || (stat.period > 0 && stat.period.is_multiple_of(60))) {
        return Err(invalid(format!(
            "Period {} of the query {id} must be 1, 5, 10, 20, 30 or a multiple of 60",
            stat.period
        )));
    }
    let Some(statistic) = Statistic::parse(&stat.stat) else {
        return Err(invalid(format!("The local endpoint does not compute the statistic {}", stat.stat)));
    };
    let dimensions: BTreeMap<_, _> =
        stat.metric.dimensions.into_iter().map(|dimension| (dimension.name, dimension.value)).collect();
    let metric = known.iter().find(|metric| {
        metric.namespace == stat.metric.namespace
            && metric.metric_name == stat.metric.metric_name
            && metric.dimensions == dimensions
    });
    let mut periods: BTreeMap<Timestamp, Vec<(f64, f64)>> = BTreeMap::new();
    let within = |at: Timestamp| at >= start && at < end;
    for datapoint in metric.iter().flat_map(|metric| &metric.datapoints).filter(|one| within(one.timestamp)) {
        let since = Duration::try_from(datapoint.timestamp.duration_since(start)).unwrap_or_default();
        let passed = since.as_secs() / stat.period * stat.period;
        let began = start.checked_add(Duration::from_secs(passed)).unwrap_or(start);
        periods.entry(began).or_default().extend(datapoint.recorded());
    }
    let points =
        periods.into_iter().filter_map(|(began, recorded)| Some((began, statistic.of(recorded)?))).collect();
    Ok(Series { id, label: label.unwrap_or(stat.metric.metric_name), points })
}

/// A page of data points; those of one query may go on with the next page.
fn paged(all: &[Series], page: Page, is_first: bool) -> Value {
    let flat = all
        .iter()
        .enumerate()
        .flat_map(|(place, series)| series.points.iter().map(move |point| (place, *point)));
    let (entries, next) = page.take(flat);
    let mut results = Vec::new();
    for (place, series) in all.iter().enumerate() {
        let points: Vec<_> = entries.iter().filter(|(of, _)| *of == place).map(|(_, point)| *point).collect();
        if points.is_empty() && !(is_first && series.points.is_empty()) {
            continue;
        }
        let is_last = points.last() == series.points.last();
        let seconds = |at: Timestamp| at.as_duration().as_secs_f64();
        results.push(json!({
            "Id": series.id,
            "Label": series.label,
            "Timestamps": points.iter().map(|(at, _)| seconds(*at)).collect::<Vec<_>>(),
            "Values": points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            "StatusCode": if is_last { "Complete" } else { "PartialData" },
        }));
    }
    let mut answer = json!({"MetricDataResults": results, "Messages": []});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    answer
}
