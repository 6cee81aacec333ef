//! The one place that asks: the facts of the deployment, and all values of all checks of the plan in one
//! `GetMetricData`.
//!
//! Checks run side by side; whoever comes first asks for everybody, and the others wait for it. A call
//! takes 500 queries, and its answer comes in pages.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric as Named, MetricDataQuery, MetricDataResult, MetricStat, StatusCode},
};
use greenlight::{Fact, Outcome, Scope, SkipCause, clock, deployment::Sides};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::{
    Metric, cloudwatch,
    place::{self, Found},
    query::{Query, Side, Statistic, What},
    window::{self, Known, Looked, Windows},
};

/// What is known of a deployment's metrics.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) windows: Windows,
    pub(crate) sides: Arc<Sides>,
    pub(crate) places: Vec<(String, Found)>,
    pub(crate) values: Values,
}

/// The answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(pub(crate) BTreeMap<Query, Series>);

/// The answer to one query: values by the beginnings of their periods.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) points: Vec<(Timestamp, f64)>,
    /// What CloudWatch says of it, where it is not complete.
    pub(crate) trouble: Option<String>,
    /// That it alone could not be asked for.
    pub(crate) refused: Option<Box<Outcome>>,
}

/// What the checks of a pass share.
#[derive(Debug, Default)]
struct Shared(OnceCell<Fact<Arc<Collected>>>);

/// Everything that the plan's checks need, asked for once a pass.
pub(crate) async fn collected(scope: &Scope) -> Fact<Arc<Collected>> {
    let shared = scope.shared::<Shared>();
    shared.0.get_or_init(|| Box::pin(collect(scope))).await.clone()
}

/// Which time is looked at here.
pub(crate) async fn looked(scope: &Scope) -> Fact<Looked> {
    let status = scope.deployment().status().await?;
    Ok(window::windows(&Known {
        stage: scope.stage(),
        shift: status.shift.as_ref(),
        requested: status.weights.production,
        named: scope.weight(),
        started_at: status.started_at,
        began: scope.began(),
        now: clock::now(),
    }))
}

async fn collect(scope: &Scope) -> Fact<Arc<Collected>> {
    let windows = match looked(scope).await? {
        Looked::At(windows) => windows,
        Looked::FirstStep(words) => return Err(Box::new(Outcome::skip(SkipCause::FirstStep, words))),
        Looked::TooEarly(words) => {
            let decided = Outcome::inconclusive(words.clone());
            return Err(Box::new(Outcome::pending(words).otherwise(decided)));
        }
        Looked::Unknown(why) => return Err(Box::new(Outcome::inconclusive(why))),
    };
    let sides = scope.deployment().sides().await?;
    let places = place::places(&sides);
    let mut collected = Collected { windows, sides, places, values: Values::default() };
    let mut queries: Vec<_> =
        scope.checks::<Metric>().iter().flat_map(|metric| metric.queries(&collected)).collect();
    queries.sort();
    queries.dedup();
    collected.values = ask(scope, &collected.windows, queries).await?;
    Ok(Arc::new(collected))
}

/// The most queries of one call; an expression takes one more for each of its metrics.
const MOST: usize = 500;

/// All values, in one call where it goes. An expression that CloudWatch refuses takes the whole call with it: then
/// each expression is asked for by itself, and answers for itself alone.
async fn ask(scope: &Scope, windows: &Windows, queries: Vec<Query>) -> Fact<Values> {
    // Blue's window begins in step with green's, so that the periods of both begin with the call's.
    let needs_blue = queries.iter().any(|query| query.side == Side::Blue);
    let start = if needs_blue { windows.blue.start.min(windows.green.start) } else { windows.green.start };
    let refused = match together(scope, windows, start, &queries).await {
        Ok(series) => return Ok(Values(queries.into_iter().zip(series).collect())),
        Err(refused) => refused,
    };
    let (expressions, metrics): (Vec<_>, Vec<_>) =
        queries.into_iter().partition(|query| matches!(query.what, What::Expression { .. }));
    if expressions.is_empty() || (metrics.is_empty() && expressions.len() == 1) {
        return Err(refused);
    }
    let series = together(scope, windows, start, &metrics).await?;
    let mut values: BTreeMap<_, _> = metrics.into_iter().zip(series).collect();
    for expression in expressions {
        let series = match together(scope, windows, start, std::slice::from_ref(&expression)).await {
            Ok(mut series) => series.pop().unwrap_or_default(),
            Err(refused) => Series { refused: Some(refused), ..Series::default() },
        };
        values.insert(expression, series);
    }
    Ok(Values(values))
}

