//! The check `wiring`: whether what a deployment is made of fits together, before anything is started.
//!
//! # What it checks
//! The rules of the catalogue (`docs/rules.md`) against the account: listener rules and target groups, the roles that move traffic
//! and call hooks, and the hooks' functions. Without `rules` those marked *gate*: what makes a deployment fail
//! for certain, and can be known before green is started.
//!
//! Whether blue is healthy, whether an alarm is on already and whether a deployment is under way is noted, if `rules` asks for it, and
//! never stops one: an emergency fix must get through. On create it does not demand what only a first deployment makes.
//!
//! # Fails when
//! A rule of the severity `fail_on`, or a worse one, is broken and not ignored.
//!
//! # Inconclusive when
//! Something that such a rule looks at could not be read: a call was denied or failed, or what IAM says depends on
//! something that only the real call has. The reason names the action. Only what may heal is waited for as long as `patience` says; a
//! denied call for a minute at most, which a new permission may take to spread. Then it stops the deployment. With
//! `on_inconclusive: "pass"` the check is left out instead, while another check of the plan has to pass; alone, it still stops.
//! To go on without a rule put it into `ignore`.
//!
//! # IAM it needs
//! With the rules that it has by default, on ECS: `ecs:DescribeServices`, `ecs:DescribeServiceDeployments`,
//! `ecs:DescribeTaskDefinition`, `elasticloadbalancing:DescribeRules`, `elasticloadbalancing:DescribeListeners`,
//! `elasticloadbalancing:DescribeTargetGroups`, `elasticloadbalancing:DescribeTargetGroupAttributes`, `iam:GetRole`,
//! `iam:SimulatePrincipalPolicy`, `lambda:GetFunctionConfiguration`, `lambda:GetPolicy`.
//! On CodeDeploy also `codedeploy:GetDeployment`, `codedeploy:GetDeploymentGroup`, `codedeploy:ListDeploymentTargets`,
//! `codedeploy:GetDeploymentTarget`.
//! Other rules need what `greenlight iam --for doctor` lists.
//!
//! # Example
//! ```json
//! { "wiring": { "fail_on": "error", "ignore": [{ "rule": "PERM-ELB-*", "reason": "the role is checked by the platform team" }] } }
//! ```

use std::{collections::BTreeSet, time::Duration};

use greenlight::{
    Api, Check, Fact, Outcome, Scope, Situation, SkipCause, Stage,
    deployment::Asks,
    plan::{Problem, Target},
    schemars::JsonSchema,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    catalogue::{Judged, all, matching, nearest},
    facts::{Facts, Key},
    live::{self, Subject},
    rule::{Finding, Rule, Severity},
};

/// Settings of the check `wiring`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Wiring {
    /// The rules, by their ids; `LB-*` is all that begin so. Without it, those marked *gate*.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<String>>,
    /// Rules that are not looked at, each with the reason.
    ignore: Vec<Ignored>,
    /// The least severity that stops a deployment: `error`, `warning` or `info`.
    fail_on: FailOn,
}

/// A rule that is not looked at.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(deny_unknown_fields)]
struct Ignored {
    /// Its id; `LB-*` is all that begin so.
    rule: String,
    /// Why, for whoever reads the plan or the evidence.
    reason: String,
}

/// The least severity that stops a deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
enum FailOn {
    /// Only what will fail the deployment.
    #[default]
    Error,
    /// Also what may do something else than expected.
    Warning,
    /// Anything.
    Info,
}

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Info => Severity::Info,
        }
    }
}

