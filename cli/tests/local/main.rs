//! The local service side over real sockets and with real processes.

mod aws;
mod function;
mod http;
mod lambda;
