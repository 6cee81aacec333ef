//! One rehearsal, and what of its output is the same in every run.

use std::path::Path;
use std::process::{Output, Stdio};

use greenlight_tests::binaries;
use tokio::process::Command;

/// Simulated seconds per second. A hook takes a tenth of a second, which must not be a minute.
const SPEED: &str = "200x";

/// The command with these arguments, at the root of the workspace and with nothing of this process's environment
/// but the way to programs.
pub(super) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binaries::command().unwrap_or_else(|error| panic!("{error}")));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.arg("rehearse").args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The transcript of a rehearsal with these arguments.
pub(super) async fn transcript(arguments: &[&str]) -> String {
    let mut command = command(arguments);
    if !arguments.contains(&"--speed") {
        command.args(["--speed", SPEED]);
    }
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
    let mut transcript = format!("$ greenlight rehearse {}\n", arguments.join(" "));
    transcript += &without_what_differs(&text(stdout));
    let errors = text(stderr);
    if !errors.is_empty() {
        transcript += "--- stderr\n";
        transcript += &without_what_differs(&errors);
    }
    let code = status.code().map_or_else(|| "none".to_owned(), |code| code.to_string());
    format!("{transcript}exit code {code}\n")
}

/// What is the same in every run.
fn without_what_differs(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // A second delivery may end at any time.
    let mut twice = None;
    for line in text.lines() {
        let Some(line) = stable(line) else { continue };
        if line.contains("was called a second time") {
            twice = Some(line);
            continue;
        }
        // Attempts that fail alike are told once.
        if lines.last() == Some(&line) {
            continue;
        }
        // How often a hook waits depends on the machine, and others may answer meanwhile.
        let waiting = |line: &str| line.split_once("  WAIT ").map(|(hook, _)| hook.to_owned());
        let answered = lines.iter().rev().take_while(|last| last.starts_with("    "));
        if let Some(hook) = waiting(&line)
            && answered.into_iter().any(|last| waiting(last).as_ref() == Some(&hook))
        {
            continue;
        }
        // Tasks that end at the same time do so in any order.
        let ends = |line: &str| line.contains(" task ") && line.contains(" ended: ");
        let before = lines.iter().rev().take_while(|last| ends(&line) && ends(last) && **last > line).count();
        lines.insert(lines.len() - before, line);
    }
    lines.extend(twice);
    by_hook(lines).join("\n") + "\n"
}

/// Hooks of one stage are asked at the same time and answer in any order: here by their names. Where one of them
/// stops, the others may have answered before, and nobody waits for those that did not.
fn by_hook(lines: Vec<String>) -> Vec<String> {
    let answers = |line: &String| {
        let verdicts = ["  PROCEED  ", "  STOP  ", "  WAIT ", "  CANCELLED: another one has decided"];
        line.contains("greenlight-") && verdicts.iter().any(|verdict| line.contains(verdict))
    };
    let stops = |line: &String| line.contains("  STOP  ");
    let mut ordered: Vec<String> = Vec::new();
    let mut of_stage: Vec<String> = Vec::new();
    let mut stopped = false;
    for line in lines {
        if answers(&line) {
            stopped |= stops(&line);
            of_stage.push(line);
            continue;
        }
        if !of_stage.is_empty() {
            of_stage.retain(|line| !stopped || stops(line));
            // What one hook said stays in its order.
            of_stage.sort_by_key(|line| line.split_whitespace().next().map(ToOwned::to_owned));
            ordered.append(&mut of_stage);
        }
        stopped &= line.starts_with("  FAILED");
        ordered.push(line);
    }
    ordered.append(&mut of_stage);
    ordered
}

