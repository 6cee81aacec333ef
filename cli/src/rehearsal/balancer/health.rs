//! Health checks: what each target group says, asked of each of its targets, and what came of it written
//! into the world.
//!
//! Targets that are `draining` or `unused` are left alone: whoever registers and deregisters says so.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Site;
use super::log::TargetAddress;
use super::options::HealthChecks;
use super::target;
use crate::rehearsal::aws::elb::{State, Target, TargetGroup};

/// The `User-Agent` of the checks.
pub(in crate::rehearsal) const HEALTH_CHECKER: &str = "ELB-HealthChecker/2.0";

/// One target in one group.
type Place = (String, TargetAddress);

/// How many checks in a row came out the same.
#[derive(Default)]
struct Record {
    passed: u32,
    failed: u32,
}

/// What one check is.
struct Probe {
    place: Place,
    /// Where the check goes, which may be another port than the traffic's.
    at: TargetAddress,
    secure: bool,
    /// What is asked over HTTP and which statuses are good; none if a connection is enough.
    http: Option<(String, String)>,
}

pub(super) async fn check(site: Arc<Site>, settings: HealthChecks) {
    let mut ticks = interval(settings.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut records: HashMap<Place, Record> = HashMap::new();
    loop {
        ticks.tick().await;
        let probes = site.world.change(|world| {
            begin(&mut world.elb);
            probes(&world.elb)
        });
        let mut checks = JoinSet::new();
        for probe in probes {
            let site = site.clone();
            checks.spawn(async move {
                let result = match timeout(settings.timeout, ask(&site, &probe)).await {
                    Ok(result) => result,
                    // Network load balancers know no reason of their own for it.
                    Err(_) if probe.http.is_none() => Err("Target.FailedHealthChecks"),
                    Err(_) => Err("Target.Timeout"),
                };
                (probe.place, result)
            });
        }
        let mut results = HashMap::new();
        while let Some(checked) = checks.join_next().await {
            // A check that did not come to its end says nothing of its target.
            results.extend(checked.ok());
        }
        // A target that is registered again later starts with a clean record.
        records.retain(|place, _| results.contains_key(place));
        site.world.change(|world| settle(&mut world.elb, &mut records, &results, &settings));
    }
}

/// Registration is over once checks have begun.
fn begin(elb: &mut State) {
    for group in elb.target_groups.iter_mut().filter(|group| group.health_check.enabled) {
        for target in group.targets.iter_mut().filter(|target| target.state == "initial") {
            target.reason = Some("Elb.InitialHealthChecking".to_owned());
        }
    }
}

fn probes(elb: &State) -> Vec<Probe> {
    let checked = elb.target_groups.iter().filter(|group| group.health_check.enabled);
    checked
        .flat_map(|group| {
            group.targets.iter().filter(|target| is_checked(target)).map(|target| probe(group, target))
        })
        .collect()
}

fn probe(group: &TargetGroup, target: &Target) -> Probe {
    let check = &group.health_check;
    let http = matches!(check.protocol.as_str(), "HTTP" | "HTTPS").then(|| {
        let path = check.path.clone().unwrap_or_else(|| "/".to_owned());
        let default = if matches!(group.protocol.as_str(), "HTTP" | "HTTPS") { "200" } else { "200-399" };
        (path, check.matcher.clone().unwrap_or_else(|| default.to_owned()))
    });
    Probe {
        place: place(group, target),
        at: TargetAddress { id: target.id.clone(), port: check.port.parse().unwrap_or(target.port) },
        secure: check.protocol == "HTTPS",
        http,
    }
}

fn place(group: &TargetGroup, target: &Target) -> Place {
    (group.arn.clone(), TargetAddress { id: target.id.clone(), port: target.port })
}

fn is_checked(target: &Target) -> bool {
    matches!(target.state.as_str(), "initial" | "healthy" | "unhealthy")
}

/// The reason code of a failure.
async fn ask(site: &Site, probe: &Probe) -> Result<(), &'static str> {
    let failed = "Target.FailedHealthChecks";
    let connection = target::connect(&site.addresses, &probe.at, probe.secure).await.map_err(|_| failed)?;
    let Some((path, matcher)) = &probe.http else { return Ok(()) };
    let (mut sender, connection) = http1::handshake(TokioIo::new(connection)).await.map_err(|_| failed)?;
    site.tasks.spawn(connection);
    let request = Request::get(path)
        .header(HOST, format!("{}:{}", probe.at.id, probe.at.port))
        .header(USER_AGENT, HEALTH_CHECKER)
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| failed)?;
    let response = sender.send_request(request).await.map_err(|_| failed)?;
    if is_good(matcher, response.status().as_u16()) { Ok(()) } else { Err("Target.ResponseCodeMismatch") }
}

