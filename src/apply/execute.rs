//! The order of things: lock, unfinished runs, journal, preflight, run, end.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::directory::folder;
use crate::directory::ports::DirectoryError;
use crate::directory::text::words;
use crate::model::{EntraId, Policy};
use crate::plan::action::{Action, ActionId};
use crate::plan::body::Body;

use super::handover::Handovers;
use super::journal::{
    EndStatus, Entry, FORMAT, FORMAT_VERSION, Journal, JournalError, Outcome, OutcomeKind, RunHeader, journal_path,
};
use super::lock::{FolderLock, LockError};
use super::patience::Looks;
use super::preflight::{Difference, Preflight};
use super::run::{Event, ExitKind, Observer, Options, Run, RunReport, StoppedBy};
use super::source::Sources;
use super::unfinished::{FolderJournals, UnfinishedRun, mark_rolled_back};
use super::{Clock, Directories, Recorded, backup};

/// A plan that was checked and approved, and how to carry it out.
pub struct Request<'a> {
    /// The plan file; its folder is locked and gets the journal.
    pub plan: &'a Path,
    /// The digest of the body.
    pub digest: &'a str,
    /// The body.
    pub body: &'a Body,
    /// Whom it protects is not written, whatever the plan says.
    pub policy: &'a Policy,
    /// When the plan was made; `None` where nobody can tell.
    pub made: Option<Timestamp>,
    /// Where else than beside the plan a journal may tell that it was undone: a copy of the plan is the same plan.
    pub also_undone_in: Option<&'a Path>,
    /// Name and version of the program.
    pub tool: &'a str,
    /// Names the run.
    pub run_id: Uuid,
    /// How to run.
    pub options: Options,
    /// The time.
    pub clock: Clock,
    /// Who wants to know what happens.
    pub observer: &'a dyn Observer,
    /// Stops the run: nothing new is started then.
    pub cancel: CancellationToken,
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Another apply is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Runs of other plans in this folder are not finished.
    #[error("{}", unfinished_words(.0))]
    Unfinished(Vec<UnfinishedRun>),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What the plan deletes could not be saved first.
    #[error("the accounts that the plan deletes cannot be saved under `{}`: {}; nothing was written", folder.display(), words(cause))]
    Backups {
        /// Where.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A directory did not answer the preflight.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Something is not as the plan expects, or as an earlier run of it left it.
    #[error("{} of what the plan relies on changed since it was made; nothing was written, plan again", differences.len())]
    Stale {
        /// What.
        differences: Vec<Difference>,
        /// The run of this plan that wrote something before and is not finished.
        begun: Option<UnfinishedRun>,
    },
    /// The plan was carried out, and that was undone on purpose.
    #[error("what this plan did was undone at {at}, as `{}` says, and it is not carried out again; nothing was written", journal.display())]
    Undone {
        /// When.
        at: Timestamp,
        /// The journal that says so.
        journal: PathBuf,
    },
    /// The plan undoes a run that went on since.
    #[error("the run that this plan undoes went on after it was made, so it would undo a part of it; nothing was written")]
    WentOn,
    /// The actions of the plan do not fit together.
    #[error("the plan cannot be carried out: {0}")]
    Plan(String),
}

fn unfinished_words(runs: &[UnfinishedRun]) -> String {
    let plans: Vec<String> = runs.iter().map(|run| format!("`{}` (run {})", run.plan.display(), run.run_id)).collect();
    format!("another plan of this folder is not finished: {}; apply it again, roll it back, or abandon it", plans.join(", "))
}

/// Carries a plan out, or goes on where an earlier run stopped.
///
/// # Errors
/// An [`ApplyError`] says why nothing was written; what happens after the first write is told in the report.
pub async fn carry_out(request: &Request<'_>, directories: &Directories) -> Result<RunReport, ApplyError> {
    carry_out_with(request, directories, Journal::open).await
}

