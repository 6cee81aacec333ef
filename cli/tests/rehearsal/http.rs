//! One HTTP request on a connection of its own, with std alone: what a function or a caller sends is
//! written out here byte for byte, so that no client library can cover up for the service.

use std::io::{self, Read, Write};
use std::net::TcpStream;

pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// Sends a request and reads the answer to its end; none if the connection ends without a byte.
pub(crate) fn exchange(
    authority: &str,
    request_line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Option<Response>> {
    let mut connection = TcpStream::connect(authority)?;
    let mut head = format!("{request_line} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n"]);
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    if answer.is_empty() { Ok(None) } else { Ok(Some(Response::parse(&answer))) }
}

impl Response {
    fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an end of the head");
        let head = String::from_utf8(answer[..end].to_vec()).expect("a head of text");
        let status = head[9..12].parse().expect("a status");
        Self { status, head, body: answer[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}
