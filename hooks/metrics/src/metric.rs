//! The check `metric`: a metric of green, held against bounds and against blue.
//!
//! # What it checks
//! What CloudWatch tells of green's target group (or of any metric, or of an expression of metric math) since
//! the last weight change, less the newest incomplete minute, against `max` and `min`, and against blue's by
//! `over_blue`. All bounds that are given must hold.
//!
//! | stage | green | blue |
//! |---|---|---|
//! | `PRE_PRODUCTION_TRAFFIC_SHIFT`, `PRODUCTION_TRAFFIC_SHIFT` | since the step before began | the same time |
//! | `POST_PRODUCTION_TRAFFIC_SHIFT` | since it got everything | before the shift |
//!
//! ECS tells no time of a weight change: the step before began at least its bake time before this stage did,
//! and green has had everything since this stage began. CodeDeploy tells when its `AllowTraffic` ended.
//! At the first step there is nothing to judge yet.
//!
//! `error_rate` is target 5xx and target connection errors over requests: a green that refuses connections
//! shows few 5xx. No requests are no evidence. A green that hangs, or hangs up, shows neither: its requests are
//! answered by the load balancer, which counts that for itself and not for a target group. So are those whose
//! client left. They are what is left of `RequestCount` without the answers of targets, as are those whose metrics
//! CloudWatch does not have yet: where the bounds hold only if all of them went well, and they are more than 1 %
//! (some straddle a minute), nothing can be told (`unanswered`).
//! Percentiles are asked for over the whole window, never averaged. An Application Load Balancer counts all
//! requests of a target group alike: those that the hook `test-traffic` sends at the same stages, through the
//! test route or after the shift, are among them.
//!
//! # Fails when
//! `max` or `min` does not hold; an error rate below `min_requests` only if so many errors are no chance at `max` (at
//! 1 %); `min` of `requests` once patience is over. Against blue, when the difference exceeds the bound and noise: for
//! percentage points by a test of two proportions on the counts (one-sided, at 1 %), for response times when
//! more than `failure_limit` single minutes are above the bound, too.
//!
//! # Inconclusive when
//! Below `min_requests`, without data of green or of blue, with too many requests that no target answered, once
//! patience is over (until then it is pending);
//! a call was denied or failed; it is not known which step is judged.
//!
//! # Skipped when
//! It is the first step (`first_step`), there is no blue to compare with and no other bound (`create`), the
//! service has no load balancer, or a Network Load Balancer, which counts no requests (`not_configured`), or there
//! were too few requests and `below_min_requests` is `advisory` (`few_requests`).
//!
//! # IAM it needs
//! On ECS: `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `cloudwatch:GetMetricData`.
//! On CodeDeploy: `codedeploy:GetDeployment`, `codedeploy:ListDeploymentTargets`,
//! `codedeploy:GetDeploymentTarget`, `codedeploy:GetDeploymentGroup`,
//! `elasticloadbalancing:DescribeTargetGroups`, `ecs:DescribeTaskSets`, `cloudwatch:GetMetricData`.
//!
//! # Example
//! ```json
//! { "metric": { "of": "response_time", "statistic": "p99", "max": "800ms", "over_blue": "1.3x",
//!               "ignore_below": "50ms", "min_requests": 500 } }
//! ```

use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Kind, Outcome, Scope, SkipCause, clock,
    deployment::Asks,
    plan::{Problem, Target},
    worst,
};
use serde::{Deserialize, Serialize};

use crate::{
    collect::{Collected, collected},
    place::{self, Place},
    query::Side,
    window::until_more,
};

mod amount;
mod judge;
mod of;
mod queries;
mod words;

use self::{
    amount::{Amount, Over},
    judge::Blue,
    of::Of,
};

/// How many requests a rate or a response time needs, where nothing else is said.
const MIN_REQUESTS: u64 = 100;
/// The statistic of response times, where nothing else is said.
const STATISTIC: &str = "p99";

