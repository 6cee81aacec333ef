//! The rehearsal's clock: time that runs faster than the wall's.
//!
//! What people wait for on AWS (bake times, delays, timeouts, metric periods) is counted by this clock;
//! what computers do (a request, a handshake, a function's own deadline) is not. The speed may change
//! while the clock runs; whoever sleeps wakes when the simulated moment has come, whatever the speed was.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use greenlight::clock::Simulated;
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
    /// Where processes read it that follow it.
    file: Mutex<Option<PathBuf>>,
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
        let started_at = greenlight::clock::wall();
        let anchor =
            Anchor { real: Instant::now(), wall: started_at, elapsed: Duration::ZERO, speed: usable(speed) };
        Self(Arc::new(Inner {
            started_at,
            anchor: Mutex::new(anchor),
            changed: watch::Sender::new(()),
            file: Mutex::default(),
        }))
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
        *anchor = Anchor { real: now, wall: greenlight::clock::wall(), elapsed, speed: usable(speed) };
        drop(anchor);
        self.tell();
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

    /// Lets simulated time pass at once until it is this second of a minute, 0 to 59.
    pub fn skip_to_second(&self, second: i64) {
        let past = self.now().as_second().rem_euclid(60);
        let left = Duration::from_secs((second - past).rem_euclid(60).unsigned_abs());
        let mut anchor = self.anchor();
        // Whole seconds are enough for people; the fraction would make a minute begin late.
        let elapsed = anchor.elapsed + anchor.real.elapsed().mul_f64(anchor.speed) + left;
        let begun = self.at(elapsed).subsec_nanosecond();
        let elapsed = elapsed.saturating_sub(Duration::from_nanos(u64::try_from(begun).unwrap_or(0)));
        let (real, wall) = (Instant::now(), greenlight::clock::wall());
        *anchor = Anchor { real, wall, elapsed: elapsed.max(anchor.elapsed), speed: anchor.speed };
        drop(anchor);
        self.tell();
    }

    /// Writes what it says into a file, now and whenever it changes, for processes that follow it.
    pub fn publish(&self, file: PathBuf) -> io::Result<()> {
        *self.file() = Some(file);
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let anchor = *self.anchor();
        let reading =
            Simulated { wall: anchor.wall, simulated: self.at(anchor.elapsed), speed: anchor.speed };
        let Some(file) = self.file().clone() else { return Ok(()) };
        // In one step, so that nobody reads half of it.
        let new = file.with_extension("new");
        fs::write(&new, reading.to_string())?;
        fs::rename(new, file)
    }

    /// Tells sleepers and processes that it runs otherwise now.
    fn tell(&self) {
        // Who cannot read the news goes by the last that could be read.
        let _ = self.write();
        self.0.changed.send_replace(());
    }

    fn file(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner)
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
    async fn whoever_follows_it_reads_every_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let clock = Clock::start(60.0);
        clock.publish(file.clone()).unwrap();
        let reading = || fs::read_to_string(&file).unwrap().parse::<Simulated>().unwrap();
        assert!((reading().speed - 60.0).abs() < f64::EPSILON);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = reading();
        clock.set_speed(1.0);
        let after = reading();
        assert!((after.speed - 1.0).abs() < f64::EPSILON);
        assert_eq!(after.simulated.duration_since(before.simulated).as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_the_second_that_is_skipped_to() {
        let clock = Clock::start(60.0);
        for second in [0, 50, 10, 10] {
            let before = clock.elapsed();
            clock.skip_to_second(second);
            assert_eq!(clock.now().as_second() % 60, second);
            let passed = clock.elapsed().saturating_sub(before);
            assert!(passed <= Duration::from_mins(1), "{passed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_speed_that_is_none_is_one() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!((Clock::start(speed).speed() - 1.0).abs() < f64::EPSILON, "{speed}");
        }
    }
}
