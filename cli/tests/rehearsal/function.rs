//! The function under test: this very test program, run as a process of its own.
//!
//! What it does is named in its environment, so that no other binary has to be built.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{self, Child, Command, Stdio};
use std::thread;

use greenlight_cli::rehearsal::lambda::Function;

use crate::http::{self, Response};

const BEHAVIOUR: &str = "TEST_FUNCTION_BEHAVIOUR";
/// Where a function that hangs tells that it does; the connection stays open as long as it lives.
const WITNESS: &str = "TEST_FUNCTION_WITNESS";

/// A function that behaves as named in [`program`].
pub(crate) fn function(behaviour: &str) -> Function {
    let mut function = Function::new("hook", env::current_exe().expect("a path of this program"))
        .with_variable(BEHAVIOUR, behaviour);
    function.arguments = ["--exact", "function::program", "--nocapture"].map(Into::into).to_vec();
    // Nothing here should take long, and a machine under load should not fail a test.
    function.timeout = std::time::Duration::from_mins(2);
    function.initialization_limit = function.timeout;
    function
}

/// The same, with a witness.
pub(crate) fn witnessed(behaviour: &str, witness: std::net::SocketAddr) -> Function {
    function(behaviour).with_variable(WITNESS, witness.to_string())
}

/// No test but the function's program; among the tests it does nothing.
#[test]
fn program() {
    if let Ok(behaviour) = env::var(BEHAVIOUR) {
        run(&behaviour);
    }
}

#[expect(clippy::exit, reason = "how a process ends is what is tested")]
fn run(behaviour: &str) {
    match behaviour {
        "exit in initialization" => process::exit(3),
        "hang in initialization" | "hold" => hang(),
        "hang with a child" => drop(start_child()),
        "test-traffic" => {
            let _ = greenlight_test_traffic::hook().run();
        }
        "error in initialization" => {
            let posted = post("init/error", br#"{"errorType":"NoPlan","errorMessage":"no plan"}"#);
            println!("initialization error: {}", posted.status);
            process::exit(1);
        }
        _ => {}
    }
    let mut served = 0;
    let mut earlier = None;
    loop {
        let event = next();
        let id = event.header("lambda-runtime-aws-request-id").expect("a request id").to_owned();
        let answer = |body: &[u8]| post(&format!("invocation/{id}/response"), body).status;
        let error = || {
            let document = br#"{"errorType":"Broken","errorMessage":"on purpose"}"#;
            post(&format!("invocation/{id}/error"), document).status
        };
        println!("event of {} bytes", event.body.len());
        match behaviour {
            "echo" => assert_eq!(answer(&event.body), 202),
            "error" => assert_eq!(error(), 202),
            "error first" if served == 0 => assert_eq!(error(), 202),
            "error first" => assert_eq!(answer(b"\"done\""), 202),
            "exit" => process::exit(4),
            "abort" => process::abort(),
            "hang" | "hang with a child" => hang(),
            "answer and exit" => {
                answer(b"\"answered\"");
                process::exit(5);
            }
            "answer and hang" => {
                answer(b"\"answered\"");
                hang();
            }
            "answer twice" => println!("twice: {} {}", answer(b"1"), answer(b"2")),
            "answer, then err" => println!("then: {} {}", answer(b"1"), error()),
            "answer the earlier one" => {
                if let Some(earlier) = earlier {
                    println!("earlier: {}", post(&format!("invocation/{earlier}/response"), b"late").status);
                }
                println!("unknown: {}", post("invocation/unknown/response", b"{}").status);
                println!("initialization: {}", post("init/error", b"{}").status);
                println!("next: {}", next().status);
                answer(b"1");
            }
            "write a lot" => {
                let line = "x".repeat(1023);
                for _ in 0..2048 {
                    println!("{line}");
                    eprintln!("{line}");
                }
                answer(b"1");
            }
            "environment" => {
                let variables: serde_json::Map<_, _> =
                    env::vars().map(|(name, value)| (name, value.into())).collect();
                answer(serde_json::Value::Object(variables).to_string().as_bytes());
            }
            "headers" => {
                let names = ["aws-request-id", "deadline-ms", "invoked-function-arn", "trace-id"];
                let values = names.map(|name| event.header(&format!("lambda-runtime-{name}")));
                answer(serde_json::to_string(&values).unwrap().as_bytes());
            }
            "wait to be released" => {
                let mut witness = call_witness();
                witness.read_exact(&mut [0]).unwrap();
                answer(&event.body);
            }
            other => panic!("no behaviour is called `{other}`"),
        }
        served += 1;
        earlier = Some(id);
    }
}

/// Starts a child that is not waited for, and comes back when it runs.
fn start_child() -> Child {
    let mut child = Command::new(env::current_exe().unwrap());
    let mut child =
        child.args(env::args().skip(1)).env(BEHAVIOUR, "hold").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "hanging"));
    child
}

fn hang() -> ! {
    let _witness = env::var(WITNESS).is_ok().then(call_witness);
    println!("hanging");
    loop {
        thread::park();
    }
}

fn call_witness() -> TcpStream {
    let mut witness =
        TcpStream::connect(env::var(WITNESS).expect("a witness")).expect("a witness that listens");
    witness.write_all(b"!").unwrap();
    witness
}

fn next() -> Response {
    request("GET", "invocation/next", b"")
}

fn post(path: &str, body: &[u8]) -> Response {
    request("POST", path, body)
}

fn request(method: &str, path: &str, body: &[u8]) -> Response {
    let service = env::var("AWS_LAMBDA_RUNTIME_API").expect("a Runtime API");
    let request_line = format!("{method} /2018-06-01/runtime/{path}");
    let headers = [("lambda-runtime-function-error-type", "unhandled")];
    http::exchange(&service, &request_line, &headers, body).expect("an exchange").expect("an answer")
}
