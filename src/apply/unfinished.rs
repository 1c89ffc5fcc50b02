//! What the journals of a folder say of all plans that were run there: what was never finished, and what was undone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use crate::plan::action::{Action, ActionId};
use crate::plan::body::PlanTenant;

use super::journal::{EndStatus, History, Journal, JournalError, JournalState, RunRecord, SUFFIX, append_end};

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

/// The journals of a folder.
#[derive(Debug)]
pub struct FolderJournals(Vec<(PathBuf, JournalState)>);

impl FolderJournals {
    /// Reads them.
    ///
    /// # Errors
    /// A [`JournalError`] when the folder or a journal in it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, JournalError> {
        let read = |journal: PathBuf| Journal::read(&journal).map(|state| (journal, state));
        journals(folder)?.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The unfinished runs in this tenant, except those of the plan with this digest and the run that it undoes.
    #[must_use]
    pub fn unfinished(&self, digest: &str, tenant: &PlanTenant, rollback_of: Option<&str>) -> Vec<UnfinishedRun> {
        let mut found = Vec::new();
        for (journal, state) in &self.0 {
            for other in state.digests().into_iter().filter(|other| *other != digest) {
                let history = state.history(other);
                let undone_by_this = rollback_of.is_some_and(|run| history.has_run(run));
                let open = history.open_run().filter(|run| !undone_by_this && !run.header.tenant.is_another_than(tenant));
                found.extend(open.map(|run| UnfinishedRun::of(journal, run)));
            }
        }
        found
    }

    /// The journal in which what a plan did was undone, under whatever name its file lay here, and when: where the plan was
    /// made before that, or is the very file that was carried out, whatever the clock said.
    #[must_use]
    pub fn undone_since(&self, digest: &str, made: Timestamp) -> Option<(&Path, Timestamp)> {
        self.0.iter().find_map(|(journal, state)| {
            let history = state.history(digest);
            let at = history.undone_at().filter(|at| is_before(made, *at) || history.was_made(made))?;
            Some((journal.as_path(), at))
        })
    }

    /// Whether a run went on later, in other runs of its plan.
    #[must_use]
    pub fn went_on_after(&self, run_id: &str) -> bool {
        self.of_run(run_id).is_some_and(|(_, history)| history.went_on_after(run_id))
    }

    /// Whether one of them knows a run, so that it can be told there that it was undone.
    #[must_use]
    pub fn know(&self, run_id: &str) -> bool {
        self.of_run(run_id).is_some()
    }

    /// What other plans of the folder than this one wrote that nobody can take back.
    #[must_use]
    pub fn lasting(&self, digest: &str) -> Vec<&Action> {
        self.0.iter().flat_map(|(_, state)| state.lasting(digest)).collect()
    }

    /// The journal of a run by which what these runs did stands again: their way back was undone in turn.
    #[must_use]
    pub fn redone(&self, runs: &History<'_>) -> Option<&Path> {
        let mut due = vec![(runs.clone(), false)];
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some((runs, is_way_back)) = due.pop() {
            for (journal, later) in self.ways_back_of(&runs) {
                if is_way_back && !later.fates.is_empty() {
                    return Some(journal);
                }
                // What a damaged journal says could go round in a circle.
                if later.runs.iter().any(|run| seen.insert(run.header.run_id.to_string())) {
                    due.push((later, !is_way_back));
                }
            }
        }
        None
    }

    /// The plans that undo one of these runs, with their journals.
    fn ways_back_of<'j>(&'j self, runs: &History<'_>) -> Vec<(&'j Path, History<'j>)> {
        let histories = self.0.iter().flat_map(|(journal, state)| {
            state.digests().into_iter().map(move |digest| (journal.as_path(), state.history(digest)))
        });
        let undoes = |run: &&RunRecord| run.header.rollback_of.as_ref().is_some_and(|undone| runs.has_run(undone));
        histories.filter(|(_, history)| history.runs.iter().any(undoes)).collect()
    }

    /// The plan of a run, in the first journal that knows it.
    fn of_run(&self, run_id: &str) -> Option<(&Path, History<'_>)> {
        self.all_of_run(run_id).next()
    }

    fn all_of_run(&self, run_id: &str) -> impl Iterator<Item = (&Path, History<'_>)> {
        self.0.iter().filter_map(move |(journal, state)| {
            let run = state.runs.iter().find(|run| run.header.run_id.to_string() == run_id)?;
            Some((journal.as_path(), state.history(&run.header.digest)))
        })
    }
}

/// Whether a plan was made before something happened, as exactly as it says when it was: those of earlier versions do in
/// whole seconds.
fn is_before(made: Timestamp, at: Timestamp) -> bool {
    if made.subsec_nanosecond() == 0 { made.as_second() < at.as_second() } else { made < at }
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
    let journals = FolderJournals::read(folder)?;
    let mut is_known = false;
    // A copy of a journal would ask to finish what is undone.
    for (journal, history) in journals.all_of_run(run_id) {
        // The runs of one plan are undone together; the last one closes them.
        let Some(last) = history.runs.last() else { continue };
        if last.end != Some(EndStatus::RolledBack) || history.fates.keys().any(|action| !left.contains(action)) {
            append_end(journal, last.header.run_id, EndStatus::RolledBack, left, at)?;
        }
        is_known = true;
    }
    Ok(is_known)
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
