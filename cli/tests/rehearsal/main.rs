//! The local service side over real sockets and with real processes.

// The attribute changes nothing but what clippy takes for test code: helpers are, too.
#[cfg(test)]
mod aws;
#[cfg(test)]
mod balancer;
#[cfg(test)]
mod function;
#[cfg(test)]
mod http;
#[cfg(test)]
mod lambda;
#[cfg(test)]
mod users;
