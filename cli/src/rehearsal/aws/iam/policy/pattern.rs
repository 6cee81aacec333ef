//! Wildcards of policies: `*` for anything, `?` for one character.

/// Whether a pattern fits a text as a whole. It goes back no further than to the last `*`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut looked) = (0, 0);
    let mut star = None;
    while looked < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, looked));
                at += 1;
            }
            Some(&one) if one == '?' || one == text[looked] => (at, looked) = (at + 1, looked + 1),
            _ => {
                // The last star takes one character more.
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (at, looked) = (place + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|one| *one == '*')
}

/// The same for ARNs, whose parts are looked at one by one: a `*` does not reach over a colon, but in the last
/// part, which may hold some.
pub(super) fn matches_arn(pattern: &str, arn: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(ToOwned::to_owned).collect::<Vec<_>>();
    let (of_pattern, of_arn) = (parts(pattern), parts(arn));
    if of_pattern.len() < 6 || of_arn.len() < 6 {
        return matches(pattern, arn);
    }
    of_pattern.iter().zip(&of_arn).all(|(pattern, part)| matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("a*b*c", "a-b-b-c", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("", "", true),
            ("", "a", false),
            ("name-??????", "name-aBcDeF", true),
            ("name-??????", "name-other-aBcDeF", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!matches(&format!("{}b", "a*".repeat(2_000)), &"a".repeat(4_000)), "it takes no time");
    }

    #[test]
    fn arns_are_compared_part_by_part() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:hook:live";
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:lambda:*:*:function:hook:*", true),
            ("arn:aws:lambda:eu-west-1:123456789012:function:hook*", true),
            ("arn:aws:lambda:eu-west-1:123456789012:function:hook", false),
            ("arn:*:function:hook:live", true),
            ("arn:aws:lambda:*:function:hook:live", false),
        ] {
            assert_eq!(matches_arn(pattern, function), expected, "{pattern}");
        }
        assert!(!matches_arn("arn:aws:ecs:*:*:task/*", "*"), "an action without resources needs `*`");
    }
}
