//! From options to what is played: files read, functions mapped, flags understood.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use greenlight::plan::decode::suggest;
use greenlight::plan::units::Span;

use super::options::{PERSON_TAKES, RehearseOptions};
use super::plans;
use super::taking_part::{Hooks, has_pause};
use crate::document;
use crate::failure::Failure;
use crate::hooks;
use crate::rehearsal::controller::configuration::Configuration;
use crate::rehearsal::controller::{Assumptions, HookDetails, RollbackHooks, ShiftHooks};
use crate::rehearsal::fault::{Faults, HookFaultKind};
use crate::rehearsal::play::{Answerer, FunctionSettings, Runs, Settings};
use crate::rehearsal::subject::{self, AppSpec, File, Problem, Source, Subject, functions};
use crate::rehearsal::task::Program;
use crate::rehearsal::users::Alarm;

/// The longest that Lambda gives a function.
const LONGEST: Duration = Duration::from_mins(15);
/// When the alarm of the built-in service goes off.
const BUILT_IN_ALARM: &str = "hello-errors=errors>5%/1m";

/// What a file is called, and what is in it.
pub(crate) type Text = (String, String);

/// What the options ask for, and `given` where they name a file.
pub(crate) fn settings(options: &RehearseOptions, given: Option<&Text>) -> Result<Settings, Failure> {
    let mut subject = read(options, given)?;
    options.hooks.choose(&mut subject)?;
    if options.tls {
        secure(&mut subject);
    }
    if !(Duration::from_millis(1)..=LONGEST).contains(&options.timeout.0) {
        return Err(Failure::wrong(format!("`--timeout {}` is no timeout of a function", options.timeout))
            .hint("Lambda gives a function 15 minutes at the most"));
    }
    if options.create && options.blue.is_some() {
        return Err(Failure::wrong("`--create` and `--blue` contradict each other")
            .hint("a service that is being created has no blue"));
    }
    if options.create && matches!(subject.configuration, Configuration::CodeDeploy(_)) {
        return Err(Failure::wrong("`--create` goes with services that ECS deploys")
            .hint("CodeDeploy deploys to services that exist"));
    }
    let faults = faults(options)?;
    let (pause, mut functions) = (pause(options, &subject)?, map(options, &subject)?);
    // Without a PAUSE hook nobody calls who is to answer it.
    if let Answerer::Function(hook) = &pause
        && has_pause(&subject.configuration)
    {
        functions.insert(hook.clone(), Runs::Hook(hook.clone()));
    }
    replace(&mut functions, options)?;
    fit(&faults, &subject, &functions)?;
    let alarms = alarms(options, &mut subject)?;
    let built_in = |version: &str| Program::BuiltIn { version: version.to_owned() };
    Ok(Settings {
        function_settings: function_settings(options, &mut subject, &pause, &functions)?,
        functions,
        blue: (!options.create).then(|| options.blue.clone().unwrap_or_else(|| built_in("1.0"))),
        green: options.green.clone().unwrap_or_else(|| built_in("2.0")),
        ready_timeout: options.ready_timeout.0,
        faults,
        assumptions: assumptions(options)?,
        reconcile: options.reconcile,
        speed: options.speed.0,
        rate: options.users.0,
        paths: options.path.clone(),
        alarms,
        red_alarms: options.red_alarm.clone(),
        pause,
        subject,
    })
}

/// The faults that are asked for.
fn faults(options: &RehearseOptions) -> Result<Faults, Failure> {
    let faults = Faults::parse(options.fault.iter().map(String::as_str)).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::wrong(lines.join("\n")).hint("`--list-faults` lists what can go wrong")
    })?;
    let names = hooks::names();
    match faults.hooks.iter().filter_map(|fault| fault.hook.as_deref()).find(|hook| !names.contains(hook)) {
        None => Ok(faults),
        Some(hook) => hooks::find(hook).map(|_| faults),
    }
}

/// Reads a file that is text.
pub(crate) fn text(path: &Path, what: &str) -> Result<Text, Failure> {
    let bytes = document::read(path, what)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::wrong(format!("the {what} `{}` is not UTF-8", path.display())))?;
    Ok((path.display().to_string(), text))
}

