//! The fuzz targets: for each kind of input from outside, what must hold of it whatever it is.
//!
//! A property stands beside the code that it is about, and takes any bytes. `fuzz/fuzz_targets` gives it those of a
//! fuzzer, `tests/it/fuzzing.rs` those that were worth keeping.

pub use greenlight_cli::fuzzing::{
    answer, appspec, event, listener_rule, plan, probe_answer, state, template,
};

/// A property by the name of its target, which is the name of its corpus, too.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("answer", answer),
    ("appspec", appspec),
    ("event", event),
    ("listener_rule", listener_rule),
    ("plan", plan),
    ("probe_answer", probe_answer),
    ("state", state),
    ("template", template),
];
