//! What is wrong with the tasks of a side, on request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use greenlight::plan::units::Share;
use http::StatusCode;
use thiserror::Error;

use super::program::Program;
use super::readiness::Readiness;
use crate::rehearsal::clock::Clock;

/// The faults of a side, all at once; by default none.
///
/// Those that concern requests need requests of HTTP/1.1: with one of them a task speaks nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Every request takes so much longer, in real time.
    pub slow: Option<Duration>,
    /// This share of the side's requests is answered with 500, but for those of health checks.
    pub errors: Option<Share>,
    /// Nothing fails until the tasks have run for so much simulated time; then the share of `errors`, or
    /// all where there is none.
    pub errors_after: Option<Duration>,
    /// After so much simulated time every task crashes: its process is killed, its address refuses.
    pub crash_after: Option<Duration>,
    /// The path of the health check is answered with 503; everything else works.
    pub never_healthy: bool,
    /// The built-in application says that it is this version.
    pub version: Option<String>,
    /// After so many requests a task has no connection left: further ones are taken and never answered.
    /// Those of health checks do not count, and are not answered then either.
    pub leak: Option<usize>,
}

/// A fault that the side cannot have.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unfit {
    /// Only the built-in application can be told its version.
    #[error(
        "the fault of a wrong version needs the built-in application; a command or a URL says itself which version it is"
    )]
    Version,
    /// A connection cannot be answered with 503.
    #[error(
        "the fault of never being healthy needs a health check over HTTP; this one is content with a connection"
    )]
    NeverHealthy,
}

impl Faults {
    /// Whether tasks that run this and are checked like this can have these faults.
    pub fn fit(&self, program: &Program, readiness: &Readiness) -> Result<(), Unfit> {
        if self.version.is_some() && !matches!(program, Program::BuiltIn { .. }) {
            return Err(Unfit::Version);
        }
        if self.never_healthy && readiness.path().is_none() {
            return Err(Unfit::NeverHealthy);
        }
        Ok(())
    }

    /// Whether requests must be looked at.
    pub(super) fn concern_requests(&self) -> bool {
        self.slow.is_some()
            || self.errors.is_some()
            || self.errors_after.is_some()
            || self.never_healthy
            || self.leak.is_some()
    }
}

/// The faults of a side whose tasks run.
#[derive(Debug)]
pub(super) struct InForce {
    faults: Arc<Faults>,
    health_check: Option<String>,
    clock: Clock,
    /// When the tasks began to run.
    began: Duration,
    /// The requests that `errors` was dealt out among.
    dealt: AtomicU64,
}

/// What a task has been asked so far, health checks aside.
#[derive(Debug, Default)]
pub(super) struct Requests(AtomicUsize);

/// What a fault needs to know of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    pub(super) by_health_checker: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The application answers it.
    Served,
    /// The fault does.
    Answered(StatusCode),
    /// Nobody ever does.
    NeverAnswered,
}

impl InForce {
    /// The tasks run from now on.
    pub(super) fn new(faults: Arc<Faults>, readiness: &Readiness, clock: Clock) -> Self {
        let health_check = readiness.path().map(ToOwned::to_owned);
        let began = clock.elapsed();
        Self { faults, health_check, clock, began, dealt: AtomicU64::new(0) }
    }

    pub(super) fn concern_requests(&self) -> bool {
        self.faults.concern_requests()
    }

    /// Resolves when the tasks crash, which may be never.
    pub(super) async fn crash(&self) {
        match self.faults.crash_after {
            Some(after) => self.clock.sleep_until(self.began + after).await,
            None => std::future::pending().await,
        }
    }

    /// What becomes of a request to the task that has had these, after the delay that goes with it.
    pub(super) async fn meet(&self, asked: Asked<'_>, requests: &Requests) -> Fate {
        let fate = self.fate(asked, requests);
        if let (Some(slow), Fate::Served | Fate::Answered(_)) = (self.faults.slow, fate) {
            tokio::time::sleep(slow).await;
        }
        fate
    }

    fn fate(&self, asked: Asked<'_>, requests: &Requests) -> Fate {
        let before = requests.0.fetch_add(usize::from(!asked.by_health_checker), Ordering::Relaxed);
        if self.faults.leak.is_some_and(|leak| before >= leak) {
            return Fate::NeverAnswered;
        }
        if self.faults.never_healthy && self.health_check.as_deref() == Some(asked.path) {
            return Fate::Answered(StatusCode::SERVICE_UNAVAILABLE);
        }
        // Green that is healthy and fails real requests is the case that gates are for.
        if !asked.by_health_checker && self.fails() {
            return Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Fate::Served
    }

    /// Whether it is this request's turn to fail. The turns are dealt out evenly, so that of every hundred
    /// requests exactly as many fail as the share says.
    fn fails(&self) -> bool {
        let share = match (self.faults.errors, self.faults.errors_after) {
            (None, None) => return false,
            (Some(share), _) => share.fraction(),
            (None, Some(_)) => 1.0,
        };
        let since = self.faults.errors_after.unwrap_or_default();
        if self.clock.elapsed().saturating_sub(self.began) < since {
            return false;
        }
        let turn = self.dealt.fetch_add(1, Ordering::Relaxed);
        owed(turn + 1, share) > owed(turn, share)
    }
}

/// How many of so many requests fail. Whole numbers, because a sum of fractions drifts.
fn owed(requests: u64, share: f64) -> u128 {
    const WHOLE: u128 = 1_000_000;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000,000")]
    let millionths = (share.clamp(0.0, 1.0) * 1e6).round() as u128;
    u128::from(requests) * millionths / WHOLE
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Asked<'static> = Asked { path: "/hello/ada", by_health_checker: false };
    const HEALTH_CHECK: Asked<'static> = Asked { path: "/ping", by_health_checker: true };
    const FAILED: Fate = Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR);

