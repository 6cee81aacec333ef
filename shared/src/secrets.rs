//! Secrets: fetched when first needed, shown as `***`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    aws::{Aws, Failure},
    plan::{Reference, Text},
};

/// What stands in a secret's place wherever it would be shown.
const REDACTED: &str = "***";

/// The secrets of one invocation.
///
/// Each is asked for once. Everything that a check says goes through [`Secrets::redact`] before
/// anybody sees it, so a server that echoes a token puts it into no log, answer or state.
#[derive(Debug, Clone)]
pub struct Secrets {
    aws: Arc<Aws>,
    known: Arc<Mutex<BTreeMap<Reference, Arc<str>>>>,
}

impl Secrets {
    pub(crate) fn new(aws: Arc<Aws>) -> Self {
        Self { aws, known: Arc::default() }
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
        if let Some(value) = self.known().get(reference) {
            return Ok(Arc::clone(value));
        }
        let value: Arc<str> = match reference {
            Reference::Parameter(name) => parameter(&self.aws, name)
                .await
                .map_err(|failure| format!("secret `{reference}`: {failure}"))?,
            Reference::Secret { id, key } => self
                .secret(id, key.as_deref())
                .await
                .map_err(|error| format!("secret `{reference}`: {error}"))?,
        }
        .into();
        self.known().insert(reference.clone(), Arc::clone(&value));
        Ok(value)
    }

    async fn secret(&self, id: &str, key: Option<&str>) -> Result<String, String> {
        let request = self.aws.secretsmanager().await.get_secret_value().secret_id(id);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let region = self.aws.region().await;
                return Err(
                    Failure::explain(&error, "secretsmanager:GetSecretValue", id, &region).to_string()
                );
            }
        };
        let text = answer.secret_string().ok_or("is binary; expected a text secret")?;
        let Some(key) = key else {
            return Ok(text.to_owned());
        };
        let json: serde_json::Value =
            serde_json::from_str(text).map_err(|_| format!("is no JSON, so it has no key `{key}`"))?;
        let picked = key.split('.').try_fold(&json, |value, part| value.get(part));
        match picked {
            Some(serde_json::Value::String(text)) => Ok(text.clone()),
            Some(number @ serde_json::Value::Number(_)) => Ok(number.to_string()),
            Some(_) => Err(format!("has no text at the key `{key}`")),
            None => Err(format!("has no key `{key}`")),
        }
    }

    /// `text` with every secret that was fetched so far taken out.
    pub fn redact(&self, text: &str) -> String {
        let known = self.known();
        let mut values: Vec<&str> =
            known.values().map(AsRef::as_ref).filter(|value| !value.is_empty()).collect();
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

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<Reference, Arc<str>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of a parameter of Parameter Store, decrypted.
pub(crate) async fn parameter(aws: &Aws, name: &str) -> Result<String, Failure> {
    match aws.ssm().await.get_parameter().name(name).with_decryption(true).send().await {
        Ok(answer) => Ok(answer.parameter().and_then(|found| found.value()).unwrap_or_default().to_owned()),
        Err(error) => Err(Failure::explain(&error, "ssm:GetParameter", name, &aws.region().await)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_taken_out_in_every_form() {
        let secrets = Secrets::new(Arc::default());
        for (name, value) in [("a", "tok"), ("b", "token\"42"), ("c", "")] {
            secrets.known().insert(Reference::Parameter(name.to_owned()), value.into());
        }
        assert_eq!(
            secrets.redact("Bearer token\"42, tok, {\"t\":\"token\\\"42\"}"),
            "Bearer ***, ***, {\"t\":\"***\"}"
        );
    }

    #[tokio::test]
    async fn literals_need_no_service() {
        let secrets = Secrets::new(Arc::default());
        assert_eq!(secrets.text(&Text::Literal("x".to_owned())).await.as_deref(), Ok("x"));
        assert_eq!(secrets.redact("x"), "x");
    }
}
