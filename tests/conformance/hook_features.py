"""Below the AWS SDK every hook is built with the same features, whatever else it links, by Cargo's own account.

`sam build` builds one hook after another into one target folder, with the features that the hook by itself asks for. A feature
that one of them alone has, in a crate that the SDK stands on, compiles the SDK's clients once more, which is most of a build.
"""

import json
import os
import subprocess
from collections import defaultdict

from support import ROOT, Cases, expect

HOOKS = ["health", "metrics", "preflight", "test-traffic"]
# Hardly anything stands on these, so that building them twice costs a second.
SMALL = {"num-traits"}


def crates(hook):
    """What a hook is built of, each crate with its features."""
    host = next(line for line in run("rustc", "-vV").splitlines() if line.startswith("host: "))
    tree = run(
        *(os.environ.get("CARGO", "cargo"), "tree", "--locked", "--package", f"greenlight-{hook}"),
        *("--no-default-features", "--edges", "normal,build", "--target", host.removeprefix("host: ")),
        *("--prefix", "none", "--no-dedupe", "--format", "{p}\t{f}"),
    )
    found = defaultdict(set)
    for line in tree.splitlines():
        crate, _, features = line.partition("\t")
        # What a build script needs may have other features than what is linked.
        found[crate.removesuffix(" (proc-macro)")].add(features)
    return found


def run(*command):
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout


def main():
    built = {hook: crates(hook) for hook in HOOKS}
    cases = Cases()
    with cases.case("a crate that several hooks link has the same features in each"):
        differing = {}
        for crate in sorted(set().union(*built.values())):
            name = crate.split()[0]
            features = {hook: sorted(built[hook][crate]) for hook in HOOKS if crate in built[hook]}
            if name not in SMALL and len(set(map(json.dumps, features.values()))) > 1:
                differing[crate] = features
        expect("crates whose features differ between hooks (shared/Cargo.toml sets them alike)", differing, {})
    with cases.case("the hooks were looked at"):
        sdk = [hook for hook in HOOKS if any(crate.startswith("aws-sdk-ecs ") for crate in built[hook])]
        expect("hooks that link the client of ECS", sdk, HOOKS)
    cases.finish()


main()
