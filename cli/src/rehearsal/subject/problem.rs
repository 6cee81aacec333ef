//! What keeps a file from being rehearsed.

use std::fmt;

/// Something in a file, or in a flag, that keeps it from being rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the flag.
    pub file: String,
    /// Where in it, as its owner writes it: `deploymentConfiguration.lifecycleHooks[0].targetType`.
    /// Empty for all of it.
    pub path: String,
    /// What was found there: `is 101`.
    pub observed: String,
    /// What should be there instead: `a number from 3 to 100`.
    pub expected: String,
    /// The way out, where there is one to name.
    pub fix: Option<String>,
}

impl Problem {
    /// A problem of a whole file.
    pub(crate) fn of_file(
        file: impl Into<String>,
        observed: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            path: String::new(),
            observed: observed.into(),
            expected: expected.into(),
            fix: None,
        }
    }

    /// Adds the way out.
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// Where, what was observed and what was expected. The way out is for whoever shows hints.
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, path, observed, expected, .. } = self;
        write!(formatter, "`{file}`")?;
        if !path.is_empty() {
            write!(formatter, ": `{path}`")?;
        }
        write!(formatter, " {observed}, expected {expected}")
    }
}

impl std::error::Error for Problem {}
