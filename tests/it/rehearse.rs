//! `greenlight rehearse`: whole deployments, as golden transcripts.
//!
//! A transcript is what people read, without times, ports and counts: stages, verdicts with their
//! reasons, AWS's words, what users saw, and the exit code. `INSTA_UPDATE=always` writes them anew.

mod caught;
mod ends;
mod files;
mod scenarios;
mod secrets;
mod transcript;
