//! What a side runs.

use std::fmt;
use std::str::FromStr;

use greenlight::plan::TargetUrl;

/// What the tasks of a side are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The built-in application, which says that it is of this version.
    BuiltIn {
        /// The version, e.g. `1.0`.
        version: String,
    },
    /// A command for `sh`, started once per task. It stays in the foreground and serves on `PORT` of `HOST`.
    Command(String),
    /// Something that runs already: one task, shared by all who ask.
    Url(TargetUrl),
}

impl Program {
    /// Whether it is one task that others use too.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Url(_))
    }
}

impl FromStr for Program {
    type Err = String;

    /// A URL of `http` or `https`; anything else is a command.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_url = ["http://", "https://"]
            .iter()
            .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        if text.is_empty() {
            return Err(
                "it is empty; expected a command, or a URL such as `http://localhost:8080`".to_owned()
            );
        }
        if is_url { text.parse().map(Self::Url) } else { Ok(Self::Command(text.to_owned())) }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn { version } => write!(formatter, "the built-in application {version}"),
            Self::Command(command) => write!(formatter, "`{command}`"),
            Self::Url(url) => url.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_url_and_anything_else_is_a_command() {
        let command = |text: &str| Ok(Program::Command(text.to_owned()));
        let url = |text: &str| Ok(Program::Url(text.parse().unwrap()));
        let cases = [
            ("http://localhost:8080", url("http://localhost:8080")),
            ("HTTPS://green.example.com/base", url("https://green.example.com/base")),
            ("  python3 app.py  ", command("python3 app.py")),
            ("PORT=$PORT ./serve | tee log", command("PORT=$PORT ./serve | tee log")),
            ("curl http://localhost", command("curl http://localhost")),
            ("localhost:8080", command("localhost:8080")),
            ("ü", command("ü")),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Program>(), expected, "{text}");
        }
        for (text, message) in [
            ("", "empty"),
            (" ", "empty"),
            ("http://", "no URL"),
            ("http://a:b@c", "credentials"),
            ("http://x && y", "no URL"),
        ] {
            let error = text.parse::<Program>().unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
