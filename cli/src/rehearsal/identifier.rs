//! Identifiers in the forms that AWS gives out.
//!
//! They are unique, not secret: nothing on loopback is protected by them. That is why the keys of
//! std's hash maps are enough: they come from the operating system once per thread, differ with
//! every `RandomState`, and their hash function spreads the difference over all 64 bits.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A number that is another one every time.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A UUID of version 4, as request ids are.
pub(super) fn uuid() -> String {
    let high = (random() & !0xf000) | 0x4000;
    let low = (random() & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// 32 hexadecimal digits, as the names of log streams end.
pub(super) fn hexadecimal() -> String {
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn uuids_have_their_shape_and_differ() {
        let many: HashSet<String> = (0..1000).map(|_| uuid()).collect();
        assert_eq!(many.len(), 1000);
        for uuid in many {
            let groups: Vec<&str> = uuid.split('-').collect();
            assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            assert!(uuid.chars().all(|digit| digit == '-' || digit.is_ascii_hexdigit()), "{uuid}");
            assert!(groups[2].starts_with('4'), "{uuid} is not of version 4");
            assert!(groups[3].starts_with(['8', '9', 'a', 'b']), "{uuid} is not of variant 1");
        }
    }

    #[test]
    fn hexadecimal_is_32_digits() {
        assert_eq!(hexadecimal().len(), 32);
        assert_ne!(hexadecimal(), hexadecimal());
    }
}
