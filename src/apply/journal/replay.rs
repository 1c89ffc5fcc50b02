//! What the lines of a journal add up to: a pure fold.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::plan::action::{Action, ActionId};

use super::{Backup, EndStatus, Entry, FORMAT, FORMAT_VERSION, Outcome, OutcomeKind, RunHeader};

/// A journal, line by line put in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalState {
    /// The runs, in their order.
    pub runs: Vec<RunRecord>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its first line.
    pub header: RunHeader,
    /// What was sent and what became of it, in the order of the lines.
    pub steps: Vec<Step>,
    /// What was saved.
    pub backups: Vec<Backup>,
    /// How it ended; `None` when it was killed.
    pub end: Option<EndStatus>,
    /// When that was written down.
    pub ended_at: Option<Timestamp>,
    /// What was left of it when it was undone.
    pub left: Vec<ActionId>,
}

/// A line about an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is about to be sent.
    Intent {
        /// The line, from 1.
        line: usize,
        /// The action.
        action: Box<Action>,
    },
    /// What became of it.
    Outcome(Outcome),
}

/// Folds lines, each with its number, into the state; a line out of place is an error with its number.
///
/// # Errors
/// The line and what is wrong with it.
pub fn replay(lines: impl IntoIterator<Item = (usize, Entry)>) -> Result<JournalState, (usize, String)> {
    let mut state = JournalState::default();
    for (line, entry) in lines {
        state.take(line, entry).map_err(|reason| (line, reason))?;
    }
    Ok(state)
}

impl JournalState {
    /// Takes the next line.
    pub(super) fn take(&mut self, line: usize, entry: Entry) -> Result<(), String> {
        match entry {
            Entry::Run(header) => self.runs.push(begin(*header)?),
            Entry::Intent { action, at: _ } => self.current()?.steps.push(Step::Intent { line, action: consistent(action)? }),
            Entry::Outcome(outcome) => self.current()?.take_outcome(outcome)?,
            Entry::Backup(backup) => self.current()?.backups.push(backup),
            Entry::End { run_id, status, at, left } => {
                let run = self.run_mut(run_id)?;
                (run.end, run.ended_at, run.left) = (Some(status), Some(at), left);
            }
        }
        Ok(())
    }

    fn current(&mut self) -> Result<&mut RunRecord, String> {
        self.runs.last_mut().ok_or_else(|| "it belongs to no run: the first line of the journal is missing".to_owned())
    }

    fn run_mut(&mut self, run_id: Uuid) -> Result<&mut RunRecord, String> {
        let named = self.runs.iter_mut().rfind(|run| run.header.run_id == run_id);
        named.ok_or_else(|| format!("it ends run {run_id}, which never began"))
    }

    /// Whether a run with this id is recorded here.
    #[must_use]
    pub fn has_run(&self, run_id: &str) -> bool {
        self.runs.iter().any(|run| run.header.run_id.to_string() == run_id)
    }

    /// The digests of the plans that were run, in the order of their last runs.
    #[must_use]
    pub fn digests(&self) -> Vec<&str> {
        let mut digests: Vec<&str> = Vec::new();
        for run in &self.runs {
            digests.retain(|known| *known != run.header.digest);
            digests.push(&run.header.digest);
        }
        digests
    }

    /// The plans that did something which was not undone yet, the one that ran last first.
    #[must_use]
    pub fn to_undo(&self) -> Vec<&str> {
        let mut standing = self.digests();
        standing.retain(|digest| !self.history(digest).fates.is_empty());
        standing.reverse();
        standing
    }