/// A line without its time, its measurements and its ports; none where it is about this run alone.
fn stable(line: &str) -> Option<String> {
    for word in ["clock ", "AWS ", "took "] {
        if line.starts_with(word) {
            return None;
        }
    }
    // How much a machine manages at this speed.
    let about_the_machine = ["nothing can happen for long", "could be sent at this speed"];
    if about_the_machine.iter().any(|words| line.contains(words)) {
        return None;
    }
    // A minute is a third of a second at this speed: whether it is over when metrics are asked, and whether enough
    // requests were made in it, depends on the machine. That they are waited for is tested where time is paused.
    if let Some((_, why)) = line.split_once(" is pending: ")
        && (why.contains("whole minute") || why.contains(" requests from "))
    {
        return None;
    }
    if line.contains("  WAIT ") && line.ends_with("for the same reason") {
        return None;
    }
    let line = without_time(line);
    if let Some(users) = line.strip_prefix("users ") {
        return Some(format!("users {}", counts(users)));
    }
    let trimmed = line.trim_start();
    if ["blue  ", "green  ", "neither  "].iter().any(|side| trimmed.starts_with(side))
        && line.starts_with("    ")
    {
        let side = trimmed.split_whitespace().next()?;
        let (_, errors) = trimmed.split_once(", ")?;
        return Some(format!("         {side:<8} {}", counts(errors)));
    }
    if line.starts_with("so ") {
        return Some(some(&line));
    }
    Some(measured(&line))
}

/// The time before an entry is not shown.
fn without_time(line: &str) -> String {
    let trimmed = line.trim_start();
    let time: String =
        trimmed.chars().take_while(|letter| letter.is_ascii_digit() || *letter == ':').collect();
    if time.contains(':') && trimmed[time.len()..].starts_with("  ") {
        return trimmed[time.len()..].to_owned();
    }
    line.to_owned()
}

/// Whether there were errors or rejections, not how many.
fn counts(text: &str) -> String {
    let parts = text.split(", ").filter(|part| part.contains("error") && !part.contains("UTC"));
    parts.map(|part| some(part.split(" in ").next().unwrap_or(part).trim())).collect::<Vec<_>>().join(", ")
}

/// Numbers other than 0 as `N`, in words of one form.
fn some(text: &str) -> String {
    let text = text.split(" (").next().unwrap_or(text);
    let words = text.split(' ').map(|word| {
        let is_number = word.chars().all(|letter| letter.is_ascii_digit() || letter == ',');
        if is_number && !word.is_empty() && word != "0" { "N" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").replace("N error ", "N errors ")
}

/// Durations, ids and ports of this run.
fn measured(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let length = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
        let (digits, after) = number.split_at(length);
        shown.push_str(before);
        let is_port = shown.ends_with("127.0.0.1:")
            || (shown.ends_with(':') && shown.contains("127.0."))
            || shown.ends_with("localhost:");
        let is_time = after.starts_with(" ms")
            || after.starts_with("ms)")
            || shown.ends_with("p95 ")
            || shown.ends_with("under ");
        let is_count = after.starts_with(" invocations") || shown.ends_with("task 0000000");
        let is_wait = shown.ends_with("after waiting ");
        shown.push_str(if is_port || is_time || is_count || is_wait { "N" } else { digits });
        rest = after;
        if is_wait {
            rest = rest
                .trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == 'm' || letter == 's');
        }
    }
    shown.push_str(rest);
    let shown = shown.replace("p95 under Nms", "p95 Nms").replace(" in N invocations)", ")");
    let shown = without_between(&shown, "RequestId: ", " Error");
    let shown = without_between(&shown, "errors were ", ", threshold");
    let shown = without_rates(&shown);
    without_between(&shown, "WAIT ", " s ")
}

/// What metrics showed: zero stays zero.
fn without_rates(line: &str) -> String {
    let line = without_between(line, " requests) from ", " UTC");
    let rate = if line.contains("error rate 0% (0 of ") { "error rate 0% (0 of " } else { "error rate " };
    without_between(&line, rate, " requests) from ")
}

/// Whatever stands between two texts, as `…`.
fn without_between(line: &str, from: &str, to: &str) -> String {
    let Some((before, rest)) = line.split_once(from) else { return line.to_owned() };
    let Some((_, after)) = rest.split_once(to) else { return line.to_owned() };
    format!("{before}{from}…{to}{after}")
}
