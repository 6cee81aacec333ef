//! What came of the cells, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use super::struck::Met;
use super::subject::Green;
use crate::scene::Seen;
use crate::verdict::Verdict;

#[derive(Default)]
pub(super) struct Tally(Mutex<BTreeMap<(Met, Green), Counts>>);

#[derive(Clone, Copy, Default)]
struct Counts {
    cells: usize,
    /// Lambda kills what answers late, and so a verdict that was given was in time.
    given: usize,
    proceeds: usize,
    stops: usize,
    right: usize,
}

impl Tally {
    pub(super) fn count(&self, met: Met, green: Green, seen: &Seen, is_right: bool) {
        let mut counts = self.0.lock().unwrap();
        let counts = counts.entry((met, green)).or_default();
        let verdict = seen.verdict();
        counts.cells += 1;
        counts.given += usize::from(verdict.is_ok());
        counts.proceeds += usize::from(verdict == Ok(Verdict::Proceed));
        counts.stops += usize::from(verdict == Ok(Verdict::Stop));
        counts.right += usize::from(is_right);
    }

    /// How often a wrong green went on.
    pub(super) fn false_proceeds(&self) -> usize {
        let counts = self.0.lock().unwrap();
        counts
            .iter()
            .filter(|((_, green), _)| *green == Green::Wrong)
            .map(|(_, counts)| counts.proceeds)
            .sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            to,
            "| green | fault | cells | verdicts in time | proceed | stop | as must be | false proceeds |"
        )?;
        writeln!(to, "|---|---|---|---|---|---|---|---|")?;
        let mut all = Counts::default();
        for ((met, green), counts) in &*self.0.lock().unwrap() {
            let (green, false_proceeds) = match green {
                Green::Right => ("right", 0),
                Green::Wrong => ("wrong", counts.proceeds),
            };
            let Counts { cells, given, proceeds, stops, right } = counts;
            writeln!(
                to,
                "| {green} | {} | {cells} | {given} | {proceeds} | {stops} | {right} | {false_proceeds} |",
                met.name()
            )?;
            all.cells += cells;
            all.given += given;
            all.proceeds += proceeds;
            all.stops += stops;
            all.right += right;
        }
        let Counts { cells, given, proceeds, stops, right } = all;
        write!(
            to,
            "| all | | {cells} | {given} | {proceeds} | {stops} | {right} | {} |",
            self.false_proceeds()
        )
    }
}
