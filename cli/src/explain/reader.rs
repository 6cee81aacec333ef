//! Reading from AWS for people in a hurry: what cannot be had is noted, and the rest is read all the same.

use greenlight::{Api, Ask, Cause, Failure as Refusal};
use serde_json::Value;

use super::story::Unread;
use crate::failure::Failure;

/// Reads, and remembers what it could not.
pub(super) struct Reader {
    ask: Ask,
    unread: Vec<Unread>,
    /// Log groups that do not exist.
    no_logs: Vec<String>,
}

/// What a call is about.
pub(super) struct Call<'a> {
    pub(super) api: &'a Api,
    pub(super) operation: &'a str,
    pub(super) input: Value,
    /// As a policy names it.
    pub(super) resource: &'a str,
}

impl Reader {
    pub(super) fn new(ask: Ask) -> Self {
        Self { ask, unread: Vec::new(), no_logs: Vec::new() }
    }

    /// What there is to know, for people; none where it is not to be had, which is noted.
    pub(super) async fn read(&mut self, what: &str, call: Call<'_>) -> Option<Value> {
        match self.call(call).await {
            Ok(answer) => Some(answer),
            Err(failure) => {
                self.note(what, failure.to_string());
                None
            }
        }
    }

    /// All pages of a log; none where there is no such log, which most often says that nobody was called.
    pub(super) async fn log(&mut self, group: &str, call: Call<'_>) -> Vec<Value> {
        let Call { api, operation, input, resource } = call;
        match self.ask.try_pages(api, operation, input, resource).await {
            Ok(pages) => pages,
            Err(failure) if failure.cause == Cause::NotFound => {
                if !self.no_logs.iter().any(|known| known == group) {
                    self.no_logs.push(group.to_owned());
                }
                Vec::new()
            }
            Err(failure) => {
                self.note(&format!("the log {group}"), failure.to_string());
                Vec::new()
            }
        }
    }

    /// What has to be known, or nothing can be told.
    pub(super) async fn need(&mut self, call: Call<'_>) -> Result<Value, Failure> {
        let what = format!("there is nothing to explain without {}", call.api.action(call.operation));
        self.call(call).await.map_err(|failure| refused(&what, &failure))
    }

    /// All pages of a list that has to be known; a part of AWS's own names leads to what is listed.
    pub(super) async fn need_all(&mut self, call: Call<'_>, list: &str) -> Result<Vec<Value>, Failure> {
        let what = format!("there is nothing to explain without {}", call.api.action(call.operation));
        self.all(call, list).await.map_err(|failure| refused(&what, &failure))
    }

    /// All pages of a list, as [`Reader::read`].
    pub(super) async fn read_all(&mut self, what: &str, call: Call<'_>, list: &str) -> Option<Vec<Value>> {
        match self.all(call, list).await {
            Ok(all) => Some(all),
            Err(failure) => {
                self.note(what, failure.to_string());
                None
            }
        }
    }

    async fn all(&mut self, call: Call<'_>, list: &str) -> Result<Vec<Value>, Refusal> {
        let Call { api, operation, input, resource } = call;
        let pages = self.ask.try_pages(api, operation, input, resource).await?;
        Ok(pages.iter().flat_map(|page| page[list].as_array().into_iter().flatten().cloned()).collect())
    }

    /// A call whose failures its caller treats by their causes.
    async fn call(&mut self, call: Call<'_>) -> Result<Value, Refusal> {
        let Call { api, operation, input, resource } = call;
        self.ask.try_call(api, operation, input, resource).await
    }

    pub(super) fn note(&mut self, what: &str, why: String) {
        let unread = Unread { what: what.to_owned(), why };
        if !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }

    pub(super) fn into_unread(mut self) -> Vec<Unread> {
        if !self.no_logs.is_empty() {
            let what = format!("logs in {}", self.no_logs.join(", "));
            let why = "there is no such log group: the function was not called, may not write logs, or writes them elsewhere";
            self.note(&what, why.to_owned());
        }
        self.unread
    }
}

/// A part of an answer, whatever shape that has; null where there is no such part.
pub(super) fn part(answer: &Value, pointer: &str) -> Value {
    answer.pointer(pointer).cloned().unwrap_or_default()
}

/// Whether AWS has not answered, or not yet.
fn is_silence(failure: &Refusal) -> bool {
    matches!(failure.cause, Cause::Unreachable | Cause::OutOfTime | Cause::Throttled)
}

/// AWS's refusal, or its silence, as the command's failure.
fn refused(what: &str, failure: &Refusal) -> Failure {
    match failure.cause {
        Cause::NotFound => Failure::wrong(failure.to_string())
            .hint("look at the name, the region and the account: `--last`, `--service` and `--deployment` are of this one"),
        _ if is_silence(failure) => Failure::silence(failure),
        _ => Failure::no(format!("{what}: {failure}")),
    }
}
