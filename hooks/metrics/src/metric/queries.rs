//! What a metric check needs to know, and what it is told; pure.

use std::collections::BTreeMap;

use greenlight::{Fact, deployment::Sides};

use super::{Metric, of::Of};
use crate::{
    collect::{Collected, Values},
    place::Place,
    query::{Query, Side, Statistic, What},
    window::Windows,
};

const ERRORS: [&str; 2] = ["HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount"];
const ANSWERS: [&str; 3] =
    ["HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count"];

/// What one side of one way showed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shown {
    /// How many requests there were.
    pub(super) requests: Option<f64>,
    /// How many of them went wrong: target 5xx and connections that targets did not take.
    pub(super) errors: f64,
    /// How many of them no target answered, nor refused, as far as CloudWatch knows.
    pub(super) unanswered: f64,
    /// What is looked at, where that is no rate.
    pub(super) value: Option<f64>,
    /// The same, minute by minute.
    pub(super) minutes: Vec<f64>,
}

/// The queries of one side.
struct Asked {
    requests: Option<Query>,
    errors: Vec<Query>,
    /// Answers of targets that are no errors.
    answers: Vec<Query>,
    value: Option<Query>,
    minutes: Option<Query>,
}

impl Metric {
    /// Everything that this check asks for.
    pub(crate) fn queries(&self, known: &Collected) -> Vec<Query> {
        let Some(of) = &self.of else { return Vec::new() };
        if !of.has_places() {
            return self.asked(of, &known.sides, None, Side::Green).all();
        }
        let places = known.places.iter().filter_map(|(_, place)| place.as_ref().ok());
        let places = places.filter(|place| !(of.is_of_requests() && place.is_network));
        places
            .flat_map(|place| {
                let mut queries = self.asked(of, &known.sides, Some(place), Side::Green).all();
                if self.over_blue.is_some() && place.blue.is_some() {
                    queries.extend(self.asked(of, &known.sides, Some(place), Side::Blue).all());
                }
                queries
            })
            .collect()
    }

    /// What one side showed.
    pub(super) fn shown(&self, of: &Of, known: &Collected, place: Option<&Place>, side: Side) -> Fact<Shown> {
        self.asked(of, &known.sides, place, side).read(&known.values, &known.windows)
    }

    fn asked(&self, of: &Of, sides: &Sides, place: Option<&Place>, side: Side) -> Asked {
        let target_group = place.and_then(|place| match side {
            Side::Green => Some(place.green.as_str()),
            Side::Blue => place.blue.as_deref(),
        });
        let metric = |name: &str, statistic: &str| {
            let place = place?;
            Some(What::Metric(Statistic {
                namespace: if place.is_network { "AWS/NetworkELB" } else { "AWS/ApplicationELB" }.to_owned(),
                name: name.to_owned(),
                dimensions: BTreeMap::from([
                    ("LoadBalancer".to_owned(), place.load_balancer.clone()),
                    ("TargetGroup".to_owned(), target_group?.to_owned()),
                ]),
                stat: statistic.to_owned(),
            }))
        };
        let whole = |what: Option<What>| what.map(|what| Query::whole(what, side));
        let needs_requests = of.is_of_requests() || self.min_requests() > 0;
        let value = match of {
            Of::ErrorRate | Of::Requests => None,
            Of::ResponseTime => metric("TargetResponseTime", self.statistic()),
            Of::UnhealthyHosts => metric("UnHealthyHostCount", "Maximum"),
            Of::Metric(_) | Of::Expression(_) => of.custom(sides, place, target_group),
        };
        let by_minute = (of == &Of::ResponseTime && self.over_blue.is_some() && side == Side::Green)
            .then(|| value.clone().map(|what| Query { what, side, by_minute: true }));
        let sums = |names: &[&str]| names.iter().filter_map(|name| whole(metric(name, "Sum"))).collect();
        let is_rate = *of == Of::ErrorRate;
        let errors = if is_rate { sums(&ERRORS) } else { Vec::new() };
        // Blue has been judged before.
        let answers = if is_rate && side == Side::Green { sums(&ANSWERS) } else { Vec::new() };
        Asked {
            requests: needs_requests.then(|| whole(metric("RequestCount", "Sum"))).flatten(),
            errors,
            answers,
            value: whole(value),
            minutes: by_minute.flatten(),
        }
    }
}

impl Asked {
    fn all(self) -> Vec<Query> {
        let counts = self.requests.into_iter().chain(self.errors).chain(self.answers);
        counts.chain(self.value).chain(self.minutes).collect()
    }

    fn read(&self, values: &Values, windows: &Windows) -> Fact<Shown> {
        let whole = |query: &Option<Query>| match query {
            Some(query) => values.whole(query, windows),
            None => Ok(None),
        };
        let sum = |queries: &[Query]| -> Fact<f64> {
            queries.iter().try_fold(0.0, |sum, query| Ok(sum + values.whole(query, windows)?.unwrap_or(0.0)))
        };
        let (errors, answers) = (sum(&self.errors)?, sum(&self.answers)?);
        let requests = whole(&self.requests)?;
        // A connection that was not taken is a request that came, whether it was counted or not.
        let requests = if errors > 0.0 { Some(requests.unwrap_or(0.0).max(errors)) } else { requests };
        let asks_for_answers = !self.answers.is_empty();
        let unanswered = if asks_for_answers { requests.unwrap_or(0.0) - errors - answers } else { 0.0 };
        Ok(Shown {
            requests,
            errors,
            unanswered: unanswered.max(0.0),
            value: whole(&self.value)?,
            minutes: self.minutes.as_ref().map(|query| values.minutes(query, windows)).unwrap_or_default(),
        })
    }
}
