//! A route as a `curl` line, for whoever wants to see for themselves.

use super::{Route, Scheme};

impl Route {
    /// A line for a POSIX shell that makes the same request. Every header is shown with its value, so
    /// routes with secrets in them are not for this.
    pub fn curl(&self) -> String {
        let name = self.server_name.as_ref().map_or(self.host.value.as_str(), |name| name.value.as_str());
        let name = super::text::without_port(name);
        let authority = if self.port == self.scheme.default_port() {
            name.to_owned()
        } else {
            format!("{name}:{}", self.port)
        };
        let mut words = vec!["curl".to_owned(), "-sv".to_owned()];
        // curl takes brackets and braces for patterns, and resolves dots in paths, unless told not to.
        words.extend(["--globoff".to_owned(), "--path-as-is".to_owned()]);
        match self.method.value.as_str() {
            "GET" => {}
            "HEAD" => words.push("--head".to_owned()),
            other => words.extend(["-X".to_owned(), quote(other)]),
        }
        if name != self.address {
            words.extend(["--connect-to".to_owned(), quote(&format!("::{}:{}", self.address, self.port))]);
        }
        if self.host.value != authority {
            words.extend(["-H".to_owned(), quote(&format!("Host: {}", self.host.value))]);
        }
        for (name, chosen) in &self.headers {
            // `name:` without a value takes the header away; a semicolon keeps it, empty.
            let header = if chosen.value.is_empty() {
                format!("{name};")
            } else {
                format!("{name}: {}", chosen.value)
            };
            words.extend(["-H".to_owned(), quote(&header)]);
        }
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        words.push(quote(&format!("{scheme}://{authority}{}", self.path.value)));
        words.join(" ")
    }
}

/// One word of a POSIX shell, whatever is in it.
fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@%+,=".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Chosen, *};

    fn route() -> Route {
        Route {
            scheme: Scheme::Https,
            address: "lb-1.eu-west-1.elb.amazonaws.com".to_owned(),
            port: 8443,
            host: Chosen::new("shop.example.com", ""),
            server_name: Some(Chosen::new("shop.example.com", "")),
            path: Chosen::new("/ping?a=1&b=2", ""),
            method: Chosen::new("GET", ""),
            headers: vec![("x-test".to_owned(), Chosen::new("it's $HOME", ""))],
            secret_headers: Vec::new(),
            rule: String::new(),
            live: Vec::new(),
            uncertain: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn it_makes_the_same_request() {
        assert_eq!(
            route().curl(),
            r"curl -sv --globoff --path-as-is --connect-to ::lb-1.eu-west-1.elb.amazonaws.com:8443 -H 'Host: shop.example.com' -H 'x-test: it'\''s $HOME' 'https://shop.example.com:8443/ping?a=1&b=2'"
        );
        let plain = Route {
            scheme: Scheme::Http,
            port: 80,
            host: Chosen::new("lb-1.eu-west-1.elb.amazonaws.com", ""),
            server_name: None,
            path: Chosen::new("/", ""),
            method: Chosen::new("HEAD", ""),
            headers: vec![("x-empty".to_owned(), Chosen::new("", ""))],
            ..route()
        };
        assert_eq!(
            plain.curl(),
            "curl -sv --globoff --path-as-is --head -H 'x-empty;' http://lb-1.eu-west-1.elb.amazonaws.com/"
        );
        let method = Route { method: Chosen::new("POST", ""), ..plain };
        assert!(method.curl().contains(" -X POST "));
    }

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        for (text, quoted) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("`reboot`", "'`reboot`'"),
            ("';reboot;'", r"''\'';reboot;'\'''"),
            ("a\nb", "'a\nb'"),
            ("~/x", "'~/x'"),
            ("*", "'*'"),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }
}
