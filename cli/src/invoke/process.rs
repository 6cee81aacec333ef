//! The hook as a process: which program, with which variables.

use std::{collections::BTreeMap, env, ffi::OsString, time::Duration};

use serde_json::Value;

use crate::{
    arguments::InvokeOptions,
    document,
    failure::Failure,
    hooks,
    rehearsal::{
        aws::Aws,
        lambda::{Function, Retries},
    },
    world::{World, region},
};

/// The longest timeout that Lambda gives a function.
const LONGEST: Duration = Duration::from_mins(15);

/// A function that is ready to be called, and what people should know of it.
pub(crate) struct Prepared {
    pub(crate) function: Function,
    /// What is run, for people.
    pub(crate) program: String,
    /// `GREENLIGHT_…` settings in force, by name.
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) world: World,
    pub(crate) notes: Vec<String>,
}

pub(crate) fn prepare(
    options: &InvokeOptions,
    event: Option<&Value>,
    aws: &Aws,
) -> Result<Prepared, Failure> {
    let (program, arguments, described) = program(options)?;
    if !(Duration::from_millis(1)..=LONGEST).contains(&options.timeout.0) {
        return Err(Failure::wrong(format!("`--timeout {}` is no timeout of a function", options.timeout))
            .hint("Lambda gives a function 15 minutes at the most"));
    }
    if (options.world.aws || options.world.endpoint_url.is_some()) && !options.bootstrap.is_empty() {
        return Err(Failure::wrong("`--bootstrap` goes with the local world only")
            .hint("a program that is not this one could report its verdict to the world that it reads"));
    }
    let mut notes = Vec::new();
    let mut settings: BTreeMap<String, String> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .filter(|(name, _)| name.starts_with("GREENLIGHT_"))
        .collect();
    if let Some(path) = &options.plan {
        settings.insert("GREENLIGHT_PLAN".to_owned(), Value::Object(document::plan(path)?).to_string());
    }
    if let Some(target) = &options.target {
        settings.insert("GREENLIGHT_TARGET_URL".to_owned(), target.to_string());
    }
    if let (Some(gate), None) = (gate(event), settings.get("GREENLIGHT_PAUSE")) {
        notes.push(format!("GREENLIGHT_PAUSE is set to `{gate}` from the event; on AWS you set it"));
        settings.insert("GREENLIGHT_PAUSE".to_owned(), gate);
    }
    let mut function = Function::new(options.hook.as_str(), program);
    function.arguments = arguments;
    function.timeout = options.timeout.0;
    function.retries = Retries::immediate();
    if let Some(region) = region(event) {
        function.region = region;
    }
    let world = World::new(&options.world, aws)?;
    let settings_of_hook = settings.clone().into_iter();
    // The world comes last: a variable of the caller's must not send a report elsewhere.
    for (name, value) in settings_of_hook.chain(world.variables(aws)) {
        function = function.with_variable(name, value);
    }
    Ok(Prepared { function, program: described, settings, world, notes })
}

/// The program that is the hook: this command again, or a built artefact.
fn program(options: &InvokeOptions) -> Result<(OsString, Vec<OsString>, String), Failure> {
    let mut given = None;
    for argument in &options.bootstrap {
        let (hook, path) = argument.split_once('=').ok_or_else(|| {
            Failure::wrong(format!("`--bootstrap {argument}` has no path")).hint("expected HOOK=PATH")
        })?;
        if hook == options.hook {
            given = Some(path);
        }
    }
    if let Some(path) = given {
        let program = std::fs::canonicalize(path)
            .map_err(|error| Failure::wrong(format!("cannot run `{path}` as the hook: {error}")))?;
        return Ok((program.into_os_string(), Vec::new(), path.to_owned()));
    }
    hooks::find(&options.hook).map_err(|failure| {
        failure.hint(format!("a hook of your own is given as `--bootstrap {}=PATH`", options.hook))
    })?;
    let program =
        env::current_exe().map_err(|error| Failure::not_carried_out("cannot find this program", &error))?;
    let arguments = vec!["hook".into(), options.hook.clone().into()];
    Ok((program.into_os_string(), arguments, "this program, as a process of its own".to_owned()))
}

/// The setting that answers just this PAUSE event.
fn gate(event: Option<&Value>) -> Option<String> {
    let detail = event?.get("detail")?;
    let service = detail["serviceArn"].as_str()?.rsplit_once(":service/")?.1;
    let service = if service.contains('/') { service.to_owned() } else { format!("default/{service}") };
    Some(match detail["lifecycleStage"].as_str() {
        Some(stage) => format!("{service}@{stage}"),
        None => service,
    })
}