fn read(options: &RehearseOptions, given: Option<&Text>) -> Result<Subject, Failure> {
    let maybe = |path: Option<&Path>, what: &str| path.map(|path| text(path, what)).transpose();
    let service = maybe(options.service_definition.as_deref(), "service definition")?;
    let appspec = maybe(options.appspec.as_deref(), "AppSpec")?;
    let template = maybe(options.template.as_deref(), "template")?;
    let plan = maybe(options.terraform_plan.as_deref(), "plan of Terraform")?;
    let configuration = maybe(options.deployment_config_file.as_deref(), "deployment configuration")?;
    let group = maybe(options.deployment_group.as_deref(), "deployment group")?;
    let mut source = match (&service, &appspec, &template, &plan, given) {
        (Some(service), ..) => Source::ServiceDefinition(file(service)),
        (_, Some(appspec), ..) => Source::AppSpec(AppSpec {
            file: file(appspec),
            deployment_configuration: None,
            deployment_configuration_file: None,
            deployment_group: None,
        }),
        (_, _, Some(template), ..) => Source::CloudFormation(file(template)),
        (_, _, _, Some(plan), _) => Source::Terraform(file(plan)),
        (.., Some(given)) => Source::detect(file(given)).map_err(|problem| failure(&[problem]))?,
        (.., None) => Source::BuiltIn,
    };
    let of_codedeploy = options.deployment_config.is_some() || configuration.is_some() || group.is_some();
    match &mut source {
        Source::AppSpec(spec) => {
            spec.deployment_configuration = options.deployment_config.as_deref();
            spec.deployment_configuration_file = configuration.as_ref().map(file);
            spec.deployment_group = group.as_ref().map(file);
        }
        _ if of_codedeploy => {
            return Err(Failure::wrong("a deployment configuration or group goes with an AppSpec")
                .hint("give the AppSpec with `--appspec FILE`"));
        }
        _ => {}
    }
    if let (Source::BuiltIn, Some(name)) = (&source, &options.service) {
        return Err(Failure::wrong(format!(
            "`--service {name}` says which service of a file, and no file is given"
        ))
        .hint("give the file: `greenlight rehearse FILE`"));
    }
    let rule = options.test_rule.as_deref().map(subject::rule::conditions).transpose();
    let health_check = options.health_check.as_deref().map(subject::rule::health_check).transpose();
    let flags = subject::Options {
        test_rule: rule.map_err(|problem| failure(&[problem]))?,
        health_check: health_check.map_err(|problem| failure(&[problem]))?,
        service: options.service.clone(),
        parameters: options.parameter.iter().map(|argument| parameter(argument)).collect::<Result<_, _>>()?,
    };
    subject::read(&source, &flags).map_err(|problems| failure(&problems))
}

fn file(read: &Text) -> File<'_> {
    File { name: &read.0, text: &read.1 }
}

fn parameter(argument: &str) -> Result<(String, String), Failure> {
    let pair = argument.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| {
        Failure::wrong(format!("`--parameter {argument}` has no value")).hint("expected NAME=VALUE")
    })
}

/// All problems at once, with their ways out.
fn failure(problems: &[Problem]) -> Failure {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let failure = Failure::wrong(lines.join("\n"));
    problems.iter().filter_map(|problem| problem.fix.clone()).fold(failure, Failure::hint)
}

fn secure(subject: &mut Subject) {
    let Some(front) = &mut subject.front else { return };
    for route in [Some(&mut front.production), front.test.as_mut()].into_iter().flatten() {
        let secure = match route.protocol.as_str() {
            "HTTP" => "HTTPS",
            "TCP" => "TLS",
            _ => continue,
        };
        secure.clone_into(&mut route.protocol);
    }
}

/// What runs as each function that the hooks name.
fn map(options: &RehearseOptions, subject: &Subject) -> Result<BTreeMap<String, Runs>, Failure> {
    let names = hooks::names();
    let given = options.function.iter().map(|argument| {
        argument.split_once('=').filter(|(name, runs)| !name.is_empty() && !runs.is_empty()).ok_or_else(
            || {
                Failure::wrong(format!("`--function {argument}` does not say what runs"))
                    .hint("expected NAME=HOOK or NAME=COMMAND")
            },
        )
    });
    let given = given.collect::<Result<Vec<_>, _>>()?;
    let wanted = subject.configuration.functions();
    let mut mapped = BTreeMap::new();
    let mut unmapped = Vec::new();
    for function in &wanted {
        let named = |name: &str| name == *function || name == functions::name(function);
        let runs = match given.iter().find(|(name, _)| named(name)) {
            Some((_, runs)) if names.contains(runs) => Some(Runs::Hook((*runs).to_owned())),
            Some((_, command)) => {
                let is_word = command.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
                let suggestion = suggest(command, &names);
                if is_word && suggestion.starts_with("did you mean") {
                    return Err(Failure::wrong(format!("unknown hook `{command}`")).hint(suggestion));
                }
                Some(Runs::Command((*command).to_owned()))
            }
            None => functions::map(function, &names).map(|hook| Runs::Hook(hook.to_owned())),
        };
        match runs {
            Some(runs) => drop(mapped.insert((*function).to_owned(), runs)),
            None => unmapped.push(*function),
        }
    }
    if !unmapped.is_empty() {
        return Err(failure(&[functions::unmapped(&subject.source, &unmapped, &names)]));
    }
    for (name, _) in given {
        if options.hooks == Hooks::All
            && !wanted.iter().any(|function| *function == name || functions::name(function) == name)
        {
            let known: Vec<_> =
                wanted.iter().map(|function| format!("`{}`", functions::name(function))).collect();
            return Err(Failure::wrong(format!("`--function {name}=…` names a function that no hook calls"))
                .hint(format!("the hooks of {} call {}", subject.source, known.join(", "))));
        }
    }
    Ok(mapped)
}

