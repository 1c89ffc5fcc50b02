//! The plan file: a [`Body`] on its way to a reviewer, to git and to `apply`. Bytes in, bytes out; no files.
//!
//! ```text
//! {
//! "kind":"hardmatch/plan",
//! "formatVersion":"1.0",
//! "digest":"sha256:…",              over the canonical body: what is approved
//! "meta":{"checksum":"sha256:…",…}, when, by what and from what it was made; not approved
//! "body":{
//! "actions":[
//! {…},                              one line each, so that git shows which action came or went
//! ```
//!
//! The canonical body is compact JSON with sorted keys: the lines of the body joined. Anybody can take the digest again with
//! `json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`.

mod check;
mod error;
mod layout;
mod read;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::io;

use serde::{Deserialize, Serialize};

pub use self::error::PlanFileError;
pub(crate) use self::layout::digest_of;
pub use self::read::parse;
use crate::plan::body::Body;

/// The kind that a plan file names.
pub const KIND: &str = "hardmatch/plan";

/// The format that is written, and the only one that is read.
pub const FORMAT_VERSION: &str = "1.0";

/// How many characters of the digest people type and compare.
const SHORT: usize = 6;

/// A plan with what is known about its making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFile {
    /// About the making of the plan.
    pub meta: Meta,
    /// What the plan says.
    pub body: Body,
}

/// About the making of a plan; not covered by the digest, so that the same inputs give the same digest at any time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The commit of the configuration, when it is known.
    pub commit: Option<String>,
    /// The configuration file, as it was named.
    pub config: Option<String>,
    /// When the plan was made.
    pub created_at: String,
    /// What made it: name and version.
    pub tool: String,
}

impl PlanFile {
    /// `sha256:` and the hash of the canonical body: what is approved.
    ///
    /// Taken anew on every call, since the body can be changed; hold on to it where plans are large.
    #[must_use]
    pub fn digest(&self) -> String {
        layout::body_digest(&self.body)
    }

    /// The first characters of the digest, for people.
    #[must_use]
    pub fn short_digest(&self) -> String {
        short(&self.digest()).to_owned()
    }

    /// Writes the file. The body is serialised twice, once to hash it and once to write it, and never held as a whole.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        layout::write(self, &self.digest(), out)
    }

    /// The same in one pass, where the writer can go back. Gives the digest.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_once(&self, out: &mut (impl io::Write + io::Seek)) -> io::Result<String> {
        layout::write_once(self, out)
    }

    /// The file as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        layout::whole(self.write(&mut bytes));
        bytes
    }
}

/// The first six characters of a digest after `sha256:`.
#[must_use]
pub fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix(layout::ALGORITHM).unwrap_or(digest);
    hex.get(..SHORT).unwrap_or(hex)
}

/// The JSON Schema of a plan file.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(read::Document).to_value()
}
