//! Lifecycle hooks as a service definition has them.

use super::{Subject, functions::hook_of};
use crate::{
    arn::{Arn, function_name},
    document::Spelling,
    look::Look,
    node::Node,
    pages::{API_LIFECYCLE_HOOK, LAMBDA_HOOKS, PAUSE_HOOKS, TROUBLESHOOTING, WORKFLOW},
    rule::{Rule, Severity},
    service::{Strategy, hooks, is_function, is_pause, may_be_connected, shifting, stages, strategy},
};

pub(super) const SUBJECT: Subject = Subject { title: "Lifecycle hooks", rules: RULES };

const HOOKS: &str = "the service's lifecycle hooks";
const BASE: Rule = Rule { link: LAMBDA_HOOKS, looks_at: HOOKS, ..Rule::BASE };
const HEARD: Rule = Rule { looks_at: "", ..BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };
const INFO: Rule = Rule { severity: Severity::Info, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "HOOK-TARGET-TYPE",
        title: "a hook of a kind that ECS does not know",
        why: "A hook is a function (`AWS_LAMBDA`, which is also meant where nothing is said) or waits for a person (`PAUSE`).",
        fix: "Set `targetType` to `AWS_LAMBDA` or `PAUSE`.",
        link: API_LIFECYCLE_HOOK,
        judge: Some(target_type),
        messages: &["Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE"],
        ..BASE
    },
    Rule {
        id: "HOOK-LAMBDA-FIELDS",
        title: "a hook without what its kind needs",
        why: "A function is called by its ARN and with a role; a PAUSE hook has neither. Every hook has at least one stage.",
        fix: "Give hooks of the kind AWS_LAMBDA `hookTargetArn`, `roleArn` and `lifecycleStages`, and hooks of the kind PAUSE \
              `lifecycleStages` only.",
        link: API_LIFECYCLE_HOOK,
        judge: Some(fields),
        ..BASE
    },
    Rule {
        id: "HOOK-STAGE-NAME",
        title: "a stage that no hook can have",
        why: "SCALE_UP, BAKE_TIME and CLEAN_UP are stages of a deployment, but hooks are not called there, and CodeDeploy's events have \
              other names here.",
        fix: "Use RECONCILE_SERVICE, PRE_SCALE_UP, POST_SCALE_UP, TEST_TRAFFIC_SHIFT, POST_TEST_TRAFFIC_SHIFT, \
              PRE_PRODUCTION_TRAFFIC_SHIFT, PRODUCTION_TRAFFIC_SHIFT or POST_PRODUCTION_TRAFFIC_SHIFT.",
        link: API_LIFECYCLE_HOOK,
        judge: Some(stage_name),
        ..BASE
    },
    Rule {
        id: "HOOK-COUNT",
        title: "more hooks than a service may have",
        why: "A service has at most ten hooks that are functions and ten that pause.",
        fix: "Let one function serve several stages: `lifecycleStages` is a list.",
        link: PAUSE_HOOKS,
        judge: Some(count),
        ..BASE
    },
    Rule {
        id: "HOOK-TARGET-ARN",
        title: "a hook's target is not the ARN of a function",
        why: "ECS calls a function by its ARN. In a template `!Ref` of a function is its name, which ECS refuses.",
        fix: "Give the function's ARN, with a version or an alias if you like; in a template `!GetAtt FUNCTION.Arn`.",
        judge: Some(target_arn),
        ..BASE
    },
    Rule {
        id: "HOOK-TARGET-REGION",
        title: "a hook's function is in another region or account",
        why: "ECS calls functions in the service's own region. Across accounts the function's own policy must allow the call too, which \
              AWS does not document for hooks.",
        fix: "Deploy the function beside the service.",
        judge: Some(target_region),
        ..WARNING
    },
    Rule {
        id: "HOOK-STAGE-UNREACHED",
        title: "a hook for test traffic, where there is no test traffic",
        why: "Without a test rule and without Service Connect nothing tells green from blue: what the hook reaches is what users reach.",
        fix: "Add a `testListenerRule`, or probe green's tasks by their addresses, as `test-traffic` does at POST_SCALE_UP.",
        judge: Some(no_test_traffic),
        ..WARNING
    },
    Rule {
        id: "HOOK-ROLLING-STAGE",
        title: "a hook at a stage that a rolling deployment does not have",
        why: "A ROLLING deployment calls hooks at RECONCILE_SERVICE and PRE_SCALE_UP only; this hook is never called, so nothing is \
              validated.",
        fix: "Deploy with BLUE_GREEN, LINEAR or CANARY, or move the hook to PRE_SCALE_UP.",
        link: WORKFLOW,
        judge: Some(never_called),
        ..WARNING
    },
    Rule {
        id: "HOOK-RECONCILE-RARE",
        title: "a gate at RECONCILE_SERVICE alone",
        why: "That stage is only there where a deployment begins with more than one active revision, which is rare: the hook hardly ever \
              runs.",
        fix: "Put it at PRE_SCALE_UP too.",
        link: WORKFLOW,
        judge: Some(reconcile_only),
        ..INFO
    },
    Rule {
        id: "HOOK-PRESCALE-PROBE",
        title: "a hook of somebody else's before anything is started",
        why: "At PRE_SCALE_UP there is no green yet. A hook that asks the production address there makes the very first deployment \
              impossible, since nothing serves yet: it fails with \"HookStatus must not be null\" or FAILED, and then with \"No rollback \
              candidate was found\".",
        fix: "Make sure that the function lets a first deployment through (`sourceServiceRevisions` is empty then), or use `preflight`, \
              which looks at the wiring only.",
        judge: Some(before_anything),
        ..INFO
    },
    Rule {
        id: "HOOK-ROLLBACK-REENTRY",
        title: "a hook of somebody else's that a rollback calls again",
        why: "TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT are gone through again while a deployment rolls back, with the weights the \
              other way round. A hook that fails there stops the rollback.",
        fix: "Make sure that the function recognises a rollback, as greenlight's do, or move it to the POST stage.",
        judge: Some(called_by_rollback),
        ..INFO
    },
    Rule {
        id: "HOOK-RETURNED-FAILED",
        severity: Severity::Info,
        title: "a hook has stopped the deployment",
        why: "The function answered FAILED: that is a verdict on green, or on its own inability to judge it. ECS does not repeat the \
              reason.",
        fix: "Read the reason in the function's log: `greenlight explain --service CLUSTER/SERVICE` finds it.",
        link: TROUBLESHOOTING,
        messages: &["Lifecycle hook target {function} returned FAILED status"],
        not_proven: "That green is bad: a hook also answers FAILED where it could not tell. Its own reason says which.",
        ..HEARD
    },
    Rule {
        id: "HOOK-NULL-STATUS",
        title: "a hook gave no answer that ECS can read",
        why: "The function threw, ran into its timeout, was killed, or returned something without `hookStatus`. ECS words all of them \
              alike.",
        fix: "Look at the function's log of that minute for `Task timed out`, an exception or an exit; give it a timeout well above what \
              it probes, and let it always return `{\"hookStatus\": …}`. greenlight's functions do.",
        link: TROUBLESHOOTING,
        messages: &[
            "ECS was unable to parse the response from {function} due to HookStatus must not be null",
            "ECS was unable to parse the response from {function} due to: HookStatus must not be null",
            "HookStatus must not be null",
        ],
        not_proven: "That the function is missing its `hookStatus` in the code: a timeout or an exception reads the same.",
        ..HEARD
    },
];

