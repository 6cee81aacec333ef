//! The list of faults for people: on the terminal, and in the documentation.

use super::registry::REGISTRY;

/// What the words of a fault's form mean.
const WORDS: [(&str, &str); 4] = [
    (
        "green",
        "the tasks of the new revision; `blue` are those of the old one, and can have whatever `green` can",
    ),
    (
        "OPERATION",
        "an operation of AWS, e.g. `ecs:DescribeTasks`; all that only look (Describe, List, Get) if none is named",
    ),
    ("N", "the number of calls that it befalls, from the next one on; all if none is given"),
    ("HOOK", "the name of a hook; all hooks if none is named"),
];

/// The list for a terminal, one fault a line, then what the words of their forms mean.
pub fn text() -> String {
    let forms: Vec<_> = REGISTRY.iter().map(|line| (line.form(line.subjects[0]), line.doc())).collect();
    let width = forms.iter().map(|(form, _)| form.len()).max().unwrap_or_default();
    let faults = forms.iter().map(|(form, doc)| format!("{form:width$}  {doc}\n"));
    let words = WORDS.iter().map(|(word, meaning)| format!("{word:width$}  {meaning}\n"));
    faults.chain(["\n".to_owned()]).chain(words).map(|line| line.replace('`', "")).collect()
}

/// The page of the documentation, `docs/faults.md`.
pub fn markdown() -> String {
    let faults = REGISTRY.iter().map(|line| {
        let caught: Vec<_> = line.caught.iter().map(ToString::to_string).collect();
        format!("| `{}` | {} | {} |\n", line.form(line.subjects[0]), line.doc(), caught.join("; "))
    });
    let shown = super::catches().map(|(caught, arguments)| {
        let arguments: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
        format!("| `greenlight rehearse {}` | {caught} |\n", arguments.join(" "))
    });
    let words = WORDS.iter().map(|(word, meaning)| format!("| `{word}` | {meaning} |\n"));
    format!(
        "\
# Faults

What can go wrong in a rehearsal, on request: `--fault SUBJECT:NAME[=VALUE][@WHERE]`, as often as wanted, or several
with commas between them, as in `--fault green:errors=20%,aws:throttled@ecs:DescribeTasks@3`.

| fault | what happens | who catches it |
|---|---|---|
{}
Simulated time runs as fast as the rehearsal's clock, real time does not.

| word | meaning |
|---|---|
{}
## See it

Each of these rehearsals shows one line of that table: the hook that is named takes part alone.

| rehearsal | it is caught by |
|---|---|
{}
This page is made from the registry of faults, `cli/src/rehearsal/fault/registry.rs`.
",
        faults.collect::<String>(),
        words.collect::<String>(),
        shown.collect::<String>(),
    )
}

/// As a shell wants it.
fn quoted(argument: &str) -> String {
    if argument.contains(['>', '<', ' ']) { format!("'{argument}'") } else { argument.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_one_of_the_documentation() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        if std::env::var_os("GREENLIGHT_WRITE_DOCS").is_some() {
            std::fs::write(path, markdown()).unwrap();
            return;
        }
        assert!(
            page == markdown(),
            "docs/faults.md is not current: run this test with GREENLIGHT_WRITE_DOCS=1"
        );
    }

    #[test]
    fn the_list_has_a_line_for_every_fault() {
        let text = text();
        assert_eq!(text.lines().count(), REGISTRY.len() + 1 + WORDS.len());
        assert!(text.contains("\naws:slow=2s[@OPERATION][@N]  "), "{text}");
        assert!(!text.contains('`'), "{text}");
    }
}
