//! hardmatch.yaml and its mapping files to what is wanted, every fault with its place and its cure.
//!
//! ```text
//! bytes ─ source ─► text ─ yaml ─► tree ─ reader ─► tenant · forests · mapping · rule · policy ─► Config
//!                   text ─ waves (CSV) ───────────────────────────────────────────────┘
//! ```
//!
//! Reading never stops at the first fault: the tree is read by what is expected at each place, and all that does not
//! fit is collected. [`parse`] is pure; only `load` reads files. [`render_diagnostics`] draws what went wrong.

pub mod append;
mod columns;
mod digest;
mod document;
mod escapes;
mod forests;
mod hide;
mod inputs;
mod load;
mod mapping;
mod named;
mod policy;
mod policy_file;
mod reader;
pub mod rehearsal;
mod repeats;
mod rule;
mod schema;
mod secrets;
mod selector;
mod snippet;
mod source;
mod syntax;
mod tenant;
#[cfg(test)]
mod tests;
mod tree;
mod waves;
mod yaml;

use std::fmt;
use std::path::PathBuf;

pub use document::{Place, ReadFile, parse};
pub use forests::{ForestSource, LdapBind, LdapForest};
pub use load::load;
pub use named::{Named, named};
pub use policy_file::{PolicyFile, load_policy};
pub use repeats::check_duplicates;
pub use schema::schema;
pub use secrets::Secret;
pub use snippet::render_diagnostics;
pub use source::{MAX_FILE_BYTES, SourceText, SourceTexts};
pub use tenant::{Cloud, GraphAuth, GraphTenant, TenantSource};

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Desired;

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Config {
    /// What planning needs.
    pub desired: Desired,
    /// Where the tenant is.
    pub tenant: TenantSource,
    /// Where each forest is, in the order of the file.
    pub forests: Vec<(Box<str>, ForestSource)>,
    /// Where accounts are saved before they are deleted.
    pub backups: PathBuf,
    /// The OpenSSH allowed_signers file, when the policy names one.
    pub signers: Option<PathBuf>,
    /// The folder of the configuration; every path above starts there.
    pub base_dir: PathBuf,
    /// The texts that were read, to draw snippets from.
    pub sources: SourceTexts,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Why a configuration cannot be used, with the texts that the places refer to.
#[derive(Debug, Clone)]
pub struct ConfigErrors {
    /// All errors and warnings.
    pub diagnostics: Diagnostics,
    /// The texts that were read.
    pub sources: SourceTexts,
}

impl ConfigErrors {
    /// All of them with their snippets, for a terminal of this width.
    #[must_use]
    pub fn render(&self, width: usize, color: bool) -> String {
        render_diagnostics(&self.diagnostics.clone().sorted(), &self.sources, width, color)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(120, false))
    }
}

impl std::error::Error for ConfigErrors {}
