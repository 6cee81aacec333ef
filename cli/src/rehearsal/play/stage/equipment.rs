//! What a stage is equipped with: how tasks are run and checked, certificates, and the way to this world.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::super::front::Entrance;
use super::super::functions::Functions;
use super::super::settings::Settings;
use super::SHORTEST_INTERVAL;
use crate::rehearsal::Colour;
use crate::rehearsal::authority::Authority;
use crate::rehearsal::aws::Aws;
use crate::rehearsal::aws::worlds::{Front, Route};
use crate::rehearsal::balancer::{HealthChecks, Options};
use crate::rehearsal::clock::Clock;
use crate::rehearsal::subject::Subject;
use crate::rehearsal::task::{self, Readiness};

/// How the tasks of blue are run.
pub(super) fn of_blue(settings: &Settings, subject: &Subject, clock: &Clock) -> task::Settings {
    task::Settings {
        colour: Colour::Blue,
        program: settings.blue.clone().unwrap_or_else(|| settings.green.clone()),
        count: subject.desired_count,
        port: Some(subject.container_port),
        ready_timeout: settings.ready_timeout,
        readiness: readiness(subject),
        faults: Arc::new(settings.faults.of(Colour::Blue)),
        clock: clock.clone(),
        environment: std::collections::BTreeMap::new(),
    }
}

/// What makes a task ready: the health check of its target group.
fn readiness(subject: &Subject) -> Readiness {
    let check = subject.front.as_ref().map(|front| &front.health_check);
    match check {
        Some(check) if check.protocol.starts_with("HTTP") => Readiness::of(
            check.path.clone().unwrap_or_else(|| "/".to_owned()),
            check.matcher.clone().unwrap_or_else(|| "200".to_owned()),
        ),
        _ => Readiness::Connects,
    }
}

pub(super) fn is_secure(route: &Route) -> bool {
    matches!(route.protocol.as_str(), "HTTPS" | "TLS")
}

/// Gives listeners that speak TLS a certificate's name where their owner's files have none.
pub(super) fn certify(front: &mut Front, service: &str) {
    for route in [Some(&mut front.production), front.test.as_mut()].into_iter().flatten() {
        if is_secure(route) && route.certificate.is_empty() {
            route.certificate = vec![Entrance::of(route, service, &[]).host];
        }
    }
}

pub(super) type Issued = (Authority, tempfile::NamedTempFile);

/// Health checks at the clock's speed, and certificates where a listener wants one.
pub(super) fn options(aws: &Aws, subject: &Subject, clock: &Clock) -> io::Result<(Options, Option<Issued>)> {
    let checks = subject.health_checks;
    // A check itself takes as long as it takes.
    let interval = clock.real(checks.interval).max(SHORTEST_INTERVAL);
    let mut options = Options {
        health_checks: Some(HealthChecks { interval, ..checks }),
        certificates: HashMap::new(),
        ..Options::default()
    };
    let wanted = aws.look(|world| world.acm.certificates.clone());
    if wanted.is_empty() {
        return Ok((options, None));
    }
    let authority = Authority::new()?;
    for certificate in wanted {
        // Programs of others are given the listener's address on this machine.
        let here = ["localhost", "127.0.0.1"].map(ToOwned::to_owned);
        let names: Vec<String> = certificate.subject_alternative_names.iter().cloned().chain(here).collect();
        let issued = authority.issue(&names)?;
        options.certificates.insert(certificate.certificate_arn, issued);
    }
    let mut file = tempfile::NamedTempFile::new()?;
    io::Write::write_all(&mut file, authority.pem().as_bytes())?;
    Ok((options, Some((authority, file))))
}

/// How functions reach this world, and nothing else.
pub(super) fn environment(functions: &mut Functions, aws: &Aws, authority: Option<&Issued>) {
    let url = aws.endpoint_url();
    functions.set("AWS_ENDPOINT_URL", url.clone());
    functions.set(greenlight::settings::REPORT_ENDPOINT_URL, url);
    // Nobody reads them here.
    functions.set(greenlight::settings::METRICS, "off");
    functions.set("NO_PROXY", "*");
    functions.set("no_proxy", "*");
    functions.set("AWS_EC2_METADATA_DISABLED", "true");
    if let Some((_, file)) = authority {
        functions.set("SSL_CERT_FILE", file.path().as_os_str());
        functions.set_for_others("REQUESTS_CA_BUNDLE", file.path().as_os_str());
        functions.set_for_others("CURL_CA_BUNDLE", file.path().as_os_str());
        functions.set_for_others("NODE_EXTRA_CA_CERTS", file.path().as_os_str());
    }
}
