//! In which steps production traffic is shifted.

/// The shares of production traffic that green has, in tenths of a percent, after each step of a linear shift of
/// `step` tenths of a percent. The last is all of it. Empty where the step is nothing.
///
/// Source: ECS developer guide, *Amazon ECS linear deployments*.
pub fn linear(step: u32) -> Vec<u32> {
    const ALL: u32 = 1_000;
    if step == 0 {
        return Vec::new();
    }
    (1..)
        .map(|number: u32| number.saturating_mul(step).min(ALL))
        .take((ALL.div_ceil(step)) as usize)
        .collect()
}

/// The same for a canary: its share, then all.
///
/// Source: ECS developer guide, *Amazon ECS canary deployments*.
pub fn canary(share: u32) -> Vec<u32> {
    match share {
        0 => Vec::new(),
        1..1_000 => vec![share, 1_000],
        _ => vec![1_000],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_by_hand() {
        assert_eq!(linear(250), [250, 500, 750, 1_000]);
        assert_eq!(linear(300), [300, 600, 900, 1_000]);
        assert_eq!(linear(1_000), [1_000]);
        assert_eq!(linear(0), [0; 0]);
        assert_eq!(linear(30).len(), 34);
        assert_eq!(canary(50), [50, 1_000]);
        assert_eq!(canary(1_000), [1_000]);
    }

    proptest! {
        #[test]
        fn steps_only_go_up_and_end_with_all(step in 1..2_000_u32) {
            for steps in [linear(step), canary(step)] {
                prop_assert!(steps.is_sorted());
                prop_assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert_eq!(steps.last(), Some(&1_000));
            }
        }
    }
}
