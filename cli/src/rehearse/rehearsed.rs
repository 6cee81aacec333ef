//! What came of a rehearsal, for whoever reports it: people, JSON, JUnit, GitHub.

use std::time::Duration;

use serde_json::{Value, json};

use super::expectation::Expectation;
use super::show::{self, Timeline};
use crate::failure::Failure;
use crate::rehearsal::play::{Entry, Played};

/// A rehearsal that is over.
#[derive(Debug)]
pub(super) struct Rehearsed {
    /// The case's name, or that of the service.
    pub(super) name: String,
    /// What was expected.
    pub(super) expect: Expectation,
    /// What was rehearsed, for people; empty where the stage could not even be set.
    pub(super) heading: String,
    /// The timeline.
    pub(super) entries: Vec<Entry>,
    /// What it came to, or why it could not be played.
    pub(super) came_to: Result<Played, Failure>,
    /// How long it took here, with setting the stage.
    pub(super) real: Duration,
}

/// Whether what was expected of a rehearsal holds.
#[derive(Debug)]
pub(super) enum Held<'a> {
    /// It does.
    Yes(&'a Played),
    /// It does not, and why.
    No(&'a Played, String),
    /// Nobody knows: it could not be played.
    NotPlayed(&'a Failure),
}

impl Rehearsed {
    /// Whether what was expected holds.
    pub(super) fn held(&self) -> Held<'_> {
        match &self.came_to {
            Err(failure) => Held::NotPlayed(failure),
            Ok(played) => match self.expect.holds(played) {
                Ok(()) => Held::Yes(played),
                Err(why) => Held::No(played, why),
            },
        }
    }

    /// Whether it was played and what was expected holds.
    pub(super) fn holds(&self) -> bool {
        matches!(self.held(), Held::Yes(_))
    }

    /// Why it is as it is: what does not hold, AWS's reason, and the check that decided.
    pub(super) fn reasons(&self) -> Vec<String> {
        let (played, why) = match self.held() {
            Held::Yes(played) => (played, None),
            Held::No(played, why) => (played, Some(why)),
            Held::NotPlayed(failure) => return vec![failure.to_string()],
        };
        let decided_by = played.decided_by.as_ref().filter(|_| !played.status.is_success());
        why.iter().chain(&played.reason).chain(decided_by).cloned().collect()
    }

    /// Everything that people would have seen of it.
    pub(super) fn transcript(&self) -> String {
        let mut timeline = Timeline::default();
        let mut lines: Vec<String> = Vec::new();
        if !self.heading.is_empty() {
            lines.push(self.heading.clone());
        }
        lines.extend(self.entries.iter().flat_map(|entry| timeline.lines(entry)));
        if let Ok(played) = &self.came_to {
            lines.push(show::summary(played));
        }
        lines.join("\n")
    }

    /// `12 s on AWS, 1.1 s here`.
    pub(super) fn took(&self) -> String {
        let here = format!("{:.1} s here", self.real.as_secs_f64());
        match &self.came_to {
            Ok(played) => {
                let on_aws = Duration::try_from_secs_f64(played.simulated_seconds).unwrap_or_default();
                format!("{} on AWS, {here}", show::in_words(on_aws))
            }
            Err(_) => here,
        }
    }

    /// Everything, for machines.
    pub(super) fn document(&self) -> Value {
        let mut document = match &self.came_to {
            Ok(played) => serde_json::to_value(played).unwrap_or_default(),
            Err(failure) => json!({ "error": failure.to_string() }),
        };
        document["events"] = json!(self.entries);
        document
    }
}

/// `3 of 4 cases hold`.
pub(super) fn total(rehearsals: &[Rehearsed]) -> String {
    let held = rehearsals.iter().filter(|rehearsed| rehearsed.holds()).count();
    match rehearsals.len() {
        1 => format!("{held} of 1 case holds"),
        all => format!("{held} of {all} cases hold"),
    }
}

/// Rehearsals as they may end, for the tests of everything that reports them.
#[cfg(test)]
pub(super) mod samples {
    use std::io;

    use super::*;
    use crate::rehearsal::controller::{Happening, Status};
    use crate::rehearsal::play::What;
    use crate::rehearsal::users::{Of, Seen, Side};

    /// What was expected came.
    pub(in super::super) fn holds() -> Rehearsed {
        rehearsed("a good release", Expectation::Success, played(Status::Successful, None, 0))
    }

    /// Something else came, with texts that have a meaning in XML, Markdown and workflow commands.
    pub(in super::super) fn fails() -> Rehearsed {
        let reason = "check `http` <b>failed</b>:\n100% | \u{1b}[31mred & \"bad\"";
        rehearsed(
            "a bad one: is, stopped",
            Expectation::RollbackBeforeUsers,
            played(Status::RollbackSuccessful, Some(reason), 12),
        )
    }

    /// It could not be played.
    pub(in super::super) fn not_played() -> Rehearsed {
        let error = io::Error::other("no port is free");
        let failure = Failure::not_carried_out("the rehearsal could not run", &error).hint("free one");
        Rehearsed {
            heading: String::new(),
            entries: Vec::new(),
            came_to: Err(failure),
            ..rehearsed("a third", Expectation::Rollback, played(Status::Successful, None, 0))
        }
    }

    fn rehearsed(name: &str, expect: Expectation, played: Played) -> Rehearsed {
        let happening = Happening::Stage { stage: "SCALE_UP".to_owned(), step: None, rollback: false };
        Rehearsed {
            name: name.to_owned(),
            expect,
            heading: "rehearsal  hello\n".to_owned(),
            entries: vec![Entry { at: Duration::from_secs(65), what: What::Deployment(happening) }],
            came_to: Ok(played),
            real: Duration::from_millis(1_140),
        }
    }

    fn played(status: Status, reason: Option<&str>, errors: u64) -> Played {
        let of = Of { requests: 100, errors, ..Of::default() };
        let by_colour = [(Side::Green, of.clone())].into();
        Played {
            service: "demo/hello".to_owned(),
            status,
            codedeploy: None,
            reason: reason.map(|_| "The hook <test-traffic> said FAILED.".to_owned()),
            decided_by: reason.map(str::to_owned),
            users: Seen { asked: 100, sent: 100, total: of, by_colour },
            green_served: errors > 0,
            simulated_seconds: 72.4,
            real_seconds: 1.1,
            notes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_expected_holds_or_does_not_or_nobody_knows() {
        assert!(samples::holds().holds());
        assert!(matches!(samples::fails().held(), Held::No(..)));
        assert!(matches!(samples::not_played().held(), Held::NotPlayed(_)));
        assert_eq!(total(&[samples::holds(), samples::fails(), samples::not_played()]), "1 of 3 cases hold");
        assert_eq!(total(&[samples::fails()]), "0 of 1 case holds");
    }

    #[test]
    fn reasons_begin_with_what_does_not_hold() {
        assert_eq!(samples::holds().reasons(), Vec::<String>::new());
        assert_eq!(
            samples::fails().reasons(),
            [
                "expected a rollback before users, and users saw 12 errors of green before",
                "The hook <test-traffic> said FAILED.",
                "check `http` <b>failed</b>:\n100% | \u{1b}[31mred & \"bad\"",
            ]
        );
        assert_eq!(
            samples::not_played().reasons(),
            ["the rehearsal could not run: no port is free\nhint: free one"]
        );
    }

    #[test]
    fn the_times_are_those_of_both_worlds() {
        assert_eq!(samples::holds().took(), "1 min 12 s on AWS, 1.1 s here");
        assert_eq!(samples::not_played().took(), "1.1 s here");
    }

    #[test]
    fn a_transcript_is_what_people_see() {
        insta::assert_snapshot!(samples::holds().transcript(), @r"
        rehearsal  hello

           1:05  SCALE_UP

        SUCCESSFUL
        users    saw 0 errors in 100 requests (asked 100)
        so       green serves; no user saw an error of green
        took     1.1 s here; about 1 min 12 s on AWS
        ");
        assert_eq!(samples::not_played().transcript(), "");
    }
}
