//! The guard: validation on a runtime of its own, and one verdict, in time, whatever it does.
//!
//! The Lambda loop, the deadline and the report live on another runtime, which no check ever touches:
//! a check that blocks every worker for good cannot hold them up. The verdict is taken once, by
//! compare-and-set, before any report is sent; who comes second finds it taken.
//!
//! After a deadline verdict the validation's runtime is abandoned and the next invocation gets a new
//! one. What was merely waiting ends with it; a thread that never returns cannot be ended from within
//! a process and stays. [`Guard::leaked_threads`] counts those, and past [`MAX_LEAKED_THREADS`] the
//! function replaces its own process between two invocations (`runtime::api`), which ends them all.

use std::{
    any::Any,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

/// Workers of the validation's runtime: two, so that one blocked check does not hold up the others.
const WORKERS: usize = 2;
/// Threads for blocking work (name lookups) at a time.
const BLOCKING: usize = 16;
/// As many threads of abandoned validations may live on; then the process is replaced.
pub(crate) const MAX_LEAKED_THREADS: usize = 8;

/// Why a verdict had to be found without the validation's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It did not finish in time.
    Late,
    /// It panicked, with this message.
    Panicked(String),
    /// Its runtime could not be started.
    NotStarted(String),
}

/// A runtime for validations, and how many threads it has.
#[derive(Debug)]
struct Validations {
    place: Place,
    threads: Arc<AtomicUsize>,
}

/// Where validations run.
#[derive(Debug)]
enum Place {
    Apart(Runtime),
    /// On the runtime of whoever calls, whose clock may be a virtual one; the last of them.
    #[cfg(feature = "simulation")]
    Here(Option<tokio::task::AbortHandle>),
}

/// Runs validations and keeps their runtime.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    present: Option<Validations>,
    /// The living threads of each abandoned runtime.
    abandoned: Vec<Arc<AtomicUsize>>,
}

impl Guard {
    /// Runs `validation` until `due` and takes one verdict: its own, else that of `instead`.
    ///
    /// The second value says whether the runtime was abandoned, so that whatever the caller keeps for
    /// it (clients, connections) must go, too.
    pub(crate) async fn verdict<V, F>(
        &mut self,
        due: Instant,
        validation: F,
        instead: impl FnOnce(Lost) -> V,
    ) -> (V, bool)
    where
        V: Clone + Send + Sync + 'static,
        F: Future<Output = V> + Send + 'static,
    {
        let slot = Arc::new(OnceLock::new());
        let taken = Arc::clone(&slot);
        let validation = async move {
            // Taken already if the deadline came first: then this verdict is nobody's.
            let _ = taken.set(validation.await);
        };
        let task = match self.validations() {
            Ok(validations) => validations.spawn(validation),
            Err(error) => return (instead(Lost::NotStarted(error.to_string())), false),
        };
        let (lost, abandon) = match timeout_at(due, task).await {
            Ok(Ok(())) => (Lost::Late, false),
            Ok(Err(ended)) => match ended.try_into_panic() {
                Ok(payload) => (Lost::Panicked(panic_message(payload.as_ref())), false),
                Err(ended) => (Lost::Panicked(ended.to_string()), true),
            },
            Err(_) => (Lost::Late, true),
        };
        let verdict = slot.get_or_init(|| instead(lost)).clone();
        if abandon {
            self.abandon();
        }
        (verdict, abandon)
    }

    /// Threads that live on though their validation was abandoned.
    pub(crate) fn leaked_threads(&mut self) -> usize {
        self.abandoned.retain(|threads| threads.load(Ordering::Acquire) > 0);
        self.abandoned.iter().map(|threads| threads.load(Ordering::Acquire)).sum()
    }

    /// Gives the present runtime up: the next validation gets a new one.
    pub(crate) fn abandon(&mut self) {
        let Some(Validations { place, threads }) = self.present.take() else { return };
        match place {
            Place::Apart(runtime) => {
                self.abandoned.push(threads);
                // Does not wait: a blocked thread would never come.
                runtime.shutdown_background();
            }
            #[cfg(feature = "simulation")]
            Place::Here(last) => last.iter().for_each(tokio::task::AbortHandle::abort),
        }
    }

    fn validations(&mut self) -> std::io::Result<&mut Validations> {
        let present = match self.present.take() {
            Some(present) => present,
            #[cfg(feature = "simulation")]
            None if crate::clock::is_virtual() => Validations::here(),
            None => Validations::start()?,
        };
        Ok(self.present.insert(present))
    }
}

