use serde_json::json;

use super::*;

const SEEDS: [&str; 6] = [
    include_str!("../../../../../examples/ecs-native/service.json"),
    include_str!("../../../../../examples/codedeploy/appspec.json"),
    include_str!("fixtures/plan.json"),
    include_str!("fixtures/blue_green.yaml"),
    include_str!("fixtures/sam.yaml"),
    include_str!("fixtures/code_deploy.yaml"),
];

fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, it)| pointers(it, &format!("{at}/{index}"), all));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, it)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            pointers(it, &format!("{at}/{key}"), all);
        }),
        _ => {}
    }
}

#[test]
fn whatever_stands_anywhere_nothing_panics() {
    let mut read_again = 0;
    for seed in SEEDS {
        let document = document::read(&File { name: "seed", text: seed }).unwrap();
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        for pointer in &all {
            for value in [Value::Null, json!([]), json!("é["), json!(1e300), json!({"Ref": "Service"})] {
                let mut changed = document.clone();
                *changed.pointer_mut(pointer).unwrap() = value;
                let text = changed.to_string();
                let file = File { name: "changed", text: &text };
                let Ok(source) = Source::detect(file) else { continue };
                read_again += usize::from(read(&source, &Options::default()).is_ok());
            }
        }
    }
    assert!(read_again > 500, "{read_again}");
}

#[test]
fn files_are_told_apart() {
    let kind = |text| match Source::detect(File { name: "file", text }).unwrap() {
        Source::BuiltIn => "built-in",
        Source::ServiceDefinition(_) => "service",
        Source::AppSpec(_) => "appspec",
        Source::CloudFormation(_) => "template",
        Source::Terraform(_) => "plan",
    };
    assert_eq!(SEEDS.map(kind), ["service", "appspec", "plan", "template", "template", "template"]);
}

#[test]
fn templates_that_refer_to_themselves_come_to_an_end() {
    let doubling = (0..40)
        .map(|level| {
            let next = level + 1;
            format!("  F{level}: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: !Sub '${{F{next}}}${{F{next}}}'}}}}\n")
        })
        .collect::<Vec<_>>()
        .concat();
    for functions in [
        "  F0: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Ref F1}}\n  F1: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Ref F0}}\n",
        &doubling,
    ] {
        let text = format!(
            "Conditions: {{A: !Condition B, B: !Or [!Condition A, !Condition A]}}\nResources:\n{functions}  \
             Service: {{Type: AWS::ECS::Service, Condition: A, Properties: {{ServiceName: !Ref F0, Cluster: !If [A, !Ref F0, x]}}}}\n"
        );
        let source = Source::CloudFormation(File { name: "template.yaml", text: &text });
        assert!(read(&source, &Options::default()).is_ok());
    }
}

#[test]
fn deep_values_fit_the_stack() {
    let deep = format!("{}1{}", "{\"a\": [".repeat(55), "]}".repeat(55));
    for text in [
        format!(r#"{{"Resources": {{"S": {{"Type": "AWS::ECS::Service", "Properties": {deep}}}}}}}"#),
        format!(
            r#"{{"Resources": {{"S": {{"Type": "AWS::ECS::Service", "Properties": {{"Tags": {deep}}}}}}}}}"#
        ),
        format!(r#"{{"serviceName": "x", "deploymentConfiguration": {{"x": {deep}}}}}"#),
        format!(
            r#"{{"planned_values": {{"root_module": {{"resources": [{{"type": "aws_ecs_service", "address": "a.b",
               "values": {{"name": "x", "deployment_configuration": [{{"x": {deep}}}]}}}}]}}}}}}"#
        ),
    ] {
        let source = Source::detect(File { name: "deep", text: &text }).unwrap();
        assert!(read(&source, &Options::default()).is_ok());
    }
}