    /// Everything that was done for one plan, over all its runs.
    #[must_use]
    pub fn history(&self, digest: &str) -> History<'_> {
        let runs: Vec<&RunRecord> = self.runs.iter().filter(|run| run.header.digest == digest).collect();
        let mut fates = BTreeMap::new();
        for run in &runs {
            run.steps.iter().for_each(|step| settle(&mut fates, step));
            if run.end == Some(EndStatus::RolledBack) {
                fates.retain(|action, _| run.left.contains(action));
            }
        }
        History { runs, fates, lasting: Vec::new() }
    }

    /// What other plans than this one wrote that nobody can take back.
    #[must_use]
    pub fn lasting(&self, digest: &str) -> Vec<&Action> {
        let mut fates = BTreeMap::new();
        let others = self.runs.iter().filter(|run| run.header.digest != digest);
        others.flat_map(|run| &run.steps).for_each(|step| settle(&mut fates, step));
        fates.into_values().map(|fate| fate.action).filter(|action| action.lasting().next().is_some()).collect()
    }
}

impl RunRecord {
    /// Whether something was sent.
    fn has_sent(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Intent { .. }))
    }

    /// Takes what became of an action. What was sent stands before it, or a line is lost.
    fn take_outcome(&mut self, outcome: Outcome) -> Result<(), String> {
        let is_sent = |step: &Step| matches!(step, Step::Intent { action, .. } if action.id == outcome.action);
        let was_sent = match outcome.result {
            OutcomeKind::Done | OutcomeKind::Unknown => self.steps.iter().rev().any(is_sent),
            // Nothing was sent where it was done already, or did not come to that.
            OutcomeKind::AlreadyDone | OutcomeKind::Failed | OutcomeKind::Refused => true,
        };
        if !was_sent {
            return Err(format!("the action {} is said to be sent, but the line in which it was is missing", outcome.action));
        }
        self.steps.push(Step::Outcome(outcome));
        Ok(())
    }
}

/// Whoever undoes it reads the account and the value from here, and shows the account by its name.
fn consistent(action: Box<Action>) -> Result<Box<Action>, String> {
    if !action.is_consistent() {
        return Err(format!("the id {} is not that of its action", action.id));
    }
    if let Some(missing) = action.missing_fact() {
        return Err(format!("the action {} does not rely on {}, as every action of its kind does", action.id, missing.word()));
    }
    // Earlier versions kept the name that an account had before the run also where they gave it back.
    if !action.is_named_in(&action.before) && !action.is_named_in(&action.after) {
        return Err(format!("the action {} is not on the account that it names", action.id));
    }
    Ok(action)
}

fn begin(header: RunHeader) -> Result<RunRecord, String> {
    if header.format != FORMAT || header.format_version != FORMAT_VERSION {
        let (format, version) = (&header.format, &header.format_version);
        return Err(format!("`{format}` version `{version}` is not known here; this program reads {FORMAT} {FORMAT_VERSION}"));
    }
    Ok(RunRecord { header, steps: Vec::new(), backups: Vec::new(), end: None, ended_at: None, left: Vec::new() })
}

/// The runs of one plan, and what became of each action that was sent.
#[derive(Debug, Clone)]
pub struct History<'a> {
    /// The runs, in their order.
    pub runs: Vec<&'a RunRecord>,
    /// The actions that were sent at least once.
    pub fates: BTreeMap<&'a ActionId, Fate<'a>>,
    /// What other plans wrote that nobody can take back, filled in by whoever plans a way back: where it shows, it is
    /// nobody's doing since.
    pub lasting: Vec<&'a Action>,
}

/// What became of one action over all runs.
#[derive(Debug, Clone, Copy)]
pub struct Fate<'a> {
    /// The action as it was last sent.
    pub action: &'a Action,
    /// The line of that intent.
    pub line: usize,
    /// In a word.
    pub kind: FateKind,
    /// What told that; `None` while it is open.
    pub outcome: Option<&'a Outcome>,
}

/// What became of one action over all runs, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FateKind {
    /// This plan did it.
    Done,
    /// It was sent and nothing happened.
    Failed,
    /// It was sent, and only a read can tell.
    Open,
}