/// Puts built artefacts in the place of hooks.
fn replace(functions: &mut BTreeMap<String, Runs>, options: &RehearseOptions) -> Result<(), Failure> {
    for argument in &options.bootstrap {
        let (name, path) = argument.split_once('=').ok_or_else(|| {
            Failure::wrong(format!("`--bootstrap {argument}` has no path")).hint("expected HOOK=PATH")
        })?;
        hooks::find(name)?;
        let path = std::fs::canonicalize(path)
            .map_err(|error| Failure::wrong(format!("cannot run `{path}` as the hook: {error}")))?;
        let runs = functions.values_mut().filter(|runs| **runs == Runs::Hook(name.to_owned()));
        let mut replaced = 0;
        for runs in runs {
            *runs = Runs::Program { hook: name.to_owned(), path: path.clone() };
            replaced += 1;
        }
        if replaced == 0 && options.hooks == Hooks::All {
            return Err(Failure::wrong(format!(
                "`--bootstrap {argument}` replaces nothing: no function runs `{name}`"
            )));
        }
    }
    Ok(())
}

/// A fault that cannot strike here would show a deployment that withstands it.
fn fit(faults: &Faults, subject: &Subject, functions: &BTreeMap<String, Runs>) -> Result<(), Failure> {
    let is_ecs = matches!(subject.configuration, Configuration::Ecs(_));
    let test = subject.front.as_ref().and_then(|front| front.test.as_ref());
    let secure_test = test.is_some_and(|route| matches!(route.protocol.as_str(), "HTTPS" | "TLS"));
    let pauses = has_pause(&subject.configuration);
    let has = |kind: fn(&HookFaultKind) -> bool| faults.hooks.iter().any(|fault| kind(&fault.kind));
    let unfit = [
        (faults.rules_drifted && test.is_none(), "rules:drifted", "there is no test rule"),
        (faults.shift_denied && !is_ecs, "rules:denied", "it is ECS's role that it denies"),
        (faults.tls_hang_once && !secure_test, "tls:hang-once", "no test listener speaks TLS: give `--tls`"),
        (!faults.hooks.is_empty() && functions.is_empty(), "hook:…", "no hook takes part"),
        (
            has(|kind| *kind == HookFaultKind::RoleNotAssumable) && !is_ecs,
            "hook:role-not-assumable",
            "it is ECS's role",
        ),
        (
            has(|kind| *kind == HookFaultKind::StateDropped) && !is_ecs,
            "hook:state-dropped",
            "hooks of CodeDeploy have no state",
        ),
        (
            has(|kind| *kind == HookFaultKind::ReportDenied) && is_ecs && !pauses,
            "hook:report-denied",
            "hooks of ECS report by what they return",
        ),
    ];
    if let Some((_, fault, why)) = unfit.into_iter().find(|(unfit, ..)| *unfit) {
        return Err(Failure::wrong(format!("`--fault {fault}` cannot strike here: {why}")));
    }
    let taking_part: BTreeSet<&str> = functions.values().filter_map(Runs::hook).collect();
    let named = faults.hooks.iter().filter_map(|fault| fault.hook.as_deref());
    match named.into_iter().find(|hook| !taking_part.contains(hook)) {
        None => Ok(()),
        Some(hook) => {
            let known: Vec<_> = taking_part.iter().map(|hook| format!("`{hook}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(Failure::wrong(format!(
                "`--fault hook:…@{hook}` cannot strike here: the hook `{hook}` takes no part"
            ))
            .hint(format!("the hooks that do: {known}")))
        }
    }
}

