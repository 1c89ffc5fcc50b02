//! Runs of other plans in the same folder that were never finished.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use crate::plan::action::ActionId;

use super::journal::{EndStatus, Journal, JournalError, JournalState, RunRecord, SUFFIX, append_end};

/// A run that wrote something and was neither finished nor given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// Its journal.
    pub journal: PathBuf,
    /// Its plan, beside the journal.
    pub plan: PathBuf,
    /// The digest of that plan.
    pub digest: String,
    /// The run.
    pub run_id: Uuid,
}

impl UnfinishedRun {
    /// A run whose journal lies there.
    pub(super) fn of(journal: &Path, run: &RunRecord) -> Self {
        let (digest, run_id) = (run.header.digest.clone(), run.header.run_id);
        Self { journal: journal.to_owned(), plan: journal.with_file_name(&run.header.plan), digest, run_id }
    }
}

/// Finds the unfinished runs of a folder, except those of the plan with this digest and the run that it undoes.
///
/// # Errors
/// A [`JournalError`] when the folder or a journal in it cannot be read.
pub fn scan(folder: &Path, digest: &str, rollback_of: Option<&str>) -> Result<Vec<UnfinishedRun>, JournalError> {
    let mut found = Vec::new();
    for journal in journals(folder)? {
        let state = Journal::read(&journal)?;
        for other in state.digests().into_iter().filter(|other| *other != digest) {
            let history = state.history(other);
            let undone_by_this = rollback_of.is_some_and(|run| history.has_run(run));
            let Some(run) = history.open_run().filter(|_| !undone_by_this) else { continue };
            found.push(UnfinishedRun::of(&journal, run));
        }
    }
    Ok(found)
}

/// Gives a run up: what it did stays, and nobody is asked to finish it.
///
/// # Errors
/// A [`JournalError`] when its journal cannot be written.
pub fn abandon(run: &UnfinishedRun, at: Timestamp) -> Result<(), JournalError> {
    append_end(&run.journal, run.run_id, EndStatus::Abandoned, &[], at)
}

/// Records beside a run of this folder that it was undone, but for these actions; `false` when no journal here knows the run.
///
/// # Errors
/// A [`JournalError`] when its journal cannot be read or written.
pub fn mark_rolled_back(folder: &Path, run_id: &str, left: &[ActionId], at: Timestamp) -> Result<bool, JournalError> {
    let Some((journal, state)) = journal_of(folder, run_id)? else { return Ok(false) };
    let Some(run) = state.runs.iter().find(|run| run.header.run_id.to_string() == run_id) else { return Ok(false) };
    // The runs of one plan are undone together; the last one closes them.
    let history = state.history(&run.header.digest);
    let last = history.runs.last().copied().unwrap_or(run);
    if last.end != Some(EndStatus::RolledBack) || history.fates.keys().any(|action| !left.contains(action)) {
        append_end(&journal, last.header.run_id, EndStatus::RolledBack, left, at)?;
    }
    Ok(true)
}

/// When what a plan did was undone, under whatever name its file lay in this folder: where the plan was made before that, or
/// after it by a clock that was ahead, and is the very file that was carried out.
///
/// # Errors
/// A [`JournalError`] when the folder or a journal in it cannot be read.
pub fn undone_since(folder: &Path, digest: &str, made: Option<Timestamp>) -> Result<Option<Timestamp>, JournalError> {
    let Some(made) = made else { return Ok(None) };
    for journal in journals(folder)? {
        let state = Journal::read(&journal)?;
        let history = state.history(digest);
        let undone = history.undone_at().filter(|at| match made.as_second().cmp(&at.as_second()) {
            Less => true,
            // One that is made right afterwards is another one.
            Equal => false,
            Greater => history.was_made(made),
        });
        if undone.is_some() {
            return Ok(undone);
        }
    }
    Ok(None)
}

/// Whether the run that a plan undoes went on after the plan was made.
///
/// # Errors
/// A [`JournalError`] when the folder or a journal in it cannot be read.
pub fn went_on(folder: &Path, run_id: &str) -> Result<bool, JournalError> {
    let Some((_, state)) = journal_of(folder, run_id)? else { return Ok(false) };
    let run = state.runs.iter().find(|run| run.header.run_id.to_string() == run_id);
    Ok(run.is_some_and(|run| state.history(&run.header.digest).went_on_after(run_id)))
}

/// Whether a journal of this folder knows a run, so that it can be told there that it was undone.
///
/// # Errors
/// A [`JournalError`] when the folder or a journal in it cannot be read.
pub fn is_known(folder: &Path, run_id: &str) -> Result<bool, JournalError> {
    Ok(journal_of(folder, run_id)?.is_some())
}

fn journal_of(folder: &Path, run_id: &str) -> Result<Option<(PathBuf, JournalState)>, JournalError> {
    for journal in journals(folder)? {
        let state = Journal::read(&journal)?;
        if state.has_run(run_id) {
            return Ok(Some((journal, state)));
        }
    }
    Ok(None)
}

pub(super) fn journals(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let failed = |cause: std::io::Error| JournalError::io("look beside", folder, &cause);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // A name that is no Unicode cannot end in the suffix and is somebody else's file.
        let is_journal = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(SUFFIX));
        if is_journal && path.is_file() {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}