impl Check for Wiring {
    fn problems(&self) -> Vec<Problem> {
        let named = self.rules.iter().flatten().enumerate();
        let named = named.map(|(index, rule)| (format!("rules[{index}]"), rule));
        let ignored = self.ignore.iter().enumerate();
        let ignored = ignored.map(|(index, ignored)| (format!("ignore[{index}].rule"), &ignored.rule));
        let mut problems: Vec<Problem> = named
            .chain(ignored)
            .filter(|(_, pattern)| matching(pattern).next().is_none())
            .map(|(path, pattern)| {
                Problem::new(path, format!("`{pattern}` is no rule")).hint(nearest(pattern))
            })
            .collect();
        for (index, ignored) in self.ignore.iter().enumerate() {
            if ignored.reason.trim().is_empty() {
                let path = format!("ignore[{index}].reason");
                problems.push(Problem::new(path, "is empty; expected why the rule does not matter here"));
            }
        }
        if self.rules.as_ref().is_some_and(Vec::is_empty) {
            let problem = Problem::new("rules", "is empty; expected the ids of rules, such as `LB-*`");
            problems.push(problem.hint("leave `rules` out for the rules marked gate"));
        }
        if problems.is_empty() && self.chosen().is_empty() {
            problems.push(Problem::new(
                "rules",
                "leave nothing to look at: all of them are ignored, or found by messages only",
            ));
        }
        problems
    }

    fn asks(&self, _: &Target) -> Vec<Asks> {
        let calls = if self.rules.is_none() { live::GATE_CALLS } else { live::CALLS };
        calls.iter().map(|action| Asks::Call(action)).chain([Asks::Status, Asks::Service]).collect()
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        match self.judged(scope).await {
            Ok(judged) => self.outcome(&judged),
            Err(outcome) => *outcome,
        }
    }
}

impl Wiring {
    /// The rules that are looked at.
    fn chosen(&self) -> Vec<&'static Rule> {
        let named: BTreeSet<&str> =
            self.rules.iter().flatten().flat_map(|it| matching(it)).map(|rule| rule.id).collect();
        let ignored: BTreeSet<&str> =
            self.ignore.iter().flat_map(|it| matching(&it.rule)).map(|rule| rule.id).collect();
        let is_chosen = |rule: &&Rule| if self.rules.is_none() { rule.gate } else { named.contains(rule.id) };
        all().filter(|rule| rule.judge.is_some() && is_chosen(rule) && !ignored.contains(rule.id)).collect()
    }

    async fn judged(&self, scope: &Scope) -> Fact<Judged> {
        let subject = subject(scope).await?;
        let mut facts = Facts::default();
        // Later weights are on their way, and what is shared between two target groups is as it should be.
        if *scope.stage() == Stage::PreScaleUp {
            facts.begin_deployment(scope.situation() == Situation::Create);
        }
        let (facts, judged) = live::look(scope.aws(), &subject, &self.chosen(), facts).await;
        if facts.document(&Key::Service).is_some() {
            return Ok(judged);
        }
        // Without it rules have nothing to break.
        let why = facts.unavailable(&Key::Service).unwrap_or("AWS says that it does not exist");
        let outcome = Outcome::inconclusive(format!("{subject} could not be read: {why}"));
        Err(Box::new(waited_for(outcome, facts.may_heal(&Key::Service))))
    }

    /// Whether the deployment is stopped where a rule is broken, or cannot be judged.
    fn decides(&self, rule: &Rule) -> bool {
        rule.severity >= self.fail_on.severity() && !rule.of_what_serves
    }

    fn outcome(&self, judged: &Judged) -> Outcome {
        let (deciding, others): (Vec<_>, Vec<_>) =
            judged.findings.iter().partition(|finding| self.decides(finding.rule));
        let told = |findings: &[&Finding]| -> Vec<Value> {
            let one = |it: &&Finding| json!({"id": it.rule.id, "severity": it.rule.severity.to_string(), "at": it.at.to_string(), "observed": it.observed});
            findings.iter().map(one).collect()
        };
        let ignored: Vec<Value> =
            self.ignore.iter().map(|it| json!({"rule": it.rule, "reason": it.reason})).collect();
        // Where nothing could be judged, what would decide nothing is all that there is to say.
        let is_blind = judged.full.is_empty() && others.is_empty();
        let lacking: Vec<_> =
            judged.lacks.iter().filter(|(rule, _)| is_blind || self.decides(rule)).collect();
        let outcome = match (&*deciding, &*lacking) {
            // To hold nothing to a rule is not to have found it good.
            ([], []) if is_blind => Outcome::skip(
                SkipCause::NotConfigured,
                "none of its rules applies to how the service is deployed".to_owned(),
            ),
            ([], []) => Outcome::pass(holding(judged.full.len())),
            ([], [(rule, lacks), rest @ ..]) => {
                let why = lacks.first().map(|lack| lack.why.as_str()).unwrap_or_default();
                let more = match rest.len() {
                    0 => String::new(),
                    1 => ", and another rule could not be judged".to_owned(),
                    more => format!(", and {more} other rules could not be judged"),
                };
                let may_heal = lacking.iter().flat_map(|(_, lacks)| lacks).all(|lack| lack.may_heal);
                let outcome = Outcome::inconclusive(format!("{} could not be judged: {why}{more}", rule.id));
                waited_for(outcome, may_heal)
            }
            ([first, rest @ ..], _) => {
                let rule = first.rule;
                let expected = format!("no broken rule of severity {}", self.fail_on.severity());
                let observed = format!(
                    "{} ({}): {} at {}{}",
                    rule.id,
                    rule.title,
                    first.observed,
                    first.at,
                    more(rule, rest)
                );
                Outcome::fail(observed, expected).hint(first.fix.as_deref().unwrap_or(rule.fix))
            }
        };
        let not_judged: Vec<&str> = judged.lacks.iter().map(|(rule, _)| rule.id).collect();
        let outcome = outcome.measured("broken", told(&deciding)).measured("noted", told(&others));
        let rules = judged.full.len() + judged.lacks.len();
        let outcome =
            outcome.measured("rules", rules).measured("not_applicable", judged.not_applicable.len());
        outcome.measured("not_judged", not_judged).measured("ignored", ignored)
    }
}

