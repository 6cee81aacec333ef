//! The hooks that people write, as `bench/peers/install` has installed them.

use std::fs;
use std::io;
use std::path::Path;

use greenlight_bench::programs;

use super::candidate::{Candidate, Maker};
use super::scene::Protocol;

/// A hook that was written in both languages.
struct Written {
    /// What its files are called.
    file: String,
    /// What is before the names of its languages.
    what: &'static str,
    /// The module that it looks at green with.
    look: &'static str,
    with_sdk: bool,
}

/// The peers of `test-traffic` for a protocol: with ECS they need no SDK, for they ask nothing.
pub(super) fn of_test_traffic(protocol: Protocol) -> io::Result<Vec<Candidate>> {
    let with_sdk = protocol != Protocol::Ecs;
    both(&Written { file: protocol.name().to_owned(), what: "", look: "green", with_sdk }, protocol)
}

/// The peers of `health` for a protocol, which look at one target group that they are told.
pub(super) fn of_health(protocol: Protocol) -> io::Result<Vec<Candidate>> {
    let file = format!("health_{}", protocol.name());
    both(&Written { file, what: "health, ", look: "targets", with_sdk: true }, protocol)
}

fn both(written: &Written, protocol: Protocol) -> io::Result<Vec<Candidate>> {
    let peers = programs::target()?.join("peers");
    if !peers.join("installed").is_file() {
        let missing = "the hooks in Node.js and Python are not installed: `bench/peers/install` does so";
        return Err(io::Error::other(missing));
    }
    let name = |language: &str, sdk: &str| {
        let sdk = if written.with_sdk { format!(", {sdk}") } else { String::new() };
        format!("{}{language}{sdk}", written.what)
    };
    Ok(vec![
        node(&peers.join("node"), &written.file, name("Node.js", "AWS SDK v3"), protocol)?,
        python(&peers.join("python"), written, name("Python", "boto3"), protocol)?,
    ])
}

fn node(folder: &Path, file: &str, name: String, protocol: Protocol) -> io::Result<Candidate> {
    // The program itself, not what leads to it.
    let program = fs::canonicalize(folder.with_file_name("bin").join("node"))?;
    let mut peer = Candidate::new(name, Maker::Node, protocol, program);
    peer.arguments = vec![folder.join("node_modules/aws-lambda-ric/index.mjs").into()];
    peer.variables.push(("_HANDLER", format!("{file}.handler")));
    peer.packed = vec![folder.join("bundles").join(format!("{file}.js"))];
    peer.directory = Some(folder.join("bundles"));
    Ok(peer)
}

fn python(folder: &Path, written: &Written, name: String, protocol: Protocol) -> io::Result<Candidate> {
    let program = fs::read_to_string(folder.with_file_name("python-program"))?;
    let module = format!("{}_hook", written.file);
    let mut peer = Candidate::new(name, Maker::Python, protocol, program.trim().into());
    peer.arguments = ["-m", "awslambdaric", &format!("{module}.handler")].map(Into::into).into();
    peer.packed = [&module, written.look].map(|module| folder.join(format!("{module}.py"))).into();
    peer.directory = Some(folder.to_owned());
    Ok(peer)
}
