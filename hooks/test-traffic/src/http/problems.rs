//! Settings of the check `http` that contradict each other, or ask for too much.

use greenlight::plan::{Problem, Target};

use super::{Http, line::Verb, request, steps, steps::within};

/// Above these, a probe is a load test, and a plan must say that it means it.
const MANY_REQUESTS: u64 = 1000;
const MANY_AT_ONCE: usize = 100;
/// No plan can ask for more: a function has 15 minutes and little memory.
const MOST_REQUESTS: u64 = 1_000_000;
const MOST_AT_ONCE: usize = 1000;
/// A search for a regular expression cannot be interrupted, so what it looks through is bounded.
const MOST_SEARCHED: usize = 1 << 20;

const ALLOW: &str = "add `\"allow_load\": true` if green and what is behind it can take that";

/// Everything that is wrong.
pub(super) fn of(http: &Http) -> Vec<Problem> {
    let mut problems = requests(http);
    if !(1..=MOST_AT_ONCE).contains(&http.concurrency) {
        let message = format!("is {}; expected 1 to {MOST_AT_ONCE}", http.concurrency);
        problems.push(Problem::new("concurrency", message));
    } else if http.concurrency > MANY_AT_ONCE && !http.allow_load {
        let message = format!("is {}; expected at most {MANY_AT_ONCE}", http.concurrency);
        problems.push(Problem::new("concurrency", message).hint(ALLOW));
    }
    if http.method.changes_things() && !http.allow_load {
        problems.push(changes_things("method", &http.method));
    }
    if http.redirects > 20 {
        problems.push(Problem::new("redirects", format!("is {}; expected 0 to 20", http.redirects)));
    }
    for (key, span) in [("timeout", http.timeout), ("connect_timeout", http.connect_timeout)] {
        if span.0.is_zero() {
            problems.push(Problem::new(key, "is 0s; expected a time in which green can answer"));
        }
    }
    let searches = |step: &steps::Step| {
        step.expect.body_matches.is_some()
            || step.capture.values().any(|capture| matches!(capture, super::capture::Capture::Regex(_)))
    };
    if http.max_body.bytes() > MOST_SEARCHED && http.sequence().iter().any(searches) {
        problems.push(
            Problem::new("max_body", format!("is {}; expected at most 1MiB where a body is searched", http.max_body))
                .hint("a regular expression cannot be interrupted; use `body_contains` or `jsonpath` for large bodies"),
        );
    }
    problems.extend(http.via.port_problems(http.port));
    problems.extend(request::cookie_problems(&http.cookies));
    problems.extend(http.expect.problems().into_iter().map(|problem| within("expect", problem)));
    problems.extend(in_a_row(http));
    if http.is_sequence() {
        problems.extend(beside_steps(http));
        problems.extend(steps::problems(http));
    }
    problems
}

/// `expires_in` where the plan itself says that there is no certificate. Of a route that discovery finds, only the
/// run can tell.
pub(super) fn without_certificate(http: &Http, target: &Target) -> Vec<Problem> {
    let Some(url) = target.url.as_ref().filter(|url| url.url().scheme() == "http") else { return Vec::new() };
    let in_step = |(index, step): (usize, &steps::Step)| {
        step.expect.needs_certificate().then(|| format!("steps[{index}].expect.expires_in"))
    };
    let of_check = http.expect.needs_certificate().then(|| "expect.expires_in".to_owned());
    let keys = of_check.into_iter().chain(http.steps.iter().enumerate().filter_map(in_step));
    keys.map(|key| {
        Problem::new(
            key,
            format!("is about a certificate, and `target.url` ({url}) is plain HTTP, which has none"),
        )
        .hint("name a target URL with `https`, or take `expires_in` out")
    })
    .collect()
}

/// A method that needs to be meant.
pub(super) fn changes_things(path: &str, method: &Verb) -> Problem {
    Problem::new(path, format!("is {}; expected GET or HEAD", method.0)).hint(ALLOW)
}

/// How many are sent in all.
fn requests(http: &Http) -> Vec<Problem> {
    let mut problems = Vec::new();
    let steps = http.steps.len().max(1) as u64;
    let all = http.requests.saturating_add(http.warm_up).saturating_mul(steps);
    if !(1..=MOST_REQUESTS).contains(&http.requests) {
        let message = format!("is {}; expected 1 to {MOST_REQUESTS}", http.requests);
        problems.push(Problem::new("requests", message));
    } else if http.warm_up > MOST_REQUESTS {
        let message = format!("is {}; expected 0 to {MOST_REQUESTS}", http.warm_up);
        problems.push(Problem::new("warm_up", message));
    } else {
        let (most, hint) = if http.allow_load { (MOST_REQUESTS, None) } else { (MANY_REQUESTS, Some(ALLOW)) };
        if all > most {
            let warm_up = (http.warm_up > 0).then(|| format!(", after {} to warm up", http.warm_up));
            let each = http.is_sequence().then(|| format!(", of {steps} steps each"));
            let in_all = (warm_up.is_some() || each.is_some()).then(|| format!(": {all} requests"));
            let counted: String = [warm_up, each, in_all].into_iter().flatten().collect();
            let message = format!("is {}{counted}; expected at most {most}", http.requests);
            let problem = Problem::new("requests", message);
            problems.push(match hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            });
        }
    }
    problems
}

/// What `consecutive` does not go together with.
fn in_a_row(http: &Http) -> Vec<Problem> {
    let Some(consecutive) = http.consecutive else { return Vec::new() };
    let mut problems = Vec::new();
    if consecutive == 0 || consecutive > http.requests {
        problems.push(
            Problem::new(
                "consecutive",
                format!("is {consecutive}; expected 1 to `requests`, {}", http.requests),
            )
            .hint("`requests` says after how many to give up"),
        );
    }
    if http.concurrency > 1 {
        problems.push(
            Problem::new("concurrency", format!("is {}; expected 1 with `consecutive`", http.concurrency))
                .hint("what is sent at once is not in a row"),
        );
    }
    if http.expect.allowed().fraction() > 0.0 {
        problems.push(
            Problem::new(
                "expect.failures",
                format!("is {}; expected none with `consecutive`", http.expect.allowed()),
            )
            .hint("with `consecutive`, failures before the row do not count, and those in it end it"),
        );
    }
    problems
}

/// What belongs into a step where there are steps.
fn beside_steps(http: &Http) -> Vec<Problem> {
    let mut keys = Vec::new();
    keys.extend(http.path.is_given().then(|| "path".to_owned()));
    keys.extend((http.method != Verb::default()).then(|| "method".to_owned()));
    keys.extend(http.body.is_some().then(|| "body".to_owned()));
    keys.extend(http.expect.about_answers().into_iter().map(|key| format!("expect.{key}")));
    let misplaced = |key: String| {
        let hint = format!("move it to `steps[0].{key}`, or to the step that it is meant for");
        Problem::new(key, "stands beside `steps`; expected in one of them").hint(hint)
    };
    keys.into_iter().map(misplaced).collect()
}
