//! Plays many cells, a few at a time, and reports every cell that is not as it must be.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::Pin;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What a cell comes to: the error says what is not as it must be.
pub(crate) type Outcome = Result<(), String>;

type Playing = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// How many cells are played at a time, in all tables together: each is a process or two, and a
/// process that has no time to run proves nothing.
static AT_A_TIME: Semaphore = Semaphore::const_new(6);

/// Cells by name.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, Playing)>);

impl Table {
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        cell: impl Future<Output = Outcome> + Send + 'static,
    ) {
        self.0.push((name.into(), Box::pin(cell)));
    }

    /// Plays all cells, and panics with every one that failed.
    pub(crate) async fn play(self) {
        let count = self.0.len();
        assert!(count > 0, "a table without cells shows nothing");
        let mut playing = JoinSet::new();
        let mut names = BTreeMap::new();
        for (name, cell) in self.0 {
            let task = playing.spawn(async move {
                let _turn = AT_A_TIME.acquire().await;
                cell.await
            });
            names.insert(task.id(), name);
        }
        let mut failed = BTreeMap::new();
        while let Some(ended) = playing.join_next_with_id().await {
            let (id, outcome) = match ended {
                Ok((id, outcome)) => (id, outcome),
                Err(error) => (error.id(), Err(error.to_string())),
            };
            if let (Err(why), Some(name)) = (outcome, names.remove(&id)) {
                failed.insert(name, why);
            }
        }
        let mut report = String::new();
        for (name, why) in &failed {
            let _ = writeln!(report, "\n■ {name}\n{why}");
        }
        assert!(failed.is_empty(), "{} of {count} cells are wrong:{report}", failed.len());
    }
}

/// Ends the cell with these words unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use ensure;
