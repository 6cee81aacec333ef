//! From what a call came to, to the outcome. Pure.
//!
//! Told apart: a service that is not SERVING (green is wrong), a server without a health service (nothing is known
//! of green), and nobody that could be asked (ours, until shown otherwise).

use std::time::Duration;

use greenlight::{Outcome, Secrets};
use greenlight_prober::{OutOfTime, Reply, Whose};

use super::health::{Said, code, named, read};
use crate::reach::{
    answered_by::{Taken, stranger},
    excerpt, made_by_load_balancer,
};

/// A load balancer that has nobody to ask may say so for this long.
const NOT_YET: Duration = Duration::from_mins(1);

const WITHOUT_SERVICE: &str = "add the health service (grpc.health.v1) to the server, as the libraries of gRPC have \
                               it, or use the check `tcp`";

/// The outcome of one call; `shown` is where it went, for the words.
pub(super) fn outcome(
    reply: Result<Reply, OutOfTime>,
    service: &str,
    shown: &str,
    taken: &Taken,
    secrets: &Secrets,
) -> Outcome {
    let answer = match reply {
        Ok(Reply::Answer(answer)) => answer,
        Ok(Reply::NoAnswer(none)) => {
            return Outcome::fail(format!("{none} ({shown}, {})", named(service)), "an answer");
        }
        Ok(Reply::Unreachable(unreachable)) => return Outcome::inconclusive(unreachable.to_string()),
        Err(OutOfTime) => {
            return Outcome::inconclusive(format!(
                "{} was not asked for at {shown} in the time that the function had",
                named(service)
            ))
            .hint("raise the function's timeout, or lower the check's `timeout`");
        }
    };
    if let Some(stranger) = stranger(&answer, 0, taken, |text| excerpt(text, secrets)) {
        let observed = format!("the call to {shown} was not answered by green: {}", stranger.observed);
        return match stranger.whose {
            Whose::NotYet => Outcome::pending(observed).for_at_most(NOT_YET),
            Whose::Other | Whose::Green => Outcome::inconclusive(observed).hint(stranger.expected),
        };
    }
    let millis = u64::try_from(answer.latency.as_millis()).unwrap_or(u64::MAX);
    let maker = if made_by_load_balancer(&answer) {
        " made by the load balancer itself (server: awselb/2.0)"
    } else {
        ""
    };
    said(read(&answer), maker, service, shown, secrets).measured("latency_ms", millis)
}

/// The outcome of what green said.
fn said(said: Said, maker: &str, service: &str, shown: &str, secrets: &Secrets) -> Outcome {
    let name = named(service);
    let expected = format!("{name} to be SERVING");
    match said {
        Said::Serving(1) => Outcome::pass(format!("{name} is SERVING at {shown}")),
        Said::Serving(2) => Outcome::fail(format!("{name} is NOT_SERVING at {shown}"), expected),
        Said::Serving(3) => unknown(&name, "SERVICE_UNKNOWN", shown, expected),
        Said::Serving(0) => Outcome::fail(format!("{name} is UNKNOWN at {shown}"), expected),
        Said::Serving(other) => {
            Outcome::fail(format!("{name} has the serving status {other} at {shown}"), expected)
        }
        Said::Status(5, _) => unknown(&name, "NOT_FOUND (5)", shown, expected),
        Said::Status(12, _) => {
            Outcome::cannot_tell(format!("there is no health service at {shown}: UNIMPLEMENTED (12)"))
                .hint(WITHOUT_SERVICE)
        }
        Said::Status(status, message) => {
            let message = match excerpt(&message, secrets) {
                message if message.is_empty() => message,
                message => format!(" {message:?}"),
            };
            let observed =
                format!("the health service at {shown} answered {}{message} for {name}", code(status));
            let outcome = Outcome::fail(observed, expected);
            match hint(status) {
                Some(hint) => outcome.hint(hint),
                None => outcome,
            }
        }
        Said::NotGrpc(what) => {
            let hint = if what.ends_with(" 464") {
                "464: green's target group does not speak gRPC; its protocol version must be GRPC"
            } else {
                "is it gRPC that listens there? the check's `port` may be another, with `\"via\": \"tasks\"`"
            };
            Outcome::fail(format!("{shown} answered {what}{maker}, which is no gRPC"), expected).hint(hint)
        }
        Said::Broken(what) => {
            Outcome::fail(format!("{shown} answered gRPC that is broken: {what}"), expected)
        }
    }
}

/// The health service knows nothing of the service.
fn unknown(name: &str, word: &str, shown: &str, expected: String) -> Outcome {
    Outcome::fail(format!("the health service at {shown} does not know {name}: {word}"), expected).hint(
        "the server has to register the service with its health service by this very name; leave `service` out to \
         ask for the server as a whole",
    )
}

/// What usually causes a status.
fn hint(status: u32) -> Option<&'static str> {
    match status {
        4 => Some("green kept the call until its deadline: raise `timeout` if it may take that long"),
        7 | 16 => Some("does the probe need `metadata` with a secret, e.g. `authorization`?"),
        14 => Some("a server that is starting or shutting down, or a proxy with nothing behind it"),
        _ => None,
    }
}
