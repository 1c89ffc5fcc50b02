//! The tenant snapshot `hardmatch/tenant`, and the plain lists of users that Graph and PowerShell give.

mod batch;
mod frames;
pub(crate) mod read;
mod save;
pub(crate) mod tenant;
pub mod write;

pub use save::write_tenant;

#[cfg(test)]
mod tests;

/// What the `format` of a snapshot says.
pub const FORMAT: &str = "hardmatch/tenant";
/// The version of the format that is written; every version with the same first number can be read.
pub const FORMAT_VERSION: &str = "1.0";

/// Checks the head of a snapshot.
///
/// # Errors
/// What is wrong, with the cure in the sentence.
pub(crate) fn check_head(format: Option<&str>, version: Option<&str>) -> Result<(), String> {
    match (format, version) {
        (Some(FORMAT), Some(version)) if version.split('.').next() == Some("1") => Ok(()),
        (Some(FORMAT), Some(version)) => {
            Err(format!("formatVersion {version:?} is not known; this hardmatch reads 1.x, a newer one may read this file"))
        }
        (Some(FORMAT), None) => Err(format!("`formatVersion` is missing; write \"formatVersion\": \"{FORMAT_VERSION}\"")),
        (Some(other), _) => Err(format!("`format` is {other:?}; a tenant snapshot has \"{FORMAT}\"")),
        (None, _) => Err(format!("`format` is missing; a tenant snapshot has \"format\": \"{FORMAT}\"")),
    }
}
