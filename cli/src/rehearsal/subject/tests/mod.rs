//! Files that people have, good and bad.
