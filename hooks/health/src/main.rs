//! The Lambda function `health`.

fn main() -> std::process::ExitCode {
    greenlight_health::hook().run()
}
