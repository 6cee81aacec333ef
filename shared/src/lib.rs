//! greenlight.
