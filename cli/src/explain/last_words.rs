//! How a function ended, by its log, and whose invocation that was.
//!
//! A function may serve several services, and what Lambda says where it ends one names no deployment. A process has one
//! invocation at a time, so what else it wrote in that invocation tells whose it was, if anything does.

use std::collections::HashMap;

use super::arn;
use super::logs::{self, Line};
use super::reader::Reader;
use super::story::Times;

/// What Lambda says where it ends a function, and what most runtimes say of an exception.
const ENDED: [&str; 7] = [
    "Task timed out",
    "Runtime exited",
    "Runtime.ExitError",
    "Runtime.InvalidEntrypoint",
    "OutOfMemory",
    "Traceback",
    "ERROR",
];
/// What an invocation begins with, in either format of Lambda's own lines.
const BEGINS: [&str; 2] = ["START RequestId", "platform.start"];
/// What stands in lines that name a deployment: events of ECS and of CodeDeploy, and evidence of greenlight's.
const NAMES: [&str; 3] = ["service-deployment/", "DeploymentId", EVIDENCE];
const EVIDENCE: &str = "greenlight";

/// What Lambda or the function's runtime has said of its end in that time, the newest last: of invocations for this
/// deployment, and, which is said, of those that nobody can tell whose they were.
pub(super) async fn read(reader: &mut Reader, function: &str, deployment: &str, times: Times) -> Vec<String> {
    let terms = ENDED.iter().chain(&BEGINS).chain(&NAMES);
    let pattern: Vec<String> = terms.map(|term| format!("?\"{term}\"")).collect();
    let lines = logs::lines(reader, function, &pattern.join(" "), times).await;
    told(&lines, arn::last(deployment))
}

/// Whose an invocation was, as far as its lines tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    AnotherOnes,
    Nobodys,
}

/// The lines that tell of an end, without those of invocations for another deployment.
fn told(lines: &[Line], deployment: &str) -> Vec<String> {
    let numbered = invocations(lines);
    let has = |line: &Line, terms: &[&str]| terms.iter().any(|term| line.text.contains(term));
    let mut whose: HashMap<(&str, usize), Whose> = HashMap::new();
    for (line, number) in lines.iter().zip(&numbered) {
        let of_this = whose.entry((&line.stream, *number)).or_insert(Whose::Nobodys);
        if line.text.contains(deployment) {
            *of_this = Whose::Ours;
        } else if *of_this == Whose::Nobodys && names_one(line) {
            *of_this = Whose::AnotherOnes;
        }
    }
    let ended = lines.iter().zip(&numbered).filter(|(line, _)| has(line, &ENDED) && !is_evidence(line));
    ended
        .filter_map(|(line, number)| {
            let text = without_request(&line.text);
            // Before a process says that an invocation begins, its lines may be of any.
            let whose = whose.get(&(&*line.stream, *number)).filter(|_| *number > 0);
            match whose.copied().unwrap_or(Whose::Nobodys) {
                Whose::Ours => Some(text),
                Whose::AnotherOnes => None,
                Whose::Nobodys => Some(format!("{text} (its log does not say for which deployment)")),
            }
        })
        .collect()
}

/// The number of the invocation that each line is of, by its stream.
fn invocations(lines: &[Line]) -> Vec<usize> {
    let mut begun: HashMap<&str, usize> = HashMap::new();
    let number = |line: &'_ Line, begun: &mut HashMap<&str, usize>| begun.get(&*line.stream).copied();
    let mut numbers = Vec::new();
    for line in lines {
        if BEGINS.iter().any(|begins| line.text.contains(begins)) {
            *begun.entry(&line.stream).or_default() += 1;
        }
        numbers.push(number(line, &mut begun).unwrap_or_default());
    }
    numbers
}

/// Whether it names a deployment, whichever.
fn names_one(line: &Line) -> bool {
    NAMES.iter().any(|name| *name != EVIDENCE && line.text.contains(name))
        || (is_evidence(line) && line.text.contains("\"deployment\":\""))
}

/// What a hook of greenlight's tells of a verdict is no end, whatever its reason says.
fn is_evidence(line: &Line) -> bool {
    line.text.contains("{\"greenlight\":")
}

/// A line of Lambda's without the request that it is about.
fn without_request(line: &str) -> String {
    let rest = line.split_once("RequestId: ").and_then(|(_, rest)| rest.split_once(' '));
    let line = rest.map_or(line, |(_, rest)| rest);
    line.strip_prefix("Error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn told(lines: &[(&str, &str)]) -> Vec<String> {
        let line = |(stream, text): &(&str, &str)| Line {
            at: Timestamp::UNIX_EPOCH,
            stream: (*stream).to_owned(),
            text: (*text).to_owned(),
        };
        super::told(&lines.iter().map(line).collect::<Vec<_>>(), "ABC")
    }

    const TIMED_OUT: &str = "RequestId: 1-2 Error: Task timed out after 3.00 seconds";
    const OURS: &str = "{'resourceArn': 'arn:aws:ecs:r:1:service-deployment/shop/orders/ABC'}";
    const ANOTHER: &str = "{'resourceArn': 'arn:aws:ecs:r:1:service-deployment/shop/carts/XYZ'}";
    const START: &str = "START RequestId: 1-2 Version: $LATEST";
    const CERTAIN: &str = "Task timed out after 3.00 seconds";
    const UNCERTAIN: &str = "Task timed out after 3.00 seconds (its log does not say for which deployment)";

    #[test]
    fn an_end_is_told_of_this_deployment_or_said_to_be_of_nobodys() {
        for (lines, expected) in [
            (vec![("a", START), ("a", OURS), ("a", TIMED_OUT)], vec![CERTAIN]),
            (vec![("a", START), ("a", ANOTHER), ("a", TIMED_OUT)], vec![]),
            (vec![("a", START), ("a", TIMED_OUT)], vec![UNCERTAIN]),
            // One process after the other, and side by side with another one.
            (vec![("a", START), ("a", OURS), ("a", START), ("a", TIMED_OUT)], vec![UNCERTAIN]),
            (vec![("a", START), ("b", START), ("a", ANOTHER), ("b", OURS), ("b", TIMED_OUT)], vec![CERTAIN]),
            (vec![("a", "{\"type\":\"platform.start\"}"), ("a", OURS), ("a", "ERROR x")], vec!["ERROR x"]),
            (vec![("a", START), ("a", "a deployment of greenlight"), ("a", TIMED_OUT)], vec![UNCERTAIN]),
            // Where no beginning is known, only this line could tell.
            (vec![("a", OURS), ("a", TIMED_OUT)], vec![UNCERTAIN]),
            (vec![("a", START), ("a", OURS), ("a", "{\"greenlight\":1,\"reason\":\"ERROR\"}")], vec![]),
        ] {
            assert_eq!(told(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_request_is_left_out_of_lambdas_lines() {
        for (line, expected) in [
            (TIMED_OUT, CERTAIN),
            ("2026-11-22T18:00:00Z 1-2 Task timed out", "2026-11-22T18:00:00Z 1-2 Task timed out"),
        ] {
            assert_eq!(without_request(line), expected);
        }
    }
}
