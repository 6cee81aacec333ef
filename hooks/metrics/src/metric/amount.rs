//! Bounds as they stand in a plan: `1%`, `800ms`, `12`, `+0.5pp`, `1.3x`. Each validates while it decodes.

use std::{borrow::Cow, fmt};

use greenlight::plan::units::{Share, Span};
use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// `1%`.
    Share(Share),
    /// `800ms`.
    Time(Span),
    /// `12`.
    Number(f64),
}

/// How far green may be over blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Over {
    /// `+0.5pp`: percentage points.
    Points(f64),
    /// `1.3x`: so many times as much.
    Factor(f64),
}

impl Amount {
    /// In the unit that CloudWatch has: a fraction, seconds, or the number itself.
    pub(super) fn value(self) -> f64 {
        match self {
            Self::Share(share) => share.fraction(),
            Self::Time(span) => span.0.as_secs_f64(),
            Self::Number(number) => number,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.ends_with('%') {
            return text.parse().map(Self::Share);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Self::Number(number)),
            _ => text.parse().map(Self::Time).map_err(|_| {
                format!("`{text}` is no bound; expected a share such as `1%`, a duration such as `800ms`, or a number")
            }),
        }
    }
}

impl Over {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no bound over blue; expected percentage points such as `+0.5pp`, or a factor such as `1.3x`"
            )
        };
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        if let Some(points) = text.trim().strip_suffix("pp") {
            let points = number(points.trim_start_matches('+')).ok_or_else(wrong)?;
            return (0.0..=100.0)
                .contains(&points)
                .then_some(Self::Points(points))
                .ok_or_else(|| format!("`{text}` is out of range; expected `+0pp` to `+100pp`"));
        }
        let factor = text.trim().strip_suffix('x').and_then(number).ok_or_else(wrong)?;
        (factor >= 1.0)
            .then_some(Self::Factor(factor))
            .ok_or_else(|| format!("`{text}` is out of range; expected `1x` or more"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(formatter),
            Self::Time(span) => span.fmt(formatter),
            Self::Number(number) => number.fmt(formatter),
        }
    }
}

impl fmt::Display for Over {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points(points) => write!(formatter, "+{points}pp"),
            Self::Factor(factor) => write!(formatter, "{factor}x"),
        }
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A share such as \"1%\", a duration such as \"800ms\", or a number.",
            "anyOf": [
                { "type": "number" },
                { "type": "string", "pattern": r"^\s*(-?[0-9]+(\.[0-9]+)?%?|([0-9]+(\.[0-9]+)?(ms|s|m|h))+)\s*$" },
            ],
        })
    }
}

impl JsonSchema for Over {
    fn schema_name() -> Cow<'static, str> {
        "Over".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Percentage points such as \"+0.5pp\", or a factor such as \"1.3x\".",
            "type": "string",
            "pattern": r"^\s*(\+?[0-9]+(\.[0-9]+)?pp|[0-9]+(\.[0-9]+)?x)\s*$",
        })
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            other => serializer.collect_str(other),
        }
    }
}

impl Serialize for Over {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Amount;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a bound such as \"1%\", \"800ms\" or 12")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                Amount::parse(text).map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount::Number(number))
            }
            #[expect(clippy::cast_precision_loss, reason = "no bound is beyond 2^52")]
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }
            #[expect(clippy::cast_precision_loss, reason = "no bound is beyond 2^52")]
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for Over {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_have_units() {
        for (text, value, shown) in
            [("1%", 0.01, "1%"), ("800ms", 0.8, "800ms"), ("12", 12.0, "12"), ("-0.5", -0.5, "-0.5")]
        {
            let amount = Amount::parse(text).unwrap();
            assert!((amount.value() - value).abs() < 1e-12, "{text}");
            assert_eq!(amount.to_string(), shown);
        }
        for text in ["", "1 parsec", "101%", "NaN", "inf", "x"] {
            assert!(Amount::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn over_blue_is_points_or_a_factor() {
        for (text, shown) in [("+0.5pp", "+0.5pp"), ("2 pp", "+2pp"), ("1.3x", "1.3x"), ("+0pp", "+0pp")] {
            assert_eq!(Over::parse(text).map(|over| over.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for (text, word) in [
            ("0.5", "no bound over blue"),
            ("5%", "no bound over blue"),
            ("0.9x", "`1x` or more"),
            ("-1pp", "out of range"),
            ("infx", "no bound over blue"),
        ] {
            let error = Over::parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
