//! Plans: what decodes, and the exact words for what does not.

use serde_json::json;

use super::*;
use crate::{Outcome, Scope, check::Check};

/// A check with settings of its own, in the place of a hook's.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Ping {
    path: String,
    timeout: Option<Span>,
}

impl Check for Ping {
    fn problems(&self) -> Vec<Problem> {
        if self.path.starts_with('x') { vec![Problem::new("path", "begins with x")] } else { Vec::new() }
    }

    async fn run(&self, _: &Scope) -> Outcome {
        Outcome::pass(self.path.clone())
    }
}

fn plan(document: Value) -> Result<Plan, Vec<String>> {
    let mut layered = Layered::default();
    let Value::Object(keys) = document else { panic!("not an object") };
    layered.put(Layer::Environment, keys);
    Plan::decode(layered, &[Kind::of::<Ping>("ping"), Kind::of::<Ping>("http")])
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn common_keys_belong_to_the_plan() {
    let plan = plan(json!({
        "patience": "5m", "on_inconclusive": "pass",
        "checks": [
            {"ping": {"path": "/a"}},
            {"ping": {"path": "/b", "patience": "0s", "advisory": true, "on_inconclusive": "fail"}},
            {"ping": {"name": "greets"}},
        ],
    }))
    .unwrap_or_else(|problems| panic!("{problems:?}"));
    let names: Vec<_> = plan.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["ping", "ping-2", "greets"]);
    assert_eq!(plan.checks[0].patience, Some(Duration::from_mins(5)));
    assert_eq!(plan.checks[0].on_inconclusive, OnInconclusive::Pass);
    assert_eq!((plan.checks[1].patience, plan.checks[1].advisory), (Some(Duration::ZERO), true));
    assert_eq!(plan.checks[1].on_inconclusive, OnInconclusive::Fail);
    assert_eq!(plan.effective()["checks"][1]["ping"]["path"], "/b");
    assert_eq!(plan.origin("checks"), Layer::Environment);
    assert_eq!(plan.origin("mode"), Layer::Defaults);
}

#[test]
fn every_problem_of_a_plan_at_once() {
    let problems = plan(json!({
        "cheks": [], "patience": "-1s", "mode": "shado",
        "target": {"url": "localhost", "tls": {"servername": "x"}},
        "checks": [{"htpp": {}}, {"ping": {"tiemout": "5s", "advisory": "yes"}}, {"ping": {"path": "xyz"}}, "ping", {"ping": 5}, {}],
    }))
    .err()
    .unwrap();
    for expected in [
        "`cheks` of GREENLIGHT_PLAN: unknown key `cheks` (did you mean `checks`?)",
        "`patience` of GREENLIGHT_PLAN: duration `-1s` is negative; expected a duration such as `300ms`, `5s`, `10m` or `1h30m`",
        "`mode` of GREENLIGHT_PLAN: unknown variant `shado`, expected `enforce` or `shadow`",
        "`target.url` of GREENLIGHT_PLAN: `localhost` is no URL: relative URL without a base; expected a URL such as `https://green.example.com:8443`",
        "`target.tls.servername` of GREENLIGHT_PLAN: unknown key `servername` (did you mean `server_name`?)",
        "`checks[0]` of GREENLIGHT_PLAN: unknown check `htpp` (did you mean `http`?)",
        "`checks[1].ping.tiemout` of GREENLIGHT_PLAN: unknown key `tiemout` (did you mean `timeout`?)",
        "`checks[1].ping.advisory` of GREENLIGHT_PLAN: invalid type: a string, expected a boolean",
        "`checks[2].ping.path` of GREENLIGHT_PLAN: begins with x",
        "`checks[3]` of GREENLIGHT_PLAN: is no check: a string (a check is an object with one key, its kind: {\"ping\": {…}})",
        "`checks[4].ping` of GREENLIGHT_PLAN: is no object: `5` (a check is an object with one key, its kind: {\"ping\": {…}})",
        "`checks[5]` of GREENLIGHT_PLAN: is no check: an object with the keys [] (a check is an object with one key, its kind: {\"ping\": {…}})",
    ] {
        assert!(problems.iter().any(|problem| problem == expected), "missing: {expected}\nin: {problems:#?}");
    }
    assert_eq!(problems.len(), 12, "{problems:#?}");
}

#[test]
fn plans_that_would_validate_nothing_are_refused() {
    for (document, message) in [
        (json!({"checks": []}), "is empty"),
        (json!({}), "is empty"),
        (json!({"checks": [{"ping": {"advisory": true}}]}), "all advisory"),
        (json!({"checks": vec![json!({"ping": {}}); 51]}), "at most 50"),
        (json!({"checks": {"ping": {}}}), "invalid type: an object, expected a list"),
        (json!({"checks": [{"ping": {"name": "a"}}, {"ping": {"name": "a"}}]}), "used twice"),
        (json!({"checks": [{"ping": {"name": ""}}]}), "is no name"),
    ] {
        let problems = plan(document.clone()).err().unwrap();
        assert!(problems.len() == 1 && problems[0].contains(message), "{document}: {problems:?}");
    }
}

#[test]
fn shadow_from_an_overridden_layer_still_wins() {
    let mut layered = Layered::default();
    for (layer, mode) in [(Layer::Environment, "shadow"), (Layer::Event, "enforce")] {
        let Value::Object(keys) = json!({"mode": mode, "checks": [{"ping": {}}]}) else { unreachable!() };
        layered.put(layer, keys);
    }
    assert_eq!(Plan::decode(layered, &[Kind::of::<Ping>("ping")]).ok().unwrap().mode, Mode::Shadow);
}