async fn together(
    scope: &Scope,
    windows: &Windows,
    start: Timestamp,
    queries: &[Query],
) -> Fact<Vec<Series>> {
    let mut series: Vec<Series> = vec![Series::default(); queries.len()];
    let mut calls: Vec<Vec<MetricDataQuery>> = Vec::new();
    for (place, query) in queries.iter().enumerate() {
        let sent = sent(place, query, windows);
        match calls.last_mut().filter(|call| call.len() + sent.len() <= MOST) {
            Some(call) => call.extend(sent),
            None => calls.push(sent),
        }
    }
    let client = cloudwatch(scope).await;
    for call in calls {
        let mut token = None;
        loop {
            let call = client
                .get_metric_data()
                .set_metric_data_queries(Some(call.clone()))
                .start_time(DateTime::from_secs(start.as_second()))
                .end_time(DateTime::from_secs(windows.green.end.as_second()))
                .set_next_token(token);
            let answer = scope.aws().ask("cloudwatch:GetMetricData", "*", call.send()).await?;
            for result in answer.metric_data_results() {
                let place = result.id().and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
                if let Some(series) = place.and_then(|place| series.get_mut(place)) {
                    add(series, result);
                }
            }
            token = answer.next_token().filter(|token| !token.is_empty()).map(ToOwned::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
    Ok(series)
}

fn add(series: &mut Series, result: &MetricDataResult) {
    let times = result.timestamps().iter().filter_map(|at| Timestamp::from_second(at.secs()).ok());
    series.points.extend(times.zip(result.values().iter().copied()));
    series.trouble = match result.status_code() {
        None | Some(StatusCode::Complete) => None,
        Some(other) => {
            let words = result.messages().iter().filter_map(|message| message.value());
            Some(std::iter::once(other.as_str()).chain(words).collect::<Vec<_>>().join(": "))
        }
    };
}

/// A query as it is sent. The names of an expression's metrics are its own: they get a prefix.
fn sent(place: usize, query: &Query, windows: &Windows) -> Vec<MetricDataQuery> {
    let id = format!("q{place}");
    let period = i32::try_from(query.period(windows)).unwrap_or(i32::MAX);
    let stat = |statistic: &Statistic| {
        let dimensions = statistic
            .dimensions
            .iter()
            .map(|(name, value)| Dimension::builder().name(name).value(value).build());
        let metric = Named::builder()
            .namespace(&statistic.namespace)
            .metric_name(&statistic.name)
            .set_dimensions(Some(dimensions.collect()));
        MetricStat::builder().metric(metric.build()).period(period).stat(&statistic.stat).build()
    };
    match &query.what {
        What::Metric(statistic) => {
            vec![MetricDataQuery::builder().id(id).metric_stat(stat(statistic)).build()]
        }
        What::Expression { expression, of } => {
            let named = |name: &str| format!("{id}_{name}");
            let metrics = of.iter().map(|(name, statistic)| {
                MetricDataQuery::builder()
                    .id(named(name))
                    .metric_stat(stat(statistic))
                    .return_data(false)
                    .build()
            });
            let expression = renamed(expression, |name| of.contains_key(name).then(|| named(name)));
            let whole = MetricDataQuery::builder().id(&id).expression(expression).period(period).build();
            metrics.chain([whole]).collect()
        }
    }
}

/// An expression with other names, where there are such; what stands in quotes is no name.
fn renamed(expression: &str, rename: impl Fn(&str) -> Option<String>) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let (mut renamed, mut word, mut quote) = (String::new(), String::new(), None);
    let flush = |word: &mut String, renamed: &mut String| {
        renamed.push_str(&rename(word).unwrap_or_else(|| word.clone()));
        word.clear();
    };
    for letter in expression.chars() {
        if quote.is_none() && is_part(letter) {
            word.push(letter);
            continue;
        }
        flush(&mut word, &mut renamed);
        if matches!(letter, '\'' | '"') {
            quote = match quote {
                None => Some(letter),
                Some(open) if open == letter => None,
                open => open,
            };
        }
        renamed.push(letter);
    }
    flush(&mut word, &mut renamed);
    renamed
}

impl Values {
    /// The one value of a query for its whole window; none where there is no data.
    pub(crate) fn whole(&self, query: &Query, windows: &Windows) -> Fact<Option<f64>> {
        let Some(series) = self.0.get(query) else { return Ok(None) };
        if let Some(refused) = &series.refused {
            return Err(refused.clone());
        }
        let window = query.window(windows);
        if let Some(trouble) = &series.trouble {
            return Err(Box::new(Outcome::inconclusive(format!(
                "CloudWatch has no complete data: {trouble}"
            ))));
        }
        let within: Vec<_> =
            series.points.iter().filter(|(at, _)| (window.start..window.end).contains(at)).collect();
        match within[..] {
            [] => Ok(None),
            [(at, value)] if *at == window.start => Ok(Some(*value)),
            _ => Err(Box::new(Outcome::inconclusive(format!(
                "CloudWatch answered with {} periods where one was asked for, {window}",
                within.len()
            )))),
        }
    }

    /// The values of a query minute by minute, as far as there is data.
    pub(crate) fn minutes(&self, query: &Query, windows: &Windows) -> Vec<f64> {
        let window = query.window(windows);
        let within = |at: &Timestamp| (window.start..window.end).contains(at);
        let points = self.0.get(query).map(|series| series.points.as_slice()).unwrap_or_default();
        points.iter().filter(|(at, _)| within(at)).map(|(_, value)| *value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_expressions_get_a_prefix_and_nothing_else_does() {
        let rename = |name: &str| ["errors", "m1"].contains(&name).then(|| format!("q3_{name}"));
        for (expression, expected) in [
            ("errors/m1*100", "q3_errors/q3_m1*100"),
            ("FILL(m1, 0)", "FILL(q3_m1, 0)"),
            ("m10+m1", "m10+q3_m1"),
            ("SEARCH('{A,m1} m1', 'Sum', 60)+m1", "SEARCH('{A,m1} m1', 'Sum', 60)+q3_m1"),
            ("SELECT AVG(\"m1'\") FROM m1", "SELECT AVG(\"m1'\") FROM q3_m1"),
            ("", ""),
        ] {
            assert_eq!(renamed(expression, rename), expected);
        }
    }
}