/// `200`, `200,202` or `200-299`.
pub(in crate::rehearsal) fn is_good(matcher: &str, status: u16) -> bool {
    matcher.split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let bounds = first.trim().parse::<u16>().ok().zip(last.trim().parse::<u16>().ok());
        bounds.is_some_and(|(first, last)| (first..=last).contains(&status))
    })
}

fn settle(
    elb: &mut State,
    records: &mut HashMap<Place, Record>,
    results: &HashMap<Place, Result<(), &'static str>>,
    settings: &HealthChecks,
) {
    for group in &mut elb.target_groups {
        let arn = group.arn.clone();
        // It may have begun to drain while it was asked.
        for target in group.targets.iter_mut().filter(|target| is_checked(target)) {
            let place = (arn.clone(), TargetAddress { id: target.id.clone(), port: target.port });
            let Some(result) = results.get(&place) else { continue };
            let record = records.entry(place).or_default();
            match result {
                Ok(()) => *record = Record { passed: record.passed + 1, failed: 0 },
                Err(_) => *record = Record { passed: 0, failed: record.failed + 1 },
            }
            let needed = if target.state == "unhealthy" { settings.healthy_threshold } else { 1 };
            match result {
                Ok(()) if record.passed >= needed => set(target, "healthy", None),
                Err(reason) if record.failed >= settings.unhealthy_threshold => {
                    set(target, "unhealthy", Some(reason));
                }
                _ => {}
            }
        }
    }
}

fn set(target: &mut Target, state: &str, reason: Option<&str>) {
    state.clone_into(&mut target.state);
    target.reason = reason.map(ToOwned::to_owned);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::aws::elb::HealthCheck;

    #[test]
    fn states_change_after_as_many_checks_as_they_should() {
        let settings =
            HealthChecks { healthy_threshold: 3, unhealthy_threshold: 2, ..HealthChecks::default() };
        // What each check finds, and the state after it.
        let cases = [
            ("initial", "+", "healthy"),
            ("initial", "--", "initial unhealthy"),
            ("initial", "-+", "initial healthy"),
            ("healthy", "-+--", "healthy healthy healthy unhealthy"),
            ("unhealthy", "+++", "unhealthy unhealthy healthy"),
            ("unhealthy", "++-+++", "unhealthy unhealthy unhealthy unhealthy unhealthy healthy"),
            ("draining", "--", "draining draining"),
        ];
        for (first, checks, expected) in cases {
            let (mut elb, mut records) = (State::default(), HashMap::new());
            elb.target_groups.push(group(first));
            let place = place(&elb.target_groups[0], &elb.target_groups[0].targets[0]);
            let mut states = Vec::new();
            for check in checks.chars() {
                let result = if check == '+' { Ok(()) } else { Err("Target.Timeout") };
                settle(&mut elb, &mut records, &HashMap::from([(place.clone(), result)]), &settings);
                let target = &elb.target_groups[0].targets[0];
                states.push(target.state.clone());
                let reason =
                    (target.state == "unhealthy" && first != "unhealthy").then_some("Target.Timeout");
                assert_eq!(target.reason.as_deref(), reason, "{first} {checks}");
            }
            assert_eq!(states.join(" "), expected, "{first} {checks}");
        }
    }

    fn group(state: &str) -> TargetGroup {
        TargetGroup {
            arn: "arn".to_owned(),
            name: "green".to_owned(),
            protocol: "HTTP".to_owned(),
            protocol_version: None,
            port: 80,
            target_type: "ip".to_owned(),
            health_check: HealthCheck {
                enabled: true,
                protocol: "HTTP".to_owned(),
                port: "traffic-port".to_owned(),
                path: None,
                matcher: None,
            },
            targets: vec![Target {
                id: "127.0.0.1".to_owned(),
                port: 80,
                state: state.to_owned(),
                reason: None,
            }],
        }
    }

    #[test]
    fn matchers_are_lists_and_ranges() {
        let cases = [
            ("200", 200, true),
            ("200", 201, false),
            ("200,202", 202, true),
            ("200-299", 299, true),
            ("200-299", 300, false),
            ("200-204, 301", 301, true),
            ("", 200, false),
            ("anything", 200, false),
        ];
        for (matcher, status, expected) in cases {
            assert_eq!(is_good(matcher, status), expected, "{matcher} and {status}");
        }
    }
}
