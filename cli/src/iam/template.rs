//! The templates that people deploy: their roles are written here, and the template for prebuilt artefacts.
//!
//! `GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --lib the_templates` writes them.

use std::{collections::BTreeSet, env, fs, path::Path};

use greenlight::{Protocol, deployment::Asks};
use serde_json::{Value, json};

use super::{
    format::{self, Role, Statement},
    functions::{self, Function},
    place::Place,
    resources::VPC,
    secrets, yaml,
};
use crate::hooks;

const PROTOCOLS: [Protocol; 3] = [Protocol::Ecs, Protocol::CodeDeploy, Protocol::Pause];
const BEGINS: &str = "  # --- Roles:";
const ENDS: &str = "  # --- Until here";

#[test]
fn the_templates_are_current() {
    let template = read("template.yaml");
    let (front, rest) = template.split_once(BEGINS).unwrap();
    let (title, rest) = rest.split_once('\n').unwrap();
    let (_, end) = rest.split_once(ENDS).unwrap();
    let current = format!("{front}{BEGINS}{title}\n{}{ENDS}{end}", roles());
    is_current("template.yaml", &current);
    is_current("template-prebuilt.yaml", &prebuilt(&current));
}

/// The roles of the functions, as resources.
fn roles() -> String {
    let place = place();
    let mut functions = Vec::new();
    let mut text = String::new();
    for hook in hooks::all() {
        let name = format!("CodeDeployHook_${{Name}}-{}", hook.name());
        let mut asks = hook.plan(serde_json::Map::new()).unwrap().asks();
        if hook.name() == "health" {
            // Its check `envoy` does, and the template has a parameter for it.
            asks.insert(Asks::Connection);
        }
        let function = Function { hook: hook.name().to_owned(), name, asks, secrets: BTreeSet::new() };
        let mut role = function.role(&place, &PROTOCOLS, &["${ParameterPath}/*".to_owned()]);
        if hook.name() == "test-traffic" {
            let arns = vec!["${SecretArns}".to_owned()];
            role.statements.push(Statement::new("ReadTheSecrets", "secretsmanager:GetSecretValue", arns));
            role.statements.push(secrets::decryption(&place, "DecryptTheSecrets", "secretsmanager"));
        }
        put(&mut text, &role);
        functions.push(function);
    }
    put(&mut text, &functions::invoking(&place, &functions));
    text
}

/// What the template's parameters name.
fn place() -> Place {
    let name = |name: &str| format!("${{{name}}}");
    Place {
        partition: name("AWS::Partition"),
        region: name("AWS::Region"),
        account: name("AWS::AccountId"),
        services: vec![(name("Cluster"), name("Service"))],
        groups: vec![(name("Application"), name("DeploymentGroup"))],
    }
}

fn put(text: &mut String, role: &Role) {
    let (id, mut resource) = format::resource(role);
    let hook = id.trim_start_matches("Greenlight").trim_end_matches("Role");
    let statements =
        resource["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_array_mut().unwrap();
    for statement in statements {
        substitute(statement);
        if let Some(condition) = condition(statement["Sid"].as_str().unwrap(), hook) {
            *statement = json!({ "Fn::If": [condition, statement.take(), { "Ref": "AWS::NoValue" }] });
        }
    }
    resource["Properties"]["PermissionsBoundary"] =
        json!({ "Fn::If": ["HasBoundary", { "Ref": "PermissionsBoundaryArn" }, { "Ref": "AWS::NoValue" }] });
    text.push_str(&format!("  {id}:\n"));
    yaml::write(text, &resource, 4);
}

/// Where a statement is not always needed: the condition that it stands under.
fn condition(sid: &str, hook: &str) -> Option<String> {
    match sid {
        "AnswerThePause" => Some(format!("{hook}Pauses")),
        "AttachToTheVpc" if hook == "TestTraffic" => Some("InVpc".to_owned()),
        "AttachToTheVpc" => Some(format!("{hook}IsInVpc")),
        "ReadTheSecrets" | "DecryptTheSecrets" => Some("HasSecrets".to_owned()),
        _ => None,
    }
}

/// Texts that name parameters become `Fn::Sub`; the one that is a list of its own, `Ref`.
fn substitute(value: &mut Value) {
    match value {
        Value::String(text) if text == "${SecretArns}" => *value = json!({ "Ref": "SecretArns" }),
        Value::String(text) if text.contains("${") => *value = json!({ "Fn::Sub": text }),
        Value::Array(values) => values.iter_mut().for_each(substitute),
        Value::Object(fields) => fields.values_mut().for_each(substitute),
        _ => {}
    }
}

/// The template whose functions are built already: their zips lie in a bucket, as a release has them.
fn prebuilt(template: &str) -> String {
    let head = "# Written by a test from `template.yaml`: the same, for artefacts of a release that lie in a bucket of yours.\n\
                #\n#     aws cloudformation deploy --template-file template-prebuilt.yaml --capabilities CAPABILITY_IAM …\n";
    let (_, body) = template.split_once("AWSTemplateFormatVersion").unwrap();
    let mut text = format!("{head}AWSTemplateFormatVersion{body}");
    text = text.replace("    Metadata:\n      BuildMethod: rust-cargolambda\n", "");
    for hook in hooks::names() {
        let from = format!("      CodeUri: hooks/{hook}\n");
        let to = format!(
            "      CodeUri:\n        Bucket: !Ref ArtifactBucket\n        Key: !Sub ${{ArtifactPrefix}}{hook}-${{Architecture}}.zip\n"
        );
        assert!(text.contains(&from), "template.yaml builds no {hook}");
        text = text.replace(&from, &to);
    }
    text = text.replace(
        "        Parameters: [Name, Architecture,",
        "        Parameters: [ArtifactBucket, ArtifactPrefix, Name, Architecture,",
    );
    text.replace(
        "Parameters:\n  Name:\n",
        "Parameters:\n  ArtifactBucket:\n    Type: String\n    Description: The bucket that holds the zips of a release, in the stack's region\n  \
         ArtifactPrefix:\n    Type: String\n    Default: \"\"\n    Description: What stands before the zips' names, with the slash (greenlight/0.1.0/)\n  Name:\n",
    )
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

fn is_current(name: &str, text: &str) {
    if env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
        fs::write(root().join(name), text).unwrap();
        return;
    }
    assert_eq!(
        fs::read_to_string(root().join(name)).unwrap_or_default(),
        text,
        "{name} is not current: GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --lib the_templates"
    );
}

#[test]
fn every_action_of_the_network_stands_under_a_condition() {
    let template = crate::yaml::read(&read("template.yaml")).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let roles = resources.values().filter(|resource| resource["Type"] == "AWS::IAM::Role");
    for statement in roles
        .flat_map(|role| role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap())
    {
        assert!(!VPC.iter().any(|action| statement["Action"].to_string().contains(action)), "{statement}");
    }
}
