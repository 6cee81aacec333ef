//! Discovery: given only the event, the hook finds green, reaches it, and proves that it is green.
//!
//! Every row goes through the real hook process, the real Runtime API, the local AWS endpoint with a
//! world of its own, a real load balancer over that world, and applications on real sockets that write
//! down what reaches them. Nothing here knows how the hook finds what it finds.

mod application;
mod authority;
mod budget;
mod end_to_end;
mod reports;
mod row;
mod scene;
mod seen;
mod situations;
mod stages;
