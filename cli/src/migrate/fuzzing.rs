//! What must hold of any AppSpec, and of the deployment group and the deployment configuration beside it.

use serde_json::Value;

use super::{
    configuration::{Given, migrated},
    write,
};
use crate::rehearsal::subject::{AppSpec, File, Options, Source, document, read};
use crate::yaml;

/// What stands between the files.
const BETWEEN: &str = "\n%%%\n";

/// An AppSpec is rehearsed or refused with the reason; one that is migrated is written so that it reads as itself, with
/// every function that the rehearsal calls.
///
/// # Panics
/// Where that does not hold.
pub fn appspec(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut texts = text.split(BETWEEN);
    let file = |name| move |text| File { name, text };
    let Some(spec) = texts.next().map(file("appspec.yaml")) else { return };
    let (group, config) = (texts.next().map(file("group.json")), texts.next().map(file("config.json")));
    let source = Source::AppSpec(AppSpec {
        file: spec,
        deployment_configuration: None,
        deployment_configuration_file: config,
        deployment_group: group,
    });
    let subject = read(&source, &Options::default());
    if let Err(problems) = &subject {
        assert!(!problems.is_empty(), "an AppSpec is refused for something");
    }

    let value = |file: Option<File<'_>>| file.map(|file| document(&file)).transpose();
    let (Ok(app_spec), Ok(group), Ok(config)) = (document(&spec), value(group), value(config)) else {
        return;
    };
    let given =
        Given { app_spec: &app_spec, group: group.as_ref(), name: None, config: config.as_ref(), role: None };
    let Ok((configuration, notes)) = migrated(&given) else { return };
    assert!(notes.iter().all(|note| !note.is_empty()));
    let _ = write::terraform(&configuration);
    assert_eq!(write::json(&configuration)["deploymentConfiguration"], configuration);
    let template = write::cloud_formation(&configuration);
    let read = yaml::read(&template).map_err(|error| error.to_string());
    assert!(read.is_ok(), "what is written cannot be read: {read:?}\n{template}");
    assert_eq!(read.ok(), Some(write::in_properties(&configuration)), "{template}");
    if subject.is_ok() {
        let hooks = app_spec.get("Hooks").and_then(Value::as_array).into_iter().flatten();
        let called = hooks.filter_map(Value::as_object).flatten().filter_map(|(_, name)| name.as_str());
        let written = configuration["lifecycleHooks"].to_string();
        for name in called {
            let quoted = Value::from(name).to_string();
            let name = quoted.trim_matches('"');
            assert!(written.contains(name), "{name} is called no more in {written}");
        }
    }
}
