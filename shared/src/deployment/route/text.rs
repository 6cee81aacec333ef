//! What may stand in a request: percent-encoding, header values, host names.
//!
//! Rules may hold any text, and whatever becomes part of a request goes through here first. What is
//! encoded already (`%2F`) stays as it is: the load balancer compares the path as it was sent.

/// The path with everything encoded that may not stand in one.
pub(super) fn encode_path(text: &str) -> String {
    encode(text, b"-._~!$&'()*+,;=:@/")
}

/// The query with everything encoded that may not stand in one.
pub(super) fn encode_query(text: &str) -> String {
    encode(text, b"-._~!$&'()*+,;=:@/?")
}

/// A key of the query. Its `&` and `=` would end it.
pub(super) fn encode_key(text: &str) -> String {
    encode(text, b"-._~!$'()*+,;:@/?")
}

/// A value of the query. Its `&` would end it.
pub(super) fn encode_value(text: &str) -> String {
    encode(text, b"-._~!$'()*+,;=:@/?")
}

fn encode(text: &str, kept: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    let mut encoded = String::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let kept = byte.is_ascii_alphanumeric()
            || kept.contains(byte)
            || (*byte == b'%'
                && bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)));
        if kept {
            encoded.push(char::from(*byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// The text without its percent-encoding, where it has any.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    let mut found = false;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|_| *byte == b'%').and_then(|two| {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            Some(digit(two[0])? * 16 + digit(two[1])?)
        });
        if let Some(value) = digits {
            found = true;
            decoded.push(value);
            rest = after.get(2..).unwrap_or_default();
        } else {
            decoded.push(*byte);
            rest = after;
        }
    }
    found.then(|| String::from_utf8_lossy(&decoded).into_owned())
}

/// Whether it may stand as a header's value: visible ASCII. Rules see nothing else, and blanks at its
/// ends would be cut off on the way.
pub(super) fn is_header_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim_matches(' ').len() == text.len()
}

/// Whether it may stand as a header's name or as a method.
pub(super) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// Whether it may stand as a `Host`: a name or an address, with or without a port.
pub(super) fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let labels = without_port(text).trim_matches(['[', ']']).trim_end_matches('.');
    text.len() <= 253
        && text.bytes().all(fits)
        && labels.split('.').all(|label| {
            !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
        })
}

/// A `Host` without its port.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if (!name.contains(':') || name.ends_with(']'))
                && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => host,
    }
}

/// A text from outside as it stands in sentences: in backticks, in one line, and not longer than one
/// can read.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut shown = String::from("`");
    for character in text.chars().take(LONGEST) {
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_stand_in_a_url_is_encoded_once() {
        for (text, path) in [
            ("/ping", "/ping"),
            ("/a b", "/a%20b"),
            ("/caf\u{e9}", "/caf%C3%A9"),
            ("/a%2Fb", "/a%2Fb"),
            ("/100%", "/100%25"),
            ("/%zz", "/%25zz"),
            ("/a?b#c", "/a%3Fb%23c"),
            ("/\r\n", "/%0D%0A"),
            ("/\"{}\"", "/%22%7B%7D%22"),
        ] {
            assert_eq!(encode_path(text), path, "{text}");
        }
        assert_eq!(encode_value("a&b=c d"), "a%26b=c%20d");
        assert_eq!(encode_key("a=b"), "a%3Db");
        assert_eq!(encode_query("a[]=1&b=2"), "a%5B%5D=1&b=2");
        assert_eq!(decode("/a%20b%").as_deref(), Some("/a b%"));
        assert_eq!(decode("/ab%zz"), None);
    }

    #[test]
    fn hosts_and_headers() {
        for (text, host) in [
            ("example.com", true),
            ("example.com:8443", true),
            ("[::1]:80", true),
            ("127.0.0.1", true),
            ("", false),
            (".example.com", false),
            ("a..b", false),
            ("-a.b", false),
            ("a b", false),
            ("a\r\nx: y", false),
            ("*.example.com", false),
        ] {
            assert_eq!(is_host(text), host, "{text}");
        }
        assert_eq!(without_port("example.com:80"), "example.com");
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("::1"), "::1");
        assert!(
            is_header_value("a b")
                && !is_header_value(" a")
                && !is_header_value("a\nb")
                && !is_header_value("é")
        );
        assert!(is_token("x-test") && !is_token("x test") && !is_token(""));
        assert_eq!(quoted("a\nb"), r"`a\nb`");
    }
}
