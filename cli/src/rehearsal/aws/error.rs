//! An error as AWS answers it, before a protocol gives it its form.

use std::borrow::Cow;

/// A service's refusal: what the SDKs turn into an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// The HTTP status.
    pub status: u16,
    /// The code, which is the exception's name.
    pub code: Cow<'static, str>,
    /// The message. Some AWS errors have none.
    pub message: Cow<'static, str>,
}

impl AwsError {
    /// An error with any status.
    pub fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// An error of the caller's making, which most are.
    pub fn client(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, code, message)
    }
}
