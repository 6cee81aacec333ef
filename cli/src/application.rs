//! `greenlight application`: the built-in application as a process, for a side of a rehearsal that is a
//! command.

use std::{env, net::IpAddr, net::SocketAddr, process::ExitCode};

use crate::{arguments::ApplicationOptions, failure::Failure, rehearsal::application::Application};

/// Serves on `PORT` of `HOST` until it is told to end.
pub(crate) async fn run(options: ApplicationOptions) -> Result<ExitCode, Failure> {
    let port = env::var("PORT").unwrap_or_default();
    let at = address(&port, env::var("HOST").ok().as_deref())?;
    let _application = Application::listen(at, &options.version)
        .await
        .map_err(|error| Failure::not_carried_out(&format!("cannot listen on {at}"), &error))?;
    std::future::pending().await
}

fn address(port: &str, host: Option<&str>) -> Result<SocketAddr, Failure> {
    let wrong = |name: &str, value: &str, expected: &str| {
        Failure::wrong(format!("the variable `{name}` is `{value}`; expected {expected}"))
    };
    let port: u16 = port.parse().map_err(|_| wrong("PORT", port, "a port such as 8080"))?;
    let host = host.unwrap_or("127.0.0.1");
    let host: IpAddr = host.parse().map_err(|_| wrong("HOST", host, "an address such as 127.0.0.1"))?;
    Ok(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_in_the_environment() {
        let cases = [
            ("8080", None, Ok("127.0.0.1:8080")),
            ("8080", Some("127.0.2.1"), Ok("127.0.2.1:8080")),
            ("8080", Some("::1"), Ok("[::1]:8080")),
            ("", None, Err("the variable `PORT` is ``; expected a port such as 8080")),
            ("70000", None, Err("the variable `PORT` is `70000`; expected a port such as 8080")),
            ("80", Some("here"), Err("the variable `HOST` is `here`; expected an address such as 127.0.0.1")),
        ];
        for (port, host, expected) in cases {
            let found = address(port, host).map(|found| found.to_string()).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{port} {host:?}");
        }
    }
}
