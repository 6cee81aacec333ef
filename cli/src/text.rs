//! Words in lines of a width that terminals have.

/// The words in lines; every line but the first begins with `indent`.
pub(crate) fn wrapped(words: &str, indent: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines: Vec<String> = vec![String::new()];
    for word in words.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_stay_whole() {
        assert_eq!(wrapped("a b", "  "), "a b");
        let long = "x".repeat(150);
        assert_eq!(wrapped(&format!("a {long} b"), "  "), format!("a\n  {long}\n  b"));
    }
}
