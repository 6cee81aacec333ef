//! Blocks of addresses, `192.0.2.0/24`.

use std::net::IpAddr;

/// Whether the address lies in the block. A block that cannot be read holds no address.
pub(super) fn contains(block: &str, address: IpAddr) -> bool {
    let Some((network, length)) = block.split_once('/') else { return false };
    let (Ok(network), Ok(length)) = (network.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) if length <= 32 => {
            let kept = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            network.to_bits() & kept == address.to_bits() & kept
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if length <= 128 => {
            let kept = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            network.to_bits() & kept == address.to_bits() & kept
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_their_addresses() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7/32", "192.0.2.7", true),
            ("192.0.2.7/32", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("192.0.2.0/33", "192.0.2.0", false),
            ("192.0.2.1", "192.0.2.1", false),
            ("nonsense/8", "192.0.2.1", false),
        ];
        for (block, address, expected) in cases {
            assert_eq!(contains(block, address.parse().unwrap()), expected, "{block} and {address}");
        }
    }
}
