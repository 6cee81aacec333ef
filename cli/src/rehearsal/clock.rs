//! The rehearsal's clock: time that runs faster than the wall's.
//!
//! What people wait for on AWS (bake times, delays, timeouts, metric periods) is counted by this clock;
//! what computers do (a request, a handshake, a function's own deadline) is not. The speed may change
//! while the clock runs; whoever sleeps wakes when the simulated moment has come, whatever the speed was.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

/// A clock, shared by its clones.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The simulated moment of the start, which is the wall's.
    started_at: Timestamp,
    anchor: Mutex<Anchor>,
    changed: watch::Sender<()>,
}

/// Where the simulated time stood when the speed was last set.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    real: Instant,
    wall: Timestamp,
    elapsed: Duration,
    speed: f64,
}

impl Clock {
    /// Starts a clock at the wall's time. A speed that is no positive number is 1.
    pub fn start(speed: f64) -> Self {
        let started_at = greenlight::clock::now();
        let anchor =
            Anchor { real: Instant::now(), wall: started_at, elapsed: Duration::ZERO, speed: usable(speed) };
        Self(Arc::new(Inner { started_at, anchor: Mutex::new(anchor), changed: watch::Sender::new(()) }))
    }

    /// How much simulated time has passed.
    pub fn elapsed(&self) -> Duration {
        let anchor = *self.anchor();
        anchor.elapsed + anchor.real.elapsed().mul_f64(anchor.speed)
    }

    /// The simulated time of day.
    pub fn now(&self) -> Timestamp {
        self.at(self.elapsed())
    }

    /// The simulated time of day when so much simulated time has passed.
    pub fn at(&self, elapsed: Duration) -> Timestamp {
        self.0.started_at.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// How many simulated seconds a second has.
    pub fn speed(&self) -> f64 {
        self.anchor().speed
    }

    /// Changes the speed from now on.
    pub fn set_speed(&self, speed: f64) {
        let mut anchor = self.anchor();
        let now = Instant::now();
        let elapsed = anchor.elapsed + now.duration_since(anchor.real).mul_f64(anchor.speed);
        *anchor = Anchor { real: now, wall: greenlight::clock::now(), elapsed, speed: usable(speed) };
        drop(anchor);
        self.0.changed.send_replace(());
    }

    /// Waits until so much simulated time has passed since the start.
    pub async fn sleep_until(&self, elapsed: Duration) {
        let mut changed = self.0.changed.subscribe();
        loop {
            let anchor = *self.anchor();
            let left = elapsed.saturating_sub(self.elapsed());
            if left.is_zero() {
                return;
            }
            let real = left.div_f64(anchor.speed);
            tokio::select! {
                () = tokio::time::sleep(real) => {}
                // The one error is that the sender is gone, and `self` holds it.
                _ = changed.changed() => {}
            }
        }
    }

    /// Waits for so much simulated time.
    pub async fn sleep(&self, simulated: Duration) {
        self.sleep_until(self.elapsed() + simulated).await;
    }

    /// How long so much simulated time takes at the speed of now.
    pub fn real(&self, simulated: Duration) -> Duration {
        simulated.div_f64(self.speed())
    }

    /// The clock at the speed of now, for a process that is started to run by it.
    pub fn reading(&self) -> greenlight::clock::Simulated {
        let anchor = *self.anchor();
        greenlight::clock::Simulated {
            wall: anchor.wall,
            simulated: self.at(anchor.elapsed),
            speed: anchor.speed,
        }
    }

    fn anchor(&self) -> MutexGuard<'_, Anchor> {
        self.0.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn usable(speed: f64) -> f64 {
    if speed.is_finite() && speed > 0.0 { speed } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sleepers_wake_at_the_simulated_moment_whatever_the_speed_was() {
        let clock = Clock::start(60.0);
        let began = Instant::now();
        clock.sleep(Duration::from_mins(1)).await;
        assert_eq!(began.elapsed().as_millis(), 1000);

        // Half of the wait at 60 x, half of it at 1 x.
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_mins(2)).await;
                Instant::now()
            }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        clock.set_speed(1.0);
        let woke = sleeper.await.unwrap();
        assert!(woke - began >= Duration::from_secs(61), "{:?}", woke - began);
        assert!(clock.elapsed() >= Duration::from_mins(3));
        assert!(clock.elapsed() < Duration::from_secs(181));
    }

    #[tokio::test(start_paused = true)]
    async fn a_speed_that_is_none_is_one() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!((Clock::start(speed).speed() - 1.0).abs() < f64::EPSILON, "{speed}");
        }
    }
}
