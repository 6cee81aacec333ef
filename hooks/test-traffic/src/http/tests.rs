//! The check against real servers; its settings against their mistakes.
