//! `greenlight explain` for deployments: rehearsals that were kept are what it looks at.

mod doctor;
mod follow;
mod kept;
mod service;

pub(crate) use self::kept::ran;
