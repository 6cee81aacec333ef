mod commands;
mod faults;
mod support;

use super::*;
use crate::rehearsal::application::Application;
use support::{get, settings, start};

#[tokio::test]
async fn the_built_in_application_runs_as_often_as_it_is_told_to() {
    let settings = Settings { count: 3, ..settings(built_in()) };
    let tasks = start(settings).await;
    assert!(!tasks.is_shared());
    assert_eq!(tasks.addresses().len(), 3);
    for address in tasks.addresses() {
        assert_eq!(get(*address, "/version").await, (200, "2.0\n".to_owned()));
        assert_eq!(get(*address, "/ping").await, (200, "pong\n".to_owned()));
        assert_eq!(get(*address, "/hello/ada").await, (200, "hello ada, this is version 2.0\n".to_owned()));
        assert_eq!(get(*address, "/nowhere").await.0, 404);
    }
    let addresses = tasks.addresses().to_vec();
    tasks.stop().await;
    for address in addresses {
        assert!(tokio::net::TcpStream::connect(address).await.is_err(), "{address} still listens");
    }
}

#[tokio::test]
async fn a_url_is_one_task_that_others_use_too() {
    let elsewhere = Application::start([127, 0, 0, 1].into(), "7").await.unwrap();
    // With a path the front asks in the URL's name, without one it passes bytes.
    for (path, status) in [("", 200), ("/hello", 200), ("/nowhere", 404)] {
        let url = format!("http://{}{path}", elsewhere.address());
        let readiness = if path.is_empty() { Readiness::of("/ping", "200") } else { Readiness::Connects };
        let settings = Settings { count: 3, readiness, ..settings(url.parse().unwrap()) };
        let tasks = start(settings).await;
        assert!(tasks.is_shared());
        assert_eq!(tasks.addresses().len(), 1);
        assert_ne!(tasks.addresses()[0], elsewhere.address());
        let (answered, body) = get(tasks.addresses()[0], "/version").await;
        assert_eq!(answered, status, "{url}");
        match path {
            "" => assert_eq!(body, "7\n"),
            "/hello" => assert_eq!(body, "hello version, this is version 7\n"),
            _ => {}
        }
        tasks.stop().await;
    }
}

#[tokio::test]
async fn a_url_where_the_health_check_fails_is_not_ready() {
    let elsewhere = Application::start([127, 0, 0, 1].into(), "7").await.unwrap();
    let url = format!("http://{}", elsewhere.address());
    let settings = Settings {
        readiness: Readiness::of("/health", "200-299"),
        ready_timeout: Duration::from_millis(500),
        ..settings(url.parse().unwrap())
    };
    let error = Tasks::start(settings).await.unwrap_err();
    let expected = format!(
        "task 1 of green was not ready within 500ms of real time: `GET /health at {}` was answered with 404 where 200-299 was expected",
        elsewhere.address()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn https_is_verified() {
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::{ServerConfig, crypto::ring};

    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], signing_key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            assert!(acceptor.accept(connection).await.is_err(), "the client trusts anybody");
        }
    });
    let settings = Settings {
        ready_timeout: Duration::from_secs(1),
        ..settings(format!("https://localhost:{port}").parse().unwrap())
    };
    let error = Tasks::start(settings).await.unwrap_err().to_string();
    // Where a system has no roots at all, that is what is told.
    assert!(error.contains("certificate"), "{error}");
    assert!(!serving.is_finished());
    serving.abort();
}

#[tokio::test]
async fn a_fault_that_cannot_be_starts_nothing() {
    let faults = Faults { version: Some("9".to_owned()), ..Faults::default() };
    let program = Program::Command("exit 1".to_owned());
    let error = Tasks::start(Settings { faults: faults.into(), ..settings(program) }).await.unwrap_err();
    assert!(matches!(error.why, Why::Unfit(Unfit::Version)), "{error}");
}

fn built_in() -> Program {
    Program::BuiltIn { version: "2.0".to_owned() }
}