impl Validations {
    fn start() -> std::io::Result<Self> {
        let threads = Arc::new(AtomicUsize::new(0));
        let (started, stopped) = (Arc::clone(&threads), Arc::clone(&threads));
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(WORKERS)
            .max_blocking_threads(BLOCKING)
            .thread_name("validation")
            .on_thread_start(move || {
                started.fetch_add(1, Ordering::AcqRel);
            })
            .on_thread_stop(move || {
                stopped.fetch_sub(1, Ordering::AcqRel);
            })
            .enable_all();
        // Tokio panics where the system gives it no thread.
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| builder.build()));
        let runtime = built.map_err(|payload| std::io::Error::other(panic_message(payload.as_ref())))??;
        Ok(Self { place: Place::Apart(runtime), threads })
    }

    /// Where the clock is virtual there is one thread, so that the same happens every time.
    #[cfg(feature = "simulation")]
    fn here() -> Self {
        Self { place: Place::Here(None), threads: Arc::default() }
    }

    fn spawn(&mut self, validation: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        match &mut self.place {
            Place::Apart(runtime) => runtime.spawn(validation),
            #[cfg(feature = "simulation")]
            Place::Here(last) => {
                let task = tokio::spawn(validation);
                *last = Some(task.abort_handle());
                task
            }
        }
    }
}

impl Drop for Guard {
    /// A runtime that is dropped waits for its threads; one with a blocked thread would wait for ever.
    fn drop(&mut self) {
        self.abandon();
    }
}

/// What a panic said.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(100)
    }

    #[expect(clippy::needless_pass_by_value, reason = "the guard hands it over")]
    fn instead(lost: Lost) -> String {
        format!("{lost:?}")
    }

    #[tokio::test]
    async fn a_validation_that_returns_is_its_own_verdict() {
        let mut guard = Guard::default();
        let far = Instant::now() + Duration::from_mins(1);
        assert_eq!(
            guard.verdict(far, async { "mine".to_owned() }, instead).await,
            ("mine".to_owned(), false)
        );
    }

    #[tokio::test]
    async fn a_panic_is_a_verdict() {
        let mut guard = Guard::default();
        let far = Instant::now() + Duration::from_mins(1);
        let panics = async { if soon() > Instant::now() { panic!("lost {}", 1) } else { String::new() } };
        assert_eq!(guard.verdict(far, panics, instead).await, ("Panicked(\"lost 1\")".to_owned(), false));
        assert_eq!(guard.verdict(far, async { "next".to_owned() }, instead).await.0, "next");
    }

    #[tokio::test]
    async fn one_that_never_finishes_is_abandoned_and_ends() {
        let mut guard = Guard::default();
        let (alive, ended) = tokio::sync::oneshot::channel::<()>();
        let hangs = async move {
            let _alive = alive;
            std::future::pending::<String>().await
        };
        assert_eq!(guard.verdict(soon(), hangs, instead).await, ("Late".to_owned(), true));
        // The abandoned runtime drops the task: nothing of it goes on.
        assert!(ended.await.is_err());
        let far = Instant::now() + Duration::from_mins(1);
        assert_eq!(guard.verdict(far, async { "next".to_owned() }, instead).await.0, "next");
    }

    #[tokio::test]
    async fn blocking_every_worker_for_good_changes_nothing() {
        let mut guard = Guard::default();
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let blocked = Arc::new(std::sync::Mutex::new(blocked));
        let block = async move {
            let others: Vec<_> = (0..8)
                .map(|_| {
                    let blocked = Arc::clone(&blocked);
                    tokio::spawn(async move { drop(blocked.lock().map(|blocked| blocked.recv())) })
                })
                .collect();
            let _ = blocked.lock().map(|blocked| blocked.recv());
            drop(others);
            "late".to_owned()
        };
        assert_eq!(guard.verdict(soon(), block, instead).await, ("Late".to_owned(), true));
        assert!(guard.leaked_threads() > 0, "the blocked threads are counted");
        let far = Instant::now() + Duration::from_mins(1);
        assert_eq!(guard.verdict(far, async { "next".to_owned() }, instead).await.0, "next");
        drop(release);
        while guard.leaked_threads() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_deadline_that_is_over_takes_the_other_verdict_at_once() {
        let mut guard = Guard::default();
        let (verdict, abandoned) = guard.verdict(Instant::now(), std::future::pending(), instead).await;
        assert_eq!((verdict.as_str(), abandoned), ("Late", true));
    }
}