const KINDS: [&str; 2] = ["AWS_LAMBDA", "PAUSE"];

fn target_type(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        let kind = hook.get("targetType");
        if kind.text().is_some_and(|text| !KINDS.contains(&text)) {
            kind.wrong_name(format!("`{kind}` is no kind of hook"), &KINDS);
        }
    }
}

fn fields(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        if is_function(&hook) {
            for key in ["hookTargetArn", "roleArn"] {
                if hook.get(key).is_absent() {
                    hook.wrong(format!("there is no `{}`", hook.spelt(key)));
                }
            }
        } else if is_pause(&hook) {
            for key in ["hookTargetArn", "roleArn"] {
                if hook.get(key).is_present() {
                    hook.get(key).wrong("a PAUSE hook calls no function");
                }
            }
        }
        if hook.get("lifecycleStages").is_empty() {
            hook.wrong(format!("there are no `{}`", hook.spelt("lifecycleStages")));
        }
    }
}

const STAGES: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

fn stage_name(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        for (at, stage) in stages(&hook).into_iter().filter(|(_, stage)| !STAGES.contains(stage)) {
            let name = greenlight::Stage::from_codedeploy(stage);
            match name {
                Some(name) => {
                    at.wrong_fix(format!("`{stage}` is CodeDeploy's name"), format!("Write `{name}`."));
                }
                // They are stages, and no misspelt ones.
                None if matches!(stage, "SCALE_UP" | "BAKE_TIME" | "CLEAN_UP") => {
                    at.wrong(format!("no hook is called at `{stage}`"));
                }
                // As CodeDeploy's events begin; by its letters `AFTER_SCALE_UP` is most like the stage before.
                None => {
                    let name = stage.replacen("AFTER_", "POST_", 1).replacen("BEFORE_", "PRE_", 1);
                    at.wrong_key(&name, format!("there is no stage `{stage}`"), &STAGES);
                }
            }
        }
    }
}