fn settle<'a>(fates: &mut BTreeMap<&'a ActionId, Fate<'a>>, step: &'a Step) {
    match step {
        Step::Intent { line, action } => {
            fates.insert(&action.id, Fate { action, line: *line, kind: FateKind::Open, outcome: None });
        }
        Step::Outcome(outcome) => {
            // An outcome without an intent is about something that somebody else did.
            let Some(fate) = fates.get_mut(&outcome.action) else { return };
            let kind = match (fate.kind, outcome.result) {
                (FateKind::Open, OutcomeKind::Done | OutcomeKind::AlreadyDone) => FateKind::Done,
                (FateKind::Open, OutcomeKind::Failed | OutcomeKind::Refused) => FateKind::Failed,
                _ => return,
            };
            (fate.kind, fate.outcome) = (kind, Some(outcome));
        }
    }
}

impl<'a> History<'a> {
    /// Whether this plan did that.
    #[must_use]
    pub fn is_done(&self, action: &ActionId) -> bool {
        self.fates.get(action).is_some_and(|fate| fate.kind == FateKind::Done)
    }

    /// What was sent, in the order in which it was.
    #[must_use]
    pub fn in_order(&self) -> Vec<Fate<'a>> {
        let mut fates: Vec<Fate<'a>> = self.fates.values().copied().collect();
        fates.sort_unstable_by_key(|fate| fate.line);
        fates
    }

    /// The last run, when something was sent and the plan was neither finished nor given up since.
    #[must_use]
    pub fn open_run(&self) -> Option<&RunRecord> {
        let mut open = None;
        for run in &self.runs {
            if run.has_sent() {
                open = Some(*run);
            }
            if run.end.is_some_and(EndStatus::is_closing) {
                open = None;
            }
        }
        open
    }

    /// Since when what the plan did is undone, if it is.
    #[must_use]
    pub fn undone_at(&self) -> Option<Timestamp> {
        self.runs.last().filter(|run| run.end == Some(EndStatus::RolledBack))?.ended_at
    }

    /// Whether the last run was one of the very file that was made then, and not of a later one that says the same.
    #[must_use]
    pub fn was_made(&self, made: Timestamp) -> bool {
        self.runs.last().is_some_and(|run| run.header.plan_made == Some(made))
    }

    /// Whether something was sent after the run with this id.
    #[must_use]
    pub fn went_on_after(&self, run_id: &str) -> bool {
        let later = self.runs.iter().skip_while(|run| run.header.run_id.to_string() != run_id).skip(1);
        later.into_iter().any(|run| run.has_sent())
    }

    /// When something was last written down.
    #[must_use]
    pub fn last_told(&self) -> Option<Timestamp> {
        let last = self.runs.last()?;
        let outcomes = last.steps.iter().filter_map(|step| match step {
            Step::Outcome(outcome) => Some(outcome.at),
            Step::Intent { .. } => None,
        });
        outcomes.chain([last.header.started_at]).chain(last.ended_at).max()
    }

    /// The runs since the plan was last finished or given up.
    fn since_closed(&self) -> impl Iterator<Item = &RunRecord> {
        let closed = self.runs.iter().rposition(|run| run.end.is_some_and(EndStatus::is_closing));
        self.runs.iter().skip(closed.map_or(0, |last| last + 1)).copied()
    }

    /// The accounts that were saved since the plan was last finished or given up, with their files.
    pub fn backups(&self) -> impl Iterator<Item = &Backup> {
        self.since_closed().flat_map(|run| &run.backups)
    }

    /// What was seen done since then, by this plan or by somebody else.
    #[must_use]
    pub fn standing(&self) -> BTreeMap<&ActionId, &Outcome> {
        let mut standing = BTreeMap::new();
        for step in self.since_closed().flat_map(|run| &run.steps) {
            match step {
                Step::Intent { action, line: _ } => drop(standing.remove(&action.id)),
                Step::Outcome(outcome) => match outcome.result {
                    OutcomeKind::AlreadyDone | OutcomeKind::Done => drop(standing.insert(&outcome.action, outcome)),
                    OutcomeKind::Failed | OutcomeKind::Refused | OutcomeKind::Unknown => {}
                },
            }
        }
        standing
    }

    /// Whether one of the runs has this id.
    #[must_use]
    pub fn has_run(&self, run_id: &str) -> bool {
        self.runs.iter().any(|run| run.header.run_id.to_string() == run_id)
    }
}
