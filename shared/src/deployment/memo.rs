//! Facts that are asked for once, whoever asks first.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use crate::Fact;

/// One fact.
pub(super) type Once<T> = OnceCell<Fact<Arc<T>>>;

/// A question on its way. On the heap: a fact holds the questions that it is made of, theirs hold
/// others, and by value that grows to a megabyte, which no thread's stack has to spare.
pub(super) type Asking<'a, T> = Pin<Box<dyn Future<Output = Fact<T>> + Send + 'a>>;

/// The fact, asked for by whoever needs it first; a failure is kept, too.
pub(super) async fn once<T>(cell: &Once<T>, ask: Asking<'_, T>) -> Fact<Arc<T>> {
    cell.get_or_init(async || ask.await.map(Arc::new)).await.clone()
}

/// One fact for each key.
#[derive(Debug)]
pub(super) struct Memo<T>(Mutex<HashMap<String, Arc<Once<T>>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Memo<T> {
    pub(super) async fn get(&self, key: &str, ask: Asking<'_, T>) -> Fact<Arc<T>> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key.to_owned()).or_default())
        };
        once(&cell, ask).await
    }
}
