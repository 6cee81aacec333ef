//! The fold: a table of cases, and properties over all of them.

use proptest::prelude::*;

use super::*;

const DELAY: Duration = Duration::from_secs(15);

/// A check in shorthand: kind, patience left, policy, advisory.
#[derive(Debug, Clone)]
struct Case {
    kind: Kind,
    may_wait: bool,
    policy: OnInconclusive,
    advisory: bool,
}

const fn case(kind: Kind) -> Case {
    Case { kind, may_wait: false, policy: OnInconclusive::Fail, advisory: false }
}

const fn waiting(kind: Kind) -> Case {
    Case { kind, may_wait: true, policy: OnInconclusive::Fail, advisory: false }
}

const fn lenient(kind: Kind) -> Case {
    Case { kind, may_wait: false, policy: OnInconclusive::Pass, advisory: false }
}

const fn advisory(kind: Kind) -> Case {
    Case { kind, may_wait: false, policy: OnInconclusive::Fail, advisory: true }
}

fn outcome(kind: Kind) -> Outcome {
    match kind {
        Kind::Pass => Outcome::pass("seen"),
        Kind::Fail => Outcome::fail("seen", "better"),
        Kind::Inconclusive => Outcome::inconclusive("no network"),
        Kind::Pending => Outcome::pending("starting"),
        Kind::Skip(cause) => Outcome::skip(cause, "no question"),
    }
}

fn judge(cases: &[Case]) -> Verdict {
    let outcomes: Vec<_> = cases.iter().map(|case| outcome(case.kind)).collect();
    let names: Vec<_> = (0..cases.len()).map(|index| format!("c{index}")).collect();
    let judged: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(index, case)| Judged {
            name: &names[index],
            outcome: &outcomes[index],
            advisory: case.advisory,
            on_inconclusive: case.policy,
            may_wait: case.may_wait,
        })
        .collect();
    fold(&judged, DELAY, "after waiting 10m")
}

#[test]
fn the_table_of_verdicts() {
    use Kind::{Fail, Inconclusive, Pass, Pending, Skip};
    use SkipCause::{Create, FirstStep, NotConfigured, WrongStage};
    let (proceed, stop, wait) = (Answer::Proceed, Answer::Stop, Answer::Wait(DELAY));
    let table: &[(&str, Vec<Case>, Answer, &str)] = &[
        ("one pass", vec![case(Pass)], proceed, "check `c0` passed: seen"),
        ("all pass", vec![case(Pass), case(Pass)], proceed, "check `c0` passed: seen; so did `c1`"),
        ("one fail", vec![case(Fail)], stop, "check `c0` failed: seen; expected better"),
        ("a fail beats passes", vec![case(Pass), case(Fail)], stop, "check `c1` failed"),
        ("a fail beats waiting", vec![waiting(Pending), case(Fail)], stop, "check `c1` failed"),
        ("pending within patience", vec![waiting(Pending)], wait, "waiting: check `c0` is pending: starting"),
        ("pending holds a pass up", vec![case(Pass), waiting(Pending)], wait, "waiting: check `c1`"),
        ("inconclusive within patience", vec![waiting(Inconclusive)], wait, "could not be told yet"),
        (
            "pending after patience",
            vec![case(Pending)],
            stop,
            "was still pending after waiting 10m: starting",
        ),
        (
            "pending after patience, lenient",
            vec![case(Pass), lenient(Pending)],
            stop,
            "c1` was still pending",
        ),
        (
            "inconclusive after patience",
            vec![case(Inconclusive)],
            stop,
            "could not be told after waiting 10m",
        ),
        (
            "one out of patience stops the wait",
            vec![waiting(Pending), case(Inconclusive)],
            stop,
            "check `c1`",
        ),
        ("lenient and another pass", vec![lenient(Inconclusive), case(Pass)], proceed, "left out because"),
        (
            "all inconclusive, lenient",
            vec![lenient(Inconclusive), lenient(Inconclusive)],
            stop,
            "no other check passed",
        ),
        (
            "lenient and only skips",
            vec![lenient(Inconclusive), case(Skip(Create))],
            stop,
            "no other check passed",
        ),
        (
            "a create where all needs blue",
            vec![case(Skip(Create)), case(Skip(Create))],
            proceed,
            "create: nothing was validated",
        ),
        ("a first canary step", vec![case(Skip(FirstStep))], proceed, "first step: nothing was validated"),
        (
            "create and first step",
            vec![case(Skip(Create)), case(Skip(FirstStep))],
            proceed,
            "first step: nothing was validated",
        ),
        (
            "all not configured",
            vec![case(Skip(NotConfigured)); 2],
            stop,
            "nothing was validated: check `c0` was skipped",
        ),
        ("all at the wrong stage", vec![case(Skip(WrongStage))], stop, "nothing was validated"),
        (
            "one wrong stage among creates",
            vec![case(Skip(Create)), case(Skip(WrongStage))],
            stop,
            "check `c1` was skipped",
        ),
        ("skips beside a pass", vec![case(Skip(NotConfigured)), case(Pass)], proceed, "check `c1` passed"),
        ("no checks at all", vec![], stop, "no check that decides"),
        ("only an advisory pass", vec![advisory(Pass)], stop, "no check that decides"),
        ("an advisory fail decides nothing", vec![advisory(Fail), case(Pass)], proceed, "check `c1` passed"),
        (
            "an advisory wait decides nothing",
            vec![Case { may_wait: true, ..advisory(Pending) }, case(Pass)],
            proceed,
            "c1",
        ),
    ];
    for (name, cases, answer, reason) in table {
        let verdict = judge(cases);
        assert_eq!(verdict.answer, *answer, "{name}: {verdict:?}");
        assert!(verdict.reason.contains(reason), "{name}: `{}` should contain `{reason}`", verdict.reason);
    }
}

