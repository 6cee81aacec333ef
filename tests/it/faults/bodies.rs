//! What green, or somebody in its place, may send is bounded in size, in depth and in time: the process neither grows by it
//! nor is late.

use std::io::{ErrorKind, Write as _};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use greenlight_cli::rehearsal::aws::{Aws, Fault, Garbled, Times, ssm};
use greenlight_cli::rehearsal::lambda::{Function, Lambda};
use greenlight_tests::binaries;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::cell::{Protocol, served};
use super::expect::{answer, memory};
use crate::table::{Outcome, Table, ensure};

/// How much more memory a process may have had than one that met a small answer, in KiB. What is kept of an answer is
/// 1 MiB here.
const MOST_MORE: u64 = 16 * 1024;
const FILL: &str = "x-filler: ........................................................................\r\n";

/// What is sent to everybody who has asked: this, and then that again and again.
#[derive(Clone)]
struct Sent {
    first: Vec<u8>,
    again: Vec<u8>,
}

impl Sent {
    fn once(first: impl Into<Vec<u8>>) -> Self {
        Self { first: first.into(), again: Vec::new() }
    }

    fn endless(first: &str, again: &str) -> Self {
        Self { first: first.into(), again: again.repeat(200).into() }
    }

    /// A whole answer with this body.
    fn body(headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len());
        Self::once([head.as_bytes(), body].concat())
    }
}

/// Half a MiB that becomes half a GiB for whoever unpacks it: parts of an archive follow each other.
fn bomb() -> Vec<u8> {
    let mut part = GzEncoder::new(Vec::new(), Compression::best());
    part.write_all(&vec![b' '; 1 << 20]).unwrap();
    part.finish().unwrap().repeat(512)
}

/// One application, and what is asked of it.
struct Cell {
    name: &'static str,
    sent: Sent,
    check: Value,
    status: &'static str,
    /// Words of the reason.
    words: &'static str,
}

fn cells() -> Vec<Cell> {
    let cell = |name, sent, check, words| Cell { name, sent, check, status: "FAILED", words };
    let json = json!({"expect": {"json": {"/version": "2.0"}}});
    let text = json!({"expect": {"body_contains": "fine"}});
    let packed = "content-encoding: gzip\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let exabyte = "HTTP/1.1 200 OK\r\ncontent-length: 1152921504606846975\r\n\r\n";
    vec![
        // Nobody asks for it, and it is not unpacked.
        cell(
            "a decompression bomb, for its text",
            Sent::body(packed, &bomb()),
            text.clone(),
            "a body that contains",
        ),
        cell("a decompression bomb, for its JSON", Sent::body(packed, &bomb()), json.clone(), "no JSON"),
        Cell {
            status: "SUCCEEDED",
            ..cell("a decompression bomb, for its status", Sent::body(packed, &bomb()), json!({}), "passed")
        },
        cell("half a million levels of JSON", Sent::body("", &[b'['; 500_000]), json.clone(), "no JSON"),
        cell("80,000 members of JSON", Sent::body("", &members()), json, "no value at `/version`"),
        cell(
            "a head without end",
            Sent::endless("HTTP/1.1 200 OK\r\n", FILL),
            json!({}),
            "message head is too large",
        ),
        cell(
            "interim answers without end",
            Sent::endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
            json!({}),
            "and no whole head of an answer within",
        ),
        cell("interim answers over HTTP/2 without end", interim_http2(), json!({"version": "2"}), "within"),
        cell(
            "a body without end",
            Sent::endless(chunked, "10\r\n................\r\n"),
            text.clone(),
            "a body of more than",
        ),
        cell(
            "a chunk of an exabyte",
            Sent::endless(&format!("{chunked}fffffffffffffff\r\n"), FILL),
            text.clone(),
            "a body of more than",
        ),
        cell(
            "a length of an exabyte",
            Sent::endless(exabyte, FILL),
            text,
            "announced a body of 1152921504606846975 bytes",
        ),
        cell(
            "trailers without end",
            Sent::endless(&format!("{chunked}1\r\n.\r\n0\r\n"), FILL),
            json!({}),
            "is not HTTP/1.1",
        ),
    ]
}

/// SETTINGS, then the head `:status: 100` (RFC 7541, 6.2.2) of the first request's stream again and again.
fn interim_http2() -> Sent {
    let settings = vec![0, 0, 0, 4, 0, 0, 0, 0, 0];
    let head = [0, 0, 5, 1, 4, 0, 0, 0, 1, 0x08, 3, b'1', b'0', b'0'];
    Sent { first: settings, again: head.repeat(1000) }
}

