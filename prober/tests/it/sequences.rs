//! Requests in order: what one answer gave is in the next request, and nothing of it in the next run.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use greenlight_prober::{
    Answered, Fault, Limits, Load, Mismatch, Overrides, Prober, Request, Script, Stopped, Tally, Whose,
};
use http::Method;
use tokio::time::Instant;

use super::support::{
    Authority, Script as Play, Server, Step, endpoint, hasty, never, patient, prober, send,
};

/// A login, and a page that needs what it gave.
struct Login {
    in_a_row: Option<u64>,
}

impl Script for Login {
    type Memory = String;

    fn requests(&self) -> Vec<Option<Request>> {
        vec![Some(Request::new(Method::POST, "/login").unwrap()), None]
    }

    fn request(&self, step: usize, token: &String) -> Result<Request, Mismatch> {
        assert_eq!(step, 1);
        if token.is_empty() {
            return Err(Mismatch::new("no token", "").of(Whose::Other));
        }
        Ok(Request::get("/page").unwrap().with_header("x-token", token).unwrap().carrying_secrets())
    }

    fn judge(&self, answered: &Answered<'_>, token: &mut String) -> Result<(), Mismatch> {
        assert!(token.is_empty() == (answered.step == 0), "a run begins with nothing");
        assert!(answered.jar.is_some());
        if answered.step == 0 {
            *token = String::from_utf8(answered.answer.body.to_vec()).unwrap();
        }
        match answered.answer.status.as_u16() {
            200..=299 => Ok(()),
            status => Err(Mismatch::new(format!("status {status}"), "status 200-299")),
        }
    }

    fn in_a_row(&self) -> Option<u64> {
        self.in_a_row
    }
}

fn with_token(cookie: &str) -> Step {
    send(&format!("HTTP/1.1 200 OK\r\nset-cookie: {cookie}\r\ncontent-length: 3\r\n\r\nabc"))
}

