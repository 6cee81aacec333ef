//! The clock: the wall's, or in a rehearsal one that runs faster.
//!
//! Elapsed and remaining time of what computers do (requests, Lambda's deadline) use tokio's monotonic
//! clock and [`wall`]. What people wait for (patience, the delay before the next try, `expiresAt`, the
//! periods of metrics) uses [`now`] and [`sleep`], which a rehearsal speeds up. Only a program that asks
//! for it [`follow`]s another clock than the wall's, and the functions that are deployed do not.

use std::{
    fmt, fs,
    path::PathBuf,
    str::FromStr,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// A clock that shows another time than the wall's and runs at another speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simulated {
    /// The wall's time of a moment.
    pub wall: Timestamp,
    /// What this clock showed at that moment.
    pub simulated: Timestamp,
    /// How many of its seconds a second of the wall's has.
    pub speed: f64,
}

/// Where the clock is read that this process follows, and what it last said.
static FOLLOWED: OnceLock<(PathBuf, Mutex<Option<Simulated>>)> = OnceLock::new();

/// Lets this process follow the clock that stands in a file, whatever it says from time to time. Once and
/// before anything reads the clock; later calls change nothing.
pub fn follow(file: PathBuf) {
    let _ = FOLLOWED.set((file, Mutex::new(None)));
}

/// What the followed clock says; nothing where none is followed or it was never readable.
fn simulated() -> Option<Simulated> {
    let (file, last) = FOLLOWED.get()?;
    let read = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    *last = read.or(*last);
    *last
}

#[cfg(feature = "simulation")]
thread_local! {
    /// What this thread's clock showed when, where it is virtual.
    static VIRTUAL: std::cell::Cell<Option<(tokio::time::Instant, Timestamp)>> = const { std::cell::Cell::new(None) };
}

/// Sets the clock of this thread, which then runs with tokio's: as fast as that one is made to.
#[cfg(feature = "simulation")]
pub fn set(now: Timestamp) {
    VIRTUAL.set(Some((tokio::time::Instant::now(), now)));
}

/// Whether somebody has set this thread's clock.
#[cfg(feature = "simulation")]
pub(crate) fn is_virtual() -> bool {
    VIRTUAL.get().is_some()
}

/// The time now, for what people wait for.
pub fn now() -> Timestamp {
    match simulated() {
        None => wall(),
        Some(clock) => clock.at(wall()),
    }
}

/// The wall clock's time now, for what other computers go by.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn wall() -> Timestamp {
    #[cfg(feature = "simulation")]
    if let Some((at, shown)) = VIRTUAL.get() {
        return shown.checked_add(at.elapsed()).unwrap_or(Timestamp::MAX);
    }
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// How long a wait takes on the wall's clock.
pub fn real(wait: Duration) -> Duration {
    simulated().map_or(wait, |clock| clock.real(wait))
}

/// Waits, by the clock that [`now`] reads.
pub async fn sleep(wait: Duration) {
    tokio::time::sleep(real(wait)).await;
}

impl Simulated {
    fn at(self, wall: Timestamp) -> Timestamp {
        let since = Duration::try_from(wall.duration_since(self.wall)).unwrap_or(Duration::ZERO);
        // A speed that is too high for a duration is no speed that anybody asks for.
        let since = Duration::try_from_secs_f64(since.as_secs_f64() * self.speed).unwrap_or(since);
        self.simulated.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    fn real(self, wait: Duration) -> Duration {
        Duration::try_from_secs_f64(wait.as_secs_f64() / self.speed).unwrap_or(wait)
    }
}

/// As the text of a file: `WALL/SIMULATED/SPEED`, the times in microseconds since 1970.
impl fmt::Display for Simulated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wall, simulated, speed } = self;
        write!(formatter, "{}/{}/{speed}", wall.as_microsecond(), simulated.as_microsecond())
    }
}

impl FromStr for Simulated {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no clock: expected WALL/SIMULATED/SPEED");
        let mut parts = text.split('/');
        let mut time = || {
            let microsecond = parts.next()?.parse().ok()?;
            Timestamp::from_microsecond(microsecond).ok()
        };
        let (wall, simulated) = time().zip(time()).ok_or_else(expected)?;
        let speed = parts.next().and_then(|speed| speed.parse::<f64>().ok());
        let speed = speed.filter(|speed| speed.is_finite() && *speed > 0.0).ok_or_else(expected)?;
        if parts.next().is_some() {
            return Err(expected());
        }
        Ok(Self { wall, simulated, speed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_clock_runs_at_its_speed_and_waits_take_less() {
        let clock: Simulated = "1800000000000000/1800000600000000/60".parse().unwrap();
        let later = Timestamp::from_millisecond(1_800_000_001_000).unwrap();
        assert_eq!(clock.at(later).as_millisecond(), 1_800_000_660_000);
        assert_eq!(clock.real(Duration::from_mins(1)), Duration::from_secs(1));
        // The wall's clock ran backwards: this one stands.
        assert_eq!(clock.at(Timestamp::UNIX_EPOCH), clock.simulated);
        assert_eq!(clock.to_string().parse(), Ok(clock));
    }

    #[test]
    fn what_is_no_clock_is_refused() {
        for text in ["", "1/2", "1/2/3/4", "1/2/0", "1/2/-1", "1/2/inf", "x/2/3", "1/2/x"] {
            assert!(text.parse::<Simulated>().is_err(), "{text}");
        }
    }
}