/// Settings of the check `metric`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Metric {
    /// What is looked at: `error_rate`, `response_time`, `requests`, `unhealthy_hosts`, or an object with a `metric` or an
    /// `expression`.
    of: Option<Of>,
    /// Of response times: `Average`, `Minimum`, `Maximum` or a percentile; `p99` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    statistic: Option<String>,
    /// The most that green may have: a share (`1%`) of a rate, a time (`800ms`) of response times, else a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Amount>,
    /// The least that green must have, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Amount>,
    /// How far green may be over blue: percentage points (`+0.5pp`) of a rate, else a factor (`1.3x`).
    #[serde(skip_serializing_if = "Option::is_none")]
    over_blue: Option<Over>,
    /// Values below this are not compared with blue's; in the form of `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore_below: Option<Amount>,
    /// How many requests green needs to be judged; 100 where nothing is said, of rates and response times.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_requests: Option<u64>,
    /// What becomes of a green with fewer, once patience is over: `inconclusive` or `advisory`.
    below_min_requests: Below,
    /// What becomes of a green whose error rate holds only if all requests without a target's answer went well:
    /// `inconclusive` or `ignore`.
    unanswered: Unanswered,
    /// How many single minutes may be above the bound over blue before that is no noise.
    failure_limit: u32,
}

/// What becomes of a green with too few requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
enum Below {
    /// It could not be told.
    #[default]
    Inconclusive,
    /// What few requests there were decide nothing against green, unless so many of them went wrong that it is no
    /// chance: bounds that hold are a pass that says first how many there were; bounds that do not, and no
    /// requests at all, are left out.
    Advisory,
}

/// What becomes of requests that no target answered, as far as CloudWatch knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
enum Unanswered {
    /// It could not be told, where they would break a bound if they were errors.
    #[default]
    Inconclusive,
    /// Nothing: of a service whose connections outlast minutes, as with `WebSocket`.
    Ignore,
}

impl Default for Metric {
    fn default() -> Self {
        Self {
            of: None,
            statistic: None,
            max: None,
            min: None,
            over_blue: None,
            ignore_below: None,
            min_requests: None,
            below_min_requests: Below::default(),
            unanswered: Unanswered::default(),
            failure_limit: 1,
        }
    }
}

impl Metric {
    fn min_requests(&self) -> u64 {
        let default = match self.of {
            Some(Of::ErrorRate | Of::ResponseTime) => MIN_REQUESTS,
            _ => 0,
        };
        self.min_requests.unwrap_or(default)
    }

    fn statistic(&self) -> &str {
        self.statistic.as_deref().unwrap_or(STATISTIC)
    }

    /// What one way to green shows, or the whole service where nothing is said of ways.
    fn judged(&self, of: &Of, known: &Collected, place: Option<&Place>, is_create: bool) -> Outcome {
        let shown = |side| self.shown(of, known, place, side);
        let green = match shown(Side::Green) {
            Ok(green) => green,
            Err(outcome) => return *outcome,
        };
        let blue = match (self.over_blue, place.is_some_and(|place| place.blue.is_some())) {
            (None, _) => Blue::NotAsked,
            (Some(_), true) => match shown(Side::Blue) {
                Ok(blue) => Blue::Shown(blue),
                Err(outcome) => return *outcome,
            },
            (Some(_), false) if is_create => Blue::Absent,
            (Some(_), false) => {
                return Outcome::cannot_tell(
                    "blue and green share one target group: there is nothing to compare with",
                );
            }
        };
        judge::judge(self, of, &known.windows, &green, &blue)
    }
}

impl Check for Metric {
    fn problems(&self) -> Vec<Problem> {
        problems(self)
    }

    fn asks(&self, _: &Target) -> Vec<Asks> {
        vec![Asks::Sides, Asks::Call("cloudwatch:GetMetricData")]
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        let outcome = self.outcome(scope).await;
        match outcome.kind {
            Kind::Pending => outcome.again_in(until_more(clock::now())),
            _ => outcome,
        }
    }
}

