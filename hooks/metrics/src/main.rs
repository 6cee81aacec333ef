//! The Lambda function `metrics`.

fn main() -> std::process::ExitCode {
    greenlight_metrics::hook().run()
}
