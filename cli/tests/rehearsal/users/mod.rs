//! Users before real load balancers with real applications behind them.

mod application;
mod ends;
mod network;
mod support;
mod tls;
