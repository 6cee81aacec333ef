//! Deployments by their seeds, with the hooks' own code on virtual time; and what such a deployment once found.

mod found;

use greenlight_tests::simulation::play;

/// As many as take some seconds; `--bin simulation` plays the others.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=200;

#[test]
fn deployments_keep_every_promise() {
    for seed in SEEDS {
        let played = play(seed).unwrap();
        if let Some(broken) = played.broken {
            let trace = played.trace.join("\n");
            panic!(
                "seed {seed}: {broken}\n{trace}\n\
                 again: cargo run --profile simulation -p greenlight-tests --bin simulation -- --seed {seed}"
            );
        }
    }
}

#[test]
fn the_same_seed_is_the_same_deployment() {
    let seeds = || 1..=30;
    let first: Vec<_> = seeds().map(|seed| play(seed).unwrap()).collect();
    // In another order, since nothing of one may be left in the next.
    for seed in seeds().rev() {
        let again = play(seed).unwrap();
        let index = usize::try_from(seed).unwrap() - 1;
        assert_eq!(again.trace, first[index].trace, "seed {seed}");
        assert_eq!(again.tally, first[index].tally, "seed {seed}");
    }
}