fn pause(options: &RehearseOptions, subject: &Subject) -> Result<Answerer, Failure> {
    let (who, after) = match options.pause.split_once('@') {
        Some((who, after)) => {
            let after = after.parse::<Span>().map_err(|why| {
                Failure::wrong(format!("`--pause {}`: {why}", options.pause))
                    .hint("expected e.g. `continue@5m`")
            })?;
            (who, Some(after.0))
        }
        None => (options.pause.as_str(), None),
    };
    let pauses = has_pause(&subject.configuration);
    match who {
        // Somebody who keeps the rehearsal running wants to answer.
        "continue" if after.is_none() && options.keep && pauses => Ok(Answerer::Caller { in_person: true }),
        "continue" | "rollback" => {
            Ok(Answerer::Person { after: after.unwrap_or(PERSON_TAKES), proceed: who == "continue" })
        }
        "wait" => Ok(Answerer::Caller { in_person: options.keep }),
        hook => {
            hooks::find(hook).map_err(|failure| {
                failure.hint(
                    "`--pause` takes `continue`, `rollback`, either with `@DURATION`, `wait`, or a hook",
                )
            })?;
            Ok(Answerer::Function(hook.to_owned()))
        }
    }
}

fn assumptions(options: &RehearseOptions) -> Result<Assumptions, Failure> {
    let mut assumptions = Assumptions::default();
    for argument in &options.assume {
        match argument.as_str() {
            "hook-details=merge" => assumptions.hook_details = HookDetails::Merge,
            "hook-details=replace" => assumptions.hook_details = HookDetails::Replace,
            "shift-hooks=before" => assumptions.shift_hooks = ShiftHooks::Before,
            "shift-hooks=after" => assumptions.shift_hooks = ShiftHooks::After,
            "rollback-hooks=always" => assumptions.rollback_hooks = RollbackHooks::Always,
            "rollback-hooks=reached" => assumptions.rollback_hooks = RollbackHooks::Reached,
            _ => {
                return Err(Failure::wrong(format!("`--assume {argument}` is nothing that can be assumed")).hint(
                    "expected hook-details=merge|replace, shift-hooks=before|after or rollback-hooks=always|reached",
                ));
            }
        }
    }
    Ok(assumptions)
}

/// The alarms that can go off. One of the deployment that nobody gives a condition never does, which is said.
fn alarms(options: &RehearseOptions, subject: &mut Subject) -> Result<Vec<Alarm>, Failure> {
    let wanted = subject.configuration.alarms().to_vec();
    let mut alarms = options.alarm.clone();
    if let Some(alarm) = alarms.iter().find(|alarm| !wanted.contains(&alarm.name)) {
        let known = wanted.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none".to_owned() } else { known };
        return Err(Failure::wrong(format!("`--alarm {}=…` is no alarm of the deployment", alarm.name))
            .hint(format!("its alarms: {known}")));
    }
    if let Some(name) = options.red_alarm.iter().find(|name| !wanted.contains(name)) {
        return Err(Failure::wrong(format!("`--red-alarm {name}` is no alarm of the deployment")));
    }
    if !options.red_alarm.is_empty() && matches!(subject.configuration, Configuration::CodeDeploy(_)) {
        return Err(Failure::wrong("`--red-alarm` goes with services that ECS deploys")
            .hint("CodeDeploy stops a deployment at once whose alarm is red"));
    }
    for name in wanted {
        if alarms.iter().any(|alarm| alarm.name == name) {
            continue;
        }
        let built_in = BUILT_IN_ALARM.parse::<Alarm>().ok().filter(|alarm| alarm.name == name);
        match built_in {
            Some(alarm) => alarms.push(alarm),
            None => subject.notes.push(format!(
                "alarm {name} never goes off here: `--alarm {name}='errors>1%/1m'` says when it does"
            )),
        }
    }
    Ok(alarms)
}

fn function_settings(
    options: &RehearseOptions,
    subject: &mut Subject,
    pause: &Answerer,
    functions: &BTreeMap<String, Runs>,
) -> Result<FunctionSettings, Failure> {
    let program =
        env::current_exe().map_err(|error| Failure::not_carried_out("cannot find this program", &error))?;
    let of_caller = |wanted: fn(&str) -> bool| -> BTreeMap<OsString, OsString> {
        env::vars_os().filter(|(name, _)| name.to_str().is_some_and(wanted)).collect()
    };
    let taking_part = functions.values().filter_map(Runs::hook).collect();
    let plans = plans::of_hooks(&options.plan, &taking_part, &options.hooks, &mut subject.notes)?;
    let mut variables = of_caller(|name| name.starts_with("GREENLIGHT_"));
    if matches!(pause, Answerer::Function(_)) {
        let gate = format!("{}/{}", subject.cluster, subject.service);
        variables.entry("GREENLIGHT_PAUSE".into()).or_insert(gate.into());
    }
    // Programs of others need what they find on this machine, and never its account.
    let variables_of_others = of_caller(|name| !name.starts_with("AWS_") && !name.starts_with("GREENLIGHT_"));
    Ok(FunctionSettings { program, timeout: options.timeout.0, plans, variables, variables_of_others })
}
