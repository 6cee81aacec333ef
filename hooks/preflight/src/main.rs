//! The Lambda function `preflight`.

fn main() -> std::process::ExitCode {
    greenlight_preflight::hook().run()
}
