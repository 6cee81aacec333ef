//! One line of what happens to a deployment.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::explain::show::clock;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Told {
    /// When, as AWS tells it.
    pub(super) at: Option<Timestamp>,
    /// What kind of thing: `status`, `stage`, `traffic`, `hook` or `verdict`.
    pub(super) kind: &'static str,
    /// What it is about.
    pub(super) what: String,
    /// Why, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

impl Told {
    pub(super) fn is_verdict(&self) -> bool {
        self.kind == "verdict"
    }

    /// What makes it another one. A verdict may be given twice, at two times; a stage is one however often it is
    /// looked at.
    pub(super) fn key(&self) -> String {
        let at = self.at.filter(|_| self.is_verdict()).map(|at| at.to_string());
        format!("{} {} {}", self.kind, self.what, at.unwrap_or_default())
    }
}

impl fmt::Display for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.map_or_else(|| "--:--:--".to_owned(), clock);
        write!(formatter, "{at}  {:<8} {}", self.kind, self.what)?;
        match &self.reason {
            Some(reason) => write!(formatter, ": {reason}"),
            None => Ok(()),
        }
    }
}
