//! Values with units, as they stand in a plan: `300ms`, `0.5%`, `200-299`, `1MiB`.
//!
//! Each type validates while it decodes, so that a plan that decodes is a plan that can run, and
//! writes itself back the way people write it.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::schema::text;

/// Decodes through `FromStr`, with words for what is expected.
macro_rules! from_text {
    ($type:ident, $expecting:literal, $pattern:literal) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                text(concat!("Expected: ", $expecting, "."), $pattern)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $type;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// Splits `12.5ms` into `12.5` and `ms`.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic() || letter == '%').unwrap_or(text.len());
    let number = text[..unit].trim();
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    (plain && !number.is_empty()).then(|| number.parse().ok()).flatten().map(|number| (number, &text[unit..]))
}

/// A duration such as `300ms`, `5s`, `10m`, `1h` or `1h30m`; at most 24 hours.
///
/// 24 hours is what ECS gives a stage; nothing that a plan can ask for lasts longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    const MAX: Duration = Duration::from_hours(24);

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// A span of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a duration such as `300ms`, `5s`, `10m` or `1h30m`";
        let mut rest = text.trim();
        if rest.starts_with('-') {
            return Err(format!("duration `{text}` is negative; {expected}"));
        }
        if rest.is_empty() {
            return Err(format!("duration is empty; {expected}"));
        }
        let mut total = 0.0;
        while !rest.is_empty() {
            let (number, after) =
                number_and_unit(rest).ok_or_else(|| format!("`{text}` is no duration; {expected}"))?;
            let end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
            let seconds = match &after[..end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                "" => return Err(format!("duration `{text}` has no unit; {expected}")),
                unit => {
                    return Err(format!("duration `{text}` has the unknown unit `{unit}`; {expected}"));
                }
            };
            total += number * seconds;
            rest = after[end..].trim_start();
        }
        let span = Duration::try_from_secs_f64(total).unwrap_or(Duration::MAX);
        if span > Self::MAX {
            return Err(format!(
                "duration `{text}` is too long; expected at most 24h, which is what ECS gives a stage"
            ));
        }
        Ok(Self(Duration::from_millis(u64::try_from(span.as_micros().div_ceil(1000)).unwrap_or(u64::MAX))))
    }
}

impl fmt::Display for Span {
    /// Writes the shortest exact form: `1h30m`, `90s` as `1m30s`, `1.5s` as `1s500ms`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis == 0 {
            return formatter.write_str("0s");
        }
        let parts = [
            (millis / 3_600_000, "h"),
            (millis / 60_000 % 60, "m"),
            (millis / 1000 % 60, "s"),
            (millis % 1000, "ms"),
        ];
        for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
            write!(formatter, "{number}{unit}")?;
        }
        Ok(())
    }
}

from_text!(
    Span,
    "a duration such as \"300ms\", \"5s\" or \"10m\"",
    r"^\s*([0-9]+(\.[0-9]+)?(ms|s|m|h))+\s*$"
);

/// A share of a whole, `0%` to `100%`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// Nothing at all.
    pub const NONE: Self = Self(0.0);

    /// As a fraction, 0.0 to 1.0.
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match number_and_unit(text.trim()) {
            Some((percent, "%")) if (0.0..=100.0).contains(&percent) => Ok(Self(percent)),
            Some((_, "%")) => Err(format!("share `{text}` is out of range; expected `0%` to `100%`")),
            _ => Err(format!("`{text}` is no share; expected a percentage such as `0%` or `0.5%`")),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%", self.0)
    }
}

from_text!(Share, "a percentage such as \"0.5%\"", r"^\s*[0-9]+(\.[0-9]+)?%\s*$");

/// A size such as `64KiB` or `1MiB`; at most 64 MiB, because a function has little memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(usize);

impl Size {
    const UNITS: [(&'static str, usize); 3] = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
    const MAX: usize = 64 << 20;

    /// A size of this many bytes.
    pub const fn from_bytes(bytes: usize) -> Self {
        Self(bytes)
    }

    /// The size in bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a size such as `64KiB` or `1MiB`";
        let (number, unit) =
            number_and_unit(text.trim()).ok_or_else(|| format!("`{text}` is no size; {expected}"))?;
        let (_, factor) = Self::UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| format!("size `{text}` has no known unit; {expected}"))?;
        #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
        let (bytes, max) = (number * factor as f64, Self::MAX as f64);
        if !(0.0..=max).contains(&bytes) {
            return Err(format!("size `{text}` is out of range; expected at most 64MiB"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked against the range above"
        )]
        Ok(Self(bytes as usize))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) =
            Self::UNITS.into_iter().find(|(_, factor)| self.0.is_multiple_of(*factor)).unwrap_or(("B", 1));
        write!(formatter, "{}{unit}", self.0 / factor)
    }
}

