//! What is measured: a program, how it is started, and what of it a function's zip would hold.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use flate2::{Compression, write::DeflateEncoder};
use greenlight_bench::numbers::median;
use greenlight_cli::rehearsal::lambda::Function;
use serde_json::{Value, json};

use super::sample::Sample;
use super::scene::{Application, Protocol};

/// Who wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    Floor,
    Greenlight,
    Node,
    Python,
}

pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) maker: Maker,
    pub(super) protocol: Protocol,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// The function's folder, of those that have one.
    pub(super) directory: Option<PathBuf>,
    pub(super) variables: Vec<(&'static str, String)>,
    /// Whether it is told where green is.
    pub(super) told: bool,
    /// What a zip of the function would hold.
    pub(super) packed: Vec<PathBuf>,
    pub(super) samples: Vec<Sample>,
}

impl Candidate {
    pub(super) fn new(name: impl Into<String>, maker: Maker, protocol: Protocol, program: PathBuf) -> Self {
        Self {
            name: name.into(),
            maker,
            protocol,
            packed: vec![program.clone()],
            program,
            arguments: Vec::new(),
            directory: None,
            variables: Vec::new(),
            told: true,
            samples: Vec::new(),
        }
    }

    /// A hook of ours, with its plan; without one it runs what it does by default.
    pub(super) fn hook(name: &str, protocol: Protocol, program: PathBuf, plan: Option<&Value>) -> Self {
        let mut hook = Self::new(name, Maker::Greenlight, protocol, program);
        hook.variables.extend(plan.map(|plan| ("GREENLIGHT_PLAN", plan.to_string())));
        match protocol {
            Protocol::Ecs => {}
            // Whose it is is said, as `template.yaml` does.
            Protocol::CodeDeploy => {
                hook.variables.push(("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic".to_owned()));
            }
            Protocol::Pause => hook.variables.push(("GREENLIGHT_PAUSE", "shop/orders".to_owned())),
        }
        hook
    }

    pub(super) fn function(&self, application: Application, aws: &str) -> Function {
        let mut function = Function::new("bench", &self.program).with_variable("AWS_ENDPOINT_URL", aws);
        if self.told {
            // Ours, and that of the peers.
            for name in ["GREENLIGHT_TARGET_URL", "TARGET_URL"] {
                function = function.with_variable(name, application.url());
            }
            function = function.with_variable("TARGET_GROUP_ARN", application.target_group(self.protocol));
        }
        for (name, value) in &self.variables {
            function = function.with_variable(*name, value);
        }
        function.arguments.clone_from(&self.arguments);
        function.directory.clone_from(&self.directory);
        // What a busy machine takes is measured, and not what Lambda allows.
        function.timeout = Duration::from_secs(30);
        function.initialization_limit = Duration::from_mins(1);
        function
    }

    pub(super) fn median(&self, value: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(value))
    }

    pub(super) fn first_next(&self) -> f64 {
        self.median(|sample| millis(sample.first_next))
    }

    pub(super) fn verdict(&self) -> f64 {
        self.median(|sample| millis(sample.verdict))
    }

    pub(super) fn processor(&self) -> f64 {
        self.median(|sample| millis(sample.processor))
    }

    #[expect(clippy::cast_precision_loss, reason = "memory is less than that")]
    pub(super) fn peak(&self) -> f64 {
        self.median(|sample| sample.peak_kib as f64 / 1024.0)
    }

    /// The AWS calls of the last run; what each run asks is the same.
    pub(super) fn calls(&self) -> &[String] {
        self.samples.last().map(|sample| sample.calls.as_slice()).unwrap_or_default()
    }

    /// The bytes of its files.
    pub(super) fn size(&self) -> io::Result<u64> {
        self.packed.iter().map(|path| Ok(fs::metadata(path)?.len())).sum()
    }

    /// About the bytes of a zip of its files.
    pub(super) fn zipped(&self) -> io::Result<u64> {
        let mut zipped = 0;
        for path in &self.packed {
            let content = fs::read(path)?;
            let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
            deflated.write_all(&content)?;
            // The entry's two headers, and the end of the directory.
            zipped += deflated.finish()?.len() as u64 + 120;
        }
        Ok(zipped)
    }
}

/// A plan of one request, or of more.
pub(super) fn requests(requests: u32) -> Value {
    json!({ "checks": [{ "http": { "path": "/", "requests": requests, "concurrency": 5 } }] })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
