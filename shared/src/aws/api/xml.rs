//! An answer in XML as JSON.
//!
//! XML has no lists and no types. Children that are all called `member` (AWS Query) or `item` (EC2) are a
//! list, `entry` elements with a key and a value are a map, and every value is text. An element with nothing
//! in it may be an empty list, an empty structure or an empty text, which only a model of the service
//! could tell: it is null.

use std::{collections::BTreeSet, fmt::Display};

use quick_xml::{Reader, escape::unescape, events::Event};
use serde_json::{Map, Value};

/// Deeper than any answer; a bound on what a broken one can make of the stack.
const MAX_DEPTH: usize = 64;

/// An element.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<(String, Value)>,
}

/// The name of the root and what stands in it.
pub(super) fn read(document: &[u8]) -> Result<(String, Value), String> {
    let text = str::from_utf8(document).map_err(|error| format!("the answer is not UTF-8: {error}"))?;
    let malformed = |error: &dyn Display| format!("the answer is not XML: {error}");
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let done = match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(start) => {
                if open.len() == MAX_DEPTH {
                    return Err(format!("the answer is nested deeper than {MAX_DEPTH} elements"));
                }
                open.push(Element { name: start.local_name().as_ref().to_owned(), ..Element::default() });
                None
            }
            Event::Empty(empty) => {
                Some(Element { name: empty.local_name().as_ref().to_owned(), ..Element::default() })
            }
            Event::End(_) => open.pop(),
            Event::Text(part) => add(&mut open, &part.xml10_content()),
            Event::CData(part) => add(&mut open, &part.xml10_content()),
            Event::GeneralRef(reference) => {
                let reference = format!("&{};", &*reference);
                add(&mut open, &unescape(&reference).map_err(|error| malformed(&error))?)
            }
            Event::Eof => return Err("the answer ends before its XML does".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        };
        if let Some(element) = done {
            let (name, value) = element.into_value();
            match open.last_mut() {
                Some(parent) => parent.children.push((name, value)),
                None => return Ok((name, value)),
            }
        }
    }
}

/// Adds to the text of the innermost element; what stands beside the root counts for nothing.
fn add(open: &mut [Element], text: &str) -> Option<Element> {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
    None
}

impl Element {
    fn into_value(self) -> (String, Value) {
        let Self { name, text, children } = self;
        let all = |wanted: &str| !children.is_empty() && children.iter().all(|(name, _)| name == wanted);
        let value = if children.is_empty() {
            if text.is_empty() { Value::Null } else { Value::String(text) }
        } else if all("member") || all("item") {
            Value::Array(children.into_iter().map(|(_, child)| child).collect())
        } else if all("entry") && children.iter().all(|(_, entry)| key_of(entry).is_some()) {
            let pair = |mut entry: Value| Some((key_of(&entry)?.to_owned(), entry["value"].take()));
            Value::Object(children.into_iter().filter_map(|(_, entry)| pair(entry)).collect())
        } else {
            Value::Object(members(children))
        };
        (name, value)
    }
}

fn key_of(entry: &Value) -> Option<&str> {
    entry.as_object().filter(|entry| entry.len() <= 2)?.get("key")?.as_str()
}

/// A name that comes again is a list without an element of its own.
fn members(children: Vec<(String, Value)>) -> Map<String, Value> {
    let mut members: Map<String, Value> = Map::new();
    let mut again = BTreeSet::new();
    for (name, value) in children {
        match members.get_mut(&name) {
            None => {
                members.insert(name, value);
            }
            Some(Value::Array(entries)) if again.contains(&name) => entries.push(value),
            Some(first) => {
                *first = Value::Array(vec![first.take(), value]);
                again.insert(name);
            }
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(document: &str) -> Value {
        read(document.as_bytes()).unwrap().1
    }

    #[test]
    fn lists_structures_maps_and_texts() {
        for (name, document, expected) in [
            ("a text", "<a>b</a>", json!("b")),
            ("nothing", "<a></a>", Value::Null),
            ("nothing either", "<a/>", Value::Null),
            ("spaces between elements", "<a>\n  <b>1</b>\n  <c> 2 </c>\n</a>", json!({"b": "1", "c": " 2 "})),
            ("a list", "<a><member>1</member><member><b>2</b></member></a>", json!(["1", {"b": "2"}])),
            ("a list of EC2", "<a><item>1</item></a>", json!(["1"])),
            ("references", "<a>1 &lt; 2 &amp;&#x20;3</a>", json!("1 < 2 & 3")),
            ("unread text", "<a><![CDATA[<b>]]></a>", json!("<b>")),
            (
                "a name that comes again",
                "<a><b>1</b><c>2</c><b>3</b><b>4</b></a>",
                json!({"b": ["1", "3", "4"], "c": "2"}),
            ),
            (
                "a map",
                "<a><entry><key>k</key><value>v</value></entry><entry><key>l</key></entry></a>",
                json!({"k": "v", "l": null}),
            ),
            ("entries that are no map", "<a><entry><b>1</b></entry></a>", json!({"entry": {"b": "1"}})),
            (
                "a namespace and a declaration",
                "<?xml version=\"1.0\"?>\n<x:a xmlns:x=\"y\"><x:b>1</x:b></x:a>",
                json!({"b": "1"}),
            ),
        ] {
            assert_eq!(value(document), expected, "{name}");
        }
        assert_eq!(read(b"<GetRoleResponse/>").unwrap().0, "GetRoleResponse");
    }

    #[test]
    fn what_is_no_xml_says_why() {
        let deep = format!("{}x", "<a>".repeat(MAX_DEPTH + 1));
        for (document, expected) in [
            ("", "the answer ends before its XML does"),
            ("<a><b>1</b>", "the answer ends before its XML does"),
            ("<a></b>", "the answer is not XML: "),
            ("<a>&unknown;</a>", "the answer is not XML: "),
            (&*deep, "the answer is nested deeper than 64 elements"),
        ] {
            let error = read(document.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{document}: {error}");
        }
        assert!(read(b"<a>\xff</a>").unwrap_err().starts_with("the answer is not UTF-8"));
    }
}
