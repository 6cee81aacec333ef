//! How long it takes until the load balancer calls a new target healthy.

/// The seconds of health checks that a new target needs to pass, for the protocol of its target group; none for a protocol
/// of another kind of load balancer.
///
/// A new target of an Application Load Balancer is healthy after one check; the threshold is for those that have been
/// unhealthy. Source: Elastic Load Balancing user guides, *Health checks for Application Load Balancer target groups* and
/// *Health checks for Network Load Balancer target groups*; ECS developer guide, *Optimize load balancer health check
/// parameters*.
pub fn until_healthy(protocol: &str, interval: u32, threshold: u32) -> Option<u32> {
    match protocol {
        "HTTP" | "HTTPS" => Some(interval),
        "TCP" | "TLS" | "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC" => Some(interval.saturating_mul(threshold)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_behind_an_application_load_balancer_the_threshold_behind_a_network_load_balancer() {
        assert_eq!(until_healthy("HTTP", 30, 5), Some(30));
        assert_eq!(until_healthy("HTTPS", 5, 2), Some(5));
        assert_eq!(until_healthy("TCP", 30, 5), Some(150));
        assert_eq!(until_healthy("TLS", u32::MAX, 5), Some(u32::MAX));
        assert_eq!(until_healthy("GENEVE", 10, 5), None);
    }
}
