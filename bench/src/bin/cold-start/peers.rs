//! The hooks that people write, as `bench/peers/install` has installed them.

use std::fs;
use std::io;
use std::path::Path;

use greenlight_bench::programs;

use super::candidate::{Candidate, Maker};
use super::scene::Protocol;

/// The peers of `test-traffic` for a protocol.
pub(super) fn of_test_traffic(protocol: Protocol) -> io::Result<Vec<Candidate>> {
    let sdk = protocol != Protocol::Ecs;
    both(protocol.name(), "", sdk, protocol)
}

/// The peers of `health`, which look at one target group that they are told.
pub(super) fn of_health() -> io::Result<Vec<Candidate>> {
    both("health", "health, ", true, Protocol::Ecs)
}

/// `what` is before their names; with ECS a hook needs an SDK only to ask something.
fn both(hook: &str, what: &str, sdk: bool, protocol: Protocol) -> io::Result<Vec<Candidate>> {
    let peers = programs::target()?.join("peers");
    if !peers.join("installed").is_file() {
        let missing = "the hooks in Node.js and Python are not installed: `bench/peers/install` does so";
        return Err(io::Error::other(missing));
    }
    let name = |language: &str, its: &str| {
        if sdk { format!("{what}{language}, {its}") } else { format!("{what}{language}") }
    };
    Ok(vec![
        node(&peers.join("node"), hook, name("Node.js", "AWS SDK v3"), protocol)?,
        python(&peers.join("python"), hook, name("Python", "boto3"), protocol)?,
    ])
}

fn node(folder: &Path, hook: &str, name: String, protocol: Protocol) -> io::Result<Candidate> {
    // The program itself, not what leads to it.
    let program = fs::canonicalize(folder.with_file_name("bin").join("node"))?;
    let mut peer = Candidate::new(name, Maker::Node, protocol, program);
    peer.arguments = vec![folder.join("node_modules/aws-lambda-ric/index.mjs").into()];
    peer.variables.push(("_HANDLER", format!("{hook}.handler")));
    peer.packed = vec![folder.join("bundles").join(format!("{hook}.js"))];
    peer.directory = Some(folder.join("bundles"));
    Ok(peer)
}

fn python(folder: &Path, hook: &str, name: String, protocol: Protocol) -> io::Result<Candidate> {
    let program = fs::read_to_string(folder.with_file_name("python-program"))?;
    let mut peer = Candidate::new(name, Maker::Python, protocol, program.trim().into());
    peer.arguments = ["-m", "awslambdaric", &format!("{hook}_hook.handler")].map(Into::into).into();
    peer.packed = vec![folder.join(format!("{hook}_hook.py")), folder.join("green.py")];
    peer.directory = Some(folder.to_owned());
    Ok(peer)
}