    fn share(text: &str) -> Share {
        text.parse().unwrap()
    }

    fn in_force(faults: Faults) -> InForce {
        InForce::new(Arc::new(faults), &Readiness::of("/ping", "200"), Clock::start(60.0))
    }

    fn fates(faults: &InForce, asked: Asked<'_>, count: usize) -> Vec<Fate> {
        let requests = Requests::default();
        (0..count).map(|_| faults.fate(asked, &requests)).collect()
    }

    #[tokio::test]
    async fn a_share_of_failures_is_exact() {
        for (text, of, expected) in
            [("20%", 5, 1), ("10%", 10, 1), ("30%", 10, 3), ("0.5%", 200, 1), ("100%", 7, 7), ("0%", 9, 0)]
        {
            let faults = in_force(Faults { errors: Some(share(text)), ..Faults::default() });
            for round in 0..3 {
                let failed = fates(&faults, REQUEST, of).iter().filter(|fate| **fate == FAILED).count();
                assert_eq!(failed, expected, "{text} in round {round}");
            }
        }
    }

    #[tokio::test]
    async fn health_checks_neither_fail_nor_count() {
        let faults = in_force(Faults { errors: Some(share("50%")), leak: Some(2), ..Faults::default() });
        let requests = Requests::default();
        let cases = [
            (HEALTH_CHECK, Fate::Served),
            (HEALTH_CHECK, Fate::Served),
            (REQUEST, Fate::Served),
            (HEALTH_CHECK, Fate::Served),
            (REQUEST, FAILED),
            (REQUEST, Fate::NeverAnswered),
            (HEALTH_CHECK, Fate::NeverAnswered),
        ];
        for (number, (asked, expected)) in cases.into_iter().enumerate() {
            assert_eq!(faults.fate(asked, &requests), expected, "request {number}");
        }
        // Another task has connections of its own.
        assert_ne!(faults.fate(REQUEST, &Requests::default()), Fate::NeverAnswered);
    }

    #[tokio::test]
    async fn never_healthy_is_the_health_check_alone() {
        let faults = in_force(Faults { never_healthy: true, ..Faults::default() });
        let unavailable = Fate::Answered(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(fates(&faults, HEALTH_CHECK, 2), [unavailable; 2]);
        assert_eq!(fates(&faults, REQUEST, 2), [Fate::Served; 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_begin_at_their_simulated_time() {
        let cases = [(None, [FAILED, FAILED]), (Some(share("50%")), [Fate::Served, FAILED])];
        for (errors, expected) in cases {
            let after = Some(Duration::from_mins(10));
            let faults = in_force(Faults { errors, errors_after: after, ..Faults::default() });
            assert_eq!(fates(&faults, REQUEST, 3), [Fate::Served; 3], "{errors:?}");
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(fates(&faults, REQUEST, 2), expected, "{errors:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_is_real_time() {
        let faults = in_force(Faults { slow: Some(Duration::from_millis(300)), ..Faults::default() });
        let began = tokio::time::Instant::now();
        assert_eq!(faults.meet(REQUEST, &Requests::default()).await, Fate::Served);
        assert_eq!(began.elapsed().as_millis(), 300);
    }

    #[test]
    fn a_fault_that_cannot_be_is_told() {
        let version = Faults { version: Some("9".to_owned()), ..Faults::default() };
        let never_healthy = Faults { never_healthy: true, ..Faults::default() };
        let command = Program::Command("serve".to_owned());
        let built_in = Program::BuiltIn { version: "2.0".to_owned() };
        let http = Readiness::of("/ping", "200");
        let cases = [
            (&version, &built_in, &http, Ok(())),
            (&version, &command, &http, Err(Unfit::Version)),
            (&never_healthy, &command, &http, Ok(())),
            (&never_healthy, &built_in, &Readiness::Connects, Err(Unfit::NeverHealthy)),
        ];
        for (faults, program, readiness, expected) in cases {
            assert_eq!(faults.fit(program, readiness), expected, "{faults:?} {program} {readiness:?}");
        }
    }
}
