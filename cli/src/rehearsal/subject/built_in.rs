//! The service that is rehearsed where nobody names another: the example of the documentation.

use super::problem::Problem;
use super::{File, Options, Subject, rule, service_definition};

const DEFINITION: &str = include_str!("../../../../examples/ecs-native/service.json");
const TEST_RULE: &str = "host=hello.example.com,header:x-test-traffic=green";
const HEALTH_CHECK: &str = "/ping";

/// Reads the example with the flags that it needs. What the caller gives goes first.
pub(super) fn read(options: &Options) -> Result<Subject, Vec<Problem>> {
    let one = |problem| vec![problem];
    let options = Options {
        test_rule: Some(match &options.test_rule {
            Some(given) => given.clone(),
            None => rule::conditions(TEST_RULE).map_err(one)?,
        }),
        health_check: Some(options.health_check.clone().unwrap_or_else(|| HEALTH_CHECK.to_owned())),
        ..options.clone()
    };
    let file = File { name: "examples/ecs-native/service.json", text: DEFINITION };
    let subject = service_definition::read(&file, &options)?;
    Ok(Subject { source: "the built-in service".to_owned(), notes: Vec::new(), ..subject })
}