from_text!(Size, "a size such as \"64KiB\" or \"1MiB\"", r"^\s*[0-9]+(\.[0-9]+)?(B|KiB|MiB)\s*$");

/// A set of HTTP status codes: `200`, `200-299`, `200,301-302`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(Vec<(u16, u16)>);

impl StatusSet {
    /// Every 2xx.
    pub fn success() -> Self {
        Self(vec![(200, 299)])
    }

    /// Whether `status` is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl FromStr for StatusSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected status codes such as `200`, `200-299` or `200,301-302`";
        let code = |text: &str| {
            let code = text.trim().parse::<u16>().ok().filter(|code| (100..=599).contains(code));
            code.ok_or_else(|| format!("`{}` is no HTTP status code; {expected}", text.trim()))
        };
        let range = |part: &str| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high) = (code(low)?, code(high)?);
            if low > high {
                return Err(format!("status range `{}` runs backwards; {expected}", part.trim()));
            }
            Ok((low, high))
        };
        text.split(',').map(range).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (low, high)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            if low == high {
                write!(formatter, "{comma}{low}")?;
            } else {
                write!(formatter, "{comma}{low}-{high}")?;
            }
        }
        Ok(())
    }
}

impl JsonSchema for StatusSet {
    fn schema_name() -> Cow<'static, str> {
        "StatusSet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Status codes such as \"200-299\", \"200,301-302\" or 200.",
            "anyOf": [
                { "type": "string", "pattern": r"^\s*[1-5][0-9]{2}(-[1-5][0-9]{2})?(\s*,\s*[1-5][0-9]{2}(-[1-5][0-9]{2})?)*\s*$" },
                { "type": "integer", "minimum": 100, "maximum": 599 },
            ],
        })
    }
}

impl Serialize for StatusSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StatusSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = StatusSet;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("status codes such as \"200-299\" or 200")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<StatusSet, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, code: u64) -> Result<StatusSet, E> {
                code.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis, shown) in [
            ("300ms", 300, "300ms"),
            ("5s", 5000, "5s"),
            ("1.5s", 1500, "1s500ms"),
            ("10m", 600_000, "10m"),
            ("1h30m", 5_400_000, "1h30m"),
            ("1h 30m", 5_400_000, "1h30m"),
            ("1d", 86_400_000, "24h"),
            ("0s", 0, "0s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span, span.to_string().as_str()), (Span::from_millis(millis), shown), "{text}");
        }
        for (text, message) in [
            ("", "empty"),
            ("5", "no unit"),
            ("-5s", "negative"),
            ("5 parsecs", "unknown unit `parsecs`"),
            ("soon", "no duration"),
            ("25h", "too long"),
            ("99999999999999999999h", "too long"),
            ("1e9s", "unknown unit `e`"),
            ("NaNs", "no duration"),
        ] {
            let error = text.parse::<Span>().unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn shares_and_sizes() {
        assert!(("0.5%".parse::<Share>().unwrap().fraction() - 0.005).abs() < 1e-12);
        assert_eq!("100%".parse::<Share>().unwrap().to_string(), "100%");
        for text in ["1", "101%", "-1%", "%", "x%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        assert_eq!("1MiB".parse::<Size>().unwrap(), Size::from_bytes(1 << 20));
        assert_eq!("1.5KiB".parse::<Size>().unwrap().to_string(), "1536B");
        assert_eq!("64KiB".parse::<Size>().unwrap().to_string(), "64KiB");
        for text in ["1", "1MB", "65MiB", "-1B", "1GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn status_sets() {
        let set: StatusSet = "200, 301-302".parse().unwrap();
        assert!(set.contains(200) && set.contains(302) && !set.contains(201));
        assert_eq!(set.to_string(), "200,301-302");
        assert_eq!(serde_json::from_str::<StatusSet>("204").unwrap().to_string(), "204");
        for text in ["", "200-", "99", "600", "299-200", "2xx", "200,,201"] {
            assert!(text.parse::<StatusSet>().is_err(), "{text}");
        }
    }
}
