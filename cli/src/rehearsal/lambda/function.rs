//! The configuration of a function: what is run, how long it may take, and what it finds in its
//! environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::process::Command;

use crate::rehearsal::identifier;

/// A Lambda function of the OS-only runtimes (`provided.al2023`): a program that speaks the Runtime API.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name, as in the ARN.
    pub name: String,
    /// The program to run, the function's `bootstrap`. A bare name is looked for in the `PATH` that the
    /// function gets, which is Lambda's unless [`with_variable`](Self::with_variable) passes another on.
    pub program: PathBuf,
    /// Its arguments. Lambda gives none; the command uses them to run itself as a hook.
    pub arguments: Vec<OsString>,
    /// Where it runs, and its `LAMBDA_TASK_ROOT`. If nobody says, it runs where the caller does and the
    /// task root is where the program is.
    pub directory: Option<PathBuf>,
    /// Variables besides Lambda's own. Unlike on AWS they may replace a reserved one.
    pub environment: BTreeMap<OsString, OsString>,
    /// How long one invocation may take. Lambda counts whole seconds; tests need less.
    pub timeout: Duration,
    /// How long the process may take until it asks for its first event. 10 s on AWS.
    pub initialization_limit: Duration,
    /// The memory that the function is told it has. It is not enforced.
    pub memory_megabytes: u32,
    /// The region, for the ARN and the SDK.
    pub region: String,
    /// The account, for the ARN.
    pub account: String,
    /// The version or the alias that it is invoked by.
    pub qualifier: Option<String>,
    /// What the deadline header says.
    pub deadline: DeadlineHeader,
    /// How asynchronous invocations are retried.
    pub retries: Retries,
}

/// What `Lambda-Runtime-Deadline-Ms` says; whatever it says, the real timeout ends the invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeadlineHeader {
    /// The truth, in milliseconds since 1970.
    #[default]
    Real,
    /// Always this number. `cargo lambda watch` sends 600000.
    Constant(u64),
    /// The truth, moved by so many milliseconds.
    Offset(i64),
    /// No header.
    Missing,
    /// Anything else that fits into a header, such as a text that is no number.
    Text(String),
}

/// How often and when Lambda repeats an asynchronous invocation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// `MaximumRetryAttempts` of the function: 0 to 2.
    pub maximum_retry_attempts: u8,
    /// The delay before the first and before every further retry.
    pub delays: [Duration; 2],
}

impl Default for Retries {
    /// Two attempts more, after one minute and after two minutes.
    fn default() -> Self {
        Self { maximum_retry_attempts: 2, delays: [Duration::from_mins(1), Duration::from_mins(2)] }
    }
}

impl Retries {
    /// As many attempts as by default, without a wait between them.
    pub fn immediate() -> Self {
        Self { delays: [Duration::ZERO; 2], ..Self::default() }
    }

    /// The delays before each attempt but the first.
    pub(super) fn delays(&self) -> impl Iterator<Item = Duration> {
        let [first, further] = self.delays;
        std::iter::once(first).chain(std::iter::repeat(further)).take(self.maximum_retry_attempts.into())
    }
}

