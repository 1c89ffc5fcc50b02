//! The journal of a plan: every intent on disk before its request leaves, every outcome after.
//!
//! JSON lines beside the plan, append-only. [`Entry`] is a line, [`JournalState`] what the lines add up to,
//! [`Journal`] the open file.

mod check;
mod entry;
mod replay;
mod store;

use std::path::{Path, PathBuf};

#[cfg(test)]
pub(crate) use check::Chain;
pub use entry::{Backup, EndStatus, Entry, FORMAT, FORMAT_VERSION, Outcome, OutcomeKind, RunHeader};
pub use replay::{Fate, FateKind, History, JournalState, RunRecord, Step, replay};
pub use store::{Journal, append_end};
#[cfg(test)]
pub(crate) use store::{LogFile, open_file};

use crate::directory::text::words;

/// How the journal of a plan is called, after the plan's own name.
pub const SUFFIX: &str = ".journal.jsonl";

/// The journal beside a plan: `NAME.journal.jsonl` for `NAME.json`.
#[must_use]
pub fn journal_path(plan: &Path) -> PathBuf {
    let mut name = match plan.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("json") => plan.with_extension("").into_os_string(),
        Some(_) | None => plan.as_os_str().to_owned(),
    };
    name.push(SUFFIX);
    name.into()
}

/// Whether a file is called as a journal is.
#[must_use]
pub fn is_journal(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX))
}

/// Why a journal cannot be used. Without a journal nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("cannot {what} the journal `{path}`: {cause}; nothing is written without a journal")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The journal.
        path: String,
        /// Why.
        cause: String,
    },
    /// A line is no entry.
    #[error(
        "line {line} of the journal `{path}` is damaged: {reason}; put the file back from a copy, or, when there is none, \
         compare the accounts with the plan (`hardmatch verify`) and move the file out of the folder"
    )]
    Damaged {
        /// The journal.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl JournalError {
    pub(super) fn io(what: &'static str, path: &Path, cause: &std::io::Error) -> Self {
        Self::Io { what, path: path.display().to_string(), cause: words(cause) }
    }
}

#[cfg(test)]
mod tests;
