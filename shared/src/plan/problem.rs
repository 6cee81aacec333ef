//! What is wrong with a plan: every problem at once, each with its path and the way out.

use std::fmt;

use serde::Serialize;

use super::layers::Layer;

/// One thing that is wrong with a plan or a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: the path in the document (`checks[0].http.path`), or the name of a variable.
    pub path: String,
    /// What is wrong: observed and expected.
    pub message: String,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The layer of the plan that it stands in, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
}

/// Parts a problem's message from its hint where only one text can be given, as in serde errors.
const HINT: &str = "\nhint: ";

impl Problem {
    /// A problem at `path`. A message made by [`with_hint`] is taken apart again.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        let (message, hint) = match message.split_once(HINT) {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (message, None),
        };
        Self { path: path.into(), message, hint, layer: None }
    }

    /// Adds how to fix it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "`{}`", self.path)?;
            if let Some(layer) = self.layer {
                write!(formatter, " of {layer}")?;
            }
            formatter.write_str(": ")?;
        }
        formatter.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(formatter, " ({hint})")?;
        }
        Ok(())
    }
}

/// A message with its hint, for errors that are given through serde.
pub fn with_hint(message: impl fmt::Display, hint: impl fmt::Display) -> String {
    format!("{message}{HINT}{hint}")
}

/// All problems in one sentence, for the reason of a verdict.
pub(crate) fn sentence(problems: &[Problem]) -> String {
    let texts: Vec<_> = problems.iter().map(Problem::to_string).collect();
    texts.join("; ")
}