/// The same with a journal opened in another way.
pub(super) async fn carry_out_with(
    request: &Request<'_>,
    directories: &Directories,
    open: impl FnOnce(&Path) -> Result<Journal, JournalError>,
) -> Result<RunReport, ApplyError> {
    check_order(&request.body.actions).map_err(ApplyError::Plan)?;
    let folder = folder::of(request.plan);
    let _lock = FolderLock::take(folder)?;
    refuse_by_journals(request, &FolderJournals::read(folder)?)?;
    refuse_undone_elsewhere(request, folder)?;
    let path = journal_path(request.plan);
    let earlier = Journal::read(&path)?;
    let history = earlier.history(request.digest);
    let recorded = Recorded::of(&history);
    let goes_on = history.open_run().is_some();
    let look = Looks { request, recorded: &recorded, goes_on, directories }.take().await?;
    if !look.differences.is_empty() {
        let begun = history.open_run().map(|run| UnfinishedRun::of(&path, run));
        return Err(ApplyError::Stale { differences: look.differences, begun });
    }
    let remaining = request.body.actions.len() - look.done.len();
    try_backups(request, &look.done)?;
    request.observer.event(Event::Ready { remaining, done: look.done.len() });
    look.barrier.iter().for_each(|barrier| request.observer.event(Event::Barred(barrier)));
    if remaining == 0 && history.open_run().is_none() {
        return Ok(RunReport { barrier: look.barrier, ..nothing_left(request, folder)? });
    }
    let header = header(request).ok_or_else(|| ApplyError::Plan("its file name is no Unicode text; rename it".into()))?;
    let journal = open(&path)?;
    journal.append(&Entry::Run(Box::new(header))).await?;
    settle(request, &journal, &recorded, &look).await?;
    let backups = recorded.copies(&history, &request.body.actions);
    let run = run(request, directories, &journal, &recorded, backups)?;
    let mut report = run.carry_out(&request.body.actions, &look.done).await;
    finish(request, &journal, folder, &mut report).await;
    Ok(RunReport { barrier: look.barrier, ..report })
}

/// No plan begins beside another one of its tenant that is not finished. Whoever undid a plan did not mean it to be carried out again by
/// whatever runs it once more; nor a part of what was done since to stay.
fn refuse_by_journals(request: &Request<'_>, journals: &FolderJournals) -> Result<(), ApplyError> {
    let undoes = request.body.rollback_of.as_deref();
    let unfinished = journals.unfinished(request.digest, &request.body.tenant, undoes);
    if !unfinished.is_empty() {
        return Err(ApplyError::Unfinished(unfinished));
    }
    refuse_undone(request, journals)?;
    if undoes.is_some_and(|run| journals.went_on_after(run)) { Err(ApplyError::WentOn) } else { Ok(()) }
}

fn refuse_undone(request: &Request<'_>, journals: &FolderJournals) -> Result<(), ApplyError> {
    let undone = request.made.and_then(|made| journals.undone_since(request.digest, made));
    undone.map_or(Ok(()), |(journal, at)| Err(ApplyError::Undone { at, journal: journal.to_owned() }))
}

fn refuse_undone_elsewhere(request: &Request<'_>, here: &Path) -> Result<(), ApplyError> {
    match request.also_undone_in.filter(|other| !folder::is_same(other, here)) {
        Some(folder) => refuse_undone(request, &FolderJournals::read(folder)?),
        None => Ok(()),
    }
}

/// A run of which nothing is done yet. `backups` are the accounts of which there is a copy.
fn run<'r>(
    request: &'r Request<'_>,
    directories: &'r Directories,
    journal: &'r Journal,
    recorded: &Recorded,
    backups: BTreeSet<EntraId>,
) -> Result<Run<'r>, DirectoryError> {
    Ok(Run {
        directories,
        journal,
        clock: &request.clock,
        observer: request.observer,
        cancel: &request.cancel,
        options: &request.options,
        handovers: Handovers::of(request.body, request.policy),
        sources: Sources::of(request.body)?,
        backups: Mutex::new(backups),
        deletions: Mutex::new(recorded.deletions(&request.body.actions)),
        touched: Mutex::default(),
    })
}

