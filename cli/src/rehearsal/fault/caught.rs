//! Who catches a fault, and a rehearsal that shows it.

use std::fmt;

/// Who catches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// This hook, with this check: it fails.
    Check {
        /// The hook, the only one that takes part in the rehearsal unless its arguments name others.
        hook: &'static str,
        /// The check, by its name in the plan.
        check: &'static str,
    },
    /// No check can be made, and what cannot be told stops.
    Undecided,
    /// AWS itself, whose reason has these words.
    Aws(&'static str),
    /// Nobody: it does no harm, and the deployment succeeds. That it struck shows by this.
    Nobody(Sign),
}

/// What a rehearsal shows, in the document that `--json` writes, of a fault that does no harm; without the fault it
/// does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The document has this text, as JSON without spaces.
    Text(&'static str),
    /// A call of AWS in a hook's evidence took so many milliseconds or more.
    CallOf(u64),
    /// A hook told its evidence twice while it waited in one execution. One that knows that it waited already only
    /// logs `still waiting`.
    ToldTwice,
}

/// That a fault is caught, or does no harm.
#[derive(Clone, Copy, Debug)]
pub struct Caught {
    /// By whom.
    pub by: By,
    /// How, in words that follow upon who it is.
    pub(super) how: &'static str,
    /// What `greenlight rehearse` needs to show it; the fault and the hook are added, unless they are among
    /// these.
    pub(super) arguments: &'static [&'static str],
}

impl Caught {
    /// The arguments of `greenlight rehearse` that show it, for this example of the fault.
    pub(super) fn rehearsal(&self, example: &str) -> Vec<String> {
        let mut arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        if !self.arguments.contains(&"--fault") {
            arguments.extend(["--fault".to_owned(), example.to_owned()]);
        }
        if let By::Check { hook, .. } = self.by
            && !self.arguments.contains(&"--hooks")
        {
            arguments.extend(["--hooks".to_owned(), hook.to_owned()]);
        }
        arguments
    }
}

/// In Markdown.
impl fmt::Display for Caught {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            By::Check { hook, check } => write!(formatter, "`{check}` of the hook `{hook}`")?,
            By::Undecided => formatter.write_str("every check: it cannot be told, which stops")?,
            By::Aws(_) => formatter.write_str("AWS")?,
            By::Nobody(_) => formatter.write_str("nobody, it does no harm")?,
        }
        let separator = match (self.how, self.by) {
            ("", _) => "",
            (_, By::Check { .. }) => ", ",
            _ => ": ",
        };
        write!(formatter, "{separator}{}", self.how)
    }
}
