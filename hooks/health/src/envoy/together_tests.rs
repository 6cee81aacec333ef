//! Many Envoys, one outcome.

use url::Url;

use super::*;
use crate::envoy::places::Place;

fn places(names: &[&str]) -> Places {
    let place =
        |name: &&str| Place { name: (*name).to_owned(), url: Url::parse("http://10.0.1.5:9901").unwrap() };
    Places {
        all: names.iter().map(place).collect(),
        is_named: false,
        only_managed: false,
        security_groups: vec!["sg-1".to_owned()],
    }
}

fn stranger() -> NoReading {
    NoReading::Stranger { words: "a stranger".to_owned(), hint: "look" }
}

fn unreachable(refused: bool) -> NoReading {
    NoReading::Unreachable { words: "cannot reach it".to_owned(), refused }
}

fn looked(name: &str, why: NoReading, outcome: Option<Outcome>) -> Looked {
    let outcome = outcome.unwrap_or_else(|| why.outcome());
    Looked { name: name.to_owned(), read: Err(why), outcome: Some(outcome) }
}

#[test]
fn the_worst_decides_and_says_where() {
    let good = |name| looked(name, stranger(), Some(Outcome::pass("live")));
    let bad = |name, outcome| looked(name, stranger(), Some(outcome));
    let three = || places(&["a", "b", "c"]);
    for (name, places, looked, kind, words) in [
        ("one good", places(&["a"]), vec![good("a")], Kind::Pass, "task a: live"),
        (
            "all good",
            three(),
            vec![good("a"), good("b"), good("c")],
            Kind::Pass,
            "all 3 tasks of green are well, e.g. a: live",
        ),
        (
            "one bad",
            three(),
            vec![good("a"), bad("b", Outcome::fail("draining", "LIVE"))],
            Kind::Fail,
            "task b: draining; expected LIVE",
        ),
        (
            "two bad",
            three(),
            vec![bad("a", Outcome::pending("warming")), bad("b", Outcome::pending("no listener")), good("c")],
            Kind::Pending,
            "task a (and 1 more of 3): warming",
        ),
        (
            "a failure before all else",
            three(),
            vec![
                bad("a", Outcome::pending("warming")),
                looked("b", stranger(), None),
                bad("c", Outcome::fail("x", "y")),
            ],
            Kind::Fail,
            "task c: x; expected y",
        ),
        ("nobody", places(&[]), vec![], Kind::Inconclusive, "there is no Envoy to ask"),
        (
            "one cannot be reached",
            three(),
            vec![good("a"), looked("b", unreachable(true), None)],
            Kind::Inconclusive,
            "task b: cannot reach it",
        ),
        (
            "none can be reached",
            three(),
            vec![
                looked("a", unreachable(true), None),
                looked("b", unreachable(false), None),
                looked("c", unreachable(true), None),
            ],
            Kind::Inconclusive,
            "task a (and 2 more of 3): cannot reach it (Envoy's admin interface listens on 127.0.0.1 unless its bootstrap says otherwise; for this check the function must be in the tasks' network, their security group (sg-1) must let it in, and the interface must listen there, restricted by `admin.allow_paths`; or judge Envoy by a container health check on /ready and the check `tasks`)",
        ),
        (
            "a URL that somebody named",
            Places { is_named: true, ..places(&["http://e:1/"]) },
            vec![looked("http://e:1/", unreachable(true), None)],
            Kind::Inconclusive,
            "http://e:1/: cannot reach it",
        ),
    ] {
        let outcome = together(&places, &looked);
        assert_eq!((outcome.kind, outcome.words().as_str()), (kind, words), "{name}");
    }
}

#[test]
fn a_managed_proxy_is_skipped_only_where_nobody_listens() {
    let managed = Places { only_managed: true, ..places(&["a", "b"]) };
    let refused = || looked("a", unreachable(true), None);
    let skipped = Kind::Skip(SkipCause::NotConfigured);
    for (name, looked, kind) in [
        ("refused", vec![refused(), refused()], skipped),
        ("filtered", vec![refused(), looked("b", unreachable(false), None)], Kind::Inconclusive),
        ("a stranger", vec![refused(), looked("b", stranger(), None)], Kind::Inconclusive),
        ("an Envoy", vec![looked("a", stranger(), Some(Outcome::pass("live")))], Kind::Pass),
        (
            "one that has nothing to say yet",
            vec![refused(), Looked { outcome: None, ..looked("b", stranger(), None) }],
            Kind::Inconclusive,
        ),
    ] {
        assert_eq!(together(&managed, &looked).kind, kind, "{name}");
    }
    assert_eq!(together(&managed, &[refused()]).words(), MANAGED);
    assert_eq!(together(&places(&["a"]), &[refused()]).kind, Kind::Inconclusive, "an Envoy of their own");
}
