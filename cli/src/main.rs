//! The command `greenlight`.

fn main() -> std::process::ExitCode {
    greenlight_cli::main()
}
