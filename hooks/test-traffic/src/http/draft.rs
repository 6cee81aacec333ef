//! A request, but for what earlier answers give.

use std::fmt;

use ::http::Method;
use greenlight_prober::{Endpoint, Request, RequestError};

use super::template::{Captured, Encoding, Template};

/// A request with places for captured values; its secrets are in it.
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) path: Template,
    /// A name may stand more than once.
    pub(super) headers: Vec<(String, Template)>,
    pub(super) cookies: Vec<(String, Template)>,
    pub(super) body: Option<(Template, Encoding)>,
    /// Whether it holds what must go to no other host: a secret, or what an answer gave.
    pub(super) hides: bool,
}

/// Why there is no request. Never shows a value.
pub(super) enum Unfit {
    Request(RequestError),
    Cookie(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The words of that one hold the path, and with it what was captured.
            Self::Request(RequestError::Path(path)) => {
                write!(formatter, "a path of {} bytes cannot be sent", path.len())
            }
            Self::Request(error) => error.fmt(formatter),
            Self::Cookie(name) => write!(formatter, "the value of the cookie `{name}` is no cookie's value"),
        }
    }
}

impl Draft {
    /// The request with these values.
    pub(super) fn fill(&self, endpoint: &Endpoint, captured: &Captured) -> Result<Request, Unfit> {
        let mut request =
            endpoint.request(self.method.clone(), &self.path_with(captured)).map_err(Unfit::Request)?;
        for (name, value) in &self.headers {
            request =
                request.with_header(name, &value.fill(captured, Encoding::Plain)).map_err(Unfit::Request)?;
        }
        let mut pairs = Vec::new();
        for (name, template) in &self.cookies {
            let value = template.fill(captured, Encoding::Plain);
            // What stands in the plan was looked at with it; this would end the cookie and begin another.
            let ends = |byte: u8| byte == b';' || byte.is_ascii_control();
            if template.names().next().is_some() && value.bytes().any(ends) {
                return Err(Unfit::Cookie(name.clone()));
            }
            pairs.push(format!("{name}={value}"));
        }
        if !pairs.is_empty() {
            request = request.with_header("cookie", &pairs.join("; ")).map_err(Unfit::Request)?;
        }
        if let Some((body, encoding)) = &self.body {
            request = request.with_body(body.fill(captured, *encoding));
        }
        Ok(if self.hides { request.carrying_secrets() } else { request })
    }

    /// Its path and query with these values.
    pub(super) fn path_with(&self, captured: &Captured) -> String {
        self.path.fill(captured, Encoding::Url)
    }
}
