//! Why an AWS call failed, in the words an operator needs.

use std::{error::Error, fmt};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What kind of failure it was; callers treat them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Not allowed: it will not heal by waiting.
    Denied,
    /// What was asked for does not exist.
    NotFound,
    /// The service asked us to slow down, and still did after the retries.
    Throttled,
    /// No connection, or no answer in time.
    Unreachable,
    /// The time that the caller has was over before there was an answer.
    OutOfTime,
    /// The service answered with another error.
    Refused,
}

/// A failed AWS call. Its text says what failed, and what to do where that is known.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Why, as far as callers treat failures differently.
    pub cause: Cause,
    /// AWS's error code, e.g. `AccessDeniedException`, where it answered.
    pub code: Option<String>,
    /// AWS's own message, where it answered.
    pub message: Option<String>,
    words: String,
    caller: Caller,
}

/// Who calls, as far as what there is to do differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Function,
    Command,
}

impl Caller {
    /// Whose policies allow a call.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Function => "the function's role",
            Self::Command => "the role or user that calls",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words)?;
        match (self.cause, self.caller) {
            (Cause::Denied, caller) => {
                let (code, message) = (self.code.as_deref(), self.message.as_deref());
                let said = said(code.unwrap_or_default(), message.unwrap_or_default(), None);
                write!(formatter, ": add this action for this resource to {} ({said})", caller.role())
            }
            (Cause::OutOfTime, Caller::Function) => formatter.write_str(" in the time that the function had"),
            (Cause::OutOfTime, Caller::Command) => formatter.write_str(" in the time that the command had"),
            (Cause::NotFound | Cause::Throttled | Cause::Unreachable | Cause::Refused, _) => Ok(()),
        }
    }
}

impl Error for Failure {}

impl Failure {
    /// Explains `error` of `action` (`codedeploy:GetDeployment`) on `resource`, called in a region, or at the URL of
    /// an endpoint in the place of AWS.
    pub(crate) fn explain<E>(
        error: &SdkError<E, HttpResponse>,
        action: &str,
        resource: &str,
        place: &str,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (service, operation) = action.split_once(':').unwrap_or((action, action));
        let is_aws = !place.contains("://");
        let host = if is_aws { format!("{service}.{place}") } else { place.to_owned() };
        match error {
            SdkError::ServiceError(answered) => {
                let code = answered.err().code().unwrap_or("an error without a code");
                let message = answered.err().message().unwrap_or_default();
                let status = answered.raw().status().as_u16();
                Self::answered(code, message, status, action, resource)
            }
            SdkError::TimeoutError(_) if !is_aws => {
                Self::unreachable(format!("cannot reach {host}: no answer to {operation} in time"))
            }
            SdkError::TimeoutError(_) => Self::unreachable(format!(
                "cannot reach {host}: no answer to {operation} in time; in a VPC that usually means no NAT route and no interface endpoint for {service}, or a security group that lets nothing through"
            )),
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().map(|error| chain(error)).unwrap_or_default();
                let why = if cause.contains("Connection refused") {
                    // What has no route, or is behind a security group, gets no answer at all.
                    format!("the connection was refused, so nothing listens there ({cause})")
                } else if cause.contains("dns error") {
                    format!("its name could not be resolved ({cause})")
                } else if is_aws && (failure.is_timeout() || failure.is_io()) {
                    format!("no NAT route or interface endpoint, or a security group in the way ({cause})")
                } else {
                    cause
                };
                Self::unreachable(format!("cannot reach {host}: {why}"))
            }
            SdkError::ResponseError(_) => {
                Self::unreachable(format!("{host} gave no proper answer to {operation}: {}", chain(error)))
            }
            other => Self::unreachable(format!("{operation} could not be sent to {host}: {}", chain(other))),
        }
    }

    /// The resource of a denial, as policies know it; ours is only what was asked for.
    pub(crate) fn resource(&self) -> Option<&str> {
        denied_resource(self.message.as_deref()?)
    }

    /// `action` was not over when the caller's time was.
    pub(crate) fn out_of_time(action: &str) -> Self {
        let words = format!("{action} was not answered");
        Self { cause: Cause::OutOfTime, code: None, message: None, words, caller: Caller::Function }
    }

    /// A list has not ended after so many pages.
    pub(crate) fn endless(action: &str, resource: &str, pages: usize) -> Self {
        let words = format!(
            "{action} on {resource} failed: its list has more than {pages} pages, which is more than is read"
        );
        Self { cause: Cause::Refused, code: None, message: None, words, caller: Caller::Function }
    }

    /// There is no more to it than these words.
    pub(crate) fn unreachable(words: String) -> Self {
        Self { cause: Cause::Unreachable, code: None, message: None, words, caller: Caller::Function }
    }

    fn answered(code: &str, message: &str, status: u16, action: &str, resource: &str) -> Self {
        let cause = match code {
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Cause::Denied,
            code if code.contains("Throttl")
                || code == "TooManyRequestsException"
                || code == "RequestLimitExceeded" =>
            {
                Cause::Throttled
            }
            "ParameterVersionNotFound" | "NoSuchEntity" => Cause::NotFound,
            code if code.ends_with("NotFoundException")
                || code.ends_with("NotFound")
                || code.ends_with("DoesNotExistException") =>
            {
                Cause::NotFound
            }
            _ => Cause::Refused,
        };
        let words = if cause == Cause::Denied {
            let resource = denied_resource(message).unwrap_or(resource);
            format!("not allowed to call {action} on {resource}")
        } else {
            format!("{action} on {resource} failed: {}", said(code, message, Some(status)))
        };
        let (code, message) = (Some(code.to_owned()), Some(message.to_owned()));
        Self { cause, code, message, words, caller: Caller::Function }
    }

    /// The same for another one who called.
    pub(crate) fn of(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }
}

