//! What must be seen nowhere.

use crate::table::{Outcome, ensure};

/// No part of a secret is in a text.
pub(crate) fn unseen(secret: &str, text: &str) -> Outcome {
    for part in secret.as_bytes().windows(6) {
        let part = str::from_utf8(part).unwrap();
        ensure!(!text.contains(part), "{part:?} of what must not be seen is in {text}");
    }
    Ok(())
}
