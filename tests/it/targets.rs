//! The hostile applications are what they claim to be. Tests of greenlight mean nothing otherwise.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use greenlight_tests::target::{Answer, Kind, SERVER_NAME, Target};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long nothing must happen where nothing may happen. Longer proves no more: a wrong application
/// answers over loopback within a millisecond, and a slow machine can only make this test pass.
const SILENCE: Duration = Duration::from_millis(200);

const REQUEST: &[u8] =
    b"GET /ping?deep=1 HTTP/1.1\r\nhost: green\r\nX-Probe: yes\r\nconnection: close\r\n\r\n";

/// Reads until the head of an answer and these many bytes of its body are there.
async fn read_answer(stream: &mut (impl AsyncRead + Unpin), body: usize) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.split_once("\r\n\r\n").is_some_and(|(_, rest)| rest.len() >= body) {
            return Ok(text);
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        bytes.push(byte[0]);
    }
}

async fn ask(target: &Target) -> TcpStream {
    let mut stream = TcpStream::connect(target.address()).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    stream
}

async fn handshake(target: &Target, name: &'static str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let pem = target.authority_pem().unwrap();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(target.address()).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    stream.write_all(REQUEST).await.unwrap();
    read_answer(stream, 1).await.unwrap()
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());
}

#[tokio::test]
async fn good_and_wrong_answer_and_keep_the_connection() {
    for (kind, status) in [(Kind::Good, "HTTP/1.1 200 "), (Kind::Wrong, "HTTP/1.1 500 ")] {
        let target = Target::start(kind).await.unwrap();
        let mut stream = TcpStream::connect(target.address()).await.unwrap();
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: green\r\n\r\n").await.unwrap();
            let head = read_answer(&mut stream, 0).await.unwrap();
            assert!(head.starts_with(status), "{head}");
            let length: usize =
                head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
            stream.read_exact(&mut vec![0; length]).await.unwrap();
        }
        assert_eq!(target.received().connections(), 1);
        assert_eq!(target.received().requests().len(), 2);
    }
}

#[tokio::test]
async fn what_was_received_is_told() {
    let target = Target::answering(Answer::new(403).header("server", "waf").body("no")).await.unwrap();
    let mut stream = TcpStream::connect(target.address()).await.unwrap();
    stream
        .write_all(b"POST /orders HTTP/1.1\r\nHost: green\r\nContent-Length: 5\r\n\r\nhello")
        .await
        .unwrap();
    target.received().wait_for_requests(1).await;
    let answer = read_answer(&mut stream, 2).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("\r\nserver: waf\r\n") && answer.ends_with("\r\n\r\nno"), "{answer}");
    let request = target.received().requests().remove(0);
    assert_eq!((request.method(), request.path()), ("POST", "/orders"));
    assert_eq!(request.header("host"), Some("green"));
    assert_eq!(request.header("absent"), None);
    assert_eq!(request.body, b"hello");
}

#[tokio::test]
async fn refused_refuses() {
    let target = Target::start(Kind::Refused).await.unwrap();
    let error = TcpStream::connect(target.address()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let taken = tokio::net::TcpListener::bind(target.address()).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_full_backlog_never_completes_a_connect() {
    let target = Target::start(Kind::BacklogFull).await.unwrap();
    for _ in 0..2 {
        timeout(SILENCE, TcpStream::connect(target.address())).await.unwrap_err();
    }
}

#[tokio::test]
async fn one_that_never_answers_reads_the_request_all_the_same() {
    let target = Target::start(Kind::NeverAnswers).await.unwrap();
    let mut stream = ask(&target).await;
    target.received().wait_for_requests(1).await;
    timeout(SILENCE, stream.read_u8()).await.unwrap_err();
}

#[tokio::test]
async fn tls_is_good_for_each_name_of_the_certificate() {
    let target = Target::start(Kind::Tls).await.unwrap();
    for name in ["localhost", "127.0.0.1", SERVER_NAME] {
        let mut stream = handshake(&target, name).await.unwrap();
        assert!(exchange(&mut stream).await.starts_with("HTTP/1.1 200 "));
    }
    handshake(&target, "other.greenlight.test").await.unwrap_err();
    assert!(target.url().starts_with("https://127.0.0.1:"));
    assert_eq!(target.received().connections(), 4);
    assert_eq!(target.received().requests().len(), 3);
}

#[tokio::test]
async fn a_handshake_that_hangs_once_is_good_afterwards() {
    let target = Target::start(Kind::TlsHangsOnce).await.unwrap();
    timeout(SILENCE, handshake(&target, "localhost")).await.unwrap_err();
    let mut stream = handshake(&target, "localhost").await.unwrap();
    assert!(exchange(&mut stream).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(target.received().connections(), 2);
}

#[tokio::test]
async fn a_handshake_that_hangs_does_so_every_time() {
    let target = Target::start(Kind::TlsHangs).await.unwrap();
    for _ in 0..2 {
        timeout(SILENCE, handshake(&target, "localhost")).await.unwrap_err();
    }
    assert_eq!(target.received().connections(), 2);
}

#[tokio::test]
async fn a_reset_comes_after_half_an_answer() {
    let target = Target::start(Kind::ResetsMidAnswer).await.unwrap();
    let mut stream = ask(&target).await;
    let answer = read_answer(&mut stream, 14).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("the first half"), "{answer}");
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_drip_takes_its_time() {
    let target = Target::start(Kind::Drips).await.unwrap();
    let start = Instant::now();
    let answer = read_answer(&mut ask(&target).await, 1).await.unwrap();
    assert!(answer.contains("\r\ncontent-length: 3600\r\n") && answer.ends_with("\r\n\r\n."), "{answer}");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn an_endless_body_goes_on_past_any_limit() {
    let target = Target::start(Kind::EndlessBody).await.unwrap();
    let mut stream = ask(&target).await;
    read_answer(&mut stream, 0).await.unwrap();
    let mut body = vec![0; 8 * 1024 * 1024];
    stream.read_exact(&mut body).await.unwrap();
    assert!(body.starts_with(b"4000\r\n....") && !body.windows(5).any(|bytes| bytes == b"0\r\n\r\n"));
}

#[tokio::test]
async fn invalid_http_is_invalid() {
    let target = Target::start(Kind::InvalidHttp).await.unwrap();
    let mut answer = String::new();
    ask(&target).await.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "SSH-2.0-OpenSSH_9.6\r\n");
}

#[tokio::test]
async fn a_redirect_leads_back_to_where_it_started() {
    let target = Target::start(Kind::RedirectLoop).await.unwrap();
    let answer = read_answer(&mut ask(&target).await, 0).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert!(answer.contains("\r\nlocation: /ping?deep=1\r\n"), "{answer}");
}

#[tokio::test]
async fn a_dropped_application_ends_its_connections() {
    let target = Target::start(Kind::NeverAnswers).await.unwrap();
    let mut stream = ask(&target).await;
    target.received().wait_for_requests(1).await;
    drop(target);
    let ended = stream.read_u8().await.unwrap_err().kind();
    assert!(matches!(ended, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{ended:?}");
}