/// What AWS said.
fn said(code: &str, message: &str, status: Option<u16>) -> String {
    match (message, status) {
        ("", Some(status)) => format!("{code} (HTTP {status})"),
        ("", None) => code.to_owned(),
        (message, _) => format!("{code}: {message}"),
    }
}

fn denied_resource(message: &str) -> Option<&str> {
    message.split_once("on resource: ")?.1.split_whitespace().next()
}

/// An error and its causes in one line; SDK errors hide the cause from their own text.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        source = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_the_action_and_the_resource() {
        let failure = Failure::answered(
            "AccessDeniedException",
            "User: arn:aws:sts::1:assumed-role/r/f is not authorized to perform: codedeploy:PutLifecycleEventHookExecutionStatus on resource: arn:aws:codedeploy:eu-west-1:1:deploymentgroup:app/group because no identity-based policy allows it",
            400,
            "codedeploy:PutLifecycleEventHookExecutionStatus",
            "deployment d-1",
        );
        assert_eq!(failure.cause, Cause::Denied);
        assert!(failure.to_string().starts_with("not allowed to call codedeploy:PutLifecycleEventHookExecutionStatus on arn:aws:codedeploy:eu-west-1:1:deploymentgroup:app/group: add"), "{failure}");
    }

    #[test]
    fn a_command_has_no_role() {
        let of = |failure: Failure| failure.of(Caller::Command).to_string();
        assert_eq!(
            of(Failure::answered("AccessDenied", "no", 403, "iam:GetRole", "arn:role")),
            "not allowed to call iam:GetRole on arn:role: add this action for this resource to the role or user that calls (AccessDenied: no)"
        );
        let late = "iam:GetRole was not answered in the time that the command had";
        assert_eq!(of(Failure::out_of_time("iam:GetRole")), late);
    }

    #[test]
    fn causes_by_code() {
        for (code, cause) in [
            ("AccessDeniedException", Cause::Denied),
            ("ThrottlingException", Cause::Throttled),
            ("ParameterNotFound", Cause::NotFound),
            ("ResourceNotFoundException", Cause::NotFound),
            ("RuleNotFound", Cause::NotFound),
            ("AccessDenied", Cause::Denied),
            ("Throttling", Cause::Throttled),
            ("DeploymentDoesNotExistException", Cause::NotFound),
            ("NoSuchEntity", Cause::NotFound),
            ("InvalidSubnetID.NotFound", Cause::NotFound),
            ("InternalServerError", Cause::Refused),
        ] {
            assert_eq!(Failure::answered(code, "", 400, "a:B", "r").cause, cause, "{code}");
        }
    }
}