fn members() -> Vec<u8> {
    let members: Vec<_> = (0..80_000).map(|number| format!("\"{number}\":1")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_green_sends_is_bounded_in_what_it_costs() {
    let small = small().await;
    let mut table = Table::default();
    for Cell { name, sent, check, status, words } in cells() {
        table.add(name, async move {
            let aws = Aws::start().await.unwrap();
            let asked = ask(&aws, sent, &check).await?;
            println!("{name}: {} KiB, a small answer {small} KiB", asked.peak); // for docs/reliability.md
            costs_little(&asked, small, status, words)
        });
    }
    table.play().await;
}

/// The library reads an answer of AWS whole, and so it has to end.
#[tokio::test(flavor = "multi_thread")]
async fn what_aws_sends_is_bounded_in_what_it_costs() {
    let small = small().await;
    let aws = Aws::start().await.unwrap();
    aws.fault(&ssm::GET_PARAMETER, Fault::Garbled(Garbled::Endless), Times::Always);
    let check = json!({"headers": {"x-key": {"secret": "ssm:/key"}}, "allow_plaintext": true});
    let asked = ask(&aws, Sent::body("", b"{}"), &check).await.unwrap();
    // What is read, and as much again for moving it.
    let small = small + 2 * 16 * 1024;
    costs_little(&asked, small, "FAILED", "the answer has more than 16 MiB").unwrap();
}

/// The most memory of a process that met a small answer, in KiB.
async fn small() -> u64 {
    let aws = Aws::start().await.unwrap();
    let asked = ask(&aws, Sent::body("", br#"{"version": "2.0"}"#), &json!({})).await.unwrap();
    assert_eq!(asked.status, "SUCCEEDED");
    asked.peak
}

fn costs_little(asked: &Asked, small: u64, status: &str, words: &str) -> Outcome {
    let Asked { status: observed, reason, peak } = asked;
    ensure!(*peak <= small + MOST_MORE, "it had {peak} KiB, where a small answer makes {small}: {reason}");
    ensure!(
        observed == status && reason.contains(words),
        "expected {status}, {words:?}; {observed}: {reason}"
    );
    Ok(())
}

struct Asked {
    status: String,
    reason: String,
    /// The most memory that the process had, in KiB.
    peak: u64,
}

/// Asks an application that sends this, and says what came of it.
async fn ask(aws: &Aws, sent: Sent, check: &Value) -> Result<Asked, String> {
    let (url, _serving) = serve(sent).await;
    let mut check = check.clone();
    check["timeout"] = "3s".into();
    let plan = json!({"checks": [{"http": check}], "target": {"url": url}, "patience": "0s"});
    let function = Function::new("hook", binaries::test_traffic().unwrap())
        .with_variable("GREENLIGHT_PLAN", plan.to_string());
    let hook = Lambda::new(served(function, aws, Duration::from_mins(1)));
    let invocation = hook.invoke(Protocol::Ecs.event().to_string()).await;
    let answer = answer(&invocation)?;
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let peak = memory(invocation.process_id.unwrap_or_default(), "VmHWM")?;
    Ok(Asked { status: text("hookStatus"), reason: text("reason"), peak })
}

/// Ends what it holds when it is dropped.
struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(sent: Sent) -> (String, Serving) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(sent);
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who hangs up has heard enough.
            tokio::spawn(give(stream, sent.clone()));
        }
    });
    (url, Serving(serving))
}

async fn give(stream: TcpStream, sent: Arc<Sent>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    heard(&mut stream).await?;
    stream.write_all(&sent.first).await?;
    stream.flush().await?;
    while !sent.again.is_empty() {
        stream.write_all(&sent.again).await?;
    }
    // Until it is closed.
    stream.read_line(&mut String::new()).await?;
    Ok(())
}

/// Reads a request to the end of its head: what answers a stream of HTTP/2 that is not open yet breaks the protocol.
async fn heard(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    const HEADERS: u8 = 1;
    let (mut head, mut last) = (String::new(), 0);
    while last != 2 {
        last = stream.read_line(&mut head).await?;
        if last == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    if !head.starts_with("PRI * HTTP/2") {
        return Ok(());
    }
    // The rest of the preface, then frames: three bytes of length, the type, one of flags, four of the stream.
    stream.read_exact(&mut [0; 6]).await?;
    loop {
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).await?;
        let [first, second, third, kind, ..] = frame;
        let length = u32::from_be_bytes([0, first, second, third]);
        stream.read_exact(&mut vec![0; length as usize]).await?;
        if kind == HEADERS {
            return Ok(());
        }
    }
}
