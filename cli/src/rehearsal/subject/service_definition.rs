//! The input of `aws ecs create-service` and `update-service`: `--cli-input-json` or `--cli-input-yaml`.

use super::problem::Problem;
use super::report::Report;
use super::service::{self, Surroundings};
use super::{File, Options, Subject, document};
use greenlight_preflight::Spelling;

/// Reads a service definition.
pub(super) fn read(file: &File<'_>, options: &Options) -> Result<Subject, Vec<Problem>> {
    let value = document::read(file).map_err(|problem| vec![problem])?;
    let report = Report::new(file.name, Spelling::Api);
    let around = Surroundings { source: file.name.to_owned(), ..Surroundings::default() };
    let subject = service::read(&report.root(&value, ""), around, options);
    report.finish().map(|notes| Subject { notes, ..subject })
}
