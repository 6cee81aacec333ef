//! What must hold of any answer of green and of anything that a plan expects of it.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;
use greenlight::{Scope, plan::Target};
use greenlight_prober::Answer;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use serde::Deserialize;
use tokio::time::Instant;

use super::{capture::Capture, expect::Expect, seen::Seen, template::Captured};

/// The first line of what is read; the rest is the answer's body.
#[derive(Deserialize)]
#[serde(default)]
struct Head {
    status: u16,
    headers: BTreeMap<String, String>,
    expect: Expect,
    capture: BTreeMap<String, Capture>,
    /// What earlier answers gave, and nobody may see.
    captured: Captured,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            expect: Expect::default(),
            capture: BTreeMap::new(),
            captured: Captured::new(),
        }
    }
}

/// Whatever is expected and whatever is answered, there is one judgement, and a search that would take too long is
/// nobody's failure. What a plan says with a plain text or a status is judged as one would by hand, and nothing that
/// earlier answers gave is quoted.
///
/// # Panics
/// Where that does not hold.
pub fn probe_answer(data: &[u8]) {
    let line = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (head, body) = data.split_at(line);
    let Ok(head) = serde_json::from_slice::<Head>(head) else { return };
    let body = body.get(1..).unwrap_or_default();
    let (Ok(status), true) = (StatusCode::from_u16(head.status), head.expect.problems().is_empty()) else {
        return;
    };
    let answer = answer(status, &head.headers, body);
    let scope = Scope::for_target(Target::default(), Instant::now());
    let seen = || Seen::new(&answer, scope.secrets()).in_sequence(&head.captured, None);

    let judged = head.expect.judge(&seen());
    assert_eq!(judged, head.expect.judge(&seen()), "one answer has one judgement");
    if judged.is_ok() {
        assert!(by_hand(&head.expect, status, body), "{status} is taken for good");
    }
    if let Err(mismatch) = &judged {
        assert!(!mismatch.observed.is_empty() && !mismatch.expected.is_empty());
    }
    if is_plain(&head.expect) && head.expect.statuses().contains(status.as_u16()) {
        assert_eq!(judged.is_ok(), by_hand(&head.expect, status, body), "{judged:?}");
    }
    hidden(&head.captured, &seen());
    for (name, capture) in head.capture.iter().filter(|(_, capture)| capture.problem("").is_none()) {
        match capture.take(name, &seen().unquoted()) {
            Ok(value) => assert!((1..=8192).contains(&value.len())),
            Err(mismatch) => assert!(!mismatch.observed.is_empty() && !mismatch.expected.is_empty()),
        }
    }
}

fn answer(status: StatusCode, headers: &BTreeMap<String, String>, body: &[u8]) -> Answer {
    let header = |(name, value): (&String, &String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    Answer {
        status,
        version: Version::HTTP_11,
        headers: headers.iter().filter_map(header).collect::<HeaderMap>(),
        trailers: None,
        body: Bytes::copy_from_slice(body),
        latency: Duration::ZERO,
        remote: SocketAddr::from((Ipv4Addr::LOCALHOST, 80)),
        tls: None,
        certificate_expires: None,
        redirects: Vec::new(),
        redirect_refused: None,
    }
}

/// Whether it says no more than `by_hand` looks at.
fn is_plain(expect: &Expect) -> bool {
    expect.about_answers().iter().all(|key| matches!(*key, "status" | "body_contains"))
}

/// The plainest part of a judgement, a second time.
fn by_hand(expect: &Expect, status: StatusCode, body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).into_owned();
    let settings = serde_json::to_value(expect).unwrap_or_default();
    let wanted = settings["body_contains"].as_str().unwrap_or_default();
    let all = |pointers: &serde_json::Map<String, serde_json::Value>| {
        let body = serde_json::from_slice::<serde_json::Value>(body).ok();
        pointers.keys().all(|pointer| body.as_ref().is_some_and(|body| body.pointer(pointer).is_some()))
    };
    expect.statuses().contains(status.as_u16())
        && text.contains(wanted)
        && settings["json"].as_object().is_none_or(all)
}

/// No value in full in what is quoted, in whatever case.
fn hidden(captured: &Captured, seen: &Seen<'_>) {
    let shown = seen.excerpt(seen.text()).to_ascii_lowercase();
    // What stands for something hidden, and for something left out, is no value.
    for value in captured.values().filter(|value| !value.is_empty() && !value.contains(['*', '…'])) {
        let value = value.to_ascii_lowercase();
        assert!(!shown.contains(&value), "{value:?} is quoted in {shown:?}");
    }
}