fn status(status: u16) -> Step {
    send(&format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n"))
}

async fn play(server: &Server, limits: Limits, requests: u64, in_a_row: Option<u64>) -> Tally {
    let load = Load { requests, concurrency: 1, deadline: never() };
    prober(&server.url(), limits).play(Login { in_a_row }, load).await
}

#[tokio::test]
async fn what_one_answer_gave_is_in_the_next_request_and_not_in_the_next_run() {
    let run = [Step::Read, with_token("session=s1; Path=/; HttpOnly"), Step::Read, status(204)];
    let server = Server::always(run.clone().into_iter().chain(run).collect::<Vec<_>>()).await;
    let tally = play(&server, patient(), 2, None).await;
    assert_eq!((tally.requested, tally.good, tally.begun()), (2, 2, 2));
    let each: Vec<_> = tally.steps.iter().map(|step| (step.good, step.latency.count())).collect();
    assert_eq!(each, [(2, 2), (2, 2)]);
    assert_eq!((tally.steps[0].statuses[&200], tally.steps[1].statuses[&204]), (2, 2));
    assert_eq!(tally.connects.count, 1, "runs share a connection");
    let host = server.address;
    let login = format!("POST /login HTTP/1.1\r\ncontent-length: 0\r\nhost: {host}\r\n\r\n");
    let page = format!("GET /page HTTP/1.1\r\nhost: {host}\r\nx-token: abc\r\ncookie: session=s1\r\n\r\n");
    assert_eq!(server.requests(), [login.clone(), page.clone(), login, page]);
}

#[tokio::test]
async fn a_step_that_is_not_good_ends_its_run() {
    let server = Server::start(|connection| match connection {
        0 => Play::plain([Step::Read, status(500), Step::Read, with_token("a=b"), Step::Read, Step::Hold]),
        // No token.
        _ => Play::plain([Step::Read, status(200), Step::Read, with_token("a=b"), Step::Read, status(503)]),
    })
    .await;
    let tally = play(&server, Limits { timeout: Duration::from_secs(1), ..patient() }, 4, None).await;
    assert_eq!((tally.good, tally.failed(), tally.strangers.count()), (0, 3, 1));
    let failed: Vec<_> = tally.steps.iter().map(|step| (step.good, step.failed())).collect();
    assert_eq!(failed, [(3, 1), (0, 2)]);
    assert_eq!(tally.steps[1].no_answers.first().unwrap().fault, Fault::TimedOut { received: 0 });
    assert_eq!(tally.steps[1].strangers.first().unwrap().observed, "no token");
    // The time of a run is that of all its steps.
    assert!(tally.latency.max().unwrap() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_load_ends_when_enough_in_a_row_are_good() {
    let good = [Step::Read, with_token("a=b"), Step::Read, status(200)];
    let bad = [Step::Read, with_token("a=b"), Step::Read, status(500)];
    let runs = [&good, &bad, &good, &good, &good];
    let server = Server::always(runs.iter().flat_map(|run| run.iter().cloned()).collect::<Vec<_>>()).await;
    let tally = play(&server, patient(), 10, Some(2)).await;
    assert_eq!((tally.good, tally.failed(), tally.begun(), tally.stopped), (3, 1, 4, None));
    assert_eq!((tally.streak.longest, tally.streak.current), (2, 2));
    assert_eq!(tally.latency.count(), 2, "the latencies are those of the last row");
}

#[tokio::test]
async fn a_row_that_could_have_been_is_told_from_one_that_could_not() {
    // Bad, good, no answer that says anything (no token), good, bad.
    let token = || [Step::Read, with_token("a=b")];
    let runs = [
        [Step::Read, status(500)].to_vec(),
        token().into_iter().chain([Step::Read, status(200)]).collect(),
        [Step::Read, status(200)].to_vec(),
        token().into_iter().chain([Step::Read, status(200)]).collect(),
        [Step::Read, status(500)].to_vec(),
    ];
    let server = Server::always(runs.concat()).await;
    let tally = play(&server, patient(), 5, Some(4)).await;
    assert_eq!((tally.good, tally.failed(), tally.strangers.count()), (2, 2, 1));
    assert_eq!((tally.streak.longest, tally.streak.possible(0), tally.streak.possible(5)), (1, 3, 5));
}

#[tokio::test]
async fn the_deadline_ends_a_sequence_between_and_within_its_steps() {
    let server = Server::always([Step::Read, with_token("a=b"), Step::Read, Step::Hold]).await;
    let deadline = Instant::now() + Duration::from_millis(300);
    let load = Load { requests: 5, concurrency: 2, deadline };
    let tally = prober(&server.url(), patient()).play(Login { in_a_row: None }, load).await;
    assert_eq!((tally.unfinished, tally.judged(), tally.stopped), (2, 0, Some(Stopped::Deadline)));
    assert_eq!((tally.steps[0].good, tally.steps[1].unfinished), (2, 2));
}

/// Two pages, whose judge lets the deadline pass.
struct Slow(Duration);

impl Script for Slow {
    type Memory = ();

    fn requests(&self) -> Vec<Option<Request>> {
        ["/", "/after"].map(|path| Request::get(path).ok()).into()
    }

    fn request(&self, _: usize, (): &()) -> Result<Request, Mismatch> {
        unreachable!("every request is known")
    }

    #[expect(clippy::disallowed_methods, reason = "a judge that blocks is what is played")]
    fn judge(&self, _: &Answered<'_>, (): &mut ()) -> Result<(), Mismatch> {
        std::thread::sleep(self.0);
        Ok(())
    }
}

#[tokio::test]
async fn nothing_is_written_after_the_deadline() {
    let server = Server::always([Step::Read, status(200), Step::Read, status(200)]).await;
    let patience = Duration::from_millis(500);
    let load = Load { requests: 1, concurrency: 1, deadline: Instant::now() + patience };
    let tally = prober(&server.url(), patient()).play(Slow(patience * 2), load).await;
    assert_eq!((tally.unfinished, tally.good, tally.stopped), (1, 0, Some(Stopped::Deadline)));
    assert_eq!(server.requests().len(), 1, "{:?}", server.requests());
}

#[tokio::test]
async fn cookies_of_redirects_are_kept() {
    let server = Server::start(|_| {
        Play::plain([
            Step::Read,
            send("HTTP/1.1 302 x\r\nset-cookie: a=1\r\nset-cookie: b=2; Path=/other\r\nset-cookie: c=3; Secure\r\nlocation: /home\r\ncontent-length: 0\r\n\r\n"),
            Step::Read,
            send("HTTP/1.1 302 x\r\nset-cookie: d=4; Domain=other.example\r\nset-cookie: f=6; Domain=example.com\r\nset-cookie: e=5; Max-Age=0\r\nlocation: /token\r\ncontent-length: 0\r\n\r\n"),
            Step::Read,
            with_token("g=7"),
            Step::Read,
            status(200),
        ])
    })
    .await;
    let overrides = Overrides {
        connect_to: Some(("127.0.0.1".to_owned(), server.address.port())),
        ..Overrides::default()
    };
    let prober =
        Prober::new(endpoint("http://orders.example.com", &overrides), Limits { redirects: 5, ..patient() });
    let load = Load { requests: 1, concurrency: 1, deadline: never() };
    assert_eq!(prober.play(Login { in_a_row: None }, load).await.good, 1);
    let cookies = |requests: Vec<String>| -> Vec<String> {
        let cookie = |request: &String| {
            request.lines().find_map(|line| line.strip_prefix("cookie: ")).unwrap_or_default().to_owned()
        };
        requests.iter().map(cookie).collect()
    };
    // Not to another path, not without TLS, not for a domain of somebody else's, not after its end.
    assert_eq!(cookies(server.requests()), ["", "a=1", "a=1; f=6", "a=1; f=6; g=7"]);
}

/// Two pages, and what the jar says at each: the value of `a`, and what was withheld.
#[derive(Clone, Default)]
struct Visit(Arc<Mutex<Vec<String>>>);

impl Script for Visit {
    type Memory = ();

    fn requests(&self) -> Vec<Option<Request>> {
        ["/", "/shop/page"].map(|path| Request::get(path).ok()).into()
    }

    fn request(&self, _: usize, (): &()) -> Result<Request, Mismatch> {
        unreachable!("every request is known")
    }

    fn judge(&self, answered: &Answered<'_>, (): &mut ()) -> Result<(), Mismatch> {
        let jar = answered.jar.unwrap();
        let withheld: Vec<_> = jar.withheld().collect();
        self.0.lock().unwrap().push(format!("{} {}", jar.value("a").unwrap_or("none"), withheld.join(",")));
        Ok(())
    }
}

/// What the jar said at each of two pages, the first of which sets these cookies, and what the second was sent.
async fn visited(set: &'static [&'static str]) -> (Vec<String>, String) {
    let cookies: Vec<_> = set.iter().map(|cookie| format!("set-cookie: {cookie}\r\n")).collect();
    let first = send(&format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", cookies.concat()));
    let server = Server::always([Step::Read, first, Step::Read, status(200)]).await;
    let overrides = Overrides {
        connect_to: Some(("127.0.0.1".to_owned(), server.address.port())),
        ..Overrides::default()
    };
    let prober = Prober::new(endpoint("http://orders.example.com", &overrides), patient());
    let visit = Visit::default();
    let load = Load { requests: 1, concurrency: 1, deadline: never() };
    assert_eq!(prober.play(visit.clone(), load).await.good, 1);
    let requests = server.requests();
    let sent =
        requests[1].lines().find_map(|line| line.strip_prefix("cookie: ")).unwrap_or_default().to_owned();
    (Arc::into_inner(visit.0).unwrap().into_inner().unwrap(), sent)
}

#[tokio::test]
async fn a_cookie_that_a_request_went_without_is_told() {
    for (set, at_second, sent) in [
        (["a=1; Secure", "b=2"].as_slice(), "1 a", "b=2"),
        (&["a=1; Secure; Path=/other", "b=2"], "1 ", "b=2"),
        (&["a=1", "b=2"], "1 ", "a=1; b=2"),
        // The value of several is that which was set last and is still there.
        (&["a=1; Path=/shop", "a=2; Path=/"], "2 ", "a=1; a=2"),
        (&["a=1; Path=/shop", "a=2; Path=/", "a=2; Path=/; Max-Age=0"], "1 ", "a=1"),
        (&["a=1; Domain=other.example"], "none ", ""),
        (&["a=gr\u{fc}n"], "gr\u{fc}n ", "a=gr\u{fc}n"),
    ] {
        let (said, cookies) = visited(set).await;
        // The first request came before the cookies, so it went without none.
        assert!(said[0].ends_with(' '), "{set:?}: {said:?}");
        assert_eq!((said[1].as_str(), cookies.as_str()), (at_second, sent), "{set:?}");
    }
}

#[tokio::test]
async fn nothing_of_a_sequence_is_quoted_that_is_no_http() {
    let server =
        Server::always([Step::Read, with_token("a=b"), Step::Read, send("secret abc\r\n\r\n")]).await;
    let tally = play(&server, hasty(), 1, None).await;
    let no_answer = tally.steps[1].no_answers.first().unwrap();
    assert!(matches!(no_answer.fault, Fault::NotHttp { .. }), "{no_answer}");
    assert!(!no_answer.to_string().contains("secret"), "{no_answer}");
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["127.0.0.1"]).acceptor();
    let server = Server::start(move |_| Play::tls(&acceptor, [Step::Read, status(200)])).await;
    let url = format!("https://127.0.0.1:{}", server.address.port());
    let endpoint = endpoint(&url, &authority.trusted());
    let request = endpoint.request(Method::GET, "/").unwrap();
    let reply = Prober::new(endpoint, patient()).send(&request, never()).await.unwrap();
    let expires = super::support::answer(reply).certificate_expires.unwrap();
    // What rcgen gives where nobody says otherwise.
    let seconds = expires.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(i64::try_from(seconds).unwrap(), rcgen::date_time_ymd(4096, 1, 1).unix_timestamp());
}
