//! The commands of the documents that are not run by a test of theirs: they need an account, a network or a person.

/// Such a command, and what holds it to be true.
pub(super) struct Elsewhere {
    /// How it begins.
    pub(super) begins: &'static str,
    /// Which check runs it, or why none does.
    #[expect(dead_code, reason = "for who reads this list")]
    because: &'static str,
    /// What is run in its place, where a later command needs what it leaves behind.
    pub(super) instead: Option<&'static str>,
}

impl Elsewhere {
    pub(super) fn is_of(&self, command: &str) -> bool {
        command.starts_with(self.begins)
    }

    const fn instead(self, command: &'static str) -> Self {
        Self { instead: Some(command), ..self }
    }
}

const fn not_run(begins: &'static str, because: &'static str) -> Elsewhere {
    Elsewhere { begins, because, instead: None }
}

/// The first that a command begins with is what holds.
pub(super) const ALL: &[Elsewhere] = &[
    // Their own tests.
    not_run("cargo test --workspace", "this is one of these tests"),
    not_run("npm ", "tests/conformance/templates.py builds the CDK's example"),
    not_run("sam validate", "tests/conformance/templates.py"),
    not_run("python3 release/show.py", "tests/conformance/templates.py"),
    not_run("aws lambda ", "tests/conformance/ministack.py"),
    not_run("cargo lambda", "tests/conformance/cargo_lambda.py"),
    not_run("env AWS_LAMBDA", "tests/conformance/cargo_lambda.py"),
    not_run("BIND_HOST=", "tests/conformance/ministack.py"),
    not_run("cat answer.json", "tests/conformance/ministack.py"),
    not_run("cargo build -p greenlight-", "is how these tests come by their binaries"),
    not_run("greenlight rehearse --fault hook:killed@health --keep", "stays until Ctrl-C; tests/it/explain"),
    not_run("greenlight explain --endpoint-url", "asks the rehearsal that was kept; tests/it/explain"),
    // A network, an account, a container engine.
    not_run("python3 -m venv", "is for what pip installs"),
    not_run("pip install", "a network"),
    not_run("rustup target add", "a network"),
    not_run("sam build", "takes minutes for each hook"),
    not_run("(cd dist && sha256sum", "takes a release that was downloaded, and GitHub"),
    not_run("sam deploy", "an account"),
    not_run("sam local", "a container engine"),
    not_run("aws deploy get-deployment-group", "an account")
        .instead("cp examples/codedeploy/deployment-group.json group.json"),
    not_run("aws ", "an account"),
    not_run("greenlight explain --service", "an account; tests/it/explain follows a deployment"),
    not_run("cargo run -- route --event event.json --aws", "an account"),
    // What is the reader's own.
    not_run("(cd ../my-hook && cargo build)", "the program is a doc test"),
    not_run("cargo run -- invoke my-hook", "tests/it/command plays hooks of others' own"),
    not_run("cargo run -- rehearse --blue 'python3", "takes Python; tests/conformance/rehearsal.py plays it"),
    not_run("cargo run -- rehearse my-service.json", "tests/it/rehearse plays functions of others' own"),
];

pub(super) fn find(command: &str) -> Option<&'static Elsewhere> {
    ALL.iter().find(|entry| entry.is_of(command))
}