/// What is said where nothing is broken.
fn holding(rules: usize) -> String {
    if rules == 1 { "1 rule holds".to_owned() } else { format!("{rules} rules hold") }
}

/// What is said of other findings beside the first one.
fn more(rule: &Rule, rest: &[&Finding]) -> String {
    let again = rest.iter().filter(|it| it.rule == rule).count();
    let ids: BTreeSet<&str> = rest.iter().map(|it| it.rule.id).filter(|id| *id != rule.id).collect();
    let again = match again {
        0 => String::new(),
        1 => "in another place".to_owned(),
        places => format!("in {places} other places"),
    };
    let all: Vec<&str> = [&*again].into_iter().filter(|it| !it.is_empty()).chain(ids).collect();
    if all.is_empty() { String::new() } else { format!(", and {}", all.join(", ")) }
}

/// How long IAM may take until a new permission holds everywhere.
const SPREADING: Duration = Duration::from_mins(1);

/// What could not be read, and how long waiting for it is worth while.
fn waited_for(outcome: Outcome, may_heal: bool) -> Outcome {
    if may_heal { outcome } else { outcome.for_at_most(SPREADING) }
}

/// What the deployment deploys. CodeDeploy's event names nothing but the deployment.
async fn subject(scope: &Scope) -> Fact<Subject> {
    if let Some((cluster, service)) = scope.service() {
        return Ok(Subject::Service { cluster: cluster.to_owned(), service: service.to_owned() });
    }
    let id = scope.deployment_id();
    let answer = scope.aws().call(&Api::CODEDEPLOY, "GetDeployment", json!({"deploymentId": id}), id).await?;
    let text = |key: &str| answer["deploymentInfo"].get(key).and_then(Value::as_str).map(str::to_owned);
    match text("applicationName").zip(text("deploymentGroupName")) {
        Some((application, group)) => Ok(Subject::Group { application, group }),
        None => Err(Box::new(Outcome::inconclusive(format!(
            "CodeDeploy does not say which deployment group {id} is of"
        )))),
    }
}
