//! What strangers may hand in, one function an input, each with the laws that hold for any bytes at all.
//!
//! A function panics where a law is broken. The fuzz targets of `fuzz/` and the seeded run of the tests call the same ones.

mod answers;
mod exports;
mod papers;
mod shown;
#[cfg(test)]
mod tests;

use crate::render::harmless;

/// Tries the laws of an input on bytes.
pub type Check = fn(&[u8]);

/// Every input, under the name of its fuzz target and of its folder in the corpus.
pub const INPUTS: [(&str, Check); 16] = [
    ("ad_csv", exports::ad_csv),
    ("approval", papers::approval),
    ("convert", shown::convert),
    ("entra_csv", exports::entra_csv),
    ("graph_batch", answers::batch),
    ("graph_error", answers::error),
    ("graph_users", answers::users),
    ("hostile", shown::hostile),
    ("journal", papers::journal),
    ("ldap_entry", answers::ldap_entry),
    ("ldif", exports::ldif),
    ("mappings", papers::mappings),
    ("plan", papers::plan),
    ("plan_body", papers::plan_body),
    ("tenant", exports::tenant),
    ("yaml", papers::yaml),
];

/// Tries the laws of the input of this name.
///
/// # Panics
/// When a law is broken, or when there is no such input.
pub fn check(name: &str, bytes: &[u8]) {
    let (_, check) = INPUTS.iter().find(|(own, _)| *own == name).expect("an input of this name");
    check(bytes);
}

/// Messages are shown in terminals.
fn assert_harmless(message: &str) {
    harmless::no_commands(message);
}
