//! Graph's JSON of users, groups, roles and the tenant, and the model's values.
//!
//! Absent, null and value stay apart. Names come in Graph's camelCase or in the PascalCase of PowerShell's SDK.

mod read;
mod strict;
mod tenant;
mod tri;
mod user;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use read::{Misread, read};
pub(crate) use strict::Strict;
pub(crate) use tenant::{WireDomain, WireGrant, WireOrganization, WireOther, WireSwitches, initial_domain};
pub(crate) use tri::{Object, whole};
pub use user::UserError;
pub(crate) use user::{WireUser, forget_unselected};
pub use write::{Path, property_changes, roles_json, user_json};

use crate::model::CloudUser;

/// Reads one user of Graph's JSON.
///
/// # Errors
/// A type that does not fit, or a [`UserError`], both in words.
pub fn read_user(json: &serde_json::Value) -> Result<CloudUser, String> {
    // As text, so that the code that reads a user stands in the program once.
    let Object(wire) = read::<Object<WireUser>>(json.to_string().as_bytes()).map_err(|misread| misread.why)?;
    wire.into_user(false).map_err(|error| error.to_string())
}