/// Nothing to do and nothing to close: not a byte is written, unless this undoes a run that stands open.
fn nothing_left(request: &Request<'_>, folder: &Path) -> Result<RunReport, ApplyError> {
    if let Some(undone) = request.body.rollback_of.as_deref() {
        mark_rolled_back(folder, undone, &request.body.leaves, (request.clock)())?;
    }
    let already_done = request.body.actions.iter().map(|action| action.id.clone()).collect();
    Ok(RunReport { already_done, ..RunReport::default() })
}

/// A run that cannot save what it is to delete would stop half-way.
fn try_backups(request: &Request<'_>, done: &BTreeSet<ActionId>) -> Result<(), ApplyError> {
    let folder = &request.options.backups;
    let deletes = |action: &Action| action.kind.deletes() && !done.contains(&action.id);
    if !request.body.actions.iter().any(deletes) {
        return Ok(());
    }
    backup::try_folder(folder).map_err(|cause| ApplyError::Backups { folder: folder.clone(), cause })
}

/// Every id once, and every dependency before its dependents.
fn check_order(actions: &[Action]) -> Result<(), String> {
    let mut seen: BTreeSet<&ActionId> = BTreeSet::new();
    for action in actions {
        if let Some(later) = action.depends_on.iter().find(|id| !seen.contains(id)) {
            return Err(format!("action {} depends on {later}, which does not come before it", action.id));
        }
        if !seen.insert(&action.id) {
            return Err(format!("action {} is in it twice", action.id));
        }
    }
    Ok(())
}

fn header(request: &Request<'_>) -> Option<RunHeader> {
    Some(RunHeader {
        format: FORMAT.into(),
        format_version: FORMAT_VERSION.into(),
        run_id: request.run_id,
        plan: request.plan.file_name()?.to_str()?.to_owned(),
        plan_made: request.made,
        digest: request.digest.to_owned(),
        tenant: request.body.tenant.clone(),
        forests: request.body.forests.clone(),
        inputs: request.body.inputs.clone(),
        rollback_of: request.body.rollback_of.clone(),
        tool: request.tool.to_owned(),
        started_at: (request.clock)(),
    })
}

/// Writes down what the preflight found done and the journal did not know yet.
async fn settle(request: &Request<'_>, journal: &Journal, recorded: &Recorded, look: &Preflight) -> Result<(), JournalError> {
    let unknown = look.done.iter().filter(|id| !recorded.done.contains(*id));
    let outcome = |id: &ActionId| Outcome {
        deleted_date_time: look.deletions.get(id).cloned(),
        ..Outcome::new(id.clone(), (request.clock)(), OutcomeKind::AlreadyDone)
    };
    let entries: Vec<Entry> = unknown.map(|id| Entry::Outcome(outcome(id))).collect();
    try_join_all(entries.iter().map(|entry| journal.append(entry))).await.map(drop)
}

/// Closes the journal. What cannot be written down any more is told in the report.
async fn finish(request: &Request<'_>, journal: &Journal, folder: &Path, report: &mut RunReport) {
    let status = match report.exit_kind() {
        ExitKind::Complete => EndStatus::Complete,
        ExitKind::Interrupted => EndStatus::Interrupted,
        ExitKind::Unconfirmed => EndStatus::Unconfirmed,
        ExitKind::Denied
        | ExitKind::Journal
        | ExitKind::Partial
        | ExitKind::Stale
        | ExitKind::Unreachable
        | ExitKind::Unsaved => EndStatus::Partial,
    };
    let entry = Entry::End { at: (request.clock)(), left: Vec::new(), run_id: request.run_id, status };
    let mut closed = journal.append(&entry).await;
    if let (EndStatus::Complete, Ok(()), Some(undone)) = (status, &closed, request.body.rollback_of.as_deref()) {
        closed = mark_rolled_back(folder, undone, &request.body.leaves, (request.clock)()).map(drop);
    }
    if let (Err(cause), None) = (closed, &report.stopped_by) {
        report.stopped_by = Some(StoppedBy::Journal(cause.to_string()));
    }
}
