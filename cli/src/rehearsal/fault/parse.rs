//! Faults as people write them.

use std::collections::BTreeSet;

use greenlight::plan::Problem;
use greenlight::plan::decode::suggest;
use greenlight::plan::units::Span;

use super::Faults;
use super::registry::{At, Line, Place, Put, REGISTRY};
use crate::rehearsal::Colour;
use crate::rehearsal::aws::{Operation, Times};

impl Faults {
    /// Reads faults, in each text one or several with commas between them. Of two that say the same of a
    /// side's tasks the later one counts.
    ///
    /// Fails with all that is wrong, each with the fault that it is about.
    pub fn parse<'texts>(texts: impl IntoIterator<Item = &'texts str>) -> Result<Self, Vec<Problem>> {
        let (mut faults, mut problems) = (Self::default(), Vec::new());
        for fault in texts.into_iter().flat_map(|text| text.split(',')).map(str::trim) {
            if let Err(problem) = add(&mut faults, fault) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(faults) } else { Err(problems) }
    }
}

/// The way out where a fault cannot even be taken apart.
const SHOWN: &str = "`--list-faults` shows them all";

/// What one fault says, taken apart.
struct Written<'text> {
    subject: &'text str,
    name: &'text str,
    value: Option<&'text str>,
    at: Vec<&'text str>,
}

impl<'text> Written<'text> {
    fn read(text: &'text str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::new("--fault", "is empty, or ends with a comma").hint(SHOWN));
        }
        let (subject, rest) = text
            .split_once(':')
            .ok_or_else(|| Problem::new(text, "is no fault; expected `SUBJECT:NAME`").hint(SHOWN))?;
        let (name, rest) = rest.split_at(rest.find(['=', '@']).unwrap_or(rest.len()));
        let (rest, at) = match rest.split_once('@') {
            Some((rest, at)) => (rest, at.split('@').collect()),
            None => (rest, Vec::new()),
        };
        Ok(Self { subject, name, value: rest.strip_prefix('='), at })
    }

    fn line(&self) -> Result<&'static Line, (String, String)> {
        let of_subject: Vec<&Line> =
            REGISTRY.iter().filter(|line| line.subjects.contains(&self.subject)).collect();
        if of_subject.is_empty() {
            let subjects: BTreeSet<&str> = REGISTRY.iter().flat_map(|line| line.subjects).copied().collect();
            let subjects = Vec::from_iter(subjects);
            return Err((
                format!("nothing that can go wrong is called `{}`", self.subject),
                suggest(self.subject, &subjects),
            ));
        }
        let names: Vec<&str> = of_subject.iter().map(|line| line.name).collect();
        of_subject.into_iter().find(|line| line.name == self.name).ok_or_else(|| {
            (format!("`{}` has no fault `{}`", self.subject, self.name), suggest(self.name, &names))
        })
    }
}

fn add(faults: &mut Faults, text: &str) -> Result<(), Problem> {
    let written = Written::read(text)?;
    let problem = |message: String, hint: String| Problem::new(text, message).hint(hint);
    let line = written.line().map_err(|(message, hint)| problem(message, hint))?;
    let form = || format!("expected `{}`", line.form(written.subject));
    let place = place(&written, line).map_err(|message| problem(message, form()))?;
    put(faults, line, &place, written.value).map_err(|message| problem(message, form()))
}

/// What comes after each `@`: a number of calls, an operation, or a hook.
fn place(written: &Written<'_>, line: &Line) -> Result<Place, String> {
    let side = if written.subject == "blue" { Colour::Blue } else { Colour::Green };
    let mut place = Place { side, operation: None, times: Times::Always, hook: None };
    for at in &written.at {
        let twice = || format!("`@{at}` is one too many");
        if line.at.is_empty() {
            return Err(format!("`@{at}` narrows what cannot be narrowed"));
        }
        if at.is_empty() {
            return Err("nothing comes after `@`".to_owned());
        }
        if line.at.contains(&At::Hook) {
            if place.hook.replace((*at).to_owned()).is_some() {
                return Err(twice());
            }
        } else if at.bytes().all(|byte| byte.is_ascii_digit()) {
            let times = at.parse().ok().filter(|times| *times > 0);
            let times = times.ok_or_else(|| format!("`@{at}` is no number of calls; one is the least"))?;
            if place.times != Times::Always {
                return Err(twice());
            }
            place.times = Times::Next(times);
        } else if place.operation.replace(Operation::find(at)?).is_some() {
            return Err(twice());
        }
    }
    Ok(place)
}

