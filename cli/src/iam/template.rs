//! The templates that people deploy: their roles are written here, and the template for prebuilt artefacts.
//!
//! `GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --lib the_templates` writes them.

use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

use greenlight::{Protocol, deployment::Asks};
use serde_json::{Value, json};

use super::{
    format::{self, Role, Statement},
    functions::{self, Function, Settings},
    place::Place,
    resources::VPC,
    secrets,
};
use crate::{hooks, yaml_text};

const PROTOCOLS: [Protocol; 3] = [Protocol::Ecs, Protocol::CodeDeploy, Protocol::Pause];
const BEGINS: &str = "  # --- Roles:";
const ENDS: &str = "  # --- Until here";

#[test]
fn the_templates_are_current() {
    let template = read("template.yaml");
    let (front, rest) = template.split_once(BEGINS).unwrap();
    let (title, rest) = rest.split_once('\n').unwrap();
    let (_, end) = rest.split_once(ENDS).unwrap();
    let mut resources = String::new();
    for role in &roles(&of_template()) {
        put(&mut resources, role);
    }
    let current = format!("{front}{BEGINS}{title}\n{resources}{ENDS}{end}");
    is_current("template.yaml", &current);
    is_current("template-prebuilt.yaml", &prebuilt(&current));
    is_current("modules/terraform/iam.tf", &terraform());
}

/// What a template calls its parameters.
struct Names {
    place: Place,
    name: &'static str,
    parameter_path: &'static str,
    secret_arns: &'static str,
    event_bus_arn: &'static str,
}

fn of_template() -> Names {
    Names {
        place: place(
            ["AWS::Partition", "AWS::Region", "AWS::AccountId"],
            ["Cluster", "Service", "Application", "DeploymentGroup"],
        ),
        name: "${Name}",
        parameter_path: "${ParameterPath}",
        secret_arns: "${SecretArns}",
        event_bus_arn: "${EventBusArn}",
    }
}

fn of_module() -> Names {
    Names {
        place: place(
            [
                "data.aws_partition.current.partition",
                "data.aws_region.current.region",
                "data.aws_caller_identity.current.account_id",
            ],
            ["var.cluster", "var.service", "var.application", "var.deployment_group"],
        ),
        name: "${var.name}",
        parameter_path: "${var.parameter_path}",
        secret_arns: "${var.secret_arns}",
        event_bus_arn: "${var.event_bus_arn}",
    }
}

fn place(account: [&str; 3], deployed: [&str; 4]) -> Place {
    let [partition, region, account] = account.map(|name| format!("${{{name}}}"));
    let [cluster, service, application, group] = deployed.map(|name| format!("${{{name}}}"));
    Place {
        partition,
        region,
        account,
        services: vec![(cluster, service)],
        groups: vec![(application, group)],
    }
}

/// The roles of the functions, and the one that invokes them.
fn roles(names: &Names) -> Vec<Role> {
    let (mut roles, mut all) = (Vec::new(), Vec::new());
    for hook in hooks::all() {
        let name = format!("CodeDeployHook_{}-{}", names.name, hook.name());
        let mut asks = hook.plan(serde_json::Map::new()).unwrap().asks();
        if hook.name() == "health" {
            // Its check `envoy` does, and the templates have a parameter for it.
            asks.insert(Asks::Connection);
        }
        let function = Function { hook: hook.name().to_owned(), name, asks, secrets: BTreeSet::new() };
        let parameters = format!("{}/*", names.parameter_path);
        // The overrides are among the parameters.
        let settings =
            Settings { plan: &[parameters], overrides: None, event_bus: Some(names.event_bus_arn) };
        let mut role = function.role(&names.place, &PROTOCOLS, settings);
        if hook.name() == "test-traffic" {
            let secrets = vec![names.secret_arns.to_owned()];
            role.statements.push(Statement::new("ReadTheSecrets", "secretsmanager:GetSecretValue", secrets));
            role.statements.push(secrets::decryption(&names.place, "DecryptTheSecrets", "secretsmanager"));
        }
        roles.push(role);
        all.push(function);
    }
    roles.push(functions::invoking(&names.place, &all));
    roles
}

/// The policy documents of the Terraform module.
fn terraform() -> String {
    let mut text = "# Written by a test, from what `greenlight iam` knows:\n#\n#     GREENLIGHT_WRITE_DOCS=1 cargo test --workspace \
                    --lib the_templates\n\n".to_owned();
    let mut policies = String::new();
    for role in roles(&of_module()) {
        let hook = role.name.clone();
        let document = format!("greenlight_{}", hook.replace('-', "_"));
        let _ = writeln!(policies, "    {hook:<12} = data.aws_iam_policy_document.{document}.json");
        // Without its trust it is the document alone. What stands in braces is meant here.
        let written = format::terraform(&[Role { trusts: None, ..role }]).replace("$${", "${");
        let mut blocks = written.split("  statement {\n");
        text.push_str(blocks.next().unwrap());
        for block in blocks {
            let (inner, after) = block.split_once("\n  }\n").unwrap();
            let inner = inner
                .replace("[\"${var.secret_arns}\"]", "var.secret_arns")
                .replace("\"${var.event_bus_arn}\"", "var.event_bus_arn");
            match condition_of_module(&inner, &hook) {
                None => write!(text, "  statement {{\n{inner}\n  }}\n{after}").unwrap(),
                Some(condition) => {
                    let indented: Vec<_> = inner
                        .lines()
                        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
                        .collect();
                    let indented = indented.join("\n");
                    write!(
                        text,
                        "  dynamic \"statement\" {{\n    for_each = {condition} ? [1] : []\n\n    content {{\n{indented}\n    }}\n  }}\n{after}"
                    )
                    .unwrap();
                }
            }
        }
        text.push_str("\n\n");
    }
    format!("{text}locals {{\n  policies = {{\n{policies}  }}\n}}\n")
}

/// Where a statement of the module is not always needed.
fn condition_of_module(statement: &str, hook: &str) -> Option<String> {
    let is = |sid: &str| statement.contains(&format!("\"{sid}\""));
    if is("AnswerThePause") {
        Some(format!("local.pauses[\"{hook}\"]"))
    } else if is("AttachToTheVpc") {
        Some(format!("local.hooks[\"{hook}\"].in_vpc"))
    } else if is("ReadTheSecrets") || is("DecryptTheSecrets") {
        Some("length(var.secret_arns) > 0".to_owned())
    } else if is("TellTheEventBus") {
        Some("var.event_bus_arn != null".to_owned())
    } else {
        None
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
    let _ = writeln!(text, "  {id}:");
    yaml_text::write(text, &resource, 4);
}

/// Where a statement is not always needed: the condition that it stands under.
fn condition(sid: &str, hook: &str) -> Option<String> {
    match sid {
        "AnswerThePause" => Some(format!("{hook}Pauses")),
        "AttachToTheVpc" if hook == "TestTraffic" => Some("InVpc".to_owned()),
        "AttachToTheVpc" => Some(format!("{hook}IsInVpc")),
        "TellTheEventBus" => Some("HasEventBus".to_owned()),
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
