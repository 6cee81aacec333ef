//! Where redirects lead.

/// Where someone is sent to sign in. The name can never be resolved.
const SIGN_IN: &str = "https://sign-in.invalid/oauth2/authorize";

/// The parts of the URL that was asked for.
pub(super) struct Original<'a> {
    pub(super) protocol: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

/// Fills in `#{protocol}`, `#{host}`, `#{port}`, `#{path}` (without its first slash) and `#{query}`.
/// A query that comes out empty loses its question mark.
pub(super) fn location(template: &str, original: &Original<'_>) -> String {
    let mut location = String::new();
    let mut rest = template;
    // One pass: what is filled in is never read as a keyword again.
    while let Some((before, keyword, after)) = next_keyword(rest) {
        location.push_str(before);
        match keyword {
            "protocol" => location.push_str(original.protocol),
            "host" => location.push_str(original.host),
            "port" => location.push_str(&original.port.to_string()),
            "path" => location.push_str(original.path.strip_prefix('/').unwrap_or(original.path)),
            "query" => location.push_str(original.query),
            unknown => location.extend(["#{", unknown, "}"]),
        }
        rest = after;
    }
    location.push_str(rest);
    let location = location.strip_suffix('?').unwrap_or(&location);
    match location.split_once("://") {
        // The API wants it in capitals, URLs do not.
        Some((protocol @ ("HTTP" | "HTTPS"), rest)) => format!("{}://{rest}", protocol.to_ascii_lowercase()),
        _ => location.to_owned(),
    }
}

fn next_keyword(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("#{")?;
    let (keyword, after) = rest.split_once('}')?;
    Some((before, keyword, after))
}

/// The identity provider's page, with the way back.
pub(super) fn sign_in(original: &Original<'_>) -> String {
    let back: String =
        format!("{}://{}:{}/oauth2/idpresponse", original.protocol, original.host, original.port)
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
    format!("{SIGN_IN}?client_id=greenlight&response_type=code&scope=openid&redirect_uri={back}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_filled_in() {
        let original =
            Original { protocol: "http", host: "example.com", port: 8080, path: "/a/b", query: "c=#{host}" };
        let none = Original { query: "", ..original };
        let cases = [
            ("HTTPS://#{host}:443/#{path}?#{query}", &original, "https://example.com:443/a/b?c=#{host}"),
            ("#{protocol}://#{host}:#{port}/new/#{path}?#{query}", &none, "http://example.com:8080/new/a/b"),
            ("https://example.#{host}/?#{query}&x=#{path}", &none, "https://example.example.com/?&x=a/b"),
            ("https://elsewhere.example.com/", &original, "https://elsewhere.example.com/"),
            ("https://#{unknown}/#{path", &original, "https://#{unknown}/#{path"),
        ];
        for (template, original, expected) in cases {
            assert_eq!(location(template, original), expected, "{template}");
        }
    }

    #[test]
    fn the_way_back_is_one_parameter() {
        let original = Original { protocol: "https", host: "a.example", port: 443, path: "/", query: "" };
        assert!(
            sign_in(&original)
                .ends_with("&redirect_uri=https%3A%2F%2Fa.example%3A443%2Foauth2%2Fidpresponse")
        );
    }
}