impl Function {
    /// A function with Lambda's defaults: 3 s of time and 128 MB of memory.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            arguments: Vec::new(),
            directory: None,
            environment: BTreeMap::new(),
            timeout: Duration::from_secs(3),
            initialization_limit: Duration::from_secs(10),
            memory_megabytes: 128,
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            qualifier: None,
            deadline: DeadlineHeader::Real,
            retries: Retries::default(),
        }
    }

    /// Adds a variable to the function's environment.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// The ARN that it is invoked by, as in `Lambda-Runtime-Invoked-Function-Arn`.
    pub fn arn(&self) -> String {
        let arn = format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }

    /// The value of the deadline header for an invocation that starts now.
    pub(super) fn deadline_header(&self) -> Option<String> {
        let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let real = Timestamp::now().as_millisecond().saturating_add(milliseconds(self.timeout));
        match &self.deadline {
            DeadlineHeader::Real => Some(real.to_string()),
            DeadlineHeader::Constant(constant) => Some(constant.to_string()),
            DeadlineHeader::Offset(offset) => Some(real.saturating_add(*offset).to_string()),
            DeadlineHeader::Missing => None,
            DeadlineHeader::Text(text) => Some(text.clone()),
        }
    }

    /// What starts its process.
    pub(super) fn command(&self, runtime_api: SocketAddr) -> Command {
        let mut command = Command::new(self.path());
        command.args(&self.arguments).env_clear().envs(self.variables(runtime_api));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// The program as seen from anywhere: a relative path is meant from where the caller is.
    fn path(&self) -> PathBuf {
        let bare = self.program.parent().is_none_or(|directory| directory.as_os_str().is_empty());
        let absolute = (!bare).then(|| std::path::absolute(&self.program).ok()).flatten();
        absolute.unwrap_or_else(|| self.program.clone())
    }

    /// The whole environment of the process: Lambda's reserved variables, then the caller's.
    ///
    /// `AWS_EXECUTION_ENV` and `_X_AMZN_TRACE_ID` are absent because OS-only runtimes do not have
    /// them. The configuration and credentials files and the metadata service, which Lambda has not
    /// either, are shut off so that nothing of the caller's account leaks in.
    fn variables(&self, runtime_api: SocketAddr) -> BTreeMap<OsString, OsString> {
        let task_root = self.directory.as_deref().or_else(|| self.program.parent());
        let task_root = task_root.and_then(|directory| Path::canonicalize(directory).ok());
        let log_stream =
            format!("{}/[$LATEST]{}", Timestamp::now().strftime("%Y/%m/%d"), identifier::hexadecimal());
        let reserved: [(&str, OsString); 20] = [
            ("_HANDLER", "bootstrap".into()),
            ("AWS_ACCESS_KEY_ID", "ASIALOCALLOCALLOCAL1".into()),
            ("AWS_CONFIG_FILE", "/dev/null".into()),
            ("AWS_DEFAULT_REGION", self.region.clone().into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_megabytes.to_string().into()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone().into()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name).into()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.into()),
            ("AWS_REGION", self.region.clone().into()),
            ("AWS_SECRET_ACCESS_KEY", "local".into()),
            ("AWS_SESSION_TOKEN", "local".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime".into()),
            ("LAMBDA_TASK_ROOT", task_root.unwrap_or_else(|| "/var/task".into()).into()),
            ("LANG", "en_US.UTF-8".into()),
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".into()),
            ("TZ", ":UTC".into()),
        ];
        let mut variables: BTreeMap<OsString, OsString> =
            reserved.into_iter().map(|(name, value)| (name.into(), value)).collect();
        variables.extend(self.environment.clone());
        // Last, because without it nothing works.
        variables.insert("AWS_LAMBDA_RUNTIME_API".into(), runtime_api.to_string().into());
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(deadline: DeadlineHeader) -> Function {
        Function { deadline, timeout: Duration::from_mins(1), ..Function::new("hook", "/opt/hook") }
    }

    #[test]
    fn the_deadline_header_tells_the_truth_or_the_lie_asked_for() {
        let before = Timestamp::now().as_millisecond();
        let real = function(DeadlineHeader::Real).deadline_header().unwrap();
        assert!(
            (before + 60_000..=Timestamp::now().as_millisecond() + 60_000).contains(&real.parse().unwrap())
        );

        let hour = 3_600_000;
        let moved = function(DeadlineHeader::Offset(-hour)).deadline_header().unwrap();
        assert!((before - hour..before).contains(&moved.parse().unwrap()));

        assert_eq!(function(DeadlineHeader::Constant(600_000)).deadline_header().as_deref(), Some("600000"));
        assert_eq!(function(DeadlineHeader::Missing).deadline_header(), None);
        assert_eq!(function(DeadlineHeader::Text("soon".into())).deadline_header().as_deref(), Some("soon"));
    }

    #[test]
    fn the_caller_adds_and_replaces_variables_but_never_the_runtime_api() {
        let address = SocketAddr::from(([127, 0, 0, 1], 9001));
        let variables = Function::new("hook", "/opt/hook")
            .with_variable("GREENLIGHT_MODE", "shadow")
            .with_variable("AWS_REGION", "eu-central-1")
            .with_variable("AWS_LAMBDA_RUNTIME_API", "elsewhere")
            .variables(address);
        let value = |name: &str| variables.get(std::ffi::OsStr::new(name)).and_then(|value| value.to_str());
        assert_eq!(value("GREENLIGHT_MODE"), Some("shadow"));
        assert_eq!(value("AWS_REGION"), Some("eu-central-1"));
        assert_eq!(value("AWS_LAMBDA_RUNTIME_API"), Some("127.0.0.1:9001"));
        assert_eq!(value("AWS_LAMBDA_FUNCTION_NAME"), Some("hook"));
        assert_eq!(value("AWS_SHARED_CREDENTIALS_FILE"), Some("/dev/null"));
        assert_eq!(value("AWS_EXECUTION_ENV"), None);
    }

    #[test]
    fn retries_wait_one_minute_then_two() {
        let waits: Vec<u64> = Retries::default().delays().map(|delay| delay.as_secs()).collect();
        assert_eq!(waits, [60, 120]);
        assert_eq!(Retries { maximum_retry_attempts: 0, ..Retries::default() }.delays().count(), 0);
    }
}
