//! The Lambda function `test-traffic`.

fn main() -> std::process::ExitCode {
    greenlight_test_traffic::hook().run()
}
