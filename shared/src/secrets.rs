//! Secrets: fetched once, shown as `***`.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::OnceCell,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    aws::{self, Aws},
    plan::{Reference, Text},
};

/// How long secrets are fetched before a check has asked for one.
const MOMENT: Duration = Duration::from_secs(2);
/// What stands in a secret's place wherever it would be shown.
const REDACTED: &str = "***";

/// The secrets of one invocation.
///
/// Each is fetched once. Everything that a check says goes through [`Secrets::redact`] before
/// anybody sees it, and once more when the verdict is taken, in case that another check has fetched since what a server
/// says to this one: so a server that echoes a token puts it into no log, answer or state.
#[derive(Clone)]
pub struct Secrets {
    aws: Arc<Aws>,
    /// By when a secret must be there.
    deadline: Instant,
    /// Filled once all were asked for.
    early: Arc<OnceCell<()>>,
    fetched: Fetched,
}

/// The secrets that were fetched so far, for taking them out of texts.
#[derive(Clone, Default)]
pub(crate) struct Fetched(Arc<Mutex<Known>>);

/// Each secret that was asked for, in a cell that is filled once.
type Known = BTreeMap<Reference, Arc<OnceCell<Arc<str>>>>;

/// Names the secrets, not their values.
impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.fetched.known().keys().map(ToString::to_string)).finish()
    }
}

impl Secrets {
    pub(crate) fn new(aws: Arc<Aws>, deadline: Instant) -> Self {
        Self { aws, deadline, early: Arc::default(), fetched: Fetched::default() }
    }

    /// The text itself: a literal as it is, a secret fetched, with its prefix.
    ///
    /// The error says what was asked for and why it was not to be had, e.g. the missing permission.
    pub async fn text(&self, text: &Text) -> Result<String, String> {
        match text {
            Text::Literal(literal) => Ok(literal.clone()),
            Text::Secret(secret) => {
                let value = self.fetch(&secret.reference).await?;
                Ok(format!("{}{value}", secret.prefix))
            }
        }
    }

    /// The value that `reference` names.
    pub async fn fetch(&self, reference: &Reference) -> Result<Arc<str>, String> {
        let cell = Arc::clone(self.fetched.known().entry(reference.clone()).or_default());
        let ask = async || self.ask(reference).await.map(Arc::from);
        let value = cell.get_or_try_init(ask).await;
        value.cloned().map_err(|error: String| format!("secret `{reference}`: {error}"))
    }

    /// Fetches all of these, at once and for a moment at most, when it is called first. Of a secret that is known before a
    /// server answers with it nothing is quoted, not even a part, where a text is cut. Who needs one that was not to be had
    /// asks for it again, and says why.
    pub(crate) async fn fetch_early(&self, references: impl IntoIterator<Item = Reference>) {
        let fetch = async || {
            let mut fetching = JoinSet::new();
            for reference in references {
                let secrets = self.clone();
                fetching.spawn(async move { secrets.fetch(&reference).await.is_ok() });
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            // Those that are still on their way then are dropped with the set.
            let _ =
                timeout(MOMENT.min(left / 4), async { while fetching.join_next().await.is_some() {} }).await;
        };
        self.early.get_or_init(fetch).await;
    }

    async fn ask(&self, reference: &Reference) -> Result<String, String> {
        let within = self.deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match reference {
            Reference::Parameter(name) => {
                aws::parameter(&self.aws, name, within).await.map_err(|failure| failure.to_string())
            }
            Reference::Secret { id, key } => {
                let text = aws::secret(&self.aws, id, within).await.map_err(|failure| failure.to_string())?;
                pick(text.ok_or("is binary; expected a text secret")?, key.as_deref())
            }
        }
    }

    /// `text` with every secret that was fetched so far taken out.
    pub fn redact(&self, text: &str) -> String {
        self.fetched.redact(text)
    }

    pub(crate) fn fetched(&self) -> Fetched {
        self.fetched.clone()
    }
}

impl Fetched {
    pub(crate) fn redact(&self, text: &str) -> String {
        let known = self.known();
        let mut values: Vec<&str> = known.values().filter_map(|cell| Some(&**cell.get()?)).collect();
        values.retain(|value| !value.is_empty());
        // The longest first: one secret may be a part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.into_iter().fold(text.to_owned(), |text, value| {
            // Escaped as in JSON, too: that is how a value stands in a body that is quoted.
            let escaped = serde_json::to_string(value).unwrap_or_default();
            let escaped = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
            let text = if escaped == value { text } else { text.replace(escaped, REDACTED) };
            text.replace(value, REDACTED)
        })
    }

    /// As if it had been fetched.
    #[cfg(test)]
    pub(crate) fn add(&self, value: &str) {
        let cell = Arc::new(OnceCell::new_with(Some(value.into())));
        self.known().insert(Reference::Parameter(format!("/of/{value}")), cell);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value at a dotted key of a secret's JSON; without a key, all of it.
fn pick(text: String, key: Option<&str>) -> Result<String, String> {
    let Some(key) = key else { return Ok(text) };
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|_| format!("is no JSON, so it has no key `{key}`"))?;
    match key.split('.').try_fold(&json, |value, part| value.get(part)) {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(number @ serde_json::Value::Number(_)) => Ok(number.to_string()),
        Some(_) => Err(format!("has no text at the key `{key}`")),
        None => Err(format!("has no key `{key}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_taken_out_in_every_form() {
        let secrets = Secrets::new(Arc::default(), Instant::now());
        for value in ["tok", "token\"42", ""] {
            secrets.fetched.add(value);
        }
        assert_eq!(
            secrets.redact("Bearer token\"42, tok, {\"t\":\"token\\\"42\"}"),
            "Bearer ***, ***, {\"t\":\"***\"}"
        );
    }

    #[tokio::test]
    async fn literals_need_no_service() {
        let secrets = Secrets::new(Arc::default(), Instant::now());
        assert_eq!(secrets.text(&Text::Literal("x".to_owned())).await.as_deref(), Ok("x"));
        assert_eq!(secrets.redact("x"), "x");
    }
}
