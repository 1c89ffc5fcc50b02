//! Why bytes are no plan that may be shown or applied.

use crate::model::text::printable;

/// How much of a foreign value is quoted.
const QUOTED: usize = 80;

/// Why a plan file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    /// Something else.
    #[error("this is not a plan file of hardmatch: {found}; name the file that `hardmatch plan --out FILE` wrote")]
    NotAPlan {
        /// What was found instead.
        found: String,
    },
    /// A plan, in a format that this program does not know.
    #[error(
        "the plan file has format version {found}, this hardmatch reads {known}; use the hardmatch that wrote it, or plan again with this one"
    )]
    UnknownVersion {
        /// The version in the file.
        found: String,
        /// The version that is read.
        known: &'static str,
    },
    /// A plan that is not what was written.
    #[error("the plan file was altered or damaged: {what}; plan again, a plan file is never edited by hand")]
    Altered {
        /// What shows it.
        what: String,
    },
}

impl PlanFileError {
    pub(super) fn not_a_plan(found: impl Into<String>) -> Self {
        Self::NotAPlan { found: found.into() }
    }

    pub(super) fn altered(what: impl Into<String>) -> Self {
        Self::Altered { what: what.into() }
    }
}

/// A foreign value, short and safe to print.
pub(super) fn quoted(text: &str) -> String {
    let head: String = text.chars().take(QUOTED).collect();
    let more = if head.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", printable(&head))
}