impl Metric {
    async fn outcome(&self, scope: &Scope) -> Outcome {
        // A plan without it does not decode.
        let Some(of) = &self.of else { return Outcome::cannot_tell("`of` is missing") };
        let known = match collected(scope).await {
            Ok(known) => known,
            Err(outcome) => return *outcome,
        };
        let is_create = known.sides.blue.is_empty();
        if !of.has_places() {
            return self.judged(of, &known, None, is_create);
        }
        let one = |(name, place): &(String, place::Found)| {
            let outcome = match place {
                Err(outcome) => (**outcome).clone(),
                Ok(place) if of.is_of_requests() && place.is_network => Outcome::skip(
                    SkipCause::NotConfigured,
                    format!(
                        "{} is a Network Load Balancer, which counts no requests, errors or response times",
                        place.name
                    ),
                ),
                Ok(place) => self.judged(of, &known, Some(place), is_create),
            };
            (name.clone(), outcome)
        };
        let outcomes: Vec<_> = known.places.iter().map(one).collect();
        if outcomes.is_empty() {
            return place::nowhere();
        }
        // A way that has nothing to judge does not hide what the others show.
        let is_skip = |outcome: &Outcome| matches!(outcome.kind, Kind::Skip(_));
        let (skipped, judged): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(_, outcome)| is_skip(outcome));
        worst(if judged.is_empty() { skipped } else { judged })
    }
}

/// Settings that contradict each other.
fn problems(metric: &Metric) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |path: &str, message: String| problems.push(Problem::new(path, message));
    let Some(of) = &metric.of else {
        let known = "`error_rate`, `response_time`, `requests`, `unhealthy_hosts`, or an object with `metric` or `expression`";
        return vec![Problem::new("of", format!("is missing; expected one of {known}"))];
    };
    if metric.max.is_none() && metric.min.is_none() && metric.over_blue.is_none() {
        say("max", "is missing, as are `min` and `over_blue`; expected at least one of them".to_owned());
    }
    for (key, amount) in [("max", metric.max), ("min", metric.min), ("ignore_below", metric.ignore_below)] {
        let Some(amount) = amount else { continue };
        let expected = match (of, amount) {
            (Of::ErrorRate, Amount::Share(_)) | (Of::ResponseTime, Amount::Time(_)) => continue,
            (Of::ErrorRate, _) => "a share such as `1%`",
            (Of::ResponseTime, _) => "a duration such as `800ms`",
            (_, Amount::Number(_)) => continue,
            _ => "a number",
        };
        say(key, format!("is `{amount}`; expected {expected}, because `of` is `{}`", of.word()));
    }
    if let (Some(min), Some(max)) = (metric.min, metric.max)
        && min.value() > max.value()
    {
        say("min", format!("is {min}, more than `max`, which is {max}"));
    }
    match (of, metric.over_blue) {
        (Of::ErrorRate, Some(Over::Factor(_))) => {
            say("over_blue", "is a factor; expected percentage points such as `+0.5pp`, because blue's error rate may be 0%".to_owned());
        }
        (other, Some(Over::Points(_))) if *other != Of::ErrorRate => {
            say(
                "over_blue",
                format!(
                    "is in percentage points; expected a factor such as `1.3x`, because `of` is `{}`",
                    of.word()
                ),
            );
        }
        (_, Some(_)) if !of.has_sides() => {
            say(
                "over_blue",
                "compares what blue and green share; expected a dimension with `{target_group}`".to_owned(),
            );
        }
        _ => {}
    }
    if metric.ignore_below.is_some() && !matches!(metric.over_blue, Some(Over::Factor(_))) {
        say("ignore_below", "says nothing without a factor in `over_blue`".to_owned());
    }
    if let (Some(_), false) = (&metric.statistic, *of == Of::ResponseTime) {
        say("statistic", format!("is for `response_time`; `of` is `{}`", of.word()));
    } else if *of == Of::ResponseTime && !is_statistic_of_times(metric.statistic()) {
        say(
            "statistic",
            format!(
                "is `{}`; expected `Average`, `Minimum`, `Maximum` or a percentile such as `p99`",
                metric.statistic()
            ),
        );
    }
    if metric.min_requests() > 0 && !of.has_places() {
        say(
            "min_requests",
            "needs a target group whose requests are counted; expected a dimension with `{target_group}`"
                .to_owned(),
        );
    }
    if let Of::Expression(expression) = of
        && expression.is.to_ascii_uppercase().contains("METRICS(")
    {
        say(
            "of",
            "uses METRICS(), which means every metric of the call, those of other checks among them; name the metrics"
                .to_owned(),
        );
    }
    problems
}

fn is_statistic_of_times(statistic: &str) -> bool {
    let percentile = || {
        let percent = statistic.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
        percent.is_some_and(|percent| percent > 0.0 && percent <= 100.0)
    };
    matches!(statistic, "Average" | "Minimum" | "Maximum") || percentile()
}

#[cfg(test)]
mod tests;
