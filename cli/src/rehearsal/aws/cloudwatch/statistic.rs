//! Statistics as CloudWatch computes them: over all values of a period, however long that is.
//!
//! Source: CloudWatch user guide, *CloudWatch statistics definitions*.

/// A statistic that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    SampleCount,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// `p99.9` and the like.
    Percentile(f64),
}

impl Statistic {
    /// The statistic of this name. Trimmed means and their kin are none that is computed here.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => {
                let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
                (0.0..=100.0).contains(&percent).then_some(Self::Percentile(percent))?
            }
        })
    }

    /// Its value of these values, each with how often it was recorded; none of nothing.
    pub(super) fn of(self, mut recorded: Vec<(f64, f64)>) -> Option<f64> {
        recorded.retain(|(_, count)| *count > 0.0);
        let count: f64 = recorded.iter().map(|(_, count)| count).sum();
        let sum = || recorded.iter().map(|(value, count)| value * count).sum::<f64>();
        let values = recorded.iter().map(|(value, _)| *value);
        (count > 0.0).then_some(())?;
        match self {
            Self::SampleCount => Some(count),
            Self::Sum => Some(sum()),
            Self::Average => Some(sum() / count),
            Self::Minimum => values.reduce(f64::min),
            Self::Maximum => values.reduce(f64::max),
            Self::Percentile(percent) => {
                recorded.sort_by(|one, other| one.0.total_cmp(&other.0));
                let rank = percent / 100.0 * count;
                let mut seen = 0.0;
                // The smallest value that so many do not exceed.
                let reached = recorded.iter().find(|(_, count)| {
                    seen += count;
                    seen >= rank
                });
                reached.or(recorded.last()).map(|(value, _)| *value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_of_the_values_themselves() {
        let recorded = || vec![(0.5, 1.0), (0.1, 98.0), (2.0, 1.0)];
        for (name, expected) in [
            ("SampleCount", 100.0),
            ("Sum", 12.3),
            ("Average", 0.123),
            ("Minimum", 0.1),
            ("Maximum", 2.0),
            ("p50", 0.1),
            ("p98", 0.1),
            ("p98.5", 0.5),
            ("p99", 0.5),
            ("p99.9", 2.0),
            ("p100", 2.0),
            ("p0", 0.1),
        ] {
            let found = Statistic::parse(name).unwrap().of(recorded()).unwrap();
            assert!((found - expected).abs() < 1e-9, "{name}: {found}");
            assert_eq!(Statistic::parse(name).unwrap().of(Vec::new()), None, "{name}");
        }
        for unknown in ["", "sum", "p", "p101", "tm99", "p-1", "pNaN"] {
            assert_eq!(Statistic::parse(unknown), None, "{unknown}");
        }
    }
}
