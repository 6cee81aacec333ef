//! On which line of a file a place stands.

use std::cell::OnceCell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// Larger files were written by programs, and nobody looks for a line in them.
const MOST: usize = 1024 * 1024;

/// The lines of a file. It is read a second time when the first line is asked for, since most files are never
/// asked.
#[derive(Debug)]
pub(crate) struct Lines {
    text: String,
    root: OnceCell<Option<Located>>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let text = if text.len() > MOST { String::new() } else { text.to_owned() };
        Self { text, root: OnceCell::new() }
    }

    /// The line of a path such as `Resources.Service.Properties.LoadBalancers[0]`, or of the nearest thing around it
    /// that is in the file.
    pub(super) fn of(&self, path: &str) -> Option<u64> {
        let root = self.root.get_or_init(|| parse(&self.text)).as_ref()?;
        let mut at = root;
        let mut rest = path;
        while !rest.is_empty() {
            let Some((inner, behind)) = at.step(rest) else { break };
            (at, rest) = (inner, behind);
        }
        (at.line > 0 && !(path.is_empty() && self.text.trim_start().starts_with('{')))
            .then_some(at.line)
            .or(Some(1))
    }
}

fn parse(text: &str) -> Option<Located> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 64, max_nodes: 200_000 },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Spanned<Parts>>(text, options).ok().map(Located::from)
}

/// A value, and the line that it begins on.
#[derive(Debug)]
struct Located {
    line: u64,
    parts: Parts,
}

#[derive(Debug)]
enum Parts {
    Fields(Vec<(String, Located)>),
    Items(Vec<Located>),
    Leaf,
}

impl From<Spanned<Parts>> for Located {
    fn from(spanned: Spanned<Parts>) -> Self {
        Self { line: spanned.referenced.line(), parts: spanned.value }
    }
}

impl Located {
    /// The next step of a path, and what is left of it. Keys may hold dots, so the longest one that fits is taken.
    fn step<'a, 'p>(&'a self, path: &'p str) -> Option<(&'a Self, &'p str)> {
        let path = path.strip_prefix('.').unwrap_or(path);
        match &self.parts {
            Parts::Fields(fields) => {
                let fits = fields.iter().filter_map(|(key, inner)| {
                    let rest = path.strip_prefix(key.as_str())?;
                    (rest.is_empty() || rest.starts_with(['.', '['])).then_some((key.len(), inner, rest))
                });
                fits.max_by_key(|(length, ..)| *length).map(|(_, inner, rest)| (inner, rest))
            }
            Parts::Items(items) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                Some((items.get(index.parse::<usize>().ok()?)?, rest))
            }
            Parts::Leaf => None,
        }
    }
}

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Parts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_none<E: Error>(self) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Parts, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Parts, E> {
        Ok(Parts::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Parts, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Parts>>()? {
            list.push(item.into());
        }
        Ok(Parts::Items(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Parts, A::Error> {
        let mut fields = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Spanned<Parts>>()? {
            fields.push((key, value.into()));
        }
        Ok(Parts::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_lines_in_json_and_yaml() {
        let json = Lines::new("{\n  \"a\": [\n    1,\n    { \"b.c\":\n      2 }\n  ]\n}\n");
        assert_eq!(json.of("a[0]"), Some(3));
        assert_eq!(json.of("a[1].b.c"), Some(5));
        assert_eq!(json.of("a[1].missing"), Some(4));
        let yaml = Lines::new("# note\na:\n  - !Ref x\n  - b: !If [c, 1,\n        2]\n    d: 5\n");
        assert_eq!(yaml.of("a[0]"), Some(3));
        assert_eq!(yaml.of("a[1].b[2]"), Some(5));
        assert_eq!(yaml.of("a[1].d"), Some(6));
        assert_eq!(yaml.of("elsewhere"), Some(2));
        assert_eq!(Lines::new("{").of("a"), None);
    }
}
