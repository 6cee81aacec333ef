//! A function, drawn: its variables, its time, its plan, and who has declared an emergency.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenlight::Stage;
use serde_json::{Value, json};

use super::draw::EPOCH;
use super::plan::{Kept, Plan};
use crate::drawn::Chance;

/// Hours in which every deployment here has ended.
const LONG: i64 = 24 * 365;

/// A Lambda function of a hook.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) arn: String,
    pub(super) plan: Plan,
    /// The hook's `hookDetails`, as its owner configured them.
    pub(super) details: Option<Value>,
    pub(super) variables: Arc<BTreeMap<String, String>>,
    /// How long Lambda lets it run.
    pub(super) timeout: Duration,
    /// What is kept back for the report at most.
    pub(super) reserve: Duration,
    /// The stages where its hook has something to look at; all, where nobody said.
    pub(super) stages: Option<Vec<Stage>>,
    /// What is wrong with its variables.
    pub(super) is_misset: bool,
    /// Whether its variables ask for shadow mode.
    pub(super) shadow: bool,
    /// What stands in the parameter of the overrides, where it is asked.
    pub(super) overrides: Option<Overrides>,
}

/// The list of overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overrides {
    Holds,
    Over,
    OfAnother,
    Malformed,
    Missing,
}

/// The ARN of a function by its number.
pub(super) fn arn(number: usize) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:hook-{number}")
}

impl Function {
    pub(super) fn of_ecs(number: usize, chance: &mut Chance, is_bad: bool) -> Self {
        let timeout = Duration::from_secs(chance.one_of([3, 5, 10, 30, 60, 300, 900]));
        Self::draw(number, chance, is_bad, timeout, true)
    }

    pub(super) fn of_codedeploy(number: usize, chance: &mut Chance, is_bad: bool) -> Self {
        let timeout = Duration::from_secs(chance.one_of([10, 60, 300, 300, 900, 900]));
        Self::draw(number, chance, is_bad, timeout, false)
    }

    pub(super) fn of_pause(number: usize, chance: &mut Chance, is_bad: bool) -> Self {
        let mut function = Self::of_codedeploy(number, chance, is_bad);
        let gates = chance.one_of(["*/*", "demo/hello", "demo/*"]);
        Arc::make_mut(&mut function.variables).insert("GREENLIGHT_PAUSE".to_owned(), gates.to_owned());
        function
    }

    fn draw(number: usize, chance: &mut Chance, is_bad: bool, timeout: Duration, has_details: bool) -> Self {
        let plan = Plan::draw(chance, is_bad, has_details);
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
        let document = plan.document();
        let text = || document.to_string();
        let details = match plan.kept {
            Kept::Environment => {
                set("GREENLIGHT_PLAN", text());
                (has_details && chance.one_in(2)).then(|| json!({}))
            }
            Kept::Parameter => {
                set("GREENLIGHT_PLAN", "ssm:/missing|/plans/{service}".to_owned());
                None
            }
            Kept::Details => Some(document.clone()),
            Kept::Beside => Some(json!({ "plan": document, "owner": "ada", "tickets": [1, 2.5, null] })),
            Kept::Text => Some(Value::String(text())),
            Kept::DetailsParameter => Some(json!({ "plan": "ssm:/plans/hello" })),
        };
        let own_reserve = chance.one_in(5).then(|| chance.one_of([100, 1000, 4000, 20_000]));
        if let Some(millis) = own_reserve {
            set("GREENLIGHT_RESERVE_MS", millis.to_string());
        }
        let is_misset = is_bad && chance.one_in(40);
        if is_misset {
            set("GREENLIGHT_RESERVE_MS", "soon".to_owned());
        }
        let shadow = chance.one_in(25);
        if shadow {
            set("GREENLIGHT_MODE", "shadow".to_owned());
        }
        let all = [
            Overrides::Holds,
            Overrides::Over,
            Overrides::OfAnother,
            Overrides::Malformed,
            Overrides::Missing,
        ];
        let overrides = chance.one_in(8).then(|| chance.one_of(all));
        if overrides.is_some() {
            set("GREENLIGHT_OVERRIDES", "ssm:/overrides".to_owned());
        }
        Self {
            arn: arn(number),
            plan,
            details,
            variables: Arc::new(variables),
            timeout,
            reserve: Duration::from_millis(own_reserve.unwrap_or(15_000)),
            stages: chance.one_in(15).then(|| vec![Stage::PostTestTrafficShift]),
            is_misset,
            shadow,
            overrides,
        }
    }

    /// The text of the overrides; none where there is no such parameter.
    pub(super) fn overrides_text(&self) -> Option<String> {
        let entry = |service: &str, hours: i64| {
            let until = EPOCH.checked_add(Duration::from_hours(hours.unsigned_abs())).unwrap_or(EPOCH);
            let until = if hours < 0 { EPOCH } else { until };
            json!([{ "service": service, "mode": "shadow", "until": until.to_string(), "by": "ada", "reason": "INC-1" }])
        };
        Some(match self.overrides? {
            Overrides::Holds => entry("demo/*", LONG).to_string(),
            Overrides::Over => entry("demo/hello", -1).to_string(),
            Overrides::OfAnother => entry("demo/orders", LONG).to_string(),
            Overrides::Malformed => r#"[{"service": "demo/hello", "mode": "off"}]"#.to_owned(),
            Overrides::Missing => return None,
        })
    }

    /// Whether it may be in shadow mode.
    pub(super) fn may_be_in_shadow(&self, has_jumped: bool) -> bool {
        // By a clock that went back, an override that is over may hold again.
        let holds = self.overrides == Some(Overrides::Holds)
            || (has_jumped && self.overrides == Some(Overrides::Over));
        self.shadow || self.plan.shadow || holds
    }

    /// Whether it is in shadow mode, whatever AWS says.
    pub(super) fn is_in_shadow(&self) -> bool {
        self.shadow || (self.plan.shadow && !self.plan.kept.is_parameter())
    }
}
