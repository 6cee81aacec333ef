//! Discovery: given only the event, the hook finds green, reaches it, and proves that it is green.
//!
//! Every row goes through the real hook process, the real Runtime API, the local AWS endpoint with a
//! world of its own, a real load balancer over that world, and applications on real sockets that write
//! down what reaches them. Nothing here knows how the hook finds what it finds.

mod answers;
mod budget;
mod causes;
mod end_to_end;
mod escapes;
mod hosts;
mod reports;
mod row;
mod rules;
mod situations;
mod stages;
mod targets;