fn count(look: &Look<'_>) {
    const MOST: usize = 10;
    let Some(service) = look.service() else { return };
    let list = service.at("deploymentConfiguration.lifecycleHooks");
    if list.is_absent() {
        return;
    }
    let all = hooks(&service);
    let count = |is_it: fn(&Node<'_>) -> bool| all.iter().filter(|hook| is_it(hook)).count();
    for (kind, count) in [("functions", count(is_function)), ("PAUSE hooks", count(is_pause))] {
        if count > MOST {
            list.wrong(format!("{count} hooks are {kind}; {MOST} may be"));
        }
    }
}

fn target_region(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let homes = ["serviceArn", "clusterArn", "cluster", "serviceName"];
    let home = homes.into_iter().find_map(|key| Arn::parse(service.aside().get(key).text()?));
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        let target = hook.get("hookTargetArn");
        let Some(text) = target.text() else { continue };
        let arn = Arn::parse(text).filter(|arn| arn.service == "lambda");
        // What a template or a plan is to make has no region and no account of its own yet.
        let (Some(arn), Some(home), Spelling::Api) = (arn, home, service.spelling()) else { continue };
        if arn.region != home.region {
            target.wrong(format!("the function is in {}, the service in {}", arn.region, home.region));
        } else if arn.account != home.account {
            target.wrong(format!(
                "the function is in the account {}, the service in {}",
                arn.account, home.account
            ));
        }
    }
}

fn target_arn(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        let target = hook.get("hookTargetArn");
        let Some(text) = target.text() else { continue };
        let arn = Arn::parse(text);
        // A plan of Terraform names a function that it is to make by its name.
        let is_named = arn.is_none() && service.spelling() == Spelling::Terraform;
        if !is_named && !arn.is_some_and(|arn| arn.service == "lambda" && arn.is("function")) {
            target.wrong(format!("`{text}` is not the ARN of a function"));
        }
    }
}

fn no_test_traffic(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    let has_test_rule =
        |balancer: &Node<'_>| !balancer.at("advancedConfiguration.testListenerRule").is_absent();
    let balancers = service.get("loadBalancers");
    // What is not known may have one.
    if !balancers.is_absent() && (balancers.value().is_none() || balancers.items().iter().any(has_test_rule))
    {
        return;
    }
    if may_be_connected(&service) {
        return;
    }
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        for (at, stage) in stages(hook) {
            if matches!(stage, "TEST_TRAFFIC_SHIFT" | "POST_TEST_TRAFFIC_SHIFT") {
                at.wrong(format!(
                    "there is no test traffic at {stage}: the service has no `testListenerRule`"
                ));
            }
        }
    }
}

fn never_called(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    if strategy(&service) != Some(Strategy::Rolling) {
        return;
    }
    for hook in hooks(&service) {
        for (at, stage) in stages(&hook) {
            if STAGES.contains(&stage) && !matches!(stage, "RECONCILE_SERVICE" | "PRE_SCALE_UP") {
                at.wrong(format!("a ROLLING deployment does not call hooks at {stage}"));
            }
        }
    }
}

fn reconcile_only(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        let listed = hook.get("lifecycleStages");
        let stages = stages(&hook);
        if !stages.is_empty()
            && listed.is_known()
            && stages.iter().all(|(_, stage)| *stage == "RECONCILE_SERVICE")
        {
            listed.wrong("the hook is called at RECONCILE_SERVICE only");
        }
    }
}

/// Whether a function is one of ours, by its name: those know rollbacks and first deployments.
pub(super) fn is_ours(function: &str) -> bool {
    hook_of(function).is_some()
}

/// Says where a hook that is not ours is called at one of these stages.
fn others_at(look: &Look<'_>, wanted: &[&str], words: &str) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        let Some(function) = hook.get("hookTargetArn").text().filter(|function| !is_ours(function)) else {
            continue;
        };
        for (at, stage) in stages(hook).into_iter().filter(|(_, stage)| wanted.contains(stage)) {
            at.wrong(format!("`{}` is called at {stage}, {words}", function_name(function)));
        }
    }
}

fn before_anything(look: &Look<'_>) {
    others_at(look, &["PRE_SCALE_UP"], "where nothing of green is there yet");
}

fn called_by_rollback(look: &Look<'_>) {
    let stages = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];
    others_at(look, &stages, "by a rollback too");
}
