//! Holds the catalogue of rules to its fixtures, and to what AWS says.

// The modules say `cfg(test)` because that is how clippy.toml's allowances for tests reach the helpers in them.
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod messages;