#[test]
fn a_caveat_begins_the_reason_of_a_proceed() {
    let (plain, unproven) = (Outcome::pass("seen"), Outcome::pass("seen").caveat("not proven to be green"));
    let one = |outcome| Judged {
        name: "c",
        outcome,
        advisory: false,
        on_inconclusive: OnInconclusive::Fail,
        may_wait: false,
    };
    let verdict = fold(&[one(&plain), one(&unproven)], DELAY, "");
    assert!(verdict.reason.starts_with("not proven to be green: check `c` passed"), "{}", verdict.reason);
}

#[test]
fn shadow_always_proceeds_and_says_what_would_have_been() {
    let verdict = judge(&[case(Kind::Fail)]).in_shadow();
    assert_eq!(verdict.answer, Answer::Proceed);
    assert!(verdict.reason.starts_with("shadow: would have stopped: check `c0` failed"));
    assert!(judge(&[case(Kind::Pass)]).in_shadow().reason.starts_with("shadow: would have proceeded: "));
    assert!(judge(&[waiting(Kind::Pending)]).in_shadow().reason.starts_with("shadow: would have waited: "));
}

fn any_case() -> impl Strategy<Value = Case> {
    let kind = prop_oneof![
        Just(Kind::Pass),
        Just(Kind::Fail),
        Just(Kind::Inconclusive),
        Just(Kind::Pending),
        Just(Kind::Skip(SkipCause::Create)),
        Just(Kind::Skip(SkipCause::FirstStep)),
        Just(Kind::Skip(SkipCause::NotConfigured)),
        Just(Kind::Skip(SkipCause::WrongStage)),
        Just(Kind::Skip(SkipCause::AlreadyRed)),
        Just(Kind::Skip(SkipCause::FewRequests)),
    ];
    let policy = prop_oneof![Just(OnInconclusive::Fail), Just(OnInconclusive::Pass)];
    (kind, any::<bool>(), policy, any::<bool>()).prop_map(|(kind, may_wait, policy, advisory)| Case {
        kind,
        may_wait,
        policy,
        advisory,
    })
}

proptest! {
    #[test]
    fn a_failing_check_always_stops(mut cases in prop::collection::vec(any_case(), 0..6), at in any::<prop::sample::Index>()) {
        cases.insert(at.index(cases.len() + 1), case(Kind::Fail));
        prop_assert_eq!(judge(&cases).answer, Answer::Stop);
    }

    #[test]
    fn nothing_proceeds_without_a_pass_or_a_named_case(cases in prop::collection::vec(any_case(), 0..6)) {
        let verdict = judge(&cases);
        if verdict.answer == Answer::Proceed {
            let deciding: Vec<_> = cases.iter().filter(|case| !case.advisory).collect();
            let passed = deciding.iter().any(|case| case.kind == Kind::Pass);
            let nothing_to_judge = !deciding.is_empty() && deciding.iter().all(|case| {
                matches!(case.kind, Kind::Skip(SkipCause::Create | SkipCause::FirstStep))
            });
            prop_assert!(passed || nothing_to_judge, "{cases:?}");
            if !passed {
                prop_assert!(verdict.reason.starts_with("create: ") || verdict.reason.starts_with("first step: "));
            }
        }
    }

    #[test]
    fn order_does_not_matter(cases in prop::collection::vec(any_case(), 0..6), seed in any::<u64>()) {
        let mut shuffled = cases.clone();
        let len = shuffled.len().max(1);
        for index in 0..shuffled.len() {
            let other = usize::try_from(seed.rotate_left(u32::try_from(index).unwrap()) % len as u64).unwrap();
            shuffled.swap(index, other);
        }
        prop_assert_eq!(judge(&cases).answer, judge(&shuffled).answer);
    }

    #[test]
    fn advisory_checks_change_no_answer(cases in prop::collection::vec(any_case(), 0..6)) {
        let deciding: Vec<_> = cases.iter().filter(|case| !case.advisory).cloned().collect();
        prop_assert_eq!(judge(&cases).answer, judge(&deciding).answer);
    }

    #[test]
    fn only_patience_makes_a_hook_wait(mut cases in prop::collection::vec(any_case(), 0..6)) {
        for case in &mut cases {
            case.may_wait = false;
        }
        prop_assert!(!matches!(judge(&cases).answer, Answer::Wait(_)));
    }
}