fn put(faults: &mut Faults, line: &Line, place: &Place, value: Option<&str>) -> Result<(), String> {
    let given = || value.filter(|value| !value.is_empty()).ok_or_else(|| "it needs a value".to_owned());
    match line.put {
        Put::Plain(put) => match value {
            None => put(faults, place),
            Some(value) => return Err(format!("it takes no value, and has `{value}`")),
        },
        Put::Share(put) => put(faults, place, given()?.parse()?),
        Put::Span(put) => put(faults, place, given()?.parse::<Span>()?.0),
        Put::Count(put) => {
            let value = given()?;
            let count = value.parse().map_err(|_| format!("`{value}` is no whole number"))?;
            put(faults, place, count);
        }
        Put::Text(put) => put(faults, place, given()?.to_owned()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{HookFault, HookFaultKind, TaskFaults};
    use super::*;
    use crate::rehearsal::aws::Fault;

    fn parse(text: &str) -> Faults {
        Faults::parse([text]).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
    }

    #[test]
    fn nothing_is_wrong_if_nothing_is_said() {
        assert_eq!(Faults::parse([]).unwrap(), Faults::default());
    }

    #[test]
    fn every_example_of_the_registry_is_read_and_says_something() {
        for line in REGISTRY {
            for subject in line.subjects {
                let example = line.example(subject);
                assert_ne!(parse(&example), Faults::default(), "{example}");
            }
        }
    }

    #[test]
    fn faults_of_a_side_add_up() {
        let texts = [
            "green:slow=500ms, green:errors=20%,green:errors-after=2m",
            "green:crash-after=1h30m,green:never-healthy,green:leak=100",
            "blue:version=1.0,green:errors=30%",
        ];
        let faults = Faults::parse(texts).unwrap();
        let green = TaskFaults {
            slow: Some(Duration::from_millis(500)),
            errors: Some("30%".parse().unwrap()),
            errors_after: Some(Duration::from_mins(2)),
            crash_after: Some(Duration::from_mins(90)),
            never_healthy: true,
            version: None,
            leak: Some(100),
        };
        assert_eq!(faults.of(Colour::Green), green);
        assert_eq!(
            faults.of(Colour::Blue),
            TaskFaults { version: Some("1.0".into()), ..TaskFaults::default() }
        );
        assert_eq!((faults.aws.len(), faults.hooks.len()), (0, 0));
    }

    #[test]
    fn rules_and_handshakes_have_one_fault_each() {
        let faults = parse("rules:drifted,tls:hang-once");
        assert!(faults.rules_drifted && faults.tls_hang_once);
        let others = Faults { rules_drifted: false, tls_hang_once: false, ..faults };
        assert_eq!(others, Faults::default());
    }

    #[test]
    fn faults_of_calls_are_narrowed_by_operation_and_number() {
        for (text, operation, fault, times) in [
            ("aws:throttled", None, Fault::Throttled, Times::Always),
            ("aws:throttled@3", None, Fault::Throttled, Times::Next(3)),
            ("aws:denied@ecs:DescribeTasks", Some("DescribeTasks"), Fault::Denied, Times::Always),
            ("aws:denied@1@ecs:describetasks", Some("DescribeTasks"), Fault::Denied, Times::Next(1)),
            (
                "aws:slow=2s@lambda:InvokeFunction",
                Some("Invoke"),
                Fault::Slow(Duration::from_secs(2)),
                Times::Always,
            ),
            (
                "aws:slow=2s@ssm:GetParameter@2",
                Some("GetParameter"),
                Fault::Slow(Duration::from_secs(2)),
                Times::Next(2),
            ),
        ] {
            let faults = parse(text);
            assert_eq!(faults.aws.len(), 1, "{text}");
            let read = &faults.aws[0];
            assert_eq!(read.operation.map(Operation::name), operation, "{text}");
            assert_eq!((&read.fault, read.times), (&fault, times), "{text}");
        }
    }

    #[test]
    fn faults_of_hooks_are_those_of_one_or_of_all() {
        let faults = parse("hook:killed,hook:timeout=1s@test-traffic,hook:report-denied,hook:twice@health");
        let killed = HookFault { hook: None, kind: HookFaultKind::Killed };
        assert_eq!(faults.hooks[0], killed);
        let timeout = HookFaultKind::Timeout(Duration::from_secs(1));
        let of_hook = |hook| faults.of_hook(hook).collect::<Vec<_>>();
        assert_eq!(of_hook("test-traffic"), [&HookFaultKind::Killed, &timeout, &HookFaultKind::ReportDenied]);
        let expected = [&HookFaultKind::Killed, &HookFaultKind::ReportDenied, &HookFaultKind::Twice];
        assert_eq!(of_hook("health"), expected);
    }

    #[test]
    fn what_is_no_fault_is_told_with_the_way_out() {
        for (text, expected) in [
            ("", "`--fault`: is empty, or ends with a comma (`--list-faults` shows them all)"),
            ("green", "`green`: is no fault; expected `SUBJECT:NAME` (`--list-faults` shows them all)"),
            (
                "gren:slow=1s",
                "`gren:slow=1s`: nothing that can go wrong is called `gren` (did you mean `green`?)",
            ),
            (
                "dns:slow=1s",
                "`dns:slow=1s`: nothing that can go wrong is called `dns` (known here: `aws`, `blue`, `green`, `hook`, \
                 `rules`, `tls`)",
            ),
            ("green:eror=1%", "`green:eror=1%`: `green` has no fault `eror` (did you mean `errors`?)"),
            (
                "rules:errors",
                "`rules:errors`: `rules` has no fault `errors` (known here: `drifted`, `denied`)",
            ),
            ("green:errors", "`green:errors`: it needs a value (expected `green:errors=20%`)"),
            ("blue:errors=", "`blue:errors=`: it needs a value (expected `blue:errors=20%`)"),
            (
                "green:errors=20",
                "`green:errors=20`: `20` is no share; expected a percentage such as `0%` or `0.5%` (expected \
                 `green:errors=20%`)",
            ),
            ("green:leak=many", "`green:leak=many`: `many` is no whole number (expected `green:leak=100`)"),
            (
                "green:never-healthy=yes",
                "`green:never-healthy=yes`: it takes no value, and has `yes` (expected `green:never-healthy`)",
            ),
            (
                "green:slow=1s@3",
                "`green:slow=1s@3`: `@3` narrows what cannot be narrowed (expected `green:slow=500ms`)",
            ),
            (
                "aws:throttled@0",
                "`aws:throttled@0`: `@0` is no number of calls; one is the least (expected \
                 `aws:throttled[@OPERATION][@N]`)",
            ),
            (
                "aws:throttled@1@2",
                "`aws:throttled@1@2`: `@2` is one too many (expected `aws:throttled[@OPERATION][@N]`)",
            ),
            ("hook:twice@", "`hook:twice@`: nothing comes after `@` (expected `hook:twice[@HOOK]`)"),
            (
                "aws:denied@ecs:DescribeTask",
                "`aws:denied@ecs:DescribeTask`: no operation is called `ecs:DescribeTask`; did you mean \
                 `ecs:DescribeTasks`? (expected `aws:denied[@OPERATION][@N]`)",
            ),
        ] {
            let problems = Faults::parse([text]).unwrap_err();
            assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), [expected], "{text}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let problems = Faults::parse(["green:slow=fast,rules:drifted", "tls:hang"]).unwrap_err();
        let paths: Vec<_> = problems.iter().map(|problem| &*problem.path).collect();
        assert_eq!(paths, ["green:slow=fast", "tls:hang"]);
    }
}
